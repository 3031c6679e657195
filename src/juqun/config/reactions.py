"""Reactions that join two rooms which may not know each other: the lake's dimensions follow the news of their rooms."""

from juqun.domains.catalog.events import ProductsChanged
from juqun.domains.org.events import StoreOpened
from juqun.kernel.jobs import enqueue
from juqun.lake import jobs as lake


def on_products_changed(event: ProductsChanged) -> None:
    """Export the products again; one export serves any number of batches."""
    enqueue(lake.refresh_dims, dedupe_key="lake.dims:products", names=["products"])


def on_store_opened(event: StoreOpened) -> None:
    """Export the stores again."""
    enqueue(lake.refresh_dims, dedupe_key="lake.dims:stores", names=["stores"])
