"""Reactions of promotions to the news of other rooms; each may run more than once and in any order."""

from juqun.domains.members import queries as members
from juqun.domains.members.events import MemberErased, MembersMerged, MembersSplit
from juqun.domains.promotions import operations
from juqun.domains.promotions.models import Coupon


def on_members_merged(event: MembersMerged) -> None:
    """The coupons of the absorbed member are the kept member's coupons: what was promised stays promised."""
    _bring_home(event.keep_id, event.absorb_id)


def on_members_split(event: MembersSplit) -> None:
    """A merge was undone: each coupon goes back to the member to whom it was given."""
    _bring_home(event.keep_id, event.absorb_id)


def on_member_erased(event: MemberErased) -> None:
    """Nobody can come for the coupons any more: what they could have cost goes back to the budget."""
    operations.void_member_coupons(member_id=event.member_id)


def _bring_home(*member_ids: int) -> None:
    """Give every coupon of these members to whoever its original member is today."""
    held = Coupon.unscoped.filter(member_id__in=member_ids).values_list("original_member_id", flat=True).distinct()
    for original_id, owner_id in members.resolve_member_ids(member_ids=held).items():
        Coupon.unscoped.filter(original_member_id=original_id).exclude(member_id=owner_id).update(member_id=owner_id)
