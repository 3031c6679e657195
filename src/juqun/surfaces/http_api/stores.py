"""Which store a call speaks for."""

from django.http import HttpRequest

from juqun.domains.commerce.errors import OrderInvalidError
from juqun.domains.members import queries as members
from juqun.domains.members.types import IdentityKind
from juqun.domains.org import queries as org
from juqun.domains.org.types import NodeKind
from juqun.surfaces.http_api.auth import caller, caller_scope


def store_of(request: HttpRequest, store_code: str | None) -> int:
    """The id of the named store inside the key's node, or the key's own store. Raises OrderInvalidError."""
    key = caller(request)
    if store_code is None:
        if key.node_kind != NodeKind.STORE:
            raise OrderInvalidError(field="store_code", reason="is needed, for this key is not of one store")
        return key.node_id
    store = org.get_store_by_code(code=store_code)
    if store is None or not caller_scope(request).covers(store.path):
        raise OrderInvalidError(field="store_code", reason="is no store of this key")
    return store.id


def member_of(member_card: str | None) -> int | None:
    """The member with this card; None without a card. Raises OrderInvalidError for a card of nobody."""
    if not member_card:
        return None
    member_id = members.find_member_id(kind=IdentityKind.CARD, value=member_card)
    if member_id is None:
        raise OrderInvalidError(field="member_card", reason="is no member's card")
    return member_id
