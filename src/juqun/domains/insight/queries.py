"""The reports of insight, each inside a DataScope, each read from the lake. Days and weeks are lake numbers, inclusive."""

from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from juqun.domains.insight.errors import NothingToMeasureError, UnknownChoiceError
from juqun.domains.insight.rules import attribution
from juqun.domains.insight.rules.attribution import Path
from juqun.domains.insight.rules.experiments import (
    SAMPLE_RATIO_ALARM,
    ArmMoments,
    Effect,
    UnitTotals,
    compare_members,
    compare_units,
    sample_ratio_p_value,
)
from juqun.domains.insight.rules.groups import trend
from juqun.domains.insight.rules.intervals import wilson
from juqun.domains.insight.types import (
    CohortEntry,
    CohortRow,
    DashboardView,
    DayFigures,
    DrawUnit,
    FunnelTier,
    GroupState,
    ModelCredit,
    SourceCredit,
    Tier,
    UpliftMethod,
    UpliftResult,
    UpliftWarning,
)
from juqun.kernel import clock
from juqun.kernel.money import split_largest_remainder
from juqun.kernel.scope import DataScope
from juqun.lake import metrics

LOOKBACK_DAYS: Final = 28
# 13 weeks of past spending saved the most members on real retail data (3-4 times fewer).
PRE_DAYS: Final = 91
MEASURE_DAYS: Final = 28
SERIES_DAYS: Final = 28
# Cohort weeks live in one 64-bit mask per member.
MOST_COHORT_WEEKS: Final = 61
# With fewer drawn units than this in an arm, intervals hang on single stores.
FEW_UNITS: Final = 20
_BASIS_POINTS: Final = 10_000
_WARNINGS: Final[dict[str, Promise | str]] = {
    UpliftWarning.WINDOW_OPEN: _("The measuring window is still open; the figures will change."),
    UpliftWarning.SAMPLE_RATIO: _("Treated and holdout are not in the planned proportion; look for who was lost before reading on."),
    UpliftWarning.FEW_UNITS: _("Few units were drawn; single stores or groups weigh heavily."),
    UpliftWarning.NO_PAST: _("No spending before the campaign is known; the interval is wider than it could be."),
}  # fmt: skip


def describe_warning(*, code: str) -> str:
    """Return the sentence of an uplift warning in the reader's language."""
    return str(_WARNINGS[code])


def _today() -> int:
    return clock.day_number(clock.business_day(clock.now()))


def _choice(kind: type[Tier] | type[CohortEntry] | type[DrawUnit], given: str) -> Any:
    try:
        return kind(given)
    except ValueError as error:
        raise UnknownChoiceError(given=given, known=", ".join(kind)) from error


def funnel(*, scope: DataScope, since_day: int, until_day: int, tier: str = Tier.CITY) -> list[FunnelTier]:
    """Return recruit, serve, convert per node of a tier (chain, province, city, store). Raises UnknownChoiceError."""
    kind = _choice(Tier, tier).value
    rows = metrics.run("funnel", scope=scope, tier=kind, since_day=since_day, until_day=until_day).to_pylist()
    return [FunnelTier(name=row.pop("node_name"), kind=kind, **row) for row in rows]


def orders_by_source(
    *, scope: DataScope, since_day: int, until_day: int, lookback_days: int = LOOKBACK_DAYS
) -> list[SourceCredit]:
    """Return orders and money credited to each source by first, last, position and linear touch, largest first.

    Orders that nothing touched within the look-back, or whose buyer is unknown, are `organic`.
    """
    params = {"since_day": since_day, "until_day": until_day, "lookback_days": lookback_days}
    rows = metrics.run("orders_by_source", scope=scope, **params).to_pylist()
    if not rows:
        return []
    total = sum(row["last_fen"] for row in rows)
    linear, position = (_whole_fen(total, [row[name] for row in rows]) for name in ("linear_fen", "position_fen"))
    credited = [
        SourceCredit(
            source=row["channel"], orders=row["last_orders"], first_orders=row["first_orders"],
            touched_orders=row["touched_orders"], first_fen=row["first_fen"], last_fen=row["last_fen"],
            position_fen=position[i], linear_fen=linear[i],
        )
        for i, row in enumerate(rows)
    ]  # fmt: skip
    return sorted(credited, key=lambda credit: (-credit.last_fen, credit.source))


def _whole_fen(total_fen: int, shares_fen: list[float]) -> list[int]:
    """Round shares to whole fen so that they still sum to the total."""
    thousandths = [max(0, round(share * 1_000)) for share in shares_fen]
    return split_largest_remainder(total_fen, thousandths)


def attribution_models(
    *, scope: DataScope, since_day: int, until_day: int, lookback_days: int = LOOKBACK_DAYS
) -> list[ModelCredit]:
    """Return the orders credited to each channel by six models side by side, among orders that something touched."""
    params = {"since_day": since_day, "until_day": until_day, "lookback_days": lookback_days}
    rows = metrics.run("attribution_paths", scope=scope, **params).to_pylist()
    paths = [Path(channels=tuple(row["path"].split(">")), conversions=row["orders"]) for row in rows]
    models = {name: model(paths) for name, model in attribution.MODELS.items()}
    channels = sorted({channel for path in paths for channel in path.channels})
    return [
        ModelCredit(channel=channel, **{name: credit.get(channel, 0.0) for name, credit in models.items()})
        for channel in channels
    ]


def weekly_cohorts(
    *, scope: DataScope, weeks: int = 12, entry: str = CohortEntry.FRIEND, as_of_day: int | None = None
) -> list[CohortRow]:
    """Return the last `weeks` weekly cohorts (at most 61), oldest first, with Wilson intervals.

    `entry` says what makes a member enter (friend, group_join, order); activity is a purchase. `as_of_day` defaults to
    today; the week that it lies in is not over and not told. Raises UnknownChoiceError.
    """
    kind = _choice(CohortEntry, entry).value
    weeks = min(weeks, MOST_COHORT_WEEKS)
    last_week = ((_today() if as_of_day is None else as_of_day) + 3) // 7 - 1
    params = {"entry": kind, "first_week": last_week - weeks + 1, "last_week": last_week, "until_week": last_week}
    by_week: dict[int, list[dict[str, Any]]] = {}
    for row in metrics.run("cohort_weekly", scope=scope, **params).to_pylist():
        by_week.setdefault(row["cohort_week"], []).append(row)
    return [_cohort(week, rows, last_week) for week, rows in sorted(by_week.items())]


def _cohort(week: int, rows: list[dict[str, Any]], last_week: int) -> CohortRow:
    """Fill the weeks in which nobody at all was active."""
    size = rows[0]["size"]
    found = {row["k"]: row for row in rows if row["k"] is not None}
    active, later, following = [], [], 0
    for k in range(last_week - week, -1, -1):
        following = found[k]["active_or_later"] if k in found else following
        active.append(found[k]["active"] if k in found else 0)
        later.append(following)
    active.reverse()
    later.reverse()
    return CohortRow(
        week=week,
        size=size,
        active=active,
        retained=[wilson(count, size) for count in active],
        active_or_later=later,
        retained_or_later=[wilson(count, size) for count in later],
    )


def campaign_uplift(
    *, scope: DataScope, campaign_id: int, compare_by: str | None = None, pre_days: int = PRE_DAYS,
    as_of_day: int | None = None,
) -> UpliftResult:  # fmt: skip
    """Return the effect of a campaign on spending per member against its holdout, over its window up to `as_of_day`.

    The comparison follows the draw: by member, or by the drawn stores' or groups' totals. `compare_by="member"` on a
    campaign drawn otherwise raises NaiveTestRefusedError. Raises NothingToMeasureError, TooFewUnitsError.
    """
    designs = metrics.run("campaign_design", scope=scope, campaign_id=campaign_id).to_pylist()
    if not designs:
        raise NothingToMeasureError(campaign_id=campaign_id)
    # Were several kinds of unit drawn, the coarsest rules: it allows no more than it should.
    design = max(designs, key=lambda row: list(DrawUnit).index(_choice(DrawUnit, row["unit"])))
    drawn_by = DrawUnit(design["unit"])
    today = _today() if as_of_day is None else as_of_day
    starts = design["first_day"] if design["starts_day"] is None else design["starts_day"]
    planned_end = starts + MEASURE_DAYS - 1 if design["ends_day"] is None else design["ends_day"]
    params = {
        "campaign_id": campaign_id, "starts_day": starts, "ends_day": max(starts, min(planned_end, today)), "pre_days": pre_days,
    }  # fmt: skip
    by_member = drawn_by is DrawUnit.MEMBER or compare_by == DrawUnit.MEMBER
    measure = _by_members if by_member else _by_units
    effect, treated_n, holdout_n, has_past = measure(scope, params, drawn_by)
    holdout_bp = design["holdout_bp"]
    srm = None
    if holdout_bp is not None and 0 < holdout_bp < _BASIS_POINTS:
        srm = sample_ratio_p_value(
            design["treated_units"], design["holdout_units"], holdout_share=holdout_bp / _BASIS_POINTS
        )
    return UpliftResult(
        campaign_id=campaign_id,
        unit=drawn_by.value,
        treated_n=treated_n,
        holdout_n=holdout_n,
        treated_units=design["treated_units"],
        holdout_units=design["holdout_units"],
        treated_mean_fen=effect.treated_mean,
        holdout_mean_fen=effect.holdout_mean,
        effect_fen=effect.difference,
        relative=effect.relative,
        p_value=effect.p_value,
        method=(UpliftMethod.MEMBERS if by_member else UpliftMethod.UNIT_TOTALS).value,
        cuped_gain=effect.cuped_gain,
        srm_p_value=srm,
        since_day=starts,
        until_day=params["ends_day"],
        warnings=_warnings(design, srm, is_open=planned_end >= today, has_past=has_past, by_member=by_member),
    )


def _warnings(
    design: dict[str, Any], srm: float | None, *, is_open: bool, has_past: bool, by_member: bool
) -> tuple[str, ...]:
    few = not by_member and min(design["treated_units"], design["holdout_units"]) < FEW_UNITS
    found = {
        UpliftWarning.WINDOW_OPEN: is_open,
        UpliftWarning.SAMPLE_RATIO: srm is not None and srm < SAMPLE_RATIO_ALARM,
        UpliftWarning.FEW_UNITS: few,
        UpliftWarning.NO_PAST: not has_past,
    }
    return tuple(code.value for code, holds in found.items() if holds)


_Measured = tuple[Effect, int, int, bool]


def _by_members(scope: DataScope, params: dict[str, Any], drawn_by: DrawUnit) -> _Measured:
    rows = metrics.run("uplift_members", scope=scope, **params).to_pylist()
    arms = {row.pop("arm"): ArmMoments(**row) for row in rows}
    treated, holdout = (arms.get(arm) or ArmMoments(members=0, outcome_mean=0.0) for arm in ("treated", "holdout"))
    has_past = any(arm.before_variance > 0 for arm in arms.values())
    return compare_members(treated, holdout, drawn_by=drawn_by), treated.members, holdout.members, has_past


def _by_units(scope: DataScope, params: dict[str, Any], drawn_by: DrawUnit) -> _Measured:
    del drawn_by  # any unit may be compared by its own totals
    table = metrics.run("uplift_units", scope=scope, **params)
    columns = {name: table.column(name).to_numpy() for name in table.column_names}
    arms = []
    for arm in ("treated", "holdout"):
        chosen = columns["arm"] == arm
        arms.append(
            UnitTotals(
                members=columns["members"][chosen],
                outcome=columns["outcome_fen"][chosen],
                before=columns["before_fen"][chosen],
            )
        )
    sizes = [int(sum(arm.members)) for arm in arms]
    return compare_units(arms[0], arms[1]), sizes[0], sizes[1], bool(columns["before_fen"].any())


def dashboard(*, scope: DataScope, day: int | None = None) -> DashboardView:
    """Return the state of things on a day (default: today): totals of members, that day, a week before, 28 days."""
    day = _today() if day is None else day
    rows = metrics.run("daily", scope=scope, since_day=day - SERIES_DAYS + 1, until_day=day).to_pylist()
    found = {row["day"]: DayFigures(**row) for row in rows}
    totals = metrics.run("member_counts", scope=scope).to_pylist()[0]
    series = tuple(found.get(n) or DayFigures(day=n) for n in range(day - SERIES_DAYS + 1, day + 1))
    return DashboardView(
        day=day,
        today=series[-1],
        week_before=series[-8],
        series=series,
        **totals,
    )


def group_states(*, scope: DataScope, since_day: int, until_day: int) -> list[GroupState]:
    """Return every group with members now, joins and leaves in the period, buyers among its members, and its trend."""
    rows = metrics.run("group_states", scope=scope, since_day=since_day, until_day=until_day).to_pylist()
    return [
        GroupState(
            left=(left := row.pop("left_count")),
            trend=trend(members=row["members"], joined=row["joined"], left=left).value,
            **row,
        )
        for row in rows
    ]
