"""ECharts options as plain data; `console.js` draws them in the page's own colours. `unit` says how numbers are written."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from juqun.domains.insight.types import DayFigures, FunnelTier, SourceCredit
from juqun.kernel import clock
from juqun.surfaces.console import phrases

Options = dict[str, Any]

_GRID = {"left": 8, "right": 12, "top": 36, "bottom": 4, "containLabel": True}


def _axis(**given: Any) -> Options:
    return {"axisTick": {"show": False}, **given}


def days(series: Sequence[DayFigures]) -> Options:
    """Recruits and orders of each day."""
    names = [clock.day_from_number(one.day).strftime("%m-%d") for one in series]
    return {
        "unit": "count",
        "grid": _GRID,
        "legend": {"top": 0, "left": 0},
        "tooltip": {"trigger": "axis"},
        "xAxis": _axis(type="category", data=names, boundaryGap=False),
        "yAxis": [_axis(type="value", minInterval=1), _axis(type="value", minInterval=1, splitLine={"show": False})],
        "series": [
            {
                "name": _("Orders"), "type": "line", "smooth": 0.3, "smoothMonotone": "x", "symbol": "none", "areaStyle": {"opacity": 0.12},
                "data": [one.orders for one in series],
            },
            {
                "name": _("Recruits (right axis)"), "type": "line", "smooth": 0.3, "smoothMonotone": "x", "symbol": "none", "yAxisIndex": 1,
                "data": [one.friends_gained for one in series],
            },
        ],
    }  # fmt: skip


def funnel(tiers: Sequence[FunnelTier]) -> Options:
    """The steps from scan to buyer of all given nodes together; bar lengths are people, not rates."""
    steps = [
        (_("Scans"), sum(one.scans for one in tiers)),
        (_("Friends"), sum(one.friends for one in tiers)),
        (_("In groups"), sum(one.group_members for one in tiers)),
        (_("Buyers"), sum(one.buyers for one in tiers)),
    ]
    return {
        "unit": "count",
        "grid": {**_GRID, "top": 4, "right": 64},
        "tooltip": {"trigger": "item"},
        "xAxis": _axis(type="value", show=False),
        "yAxis": _axis(type="category", inverse=True, data=[name for name, _number in steps], axisLine={"show": False}),
        "series": [
            {
                "type": "bar", "barWidth": "58%", "itemStyle": {"borderRadius": 4}, "data": [number for _name, number in steps],
                "label": {"show": True, "position": "right"},
            }
        ],
    }  # fmt: skip


def sources(credits_: Sequence[SourceCredit]) -> Options:
    """What each source is credited with by first, last and position model, side by side, in yuan."""
    top = list(credits_)[:8]
    models = ((_("First touch"), "first_fen"), (_("Last touch"), "last_fen"), (_("By position"), "position_fen"))
    return {
        "unit": "yuan",
        "grid": _GRID,
        "legend": {"top": 0, "left": 0},
        "tooltip": {"trigger": "axis", "axisPointer": {"type": "shadow"}},
        "xAxis": _axis(
            type="category", data=[phrases.source_word(one.source) for one in top], axisLabel={"interval": 0, "hideOverlap": True}
        ),
        "yAxis": _axis(type="value"),
        "series": [
            {"name": name, "type": "bar", "barMaxWidth": 22, "itemStyle": {"borderRadius": [3, 3, 0, 0]},
             "data": [round(getattr(one, field) / 100) for one in top]}
            for name, field in models
        ],
    }  # fmt: skip
