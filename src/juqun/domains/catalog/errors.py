"""What can be wrong with a product."""

from dataclasses import dataclass
from typing import ClassVar

from django.utils.translation import gettext_noop

from juqun.kernel.errors import InvalidInputError, NotFoundError


@dataclass(eq=False)
class ProductUnknownError(NotFoundError):
    """No product has this reference."""

    code: ClassVar[str] = "product_unknown"
    message: ClassVar[str] = gettext_noop(
        "No product has the reference %(product_ref)s; import the product list first."
    )

    product_ref: str


@dataclass(eq=False)
class ProductInvalidError(InvalidInputError):
    """A field of a product cannot be taken."""

    code: ClassVar[str] = "product_invalid"
    message: ClassVar[str] = gettext_noop(
        "Product %(product_ref)s: the field %(field)s is not valid; correct it and send again."
    )

    product_ref: str
    field: str
