"""Readers of one key in a segment tree: each checks a JSON value, turns it into a Python value and knows its schema."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from juqun.domains.audience.errors import SegmentImpossibleError, SegmentTooLargeError, SegmentValueError

MAX_TEXT = 100
MAX_LIST = 1000
MAX_WHOLE = 2**53 - 1
"""Largest whole number that JSON, Python and the engines all hold exactly."""
MAX_DAYS = 3660
"""Ten years; no chain keeps orders longer, and a larger window is a slip of the hand."""

_DAY_PATTERN = r"^\d{4}-\d{2}-\d{2}$"


def shown(raw: object) -> str:
    """Return a JSON value short enough for an error text."""
    text = json.dumps(raw, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "..."


class Key(Protocol):
    """Reads one key of a node."""

    def read(self, raw: Any, path: str) -> Any:
        """Return the typed value; raise a SegmentError that points at ``path``."""

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema of what ``read`` accepts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """A whole number in a range."""

    low: int = -MAX_WHOLE
    high: int = MAX_WHOLE

    def read(self, raw: Any, path: str) -> int:
        if type(raw) is not int or not self.low <= raw <= self.high:
            raise SegmentValueError(path=path, found=shown(raw), allowed=f"a whole number {self.low}..{self.high}")
        return raw

    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.low, "maximum": self.high}


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A finite number."""

    def read(self, raw: Any, path: str) -> int | float:
        if type(raw) not in (int, float) or not -MAX_WHOLE <= raw <= MAX_WHOLE:
            raise SegmentValueError(path=path, found=shown(raw), allowed="a number")
        return raw  # type: ignore[no-any-return]  # checked on the line above

    def schema(self) -> dict[str, Any]:
        return {"type": "number", "minimum": -MAX_WHOLE, "maximum": MAX_WHOLE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """True or false."""

    def read(self, raw: Any, path: str) -> bool:
        if type(raw) is not bool:
            raise SegmentValueError(path=path, found=shown(raw), allowed="true, false")
        return raw

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text that is not empty, without control characters, or one of some choices."""

    choices: tuple[str, ...] = ()
    make: Callable[[str], Any] = str

    def read(self, raw: Any, path: str) -> Any:
        if self.choices:
            if type(raw) is not str or raw not in self.choices:
                raise SegmentValueError(path=path, found=shown(raw), allowed=", ".join(self.choices))
            return self.make(raw)
        if type(raw) is not str or not 0 < len(raw) <= MAX_TEXT or not raw.isprintable():
            raise SegmentValueError(
                path=path, found=shown(raw), allowed=f"a printable text of 1..{MAX_TEXT} characters"
            )
        return raw

    def schema(self) -> dict[str, Any]:
        if self.choices:
            return {"enum": list(self.choices)}
        return {"type": "string", "minLength": 1, "maxLength": MAX_TEXT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A calendar day as YYYY-MM-DD."""

    def read(self, raw: Any, path: str) -> date:
        if type(raw) is str and re.match(_DAY_PATTERN, raw, re.ASCII):
            try:
                return date.fromisoformat(raw)
            except ValueError:
                pass
        raise SegmentValueError(path=path, found=shown(raw), allowed="a day as YYYY-MM-DD")

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date", "pattern": _DAY_PATTERN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Many:
    """A list of different values; becomes a tuple in the order given."""

    of: Key
    size: int | None = None
    rising: bool = False

    def read(self, raw: Any, path: str) -> tuple[Any, ...]:
        if type(raw) is not list or not raw or (self.size is not None and len(raw) != self.size):
            wanted = f"of {self.size} values" if self.size else f"of 1..{MAX_LIST} values"
            raise SegmentValueError(path=path, found=shown(raw), allowed=f"a list {wanted}")
        if len(raw) > MAX_LIST:
            raise SegmentTooLargeError(path=path, found=f"{len(raw)} values", allowed=f"{MAX_LIST} values")
        values = tuple(self.of.read(item, f"{path}[{i}]") for i, item in enumerate(raw))
        if len(set(values)) != len(values):
            raise SegmentValueError(path=path, found=shown(raw), allowed="each value once")
        if self.rising and list(values) != sorted(values):
            raise SegmentImpossibleError(path=path, found=shown(raw), allowed="rising values")
        return values

    def schema(self) -> dict[str, Any]:
        return {
            "type": "array",
            "items": self.of.schema(),
            "minItems": self.size or 1,
            "maxItems": self.size or MAX_LIST,
            "uniqueItems": True,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """An object with exactly these keys."""

    keys: tuple[tuple[str, Key], ...]
    make: Callable[..., Any]

    def read(self, raw: Any, path: str) -> Any:
        names: Sequence[str] = [name for name, _ in self.keys]
        if type(raw) is not dict or sorted(raw) != sorted(names):
            raise SegmentValueError(path=path, found=shown(raw), allowed="an object with " + ", ".join(names))
        return self.make(**{name: key.read(raw[name], f"{path}.{name}") for name, key in self.keys})

    def schema(self) -> dict[str, Any]:
        return {
            "type": "object",
            "properties": {name: key.schema() for name, key in self.keys},
            "required": [name for name, _ in self.keys],
            "additionalProperties": False,
        }


IDS = Many(of=Whole(low=1))
TEXTS = Many(of=Text())
DAYS = Whole(low=1, high=MAX_DAYS)
