"""Reads of commerce, always inside a DataScope; a pickup code or a key is itself the right to what it opens."""

from datetime import datetime

from django.db.models import QuerySet

from juqun.domains.commerce import rules
from juqun.domains.commerce.errors import OrderUnknownError, PickupCodeUnknownError, TillKeyUnknownError
from juqun.domains.commerce.mappers import order_view, till_key_view
from juqun.domains.commerce.models import Order, TillKey
from juqun.domains.commerce.operations.keys import hash_secret
from juqun.domains.commerce.types import OrderView, TillKeyView
from juqun.kernel.errors import NotFoundError
from juqun.kernel.scope import DataScope


def list_orders(
    *,
    scope: DataScope,
    limit: int = 50,
    offset: int = 0,
    store_id: int | None = None,
    member_id: int | None = None,
    since: datetime | None = None,
) -> list[OrderView]:
    """Orders of the scope, newest first. Imported orders live in the lake only and are not among them."""
    rows = _within(scope, store_id=store_id, member_id=member_id, since=since)
    page = rows.prefetch_related("lines").order_by("-created_at", "-pk")[offset : offset + limit]
    return [order_view(row) for row in page]


def count_orders(
    *,
    scope: DataScope,
    since: datetime | None = None,
    store_id: int | None = None,
    member_id: int | None = None,
) -> int:
    """How many orders `list_orders` would page through."""
    return _within(scope, store_id=store_id, member_id=member_id, since=since).count()


def get_order(*, scope: DataScope, order_id: int) -> OrderView:
    """The order. Raises OrderUnknownError, also when it is outside the scope."""
    row = Order.objects.within(scope).prefetch_related("lines").filter(pk=order_id).first()
    if row is None:
        raise OrderUnknownError(order=str(order_id))
    return order_view(row)


def get_order_by_pickup_code(*, code: str) -> OrderView:
    """The order that waits under this pickup code (70 random bits: who shows it may see it). Raises PickupCodeUnknownError."""
    cleaned = rules.clean_pickup_code(code)
    row = Order.unscoped.prefetch_related("lines").filter(pickup_code=cleaned).first()
    if row is None:
        raise PickupCodeUnknownError(pickup_code=code.strip()[:40])
    return order_view(row)


def check_till_key(*, secret: str) -> TillKeyView:
    """Whose key this is. Raises TillKeyUnknownError for a wrong or withdrawn one."""
    row = TillKey.objects.select_related("node").filter(key_hash=hash_secret(secret), revoked_at__isnull=True).first()
    if row is None:
        raise TillKeyUnknownError
    return till_key_view(row)


def get_till_key(*, scope: DataScope, key_id: int) -> TillKeyView:
    """A valid key of the scope's nodes. Raises NotFoundError, also when it is outside the scope."""
    rows = TillKey.objects.select_related("node").filter(scope.path_condition("node__path"), revoked_at__isnull=True)
    row = rows.filter(pk=key_id).first()
    if row is None:
        raise NotFoundError
    return till_key_view(row)


def list_till_keys(*, scope: DataScope) -> list[TillKeyView]:
    """The valid keys of the scope's nodes, by name."""
    rows = TillKey.objects.select_related("node").filter(scope.path_condition("node__path"), revoked_at__isnull=True)
    return [till_key_view(row) for row in rows.order_by("name", "pk")]


def _within(
    scope: DataScope, *, store_id: int | None, member_id: int | None, since: datetime | None
) -> "QuerySet[Order]":
    rows = Order.objects.within(scope)
    if store_id is not None:
        rows = rows.filter(store_id=store_id)
    if member_id is not None:
        rows = rows.filter(member_id=member_id)
    if since is not None:
        rows = rows.filter(created_at__gte=since)
    return rows
