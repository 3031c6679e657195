"""Reactions of the service room; each is safe to repeat."""

from juqun.channels.wecom.events import TransferFailed
from juqun.domains.members import queries as members
from juqun.domains.members.events import FriendAdded, FriendsTakenUp, MemberErased, MembersMerged, MembersSplit
from juqun.domains.org.events import StaffJoined, StaffLeft
from juqun.domains.service import jobs, operations
from juqun.domains.service.events import CustomersRefused, HandoverApproved, HandoverOpened
from juqun.kernel.jobs import enqueue


def on_staff_left(event: StaffLeft) -> None:
    """Open the leaver's hand-over; what was to come to them gets another keeper."""
    operations.replace_keeper(staff_id=event.staff_id)
    operations.open_for_leaver(staff_id=event.staff_id)


def on_staff_joined(event: StaffJoined) -> None:
    """Whoever is back keeps what was not asked for yet."""
    operations.keep_returned(staff_id=event.staff_id)


def on_handover_opened(event: HandoverOpened) -> None:
    jobs.ask_collect([event.handover_id])


def on_handover_approved(event: HandoverApproved) -> None:
    jobs.ask_work([event.handover_id])


def on_customers_refused(event: CustomersRefused) -> None:
    enqueue(jobs.offer_win_back, dedupe_key=f"service.win_back:{event.handover_id}", handover_id=event.handover_id)


def on_friend_added(event: FriendAdded) -> None:
    operations.follow_friend(member_id=event.member_id, staff_id=event.staff_id)


def on_friends_taken_up(event: FriendsTakenUp) -> None:
    friends = members.list_taken_up(friends=event.friends)
    operations.follow_friends(friends=[(one.member_id, one.staff_id) for one in friends])


def on_transfer_failed(event: TransferFailed) -> None:
    operations.follow_refusal(
        taker_userid=event.taker_userid, external_userid=event.external_userid, reason=event.reason
    )


def on_members_merged(event: MembersMerged) -> None:
    operations.follow_merge(keep_id=event.keep_id, absorb_id=event.absorb_id)


def on_members_split(event: MembersSplit) -> None:
    operations.follow_split(keep_id=event.keep_id, absorb_id=event.absorb_id)


def on_member_erased(event: MemberErased) -> None:
    operations.forget_member(member_id=event.member_id)
