"""Reactions of the groups room; each is safe to repeat."""

from juqun.channels.wecom.events import (
    ComparisonAsked,
    DriftDecided,
    GroupChatChanged,
    GroupChatCreated,
    GroupChatDismissed,
    SyncAsked,
)
from juqun.channels.wecom.types import DriftChoice, DriftKind, SyncKind
from juqun.domains.groups import jobs, operations, queries
from juqun.domains.groups.events import EntryChanged, GroupWelcomeChanged, NextGroupPlanned
from juqun.domains.members.events import MemberErased, MembersMerged, MembersSplit
from juqun.domains.org.events import StaffLeft
from juqun.kernel import clock
from juqun.kernel.jobs import enqueue


def on_group_chat_created(event: GroupChatCreated) -> None:
    jobs.ask_sync(chat_id=event.chat_id, at=event.at)


def on_group_chat_changed(event: GroupChatChanged) -> None:
    jobs.ask_sync(chat_id=event.chat_id, at=event.at, version=event.member_version)


def on_group_chat_dismissed(event: GroupChatDismissed) -> None:
    operations.dismiss_group(chat_id=event.chat_id, at=event.at)


def on_sync_asked(event: SyncAsked) -> None:
    if event.kind == SyncKind.GROUPS:
        jobs.ask_plan(run_id=event.run_id)


def on_entry_changed(event: EntryChanged) -> None:
    enqueue(jobs.apply_entry, dedupe_key=f"groups.entry:{event.entry_id}", entry_id=event.entry_id)


def on_group_welcome_changed(event: GroupWelcomeChanged) -> None:
    jobs.ask_welcome(event.welcome_id)


def on_next_group_planned(event: NextGroupPlanned) -> None:
    enqueue(
        jobs.ask_for_next_group,
        dedupe_key=f"groups.planned:{event.planned_group_id}",
        planned_group_id=event.planned_group_id,
    )


def on_members_merged(event: MembersMerged) -> None:
    operations.move_memberships(keep_id=event.keep_id, absorb_id=event.absorb_id)


def on_members_split(event: MembersSplit) -> None:
    """Who of the two is in which group is in the channel, so the groups of the one who held both are read again."""
    for chat_id in queries.list_chat_ids(member_id=event.keep_id):
        jobs.ask_sync(chat_id=chat_id, at=clock.now())


def on_staff_left(event: StaffLeft) -> None:
    operations.replace_owner(staff_id=event.staff_id)


def on_member_erased(event: MemberErased) -> None:
    operations.remove_memberships(member_id=event.member_id)


def on_drift_decided(event: DriftDecided) -> None:
    """Somebody decided about a join way or a group welcome that differs."""
    if event.kind == DriftKind.JOIN_WAY:
        operations.act_on_drift(drift_id=event.drift_id, choice=DriftChoice(event.choice), at=event.at)
    elif event.kind == DriftKind.GROUP_WELCOME:
        operations.act_on_welcome_drift(drift_id=event.drift_id, choice=DriftChoice(event.choice), at=event.at)


def on_comparison_asked(_event: ComparisonAsked) -> None:
    """Somebody does not want to wait for the night's round."""
    enqueue(jobs.compare_entries, dedupe_key="groups.compare")
