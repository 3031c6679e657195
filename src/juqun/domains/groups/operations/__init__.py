"""Writes of the groups room, one module per concern."""

from juqun.domains.groups.operations.chats import ChatReading, dismiss_group, read_chat, reconcile_chat, sync_group
from juqun.domains.groups.operations.entries import apply_entry, open_entry, reconcile_entry
from juqun.domains.groups.operations.kinds import create_kind, update_kind
from juqun.domains.groups.operations.people import move_memberships, record_message, remove_memberships, set_role
from juqun.domains.groups.operations.states import refresh_states

__all__ = [
    "ChatReading",
    "apply_entry",
    "create_kind",
    "dismiss_group",
    "move_memberships",
    "open_entry",
    "read_chat",
    "reconcile_chat",
    "reconcile_entry",
    "record_message",
    "refresh_states",
    "remove_memberships",
    "set_role",
    "sync_group",
    "update_kind",
]
