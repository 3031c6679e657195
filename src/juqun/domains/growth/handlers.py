"""Reactions of the growth room; each is safe to repeat."""

from juqun.channels.wecom.events import ComparisonAsked, DriftDecided
from juqun.channels.wecom.types import DriftChoice, DriftKind
from juqun.domains.growth import jobs, operations
from juqun.domains.growth.events import LiveCodeChanged
from juqun.domains.members import queries as members
from juqun.domains.members.events import (
    FriendAdded,
    FriendLost,
    FriendsTakenUp,
    MemberErased,
    MembersMerged,
    MembersSplit,
)
from juqun.domains.members.types import LostBy
from juqun.domains.org.events import StaffLeft
from juqun.kernel.jobs import enqueue


def on_live_code_changed(event: LiveCodeChanged) -> None:
    enqueue(jobs.apply_live_code, dedupe_key=f"growth.code:{event.live_code_id}", live_code_id=event.live_code_id)


def on_friend_added(event: FriendAdded) -> None:
    """Count whom a code brought; a customer whom the company gave to somebody else was not recruited."""
    if event.is_handed_over:
        return
    operations.record_scan(
        member_id=event.member_id,
        staff_id=event.staff_id,
        external_userid=event.external_userid,
        state=event.state or "",
        at=event.at,
        is_first=event.is_first,
    )


def on_friends_taken_up(event: FriendsTakenUp) -> None:
    friends = members.list_taken_up(friends=event.friends)
    operations.record_taken_up(friends=[one for one in friends if not one.is_handed_over])


def on_friend_lost(event: FriendLost) -> None:
    """Count who was lost; a customer who was handed over was not."""
    if event.by == LostBy.TRANSFER:
        return
    operations.record_friend_lost(member_id=event.member_id, staff_id=event.staff_id, at=event.at, by=event.by)


def on_staff_left(event: StaffLeft) -> None:
    operations.replace_staff(staff_id=event.staff_id)


def on_members_merged(event: MembersMerged) -> None:
    operations.move_scans(keep_id=event.keep_id, absorb_id=event.absorb_id)


def on_members_split(event: MembersSplit) -> None:
    operations.return_scans(keep_id=event.keep_id, absorb_id=event.absorb_id)


def on_member_erased(event: MemberErased) -> None:
    operations.forget_member(member_id=event.member_id)


def on_drift_decided(event: DriftDecided) -> None:
    """Somebody decided about a contact way that differs."""
    if event.kind == DriftKind.CONTACT_WAY:
        operations.act_on_drift(drift_id=event.drift_id, choice=DriftChoice(event.choice), at=event.at)


def on_comparison_asked(_event: ComparisonAsked) -> None:
    """Somebody does not want to wait for the night's round."""
    enqueue(jobs.compare_live_codes, dedupe_key="growth.compare")
