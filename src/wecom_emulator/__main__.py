"""Command line: `python -m wecom_emulator --port 9000 [--corp corp.json] [--clock 2017-01-01T00:00:00Z] [--state corp.sqlite]`."""

import argparse
import json
import sqlite3
import sys
from pathlib import Path
from typing import Any

from wecom_emulator.running import build_server, build_world, listen
from wecom_emulator.state.corp import Corp, sample_corp


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m wecom_emulator", description="A WeCom server to develop against.")
    parser.add_argument("--port", type=int, default=9000, help="port to listen on, 0 for a free one (default 9000)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    parser.add_argument("--corp", type=Path, help="corp to load, as saved by GET /emulator/corp")
    parser.add_argument("--state", type=Path, help="file to keep the corp in; one that exists goes on where it was")
    parser.add_argument("--sample", action="store_true", help="start with a small shop instead of an empty corp")
    parser.add_argument("--clock", help="start of the emulated time, ISO 8601 (default: the real time)")
    parser.add_argument("--frozen", action="store_true", help="let the clock stand until it is moved")
    return parser.parse_args()


def main() -> int:
    """Serve until interrupted; return the exit status."""
    arguments = _arguments()
    corp: Corp | dict[str, Any] | None = sample_corp() if arguments.sample else None
    try:
        if arguments.corp is not None:
            corp = json.loads(arguments.corp.read_text(encoding="utf-8"))
        world = build_world(corp=corp, clock=arguments.clock, frozen=arguments.frozen, state=arguments.state)
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
