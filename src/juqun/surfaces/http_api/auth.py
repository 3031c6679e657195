"""Who calls: the bearer of a till key."""

from typing import cast

from django.http import HttpRequest
from ninja.security import HttpBearer

from juqun.domains.commerce import operations
from juqun.domains.commerce import queries as commerce
from juqun.domains.commerce.types import TillKeyView
from juqun.kernel import clock
from juqun.kernel.scope import DataScope


class TillKeyAuth(HttpBearer):
    """`Authorization: Bearer jq_…`; a wrong key raises TillKeyUnknownError, which is answered with 401."""

    def authenticate(self, request: HttpRequest, token: str) -> TillKeyView:
        key = commerce.check_till_key(secret=token)
        operations.note_till_key_use(key=key, at=clock.now())
        return key


def caller(request: HttpRequest) -> TillKeyView:
    """The key of an authenticated request."""
    return cast("TillKeyView", request.auth)  # type: ignore[attr-defined]


def caller_scope(request: HttpRequest) -> DataScope:
    """What the key may see: its node and all below."""
    return DataScope(paths=(caller(request).node_path,))
