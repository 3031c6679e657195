"""A small town through the whole loop: three stores, real households, the emulator and the tills over HTTP, one clock."""

import dataclasses
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from juqun.cli.commands import root as juqun
from juqun.cli.commands.report import collect
from juqun.config import wiring
from juqun.domains.campaigns import queries as campaigns
from juqun.domains.campaigns.types import Arm, MessageState
from juqun.kernel.jobs import schedule
from juqun.lake import feed
from juqun.lake.engine import get_engine
from juqun.lake.testing import fresh_lake
from juqun_town import demo, desk, files, plan, year
from juqun_town.files import Town
from juqun_town.play import WEEKS, Play, at_time
from juqun_town.streets import Emulator, Streets, Till
from tests.journeys.rehearsal import Stage, running_stage

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

SEED = 5
STORES = 3
HOUSEHOLDS_PER_STORE = 14


class StageStreets(Streets):
    """The streets on a stage: the clocks stand still between steps, and jobs run in place."""

    def __init__(self, stage: Stage, emulator: Emulator) -> None:
        super().__init__(emulator, stage.clock_file)
        self._stage = stage

    def go_to(self, at: datetime, *, until_ticked: bool = False) -> None:
        self._stage.set_time(at)
        schedule.tick()

    def settle(self) -> None:
        self._stage.settle()


@pytest.fixture
def town(tmp_path: Path) -> Town:
    with year.connect() as real:
        sql = """
        SELECT household_id FROM (
            SELECT h.household_id, row_number() OVER (PARTITION BY h.store_id ORDER BY h.household_id) AS nth
            FROM homes AS h JOIN (
                SELECT store_id, count(*) AS n FROM homes GROUP BY store_id ORDER BY n DESC, store_id LIMIT $stores
            ) AS s ON s.store_id = h.store_id
        ) WHERE nth <= $households
        """
        chosen = [row[0] for row in year.rows(real, sql, {"stores": STORES, "households": HOUSEHOLDS_PER_STORE})]
    written = files.write_files(tmp_path / "files", SEED, only_households=chosen)
    stores = [
        dataclasses.replace(store, gathers=rank < STORES) if store.gathers else store
        for rank, store in enumerate(written.stores)
    ]
    return dataclasses.replace(written, stores=stores)


def bring_in(town: Town, *names: str) -> None:
    for name in names:
        kind = name.split("-")[0].split(".")[0]
        juqun.main(["import", kind, str(town.file(name))], prog_name="juqun", standalone_mode=False)


def test_the_whole_loop_on_real_households(settings: Any, tmp_path: Path, town: Town, live_server: Any):
    fresh_lake(settings, tmp_path)
    settings.JUQUN_IMPORT_DIR = tmp_path / "imports"
    wiring.connect()
    with running_stage(
        tmp_path, settings, overflow_at=desk.GROUP_CAPACITY, rate_per_minute=0, rate_per_hour=0
    ) as stage:
        emulator = Emulator(str(stage.emulator.base_url))
        streets = StageStreets(stage, emulator)
        streets.go_to(at_time(0, 0, 9))
        schedule.declare(wiring.SCHEDULES)
        bring_in(town, "tree.csv", "staff.csv", "members.csv")
        arguments = ["account", "add", "hong", "--role", "hq_lead", "--password", "long-enough-1"]
        juqun.main(arguments, prog_name="juqun", standalone_mode=False)
        userids = [*(one.userid for one in town.staff), "hong"]
        emulator.call("POST", "staff", {"staff": [{"userid": u, "name": u, "department": [1]} for u in userids]})

        assert desk.open_groups(town, streets) == 2 * STORES
        codes = desk.open_codes(town, streets, {})
        desk.teach_robot("hong")
        with year.connect() as real:
            baskets = files.usual_baskets(real, SEED)
        till = Till(live_server.url, desk.make_till_key())
        play = Play(town, streets, SEED, codes, till)
        play.arrive()
        for week in range(plan.WEEKS_BEFORE):
            play.week(week, lambda _: None)
        check_gathering(play)

        streets.go_to(at_time(plan.WEEKS_BEFORE, 0, 8))
        bring_in(town, "orders-before.parquet", "redemptions-before.csv")
        launched = run_campaign(play, streets)
        extras = plan.extra_orders(SEED, play.diary.reached, baskets)
        for week in range(plan.WEEKS_BEFORE, WEEKS):
            play.week(week, lambda _: None)
            first = 7 * (week - plan.WEEKS_BEFORE)
            play.buy_extra([order for order in extras if first <= order.day < first + 7])
        streets.go_to(at_time(WEEKS, 0, 12))
        bring_in(town, "orders-after.parquet", "redemptions-after.csv")
        streets.settle()
        check_campaign(play, launched, extras)
        till.close()
        emulator.close()


def run_campaign(play: Play, streets: Streets) -> desk.Launched:
    week = plan.WEEKS_BEFORE
    streets.go_to(at_time(week, 0, 9, 30))
    streets.settle()
    launched = desk.launch_campaign("hong", SEED, at_time(week, 0, 9, 30))
    streets.settle()
    streets.go_to(at_time(week, 0, 10, 30))
    play.confirm_tasks()
    for hour in (11, 15, 18):
        streets.go_to(at_time(week, 0, hour, 30))
        streets.settle()
        play.wake_up()
    play.look_who_was_reached()
    return launched


def check_gathering(play: Play) -> None:
    """Everybody who scanned is a recruit of the source they scanned, was welcomed, and is where they went."""
    came = [one for one in play.recruits if one.week < plan.WEEKS_BEFORE]
    found = demo_report()
    by_source = {row["source"]: row["recruits"] for row in found["recruits_by_source"]}
    assert by_source == {source: sum(one.source == source for one in came) for source in plan.SOURCES}
    assert found["welcomes"]["sent"] == len(came) == len(play.diary.guide)
    assert play.diary.uninvited == 0
    answered = found["service_messages"]
    assert answered.get("answered", 0) + answered.get("handed", 0) == play.diary.asked > 0
    joined = get_engine().query("SELECT count(*) AS n FROM memberships WHERE kind = 'joined'").to_pylist()[0]["n"]
    assert joined == sum(one.joins for one in came)


def check_campaign(play: Play, launched: desk.Launched, extras: list[plan.ExtraOrder]) -> None:
    """The message is where the draw put it, and what the tills took is what the lake holds and the report measures."""
    planned = launched.plan
    assert (
        planned.snapshot == planned.treated + planned.holdout + sum(planned.skipped.values()) == launched.segment_size
    )
    messages = campaigns.list_messages(scope=desk.WHOLE, campaign_id=launched.campaign_id, limit=1_000)
    ids = desk.member_ids(play.households(play.diary.reached))
    sent = {message.member_id for message in messages if message.state is MessageState.SENT}
    treated = {message.member_id for message in messages if message.arm is Arm.TREATED}
    assert sent == set(ids.values()) <= treated
    assert len(sent) > 5

    sql = "SELECT count(*) AS n, CAST(sum(amount_fen) AS BIGINT) AS fen FROM orders WHERE source = 'pos'"
    assert get_engine().query(sql).to_pylist() == [{"n": len(extras), "fen": sum(order.net_fen for order in extras)}]
    assert sum(play.diary.added_fen.values()) == sum(order.net_fen for order in extras) > 0
    coupons = desk.coupons_by_state(launched.template_id)
    assert coupons["used"] == sum(order.shows_coupon for order in extras)
    assert sum(coupons.values()) == len(treated)

    found = demo_report()["campaign"]
    assert found["uplift"]["treated_n"] == len(treated)
    assert found["messages"]["sent"] == len(sent)
    assert found["uplift"]["effect_fen"]["low"] < found["uplift"]["effect_fen"]["high"]
    lines = demo.count_imported()["order_lines"]
    assert (
        lines
        == get_engine().query("SELECT sum(line_count) AS n FROM orders WHERE source = 'import'").to_pylist()[0]["n"]
    )


def demo_report() -> dict[str, Any]:
    feed.flush()
    feed.refresh_dims()
    return collect(campaign_id=None, days=91, weeks=WEEKS)
