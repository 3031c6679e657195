"""The ways in: a row first, then the channel's join way made equal to it.

Whatever the row wants is one whole document, because the channel overwrites everything with each update. A worker that is
killed at any point leaves a row from which the next one goes on.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from juqun.channels.wecom import operations as wecom
from juqun.channels.wecom.errors import WecomRefusedError
from juqun.domains.groups import queries, rules
from juqun.domains.groups.errors import ChatNotFoundError, ChatTakenError, GroupKindNotFoundError
from juqun.domains.groups.events import EntryChanged, EntryReady
from juqun.domains.groups.models import Entry, Group, Kind, PlannedGroup
from juqun.domains.groups.operations import chats, plans
from juqun.domains.groups.types import EntryState, JoinEntry
from juqun.domains.org import queries as org
from juqun.kernel import clock, events, ids
from juqun.kernel.scope import DataScope

CLAIM_SECONDS = 60
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
        if not changed and is_behind and entry.chat_ids:
            events.publish(EntryChanged(entry_id=entry_id))
            return True
        return changed


@dataclass(frozen=True, slots=True, kw_only=True)
class _Document:
    """A join way as it should be, whole."""

    version: int
    config_id: str
    chat_ids: tuple[str, ...]
    state: str
    room_base_name: str
    room_base_id: int


def apply_entry(*, entry_id: int) -> bool:
    """Write an entry's document to the channel; False when another worker is writing it just now.

    A refusal is stored with its reason and shown; everything else is raised, so that the job comes again. A worker killed
    between the channel's answer and ours leaves a second join way with the same state behind: it leads to the same groups
    and people who come through it are counted for this entry.
    """
    document = _claim(entry_id)
    if document is None:
        return False
    if not document.version:
        return True
    try:
        config_id, qr_code = _write(document)
    except WecomRefusedError as refused:
        Entry.unscoped.filter(pk=entry_id).update(state=EntryState.REFUSED, refusal=str(refused), claimed_until=None)
        return True
    except Exception:
        Entry.unscoped.filter(pk=entry_id).update(claimed_until=None)
        raise
    _settle(entry_id, document, config_id, qr_code)
    return True


def _claim(entry_id: int) -> _Document | None:
    """Take an entry for writing; None while another worker has it, version 0 when there is nothing to write."""
    wall = clock.wall()
    with transaction.atomic():
        entry = (
            Entry.unscoped.select_for_update()
            .filter(Q(claimed_until__isnull=True) | Q(claimed_until__lt=wall), pk=entry_id)
            .first()
        )
        if entry is None:
            return None
        is_current = entry.applied_version >= entry.wanted_version and bool(entry.qr_code)
        if is_current or not entry.chat_ids:
            version = 0
        else:
            version = entry.wanted_version
            entry.claimed_until = wall + timedelta(seconds=CLAIM_SECONDS)
            entry.save(update_fields=["claimed_until"])
        return _Document(
            version=version,
            config_id=entry.config_id,
            chat_ids=tuple(entry.chat_ids),
            state=entry.code,
            room_base_name=entry.room_base_name,
            room_base_id=entry.next_number,
        )


def _write(document: _Document) -> tuple[str, str]:
    """Create or overwrite the join way; returns its config_id and the address of its QR picture."""
    if not document.config_id:
        way = wecom.create_join_way(
            chat_ids=document.chat_ids,
            state=document.state,
            room_base_name=document.room_base_name,
            room_base_id=document.room_base_id,
        )
        return way.config_id, way.qr_code
    wecom.update_join_way(
        config_id=document.config_id,
        chat_ids=document.chat_ids,
        state=document.state,
        room_base_name=document.room_base_name,
        room_base_id=document.room_base_id,
    )
    return document.config_id, wecom.get_join_way(config_id=document.config_id).qr_code


def _settle(entry_id: int, document: _Document, config_id: str, qr_code: str) -> None:
    """Store what the channel took; ask again when the document has changed meanwhile."""
    with transaction.atomic():
        entry = Entry.unscoped.select_for_update().get(pk=entry_id)
        is_news = entry.qr_code != qr_code
        entry.config_id, entry.qr_code, entry.refusal = config_id, qr_code, ""
        entry.applied_version, entry.claimed_until = document.version, None
        is_behind = entry.wanted_version > document.version
        entry.state = EntryState.READY if qr_code and not is_behind else EntryState.PENDING
        entry.save(update_fields=["config_id", "qr_code", "refusal", "applied_version", "claimed_until", "state"])
        if is_news and qr_code:
            events.publish(EntryReady(entry_id=entry_id, store_id=entry.store_id))
        if is_behind:
            events.publish(EntryChanged(entry_id=entry_id))
