"""Managed tags on friendships: planned in sets, pushed friend by friend, and taken in when staff set them by hand.

Three values decide about one mark: what we want, what WeCom had of us last (applied), and what WeCom shows. Whoever changed it since
the last common state wins, and two who changed it changed it alike, so nothing is ever fought over.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import BooleanField, Case, Q, Value, When

from juqun.channels.wecom import operations as wecom
from juqun.channels.wecom.errors import WecomRefusedError
from juqun.channels.wecom.types import Contact
from juqun.domains.members.errors import ManagedTagGoneError
from juqun.domains.members.events import MarksWanted, MemberTagged
from juqun.domains.members.models import FriendLink, ManagedTag, MemberTag, TagMark
from juqun.domains.members.queries.lookups import chunked
from juqun.domains.members.types import IdentityKind, SeenFriend, TagState
from juqun.domains.org import queries as org
from juqun.kernel import clock
from juqun.kernel.events import publish
from juqun.kernel.secrets import keyed_hashes, unseal

LINKS_PER_STATEMENT = 1_000
FRIENDS_PER_JOB = 100
MARKS_PER_JOB = 1_000
SETTLED_AFTER = timedelta(seconds=60)
"""A reading older than this after our own push may still show what was before it, and says nothing about hand edits."""
HAND_SOURCE = "wecom"
UNKNOWN_TAG = 40068


def want_marks(*, member_ids: Sequence[int], word: str) -> None:
    """Plan the marks of members whose tag `word` came or went; nothing when WeCom has no managed tag for it."""
    if not member_ids or not ManagedTag.objects.filter(word=word, is_managed=True, state=TagState.READY).exists():
        return
    for part in chunked(list(member_ids), LINKS_PER_STATEMENT):
        plan_links(link_ids=list(FriendLink.objects.filter(member_id__in=part).values_list("pk", flat=True)))


def plan_links(*, link_ids: Sequence[int]) -> int:
    """Make the rows of marks say what is wanted on these friendships; returns how many now wait to be pushed.

    Set-based: four statements per thousand friendships. Ended friendships lose their rows: WeCom forgot their tags with them.
    """
    waiting = 0
    if not ManagedTag.objects.filter(is_managed=True).exists() and not TagMark.objects.exists():
        return 0
    for part in chunked(list(link_ids), LINKS_PER_STATEMENT):
        with transaction.atomic():
            waiting += _plan(part)
    return waiting


def _plan(link_ids: Sequence[int]) -> int:
    TagMark.objects.filter(link_id__in=link_ids, link__lost_at__isnull=False).delete()
    links = dict(FriendLink.objects.filter(pk__in=link_ids, lost_at__isnull=True).values_list("pk", "member_id"))
    tags = dict(ManagedTag.objects.filter(is_managed=True, state=TagState.READY).values_list("word", "pk"))
    words: dict[int, set[int]] = {}
    for member_id, word in MemberTag.objects.filter(member_id__in=set(links.values()), tag__in=tags).values_list(
        "member_id", "tag"
    ):
        words.setdefault(member_id, set()).add(tags[word])
    wanted = {(pk, tag_id) for pk, member_id in links.items() for tag_id in words.get(member_id, ())}
    rows = {(row.link_id, row.tag_id): row for row in TagMark.objects.select_for_update().filter(link_id__in=links)}
    ready = set(tags.values())
    changed = []
    for key, row in rows.items():
        is_wanted = key in wanted if row.tag_id in ready else row.is_wanted
        is_pending = row.tag_id in ready and (row.in_doubt or is_wanted != row.is_applied)
        if (is_wanted, is_pending) != (row.is_wanted, row.is_pending) and not (row.refusal and is_wanted):
            row.is_wanted, row.is_pending, row.refusal = is_wanted, is_pending, ""
            changed.append(row)
    TagMark.objects.bulk_update(changed, ["is_wanted", "is_pending", "refusal"], batch_size=500)
    idle = [row.pk for row in changed if not (row.is_wanted or row.is_applied or row.is_pending)]
    TagMark.objects.filter(pk__in=idle).delete()
    fresh = [TagMark(link_id=pk, tag_id=tag_id, is_wanted=True, is_pending=True) for pk, tag_id in wanted - set(rows)]
    TagMark.objects.bulk_create(fresh, ignore_conflicts=True, batch_size=1000)
    _tell({row.link_id for row in (*changed, *fresh) if row.is_pending})
    return len(fresh) + sum(row.is_pending for row in changed)


def _tell(link_ids: Iterable[int]) -> None:
    staff = FriendLink.objects.filter(pk__in=set(link_ids)).values_list("staff_id", flat=True).distinct()
    publish(*(MarksWanted(staff_id=staff_id) for staff_id in sorted(set(staff))))


def forget_marks(*, member_id: int, staff_id: int) -> None:
    """Drop the rows of friendships that ended: WeCom forgot their tags with them."""
    TagMark.objects.filter(link__member_id=member_id, link__staff_id=staff_id, link__lost_at__isnull=False).delete()


def plan_part(*, after_link_id: int, count: int) -> int | None:
    """Plan the next `count` friendships after one; returns where to go on, None at the end. For the sweep over everybody."""
    if not after_link_id:
        TagMark.objects.filter(link__lost_at__isnull=False).delete()  # ended in bulk, by a reconcile
    part = list(
        FriendLink.objects.filter(pk__gt=after_link_id, lost_at__isnull=True)
        .order_by("pk")
        .values_list("pk", flat=True)[:count]
    )
    plan_links(link_ids=part)
    return part[-1] if len(part) == count else None


def push_marks(*, staff_id: int) -> bool:
    """Push what waits on the friendships of one member of staff, at most 100 friends; True when more waits. Calls WeCom.

    One call per friend. Repeating a call is harmless, so a lost answer or a killed worker only leaves the mark in doubt, and
    it is pushed again. Raises ManagedTagGoneError at the first tag that WeCom does not know, before thousands of calls fail alike.
    """
    waiting = (
        TagMark.objects.filter(
            link__staff_id=staff_id, link__lost_at__isnull=True, is_pending=True, tag__state=TagState.READY
        )
        .select_related("tag", "link__identity", "link__staff")
        .order_by("link_id", "tag_id")[:MARKS_PER_JOB]
    )
    by_link: dict[int, list[TagMark]] = {}
    for row in waiting:
        by_link.setdefault(row.link_id, []).append(row)
    for _link_id, rows in list(by_link.items())[:FRIENDS_PER_JOB]:
        _push(rows)
    return bool(by_link) and _is_waiting(staff_id)


def _is_waiting(staff_id: int) -> bool:
    return TagMark.objects.filter(
        link__staff_id=staff_id, link__lost_at__isnull=True, is_pending=True, tag__state=TagState.READY
    ).exists()


def _push(rows: Sequence[TagMark]) -> None:
    """One call for one friend; what it came to is stored beside what is wanted by then."""
    link, sent = rows[0].link, [row.pk for row in rows]
    TagMark.objects.filter(pk__in=sent).update(in_doubt=True)
    try:
        wecom.mark_tags(
            userid=link.staff.userid,
            external_userid=unseal(link.identity.sealed),
            add_ids=[row.tag.remote_id for row in rows if row.is_wanted],
            remove_ids=[row.tag.remote_id for row in rows if not row.is_wanted],
        )
    except WecomRefusedError as refused:
        if refused.errcode == UNKNOWN_TAG:
            TagMark.objects.filter(pk__in=sent).update(in_doubt=False)
            raise ManagedTagGoneError from refused
        TagMark.objects.filter(pk__in=sent).update(
            in_doubt=False, is_pending=False, refusal=f"{refused.errcode} {refused.detail}"[:200]
        )
        return
    with transaction.atomic():
        _settled([row.pk for row in rows if row.is_wanted], is_applied=True)
        _settled([row.pk for row in rows if not row.is_wanted], is_applied=False)
        TagMark.objects.filter(pk__in=sent, is_wanted=False, is_applied=False, is_pending=False).delete()


def _settled(ids: Sequence[int], *, is_applied: bool) -> None:
    as_sent = When(is_wanted=is_applied, then=Value(value=False))
    TagMark.objects.filter(pk__in=ids).update(
        is_applied=is_applied,
        in_doubt=False,
        settled_at=clock.wall(),
        refusal="",
        is_pending=Case(as_sent, default=Value(value=True), output_field=BooleanField()),
    )


def take_marks(*, seen: Sequence[SeenFriend], read_at: datetime) -> int:
    """Take in the tags that WeCom shows on friendships; returns how many marks staff had set or taken off by hand.

    `read_at` is when the reading began (wall clock): what we pushed within the minute before it, or after, is left alone.
    Set-based; nothing at all where no tag is managed.
    """
    tags = dict(
        ManagedTag.objects.filter(is_managed=True, state=TagState.READY)
        .exclude(remote_id="")
        .values_list("remote_id", "pk")
    )
    if not tags or not seen:
        return 0
    shown = _links(seen)
    words = dict(ManagedTag.objects.filter(pk__in=tags.values()).values_list("pk", "word"))
    came: dict[str, set[int]] = {}
    went: dict[str, set[int]] = {}
    taken_off: list[int] = []
    with transaction.atomic():
        known = {
            (row.link_id, row.tag_id): row for row in TagMark.objects.select_for_update().filter(link_id__in=shown)
        }
        fresh: list[TagMark] = []
        for link_id, (member_id, remote_ids) in shown.items():
            theirs = {tags[one] for one in remote_ids if one in tags}
            for tag_id in tags.values():
                row = known.get((link_id, tag_id))
                change = _change(row, is_shown=tag_id in theirs, read_at=read_at)
                if change is True:
                    fresh.append(
                        TagMark(link_id=link_id, tag_id=tag_id, is_wanted=True, is_applied=True, is_pending=False)
                    )
                    came.setdefault(words[tag_id], set()).add(member_id)
                elif change is False and row is not None:
                    taken_off.append(row.pk)
                    went.setdefault(words[tag_id], set()).add(member_id)
        TagMark.objects.filter(pk__in=taken_off).update(is_applied=False)
        _store(fresh, came, went, known)
    return sum(map(len, (*came.values(), *went.values())))


def take_contact_marks(*, contacts: Sequence[Contact], read_at: datetime) -> int:
    """`take_marks` for contacts as WeCom shows them, and what is wanted on friendships that were new; staff not known are left out."""
    if not ManagedTag.objects.filter(is_managed=True).exists():
        return 0
    people = org.find_staff(userids={follow.userid for contact in contacts for follow in contact.follow})
    seen = [
        SeenFriend(staff_id=people[follow.userid].id, external_userid=contact.external_userid, tag_ids=follow.tag_ids)
        for contact in contacts
        for follow in contact.follow
        if follow.userid in people
    ]
    changed = take_marks(seen=seen, read_at=read_at)
    plan_links(link_ids=list(_links(seen)))
    return changed


def _change(row: TagMark | None, *, is_shown: bool, read_at: datetime) -> bool | None:
    """True: set by hand; False: taken off by hand; None: as it was, our own doing, or too fresh to tell."""
    if row is not None and (row.in_doubt or (row.settled_at is not None and row.settled_at > read_at - SETTLED_AFTER)):
        return None
    if is_shown == (row is not None and row.is_applied):
        return None
    return is_shown


def _store(
    fresh: Sequence[TagMark],
    came: dict[str, set[int]],
    went: dict[str, set[int]],
    known: dict[tuple[int, int], TagMark],
) -> None:
    """Hand marks become words of their members, and through these wanted on the members' other friendships."""
    keys = [(row.link_id, row.tag_id) for row in fresh]
    marked = [known[key].pk for key in keys if key in known]
    TagMark.objects.filter(pk__in=marked).update(is_wanted=True, is_applied=True, is_pending=False, refusal="")
    TagMark.objects.bulk_create(fresh, ignore_conflicts=True, batch_size=1000)
    at = clock.now()
    for word, member_ids in came.items():
        having = set(MemberTag.objects.filter(member_id__in=member_ids, tag=word).values_list("member_id", flat=True))
        new = sorted(member_ids - having)
        MemberTag.objects.bulk_create(
            [MemberTag(member_id=pk, tag=word, source=HAND_SOURCE, created_at=at) for pk in new],
            ignore_conflicts=True,
        )
        publish(*(MemberTagged(member_id=pk, tag=word, source=HAND_SOURCE) for pk in new))
    for word, member_ids in went.items():
        MemberTag.objects.filter(member_id__in=member_ids, tag=word).delete()
    touched = sorted({pk for ids in (*came.values(), *went.values()) for pk in ids})
    for part in chunked(touched, LINKS_PER_STATEMENT):
        plan_links(link_ids=list(FriendLink.objects.filter(member_id__in=part).values_list("pk", flat=True)))


def _links(seen: Sequence[SeenFriend]) -> dict[int, tuple[int, tuple[str, ...]]]:
    """Active friendship -> its member and the tags seen on it; friendships that are not known here are left out."""
    by_hash = dict(
        zip(
            keyed_hashes(IdentityKind.EXTERNAL_USERID, [one.external_userid for one in seen]),
            [one.external_userid for one in seen],
            strict=True,
        )
    )
    wanted = {(one.staff_id, one.external_userid): one.tag_ids for one in seen}
    rows = FriendLink.objects.filter(
        Q(identity__hash__in=list(by_hash), identity__kind=IdentityKind.EXTERNAL_USERID), lost_at__isnull=True
    ).values_list("pk", "member_id", "staff_id", "identity__hash")
    found = {}
    for pk, member_id, staff_id, mark in rows:
        tag_ids = wanted.get((staff_id, by_hash[bytes(mark)]))
        if tag_ids is not None:
            found[pk] = (member_id, tag_ids)
    return found
