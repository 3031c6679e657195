"""Join ways that somebody changed or deleted in WeCom: what is kept of it, and what each decision does."""

from datetime import datetime

from django.db import transaction

from juqun.channels.wecom import operations as wecom
from juqun.channels.wecom import queries as wecom_queries
from juqun.channels.wecom.types import Document, DriftChoice, DriftKind
from juqun.domains.groups import rules
from juqun.domains.groups.models import Entry, Group, PlannedGroup
from juqun.domains.groups.operations import plans
from juqun.domains.groups.types import EntryState

KIND = DriftKind.JOIN_WAY


def note(entry: Entry, ours: Document, theirs: Document | None, *, at: datetime) -> bool:
    """Keep a difference for a person; False when it was decided to be left as it is. Inside the caller's transaction."""
    return wecom.note_drift(
        kind=KIND,
        key=str(entry.pk),
        label=f"{entry.store.name} · {entry.kind.name}",
        ours=ours,
        theirs=theirs,
        blocker=_blocker(entry, theirs),
        at=at,
    )


def act_on_drift(*, drift_id: int, choice: DriftChoice, at: datetime) -> None:
    """Do what was decided about a join way. Safe to repeat.

    Ours put back: the document that was looked at may be overwritten; one changed again meanwhile is a new difference. A deleted
    way is made anew, with another picture. Theirs taken: the entry becomes what WeCom has; a deleted way closes it.
    """
    drift = wecom_queries.get_drift(drift_id=drift_id)
    with transaction.atomic():
        entry = Entry.unscoped.select_for_update().filter(pk=int(drift.key)).first()
        if entry is None or entry.state == EntryState.CLOSED:
            return
        if choice is DriftChoice.IGNORE:
            _leave(entry)
        elif drift.theirs is None:
            _after_deletion(entry, choice)
        else:
            mark = wecom.fingerprint(kind=KIND, document=drift.theirs)
            entry.earlier = wecom.remember(earlier=entry.earlier, mark=mark)
            if choice is DriftChoice.TAKE_THEIRS:
                _take(entry, drift.theirs)
            entry.save()
            if not plans.replan(entry_id=entry.pk, at=at):
                entry.refresh_from_db()
                plans.want(entry)


def _leave(entry: Entry) -> None:
    if entry.state == EntryState.DISPUTED:
        entry.state, entry.applied_version = EntryState.READY, entry.wanted_version
        entry.save(update_fields=["state", "applied_version"])


def _after_deletion(entry: Entry, choice: DriftChoice) -> None:
    entry.config_id = entry.qr_code = ""
    if choice is DriftChoice.TAKE_THEIRS:
        entry.state, entry.chat_ids = EntryState.CLOSED, []
        entry.applied_version = entry.wanted_version
        PlannedGroup.unscoped.filter(entry=entry, group__isnull=True).delete()
        entry.save()
        return
    entry.save()
    plans.want(entry)


def _take(entry: Entry, theirs: Document) -> None:
    """Make the entry what WeCom has: its groups (others stay ours, but off this way), the naming of the next ones, the remark."""
    if _blocker(entry, theirs):
        return
    normal = wecom.normalise_document(kind=KIND, document=theirs)
    linked = Group.unscoped.filter(chat_id__in=normal["chat_ids"])
    linked.update(
        entry=entry,
        kind=entry.kind,
        store_id=entry.store_id,
        capacity=plans.capacity_of(entry.kind, entry.store_id),
        is_linkable=True,
    )
    Group.unscoped.filter(entry=entry, chat_id__in=entry.chat_ids).exclude(chat_id__in=normal["chat_ids"]).update(
        is_linkable=False
    )
    entry.auto_create_room = normal["auto_create_room"]
    entry.room_base_name = normal["room_base_name"] or entry.room_base_name
    entry.least_number = max(1, normal["room_base_id"])
    computed = rules.way_remark(entry.store.name, entry.kind.name)
    entry.remark = "" if normal["remark"] == computed else normal["remark"]


def _blocker(entry: Entry, theirs: Document | None) -> str:
    """Why theirs cannot be ours: "" when it can."""
    if theirs is None:
        return ""
    if theirs.get("state") != entry.code:
        return "state"
    if not theirs.get("remark"):
        return "no_remark"
    if theirs.get("auto_create_room") and not theirs.get("room_base_name"):
        return "no_base_name"
    chat_ids = set(theirs.get("chat_ids") or ())
    groups = list(Group.unscoped.filter(chat_id__in=chat_ids, dismissed_at__isnull=True))
    if not chat_ids or len(groups) < len(chat_ids):
        return "unknown_chats"
    if any(group.entry_id not in (None, entry.pk) for group in groups):
        return "chats_elsewhere"
    is_lower = theirs.get("room_base_name") == entry.room_base_name and int(theirs.get("room_base_id") or 0) < (
        entry.next_number
    )
    return "number_used" if is_lower else ""
