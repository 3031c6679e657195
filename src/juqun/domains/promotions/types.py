"""Values that cross the border of promotions. Money is integer fen, percentages are basis points (1/100 %)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class CouponKind(StrEnum):
    """`amount`: a fixed sum off. `percent`: a share of the order off, at most the template's `amount_fen` when that is > 0."""

    AMOUNT = "amount"
    PERCENT = "percent"


class TemplateState(StrEnum):
    """Coupons are issued only while `on`; issued ones stay usable while it is `paused`, and also after it `ended`."""

    DRAFT = "draft"
    ON = "on"
    PAUSED = "paused"
    ENDED = "ended"


class CouponState(StrEnum):
    """`frozen`: held for one unpaid order. `void`: withdrawn by the chain."""

    ISSUED = "issued"
    FROZEN = "frozen"
    USED = "used"
    EXPIRED = "expired"
    VOID = "void"


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponTerms:
    """What a coupon promises; frozen into a version, so that a change of the template never changes issued coupons."""

    kind: CouponKind
    amount_fen: int
    percent_bp: int
    threshold_fen: int
    store_id: int | None
    valid_from: datetime
    valid_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponTemplateView:
    """A template with its counters. `total` coupons exist at most; `committed_fen` is what they may still cost and did cost."""

    id: int
    public_id: str
    name: str
    version: int
    kind: CouponKind
    amount_fen: int
    percent_bp: int
    threshold_fen: int
    store_id: int | None
    store_name: str
    valid_from: datetime
    valid_until: datetime
    total: int
    per_member: int
    issued: int
    redeemed: int
    budget_fen: int | None
    committed_fen: int
    spent_fen: int
    state: TemplateState

    @property
    def is_exhausted(self) -> bool:
        """True when no further coupon can be issued from the stock."""
        return self.issued >= self.total


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponView:
    """One member's coupon with the terms under which it was issued."""

    id: int
    code: str
    template_id: int
    template_name: str
    member_id: int
    kind: CouponKind
    amount_fen: int
    percent_bp: int
    threshold_fen: int
    store_id: int | None
    store_name: str
    state: CouponState
    valid_from: datetime
    valid_until: datetime
    issued_at: datetime
    used_at: datetime | None
    campaign_id: int | None
    order_key: str | None

    def state_at(self, at: datetime) -> CouponState:
        """The state that holds at `at`: an issued coupon past its last moment is expired, whether the job has run or not."""
        if self.state is CouponState.ISSUED and at >= self.valid_until:
            return CouponState.EXPIRED
        return self.state


@dataclass(frozen=True, slots=True, kw_only=True)
class StateCount:
    """How many coupons of a template are in each state."""

    state: CouponState
    coupons: int
