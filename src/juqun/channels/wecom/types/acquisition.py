"""Acquisition links (paid): a link that adds staff as a friend from anywhere, and what it brought."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class LinkChatStatus(StrEnum):
    """Whether somebody who came through a link has written. `unknown`: no friend any more."""

    SILENT = "silent"
    WROTE = "wrote"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class AcquisitionLink:
    """A link as WeCom knows it. Append `?customer_channel=STATE` (at most 64 bytes) to `url` to tell channels apart."""

    link_id: str
    name: str
    url: str
    created_at: datetime
    skip_verify: bool
    userids: tuple[str, ...] = ()
    department_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkCustomer:
    """Somebody who became a friend through a link; `state` is the customer_channel of the address they opened."""

    external_userid: str
    userid: str
    chat_status: LinkChatStatus
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkStatistic:
    """What a link brought in a span of days."""

    clicks: int
    new_customers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AcquisitionQuota:
    """How many customers may still be gained by links. `expiring`: (when, how many of the balance are lost then)."""

    total: int
    balance: int
    expiring: tuple[tuple[datetime, int], ...] = ()
