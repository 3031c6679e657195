"""Writes of the growth room, one module per concern."""

from juqun.domains.growth.operations.codes import (
    create_live_code,
    replace_staff,
    retire_live_code,
    retry_refused,
    set_welcome_picture,
    update_live_code,
)
from juqun.domains.growth.operations.drifts import act_on_drift
from juqun.domains.growth.operations.scans import (
    assign_unknown_state,
    forget_member,
    move_scans,
    record_friend_lost,
    record_scan,
    record_taken_up,
    return_scans,
)
from juqun.domains.growth.operations.ways import apply_live_code

__all__ = [
    "act_on_drift",
    "apply_live_code",
    "assign_unknown_state",
    "create_live_code",
    "forget_member",
    "move_scans",
    "record_friend_lost",
    "record_scan",
    "record_taken_up",
    "replace_staff",
    "retire_live_code",
    "retry_refused",
    "return_scans",
    "set_welcome_picture",
    "update_live_code",
]
