"""What tests of every room need of the lake: an empty lake of their own."""

from datetime import datetime
from pathlib import Path
from typing import Any


def fresh_lake(settings: Any, folder: Path) -> Path:
    """Give a test a lake of its own in `folder` (pytest's `tmp_path`); `settings` is pytest-django's fixture."""
    settings.JUQUN_LAKE_DIR = folder / "lake"
    return folder / "lake"


def business(*parts: int) -> datetime:
    """A naive business time, as the lake stores it: `business(2026, 1, 31, 9)`."""
    return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001 - the lake's times are naive on purpose
