"""Writes of the service room, one module per concern."""

from juqun.domains.service.operations.deciding import (
    approve,
    approve_due,
    cancel,
    change_keeper,
)
from juqun.domains.service.operations.following import (
    follow_friend,
    follow_friends,
    follow_merge,
    follow_refusal,
    follow_split,
    forget_member,
    keep_returned,
    replace_keeper,
)
from juqun.domains.service.operations.opening import collect, open_for_leaver, open_on_request, take_up_unassigned
from juqun.domains.service.operations.transferring import work
from juqun.domains.service.operations.winning import offer_win_back

__all__ = [
    "approve",
    "approve_due",
    "cancel",
    "change_keeper",
    "collect",
    "follow_friend",
    "follow_friends",
    "follow_merge",
    "follow_refusal",
    "follow_split",
    "forget_member",
    "keep_returned",
    "offer_win_back",
    "open_for_leaver",
    "open_on_request",
    "replace_keeper",
    "take_up_unassigned",
    "work",
]
