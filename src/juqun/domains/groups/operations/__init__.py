"""Writes of the groups room, one module per concern."""

from juqun.domains.groups.operations.chats import ChatReading, dismiss_group, read_chat, reconcile_chat, sync_group
from juqun.domains.groups.operations.drifts import act_on_drift
from juqun.domains.groups.operations.entries import open_entry, reconcile_entry
from juqun.domains.groups.operations.kinds import create_kind, update_kind
from juqun.domains.groups.operations.owners import hand_over_group, replace_owner
from juqun.domains.groups.operations.people import move_memberships, record_message, remove_memberships, set_role
from juqun.domains.groups.operations.states import refresh_states
from juqun.domains.groups.operations.ways import apply_entry
from juqun.domains.groups.operations.welcomes import (
    act_on_welcome_drift,
    apply_group_welcome,
    drop_group_welcome,
    set_group_welcome,
    tick_group,
)

__all__ = [
    "ChatReading",
    "act_on_drift",
    "act_on_welcome_drift",
    "apply_entry",
    "apply_group_welcome",
    "create_kind",
    "dismiss_group",
    "drop_group_welcome",
    "hand_over_group",
    "move_memberships",
    "open_entry",
    "read_chat",
    "reconcile_chat",
    "reconcile_entry",
    "record_message",
    "refresh_states",
    "remove_memberships",
    "replace_owner",
    "set_group_welcome",
    "set_role",
    "sync_group",
    "tick_group",
    "update_kind",
]
