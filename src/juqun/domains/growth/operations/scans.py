"""Friendships that came through codes: counted once, the member tagged and given a store, what is unknown kept."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from juqun.domains.growth import rules
from juqun.domains.growth.errors import LiveCodeNotFoundError, StateTakenError
from juqun.domains.growth.events import CodeScanned, UnknownStateSeen
from juqun.domains.growth.models import LiveCode, Scan
from juqun.domains.members import operations as members
from juqun.domains.members import queries as member_queries
from juqun.domains.members.types import TakenUpFriend
from juqun.kernel import events
from juqun.kernel.secrets import seal, seal_many
from juqun.lake import feed

STATE_KEPT = 64  # an acquisition link's channel may be longer than a contact way's state; more is not ours in any case


def record_scan(
    *,
    member_id: int,
    staff_id: int,
    external_userid: str,
    state: str,
    at: datetime,
    is_first: bool,
) -> bool:
    """Count a friendship for the code whose state it carries; False when it was counted already.

    A known state gives the facts ``scan`` and ``friend``, the member's tag of the source and, if the member has none, the
    store. An unknown state is kept and told of. Without a state the friendship is organic: a ``friend`` fact alone, at
    the member's own store.
    ``is_first`` says that it is the member's first friendship with anybody here.
    """
    state = state[:STATE_KEPT]
    with transaction.atomic():
        code = LiveCode.unscoped.filter(state=state).first() if state else None
        if state and not _keep(code, state, member_id, staff_id, external_userid, at, is_first=is_first):
            return False
        touch = {
            "member_id": member_id,
            "source": rules.touch_source(state, None if code is None else code.source),
            "store_id": _store_of(member_id) if code is None else code.store_id,
            "staff_id": staff_id,
            "ts": at,
        }
        key = f"{member_id}:{staff_id}:{int(at.timestamp())}"
        feed.record("touches", f"friend:{key}", {"touch_key": f"friend:{key}", "kind": "friend", **touch})
        if code is not None:
            feed.record("touches", f"scan:{key}", {"touch_key": f"scan:{key}", "kind": "scan", **touch})
            _recruit(code, member_id, staff_id, at)
        return True


def _keep(
    code: LiveCode | None,
    state: str,
    member_id: int,
    staff_id: int,
    external_userid: str,
    at: datetime,
    *,
    is_first: bool,
) -> bool:
    """Store a scan once; False when this friendship was stored before."""
    same = Scan.unscoped.select_for_update().filter(came_as_id=member_id, staff_id=staff_id, at=at)
    if same.exists():
        return False
    scan = Scan(
        live_code=code,
        state=state,
        # news comes in any order: a merge may have been told before this
        member_id=member_queries.resolve_member_ids(member_ids=[member_id])[member_id],
        came_as_id=member_id,
        staff_id=staff_id,
        external_userid=seal(external_userid),
        is_first=is_first,
        at=at,
    )
    scan.save(force_insert=True)  # a twin that runs beside this one breaks on the unique key and is repeated
    if code is None:
        events.publish(UnknownStateSeen(scan_id=scan.pk))
    return True


def record_taken_up(*, friends: Sequence[TakenUpFriend]) -> int:
    """Count friendships that were found by reading the channel, all together; returns how many scans are new.

    The same facts, tags and stores as `record_scan`, in few statements; CodeScanned is not told, for nobody scanned just now.
    """
    friends = sorted(friends, key=lambda friend: friend.at)
    with transaction.atomic():
        codes = {code.state: code for code in LiveCode.unscoped.filter(state__in={one.state for one in friends} - {""})}
        counted = _keep_many(friends, codes)
        stores = member_queries.member_stores(member_ids=[one.member_id for one in friends])
        touches: list[tuple[str, dict[str, object]]] = []
        for one in friends:
            code = codes.get(one.state)
            touch = {
                "member_id": one.member_id,
                "source": rules.touch_source(one.state, None if code is None else code.source),
                "store_id": stores.get(one.member_id) if code is None else code.store_id,
                "staff_id": one.staff_id,
                "ts": one.at,
            }
            key = f"{one.member_id}:{one.staff_id}:{int(one.at.timestamp())}"
            for kind in ("friend",) if code is None else ("friend", "scan"):
                touches.append((f"{kind}:{key}", {"touch_key": f"{kind}:{key}", "kind": kind, **touch}))
            if code is not None and stores.get(one.member_id, 0) is None:
                stores[one.member_id] = code.store_id
                members.assign_store(member_id=one.member_id, store_id=code.store_id)
        feed.record_many("touches", touches)
        for source in {code.source for code in codes.values()}:
            came = [one.member_id for one in counted if one.state in codes and codes[one.state].source == source]
            members.tag_members(member_ids=came, tag=rules.source_tag(source), source="growth")
        return len(counted)


def _keep_many(friends: Sequence[TakenUpFriend], codes: Mapping[str, LiveCode]) -> list[TakenUpFriend]:
    """Store the scans of those who came with a state, each once; returns the new ones."""
    with_state = [one for one in friends if one.state]
    known = set(
        Scan.unscoped.filter(came_as_id__in=[one.member_id for one in with_state]).values_list(
            "came_as_id", "staff_id", "at"
        )
    )
    new = [one for one in with_state if (one.member_id, one.staff_id, one.at) not in known]
    resolved = member_queries.resolve_member_ids(member_ids=[one.member_id for one in new])
    scans = Scan.unscoped.bulk_create(
        [
            Scan(
                live_code=codes.get(one.state),
                state=one.state,
                member_id=resolved[one.member_id],
                came_as_id=one.member_id,
                staff_id=one.staff_id,
                external_userid=sealed,
                is_first=one.is_first,
                at=one.at,
            )
            for one, sealed in zip(new, seal_many([one.external_userid for one in new]), strict=True)
        ]
    )
    events.publish(*(UnknownStateSeen(scan_id=scan.pk) for scan in scans if scan.live_code_id is None))
    return new


def _store_of(member_id: int) -> int | None:
    return member_queries.member_stores(member_ids=[member_id]).get(member_id)


def _recruit(code: LiveCode, member_id: int, staff_id: int, at: datetime) -> None:
    """Give the member the code's store, unless there is one, and its source; tell of the scan."""
    if _store_of(member_id) is None:
        members.assign_store(member_id=member_id, store_id=code.store_id)
    members.tag_members(member_ids=[member_id], tag=rules.source_tag(code.source), source="growth")
    events.publish(
        CodeScanned(
            live_code_id=code.pk,
            member_id=member_id,
            staff_id=staff_id,
            store_id=code.store_id,
            source=code.source,
            at=at,
        )
    )


def assign_unknown_state(*, state: str, live_code_id: int) -> int:
    """Count the scans kept under an unknown state for a code, as when a printed code of an older system lives on.

    Returns how many; the lake keeps ``unknown`` as their source, for that is what was known then. Raises StateTakenError,
    LiveCodeNotFoundError.
    """
    with transaction.atomic():
        if LiveCode.unscoped.filter(state=state).exists():
            raise StateTakenError(state=state)
        code = LiveCode.unscoped.filter(pk=live_code_id).first()
        if code is None:
            raise LiveCodeNotFoundError(live_code_id=live_code_id)
        scans = list(Scan.unscoped.select_for_update().filter(state=state, live_code__isnull=True))
        Scan.unscoped.filter(pk__in=[scan.pk for scan in scans]).update(live_code=code)
        for scan in scans:
            _recruit(code, scan.member_id, scan.staff_id, scan.at)
        return len(scans)


def record_friend_lost(*, member_id: int, staff_id: int, at: datetime, by: str) -> None:
    """Record the fact that a friendship ended; ``by`` is customer, staff or transfer."""
    key = f"friend_lost:{member_id}:{staff_id}:{int(at.timestamp())}"
    with transaction.atomic():
        feed.record(
            "touches",
            key,
            {
                "touch_key": key,
                "kind": "friend_lost",
                "member_id": member_id,
                "source": by,
                "store_id": _store_of(member_id),
                "staff_id": staff_id,
                "ts": at,
            },
        )


def move_scans(*, keep_id: int, absorb_id: int) -> int:
    """Count the scans of a member that was merged for the member who is kept; returns how many moved."""
    return Scan.unscoped.filter(member_id=absorb_id).update(member_id=keep_id)


def return_scans(*, keep_id: int, absorb_id: int) -> int:
    """Undo `move_scans`: each scan belongs again to whom it came as; returns how many went back."""
    return Scan.unscoped.filter(member_id=keep_id, came_as_id=absorb_id).update(member_id=absorb_id)


def forget_member(*, member_id: int) -> int:
    """Destroy by which name an erased member came; that somebody came stays counted. Returns how many scans."""
    return Scan.unscoped.filter(Q(member_id=member_id) | Q(came_as_id=member_id)).update(external_userid=b"")
