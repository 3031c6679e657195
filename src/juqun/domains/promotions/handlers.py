"""Reactions of promotions to the news of other rooms; each may run more than once."""

from django.db import transaction

from juqun.domains.members.events import MembersMerged
from juqun.domains.promotions.models import Coupon


def on_members_merged(event: MembersMerged) -> None:
    """Move the coupons of the absorbed member to the kept one: what was promised stays promised.

    Seats (template, member, seq) that are taken move behind the last one, so the kept member may hold more than
    `per_member` of a template, but can never get a further one.
    """
    with transaction.atomic():
        last = dict[int, int]()
        for template_id, seq in Coupon.unscoped.filter(member_id=event.keep_id).values_list("template_id", "seq"):
            last[template_id] = max(seq, last.get(template_id, 0))
        moving = list(Coupon.unscoped.select_for_update().filter(member_id=event.absorb_id).order_by("pk"))
        for coupon in moving:
            last[coupon.template_id] = last.get(coupon.template_id, 0) + 1
            coupon.member_id = event.keep_id
            coupon.seq = last[coupon.template_id]
        Coupon.unscoped.bulk_update(moving, ["member_id", "seq"], batch_size=500)
