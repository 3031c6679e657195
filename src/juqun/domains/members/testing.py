"""Plain factories for tests of this room and of the rooms above."""

from datetime import UTC, datetime
from itertools import count

from juqun.domains.members import operations
from juqun.domains.members.types import Identity, IdentityKind

AT = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)

_numbers = count(1)


def make_member(
    *,
    store_id: int | None = None,
    phone: str | None = None,
    card: str | None = None,
    unionid: str | None = None,
    external_userid: str | None = None,
    display_name: str = "",
    at: datetime = AT,
) -> int:
    """Create a member with the given identities (a card of its own when none is given); its id."""
    given = {
        IdentityKind.PHONE: phone,
        IdentityKind.CARD: card,
        IdentityKind.UNIONID: unionid,
        IdentityKind.EXTERNAL_USERID: external_userid,
    }
    identities = [Identity(kind=kind, value=value) for kind, value in given.items() if value is not None]
    if not identities:
        identities = [Identity(kind=IdentityKind.CARD, value=f"TEST{next(_numbers):08d}")]
    return operations.identify(
        identities=identities, display_name=display_name, store_id=store_id, source="test", at=at
    ).member_id


def make_friend(
    *,
    staff_id: int,
    store_id: int | None = None,
    external_userid: str | None = None,
    state: str = "",
    at: datetime = AT,
) -> int:
    """Create a member who is a friend of a member of staff; its id."""
    userid = external_userid or f"wmTEST{next(_numbers):08d}"
    member_id = make_member(store_id=store_id, external_userid=userid, at=at)
    operations.add_friend(member_id=member_id, staff_id=staff_id, external_userid=userid, state=state, at=at)
    return member_id
