"""What the people of the town will do, drawn from the seed alone: nothing here looks at the product or at the clock.

Each household has draws of its own, so that one decision more or less changes nobody else's.
"""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

GATHERING_STORES: Final = 60
RECRUIT_SHARE: Final = 0.80
WEEKS_BEFORE: Final = 8
WEEKS_DURING: Final = 5
# Of those who are recruited at all, one in nine comes only while the campaign already runs.
LATE_SHARE: Final = 0.11
JOIN_SHARE: Final = 0.65
LEAVE_SHARE: Final = 0.06
DELETE_SHARE: Final = 0.03
WRITE_SHARE: Final = 0.12
IGNORE_SHARE: Final = 0.10
CHANGE_OF_HEART_SHARE: Final = 0.02

CODE_LABELS: Final = {"till": "收银台立牌", "poster": "门口海报", "community": "小区地推", "moments": "朋友圈"}
SOURCES: Final = {"till": 0.45, "poster": 0.25, "community": 0.20, "moments": 0.10}
QUESTIONS: Final = (
    "请问你们营业时间是几点到几点？",
    "怎么退货呀",
    "附近有停车场吗？停车收费吗",
    "今天有什么优惠",
    "我上次买的牛奶漏了，找谁处理？",
    "可以送到家吗，我在三楼没有电梯",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recruit:
    """One household's way with the chain on WeCom. Weeks count from the first week of gathering."""

    household: int
    week: int
    source: str
    joins: bool
    leaves_week: int | None
    deletes_week: int | None
    question: str


def draw(seed: int, household: int, what: str) -> random.Random:
    """The draws of one household for one decision."""
    return random.Random(f"{seed}:{what}:{household}")


def recruits(seed: int, households: Iterable[int]) -> list[Recruit]:
    """Who of the households near a gathering store becomes a friend, when, how, and what they do then; by household."""
    return [one for one in (_recruit(seed, household) for household in sorted(households)) if one is not None]


def _recruit(seed: int, household: int) -> Recruit | None:
    chance = draw(seed, household, "recruit")
    if chance.random() >= RECRUIT_SHARE:
        return None
    is_late = chance.random() < LATE_SHARE
    week = WEEKS_BEFORE + chance.randrange(WEEKS_DURING) if is_late else chance.randrange(WEEKS_BEFORE)
    (source,) = chance.choices(list(SOURCES), weights=list(SOURCES.values()))
    joins = chance.random() < JOIN_SHARE
    last = WEEKS_BEFORE + WEEKS_DURING
    leaves = joins and chance.random() < LEAVE_SHARE
    deletes = chance.random() < DELETE_SHARE
    later = range(week + 1, last)
    return Recruit(
        household=household,
        week=week,
        source=source,
        joins=joins,
        leaves_week=chance.choice(later) if leaves and later else None,
        deletes_week=chance.choice(later) if deletes and later else None,
        question=chance.choice(QUESTIONS) if chance.random() < WRITE_SHARE else "",
    )


def ignores(seed: int, userid: str) -> bool:
    """Whether somebody of the staff leaves the tasks that HQ sends unconfirmed."""
    return random.Random(f"{seed}:ignores:{userid}").random() < IGNORE_SHARE


def wakes_up(seed: int, userid: str) -> bool:
    """Whether somebody who ignored a task confirms it after being reminded."""
    return random.Random(f"{seed}:wakes:{userid}").random() < 1 / 3


def changes_heart(seed: int, household: int) -> bool:
    """Whether a customer deletes the guide between the making of the task and its confirmation."""
    return draw(seed, household, "heart").random() < CHANGE_OF_HEART_SHARE


# The effect that the town builds into itself, for those whom the message reached.
RESPONSE_SHARE: Final = 0.60
SECOND_ORDER_SHARE: Final = 0.30
COUPON_OFF_FEN: Final = 800
COUPON_THRESHOLD_FEN: Final = 3_000
EFFECT_DAYS: Final = 28

BasketLine = tuple[str, int]
"""product_ref, amount_fen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtraOrder:
    """An order that would not be there without the message: `day` counts from the campaign's day, `number` from 0."""

    household: int
    number: int
    day: int
    lines: Sequence[BasketLine]

    @property
    def amount_fen(self) -> int:
        """The sum of its lines, before any coupon."""
        return sum(amount for _, amount in self.lines)

    @property
    def shows_coupon(self) -> bool:
        """Whether the campaign's coupon is shown at the till: with the first order, when it is large enough."""
        return self.number == 0 and self.amount_fen >= COUPON_THRESHOLD_FEN

    @property
    def net_fen(self) -> int:
        """What is paid."""
        return self.amount_fen - (COUPON_OFF_FEN if self.shows_coupon else 0)


def extra_orders(
    seed: int, reached: Iterable[int], baskets: Mapping[int, Sequence[Sequence[BasketLine]]]
) -> list[ExtraOrder]:
    """The extra orders of the households that the message reached: each a basket that they really bought once before.

    Households without such a basket give none. Sorted by day.
    """
    found: list[ExtraOrder] = []
    for household in sorted(reached):
        choice = baskets.get(household)
        chance = draw(seed, household, "effect")
        if not choice or chance.random() >= RESPONSE_SHARE:
            continue
        count = 2 if chance.random() < SECOND_ORDER_SHARE else 1
        days = sorted(chance.sample(range(1, EFFECT_DAYS), count))
        found += [
            ExtraOrder(household=household, number=number, day=day, lines=chance.choice(choice))
            for number, day in enumerate(days)
        ]
    return sorted(found, key=lambda order: (order.day, order.household))
