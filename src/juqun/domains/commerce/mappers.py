"""The border: rows become plain values here and nowhere else."""

from juqun.domains.commerce.models import Order, TillKey
from juqun.domains.commerce.types import OrderLineView, OrderState, OrderView, TillKeyView


def order_view(row: Order) -> OrderView:
    """An order with its lines; load it with `prefetch_related("lines")`."""
    lines = sorted(row.lines.all(), key=lambda line: line.line_no)
    return OrderView(
        id=row.pk,
        public_id=row.public_id,
        order_key=row.order_key,
        member_id=row.member_id,
        store_id=row.store_id,
        staff_id=row.staff_id,
        campaign_id=row.campaign_id,
        amount_fen=row.amount_fen,
        discount_fen=row.discount_fen,
        state=OrderState(row.state),
        source=row.source,
        created_at=row.created_at,
        paid_at=row.paid_at,
        hold_until=row.hold_until,
        pickup_code=row.pickup_code,
        coupon_code=row.coupon_code or None,
        lines=tuple(
            OrderLineView(
                line_no=line.line_no,
                product_ref=line.product_ref,
                quantity=line.quantity,
                amount_fen=line.amount_fen,
                coupon_fen=line.coupon_fen,
            )
            for line in lines
        ),
    )


def till_key_view(row: TillKey) -> TillKeyView:
    """A key; load it with `select_related("node")`."""
    return TillKeyView(
        id=row.pk,
        name=row.name,
        node_id=row.node_id,
        node_name=row.node.name,
        node_path=row.node.path,
        node_kind=str(row.node.kind),
        hint=row.hint,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
    )
