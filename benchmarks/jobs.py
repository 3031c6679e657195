"""Jobs: our table beside Huey (its SQLite storage) and Celery (its filesystem broker), four threads or slots each, one machine.

What is done: 3,000 jobs that each write one row, asked for one by one (each a commit) and in bulk, then worked off; then the same
3,000 with a kill -9 in the middle and a restart: how many effects are lost or doubled. Every engine writes its effects to a SQLite
file of the same kind (WAL, NORMAL). Ends with the line `jobs: ...`.
"""

import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

JOBS = int(os.environ.get("JUQUN_BENCH_JOBS", "3000"))
SINGLES = 500
ENGINES = ("juqun", "huey", "celery")


def effects(folder: Path) -> Counter[int]:
    """How often each job's effect is in the effects file."""
    with sqlite3.connect(folder / "effects.sqlite3", timeout=20) as connection:
        return Counter(number for (number,) in connection.execute("SELECT number FROM effect"))


def _prepare(folder: Path) -> None:
    with sqlite3.connect(folder / "effects.sqlite3") as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE IF NOT EXISTS effect (number INTEGER)")
        connection.execute("DELETE FROM effect")


def _spawn(engine: str, verb: str, folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "JUQUN_DATA_DIR": str(folder),
        "JUQUN_DATABASE_URL": "",
        "JUQUN_LOG_LEVEL": "ERROR",
        "BENCH_FOLDER": str(folder),
    }
    entry = f"from benchmarks.engines import {engine}_jobs; {engine}_jobs.main()"  # jobs must carry importable names
    command = [sys.executable, "-c", entry, verb, *arguments]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def _ask(engine: str, verb: str, folder: Path, count: int) -> float:
    process = _spawn(engine, verb, folder, str(count))
    output = process.communicate(timeout=300)[0].decode().strip()
    if process.returncode:
        msg = f"{engine} {verb} failed"
        raise RuntimeError(msg)
    return float(output.splitlines()[-1])


def _wait_for(folder: Path, wanted: int, limit_seconds: float) -> float:
    started = time.monotonic()
    last, still_since = -1, started
    while time.monotonic() - started < limit_seconds:
        with sqlite3.connect(folder / "effects.sqlite3", timeout=20) as connection:
            done = connection.execute("SELECT count(*) FROM effect").fetchone()[0]
        if done >= wanted:
            break
        if done != last:
            last, still_since = done, time.monotonic()
        elif time.monotonic() - still_since > 40:  # nothing moves any more: what is missing is lost
            break
        time.sleep(0.02)
    return time.monotonic() - started


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def measure(engine: str) -> dict[str, float]:
    """Rates per second, and what a kill costs."""
    with tempfile.TemporaryDirectory(prefix=f"juqun-bench-{engine}-") as name:
        folder = Path(name)
        _prepare(folder)
        singles = SINGLES / _ask(engine, "singles", folder, SINGLES)
        worker = _spawn(engine, "work", folder)
        _wait_for(folder, SINGLES, 120)
        _stop(worker)
        _prepare(folder)
        bulk = JOBS / _ask(engine, "bulk", folder, JOBS)
        worker = _spawn(engine, "work", folder)
        first = _wait_for(folder, 1, 60)
        rest = _wait_for(folder, JOBS, 240)
        _stop(worker)
        executed = JOBS / max(rest, 0.001) if first else 0.0
        _prepare(folder)
        _ask(engine, "bulk", folder, JOBS)
        worker = _spawn(engine, "work", folder)
        _wait_for(folder, JOBS // 2, 120)
        worker.kill()
        worker.wait()
        worker = _spawn(engine, "work", folder)
        _wait_for(folder, JOBS, 240)
        time.sleep(1)
        _stop(worker)
        counted = effects(folder)
        lost, doubled = JOBS - len(counted), sum(times - 1 for times in counted.values())
    return {"singles": singles, "bulk": bulk, "executed": executed, "lost": lost, "doubled": doubled}


def main() -> None:
    """Measure the three in turn and print the table and the line."""
    figures = {}
    for engine in ENGINES:
        figures[engine] = measure(engine)
        print(engine, {key: round(value, 1) for key, value in figures[engine].items()}, flush=True)
    ours = figures["juqun"]
    parts = [
        f"enqueue_per_s={ours['singles']:.0f}",
        f"bulk_enqueue_per_s={ours['bulk']:.0f}",
        f"execute_per_s={ours['executed']:.0f}",
        *(f"ratio_{other}={ours['executed'] / figures[other]['executed']:.2f}" for other in ENGINES[1:]),
        f"lost={ours['lost']:.0f}",
        f"doubled={ours['doubled']:.0f}",
        *(f"lost_{other}={figures[other]['lost']:.0f}" for other in ENGINES[1:]),
        *(f"doubled_{other}={figures[other]['doubled']:.0f}" for other in ENGINES[1:]),
    ]
    print("jobs: " + " ".join(parts))


if __name__ == "__main__":
    main()
