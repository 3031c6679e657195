"""Every test: the whole suite on SQLite (with the browser), then all but the browser on PostgreSQL."""

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def run(name: str, *arguments: str, **variables: str) -> bool:
    """One pytest run; True when it passed."""
    started = time.monotonic()
    print(f"\n== {name}", flush=True)
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "worksteal", *arguments, *sys.argv[1:]],
        cwd=ROOT,
        env={**os.environ, **variables},
        check=False,
    )
    print(
        f"== {name}: {'passed' if result.returncode == 0 else 'FAILED'} in {time.monotonic() - started:.0f} s",
        flush=True,
    )
    return result.returncode == 0


if __name__ == "__main__":
    results = [
        run("suite on SQLite"),
        run("suite on PostgreSQL", "-m", "not browser", JUQUN_TEST_DATABASE="postgres"),
    ]
    sys.exit(0 if all(results) else 1)
