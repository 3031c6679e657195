"""Hand-overs of customers from one staff member to another, while the first works or after leaving."""

from dataclasses import dataclass, field

TRANSFER_DONE = 1
TRANSFER_WAITING = 2
TRANSFER_REFUSED = 3
TRANSFER_TAKER_FULL = 4
TRANSFER_NONE = 5
"""No transfer is known, or it came to nothing: the friendship ended or the taker left in the meantime."""


@dataclass(slots=True, kw_only=True)
class Transfer:
    """One customer on the way from `handover_userid` to `takeover_userid`; `ends_at` lies ahead while it waits."""

    transfer_id: str
    handover_userid: str
    takeover_userid: str
    external_userid: str
    resigned: bool
    started_at: int
    ends_at: int
    status: int = TRANSFER_WAITING
    message: str = ""


@dataclass(slots=True, kw_only=True)
class TransferLog:
    """Ids of transfers, oldest first: those of one customer, or those between one pair of staff."""

    key: str
    transfer_ids: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class GroupHandover:
    """A group on its way to a new owner, as long as the platform takes for it."""

    chat_id: str
    new_owner: str
