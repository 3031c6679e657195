"""How one kind of object becomes the JSON body of a row and comes back; what is left out has its default."""

import base64
import functools
import json
import types
import typing
from collections.abc import Callable, MutableMapping, MutableSequence
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from typing import Any

from wecom_emulator.state import codec

Convert = Callable[[Any], Any]

_scan: Callable[[str, int], tuple[Any, int]] = json.scanner.make_scanner(json.JSONDecoder())  # type: ignore[attr-defined]
_encode = json.JSONEncoder(separators=(",", ":"), default=codec.dump).encode


@dataclass(slots=True, frozen=True, kw_only=True)
class RowsField:
    """A field whose entries are rows of their own: its name, the type of an entry, list or mapping, indexed fields.

    `by_key` also finds the rows of all parents that have one key.
    """

    name: str
    entry: Any
    listed: bool
    indexed: tuple[str, ...] = ()
    by_key: bool = False


@dataclass(slots=True, frozen=True)
class _Plain:
    """One field in the body: how to tell its default, and how to write and read it when it is not JSON already."""

    name: str
    required: bool
    default: Any
    write: Convert | None
    read: Convert | None


class Shape:
    """Body and fields of one type; types that are no dataclass are their own JSON."""

    def __init__(self, entry: Any) -> None:
        self.entry = entry
        self.is_object = is_dataclass(entry)
        self.mutable = self.is_object or typing.get_origin(entry) is not None or entry in (dict, list, Any)
        self.rows_fields: tuple[RowsField, ...] = rows_fields(entry) if self.is_object else ()
        apart = {item.name for item in self.rows_fields}
        hints = typing.get_type_hints(entry) if self.is_object else {}
        self._plain = tuple(
            _plain_field(item, hints[item.name])
            for item in (fields(entry) if self.is_object else ())
            if item.name not in apart and not item.metadata.get("derived")
        )
        self._known = frozenset(item.name for item in self._plain)
        self._required = frozenset(item.name for item in self._plain if item.required)
        self._write, self._read = (None, None) if self.is_object else _converters(entry)
        self._readers = tuple((item.name, item.read) for item in self._plain if item.read is not None)

    def encode(self, value: Any) -> str:
        """Return the body of a row."""
        if not self.is_object:
            return _encode(value if self._write is None else self._write(value))
        data = {}
        for item in self._plain:
            held = getattr(value, item.name)
            if item.required or held != item.default:
                data[item.name] = held if item.write is None else item.write(held)
        return _encode(data)

    def check(self, data: Any) -> None:
        """Raise ValueError when JSON data cannot be the body of such an object."""
        if not self.is_object:
            return
        if not isinstance(data, dict) or not data.keys() <= self._known or not self._required <= data.keys():
            raise ValueError(f"{self.entry.__name__} cannot be {str(data)[:200]}")

    def decode(self, body: str) -> Any:
        """Return the object of a body that `encode` made; fields of rows are empty."""
        data, _ = _scan(body, 0)
        if not self.is_object:
            return data if self._read is None else self._read(data)
        for name, read in self._readers:
            if name in data:
                data[name] = read(data[name])
        return self.entry(**data)


@functools.cache
def shape_of(entry: Any) -> Shape:
    """Return the shape of a type."""
    return Shape(entry)


def rows_fields(cls: Any) -> tuple[RowsField, ...]:
    """Return the fields of a dataclass that are kept as rows of their own."""
    hints = typing.get_type_hints(cls)
    found = []
    for item in fields(cls):
        if item.metadata.get("rows"):
            origin, args = typing.get_origin(hints[item.name]), typing.get_args(hints[item.name])
            listed = origin in (list, MutableSequence)
            options = {name: item.metadata[name] for name in ("indexed", "by_key") if name in item.metadata}
            found.append(RowsField(name=item.name, entry=args[-1], listed=listed, **options))
    return tuple(found)


def _plain_field(item: "Field[Any]", hint: Any) -> _Plain:
    default = item.default
    if item.default_factory is not MISSING:
        default = item.default_factory()
    write, read = _converters(hint)
    return _Plain(item.name, default is MISSING, default, write, read)


def _converters(hint: Any) -> tuple[Convert | None, Convert | None]:
    """Return how to write and read values of a type; None where they are JSON as they stand."""
    if hint is bytes:
        return (lambda value: base64.b64encode(value).decode()), base64.b64decode
    if _holds(hint):
        return codec.dump, codec.decoder(hint)
    return None, None


def _holds(hint: Any) -> bool:
    """Return whether values of a type contain dataclasses, bytes or numbers as keys."""
    if is_dataclass(hint) or hint is bytes:
        return True
    args = typing.get_args(hint)
    if typing.get_origin(hint) in (dict, MutableMapping) and args[0] is int:
        return True
    inner = [item for item in args if item is not types.NoneType]
    return any(_holds(item) for item in inner)
