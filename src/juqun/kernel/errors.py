"""Errors that a caller may expect: each has a machine-readable code, typed fields and a sentence that names the next step.

Define one as a dataclass::

    @dataclass(eq=False)
    class CouponExpiredError(ConflictError):
        code: ClassVar[str] = "coupon_expired"
        message: ClassVar[str] = gettext_noop("Coupon %(coupon_code)s expired; issue a new one.")
        coupon_code: str

The text is translated when it is read, in the reader's language.
"""

import dataclasses
from typing import Any, ClassVar

from django.utils.translation import gettext, gettext_noop


class DomainError(Exception):
    """Base of all expected errors; surfaces show `str(error)` and answer with `http_status`."""

    code: ClassVar[str] = "error"
    message: ClassVar[str] = gettext_noop("The operation was refused.")
    http_status: ClassVar[int] = 400

    @property
    def fields(self) -> dict[str, Any]:
        """The typed fields by name."""
        if dataclasses.is_dataclass(self):
            return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {}

    def __str__(self) -> str:
        return gettext(self.message) % self.fields

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuild, (type(self), self.fields))


def _rebuild(kind: type[DomainError], fields: dict[str, Any]) -> DomainError:
    return kind(**fields)


class NotFoundError(DomainError):
    """Nothing there, or nothing that this reader may see: both look the same from outside."""

    code = "not_found"
    message = gettext_noop("Not found; check the id, or ask for access.")
    http_status = 404


class RefusedError(DomainError):
    """The actor may not do this."""

    code = "refused"
    message = gettext_noop("You may not do this; ask your headquarters for the right.")
    http_status = 403


class ConflictError(DomainError):
    """The state of things does not allow it (any more)."""

    code = "conflict"
    message = gettext_noop("The state has changed; reload and try again.")
    http_status = 409


class InvalidInputError(DomainError):
    """The input itself is wrong."""

    code = "invalid_input"
    message = gettext_noop("The input is not valid.")
    http_status = 422


class BusyError(DomainError):
    """Too much at once; the same call may go through a little later."""

    code = "busy"
    message = gettext_noop("Busy; try again in a moment.")
    http_status = 503
