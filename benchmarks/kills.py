"""Kills: kill -9 of the sender twenty times at random moments during one mass send of 10,000 recipients.

Runs the suite's own kill test at that size: afterwards the emulator tells of every recipient how often they got the message, and the
product what became of it. Ends with the line `kills: ...`; any doubled, lost or unknown one fails it.
"""

import os
import subprocess
import sys

LONG = True
SIZE = {"JUQUN_TEST_KILLS": "20", "JUQUN_TEST_CUSTOMERS": "11200", "JUQUN_TEST_GUIDES": "200"}


def main() -> int:
    """Run it; the exit code."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-s",
        "-x",
        "-p",
        "no:cacheprovider",
        "tests/journeys/test_campaign_kill.py",
    ]
    done = subprocess.run(command, env={**SIZE, **os.environ}, stdout=subprocess.PIPE, text=True, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("kills: ")]
    print(lines[-1] if lines and done.returncode == 0 else done.stdout)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
