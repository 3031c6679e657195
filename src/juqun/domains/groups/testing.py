"""Plain factories for tests of this room and of the rooms above: kinds and groups without a channel behind them."""

from collections.abc import Sequence
from datetime import datetime

from juqun.domains.groups import operations
from juqun.domains.groups.models import Entry, Group, Kind, Membership
from juqun.domains.groups.types import EntryState, GroupState
from juqun.domains.org import queries as org
from juqun.kernel.ids import new_id
from juqun.kernel.scope import DataScope


def make_kind(code: str = "deals", *, capacity: int = 200) -> int:
    """Return the id of a kind, made if it is not there."""
    found = Kind.objects.filter(code=code).first()
    if found is not None:
        return found.pk
    return operations.create_kind(code=code, name="福利群", theme="deals", capacity=capacity).id


def make_group(
    *,
    store_id: int,
    owner_staff_id: int,
    at: datetime,
    member_ids: Sequence[int] = (),
    kind_code: str = "deals",
    chat_id: str = "",
) -> int:
    """Return the id of an open group of a store with its owner and some members in it since ``at``."""
    owner = org.get_staff(scope=DataScope.whole_chain(), staff_id=owner_staff_id)
    group = Group.unscoped.create(
        chat_id=chat_id or f"wr{new_id()}",
        name="福利群",
        kind_id=make_kind(kind_code),
        store_id=store_id,
        owner_staff_id=owner.id,
        owner_userid=owner.userid,
        member_count=len(member_ids) + 1,
        customer_count=len(member_ids),
        capacity=200,
        state=GroupState.OPEN,
        created_at=at,
        last_activity_at=at,
    )
    Membership.unscoped.bulk_create(
        [Membership(group=group, member_id=member_id, joined_at=at) for member_id in member_ids]
    )
    return group.pk


def make_way(*, store_id: int, owner_staff_id: int, at: datetime, group_id: int, kind_code: str = "deals") -> int:
    """Return the id of a way into a group that is there, with a picture as if the channel had given it."""
    chat_id = Group.unscoped.values_list("chat_id", flat=True).get(pk=group_id)
    entry = operations.open_entry(
        store_id=store_id, kind_code=kind_code, owner_staff_id=owner_staff_id, chat_id=chat_id, at=at
    )
    Entry.unscoped.filter(pk=entry.id).update(state=EntryState.READY, qr_code=f"https://qr.example/way/{entry.id}")
    return entry.id


def refuse_way(*, entry_id: int, refusal: str) -> None:
    """Leave a way in as the channel's refusal leaves it."""
    Entry.unscoped.filter(pk=entry_id).update(state=EntryState.REFUSED, refusal=refusal)
