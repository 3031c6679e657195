"""Reactions of commerce to the news of other rooms; each may run more than once."""

from juqun.domains.commerce.models import Order
from juqun.domains.members.events import MembersMerged


def on_members_merged(event: MembersMerged) -> None:
    """The orders of the absorbed member are the kept member's orders."""
    Order.unscoped.filter(member_id=event.absorb_id).update(member_id=event.keep_id)
