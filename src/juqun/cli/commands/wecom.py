"""Commands about the connection to WeCom."""

import time

import click

from juqun.channels.wecom import operations, queries
from juqun.channels.wecom.types import SyncMode, SyncRunView, SyncState
from juqun.cli.commands.tables import require_tables
from juqun.config import wiring
from juqun.kernel.errors import DomainError
from juqun.kernel.scope import DataScope

LOOK_SECONDS = 1.0


@click.group()
def wecom() -> None:
    """Look after the copy of WeCom."""


@wecom.command("sync")
@click.option("--reconcile", is_flag=True, help="Also end what WeCom does not have any more.")
@click.option("--wait", is_flag=True, help="Wait until it has ended and tell what was found.")
def sync(reconcile: bool, wait: bool) -> None:  # noqa: FBT001 - click's flags
    """Read staff, customers and groups from WeCom; the work is done by `juqun up` or `juqun worker`.

    A reading that is interrupted goes on where it stood.
    """
    require_tables()
    wiring.connect()
    try:
        first = operations.ask_sync(
            mode=SyncMode.RECONCILE if reconcile else SyncMode.TAKE_UP, asked_by="juqun wecom sync"
        )
    except DomainError as error:
        raise click.ClickException(str(error)) from error
    if not wait:
        click.echo("WeCom is being read; see Sync in the console.")
        return
    runs = _wait(first)
    for run in runs:
        click.echo(_line(run))
    if any(run.state is SyncState.FAILED for run in runs):
        raise SystemExit(1)


def _wait(first: int) -> list[SyncRunView]:
    """Look until every run since `first` has ended; the oldest first."""
    while True:
        runs = queries.list_syncs(scope=DataScope.whole_chain(), after_id=first - 1)[::-1]
        last = runs[-1]
        if not any(run.is_open for run in runs) and (last.state is SyncState.FAILED or not last.following):
            return runs
        going_on = next(run for run in runs if run.is_open)
        click.echo(f"\r{going_on.kind}: {going_on.share:.0%}, {going_on.calls:,} calls ", nl=False, err=True)
        time.sleep(LOOK_SECONDS)


def _line(run: SyncRunView) -> str:
    if run.state is SyncState.FAILED:
        return f"{run.kind}: failed: {run.error}"
    return (
        f"{run.kind}: checked {run.checked:,}, added {run.added:,}, ended {run.lost:,}, changed {run.edited:,}, "
        f"not read {run.refused:,}; {run.calls:,} calls, {run.seconds:,.0f} s"
    )
