"""Commands that run processes: everything in one, or web, worker and scheduler apart."""

import logging
import signal
import threading
from typing import Any

import click
from django.core.management import call_command
from granian.constants import Interfaces
from granian.server import Server

from juqun.config import wiring
from juqun.kernel.jobs.schedule import Scheduler, declare
from juqun.kernel.jobs.work import Worker
from juqun.kernel.models import Queue

log = logging.getLogger("juqun.run")


def prepare() -> None:
    """Bring the tables up to date, gather static files, declare the schedules."""
    call_command("migrate", interactive=False, verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    declare(wiring.SCHEDULES)


def _serve(target: str, host: str, port: int, threads: int, workers: int = 1) -> None:
    Server(
        target,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=threads,
        backlog=2048,
        log_enabled=True,
        log_access=False,
        websockets=False,
        process_name=None,
    ).serve()


def _until_signal() -> None:
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    ended.wait()


def _served(function: Any) -> Any:
    function = click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")(function)
    function = click.option("--port", default=8000, show_default=True, help="Port to listen on.")(function)
    return click.option("--threads", default=32, show_default=True, help="Threads that answer requests.")(function)


@click.command()
@_served
def up(host: str, port: int, threads: int) -> None:
    """Serve everything from one process: web, workers, scheduler."""
    prepare()
    click.echo(f"Juqun: http://{host}:{port}/console/   (stop: Ctrl-C)")
    _serve("juqun.config.embedded:application", host, port, threads)


@click.command()
@_served
@click.option("--workers", default=1, show_default=True, help="Web processes.")
def web(host: str, port: int, threads: int, workers: int) -> None:
    """Serve the web only; run `juqun worker` and `juqun scheduler` beside it."""
    prepare()
    _serve("juqun.config.wsgi:application", host, port, threads, workers)


@click.command()
@click.option("--now", default=2, show_default=True, help="Threads for what somebody waits for.")
@click.option("--send", default=2, show_default=True, help="Threads for calls to the channels.")
@click.option("--bulk", default=2, show_default=True, help="Threads for all else.")
def worker(now: int, send: int, bulk: int) -> None:
    """Work on jobs until told to stop; any number may run, on any number of machines (PostgreSQL)."""
    plan = {Queue.NOW: now, Queue.SEND: send, Queue.BULK: bulk}
    running = Worker({queue: count for queue, count in plan.items() if count > 0})
    running.start()
    click.echo("Working; stop: Ctrl-C")
    _until_signal()
    running.stop()


@click.command()
def scheduler() -> None:
    """Tick the schedules; of several running, one leads."""
    declare(wiring.SCHEDULES)
    running = Scheduler()
    running.start()
    click.echo("Ticking; stop: Ctrl-C")
    _until_signal()
    running.stop()
