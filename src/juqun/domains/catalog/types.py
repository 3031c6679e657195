"""Values that cross the border of the catalog."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductIn:
    """A product as a shop system gives it; `price_fen` None leaves the present price as it is."""

    product_ref: str
    name: str = ""
    category: str = ""
    department: str = ""
    brand: str = ""
    price_fen: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductView:
    """A product as it is now; `price_fen` None: no price known yet."""

    id: int
    product_ref: str
    name: str
    category: str
    department: str
    brand: str
    price_fen: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpsertResult:
    """How many products were new, changed, and left as they were."""

    created: int
    changed: int
    unchanged: int
