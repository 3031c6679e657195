"""Writes of commerce: orders, pickups, refunds, till keys, imports. One module per concern; this is the door to all."""

from juqun.domains.commerce.operations.importing import import_orders, import_redemptions
from juqun.domains.commerce.operations.keys import create_till_key, note_till_key_use, revoke_till_key
from juqun.domains.commerce.operations.orders import (
    pay_order,
    place_order,
    record_order,
    redeem_pickup,
    refund_order,
    release_due_holds,
)

__all__ = [
    "create_till_key",
    "import_orders",
    "import_redemptions",
    "note_till_key_use",
    "pay_order",
    "place_order",
    "record_order",
    "redeem_pickup",
    "refund_order",
    "release_due_holds",
    "revoke_till_key",
]
