"""The first sync of a corp: our walk in full pages beside what a user would write, one call per contact.

The emulator runs as a process of its own with WeCom's real limits (10,000 calls a minute, 150,000 an hour) and the real clock; the
product is one `juqun worker` with its default threads on SQLite. Every size is read into an empty database. The smallest size is
read once more with two kill -9 on the way: pages that were asked for twice are counted. The plain way (a list call per member of
staff, a get per contact, one after the other, each stored in a table of its own) is measured on a sample and extrapolated, no faster
than the limits allow. `CONTACTS=2000000` reads that size instead. Ends with the line `contact_sync: ...`.
"""

import json
import math
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

LONG = True
SIZES = [int(one) for one in os.environ.get("CONTACTS", "20000,80000,320000").split(",")]
PLAIN_SAMPLE = 1_000
PER_HOUR = 150_000
CORP_ID, SECRET = "wx5823bf96d3bd56c7", "emulator-app-secret"
BATCH = "externalcontact/batch/get_by_user"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One first sync."""

    contacts: int
    calls: int
    seconds: float
    cpu_seconds: float
    repeated: int


@contextmanager
def emulator(contacts: int) -> Iterator[str]:
    """Run the emulator with a corp of that size; its base url."""
    command = [sys.executable, "-m", "wecom_emulator", "--port", "0", "--generate", f"contacts={contacts}"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None  # noqa: S101 - narrows the type
        line = process.stdout.readline()
        yield line.split("/cgi-bin/")[0].rpartition(" ")[2]
    finally:
        process.terminate()
        process.wait(20)


def _environment(folder: Path, base_url: str) -> dict[str, str]:
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "juqun.config.settings",
        "JUQUN_DATA_DIR": str(folder),
        "JUQUN_DATABASE_URL": "",
        "JUQUN_LOG_LEVEL": "ERROR",
        "JUQUN_WECOM_BASE_URL": base_url,
        "JUQUN_WECOM_CORP_ID": CORP_ID,
        "JUQUN_WECOM_SECRET": SECRET,
    }


def _pages(folder: Path) -> int:
    with sqlite3.connect(folder / "juqun.sqlite3", timeout=20) as connection:
        return int(connection.execute("SELECT coalesce(sum(pages), 0) FROM wecom_syncpart").fetchone()[0])


def _is_over(folder: Path) -> bool:
    with sqlite3.connect(folder / "juqun.sqlite3", timeout=20) as connection:
        states = connection.execute("SELECT state FROM wecom_syncrun").fetchall()
    return all(state in ("done", "failed") for (state,) in states)


def sync(base_url: str, folder: Path, contacts: int, *, kills: int = 0) -> Result:
    """Read the corp into an empty installation; raises RuntimeError when the copy is not whole."""
    folder.mkdir()
    environment = _environment(folder, base_url)
    walker = [sys.executable, "-m", "benchmarks.engines.contact_walker"]
    subprocess.run([sys.executable, "-m", "django", "migrate", "-v0"], env=environment, check=True)
    subprocess.run([*walker, "prepare"], env=environment, check=True)
    httpx.delete(f"{base_url}/emulator/calls")
    pages, started, cpu_seconds = math.ceil(contacts / 100), time.monotonic(), 0.0
    for kill in range(kills + 1):
        process = subprocess.Popen([*walker, "work"], env=environment)
        wanted = pages * (kill + 1) // (kills + 1) if kill < kills else math.inf
        while not _is_over(folder) and _pages(folder) < wanted:
            time.sleep(0.2 if kills else 0.5)
        seconds = time.monotonic() - started
        process.send_signal(signal.SIGKILL if kill < kills else signal.SIGTERM)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        process.wait()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu_seconds += after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    told = subprocess.run([*walker, "report"], env=environment, check=True, capture_output=True, text=True).stdout
    found = json.loads(told.splitlines()[-1])
    there = httpx.get(f"{base_url}/emulator/corp/summary").json()["friendships"]
    if found["state"] != "done" or found["friends"] != there:
        msg = f"the copy is not whole: {told}"
        raise RuntimeError(msg)
    answered = httpx.get(f"{base_url}/emulator/calls", params={"path": BATCH, "limit": "1"}).json()["errcodes"]
    repeated = answered[BATCH].get("0", 0) - found["pages"]
    print(
        f"{contacts:9,} contacts: {found['calls']:,} calls, {seconds:.1f} s ({cpu_seconds:.1f} of CPU), {repeated} pages repeated",
        flush=True,
    )
    return Result(contacts=contacts, calls=found["calls"], seconds=seconds, cpu_seconds=cpu_seconds, repeated=repeated)


def plain(base_url: str, folder: Path) -> tuple[float, int]:
    """(seconds per call, staff) of the way without batches, on a sample of contacts."""
    with (
        httpx.Client(base_url=f"{base_url}/cgi-bin/", timeout=20) as client,
        sqlite3.connect(folder / "plain.db") as kept,
    ):
        kept.execute("CREATE TABLE contact (external_userid TEXT PRIMARY KEY, document TEXT)")
        token = client.get("gettoken", params={"corpid": CORP_ID, "corpsecret": SECRET}).json()["access_token"]
        shared = {"access_token": token}
        staff = client.get("externalcontact/get_follow_user_list", params=shared).json()["follow_user"]
        calls, stored, started = 0, 0, time.monotonic()
        for userid in staff:
            listed = client.get("externalcontact/list", params={**shared, "userid": userid}).json()["external_userid"]
            calls += 1
            for one in listed[: PLAIN_SAMPLE - stored]:
                answer = client.get("externalcontact/get", params={**shared, "external_userid": one})
                kept.execute("INSERT OR REPLACE INTO contact VALUES (?, ?)", (one, answer.text))
                kept.commit()
                calls, stored = calls + 1, stored + 1
            if stored >= PLAIN_SAMPLE:
                break
        return (time.monotonic() - started) / calls, len(staff)


def main() -> None:
    """Measure all sizes and print the comparison."""
    results: list[Result] = []
    repeated, plain_seconds, staff = 0, 0.0, 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number, contacts in enumerate(sorted(SIZES)):
            with emulator(contacts) as base_url:
                results.append(sync(base_url, folder / f"run{contacts}", contacts))
                if number == 0:
                    plain_seconds, staff = plain(base_url, folder)
                    killed = sync(base_url, folder / f"killed{contacts}", contacts, kills=2)
                    repeated = killed.repeated
    first, last = results[0], results[-1]
    spread = math.log(last.contacts / first.contacts)
    exponent = math.log(last.seconds / first.seconds) / spread if spread else 1.0
    cpu_exponent = math.log(last.cpu_seconds / first.cpu_seconds) / spread if spread else 1.0
    plain_calls = last.contacts + staff * last.contacts // first.contacts
    plain_total = max(plain_calls * plain_seconds, plain_calls / PER_HOUR * 3600)
    print(
        f"plain: {plain_calls:,} calls; {plain_seconds * 1000:.1f} ms each on {PLAIN_SAMPLE:,} contacts, extrapolated"
    )
    print(
        f"contact_sync: contacts={last.contacts} calls={last.calls} seconds={last.seconds:.1f} exponent={exponent:.2f} "
        f"cpu_seconds={last.cpu_seconds:.1f} cpu_exponent={cpu_exponent:.2f} calls_per_contact={last.calls / last.contacts:.4f} "
        f"contacts_per_s={last.contacts / last.seconds:.0f} "
        f"ratio_calls_plain={plain_calls / last.calls:.0f} plain_seconds={plain_total:.0f} "
        f"resumed_repeated_pages={repeated}"
    )


if __name__ == "__main__":
    main()
