"""Roles of members in groups, what they write, and what becomes of stays when members merge or are erased."""

from datetime import datetime

from django.db import transaction

from juqun.domains.groups import rules
from juqun.domains.groups.errors import GroupNotFoundError, NotInGroupError
from juqun.domains.groups.events import GroupMessageSeen
from juqun.domains.groups.models import Group, Membership
from juqun.domains.groups.types import GroupRole
from juqun.kernel import events


def set_role(*, group_id: int, member_id: int, role: GroupRole) -> None:
    """Give somebody who is in a group a role there. Raises NotInGroupError."""
    stays = Membership.unscoped.filter(group_id=group_id, member_id=member_id, left_at__isnull=True)
    if not stays.update(role=role):
        raise NotInGroupError(group_id=group_id, member_id=member_id)


def record_message(*, group_id: int, member_id: int | None, at: datetime) -> None:
    """Store that somebody wrote in a group, which wakes a silent one; a message that comes late never sets time back.

    Raises GroupNotFoundError.
    """
    with transaction.atomic():
        group = Group.unscoped.select_for_update().filter(pk=group_id).first()
        if group is None:
            raise GroupNotFoundError(group_id=group_id)
        group.last_message_at = at if group.last_message_at is None else max(group.last_message_at, at)
        group.last_activity_at = max(group.last_activity_at, at)
        group.state = rules.state_of(
            is_dismissed=group.dismissed_at is not None,
            member_count=group.member_count,
            capacity=group.capacity,
            last_activity_at=group.last_activity_at,
            now=at,
        )
        group.save(update_fields=["last_message_at", "last_activity_at", "state"])
        if member_id is not None:
            Membership.unscoped.filter(group=group, member_id=member_id).exclude(last_spoke_at__gte=at).update(
                last_spoke_at=at
            )
        events.publish(GroupMessageSeen(group_id=group_id, member_id=member_id, at=at))


def move_memberships(*, keep_id: int, absorb_id: int) -> int:
    """Give the stays of a member that was merged to the member who is kept; returns how many moved.

    Where both were in one group the stay that still lasts (else the later one) remains, with the higher role lost to none:
    the kept member's row takes the absorbed one's role when its own is the plain one.
    """
    with transaction.atomic():
        kept = {stay.group_id: stay for stay in Membership.unscoped.select_for_update().filter(member_id=keep_id)}
        absorbed = list(Membership.unscoped.select_for_update().filter(member_id=absorb_id))
        both = [stay for stay in absorbed if stay.group_id in kept]
        for stay in both:
            _fold(kept[stay.group_id], stay)
        Membership.unscoped.bulk_update(
            [kept[stay.group_id] for stay in both], ["joined_at", "left_at", "role", "last_spoke_at"], batch_size=1000
        )
        Membership.unscoped.filter(pk__in=[stay.pk for stay in both]).delete()
        return Membership.unscoped.filter(member_id=absorb_id).update(member_id=keep_id)


def _fold(kept: Membership, other: Membership) -> None:
    """Take over into ``kept`` what is worth keeping of another stay in the same group."""
    if kept.role == GroupRole.MEMBER:
        kept.role = other.role
    spoken = [at for at in (kept.last_spoke_at, other.last_spoke_at) if at is not None]
    kept.last_spoke_at = max(spoken, default=None)
    if kept.left_at is not None and (other.left_at is None or other.left_at > kept.left_at):
        kept.joined_at, kept.left_at = other.joined_at, other.left_at


def remove_memberships(*, member_id: int) -> int:
    """Delete the stays of a member who was erased; returns how many."""
    return Membership.unscoped.filter(member_id=member_id).delete()[0]
