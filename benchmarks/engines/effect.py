"""The effect that peers' jobs leave: one row in a SQLite file of its own."""

import os
import sqlite3
import threading
from pathlib import Path

_local = threading.local()


def leave(number: int) -> None:
    """Insert one row and commit."""
    if not hasattr(_local, "connection"):
        _local.connection = sqlite3.connect(Path(os.environ["BENCH_FOLDER"]) / "effects.sqlite3", timeout=20)
        _local.connection.execute("PRAGMA synchronous=NORMAL")
    with _local.connection:
        _local.connection.execute("INSERT INTO effect VALUES (?)", (number,))
