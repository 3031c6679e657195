"""`juqun doctor`: looks at everything that Juqun stands on, and says for each thing what to do when it does not hold."""

import stat
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import click
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import DatabaseError
from rich.console import Console
from rich.table import Table

from juqun.channels.wecom import operations as wecom
from juqun.channels.wecom.types import CheckInput, CheckLevel
from juqun.domains.groups import queries as groups
from juqun.domains.groups.types import EntryState
from juqun.domains.org import queries as org
from juqun.kernel import clock
from juqun.kernel.ids import new_id
from juqun.kernel.models import Job, JobState, Leadership, Schedule
from juqun.kernel.scope import DataScope
from juqun.lake.engine import get_engine

OLDEST_PYTHON = (3, 11)
SECRET_MODE = 0o600
WORKER_LAG = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was looked at, whether it holds (and holds without doubt), what was seen, and what to do."""

    name: str
    is_ok: bool
    seen: str
    remedy: str
    is_doubtful: bool = False

    @property
    def mark(self) -> str:
        """How the line begins."""
        if not self.is_ok:
            return "[red]✗[/red]"
        return "[yellow]![/yellow]" if self.is_doubtful else "[green]✓[/green]"


class _TroubleError(Exception):
    """What was seen does not hold."""


@click.command()
def doctor() -> None:
    """Look at everything Juqun needs, and say how to mend what is missing; exit code 1 when something is."""
    findings = examine()
    table = Table("", "what", "seen", "what to do")
    for column in table.columns:
        column.overflow = "fold"  # a path is no use when it is cut
    for one in findings:
        table.add_row(one.mark, one.name, one.seen, one.remedy if one.is_doubtful or not one.is_ok else "")
    Console().print(table)
    bad = sum(not one.is_ok for one in findings)
    if bad:
        click.echo(f"{bad} of {len(findings)} things need mending.")
        raise SystemExit(1)
    doubtful = sum(one.is_doubtful for one in findings)
    look = f" {doubtful} should be looked at." if doubtful else ""
    click.echo(f"All {len(findings)} things hold.{look}")


def examine() -> list[Finding]:
    """Every check, in the order in which one would mend them; none raises."""
    checks: list[tuple[str, Callable[[], str], str]] = [
        ("Python", _python, "Install Python 3.11 or newer, remove .venv, and run make setup."),
        ("Data folder", _data_folder, "Set JUQUN_DATA_DIR to a folder that this user may write."),
        ("Secret key", _secret, "chmod 600 the file: whoever reads it can read phone numbers and log in as anybody."),
        (
            "Database",
            _database,
            "Check JUQUN_DATABASE_URL; for PostgreSQL: is the server up, do user and password fit?",
        ),
        ("Tables", _migrations, "Run juqun up (or web) once: it brings the tables up to date before it serves."),
        ("Static files", _static, "Run make setup, then juqun up (or web): it gathers the files before it serves."),
        ("Lake", _lake, "Is JUQUN_LAKE_DIR readable and whole? Restore it from the backup if a file is missing."),
        ("Workers", _workers, "Run juqun up, or beside juqun web one or more juqun worker."),
        ("Scheduler", _scheduler, "Run juqun up, or beside juqun web one juqun scheduler."),
        ("Dead letters", _dead_letters, "Open Jobs in the console, read the errors, mend the cause, press retry."),
    ]
    findings = [_look(*check) for check in checks]
    return findings + _channel()


def _channel() -> list[Finding]:
    scope = DataScope.whole_chain()
    try:
        given = CheckInput(
            callback_url=f"{settings.PUBLIC_URL}/callbacks/wecom/",
            staff_userids=tuple(one.userid for one in org.list_staff(scope=scope) if one.userid),
            join_ways=groups.count_entries_by_state(scope=scope)[EntryState.READY],
        )
    except DatabaseError as error:
        return [Finding("WeCom", False, str(error), "Mend the tables first; the channel keeps its token there.")]  # noqa: FBT003
    return [
        Finding(line.name, line.is_ok, line.seen, line.remedy, line.level is CheckLevel.WARN)
        for line in wecom.run_checks(given=given)
    ]


def _look(name: str, check: Callable[[], str], remedy: str) -> Finding:
    try:
        return Finding(name, True, check(), remedy)  # noqa: FBT003 - the word stands beside its field
    except (_TroubleError, OSError, DatabaseError, ValueError) as error:
        return Finding(name, False, str(error) or type(error).__name__, remedy)  # noqa: FBT003


def _python() -> str:
    seen = ".".join(str(part) for part in sys.version_info[:3])
    if sys.version_info[:2] < OLDEST_PYTHON:
        raise _TroubleError(seen)
    return seen


def _data_folder() -> str:
    probe = Path(settings.DATA_DIR) / f".doctor-{new_id()}"
    probe.write_text("can be written")
    probe.unlink()
    return str(settings.DATA_DIR)


def _secret() -> str:
    file = Path(settings.DATA_DIR) / "secret.key"
    if not file.exists():
        return "from the environment"
    mode = stat.S_IMODE(file.stat().st_mode)
    if mode & ~SECRET_MODE:
        msg = f"{file} has mode {mode:o}"
        raise _TroubleError(msg)
    return f"{file}, mode {mode:o}"


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return f"{connection.vendor}: {connection.settings_dict['NAME']}"


def _migrations() -> str:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        msg = f"{len(missing)} migrations are missing"
        raise _TroubleError(msg)
    return "up to date"


def _static() -> str:
    root = Path(settings.STATIC_ROOT)
    count = sum(1 for path in root.rglob("*") if path.is_file()) if root.exists() else 0
    if not count:
        msg = f"none in {root}"
        raise _TroubleError(msg)
    return f"{count} files"


def _lake() -> str:
    counts = get_engine().query(
        "SELECT (SELECT count(*) FROM orders) AS orders, (SELECT count(*) FROM members) AS members"
    )
    row = counts.to_pylist()[0]
    return f"{row['orders']:,} orders, {row['members']:,} members"


def _workers() -> str:
    due = clock.now() - WORKER_LAG
    late = Job.objects.filter(state=JobState.WAITING, run_at__lte=due, held_until__lte=clock.wall() - WORKER_LAG)
    count = late.count()
    if count:
        msg = f"{count} jobs wait for more than {int(WORKER_LAG.total_seconds() / 60)} minutes"
        raise _TroubleError(msg)
    return "nothing waits too long"


def _scheduler() -> str:
    if not Schedule.objects.exists():
        msg = "no schedules are declared"
        raise _TroubleError(msg)
    if not Leadership.objects.filter(role="scheduler", held_until__gte=clock.wall()).exists():
        msg = "nobody ticks the schedules"
        raise _TroubleError(msg)
    return f"{Schedule.objects.count()} schedules are ticked"


def _dead_letters() -> str:
    dead = Job.objects.filter(state=JobState.DEAD).count()
    if dead:
        msg = f"{dead} jobs gave up"
        raise _TroubleError(msg)
    return "none"
