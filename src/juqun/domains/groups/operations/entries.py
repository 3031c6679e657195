"""The ways in as people and plans want them; the channel's join ways are made equal to them by a job (``ways``)."""

from datetime import datetime

from django.db import transaction

from juqun.domains.groups import queries, rules
from juqun.domains.groups.errors import ChatNotFoundError, ChatTakenError, GroupKindNotFoundError
from juqun.domains.groups.events import EntryChanged
from juqun.domains.groups.models import Entry, Group, Kind, PlannedGroup
from juqun.domains.groups.operations import chats, plans
from juqun.domains.groups.types import EntryState, JoinEntry
from juqun.domains.org import queries as org
from juqun.kernel import clock, events, ids
from juqun.kernel.scope import DataScope

CODE_PREFIX = "g"  # the channel's state tells us by its first letter what kind of thing it belongs to
CODE_LENGTH = 20


def open_entry(
    *, store_id: int, kind_code: str, owner_staff_id: int, chat_id: str | None = None, at: datetime | None = None
) -> JoinEntry:
    """Open the way into the groups of a kind at a store, or return the one that is open.

    The channel cannot create a first group: it has to be made by the owner in WeCom. Without ``chat_id`` a group of the
    owner in this series is taken if there is one, else the entry waits and the owner is asked to create the planned group.
    With ``chat_id`` that chat is the first one; it is read from the channel if it is not known. The join way itself is
    written by a job. Raises GroupKindNotFoundError, NotFoundError of org, ChatNotFoundError, ChatTakenError.
    """
    at = at or clock.now()
    kind = Kind.objects.filter(code=kind_code).first()
    if kind is None:
        raise GroupKindNotFoundError(kind_code=kind_code)
    scope = DataScope.whole_chain()
    store = org.get_node(scope=scope, node_id=store_id)
    staff = org.get_staff(scope=scope, staff_id=owner_staff_id)
    if chat_id is not None and not Group.unscoped.filter(chat_id=chat_id).exists():
        chats.sync_group(chat_id=chat_id, at=at)
    with transaction.atomic():
        Entry.unscoped.bulk_create(
            [
                Entry(
                    store_id=store.id,
                    kind=kind,
                    owner_staff_id=staff.id,
                    code=CODE_PREFIX + ids.short_code(CODE_LENGTH),
                    room_base_name=rules.room_base_name(store.name, kind.name),
                    state=EntryState.WAITING,
                    created_at=at,
                )
            ],
            ignore_conflicts=True,
        )
        entry = Entry.unscoped.select_for_update().select_related("kind").get(store_id=store.id, kind=kind)
        if entry.state == EntryState.CLOSED:
            entry.state = EntryState.WAITING
            entry.save(update_fields=["state"])
        _adopt(entry, staff.id, chat_id)
        plans.replan(entry_id=entry.pk, at=at)
    entry_view = queries.get_entry(store_id=store.id, kind_code=kind_code)
    if entry_view is None:
        raise GroupKindNotFoundError(kind_code=kind_code)
    return entry_view


def _adopt(entry: Entry, owner_staff_id: int, chat_id: str | None) -> None:
    """Put the chat that was named, or the owner's chats of this series, behind an entry."""
    if chat_id is None:
        loose = Group.unscoped.filter(entry__isnull=True, owner_staff_id=owner_staff_id, dismissed_at__isnull=True)
        found = [one for one in loose if rules.number_in_name(entry.room_base_name, one.name) is not None]
    else:
        group = Group.unscoped.select_for_update().filter(chat_id=chat_id, dismissed_at__isnull=True).first()
        if group is None:
            raise ChatNotFoundError(chat_id=chat_id)
        if group.entry_id not in (None, entry.pk):
            raise ChatTakenError(chat_id=chat_id)
        found = [group]
    Group.unscoped.filter(pk__in=[one.pk for one in found]).update(
        entry=entry, kind=entry.kind, store_id=entry.store_id, capacity=plans.capacity_of(entry.kind, entry.store_id)
    )
    if found:
        PlannedGroup.unscoped.filter(entry=entry, group__isnull=True).update(group=found[-1])


def reconcile_entry(*, entry_id: int, at: datetime) -> bool:
    """Plan an entry again from its groups and ask for writing when the channel has not taken the last document.

    True when something is to be written. Entries that were refused are tried again: the reason may be gone.
    """
    with transaction.atomic():
        changed = plans.replan(entry_id=entry_id, at=at)
        entry = Entry.unscoped.get(pk=entry_id)
        is_behind = entry.applied_version < entry.wanted_version or not entry.qr_code
        is_waiting = entry.state in (EntryState.DISPUTED, EntryState.CLOSED)  # for a person
        if not changed and is_behind and entry.chat_ids and not is_waiting:
            events.publish(EntryChanged(entry_id=entry_id))
            return True
        return changed
