"""Why an order, a pickup or a key is refused: one class per case, each names the next step."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from django.utils.translation import gettext_noop

from juqun.kernel.errors import BusyError, ConflictError, InvalidInputError, NotFoundError, RefusedError


@dataclass(eq=False)
class OrderUnknownError(NotFoundError):
    """No order has this id or code, or the reader may not see it."""

    code: ClassVar[str] = "order_unknown"
    message: ClassVar[str] = gettext_noop("There is no order %(order)s; check the number.")

    order: str


@dataclass(eq=False)
class OrderInvalidError(InvalidInputError):
    """A field of the order cannot be taken."""

    code: ClassVar[str] = "order_invalid"
    message: ClassVar[str] = gettext_noop(
        "The order's field %(field)s is not valid (%(reason)s); correct it and send again."
    )

    field: str
    reason: str


@dataclass(eq=False)
class OrderRepeatedDifferentlyError(ConflictError):
    """The same order number came again with other content."""

    code: ClassVar[str] = "order_repeated_differently"
    message: ClassVar[str] = gettext_noop(
        "Order %(order_key)s is stored with other content; send a changed order under a new number."
    )

    order_key: str


@dataclass(eq=False)
class OrderStateError(ConflictError):
    """The order's state does not allow this step."""

    code: ClassVar[str] = "order_state"
    message: ClassVar[str] = gettext_noop("Order %(order_key)s is %(state)s; reload it to see what can be done now.")

    order_key: str
    state: str


@dataclass(eq=False)
class HoldExpiredError(ConflictError):
    """The time to pay is over; the goods and the coupon went back."""

    code: ClassVar[str] = "hold_expired"
    message: ClassVar[str] = gettext_noop("The time to pay order %(order_key)s is over; place it again.")

    order_key: str
    hold_until: datetime


@dataclass(eq=False)
class PickupCodeUnknownError(NotFoundError):
    """No paid order has this pickup code."""

    code: ClassVar[str] = "pickup_code_unknown"
    message: ClassVar[str] = gettext_noop(
        "No order has the pickup code %(pickup_code)s; scan it again from the customer's page."
    )

    pickup_code: str


@dataclass(eq=False)
class PickupWrongStoreError(ConflictError):
    """The goods wait at another store."""

    code: ClassVar[str] = "pickup_wrong_store"
    message: ClassVar[str] = gettext_noop(
        "The goods of order %(order_key)s wait at another store; send the customer there."
    )

    order_key: str
    store_id: int


@dataclass(eq=False)
class TillKeyUnknownError(RefusedError):
    """The API key is missing, wrong or withdrawn."""

    code: ClassVar[str] = "till_key_unknown"
    message: ClassVar[str] = gettext_noop("The API key is not valid; ask headquarters for a key of this store.")
    http_status: ClassVar[int] = 401


@dataclass(eq=False)
class ImportBusyError(BusyError):
    """Another import into the lake is running."""

    code: ClassVar[str] = "import_busy"
    message: ClassVar[str] = gettext_noop("Another import is running; wait until it is done and start again.")
