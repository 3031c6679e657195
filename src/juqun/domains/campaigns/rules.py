"""Pure decisions of the campaigns room: arms, pressure slots, quiet hours, chunks, reminders, outcomes.

Everything is an argument: no clock, no database, no randomness but the campaign's own salt.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from juqun.domains.campaigns.types import Arm, SkipReason

MAX_RECIPIENTS = 10_000  # one add_msg_template call, WeCom 92135
MAX_TEXT_BYTES = 4_000  # WeCom 92135
MAX_TITLE_BYTES = 128  # title of a link attachment, WeCom 92135
MAX_REMINDERS = 3  # per task in 24 h, WeCom 97610
REMINDER_WINDOW = timedelta(hours=24)
REMINDER_GAP = timedelta(hours=4)  # ours: nobody is nudged twice in one half of a shift
REMIND_FROM_HOUR, REMIND_TO_HOUR = 9, 20  # ours: a nudge is read when the shop is open
CONFIRM_DAYS = 7  # ours: a task that nobody confirmed within a week is taken back
LIST_WINDOW = timedelta(days=30)  # get_groupmsg_list_v2 takes at most a month
ID_CHUNK = 5_000  # ids bound in one statement; SQLite takes at least 32,766
FULL_HOLDOUT_BP = 10_000
HOURS_A_DAY = 24
_HASH_RANGE = 1 << 64


def draw_number(salt: str, unit: str, unit_id: int) -> int:
    """A 64-bit number that depends on nothing but the campaign's salt and the unit: the same for ever."""
    digest = hashlib.blake2b(f"{salt}:{unit}:{unit_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big")


def draw_members(salt: str, member_ids: Iterable[int], holdout_bp: int) -> dict[int, Arm]:
    """Arms by threshold: each member's arm is independent of who else is there (share = holdout_bp / 10,000)."""
    limit = _HASH_RANGE * holdout_bp // FULL_HOLDOUT_BP
    return {
        member_id: Arm.HOLDOUT if draw_number(salt, "member", member_id) < limit else Arm.TREATED
        for member_id in member_ids
    }


def draw_stores(salt: str, store_ids: Iterable[int], holdout_bp: int) -> dict[int, Arm]:
    """Arms by rank: an exact number of stores, since a threshold could leave ten stores without any holdout.

    At least one store is held out when a holdout is wanted, and at least one is treated unless all are held out.
    """
    ranked = sorted(set(store_ids), key=lambda store_id: (draw_number(salt, "store", store_id), store_id))
    held = round_half_up(len(ranked) * holdout_bp, FULL_HOLDOUT_BP)
    if 0 < holdout_bp < FULL_HOLDOUT_BP and len(ranked) > 1:
        held = min(max(held, 1), len(ranked) - 1)
    return {store_id: Arm.HOLDOUT if place < held else Arm.TREATED for place, store_id in enumerate(ranked)}


def round_half_up(numerator: int, denominator: int) -> int:
    """Integer division of non-negative numbers, rounded half up."""
    return (2 * numerator + denominator) // (2 * denominator)


@dataclass(frozen=True, slots=True)
class Slots:
    """The places one message takes in the ledger: the n-th of its day and the n-th of its month, from 1."""

    day_slot: int
    month_slot: int


def choose_slots(
    used_day: frozenset[int] | set[int], used_month: frozenset[int] | set[int], cap_day: int, cap_month: int
) -> Slots | SkipReason:
    """The smallest free places under both caps, or the cap that is full (the month is named first: it lasts longer)."""
    month_slot = _first_free(used_month, cap_month)
    if month_slot is None:
        return SkipReason.CAPPED_MONTH
    day_slot = _first_free(used_day, cap_day)
    if day_slot is None:
        return SkipReason.CAPPED_DAY
    return Slots(day_slot=day_slot, month_slot=month_slot)


def _first_free(used: frozenset[int] | set[int], cap: int) -> int | None:
    if len(used) >= cap:  # also when a cap was lowered below what is used
        return None
    return next((slot for slot in range(1, cap + 1) if slot not in used), None)


def month_key(day: date) -> int:
    """The calendar month of a business day as one number, 202611."""
    return day.year * 100 + day.month


def is_quiet(hour: int, quiet_from: int, quiet_to: int) -> bool:
    """Whether `hour` (0-23) lies in the quiet hours [from, to), which may cross midnight; equal = none."""
    if quiet_from == quiet_to:
        return False
    if quiet_from < quiet_to:
        return quiet_from <= hour < quiet_to
    return hour >= quiet_from or hour < quiet_to


def after_quiet(starts_at: datetime, quiet_from: int, quiet_to: int, zone: ZoneInfo) -> datetime | None:
    """When the task may go to staff: at `starts_at`, or when the quiet hours end on the same business day, else None.

    None means that the quiet hours would push it into another day than the one its pressure is counted on.
    """
    local = starts_at.astimezone(zone)
    if not is_quiet(local.hour, quiet_from, quiet_to):
        return starts_at
    if quiet_to >= HOURS_A_DAY or local.hour >= quiet_to:  # quiet until midnight or later
        return None
    return local.replace(hour=quiet_to, minute=0, second=0, microsecond=0).astimezone(starts_at.tzinfo)


def chunks(items: Sequence[int], size: int = MAX_RECIPIENTS) -> Iterator[Sequence[int]]:
    """`items` in order, in pieces of at most `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def may_remind(reminded_at: Sequence[datetime], now: datetime) -> bool:
    """At most three reminders of one task in any 24 hours, and not within four hours of the last."""
    recent = [at for at in reminded_at if now - at < REMINDER_WINDOW]
    return len(recent) < MAX_REMINDERS and not any(now - at < REMINDER_GAP for at in recent)


def is_reminding_hour(now: datetime, zone: ZoneInfo) -> bool:
    """Whether staff are at work: 9:00 to 20:00 local."""
    return REMIND_FROM_HOUR <= now.astimezone(zone).hour < REMIND_TO_HOUR


def next_collect(created_at: datetime, now: datetime) -> datetime:
    """When to ask WeCom again: soon after a task was made, ever more seldom later (1 minute to 1 hour)."""
    age = max((now - created_at).total_seconds(), 0)
    return now + timedelta(seconds=min(max(age / 4, 60), 3_600))


def cut_bytes(text: str, limit: int) -> str:
    """The longest beginning of `text` with at most `limit` bytes of UTF-8, never half a character."""
    return text.encode()[:limit].decode(errors="ignore")


def match_tokens(tokens: Iterable[str], texts: Iterable[str]) -> set[str]:
    """Which of our link tokens occur in the urls and texts of a task found at WeCom.

    A token is looked for as a whole path segment, so that one is never taken for the beginning of another.
    """
    known = set(tokens)
    found: set[str] = set()
    for text in texts:
        for part in text.replace("?", "/").replace("#", "/").replace("&", "/").split("/"):
            words = part.split()
            if words and words[0] in known:
                found.add(words[0])
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A member of the snapshot with what decides whether a message may go out."""

    member_id: int
    store_id: int | None
    staff_id: int | None
    userid: str
    is_friend: bool
    has_consent: bool
    not_before: datetime | None
    cap_day: int
    cap_month: int


def skip_reason(candidate: Candidate, *, needs_store: bool) -> SkipReason | None:
    """The first reason, in a fixed order, why a candidate gets nothing; None: may be reached (caps come after).

    The order never looks at the arm: both arms hold the same kind of member, or the comparison would be worth nothing.
    """
    if not candidate.has_consent:
        return SkipReason.NO_CONSENT
    if not candidate.is_friend:
        return SkipReason.NOT_FRIEND
    if candidate.staff_id is None:
        return SkipReason.NO_STAFF
    if needs_store and candidate.store_id is None:
        return SkipReason.NO_STORE
    if candidate.not_before is None:
        return SkipReason.QUIET
    return None


def assign_arms(
    salt: str, *, by_store: bool, stores_of_members: Mapping[int, int | None], holdout_bp: int
) -> dict[int, Arm]:
    """The arm of each reachable member, drawn by member or by its store."""
    if not by_store:
        return draw_members(salt, stores_of_members, holdout_bp)
    stores = {store_id for store_id in stores_of_members.values() if store_id is not None}
    arms = draw_stores(salt, stores, holdout_bp)
    return {member_id: arms[store_id] for member_id, store_id in stores_of_members.items() if store_id is not None}
