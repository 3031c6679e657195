"""What the campaigns room says to the rest of the house."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from juqun.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignPlanned(Event):
    """Arms are drawn, exposures recorded, messages and their tasks written; nothing is sent yet."""

    NAME: ClassVar[str] = "campaigns.campaign_planned"
    campaign_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageQueued(Event):
    """A message of a launched campaign waits for its task at WeCom."""

    NAME: ClassVar[str] = "campaigns.message_queued"
    message_id: int
    member_id: int
    campaign_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageDelivered(Event):
    """The staff member confirmed and WeCom carried the message to the customer at `at`."""

    NAME: ClassVar[str] = "campaigns.message_delivered"
    message_id: int
    member_id: int
    campaign_id: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRefused(Event):
    """WeCom did not carry the message; `reason` is a RefusalReason."""

    NAME: ClassVar[str] = "campaigns.message_refused"
    message_id: int
    member_id: int
    campaign_id: int
    reason: str
