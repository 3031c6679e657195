"""Command line: `python -m wecom_emulator --port 9000 [--corp corp.json] [--clock 2017-01-01T00:00:00Z] [--state corp.sqlite]`."""

import argparse
import sqlite3
import sys
from pathlib import Path

from wecom_emulator.clock import Clock, parse_instant
from wecom_emulator.generate import generate, parse_order
from wecom_emulator.running import build_server, build_world, listen
from wecom_emulator.state import documents
from wecom_emulator.state.corp import Corp, default_corp, load_corp, sample_corp
from wecom_emulator.state.lines import is_lines, read_lines


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m wecom_emulator", description="A WeCom server to develop against.")
    parser.add_argument("--port", type=int, default=9000, help="port to listen on, 0 for a free one (default 9000)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    parser.add_argument("--corp", type=Path, help="corp to load, as saved by GET /emulator/corp")
    parser.add_argument("--state", type=Path, help="file to keep the corp in; one that exists goes on where it was")
    parser.add_argument(
        "--generate", help="corp to make, such as contacts=20000,groups=80 (staff, members_per_group, seed)"
    )
    parser.add_argument("--sample", action="store_true", help="start with a small shop instead of an empty corp")
    parser.add_argument("--clock", help="start of the emulated time, ISO 8601 (default: the real time)")
    parser.add_argument("--frozen", action="store_true", help="let the clock stand until it is moved")
    return parser.parse_args()


def _corp(arguments: argparse.Namespace) -> Corp:
    """Return the corp that the command line describes; it is not asked for when the state file holds one."""
    order = parse_order(arguments.generate) if arguments.generate else None
    corp = (
        _loaded(arguments.corp) if arguments.corp is not None else sample_corp() if arguments.sample else default_corp()
    )
    if order is not None:
        now = parse_instant(arguments.clock) if arguments.clock else Clock().now()
        generate(corp, order, now=int(now))
    return corp


def _loaded(file: Path) -> Corp:
    with file.open("rb") as lines:
        if is_lines(lines.read(100)):
            lines.seek(0)
            return read_lines(lines)
    return load_corp(documents.parse(file.read_text(encoding="utf-8")))


def main() -> int:
    """Serve until interrupted; return the exit status."""
    arguments = _arguments()
    try:
        world = build_world(
            corp=lambda: _corp(arguments), clock=arguments.clock, frozen=arguments.frozen, state=arguments.state
        )
        sock = listen(arguments.host, arguments.port)
    except (OSError, ValueError, sqlite3.Error) as error:
        print(f"wecom_emulator: {error}", file=sys.stderr)  # noqa: T201 - a command line speaks by printing
        return 2
    world.base_url = f"http://{arguments.host}:{sock.getsockname()[1]}"
    print(  # noqa: T201
        f"WeCom emulator on {world.base_url}/cgi-bin/  corp {world.corp.corp_id}  admin {world.base_url}/emulator/",
        flush=True,
    )
    build_server(world).run(sockets=[sock])
    return 0


if __name__ == "__main__":
    sys.exit(main())
