"""Which chats a way in leads to, and which group has to be created next; decided again after every change of a group."""

from datetime import datetime

from django.db import transaction

from juqun.domains.groups import rules
from juqun.domains.groups.events import EntryChanged, NextGroupPlanned
from juqun.domains.groups.models import Entry, Group, Kind, PlannedGroup
from juqun.domains.groups.types import EntryState
from juqun.domains.org import queries as org
from juqun.domains.org.types import PolicyKey
from juqun.kernel import events

CAPACITY_WITHOUT_KIND = 200  # about this many make a group by the four-step method; only for chats of no kind


def replan(*, entry_id: int, at: datetime) -> bool:
    """Decide an entry's join way again; True when its document changed. Runs inside the caller's transaction.

    Locks the entry, so that two groups of one entry which change together are planned one after the other.
    """
    with transaction.atomic():
        entry = Entry.unscoped.select_for_update().get(pk=entry_id)
        if entry.state == EntryState.CLOSED:
            return False
        living = Group.unscoped.filter(entry_id=entry_id, dismissed_at__isnull=True, is_linkable=True)
        groups = list(living.order_by("pk"))
        plan = rules.plan_entry(
            [
                rules.LinkedChat(
                    chat_id=group.chat_id,
                    member_count=group.member_count,
                    capacity=group.capacity,
                    created_at=group.created_at,
                )
                for group in groups
            ]
        )
        next_number = _next_number(entry)
        changed = list(plan.chat_ids) != entry.chat_ids or next_number != entry.next_number
        if changed:
            entry.chat_ids = list(plan.chat_ids)
            entry.next_number = next_number
            want(entry)
        if plan.needs_next or not groups:
            _plan_next(entry, next_number, at)
        else:
            PlannedGroup.unscoped.filter(entry=entry, group__isnull=True).delete()
        return changed


def ask_again(*, entry_id: int) -> None:
    """Tell of the open plan of an entry once more: somebody else has to create the group now."""
    open_plan = PlannedGroup.unscoped.filter(entry_id=entry_id, group__isnull=True).first()
    if open_plan is not None:
        events.publish(NextGroupPlanned(planned_group_id=open_plan.pk))


def want(entry: Entry) -> None:
    """Store an entry whose document changed and say so; without a chat it waits, for a join way must lead somewhere."""
    entry.wanted_version += 1
    entry.state = EntryState.PENDING if entry.chat_ids else EntryState.WAITING
    entry.save(
        update_fields=[
            "chat_ids",
            "next_number",
            "wanted_version",
            "state",
            "owner_staff",
            "room_base_name",
        ]
    )
    if entry.chat_ids:
        events.publish(EntryChanged(entry_id=entry.pk))


def _next_number(entry: Entry) -> int:
    """Return one more than the highest number that a group of this series ever had, dismissed ones included."""
    names = Group.unscoped.filter(entry=entry).values_list("name", flat=True)
    numbers = [rules.number_in_name(entry.room_base_name, name) or 0 for name in names]
    return max(max(numbers, default=0) + 1, entry.least_number)


def _plan_next(entry: Entry, number: int, at: datetime) -> None:
    """Plan the next group once; a plan that is open stays."""
    if PlannedGroup.unscoped.filter(entry=entry, group__isnull=True).exists():
        return
    number = max(number, _highest_planned(entry) + 1)
    planned = PlannedGroup.unscoped.create(
        entry=entry, number=number, name=f"{entry.room_base_name}{number}", planned_at=at
    )
    events.publish(NextGroupPlanned(planned_group_id=planned.pk))


def _highest_planned(entry: Entry) -> int:
    last = PlannedGroup.unscoped.filter(entry=entry).order_by("-number").values_list("number", flat=True).first()
    return last or 0


def capacity_of(kind: Kind | None, store_id: int | None) -> int:
    """Return how many people a group is planned for: its kind's number, or what the store's policy allows if less."""
    wanted = CAPACITY_WITHOUT_KIND if kind is None else kind.capacity
    if store_id is None:
        return wanted
    return min(wanted, org.get_policy(node_id=store_id, key=PolicyKey.GROUP_CAPACITY).value)
