"""What tests of every room need of the lake: an empty lake of their own."""

from pathlib import Path
from typing import Any


def fresh_lake(settings: Any, folder: Path) -> Path:
    """Give a test a lake of its own in `folder` (pytest's `tmp_path`); `settings` is pytest-django's fixture."""
    settings.JUQUN_LAKE_DIR = folder / "lake"
    return folder / "lake"
