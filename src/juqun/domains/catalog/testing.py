"""Factories for tests of the rooms above."""

from juqun.domains.catalog import operations
from juqun.domains.catalog.types import ProductIn
from juqun.kernel import clock


def make_product(
    product_ref: str = "P-1", *, price_fen: int | None = 1_000, name: str = "Milk", category: str = "DAIRY"
) -> str:
    product = ProductIn(product_ref=product_ref, name=name, category=category, price_fen=price_fen)
    operations.upsert_products(products=[product], at=clock.now())
    return product_ref
