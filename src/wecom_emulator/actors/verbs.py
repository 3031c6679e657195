"""The actors' door: which verbs customers, staff and the admin have, and how one of them is done."""

from collections.abc import Callable
from typing import Any

from wecom_emulator.errors import ActorError
from wecom_emulator.world import World

Action = dict[str, Any]
Result = dict[str, Any]
Verb = Callable[[World, str, Action], Result]

MOST = 2**53
"""Numbers beyond this are not safe in JSON."""

VERBS: dict[tuple[str, str], Verb] = {}
"""Every verb by (actor, verb); actor is customer, staff or admin. Filled by the modules of this package."""


def verb(actor: str, name: str) -> Callable[[Verb], Verb]:
    """Register what an actor can do under a name."""

    def keep(function: Verb) -> Verb:
        VERBS[actor, name] = function
        return function

    return keep


def text(action: Action, name: str, *, required: bool = True) -> str:
    """Return a text field of an action, "" when it is missing and not required; raises ActorError missing_field or bad_field."""
    value = action.get(name)
    if value is None or value == "":
        if required:
            raise ActorError("missing_field", f"the action needs {name!r}", status=400)
        return ""
    if not isinstance(value, str):
        raise ActorError("bad_field", f"{name!r} must be a text", status=400)
    return value


def texts(action: Action, name: str) -> list[str]:
    """Return a list of texts, empty when missing; raises ActorError bad_field."""
    value = action.get(name) or []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ActorError("bad_field", f"{name!r} must be a list of texts", status=400)
    return value


def number(action: Action, name: str, *, default: int | None = None) -> int:
    """Return an integer field of an action; raises ActorError missing_field (without a default) or bad_field."""
    value = action.get(name)
    if value is None:
        if default is None:
            raise ActorError("missing_field", f"the action needs {name!r}", status=400)
        return default
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > MOST:
        raise ActorError("bad_field", f"{name!r} must be an integer", status=400)
    return value


def numbers(action: Action, name: str) -> list[int]:
    """Return a list of integers, empty when missing; raises ActorError bad_field."""
    value = action.get(name) or []
    if not isinstance(value, list) or not all(isinstance(item, int) and abs(item) <= MOST for item in value):
        raise ActorError("bad_field", f"{name!r} must be a list of integers", status=400)
    return [int(item) for item in value]


def switch(action: Action, name: str, *, default: bool) -> bool:
    """Return a true or false field of an action, or the default when it is missing; raises ActorError bad_field."""
    value = action.get(name, default)
    if not isinstance(value, bool):
        raise ActorError("bad_field", f"{name!r} must be true or false", status=400)
    return value


def fields_of(action: Action, name: str) -> dict[str, Any]:
    """Return an object field of an action, {} when it is missing; raises ActorError bad_field."""
    value = action.get(name) or {}
    if not isinstance(value, dict):
        raise ActorError("bad_field", f"{name!r} must be an object", status=400)
    return value


def perform(world: World, actor: str, actor_id: str, verb: str, action: Action) -> Result:
    """Let an actor do one thing and return its result; raises ActorError when it cannot."""
    known = VERBS.get((actor, verb))
    if known is None:
        raise ActorError("unknown_action", f"no action {verb!r} of {actor!r}: see the table in the README", status=404)
    return known(world, actor_id, action)
