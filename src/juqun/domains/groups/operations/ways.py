"""Making the channel's join ways equal to the entries: read, compare, write whole, read back.

Whatever the row wants is one whole document, because the channel overwrites everything with each update. A worker that is
killed at any point leaves a row from which the next one goes on. What somebody changed by hand in WeCom waits for a person
(see ``drifts``); what WeCom changed itself (the next group that it opened when all were full) is taken over.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from juqun.channels.wecom import operations as wecom
from juqun.channels.wecom.errors import WecomError, WecomRefusedError
from juqun.channels.wecom.types import Document, DriftKind, Settlement, Verdict
from juqun.domains.groups import rules
from juqun.domains.groups.events import EntryChanged, EntryReady
from juqun.domains.groups.models import Entry, Group
from juqun.domains.groups.operations import chats, drifts, plans
from juqun.domains.groups.types import EntryState
from juqun.kernel import clock, events

KIND = DriftKind.JOIN_WAY
CLAIM_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """A join way as it should be, whole; ``applied`` is what the channel last had of us, ``earlier`` what may be overwritten."""

    version: int
    config_id: str
    document: Mapping[str, Any]
    applied: Mapping[str, Any]
    earlier: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Written:
    """What the channel has now; ``qr_code`` is None where it could not be read."""

    config_id: str
    qr_code: str | None
    settlement: Settlement | None
    is_grown: bool = False


def apply_entry(*, entry_id: int, is_check: bool = False) -> bool:
    """Make an entry's join way equal to its document; False when another worker is at it just now.

    With ``is_check`` the way is read and compared also when everything was written. A refusal is stored with its reason and
    shown; everything else is raised, so that the job comes again. A worker killed between the channel's answer to the making and
    ours leaves a second join way with the same state behind (the channel cannot list them): it leads to the same groups, and
    people who come through it are counted for this entry.
    """
    wish = _claim(entry_id, is_check=is_check)
    if wish is None:
        return False
    if not wish.version:
        return True
    try:
        written = _write(entry_id, wish)
    except WecomRefusedError as refused:
        Entry.unscoped.filter(pk=entry_id).update(state=EntryState.REFUSED, refusal=str(refused), claimed_until=None)
        return True
    except Exception:
        Entry.unscoped.filter(pk=entry_id).update(claimed_until=None)
        raise
    _settle(entry_id, wish, written)
    return True


def document_of(entry: Entry) -> dict[str, Any]:
    """The whole join way that an entry wants."""
    return {
        "chat_ids": list(entry.chat_ids),
        "auto_create_room": entry.auto_create_room,
        "room_base_name": entry.room_base_name,
        "room_base_id": entry.next_number,
        "state": entry.code,
        "remark": entry.remark or rules.way_remark(entry.store.name, entry.kind.name),
    }


def _claim(entry_id: int, *, is_check: bool) -> _Wish | None:
    """Take an entry for writing; None while another worker has it, version 0 when there is nothing to do."""
    wall = clock.wall()
    with transaction.atomic():
        entry = (
            Entry.unscoped.select_for_update()
            .filter(Q(claimed_until__isnull=True) | Q(claimed_until__lt=wall), pk=entry_id)
            .first()
        )
        if entry is None:
            return None
        document, earlier = document_of(entry), tuple(entry.earlier)
        is_current = entry.applied_version >= entry.wanted_version and bool(entry.qr_code)
        is_due = not is_current or (is_check and bool(entry.config_id))
        if not is_due or not entry.chat_ids or entry.state == EntryState.CLOSED:
            version = 0
        else:
            version = entry.wanted_version
            entry.claimed_until = wall + timedelta(seconds=CLAIM_SECONDS)
            # before the call: should its answer be lost, what it left behind is known as ours
            mark = wecom.fingerprint(kind=KIND, document=document)
            entry.earlier = wecom.remember(earlier=entry.earlier, mark=mark)
            entry.save(update_fields=["claimed_until", "earlier"])
        return _Wish(
            version=version, config_id=entry.config_id, document=document, applied=entry.applied, earlier=earlier
        )


def _write(entry_id: int, wish: _Wish) -> _Written:
    """Create or overwrite the join way, or find that it is not ours to overwrite."""
    if not wish.config_id:
        way = wecom.create_join_way(**wish.document)
        return _Written(config_id=way.config_id, qr_code=way.qr_code, settlement=_read_back(wish, way.config_id))
    pictures: list[str] = []

    def read() -> Document | None:
        way = wecom.read_join_way(config_id=wish.config_id)
        if way is None:
            return None
        pictures.append(way.qr_code)
        return way.document

    settlement = wecom.settle_document(
        kind=KIND,
        wanted=wish.document,
        earlier=wish.earlier,
        read=read,
        write=lambda: wecom.update_join_way(config_id=wish.config_id, **wish.document),
    )
    is_foreign = settlement.verdict is Verdict.FOREIGN and settlement.found is not None
    return _Written(
        config_id=wish.config_id,
        qr_code=pictures[-1] if pictures else None,
        settlement=settlement,
        is_grown=is_foreign and _is_own_growth(entry_id, wish, settlement.found or {}),
    )


def _read_back(wish: _Wish, config_id: str) -> Settlement | None:
    """Compare a way just made; None when it cannot be read now: its config_id must be stored all the same, the night compares."""

    def read() -> Document | None:
        way = wecom.read_join_way(config_id=config_id)
        return None if way is None else way.document

    try:
        settlement = wecom.settle_document(kind=KIND, wanted=wish.document, earlier=(), read=read, write=lambda: None)
    except WecomError:
        return None
    return None if settlement.verdict is Verdict.GONE else settlement


def _is_own_growth(entry_id: int, wish: _Wish, found: Document) -> bool:
    """Whether all that differs is groups which WeCom opened itself; they are read, so that we know them too. Calls WeCom."""
    for base in (wish.applied, wish.document):
        if not base or not wish.document["auto_create_room"]:
            continue
        same_but_chats = {**found, "chat_ids": base["chat_ids"]}
        if wecom.fingerprint(kind=KIND, document=same_but_chats) != wecom.fingerprint(kind=KIND, document=base):
            continue
        added = rules.own_growth(base["chat_ids"], found["chat_ids"])
        if added is not None and all(_is_of_series(entry_id, wish, chat_id) for chat_id in added):
            return True
    return False


def _is_of_series(entry_id: int, wish: _Wish, chat_id: str) -> bool:
    chats.sync_group(chat_id=chat_id, at=clock.now())
    group = Group.unscoped.filter(chat_id=chat_id, dismissed_at__isnull=True).first()
    if group is None or group.entry_id not in (None, entry_id):
        return False
    return rules.number_in_name(wish.document["room_base_name"], group.name) is not None


def _settle(entry_id: int, wish: _Wish, written: _Written) -> None:
    """Store what the channel took, or the difference; ask again when the document has changed meanwhile."""
    now = clock.now()
    with transaction.atomic():
        entry = Entry.unscoped.select_for_update().get(pk=entry_id)
        is_news = bool(written.qr_code) and entry.qr_code != written.qr_code
        entry.config_id, entry.refusal, entry.claimed_until = written.config_id, "", None
        entry.qr_code = entry.qr_code if written.qr_code is None else written.qr_code
        entry.checked_at = now
        if written.is_grown and written.settlement is not None:
            _take_growth(entry, written.settlement.found or {}, now)
        else:
            _judge(entry, wish, written.settlement, now)
        entry.save(
            update_fields=[
                "config_id",
                "qr_code",
                "refusal",
                "applied_version",
                "applied",
                "earlier",
                "checked_at",
                "claimed_until",
                "state",
            ]
        )
        if is_news:
            events.publish(EntryReady(entry_id=entry_id, store_id=entry.store_id))
        if entry.state == EntryState.PENDING and entry.wanted_version > entry.applied_version:
            events.publish(EntryChanged(entry_id=entry_id))


def _judge(entry: Entry, wish: _Wish, settlement: Settlement | None, now: datetime) -> None:
    """Take over that the channel has the document, or note the difference."""
    is_equal = settlement is None or settlement.verdict is Verdict.EQUAL
    is_left = False
    if settlement is None or is_equal:
        wecom.clear_drift(kind=KIND, key=str(entry.pk), at=now)
    else:
        is_left = not drifts.note(entry, wish.document, settlement.found, at=now)
    if is_equal or is_left:
        entry.applied_version = max(entry.applied_version, wish.version)
    if is_equal:
        entry.applied = dict(wish.document)
    if entry.wanted_version > wish.version:
        entry.state = EntryState.PENDING
    elif is_equal or is_left:
        entry.state = EntryState.READY if entry.qr_code else EntryState.PENDING
    else:
        entry.state = EntryState.DISPUTED


def _take_growth(entry: Entry, found: Document, now: datetime) -> None:
    """Make the groups that WeCom opened ours, and plan the way in again from all of them."""
    wecom.clear_drift(kind=KIND, key=str(entry.pk), at=now)
    entry.applied = dict(found)
    mark = wecom.fingerprint(kind=KIND, document=found)
    entry.earlier = wecom.remember(earlier=entry.earlier, mark=mark)
    Group.unscoped.filter(chat_id__in=found["chat_ids"], entry__isnull=True).update(
        entry=entry, kind=entry.kind, store_id=entry.store_id, capacity=plans.capacity_of(entry.kind, entry.store_id)
    )
    entry.save(update_fields=["applied", "earlier"])
    if not plans.replan(entry_id=entry.pk, at=now):
        plans.want(entry)
    entry.refresh_from_db(fields=["chat_ids", "next_number", "wanted_version", "state"])
