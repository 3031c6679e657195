"""Orders: recorded by a till, or placed, paid and handed over; refunded in full.

Every step is one short transaction. The order row is written first under its unique keys, then the coupon, then the
facts: two posts of one order meet at the row, and the later one answers what the first one stored.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from juqun.domains.commerce import facts, rules
from juqun.domains.commerce.errors import (
    HoldExpiredError,
    OrderRepeatedDifferentlyError,
    OrderStateError,
    OrderUnknownError,
    PickupCodeUnknownError,
    PickupWrongStoreError,
)
from juqun.domains.commerce.events import OrderPaid, OrderPickedUp, OrderRefunded
from juqun.domains.commerce.mappers import order_view
from juqun.domains.commerce.models import Order, OrderLine
from juqun.domains.commerce.types import OrderLineIn, OrderState, OrderView
from juqun.domains.members import operations as members
from juqun.domains.promotions import operations as promotions
from juqun.domains.promotions import queries as coupons
from juqun.kernel import clock, events
from juqun.kernel.ids import new_id, short_code
from juqun.lake import feed

HOLD_MINUTES = 15
PICKUP_LETTERS = 14
"""70 random bits: a pickup code is the right to the goods."""
PICKUP_REPEAT = timedelta(minutes=10)
"""As long as a till may have lost its connection and asks again."""


def record_order(
    *,
    source: str,
    external_ref: str,
    store_id: int,
    member_id: int | None = None,
    lines: Sequence[OrderLineIn],
    coupon_code: str | None = None,
    staff_id: int | None = None,
    campaign_id: int | None = None,
    paid_at: datetime,
    intent_key: str | None = None,
) -> OrderView:
    """Store a till's paid order once, redeem its coupon in the same transaction, and answer the order.

    A repeated (source, external_ref) with the same content answers the first order; with other content it raises
    OrderRepeatedDifferentlyError. Without `member_id` the coupon's owner is taken for the buyer, and without
    `campaign_id` the coupon's campaign for the reason. Raises OrderInvalidError and the coupon's typed errors; then
    nothing is stored.
    """
    rules.check_order(source=source, external_ref=external_ref, lines=lines)
    rules.check_paid_at(paid_at, now=clock.now())
    key = rules.order_key(source, external_ref)
    draft = _draft(
        source=source,
        external_ref=external_ref,
        store_id=store_id,
        member_id=member_id,
        lines=lines,
        coupon_code=coupon_code,
        staff_id=staff_id,
        campaign_id=campaign_id,
        intent_key=intent_key or key,
        content_at=paid_at,
        state=OrderState.PAID,
        paid_at=paid_at,
    )
    with transaction.atomic():
        order, is_new = _insert_once(draft)
        if not is_new:
            return order_view(order)
        if coupon_code:
            order.discount_fen = promotions.redeem_coupon(
                code=coupon_code,
                store_id=store_id,
                order_key=key,
                amount_fen=order.amount_fen,
                member_id=member_id,
                at=paid_at,
            )
        _store_lines(order, lines)
        view = _reload(order.pk)
        _tell_paid(view)
    return view


def place_order(
    *,
    intent_key: str,
    store_id: int,
    member_id: int,
    lines: Sequence[OrderLineIn],
    coupon_code: str | None = None,
    staff_id: int | None = None,
    campaign_id: int | None = None,
    at: datetime,
    source: str = "h5",
) -> OrderView:
    """Place an order that must be paid within 15 minutes; its coupon is frozen for it. Once per `intent_key`.

    A repeated key with the same content answers the same order. Raises OrderInvalidError,
    OrderRepeatedDifferentlyError and the coupon's typed errors.
    """
    external_ref = new_id()
    rules.check_order(source=source, external_ref=external_ref, lines=lines)
    draft = _draft(
        source=source,
        external_ref=external_ref,
        store_id=store_id,
        member_id=member_id,
        lines=lines,
        coupon_code=coupon_code,
        staff_id=staff_id,
        campaign_id=campaign_id,
        intent_key=intent_key,
        content_at=None,
        state=OrderState.HELD,
        created_at=at,
        hold_until=at + timedelta(minutes=HOLD_MINUTES),
    )
    with transaction.atomic():
        order, is_new = _insert_once(draft)
        if not is_new:
            return order_view(order)
        if coupon_code:
            order.discount_fen = promotions.freeze_coupon(
                code=coupon_code,
                store_id=store_id,
                order_key=order.order_key,
                amount_fen=order.amount_fen,
                member_id=member_id,
                at=at,
            )
        _store_lines(order, lines)
        return _reload(order.pk)


def pay_order(*, order_id: int, paid_at: datetime) -> OrderView:
    """Mark a held order paid, use its coupon and give it a pickup code; a repeated call answers the same order.

    Raises OrderUnknownError, HoldExpiredError when the money came after the hold, OrderStateError.
    """
    with transaction.atomic():
        moved = Order.unscoped.filter(pk=order_id, state=OrderState.HELD, hold_until__gte=paid_at).update(
            state=OrderState.PAID, paid_at=paid_at, pickup_code=short_code(PICKUP_LETTERS)
        )
        view = _reload(order_id)
        if not moved:
            return _already_paid(view)
        if view.coupon_code:
            promotions.redeem_coupon(
                code=view.coupon_code,
                store_id=view.store_id,
                order_key=view.order_key,
                amount_fen=view.amount_fen + view.discount_fen,
                member_id=view.member_id,
                at=paid_at,
            )
        _tell_paid(view)
    return view


def redeem_pickup(*, code: str, store_id: int, staff_id: int, at: datetime) -> OrderView:
    """Hand the goods over against the pickup code, once, and answer the order.

    The same staff member may ask again for ten minutes (a lost connection). Raises PickupCodeUnknownError,
    PickupWrongStoreError, OrderStateError.
    """
    cleaned = rules.clean_pickup_code(code)
    with transaction.atomic():
        row = Order.unscoped.filter(pickup_code=cleaned).first()
        if row is None:
            raise PickupCodeUnknownError(pickup_code=code.strip()[:40])
        if row.store_id != store_id:
            raise PickupWrongStoreError(order_key=row.order_key, store_id=row.store_id)
        moved = Order.unscoped.filter(pk=row.pk, state=OrderState.PAID).update(
            state=OrderState.PICKED_UP, picked_up_at=at, picked_up_by_id=staff_id
        )
        row.refresh_from_db()
        if not moved:
            is_repeat = row.picked_up_by_id == staff_id and row.picked_up_at and at - row.picked_up_at <= PICKUP_REPEAT
            if row.state != OrderState.PICKED_UP or not is_repeat:
                raise OrderStateError(order_key=row.order_key, state=row.state)
            return order_view(row)
        events.publish(OrderPickedUp(order_id=row.pk, member_id=row.member_id, store_id=row.store_id, at=at))
    return order_view(row)


def refund_order(*, order_id: int, at: datetime) -> OrderView:
    """Refund a paid order in full, give its coupon back, and say so in the lake; a repeated call changes nothing.

    Raises OrderUnknownError, OrderStateError for an order that was never paid.
    """
    with transaction.atomic():
        moved = Order.unscoped.filter(pk=order_id, state__in=[OrderState.PAID, OrderState.PICKED_UP]).update(
            state=OrderState.REFUNDED, refunded_at=at
        )
        view = _reload(order_id)
        if not moved:
            if view.state is not OrderState.REFUNDED:
                raise OrderStateError(order_key=view.order_key, state=view.state.value)
            return view
        promotions.return_coupon(order_key=view.order_key, at=at)
        key, row = facts.order(view, is_refunded=True)
        feed.restate("orders", key, row)
        events.publish(
            OrderRefunded(
                order_id=view.id,
                member_id=view.member_id,
                store_id=view.store_id,
                amount_fen=view.amount_fen,
                at=at,
            )
        )
    return view


def release_due_holds(*, at: datetime, batch: int = 500) -> int:
    """Release up to `batch` held orders whose time to pay is over, and their coupons; answer how many. Safe to repeat."""
    with transaction.atomic():
        due = dict(
            Order.unscoped.select_for_update()
            .filter(state=OrderState.HELD, hold_until__lt=at)
            .order_by("pk")
            .values_list("pk", "order_key")[:batch]
        )
        Order.unscoped.filter(pk__in=list(due), state=OrderState.HELD).update(state=OrderState.RELEASED)
        promotions.release_coupons(order_keys=list(due.values()))
    return len(due)


def _draft(
    *,
    source: str,
    external_ref: str,
    store_id: int,
    member_id: int | None,
    lines: Sequence[OrderLineIn],
    coupon_code: str | None,
    staff_id: int | None,
    campaign_id: int | None,
    intent_key: str,
    content_at: datetime | None,
    state: OrderState,
    created_at: datetime | None = None,
    **fields: Any,
) -> Order:
    """The row to insert; the hash covers what the caller gave, before the coupon adds member and campaign."""
    content_hash = rules.fingerprint(
        store_id=store_id,
        member_id=member_id,
        lines=lines,
        coupon_code=coupon_code,
        staff_id=staff_id,
        campaign_id=campaign_id,
        at=content_at,
    )
    coupon = coupons.get_coupon_by_code(code=coupon_code) if coupon_code else None
    buyer_id = coupon.member_id if coupon is not None and member_id is None else member_id
    return Order(
        public_id=new_id(),
        source=source,
        external_ref=external_ref,
        order_key=rules.order_key(source, external_ref),
        intent_key=intent_key,
        content_hash=content_hash,
        store_id=store_id,
        member_id=buyer_id,
        original_member_id=buyer_id,
        staff_id=staff_id,
        campaign_id=coupon.campaign_id if coupon is not None and campaign_id is None else campaign_id,
        coupon_code=coupon.code if coupon is not None else "",
        amount_fen=rules.total_fen(lines),
        state=state.value,
        created_at=created_at or clock.now(),
        **fields,
    )


def _insert_once(draft: Order) -> tuple[Order, bool]:
    """(row, whether it is new); a row with the same keys must have the same content."""
    Order.unscoped.bulk_create([draft], ignore_conflicts=True)
    rows = Order.unscoped.prefetch_related("lines")
    mine = rows.filter(public_id=draft.public_id).first()
    if mine is not None:
        return mine, True
    known = rows.filter(order_key=draft.order_key).first() or rows.filter(intent_key=draft.intent_key).first()
    if known is None or known.content_hash != draft.content_hash:
        raise OrderRepeatedDifferentlyError(order_key=known.order_key if known is not None else draft.order_key)
    return known, False


def _store_lines(order: Order, lines: Sequence[OrderLineIn]) -> None:
    """Write the lines with the coupon's parts, and bring the order's amount to what is paid."""
    OrderLine.objects.bulk_create(
        [
            OrderLine(
                order=order,
                line_no=line.line_no,
                product_ref=line.product_ref,
                quantity=line.quantity,
                amount_fen=line.amount_fen,
                coupon_fen=line.coupon_fen,
            )
            for line in rules.price_lines(lines, order.discount_fen)
        ]
    )
    if order.discount_fen:
        Order.unscoped.filter(pk=order.pk).update(
            amount_fen=order.amount_fen - order.discount_fen, discount_fen=order.discount_fen
        )


def _reload(order_id: int) -> OrderView:
    row = Order.unscoped.prefetch_related("lines").filter(pk=order_id).first()
    if row is None:
        raise OrderUnknownError(order=str(order_id))
    return order_view(row)


def _already_paid(view: OrderView) -> OrderView:
    if view.state in (OrderState.PAID, OrderState.PICKED_UP):
        return view
    if view.state in (OrderState.HELD, OrderState.RELEASED) and view.hold_until is not None:
        raise HoldExpiredError(order_key=view.order_key, hold_until=view.hold_until)
    raise OrderStateError(order_key=view.order_key, state=view.state.value)


def _tell_paid(view: OrderView) -> None:
    paid_at = view.paid_at or view.created_at
    events.publish(
        OrderPaid(
            order_id=view.id,
            member_id=view.member_id,
            store_id=view.store_id,
            amount_fen=view.amount_fen,
            source=view.source,
            campaign_id=view.campaign_id,
            paid_at=paid_at,
        )
    )
    key, row = facts.order(view)
    feed.record("orders", key, row)
    feed.record_many("order_lines", facts.order_lines(view))
    if view.member_id is not None:
        members.note(
            member_id=view.member_id,
            at=paid_at,
            kind="commerce.order_paid",
            fields={"order_id": view.id, "store_id": view.store_id, "amount_fen": view.amount_fen},
        )
