"""Dataclasses to JSON and back, driven by their type hints; unknown keys are refused so that typing mistakes show."""

import base64
import dataclasses
import functools
import types
import typing
from collections.abc import Callable, Mapping, MutableMapping, MutableSequence
from typing import Any, TypeVar

from wecom_emulator.state.views import ParentFamilies, Rows

T = TypeVar("T")

Decoder = Callable[[Any], Any]


def dump(value: Any) -> Any:
    """Return a value made of dataclasses, dicts, lists and plain values as JSON-ready data; bytes become base64."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {name: dump(getattr(value, name)) for name in _kept_fields(type(value))}
    if isinstance(value, Mapping):
        return {str(key): dump(item) for key, item in value.items()}
    if isinstance(value, MutableSequence) and not isinstance(value, bytearray):
        return [dump(item) for item in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value


def load(cls: type[T], data: dict[str, Any]) -> T:
    """Return an instance of a dataclass from JSON data; raises ValueError for an unknown key or a wrong shape."""
    decode: Decoder = _dataclass_decoder(typing.cast("type", cls))
    return typing.cast("T", decode(data))


ROWS = {"rows": True}
"""Metadata of a mapping or list field whose entries are rows of their own in the database, read one by one."""


def rows(*, indexed: tuple[str, ...] = (), by_key: bool = False) -> dict[str, Any]:
    """Return the metadata of such a field; entries can be found by the indexed fields, and across parents by key."""
    return {**ROWS, "indexed": indexed, "by_key": by_key}


@functools.cache
def _kept_fields(cls: type) -> tuple[str, ...]:
    return tuple(item.name for item in dataclasses.fields(cls) if not item.metadata.get("derived"))


@functools.cache
def _dataclass_decoder(cls: type) -> Decoder:
    hints = typing.get_type_hints(cls)
    decoders = {name: decoder(hints[name]) for name in _kept_fields(cls)}

    def decode(data: Any) -> Any:
        if not isinstance(data, dict):
            raise ValueError(f"{cls.__name__} must be an object")  # noqa: TRY004 - a wrong document, not a wrong call
        unknown = data.keys() - decoders.keys()
        if unknown:
            raise ValueError(f"{cls.__name__} has no field {sorted(unknown)[0]!r}")
        try:
            return cls(**{name: decoders[name](item) for name, item in data.items()})
        except TypeError as error:
            raise ValueError(f"{cls.__name__}: {error}") from error

    return decode


def decoder(hint: Any) -> Decoder:
    """Return what reads values of a type from JSON data; it raises ValueError for a wrong shape."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _optional(decoder(next(item for item in args if item is not type(None))))
    if origin in (list, MutableSequence):
        return _list(decoder(args[0]))
    if origin is Rows:
        return _dict(str, decoder(args[0]))
    if origin is ParentFamilies:
        return _dict(str, _dict(str, decoder(args[0])))
    if origin in (dict, MutableMapping):
        return _dict(args[0], decoder(args[1]))
    if dataclasses.is_dataclass(hint):
        return _dataclass_decoder(typing.cast("type", hint))
    if hint is bytes:
        return base64.b64decode
    if hint in (int, str, float, bool):
        return _plain(hint)
    return lambda value: value


def _optional(inner: Decoder) -> Decoder:
    return lambda value: None if value is None else inner(value)


def _list(inner: Decoder) -> Decoder:
    def decode(value: Any) -> Any:
        if not isinstance(value, list):
            raise ValueError(f"expected a list, got {type(value).__name__}")  # noqa: TRY004
        return [inner(item) for item in value]

    return decode


def _dict(key: Any, inner: Decoder) -> Decoder:
    def decode(value: Any) -> Any:
        if not isinstance(value, dict):
            raise ValueError(f"expected an object, got {type(value).__name__}")  # noqa: TRY004
        return {(int(name) if key is int else name): inner(item) for name, item in value.items()}

    return decode


def _plain(kind: type) -> Decoder:
    accepted = (int, float) if kind is float else (kind,)

    def decode(value: Any) -> Any:
        if not isinstance(value, accepted) or (kind is not bool and isinstance(value, bool)):
            raise ValueError(f"expected {kind.__name__}, got {value!r}")
        return float(value) if kind is float else value

    return decode
