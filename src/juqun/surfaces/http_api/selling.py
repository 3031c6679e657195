"""Calls of a till: orders, coupons, members."""

from django.http import HttpRequest
from ninja import Router

from juqun.domains.commerce import operations as commerce
from juqun.domains.commerce.errors import OrderInvalidError
from juqun.domains.commerce.types import OrderLineIn, OrderView
from juqun.domains.members import queries as members
from juqun.domains.org import queries as org
from juqun.domains.promotions import operations as promotions
from juqun.domains.promotions import queries as coupons
from juqun.domains.promotions.types import CouponState, CouponView
from juqun.kernel import clock
from juqun.surfaces.http_api.auth import caller_scope
from juqun.surfaces.http_api.schemas import CouponOut, ErrorOut, MemberOut, Name, OrderIn, OrderOut, QuoteIn, QuoteOut
from juqun.surfaces.http_api.stores import member_of, store_of

router = Router(tags=["till"])
SOURCE = "pos"
REFUSALS = {401: ErrorOut, 404: ErrorOut, 409: ErrorOut, 422: ErrorOut}


@router.post("/orders", response={200: OrderOut, **REFUSALS}, summary="Record a paid order and redeem its coupon")
def post_order(request: HttpRequest, order: OrderIn) -> OrderView:
    """A repeated post of the same order answers the first one; with other content it is refused with 409."""
    store_id = store_of(request, order.store_code)
    return commerce.record_order(
        source=SOURCE,
        external_ref=order.external_ref,
        store_id=store_id,
        member_id=member_of(order.member_card),
        staff_id=_staff_of(request, order.staff_userid),
        lines=[
            OrderLineIn(product_ref=line.product_ref, quantity=line.quantity, amount_fen=line.amount_fen)
            for line in order.lines
        ],
        coupon_code=order.coupon_code or None,
        paid_at=order.paid_at,
    )


@router.post("/coupons/quote", response={200: QuoteOut, **REFUSALS}, summary="Ask what a coupon would take off now")
def post_quote(request: HttpRequest, quote: QuoteIn) -> QuoteOut:
    """Nothing changes; the refusals are those of the order itself."""
    discount_fen = promotions.quote_coupon(
        code=quote.code,
        store_id=store_of(request, quote.store_code),
        amount_fen=quote.amount_fen,
        member_id=member_of(quote.member_card),
        at=clock.now(),
    )
    return QuoteOut(discount_fen=discount_fen, payable_fen=quote.amount_fen - discount_fen)


@router.get("/members/lookup", response={200: MemberOut, **REFUSALS}, summary="Find a member by the loyalty card")
def get_member(request: HttpRequest, card: Name) -> MemberOut:
    """The member and the coupons that can be used now; members outside the key's node are not found."""
    member_id = member_of(card)
    if member_id is None:
        raise OrderInvalidError(field="card", reason="is needed")
    scope = caller_scope(request)
    member = members.get_member(scope=scope, member_id=member_id)
    at = clock.now()
    usable = [
        coupon
        for coupon in coupons.list_member_coupons(scope=scope, member_id=member_id, states=[CouponState.ISSUED])
        if coupon.valid_from <= at < coupon.valid_until
    ]
    return MemberOut(
        public_id=member.public_id,
        display_name=member.display_name,
        tier=member.tier,
        is_friend=member.is_friend,
        coupons=[_coupon_out(coupon) for coupon in usable],
    )


def _coupon_out(coupon: CouponView) -> CouponOut:
    return CouponOut(
        code=coupon.code,
        template_name=coupon.template_name,
        kind=coupon.kind.value,
        amount_fen=coupon.amount_fen,
        percent_bp=coupon.percent_bp,
        threshold_fen=coupon.threshold_fen,
        store_name=coupon.store_name,
        valid_until=coupon.valid_until,
    )


def _staff_of(request: HttpRequest, userid: str | None) -> int | None:
    if not userid:
        return None
    staff = org.get_staff_by_userid(userid=userid)
    if staff is None or not caller_scope(request).covers(staff.node_path):
        raise OrderInvalidError(field="staff_userid", reason="is nobody of this key's node")
    return staff.id
