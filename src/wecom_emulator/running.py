"""Running the emulator: in the foreground for the command line, in a thread for tests and demos."""

import asyncio
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from wecom_emulator.admin import check_settings, checked_settings
from wecom_emulator.app import create_app
from wecom_emulator.clock import Clock, parse_instant
from wecom_emulator.dispatch import TRANSPORT
from wecom_emulator.state.corp import Corp, default_corp, load_corp, open_corp
from wecom_emulator.world import World

START_SECONDS = 10
BACKLOG = 2048
IDLE_SECONDS = 75
"""How long an idle connection stays open; longer than clients keep theirs, so that none breaks on a stale one."""


class Server(uvicorn.Server):
    """A server that ends the live streams when it goes down, instead of waiting for browsers to let go."""

    def __init__(self, config: uvicorn.Config, world: World) -> None:
        super().__init__(config)
        self._world = world

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the streams, then the server."""
        self._world.live.close()
        await super().shutdown(sockets)


class BreakableProtocol(H11Protocol):
    """HTTP/1.1 whose requests know their transport, so that a fault can cut the connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Hand the transport to every request of this connection."""
        super().connection_made(transport)
        inner = self.app

        async def with_transport(scope: Scope, receive: Receive, send: Send) -> None:
            scope[TRANSPORT] = transport
            await inner(scope, receive, send)

        self.app = with_transport


def build_world(
    *,
    corp: Corp | dict[str, Any] | Callable[[], Corp] | None = None,
    clock: str | None = None,
    frozen: bool = False,
    state: Path | None = None,
    **settings: Any,
) -> World:
    """Return a world: the default corp or the given one, the clock at an ISO instant, settings by name.

    With `state` the corp lives in that file, and what is there already goes on: its corp instead of the given one, and
    its clock unless one is given. Raises ValueError for an unknown setting or a bad corp document.
    """
    kept = open_corp(state) if state is not None else None
    given = kept or _made(corp)
    check_settings(given.settings)
    if settings:
        given.settings = checked_settings(given.settings, settings)
    if kept is None and state is not None:
        given.store.move_to(state)
    world = World(given, Clock(parse_instant(clock) if clock else None, frozen=frozen))
    if kept is not None and clock is None and not frozen:
        world.go_on()
    world.keep_clock()
    world.commit()
    return world


def _made(corp: Corp | dict[str, Any] | Callable[[], Corp] | None) -> Corp:
    if isinstance(corp, dict):
        return load_corp(corp)
    if callable(corp):
        return corp()
    return corp or default_corp()


def build_server(world: World) -> uvicorn.Server:
    """Return a server for a world that is not listening yet."""
    config = uvicorn.Config(
        create_app(world),
        http=BreakableProtocol,
        ws="none",
        log_level="warning",
        access_log=False,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=1,
    )
    return Server(config, world)


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that takes connections from now on, to be answered once the server runs; port 0 takes a free one."""
    # asyncio switches Nagle's delay (40 ms an answer) off only on sockets that say they speak TCP
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((host, port))
    sock.listen(BACKLOG)
    return sock


@dataclass(slots=True, kw_only=True)
class RunningEmulator:
    """A server in a thread; `world` may be read by tests, but changed only through HTTP."""

    base_url: str
    world: World
    server: uvicorn.Server
    thread: threading.Thread
    sock: socket.socket

    def stop(self) -> None:
        """Stop the server and wait for its thread."""
        self.server.should_exit = True
        self.thread.join(START_SECONDS)
        self.sock.close()

    def __enter__(self) -> "RunningEmulator":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def run_in_thread(
    *,
    port: int = 0,
    host: str = "127.0.0.1",
    corp: Corp | dict[str, Any] | None = None,
    clock: str | None = None,
    frozen: bool = False,
    state: Path | None = None,
    **settings: Any,
) -> RunningEmulator:
    """Start an emulator in a thread and return its handle once it answers; raises RuntimeError if it does not start."""
    world = build_world(corp=corp, clock=clock, frozen=frozen, state=state, **settings)
    server, sock = build_server(world), listen(host, port)
    world.base_url = f"http://{host}:{sock.getsockname()[1]}"
    started = threading.Event()

    async def serve() -> None:
        serving = asyncio.ensure_future(server.serve(sockets=[sock]))
        while not server.started and not serving.done():
            await asyncio.sleep(0.005)
        started.set()
        await serving

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="wecom-emulator", daemon=True)
    thread.start()
    if not started.wait(START_SECONDS) or not server.started:
        sock.close()
        raise RuntimeError("the emulator did not start: look at its log lines above")
    return RunningEmulator(base_url=world.base_url, world=world, server=server, thread=thread, sock=sock)
