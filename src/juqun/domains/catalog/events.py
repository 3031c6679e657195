"""What the catalog tells the rooms above."""

from dataclasses import dataclass
from typing import ClassVar

from juqun.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceChanged(Event):
    """A product that had a price has another one now. Not sent for the first price."""

    NAME: ClassVar[str] = "catalog.price_changed"

    product_ref: str
    price_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductsChanged(Event):
    """Products were added or changed; told once per batch, however many they are."""

    NAME: ClassVar[str] = "catalog.products_changed"

    number: int
