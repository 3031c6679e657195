"""Reads of the catalog. Products are the chain's master data, the same for every reader: these queries take no scope."""

from collections.abc import Sequence

import pyarrow as pa
from django.db.models import Q

from juqun.domains.catalog.errors import ProductUnknownError
from juqun.domains.catalog.models import Product
from juqun.domains.catalog.types import ProductView

COLUMNS = ("product_ref", "name", "category", "department", "brand")
KEYS_PER_QUERY = 5_000


def get_product(*, product_ref: str) -> ProductView:
    """The product with this reference. Raises ProductUnknownError."""
    found = Product.objects.filter(product_ref=product_ref).first()
    if found is None:
        raise ProductUnknownError(product_ref=product_ref)
    return to_view(found)


def list_products(*, text: str = "", category: str = "", limit: int = 50, offset: int = 0) -> list[ProductView]:
    """Products by reference; `text` matches the reference's beginning or a part of the name."""
    found = Product.objects.order_by("product_ref")
    if text:
        found = found.filter(Q(name__icontains=text) | Q(product_ref__startswith=text))
    if category:
        found = found.filter(category=category)
    return [to_view(row) for row in found[offset : offset + limit]]


def count_products() -> int:
    """How many products the chain has."""
    return Product.objects.count()


def product_names(*, product_refs: Sequence[str]) -> dict[str, str]:
    """Names by reference, for showing order lines; unknown references are left out."""
    refs = sorted(set(product_refs))
    found: dict[str, str] = {}
    for start in range(0, len(refs), KEYS_PER_QUERY):
        part = refs[start : start + KEYS_PER_QUERY]
        found.update(Product.objects.filter(product_ref__in=part).values_list("product_ref", "name"))
    return found


def export_products_dim() -> pa.Table:
    """The lake's dimension `products`: chain-wide, for the lake only."""
    rows = list(Product.objects.order_by("product_ref").values_list(*COLUMNS))
    columns = zip(*rows, strict=True) if rows else [()] * len(COLUMNS)
    return pa.table({name: pa.array(values, pa.string()) for name, values in zip(COLUMNS, columns, strict=True)})


def to_view(row: Product) -> ProductView:
    """The row as a plain value."""
    return ProductView(
        id=row.pk,
        product_ref=row.product_ref,
        name=row.name,
        category=row.category,
        department=row.department,
        brand=row.brand,
        price_fen=row.price_fen,
    )
