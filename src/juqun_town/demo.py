"""The demo from the empty folder to the last line, each step with its seconds."""

import json
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from django.conf import settings
from django.db import connection
from rich.console import Console
from rich.table import Table

from juqun.cli.commands import root as juqun
from juqun.cli.commands.report import show
from juqun.config import wiring
from juqun.domains.campaigns import queries as campaigns
from juqun.domains.campaigns.types import Arm
from juqun.domains.members import queries as members
from juqun.domains.org import queries as org
from juqun.domains.org.types import NodeKind, Role
from juqun.kernel import clock
from juqun.kernel.errors import DomainError
from juqun.kernel.money import format_yuan
from juqun.lake import feed
from juqun.lake.engine import get_engine
from juqun_town import desk, files, plan, year
from juqun_town.children import ChildError, Children
from juqun_town.files import StoreSpec, Town
from juqun_town.play import WEEKS, Diary, Play, Tell, at_time
from juqun_town.stage import Setting
from juqun_town.streets import Emulator, Streets, Till, TownError

PASSWORD_BYTES: Final = 9
REPORT_SECONDS: Final = 120
FILE_WIDTH: Final = 140
EMULATOR_SETTINGS: Final = {
    "callback_order": "per_subject",
    "callback_parallel": 8,
    "rate_per_minute": 0,
    "rate_per_hour": 0,
    "overflow_at": desk.GROUP_CAPACITY,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """One of the people for whom the demo opens the console."""

    username: str
    name: str
    role: Role
    node_code: str
    node_name: str


@dataclass(slots=True)
class Steps:
    """Prints each step with its seconds."""

    console: Console
    started: float = field(default_factory=time.monotonic)
    taken: list[tuple[str, float]] = field(default_factory=list)

    @contextmanager
    def step(self, name: str) -> Iterator[Tell]:
        """Show a step at work, then its seconds."""
        begun = time.monotonic()
        with self.console.status(name) as status:
            yield lambda detail: status.update(f"{name}: {detail}")
        seconds = time.monotonic() - begun
        self.taken.append((name, seconds))
        self.console.print(f"[green]✓[/green] {name} [dim]{seconds:.1f} s[/dim]")

    @property
    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self.started


def run(*, setting: Setting, seed: int, is_ending: bool, password: str) -> int:
    """Run the demo; answers the exit code. Children are stopped whatever happens."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=FILE_WIDTH)
    children = Children(setting.data_dir / "logs")
    try:
        return _Demo(setting, seed, console, children, password).run(is_ending=is_ending)
    except KeyboardInterrupt:
        console.print("Stopped.")
        return 130
    except (TownError, ChildError, DomainError, subprocess.SubprocessError) as error:
        console.print(f"demo: FAILED {error}", markup=False, soft_wrap=True)
        return 1
    finally:
        connection.close()
        children.stop()


class _Demo:
    """One run."""

    def __init__(self, setting: Setting, seed: int, console: Console, children: Children, password: str) -> None:
        self._setting = setting
        self._seed = seed
        self._console = console
        self._children = children
        self._password = password or secrets.token_urlsafe(PASSWORD_BYTES)
        self._steps = Steps(console)
        self._emulator = Emulator(setting.emulator_url)
        self._streets = Streets(self._emulator, setting.clock_file, children)

    def run(self, *, is_ending: bool) -> int:
        """All steps in order."""
        step = self._steps.step
        with step("Write the retailer's files from Complete Journey"):
            town = files.write_files(self._setting.data_dir / "files", self._seed)
            with year.connect() as real:
                baskets = files.usual_baskets(real, self._seed)
        with step("Start the WeCom emulator and Juqun"):
            self._start()
        self._import(town, "tree", "staff", "members", "products")
        with step("Open logins; staff appear in WeCom"):
            logins = self._open_logins(town)
        with step("Open groups, live codes and keyword replies"):
            desk.open_groups(town, self._streets)
            codes = desk.open_codes(town, self._streets, {town.stores[0].code: ["wang"]})
            desk.teach_robot("hong")
        till = Till(self._setting.url, desk.make_till_key())
        play = Play(town, self._streets, self._seed, codes, till)
        play.arrive()
        with step(f"Gather for {plan.WEEKS_BEFORE} weeks: scan, welcome, join, ask, leave") as tell:
            template_id = self._gather(play, town, baskets, tell)
        self._streets.go_to(at_time(plan.WEEKS_BEFORE, 0, 8))
        self._import(town, "orders", "redemptions", side="before")
        with step("Headquarters: segment, holdout, coupon, tasks; staff confirm"):
            launched = self._campaign(play)
        with step(f"{plan.WEEKS_DURING} weeks of selling: extra orders of those whom the message reached") as tell:
            extras = plan.extra_orders(self._seed, play.diary.reached, baskets)
            for week in range(plan.WEEKS_BEFORE, WEEKS):
                tell(f"week {week - plan.WEEKS_BEFORE + 1} of {plan.WEEKS_DURING}")
                play.week(week, lambda _: None)
                first = 7 * (week - plan.WEEKS_BEFORE)
                play.buy_extra([order for order in extras if first <= order.day < first + 7])
        self._streets.go_to(at_time(WEEKS, 0, 12), until_ticked=True)
        self._import(town, "orders", "redemptions", side="after")
        with step("Report: juqun report"):
            self._streets.settle()
            found = self._report()
        show(found, self._console)
        code = self._last_words(play, launched, template_id, found)
        till.close()
        if is_ending or code:
            return code
        self._serve(logins)
        return 0

    def _start(self) -> None:
        start = at_time(0, 0, 9)
        emulator = ["wecom_emulator", "--port", str(self._setting.emulator_port), "--clock", start.isoformat()]
        self._children.start("emulator", emulator, {}, f"{self._setting.emulator_url}/emulator/health")
        self._emulator.call("PATCH", "settings", EMULATOR_SETTINGS)
        clock.write_control(self._setting.clock_file, start)
        self._streets.go_to(start)
        up = ["juqun.cli", "up", "--port", str(self._setting.port)]
        self._children.start("juqun", up, self._setting.environment, f"{self._setting.url}/api/v1/health")
        wiring.connect()
        callback = {
            "url": f"{self._setting.url}/callbacks/wecom/",
            "token": settings.JUQUN_WECOM_CALLBACK_TOKEN,
            "encoding_aes_key": settings.JUQUN_WECOM_CALLBACK_AES_KEY,
            "verify": True,
        }
        self._emulator.call("PUT", "callback", callback)

    def _import(self, town: Town, *kinds: str, side: str = "") -> None:
        """`juqun import KIND FILE`, in this process: the same commands, without starting Python again for each."""
        for kind in kinds:
            ending = ".parquet" if kind == "orders" else ".csv"
            path = town.file(f"{kind}-{side}{ending}" if side else f"{kind}{ending}")
            begun = time.monotonic()
            juqun.main(["import", kind, str(path), "--actor", "demo"], prog_name="juqun", standalone_mode=False)
            self._steps.taken.append((f"import {kind} {side}".strip(), time.monotonic() - begun))

    def _open_logins(self, town: Town) -> Sequence[Login]:
        biggest = town.stores[0]
        logins = _logins(biggest)
        for one in logins:
            arguments = ["account", "add", one.username, "--role", one.role.value, "--node", one.node_code]
            juqun.main(
                [*arguments, "--name", one.name, "--password", self._password], prog_name="juqun", standalone_mode=False
            )
        staff = [{"userid": one.userid, "name": one.name, "department": [1]} for one in town.staff]
        staff += [{"userid": one.username, "name": one.name, "department": [1]} for one in logins]
        self._emulator.call("POST", "staff", {"staff": staff})
        return logins

    def _gather(self, play: Play, town: Town, baskets: files.Baskets, tell: Tell) -> int:
        """The weeks before the campaign; before the last one a store gives the people of its groups a coupon of its own."""
        for week in range(plan.WEEKS_BEFORE - 1):
            self._gather_week(play, week, tell)
        store = town.stores[0]
        joined = [one for one in town.households if one.store_code == store.code and one.id in play.diary.chat]
        ids = desk.member_ids(joined)
        template_id, codes = desk.issue_store_coupon(store, sorted(ids.values()), "li", clock.now())
        self._gather_week(play, plan.WEEKS_BEFORE - 1, tell)
        play.buy_with_store_coupon(store.code, {one.id: codes[ids[one.id]] for one in joined}, baskets)
        return template_id

    def _gather_week(self, play: Play, week: int, tell: Tell) -> None:
        def on_step(detail: str) -> None:
            tell(f"week {week + 1} of {plan.WEEKS_BEFORE}, {detail}")

        play.week(week, on_step)

    def _campaign(self, play: Play) -> desk.Launched:
        week = plan.WEEKS_BEFORE
        self._streets.go_to(at_time(week, 0, 9, 30))
        self._streets.settle()
        launched = desk.launch_campaign("hong", self._seed, clock.now())
        self._streets.settle()
        play.change_hearts()
        self._streets.go_to(at_time(week, 0, 10, 30))
        play.confirm_tasks()
        self._streets.settle()
        self._streets.go_to(at_time(week, 0, 11, 30), until_ticked=True)
        self._streets.settle()
        self._streets.go_to(at_time(week, 0, 15, 30), until_ticked=True)
        self._streets.settle()
        play.wake_up()
        self._streets.go_to(at_time(week, 0, 18), until_ticked=True)
        self._streets.settle()
        play.look_who_was_reached()
        return launched

    def _report(self) -> dict[str, Any]:
        """`juqun report --json` in a process of its own, as an operator would run it."""
        command = [sys.executable, "-m", "juqun.cli", "report", "--json", "--weeks", str(WEEKS)]
        done = subprocess.run(command, capture_output=True, timeout=REPORT_SECONDS, check=False)  # noqa: S603 - our own command
        if done.returncode:
            raise TownError("juqun report: " + done.stderr.decode()[-600:])
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def _last_words(self, play: Play, launched: desk.Launched, template_id: int, found: dict[str, Any]) -> int:
        treated = _arms(launched.campaign_id)
        ids = desk.member_ids(play.households(play.diary.reached))
        astray = [household for household in play.diary.reached if ids[household] not in treated]
        added = sum(play.diary.added_fen.values())
        truth_fen = added / len(treated)
        effect = found["campaign"]["uplift"]["effect_fen"]
        self._tell_truth(play.diary, launched, template_id, truth_fen, effect)
        counted = count_imported()
        faults = _faults(counted, found, astray, len(treated))
        if faults:
            self._console.print("demo: FAILED " + "; ".join(faults), markup=False, highlight=False, soft_wrap=True)
            return 1
        self._console.print(
            f"demo: ok members={counted['members']} stores={counted['stores']} order_lines={counted['order_lines']} "
            f"redemptions={counted['redemptions']} seconds={self._steps.seconds:.0f} uplift={effect['value'] / 100:.2f} "
            f"low={effect['low'] / 100:.2f} high={effect['high'] / 100:.2f} truth={truth_fen / 100:.2f}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
        return 0

    def _tell_truth(
        self, diary: Diary, launched: desk.Launched, template_id: int, truth_fen: float, effect: dict[str, float]
    ) -> None:
        table = Table("What the town did", "", title="The town's own books", title_justify="left")
        table.add_row("Asked in customer service", f"{diary.asked:,}")
        table.add_row("Joined nothing, for the welcome showed no group", f"{diary.uninvited:,}")
        table.add_row("Segment of the campaign", f"{launched.segment_size:,} members")
        table.add_row("Reached by the message, seen on their phones", f"{len(diary.reached):,}")
        table.add_row("Extra orders at the tills, with the coupon", f"{diary.extra_orders:,}, {diary.coupons_shown:,}")
        table.add_row("Campaign's coupons", _listed(desk.coupons_by_state(launched.template_id)))
        table.add_row("Store's own coupons", _listed(desk.coupons_by_state(template_id)))
        table.add_row("Store's coupon tried at another store", _listed(diary.refusals) or "-")
        table.add_row("Really added, yuan", format_yuan(sum(diary.added_fen.values())))
        self._console.print(table)
        self._console.print(
            f"Measured uplift per treated member (yuan): [bold]{effect['value'] / 100:.2f}[/bold], 95 % interval "
            f"{effect['low'] / 100:.2f} to {effect['high'] / 100:.2f}; the town's true effect: [bold]{truth_fen / 100:.2f}[/bold]"
        )
        slowest = sorted(self._steps.taken, key=lambda one: -one[1])
        self._console.print("Seconds per step: " + " · ".join(f"{name} {seconds:.1f}" for name, seconds in slowest))

    def _serve(self, logins: Sequence[Login]) -> None:
        table = Table(
            "user", "name", "role", "sees", title=f"Console: {self._setting.url}/console/", title_justify="left"
        )
        for one in logins:
            table.add_row(one.username, one.name, one.role.value, one.node_name)
        self._console.print(table)
        self._console.print(f"Password of all: [bold]{self._password}[/bold]   ·   Ctrl-C stops everything")
        try:
            while True:
                self._children.check()
                time.sleep(1)
        except KeyboardInterrupt:
            self._console.print("Stopping.")


def _logins(biggest: StoreSpec) -> list[Login]:
    cities = {node.code: node.name for node in org.list_nodes(scope=desk.WHOLE, kind=NodeKind.CITY)}
    city = biggest.city_code
    return [
        Login(username="hong", name="洪总", role=Role.HQ_LEAD, node_code=files.CHAIN_CODE, node_name=files.CHAIN_NAME),
        Login(username="chen", name="陈运营", role=Role.CITY_OPERATOR, node_code=city, node_name=cities[city]),
        Login(username="li", name="李店长", role=Role.STORE_MANAGER, node_code=biggest.code, node_name=biggest.name),
        Login(username="wang", name="王导购", role=Role.GUIDE, node_code=biggest.code, node_name=biggest.name),
        Login(username="zhao", name="赵收银", role=Role.CASHIER, node_code=biggest.code, node_name=biggest.name),
    ]


def _arms(campaign_id: int) -> set[int]:
    """The treated members of a campaign."""
    found = campaigns.list_messages(scope=desk.WHOLE, campaign_id=campaign_id, limit=10 * year.HOUSEHOLDS)
    return {message.member_id for message in found if message.arm is Arm.TREATED}


def count_imported() -> dict[str, int]:
    """Count what was imported, in the tables and in the lake."""
    feed.flush()
    engine = get_engine()

    def count(sql: str) -> int:
        return int(engine.query(sql).to_pylist()[0]["n"])

    return {
        "members": members.count_members(scope=desk.WHOLE),
        "stores": org.count_nodes(scope=desk.WHOLE)[NodeKind.STORE],
        "order_lines": count("SELECT count(*) AS n FROM order_lines WHERE order_key LIKE 'import:%'"),
        "redemptions": count("SELECT count(*) AS n FROM redemptions WHERE redemption_key LIKE 'import:%'"),
    }


def _faults(counted: dict[str, int], found: dict[str, Any], astray: Sequence[int], treated: int) -> list[str]:
    """What differs from what must be; empty when all is true."""
    expected = {
        "members": year.HOUSEHOLDS,
        "stores": year.STORES,
        "order_lines": year.ORDER_LINES,
        "redemptions": year.REDEMPTIONS,
    }
    faults = [f"{name}={counted[name]}, not {wanted}" for name, wanted in expected.items() if counted[name] != wanted]
    if astray:
        faults.append(f"{len(astray)} people got the message who were not treated")
    if found["campaign"]["uplift"]["treated_n"] != treated:
        faults.append(
            f"the report counts {found['campaign']['uplift']['treated_n']} treated members, the plan {treated}"
        )
    return faults


def _listed(counts: Any) -> str:
    return " · ".join(f"{name} {count:,}" for name, count in counts.items())
