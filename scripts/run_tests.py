"""Every test: the whole suite on SQLite, what uses our database again on PostgreSQL, and the journeys in the browser."""

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROCESSES = max(3, (os.cpu_count() or 2) + 1)  # one more than cores: some tests wait for leases and back-off

# the emulator keeps its own state, the town writes files, the house rules read them, foreign clients ask over HTTP: another database
# of ours changes nothing for them
WITHOUT_DATABASE = tuple(
    f"--ignore={folder}" for folder in ("src/wecom_emulator", "src/juqun_town", "tests/architecture", "tests/foreign")
)


def run(name: str, *arguments: str, **variables: str) -> bool:
    """One pytest run; True when it passed."""
    started = time.monotonic()
    print(f"\n== {name}", flush=True)
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", str(PROCESSES), "--dist", "worksteal", *arguments, *sys.argv[1:]],
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
    # The browser's own event loop lives in the test process, where other tests start loops of theirs: it gets a run of its own.
    results = [
        run("suite on SQLite", "-m", "not browser"),
        run("suite on PostgreSQL", "-m", "not browser", *WITHOUT_DATABASE, JUQUN_TEST_DATABASE="postgres"),
        run("browser journeys", "-m", "browser"),
    ]
    sys.exit(0 if all(results) else 1)
