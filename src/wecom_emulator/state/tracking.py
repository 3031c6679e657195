"""Objects that stay in memory and tell when they change: dataclasses, lists and dicts that mark their row as dirty."""

import copy
import functools
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any

Mark = Callable[[], None]


def track(value: Any, mark: Mark) -> Any:
    """Return the value so that every later change of it, however deep, calls `mark`.

    A tracked object keeps its identity; plain dataclasses, lists and dicts are replaced by tracked ones.
    """
    if type(value) is dict or isinstance(value, TrackedDict):
        return _track_dict(value, mark)
    if type(value) is list or isinstance(value, TrackedList):
        return _track_list(value, mark)
    if is_dataclass(value) and not isinstance(value, type):
        return _track_object(value, mark)
    return value


def _track_dict(value: dict[Any, Any], mark: Mark) -> "TrackedDict":
    tracked = value if isinstance(value, TrackedDict) else TrackedDict(value)
    tracked.mark = mark
    for key, item in value.items():
        dict.__setitem__(tracked, key, track(item, mark))
    return tracked


def _track_list(value: list[Any], mark: Mark) -> "TrackedList":
    tracked = value if isinstance(value, TrackedList) else TrackedList(value)
    tracked.mark = mark
    for number, item in enumerate(value):
        list.__setitem__(tracked, number, track(item, mark))
    return tracked


def _track_object(value: Any, mark: Mark) -> Any:
    cls: Any = type(value)
    tracked = value if hasattr(cls, "tracks") else object.__new__(tracked_class(cls))
    object.__setattr__(tracked, "mark", mark)
    for name in _names(cls):
        object.__setattr__(tracked, name, track(getattr(value, name), mark))
    return tracked


@functools.cache
def _names(cls: Any) -> tuple[str, ...]:
    return tuple(item.name for item in fields(cls))


@functools.cache
def tracked_class(cls: Any) -> type:
    """Return the subclass of a dataclass whose assignments call the mark of the object."""

    def assign(self: Any, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)
        mark = getattr(self, "mark", None)
        if mark is not None:
            mark()

    body = {"__slots__": ("mark",), "__setattr__": assign, "__module__": cls.__module__, "tracks": True}
    return type(cls.__name__, (cls,), body)


def _marking(base: type, names: tuple[str, ...]) -> Callable[[type], type]:
    """Let the named methods of a builtin container call the mark after they did their work."""

    def changed(name: str) -> Callable[..., Any]:
        original = getattr(base, name)

        @functools.wraps(original)
        def method(self: Any, *args: Any, **kwargs: Any) -> Any:
            result = original(self, *args, **kwargs)
            if self.mark is not None:
                self.mark()
            return result

        return method

    def decorate(cls: type) -> type:
        for name in names:
            setattr(cls, name, changed(name))
        return cls

    return decorate


@_marking(
    dict,
    ("__setitem__", "__delitem__", "__ior__", "clear", "pop", "popitem", "setdefault", "update"),
)
class TrackedDict(dict[Any, Any]):
    """A dict that marks its row when it changes; its copies are plain."""

    mark: Mark | None = None

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[Any, Any]:
        return copy.deepcopy(dict(self), memo)


@_marking(
    list,
    (
        "__setitem__",
        "__delitem__",
        "__iadd__",
        "__imul__",
        "append",
        "clear",
        "extend",
        "insert",
        "pop",
        "remove",
        "reverse",
        "sort",
    ),
)
class TrackedList(list[Any]):
    """A list that marks its row when it changes; its copies are plain."""

    mark: Mark | None = None

    def __deepcopy__(self, memo: dict[int, Any]) -> list[Any]:
        return copy.deepcopy(list(self), memo)
