"""Reactions of the campaigns room to news of the rooms below; each may come twice."""

from juqun.domains.campaigns import jobs
from juqun.domains.campaigns.outbox import leaving, merging
from juqun.domains.members.events import MembersMerged
from juqun.domains.org.events import StaffLeft


def on_members_merged(event: MembersMerged) -> None:
    merging.follow_merge(keep_id=event.keep_id, absorbed_id=event.absorb_id)


def on_staff_left(event: StaffLeft) -> None:
    """What the leaver has not sent goes to other friends; what lies unconfirmed at WeCom is taken back."""
    leaving.replan(staff_id=event.staff_id)
    jobs.ask_take_back_of_left(leaving.list_created_batches(staff_id=event.staff_id))
