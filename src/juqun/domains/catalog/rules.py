"""Pure decisions on products."""

from collections.abc import Iterable

from juqun.domains.catalog.errors import ProductInvalidError
from juqun.domains.catalog.types import ProductIn, ProductView

MAX_REF = 64
MAX_TEXTS = {"name": 200, "category": 100, "department": 100, "brand": 100}


def check_product(product: ProductIn) -> None:
    """Refuse a product without a usable reference or with a negative price (ProductInvalidError)."""
    if not product.product_ref.strip() or len(product.product_ref) > MAX_REF:
        raise ProductInvalidError(product_ref=product.product_ref, field="product_ref")
    for field, longest in MAX_TEXTS.items():
        if len(getattr(product, field)) > longest:
            raise ProductInvalidError(product_ref=product.product_ref, field=field)
    if product.price_fen is not None and product.price_fen < 0:
        raise ProductInvalidError(product_ref=product.product_ref, field="price_fen")


def last_of_each(products: Iterable[ProductIn]) -> list[ProductIn]:
    """One entry per reference, the later one wins, in order of reference (so that writers lock rows in one order)."""
    latest = {product.product_ref: product for product in products}
    return [latest[ref] for ref in sorted(latest)]


def is_changed(known: ProductView, given: ProductIn) -> bool:
    """Whether `given` says anything other than what is known."""
    price_fen = known.price_fen if given.price_fen is None else given.price_fen
    return (known.name, known.category, known.department, known.brand, known.price_fen) != (
        given.name,
        given.category,
        given.department,
        given.brand,
        price_fen,
    )
