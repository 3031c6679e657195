"""Reading JSON that others wrote: what could not be written again, or breaks the reader, is no JSON here."""

import json
import math
from typing import Any


def parse(raw: bytes | str) -> Any:
    """Return a JSON value; raises ValueError for what is none, is nested too deeply, or holds infinite numbers or half characters."""
    try:
        value = json.loads(raw, parse_constant=_refused, parse_float=_finite)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    escapes = b"\\ud" if isinstance(raw, bytes) else "\\ud"
    if escapes in raw.lower():  # type: ignore[operator]  # both are of the one kind
        _check_characters(value)
    return value


def _check_characters(value: Any) -> None:
    """Refuse half of a surrogate pair, which JSON can write and UTF-8 cannot."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise ValueError("it holds half of a surrogate pair") from error


def _refused(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text} is too large a number")
    return number
