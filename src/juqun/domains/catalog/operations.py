"""Writes of the catalog: products are inserted or brought up to date by their reference."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from django.db import transaction

from juqun.domains.catalog import rules
from juqun.domains.catalog.errors import ProductInvalidError
from juqun.domains.catalog.events import PriceChanged, ProductsChanged
from juqun.domains.catalog.models import Product
from juqun.domains.catalog.queries import to_view
from juqun.domains.catalog.types import ProductIn, UpsertResult
from juqun.kernel import clock, events
from juqun.kernel.imports import operations as imports
from juqun.kernel.imports.types import Batch, BatchOutcome, Column, ColumnKind, ImportResult, OnProgress, Reject

PRODUCT_COLUMNS: Final = (
    Column(name="product_ref", required=True, aliases=("product_id", "sku", "商品编码")),
    Column(name="name", aliases=("product_name", "商品名称")),
    Column(name="category", aliases=("product_category", "品类")),
    Column(name="department", aliases=("部门",)),
    Column(name="brand", aliases=("品牌",)),
    Column(name="price_yuan", kind=ColumnKind.YUAN, aliases=("price", "价格")),
)
TEXTS: Final = ("name", "category", "department", "brand")
BATCH: Final = 1_000


def upsert_products(*, products: Sequence[ProductIn], at: datetime) -> UpsertResult:
    """Insert products or bring them up to date; the later entry of a reference wins.

    ProductsChanged is sent once per batch, PriceChanged for each product that had another price before.
    Raises ProductInvalidError; then nothing changed.
    """
    for product in products:
        rules.check_product(product)
    wanted = rules.last_of_each(products)
    created = changed = 0
    with transaction.atomic():
        for start in range(0, len(wanted), BATCH):
            news, moved = _upsert_batch(wanted[start : start + BATCH], at)
            created, changed = created + news, changed + moved
    return UpsertResult(created=created, changed=changed, unchanged=len(wanted) - created - changed)


def import_products(*, path: Path | str, actor: str, on_progress: OnProgress | None = None) -> ImportResult:
    """Import products (CSV, XLSX, Parquet) and answer the counts; products that are as known count as skipped.

    Columns: product_ref*, name, category, department, brand, price_yuan (* required). An empty price leaves the known
    one. Raises ImportFileError, ImportHeaderError.
    """
    return imports.run_import(
        kind="products",
        path=Path(path),
        columns=PRODUCT_COLUMNS,
        sink=_take_batch,
        actor=actor,
        on_progress=on_progress,
    )


def _take_batch(batch: Batch) -> BatchOutcome:
    good: list[ProductIn] = []
    rejects: list[Reject] = []
    for line in batch.table.to_pylist():
        product = ProductIn(
            product_ref=line["product_ref"], price_fen=line["price_yuan"], **{name: line[name] or "" for name in TEXTS}
        )
        try:
            rules.check_product(product)
        except ProductInvalidError as error:
            rejects.append(
                Reject(line_no=line["line_no"], field=error.field, value=product.product_ref, reason=str(error))
            )
        else:
            good.append(product)
    result = upsert_products(products=good, at=clock.now())
    taken = result.created + result.changed
    return BatchOutcome(rows_ok=taken, rows_skipped=len(good) - taken, rejects=rejects)


def _upsert_batch(wanted: Sequence[ProductIn], at: datetime) -> tuple[int, int]:
    refs = [product.product_ref for product in wanted]
    known = {row.product_ref: to_view(row) for row in Product.objects.filter(product_ref__in=refs)}
    fresh = [product for product in wanted if product.product_ref not in known]
    moved = [
        product
        for product in wanted
        if product.product_ref in known and rules.is_changed(known[product.product_ref], product)
    ]
    rows = [
        Product(
            product_ref=product.product_ref,
            price_fen=_price(product, known[product.product_ref].price_fen if product.product_ref in known else None),
            updated_at=at,
            **{name: getattr(product, name) for name in TEXTS},
        )
        for product in (*fresh, *moved)
    ]
    Product.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["product_ref"], update_fields=[*TEXTS, "price_fen", "updated_at"]
    )
    if rows:
        events.publish(
            ProductsChanged(number=len(rows)),
            *(
                PriceChanged(product_ref=product.product_ref, price_fen=product.price_fen)
                for product in moved
                if product.price_fen is not None
                and known[product.product_ref].price_fen not in (None, product.price_fen)
            ),
        )
    return len(fresh), len(moved)


def _price(product: ProductIn, known_fen: int | None) -> int | None:
    return known_fen if product.price_fen is None else product.price_fen
