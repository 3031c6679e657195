"""Hand-over of customers and groups: what became of each one."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class TransferStart(StrEnum):
    """What WeCom answered for one customer or group that was to be handed over."""

    STARTED = "started"
    RUNNING = "running"  # 40100: a transfer of this customer is on its way already
    TAKER_FULL = "taker_full"  # 40099: the taker may have no more customers
    TAKER_UNFIT = "taker_unfit"  # 40098, 84083, 60011: the taker is not active, verified, with the feature, and visible
    GIVER_PRESENT = "giver_present"  # 40097, 90500: the giver has not left
    QUOTA = "quota"  # 40128, 90507, 90508: twice in 90 days, or this taker's 300 groups of the day
    NOT_A_CONTACT = "not_a_contact"  # 40096, 84061, 90501, 90502, 41063: there is nothing to hand over
    REFUSED = "refused"  # any other code


class TransferStatus(StrEnum):
    """Where a started transfer stands (WeCom's 1 to 5)."""

    DONE = "done"
    WAITING = "waiting"
    REFUSED = "refused"
    TAKER_FULL = "taker_full"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferOutcome:
    """The answer for one customer (`key` = external_userid) or group (`key` = chat_id)."""

    key: str
    start: TransferStart
    errcode: int = 0
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferProgress:
    """Where one customer's transfer stands. `taken_over_at`: when it was, or while waiting will be, taken over."""

    external_userid: str
    status: TransferStatus
    taken_over_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnassignedContact:
    """A customer whose member of staff left the company and who was given to nobody yet."""

    userid: str
    external_userid: str
    left_at: datetime
