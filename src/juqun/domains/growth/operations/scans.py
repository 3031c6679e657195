"""Friendships that came through codes: counted once, the member tagged and given a store, what is unknown kept."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from juqun.domains.growth import rules
from juqun.domains.growth.errors import LiveCodeNotFoundError, StateTakenError
from juqun.domains.growth.events import CodeScanned, UnknownStateSeen
from juqun.domains.growth.models import LiveCode, Scan
from juqun.domains.members import operations as members
from juqun.domains.members import queries as member_queries
from juqun.kernel import events
from juqun.kernel.secrets import seal
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
