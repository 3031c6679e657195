"""A page of friends as WeCom shows it, taken up in a few statements: the same result as one by one.

Most people of a page are plain: one WeCom id, and names that at most one member has. They are found, made and befriended
together. Whoever turns out to be several members, or shares a name with somebody else of the page, goes the way of a single
callback (identify, then befriend), where merging is at home.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from juqun.channels.wecom.types import Contact, FindingKind, Follow, SyncFinding, SyncTaken
from juqun.domains.members import rules
from juqun.domains.members.errors import ConcurrentIdentifyError
from juqun.domains.members.events import FriendsTakenUp
from juqun.domains.members.models import ErasedContact, FriendLink, Member, MemberIdentity, TimelineRecord
from juqun.domains.members.operations.friends import note_friend
from juqun.domains.members.operations.identify import Name, OvertakenError, identify, owners
from juqun.domains.members.operations.locks import TRIES, lock_rows
from juqun.domains.members.types import Identity, IdentityKind, LostBy
from juqun.domains.org import queries as org
from juqun.domains.org.types import StaffView
from juqun.kernel import ids
from juqun.kernel.events import publish
from juqun.kernel.secrets import HASH_BYTES, keyed_hash, keyed_hashes, mask, seal_many

SOURCE = "wecom"
GENDERS = {1: "male", 2: "female"}
FILLED = ("display_name", "store_id", "gender")
SEEN_BYTES = 8 + HASH_BYTES
ASSIGNED = 202  # add_way: given by the company when somebody left or changed
NOT_AMONG_STAFF = "not_among_staff"


@dataclass(slots=True, kw_only=True)
class _Row:
    """One friendship of the page with all that can be said without the database."""

    contact: Contact
    follow: Follow
    person: StaffView
    store_id: int | None
    external: bytes
    names: dict[Name, str]

    @property
    def blanks(self) -> dict[str, Any]:
        """What the contact lends to blanks of the member."""
        name, gender = self.contact.name[:120], GENDERS.get(self.contact.gender, "")
        return {"display_name": name, "store_id": self.store_id, "gender": gender}


@dataclass(slots=True)
class _Outcome:
    """What became of the rows: links as the event tells them, examples for the report."""

    told: list[str] = field(default_factory=list)
    findings: list[SyncFinding] = field(default_factory=list)
    added: int = 0
    edited: int = 0

    def tell(self, row: _Row, link: FriendLink, *, is_first: bool) -> None:
        self.added += 1
        self.told.append(
            f"{link.pk}:{int(row.follow.created_at.timestamp())}:{int(is_first)}:{int(row.follow.add_way == ASSIGNED)}"
        )
        self._note(FindingKind.ADDED, row)

    def edit(self, row: _Row) -> None:
        self.edited += 1
        self._note(FindingKind.EDITED, row)

    def _note(self, kind: FindingKind, row: _Row) -> None:
        self.findings.append(SyncFinding(kind=kind, subject=mask(row.contact.external_userid), other=row.person.userid))


def take_up_contacts(*, contacts: Sequence[Contact]) -> SyncTaken:
    """Take up friendships as WeCom shows them, each Contact with exactly one follower; call it inside a transaction.

    The friendship begins when WeCom says it did. Friends of somebody who is not among the staff are set aside as refused; an erased
    member stays erased unless they came by themselves since. FriendsTakenUp tells what is new; repeating changes nothing.
    Raises ConcurrentIdentifyError when others keep interfering.
    """
    rows, refused = _rows(contacts)
    for _try in range(TRIES):
        try:
            with transaction.atomic():
                outcome = _take_up(_without_erased(rows))
            break
        except (IntegrityError, OvertakenError):
            continue
    else:
        raise ConcurrentIdentifyError
    return SyncTaken(
        checked=len(contacts),
        added=outcome.added,
        edited=outcome.edited,
        findings=(*refused, *outcome.findings),
        seen=b"".join(row.person.id.to_bytes(8, "big") + row.external for row in rows),
    )


def _rows(contacts: Sequence[Contact]) -> tuple[list[_Row], list[SyncFinding]]:
    people = org.find_staff(userids={contact.follow[0].userid for contact in contacts})
    stores = org.home_stores(staff_ids=[person.id for person in people.values()])
    names = _all_names(contacts)
    rows, refused = [], []
    for contact, known_as in zip(contacts, names, strict=True):
        follow = contact.follow[0]
        person = people.get(follow.userid)
        if person is None:
            refused.append(
                SyncFinding(
                    kind=FindingKind.REFUSED,
                    subject=mask(contact.external_userid),
                    other=follow.userid,
                    code=NOT_AMONG_STAFF,
                )
            )
            continue
        external = next(found for kind, found in known_as if kind is IdentityKind.EXTERNAL_USERID)
        rows.append(
            _Row(
                contact=contact,
                follow=follow,
                person=person,
                store_id=stores.get(person.id),
                external=external,
                names=known_as,
            )
        )
    return rows, refused


def _all_names(contacts: Sequence[Contact]) -> list[dict[Name, str]]:
    """The normal names of each contact by kind and hash, hashed in one go per kind."""
    values: dict[IdentityKind, list[tuple[int, str]]] = {kind: [] for kind in IdentityKind}
    for at, contact in enumerate(contacts):
        for identity in identities_of(contact):
            values[identity.kind].append((at, rules.normalise(identity.kind, identity.value)))
    names: list[dict[Name, str]] = [{} for _contact in contacts]
    for kind, found in values.items():
        for (at, value), digest in zip(found, keyed_hashes(kind, [value for _at, value in found]), strict=True):
            names[at][kind, digest] = value
    return names


def identities_of(contact: Contact, userid: str | None = None) -> list[Identity]:
    """The names under which WeCom shows a contact; phone numbers come from the remark of its follower (`userid`, else the first)."""
    follows = contact.follow if userid is None else [one for one in contact.follow if one.userid == userid]
    mobiles = follows[0].remark_mobiles if follows else ()
    identities = [Identity(kind=IdentityKind.EXTERNAL_USERID, value=contact.external_userid)]
    if contact.unionid:
        identities.append(Identity(kind=IdentityKind.UNIONID, value=contact.unionid))
    return identities + [Identity(kind=IdentityKind.PHONE, value=one) for one in mobiles if rules.is_phone(one)]


def _without_erased(rows: Sequence[_Row]) -> list[_Row]:
    found = ErasedContact.objects.filter(hash__in={row.external for row in rows}).values_list("hash", "erased_at")
    erased = {bytes(digest): at for digest, at in found}
    return [row for row in rows if row.external not in erased or row.follow.created_at > erased[row.external]]


def _take_up(rows: Sequence[_Row]) -> _Outcome:
    outcome = _Outcome()
    known = owners(name for row in rows for name in row.names)
    plain: list[list[_Row]] = []
    tangled: list[list[_Row]] = []
    for together in _people(rows):
        holders = {known[name] for row in together for name in row.names if name in known}
        is_plain = len(holders) <= 1 and len({row.external for row in together}) == 1
        (plain if is_plain else tangled).append(together)
    _take_up_plain(plain, known, outcome)
    for row in (row for together in tangled for row in together):
        _take_up_one(row, outcome)
    if outcome.told:
        publish(FriendsTakenUp(friends=",".join(outcome.told)))
    return outcome


def _people(rows: Sequence[_Row]) -> list[list[_Row]]:
    """The rows by person: those that share any name belong together."""
    group_of: dict[Name, int] = {}
    groups: dict[int, list[_Row]] = {}
    for number, row in enumerate(rows):
        met = {group_of[name] for name in row.names if name in group_of}
        home = min(met, default=number)
        joined = [one for other in sorted(met) for one in groups.pop(other)]
        groups[home] = [*joined, row]
        group_of.update({name: home for one in groups[home] for name in one.names})
    return list(groups.values())


def _take_up_plain(people: Sequence[Sequence[_Row]], known: Mapping[Name, int], outcome: _Outcome) -> None:
    holders = [next((known[name] for row in rows for name in row.names if name in known), None) for rows in people]
    standing = lock_rows(holder for holder in holders if holder is not None)
    if any(row.absorbed_into_id is not None or row.erased_at is not None for row in standing.values()):
        raise OvertakenError
    if len(standing) != len({holder for holder in holders if holder is not None}):
        raise OvertakenError
    made = _make([rows for rows, holder in zip(people, holders, strict=True) if holder is None])
    members = [
        standing[holder] if holder is not None else made[id(rows)] for rows, holder in zip(people, holders, strict=True)
    ]
    changed = {
        id(row)
        for rows, member, holder in zip(people, members, holders, strict=True)
        if holder is not None
        for row in rows
        if _fill(member, row) or any(name not in known for name in row.names)
    }
    _attach(people, members, known)
    written = [row for rows in people for row in rows]
    if len(_without_erased(written)) < len(written):
        raise OvertakenError  # erased between our look and our names: those would be the names of somebody new
    _befriend(people, members, list(standing.values()), changed, outcome)


def _make(strangers: Sequence[Sequence[_Row]]) -> dict[int, Member]:
    """New members for people whom nobody knows, by the identity of their list of rows."""
    fresh = []
    for rows in strangers:
        member = Member(public_id=ids.new_id(), source=SOURCE, created_at=rows[0].follow.created_at)
        for row in rows:
            _fill(member, row)
        member.is_friend, member.staff_id = True, rows[0].person.id
        fresh.append(member)
    Member.unscoped.bulk_create(fresh)
    return {id(rows): member for rows, member in zip(strangers, fresh, strict=True)}


def _fill(member: Member, row: _Row) -> bool:
    """Fill what is blank; whether anything was."""
    blank = [name for name in FILLED if getattr(member, name) in ("", None) and row.blanks[name] not in ("", None)]
    for name in blank:
        setattr(member, name, row.blanks[name])
    return bool(blank)


def _attach(people: Sequence[Sequence[_Row]], members: Sequence[Member], known: Mapping[Name, int]) -> None:
    """Give the members their new names, always in the same order, so that two pages cannot wait for each other."""
    fresh: dict[Name, tuple[int, str, datetime]] = {}
    for rows, member in zip(people, members, strict=True):
        for row in rows:
            for name, value in row.names.items():
                if name not in known:
                    fresh.setdefault(name, (member.pk, value, row.follow.created_at))
    ordered = sorted(fresh.items(), key=lambda item: item[0][1])
    sealed = seal_many([value for _name, (_member, value, _at) in ordered])
    MemberIdentity.objects.bulk_create(
        [
            MemberIdentity(member_id=member_id, kind=kind, hash=digest, sealed=text, created_at=at)
            for ((kind, digest), (member_id, _value, at)), text in zip(ordered, sealed, strict=True)
        ]
    )


@dataclass(slots=True, kw_only=True)
class _Links:
    """The friendships of a page, as they stood and as they become."""

    identities: Mapping[bytes, int]
    known: dict[tuple[int, int], FriendLink]
    befriended_before: set[int]
    new: list[FriendLink] = field(default_factory=list)
    moved: dict[int, FriendLink] = field(default_factory=dict)
    told: list[tuple[_Row, FriendLink, bool]] = field(default_factory=list)
    befriended: set[int] = field(default_factory=set)

    def note(self, member: Member, row: _Row) -> bool:
        """Bring one friendship up to date; whether an old one was put right without being a new one."""
        key, begun = (self.identities[row.external], row.person.id), row.follow.created_at
        link, state = self.known.get(key), (row.follow.state or "")[:64]
        if link is None:
            link = FriendLink(member=member, staff_id=key[1], identity_id=key[0], state=state, added_at=begun)
            self.known[key] = link
            self.new.append(link)
        elif link.lost_at is None:
            if begun <= link.added_at:
                return False
            link.added_at = begun
            self._move(link)
            return True
        elif is_older_news(link, begun):
            return False
        else:
            link.added_at, link.state, link.lost_at, link.lost_by = begun, state, None, ""
            self._move(link)
        self.told.append((row, link, member.pk not in self.befriended_before))
        self.befriended_before.add(member.pk)
        self.befriended.add(member.pk)
        if member.staff_id is None:
            member.staff_id = row.person.id
        return False

    def _move(self, link: FriendLink) -> None:
        if link.pk is not None:
            self.moved[link.pk] = link


def _befriend(
    people: Sequence[Sequence[_Row]],
    members: Sequence[Member],
    standing: Sequence[Member],
    changed: set[int],
    outcome: _Outcome,
) -> None:
    identities = _identity_ids(row.external for rows in people for row in rows)
    known = FriendLink.objects.select_for_update().filter(identity_id__in=identities.values())
    before = FriendLink.objects.filter(member_id__in=[member.pk for member in members])
    links = _Links(
        identities=identities,
        known={(link.identity_id, link.staff_id): link for link in known},
        befriended_before=set(before.values_list("member_id", flat=True)),
    )
    for rows, member in zip(people, members, strict=True):
        changed.update(id(row) for row in rows if links.note(member, row))
    FriendLink.objects.bulk_create(links.new)
    FriendLink.objects.bulk_update(links.moved.values(), ["added_at", "state", "lost_at", "lost_by"])
    holders = {id(row): member.pk for rows, member in zip(people, members, strict=True) for row in rows}
    _save_members(standing, {holders[one] for one in changed}, links.befriended)
    TimelineRecord.objects.bulk_create(
        [
            TimelineRecord(
                member_id=link.member_id,
                at=row.follow.created_at,
                kind="friend_added",
                fields={"staff_id": row.person.id, "state": row.follow.state or ""},
            )
            for row, link, _is_first in links.told
        ]
    )
    for row, link, is_first in links.told:
        outcome.tell(row, link, is_first=is_first)
    new = {id(row) for row, _link, _is_first in links.told}
    for row in (row for rows in people for row in rows if id(row) in changed - new):
        outcome.edit(row)


def is_older_news(link: FriendLink, begun: datetime) -> bool:
    """Whether a friendship that ended is still the one that WeCom shows, so that its end is the newer fact.

    An end that was only concluded from WeCom's not showing it is no such fact: now WeCom shows it. One of the same second was
    followed by a new beginning, for WeCom has it.
    """
    return link.lost_at is not None and link.lost_by != LostBy.RECONCILE and begun < link.lost_at.replace(microsecond=0)


def _identity_ids(digests: Iterable[bytes]) -> dict[bytes, int]:
    rows = MemberIdentity.objects.filter(kind=IdentityKind.EXTERNAL_USERID, hash__in=set(digests))
    return {bytes(digest): pk for digest, pk in rows.values_list("hash", "pk")}


def _save_members(standing: Sequence[Member], changed: set[int], befriended: set[int]) -> None:
    """Store what became of members who were there before; those who are new carry all of it already."""
    for member in standing:
        member.is_friend = member.is_friend or member.pk in befriended
    touched = [member for member in standing if member.pk in befriended or member.pk in changed]
    Member.unscoped.bulk_update(touched, ["display_name", "store", "gender", "is_friend", "staff"])


def _take_up_one(row: _Row, outcome: _Outcome) -> None:
    """The way of a single callback, told of by the page's event."""
    result = identify(
        identities=identities_of(row.contact),
        display_name=row.contact.name,
        store_id=row.store_id,
        gender=GENDERS.get(row.contact.gender, ""),
        source=SOURCE,
        at=row.follow.created_at,
    )
    external_userid = row.contact.external_userid.strip()
    link = FriendLink.objects.filter(
        identity__kind=IdentityKind.EXTERNAL_USERID,
        identity__hash=keyed_hash(IdentityKind.EXTERNAL_USERID, external_userid),
        staff_id=row.person.id,
    ).first()
    if link is not None and link.lost_at is not None and not is_older_news(link, row.follow.created_at):
        link.lost_at = min(link.lost_at, row.follow.created_at - rules.A_MOMENT)
        link.save(update_fields=["lost_at"])
    noted = note_friend(result.member_id, row.person.id, external_userid, row.follow.state or "", row.follow.created_at)
    if noted is not None:
        outcome.tell(row, noted[0], is_first=noted[1])
    elif result.merged_ids:
        outcome.edit(row)
