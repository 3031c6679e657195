"""`juqun report`: what was gathered, sent, sold and gained, counted from the tables and the lake at this moment."""

import dataclasses
import json
from collections.abc import Iterable, Sequence
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from juqun.cli.commands.tables import require_tables
from juqun.config import wiring
from juqun.domains.campaigns import queries as campaigns
from juqun.domains.campaigns.types import CampaignView
from juqun.domains.groups import queries as groups
from juqun.domains.growth import queries as growth
from juqun.domains.insight import queries as insight
from juqun.domains.robot import queries as robot
from juqun.kernel import clock
from juqun.kernel.errors import DomainError
from juqun.kernel.money import format_yuan
from juqun.kernel.scope import DataScope
from juqun.lake import feed

WHOLE = DataScope.whole_chain()
SHOWN_WEEKS = 6
FILE_WIDTH = 140
FUNNEL_ROWS = 10
Report = dict[str, Any]


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of tables (money in fen).")
@click.option("--campaign", "campaign_id", type=int, help="Which campaign to measure (default: the latest one).")
@click.option("--days", default=91, show_default=True, help="How many days back funnel and orders go.")
@click.option("--weeks", default=12, show_default=True, help="How many weekly cohorts are told.")
def report(as_json: bool, campaign_id: int | None, days: int, weeks: int) -> None:  # noqa: FBT001 - click's flag
    """Tell recruits, groups, messages, orders by source, cohorts and the measured uplift of the whole chain."""
    require_tables()
    wiring.connect()
    feed.flush()
    feed.refresh_dims()
    try:
        found = collect(campaign_id=campaign_id, days=days, weeks=weeks)
    except DomainError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, default=str))
    else:
        console = Console()
        show(found, console if console.is_terminal else Console(width=FILE_WIDTH))


def collect(*, campaign_id: int | None, days: int, weeks: int) -> Report:
    """The report as plain values; money in fen, intervals as value, low, high."""
    today = clock.day_number(clock.business_day(clock.now()))
    since = today - days + 1
    welcomes = robot.welcome_stats(scope=WHOLE)
    found: Report = {
        "as_of": clock.business_day(clock.now()).isoformat(),
        "recruits_by_source": [_plain(row) for row in growth.recruits_by_source(scope=WHOLE) if row.codes],
        "unknown_states": len(growth.list_unknown_scans(scope=WHOLE)),
        "welcomes": {
            **{state.value: count for state, count in welcomes.counts.items() if count},
            "p50_ms": welcomes.p50_ms,
            "p99_ms": welcomes.p99_ms,
        },
        "service_messages": {
            outcome.value: count for outcome, count in robot.count_messages_by_outcome(scope=WHOLE).items() if count
        },
        "groups_by_state": {state.value: count for state, count in groups.count_by_state(scope=WHOLE).items()},
        "funnel": [_plain(row) for row in insight.funnel(scope=WHOLE, since_day=since, until_day=today)],
        "orders_by_source": [
            _plain(row) for row in insight.orders_by_source(scope=WHOLE, since_day=since, until_day=today)
        ],
        "cohorts": [_plain(row) for row in insight.weekly_cohorts(scope=WHOLE, weeks=weeks)],
        "days": days,
        "campaign": None,
    }
    campaign = _campaign(campaign_id)
    if campaign is not None:
        uplift = insight.campaign_uplift(scope=WHOLE, campaign_id=campaign.id)
        found["campaign"] = {
            "id": campaign.id,
            "name": campaign.name,
            "segment": campaign.segment_name,
            "state": campaign.state.value,
            "starts_day": campaign.starts_day.isoformat(),
            "ends_day": campaign.ends_day.isoformat(),
            "holdout_bp": campaign.holdout_bp,
            "messages": campaigns.message_counts(scope=WHOLE, campaign_id=campaign.id),
            "tasks": _tasks(campaign.id),
            "uplift": _plain(uplift)
            | {"warnings_text": [insight.describe_warning(code=code) for code in uplift.warnings]},
        }
    return found


def _campaign(campaign_id: int | None) -> CampaignView | None:
    if campaign_id is not None:
        return campaigns.get_campaign(scope=WHOLE, campaign_id=campaign_id)
    planned = [view for view in campaigns.list_campaigns(scope=WHOLE) if view.state != "draft"]
    return planned[0] if planned else None


def _tasks(campaign_id: int) -> dict[str, int]:
    progress = campaigns.staff_progress(scope=WHOLE, campaign_id=campaign_id)
    return {
        "senders": len(progress),
        "tasks": sum(one.tasks for one in progress),
        "confirmed": sum(one.tasks_confirmed for one in progress),
        "reminders": sum(one.reminders for one in progress),
    }


def _plain(row: Any) -> dict[str, Any]:
    return dataclasses.asdict(row)


def show(found: Report, console: Console) -> None:
    """Print the report as tables."""
    console.rule(f"Juqun 聚群 · report of {found['as_of']}")
    _show_gathering(found, console)
    _show_orders(found, console)
    _show_cohorts(found, console)
    if found["campaign"] is not None:
        _show_campaign(found["campaign"], console)


def _print(console: Console, title: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A title and a table: names on the left, figures on the right."""
    table = Table()
    table.add_column(header[0], no_wrap=True)
    for name in header[1:]:
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    console.print(f"[bold]{title}[/bold]")
    console.print(table)


def _show_gathering(found: Report, console: Console) -> None:
    names = ("codes", "scans", "friends", "recruits")
    rows = [[row["source"], *(f"{row[name]:,}" for name in names)] for row in found["recruits_by_source"]]
    _print(console, "Recruits by source 拉新", ["source", *names], rows)
    console.print(f"Scans with a code that nobody here knows: {found['unknown_states']}")
    console.print("Welcomes: " + _counts(found["welcomes"]))
    console.print("Customer service: " + _counts(found["service_messages"]))
    console.print("Groups by state 社群: " + _counts(found["groups_by_state"]))
    figures = ("scans", "friends", "group_members", "messages", "buyers", "orders")
    cities = sorted(found["funnel"], key=lambda row: -row["amount_fen"])[:FUNNEL_ROWS]
    rows = [
        [row["name"] or "-", *(f"{row[name]:,}" for name in figures), format_yuan(row["amount_fen"])] for row in cities
    ]
    title = f"Recruit, serve, convert: the {FUNNEL_ROWS} largest cities, last {found['days']} days"
    _print(console, title, ["city", *(name.replace("_", " ") for name in figures), "yuan"], rows)


def _counts(counts: dict[str, Any]) -> str:
    return " · ".join(f"{name} {value:,}" for name, value in counts.items() if value is not None) or "none"


def _show_orders(found: Report, console: Console) -> None:
    models = ("first_fen", "last_fen", "position_fen", "linear_fen")
    rows = [
        [row["source"], f"{row['orders']:,}", *(format_yuan(row[model]) for model in models)]
        for row in found["orders_by_source"]
    ]
    title = f"Orders by source, last {found['days']} days (yuan; credit describes, only the holdout measures)"
    _print(console, title, ["source", "orders (last)", "first", "last", "position 40/20/40", "linear"], rows)


def _show_cohorts(found: Report, console: Console) -> None:
    rows = []
    for row in found["cohorts"]:
        monday = clock.day_from_number(row["week"] * 7 - 3)
        cells = [_share(one) for one in row["retained"][:SHOWN_WEEKS]]
        rows.append([monday.isoformat(), str(row["size"]), *cells, *[""] * (SHOWN_WEEKS - len(cells))])
    title = "Weekly cohorts of new friends: share that bought, % (95 % Wilson interval)"
    _print(console, title, ["week of", "size", *(f"week {k}" for k in range(SHOWN_WEEKS))], rows)


def _share(interval: dict[str, float]) -> str:
    return f"{interval['value'] * 100:.0f} ({interval['low'] * 100:.0f}–{interval['high'] * 100:.0f})"


def _show_campaign(campaign: dict[str, Any], console: Console) -> None:
    rows = [
        [state if "/" not in state else f"  {state.split('/')[1]}", f"{count:,}"]
        for state, count in sorted(campaign["messages"].items())
    ]
    title = f"Campaign {campaign['id']} “{campaign['name']}” to “{campaign['segment']}”: messages"
    _print(console, title, ["state", "messages"], rows)
    console.print("Tasks of staff: " + _counts(campaign["tasks"]))
    uplift = campaign["uplift"]
    effect = uplift["effect_fen"]
    console.print(
        f"Uplift per treated member {campaign['starts_day']} to {campaign['ends_day']} (yuan): "
        f"[bold]{effect['value'] / 100:.2f}[/bold], 95 % interval {effect['low'] / 100:.2f} to {effect['high'] / 100:.2f}, "
        f"p = {uplift['p_value']:.4f}"
    )
    console.print(
        f"  treated {uplift['treated_n']:,} (mean {uplift['treated_mean_fen'] / 100:.2f}) against holdout {uplift['holdout_n']:,} "
        f"(mean {uplift['holdout_mean_fen'] / 100:.2f}); {uplift['method']}: {uplift['cuped_gain']:.2f} times fewer members needed"
    )
    for text in uplift["warnings_text"]:
        console.print(f"  [yellow]{text}[/yellow]")
