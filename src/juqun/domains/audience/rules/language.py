"""The segment language, version 1: reading a JSON tree into typed nodes, writing it back, walking it.

A tree is an object ``{"version": 1, <node>}``. A node is one of ``{"all": [nodes]}``, ``{"any": [nodes]}``,
``{"not": node}`` or a condition ``{"type": <name>, <keys>}``. Examples::

    {"version": 1, "all": [
        {"type": "orders", "measure": "count", "op": "gte", "value": 3, "within_days": 90, "category": ["Coffee"]},
        {"type": "not_since", "event": "order", "days": 14},
        {"type": "tag", "any_of": ["young family"]}]}
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from juqun.domains.audience.errors import (
    SegmentImpossibleError,
    SegmentKeyMissingError,
    SegmentKeyUnknownError,
    SegmentTooLargeError,
    SegmentValueError,
)
from juqun.domains.audience.rules.conditions import KIND_OF, KINDS, Kind, json_value, read_attribute
from juqun.domains.audience.rules.keys import shown
from juqun.domains.audience.types import LANGUAGE_VERSION, All, AnyOf, Leaf, Node, Not, Segment

MAX_DEPTH = 10
MAX_NODES = 200
MAX_JSON = 200_000
"""Characters of a tree's JSON text; a tree at the node limit with ordinary lists is far below."""

_FORMS = "all, any, not, type"


def parse_json(text: str) -> Segment:
    """Return the segment of a JSON text; raise a SegmentError for text that is no JSON or no tree."""
    if len(text) > MAX_JSON:
        raise SegmentTooLargeError(path="$", found=f"{len(text)} characters", allowed=f"{MAX_JSON} characters")
    try:
        raw = json.loads(text)
    except RecursionError:
        raise SegmentTooLargeError(path="$", found="nested too deep", allowed=f"{MAX_DEPTH} levels") from None
    except ValueError as error:
        raise SegmentValueError(path="$", found=shown(text), allowed=f"a JSON object ({error})") from None
    return parse(raw)


def parse(tree: Mapping[str, Any]) -> Segment:
    """Return the typed segment of a JSON tree.

    Raises a subclass of SegmentError that names the JSON path of the first wrong place and what is allowed there.
    """
    if type(tree) is not dict:
        raise SegmentValueError(path="$", found=shown(tree), allowed=f"an object with one of {_FORMS}")
    body = dict(tree)
    version = body.pop("version", LANGUAGE_VERSION)
    if type(version) is not int or version != LANGUAGE_VERSION:
        raise SegmentValueError(path="$.version", found=shown(version), allowed=str(LANGUAGE_VERSION))
    return Segment(root=_Reader().node(body, "$", 1))


class _Reader:
    """Reads nodes and counts them."""

    def __init__(self) -> None:
        self.nodes = 0

    def node(self, raw: Any, path: str, depth: int) -> Node:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise SegmentTooLargeError(path=path, found=f"over {MAX_NODES} nodes", allowed=f"{MAX_NODES} nodes")
        if depth > MAX_DEPTH:
            raise SegmentTooLargeError(path=path, found=f"over {MAX_DEPTH} levels", allowed=f"{MAX_DEPTH} levels")
        if type(raw) is not dict:
            raise SegmentValueError(path=path, found=shown(raw), allowed=f"an object with one of {_FORMS}")
        forms = [key for key in ("all", "any", "not", "type") if key in raw]
        if len(forms) != 1:
            found = " and ".join(forms) if forms else f"one of {_FORMS}"
            raise SegmentKeyMissingError(path=path, found=found, allowed=f"exactly one of {_FORMS}")
        form = forms[0]
        if form == "type":
            return _leaf(raw, path)
        _refuse_unknown(raw, (form,), path)
        if form == "not":
            return Not(child=self.node(raw["not"], f"{path}.not", depth + 1))
        children = self._children(raw[form], f"{path}.{form}", depth)
        if form == "any":
            return AnyOf(children=children)
        _refuse_contradiction(children, f"{path}.all")
        return All(children=children)

    def _children(self, raw: Any, path: str, depth: int) -> tuple[Node, ...]:
        if type(raw) is not list or not raw:
            raise SegmentValueError(path=path, found=shown(raw), allowed="a list of at least one condition")
        return tuple(self.node(child, f"{path}[{i}]", depth + 1) for i, child in enumerate(raw))


def _refuse_unknown(raw: Mapping[str, Any], allowed: tuple[str, ...], path: str) -> None:
    for key in raw:
        if key not in allowed:
            raise SegmentKeyUnknownError(path=path, found=shown(key), allowed=", ".join(allowed))


def _refuse_contradiction(children: tuple[Node, ...], path: str) -> None:
    for i, child in enumerate(children):
        if isinstance(child, Not) and child.child in children:
            found = "the same condition is wanted and refused"
            raise SegmentImpossibleError(path=f"{path}[{i}]", found=found, allowed="one of the two")


def _leaf(raw: dict[str, Any], path: str) -> Leaf:
    name = raw["type"]
    kind = KINDS.get(name) if type(name) is str else None
    if kind is None:
        raise SegmentValueError(path=f"{path}.type", found=shown(name), allowed=", ".join(KINDS))
    given = {key: value for key, value in raw.items() if key != "type"}
    _refuse_unknown(given, tuple(kind.keys), path)
    _require(kind, given, path)
    values = {key: kind.keys[key].read(value, f"{path}.{key}") for key, value in given.items()}
    if kind.name == "attribute":
        return read_attribute(**values, path=path)
    node = kind.make(**values)
    if kind.check is not None:
        kind.check(node, path)
    return node


def _require(kind: Kind, given: Mapping[str, Any], path: str) -> None:
    for key in kind.required:
        if key not in given:
            raise SegmentKeyMissingError(path=path, found=key, allowed=", ".join(kind.keys))
    if kind.some_of and not any(key in given for key in kind.some_of):
        choice = ", ".join(kind.some_of)
        raise SegmentKeyMissingError(path=path, found=f"one of {choice}", allowed=f"at least one of {choice}")
    if kind.one_of and sum(key in given for key in kind.one_of) != 1:
        choice = ", ".join(kind.one_of)
        raise SegmentKeyMissingError(path=path, found=f"one of {choice}", allowed=f"exactly one of {choice}")


def dump(segment: Segment) -> dict[str, Any]:
    """Return the canonical JSON tree of a segment; ``parse(dump(s)) == s``."""
    return {"version": segment.version, **_dump_node(segment.root)}


def _dump_node(node: Node) -> dict[str, Any]:
    if isinstance(node, All):
        return {"all": [_dump_node(child) for child in node.children]}
    if isinstance(node, AnyOf):
        return {"any": [_dump_node(child) for child in node.children]}
    if isinstance(node, Not):
        return {"not": _dump_node(node.child)}
    kind = KIND_OF[type(node)]
    values = {key: getattr(node, key) for key in kind.keys}
    return {"type": kind.name, **{key: json_value(v) for key, v in values.items() if v is not None and v != ()}}


def walk(segment: Segment) -> Iterator[tuple[str, Node]]:
    """Yield every node with its JSON path, parents first."""
    pending: list[tuple[str, Node]] = [("$", segment.root)]
    while pending:
        path, node = pending.pop()
        yield path, node
        if isinstance(node, Not):
            pending.append((f"{path}.not", node.child))
        elif isinstance(node, All | AnyOf):
            form = "all" if isinstance(node, All) else "any"
            pairs = [(f"{path}.{form}[{i}]", child) for i, child in enumerate(node.children)]
            pending.extend(reversed(pairs))
