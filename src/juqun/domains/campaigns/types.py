"""Values that cross the border of the campaigns room."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum


class CampaignState(StrEnum):
    """Life of a campaign; `sent` = every task is created at WeCom, `done` = every message reached its end."""

    DRAFT = "draft"
    PLANNED = "planned"
    SENDING = "sending"
    SENT = "sent"
    STOPPED = "stopped"
    DONE = "done"


class HoldoutUnit(StrEnum):
    """What is drawn: single members, or whole stores (then only a cluster-robust test is honest)."""

    MEMBER = "member"
    STORE = "store"


class Arm(StrEnum):
    """The two sides of the comparison; a member who could not be reached anyway is in neither."""

    TREATED = "treated"
    HOLDOUT = "holdout"


class MessageState(StrEnum):
    """Life of one message; `sent`, `refused`, `cancelled` and `skipped` are final."""

    PLANNED = "planned"
    QUEUED = "queued"
    CREATED = "created"
    SENT = "sent"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"


OPEN_STATES = (MessageState.PLANNED, MessageState.QUEUED, MessageState.CREATED, MessageState.UNKNOWN)


class SkipReason(StrEnum):
    """Why a member of the segment gets no message of ours."""

    HOLDOUT = "holdout"
    NOT_FRIEND = "not_friend"
    NO_CONSENT = "no_consent"
    CAPPED_DAY = "capped_day"
    CAPPED_MONTH = "capped_month"
    QUIET = "quiet"
    NO_STAFF = "no_staff"
    NO_STORE = "no_store"
    NO_COUPON = "no_coupon"
    MERGED = "merged"
    SENDER_LEFT = "sender_left"


class RefusalReason(StrEnum):
    """Why WeCom did not carry a message that we handed over."""

    NOT_FRIEND = "not_friend"
    CAPPED = "capped"
    REJECTED = "rejected"
    CALL_REFUSED = "call_refused"


class CancelReason(StrEnum):
    """Why a message was taken back before the staff member sent it."""

    STOPPED = "stopped"
    EXPIRED = "expired"
    SENDER_LEFT = "sender_left"


class BatchState(StrEnum):
    """Life of one task (one call, one sender, at most 10,000 recipients)."""

    WAITING = "waiting"
    CALLING = "calling"
    UNKNOWN = "unknown"
    CREATED = "created"
    DONE = "done"
    REFUSED = "refused"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanResult:
    """What a plan comes to: `snapshot` = treated + holdout + the sum of `skipped` (holdout is counted apart)."""

    campaign_id: int
    snapshot: int
    treated: int
    holdout: int
    planned: int
    batches: int
    skipped: dict[SkipReason, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun:
    """What a plan would come to now, without taking anything from the pressure ledger."""

    snapshot: int
    treated: int
    holdout: int
    senders: int
    skipped: dict[SkipReason, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignView:
    """One campaign as people see it; `counts` by message state, only of the reader's own part."""

    id: int
    public_id: str
    name: str
    segment_id: int
    segment_name: str
    unit: HoldoutUnit
    holdout_bp: int
    text: str
    link_url: str
    coupon_template_id: int | None
    state: CampaignState
    starts_at: datetime
    starts_day: date
    ends_day: date
    counts: dict[MessageState, int]
    created_by: str
    created_by_staff_id: int | None
    node_id: int
    node_name: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageView:
    """One message of a campaign: to whom, by whom, how far, and why not."""

    id: int
    campaign_id: int
    member_id: int
    staff_id: int | None
    store_id: int | None
    arm: Arm | None
    state: MessageState
    reason: str
    queued_at: datetime | None
    sent_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffProgress:
    """How far one sender is with the tasks of a campaign."""

    staff_id: int
    staff_name: str
    tasks: int
    tasks_confirmed: int
    recipients: int
    sent: int
    refused: int
    still_open: int
    reminders: int
    confirmed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkTarget:
    """What a tracked link token stands for; the page identifies the member itself."""

    token: str
    campaign_id: int
    batch_id: int
    staff_id: int
    campaign_name: str
    link_url: str
    coupon_template_id: int | None
