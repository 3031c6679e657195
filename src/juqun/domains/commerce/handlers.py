"""Reactions of commerce to the news of other rooms; each may run more than once and in any order."""

from juqun.domains.commerce.models import Order
from juqun.domains.members import queries as members
from juqun.domains.members.events import MembersMerged, MembersSplit


def on_members_merged(event: MembersMerged) -> None:
    """The orders of the absorbed member are the kept member's orders."""
    _bring_home(event.keep_id, event.absorb_id)


def on_members_split(event: MembersSplit) -> None:
    """A merge was undone: each order goes back to the member who bought."""
    _bring_home(event.keep_id, event.absorb_id)


def _bring_home(*member_ids: int) -> None:
    """Give every order of these members to whoever its buyer is today."""
    held = Order.unscoped.filter(member_id__in=member_ids).values_list("original_member_id", flat=True).distinct()
    for original_id, owner_id in members.resolve_member_ids(member_ids=held).items():
        Order.unscoped.filter(original_member_id=original_id).exclude(member_id=owner_id).update(member_id=owner_id)
