"""What may be refused in the campaigns room; each sentence names the next step."""

from dataclasses import dataclass
from typing import ClassVar

from django.utils.translation import gettext_noop

from juqun.kernel.errors import BusyError, ConflictError, InvalidInputError, NotFoundError, RefusedError


@dataclass(eq=False)
class CampaignNotFoundError(NotFoundError):
    code: ClassVar[str] = "campaign_not_found"
    message: ClassVar[str] = gettext_noop("Campaign %(campaign_id)s is not there or not yours; check the list.")
    campaign_id: int


@dataclass(eq=False)
class CampaignStateError(ConflictError):
    code: ClassVar[str] = "campaign_state"
    message: ClassVar[str] = gettext_noop("Campaign %(campaign_id)s is %(state)s; this needs it to be %(needed)s.")
    campaign_id: int
    state: str
    needed: str


@dataclass(eq=False)
class PlanExpiredError(ConflictError):
    code: ClassVar[str] = "plan_expired"
    message: ClassVar[str] = gettext_noop(
        "Campaign %(campaign_id)s was planned for %(planned_day)s, which is over; stop it and plan a new one."
    )
    campaign_id: int
    planned_day: str


@dataclass(eq=False)
class StartInPastError(InvalidInputError):
    code: ClassVar[str] = "start_in_past"
    message: ClassVar[str] = gettext_noop("The start %(starts_day)s is over; choose today or a later day.")
    starts_day: str


@dataclass(eq=False)
class TextTooLongError(InvalidInputError):
    code: ClassVar[str] = "text_too_long"
    message: ClassVar[str] = gettext_noop("The text has %(size)s bytes; WeCom takes %(limit)s, so shorten it.")
    size: int
    limit: int


@dataclass(eq=False)
class TextMissingError(InvalidInputError):
    code: ClassVar[str] = "text_missing"
    message: ClassVar[str] = gettext_noop("The message has no text; write what customers shall read.")


@dataclass(eq=False)
class LinkMissingError(InvalidInputError):
    code: ClassVar[str] = "link_missing"
    message: ClassVar[str] = gettext_noop(
        "A campaign needs a link or a coupon: its tracked link is how a lost answer is found again; add one."
    )


@dataclass(eq=False)
class HoldoutOutOfRangeError(InvalidInputError):
    code: ClassVar[str] = "holdout_out_of_range"
    message: ClassVar[str] = gettext_noop(
        "A holdout of %(holdout_bp)s basis points is not allowed here; choose %(low)s to %(high)s."
    )
    holdout_bp: int
    low: int
    high: int


@dataclass(eq=False)
class NodeOutsideActorError(RefusedError):
    code: ClassVar[str] = "node_outside_actor"
    message: ClassVar[str] = gettext_noop("Node %(node_id)s is not in your part of the chain; choose one that is.")
    node_id: int


@dataclass(eq=False)
class LinkUnknownError(NotFoundError):
    code: ClassVar[str] = "link_unknown"
    message: ClassVar[str] = gettext_noop("This link is not known; ask the shop for a new one.")


@dataclass(eq=False)
class PressureBusyError(BusyError):
    code: ClassVar[str] = "pressure_busy"
    message: ClassVar[str] = gettext_noop("Other campaigns are being planned for the same members; plan again now.")


@dataclass(eq=False)
class ReminderNotDueError(ConflictError):
    code: ClassVar[str] = "reminder_not_due"
    message: ClassVar[str] = gettext_noop(
        "This task was reminded three times within a day or is closed; WeCom allows no more, so try again tomorrow."
    )
    batch_id: int
