"""The vocabulary of the segment language: each leaf type with its keys, and what would make it decide nothing.

One table feeds the parser, the published JSON schema and the canonical dump, so that they cannot drift apart.
"""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from juqun.domains.audience.errors import SegmentImpossibleError, SegmentKeyMissingError, SegmentValueError
from juqun.domains.audience.rules.keys import (
    DAYS,
    IDS,
    TEXTS,
    Day,
    Flag,
    Key,
    Many,
    Number,
    Record,
    Text,
    Whole,
    shown,
)
from juqun.domains.audience.types import (
    Attribute,
    Consent,
    FirstOrder,
    Group,
    LastOrder,
    Leaf,
    Measure,
    NotSince,
    Op,
    Orders,
    Org,
    Relation,
    Rfm,
    RfmThresholds,
    Tag,
    Touches,
    TouchKind,
)

TEXT_FIELDS = ("gender", "tier")
NUMBER_FIELDS = ("birth_year",)
DAY_FIELDS = ("created_date",)
CUSTOM_PREFIX = "attributes."
CUSTOM_NAME = re.compile(r"^[^\"'.\[\]*$\\]{1,64}$")
"""Names of imported attributes: no character that means something inside a JSON path of DuckDB or Spark."""

COMPARISONS = (Op.EQ, Op.NE, Op.LT, Op.LTE, Op.GT, Op.GTE)
NUMERIC_OPS = (*COMPARISONS, Op.BETWEEN)
SCALAR_OPS = (*NUMERIC_OPS, Op.IN, Op.NOT_IN, Op.KNOWN, Op.UNKNOWN)
TEXT_OPS = (Op.EQ, Op.NE, Op.IN, Op.NOT_IN, Op.KNOWN, Op.UNKNOWN)
COMPARE: Mapping[Op, Callable[[Any, Any], bool]] = {
    Op.EQ: operator.eq,
    Op.NE: operator.ne,
    Op.LT: operator.lt,
    Op.LTE: operator.le,
    Op.GT: operator.gt,
    Op.GTE: operator.ge,
}
EVENTS = ("order", *TouchKind)
GRADE = Many(of=Whole(low=1, high=5))


def compare(op: Op, measured: Any, value: Any) -> bool:
    """Return whether ``measured op value`` holds; ``value`` is a pair for ``between`` (both ends included)."""
    if op is Op.BETWEEN:
        low, high = value
        return bool(low <= measured <= high)
    return COMPARE[op](measured, value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One leaf type: its keys, those that must be there, groups of which at least or at most one may be there."""

    name: str
    make: Callable[..., Leaf]
    keys: Mapping[str, Key]
    required: tuple[str, ...] = ()
    some_of: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    check: Callable[[Any, str], None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """``value`` of a measured condition: a whole number from nought, or a pair for ``between`` (checked with op)."""

    def read(self, raw: Any, path: str) -> int | tuple[int, ...]:
        if type(raw) is list:
            return tuple(Many(of=Whole(low=0), size=2, rising=True).read(raw, path))
        return Whole(low=0).read(raw, path)

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [Whole(low=0).schema(), Many(of=Whole(low=0), size=2).schema()]}


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldName:
    """Name of a member's property, or ``attributes.<name>``."""

    def read(self, raw: Any, path: str) -> str:
        known = (*TEXT_FIELDS, *NUMBER_FIELDS, *DAY_FIELDS)
        if type(raw) is str:
            custom = raw.removeprefix(CUSTOM_PREFIX)
            if raw in known or (custom != raw and CUSTOM_NAME.match(custom) and custom.isprintable()):
                return raw
        allowed = ", ".join((*known, f"{CUSTOM_PREFIX}<name>"))
        raise SegmentValueError(path=path, found=shown(raw), allowed=allowed)

    def schema(self) -> dict[str, Any]:
        known = [*TEXT_FIELDS, *NUMBER_FIELDS, *DAY_FIELDS]
        pattern = "^attributes\\.[^\"'.\\[\\]*$\\\\]{1,64}$"
        return {"anyOf": [{"enum": known}, {"type": "string", "pattern": pattern}]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """``value`` of an attribute condition; its shape depends on field and op and is read by ``read_attribute_value``."""

    def read(self, raw: Any, path: str) -> Any:
        return raw

    def schema(self) -> dict[str, Any]:
        one = [Text().schema(), Number().schema()]
        return {"anyOf": [*one, {"type": "array", "items": {"anyOf": one}, "minItems": 1, "maxItems": 1000}]}


def _attribute_key(field: str, op: Op, sample: object) -> tuple[Key, tuple[Op, ...]]:
    """Return how a value of this field is read and which ops the field knows."""
    if field in TEXT_FIELDS:
        return Text(), TEXT_OPS
    if field in NUMBER_FIELDS:
        return Whole(low=1900, high=2200), SCALAR_OPS
    if field in DAY_FIELDS:
        return Day(), SCALAR_OPS
    if op in (Op.LT, Op.LTE, Op.GT, Op.GTE, Op.BETWEEN) or type(sample) in (int, float):
        return Number(), SCALAR_OPS
    return Text(), SCALAR_OPS


def read_attribute(*, field: str, op: Op, value: Any = None, path: str) -> Attribute:
    """Return the attribute condition with its value read as the field and op ask."""
    sample = value[0] if type(value) is list and value else value
    key, ops = _attribute_key(field, op, sample)
    if op not in ops:
        raise SegmentValueError(path=f"{path}.op", found=shown(op), allowed=", ".join(ops))
    where = f"{path}.value"
    if op in (Op.KNOWN, Op.UNKNOWN):
        if value is not None:
            raise SegmentValueError(path=where, found=shown(value), allowed=f"no value with {op}")
        return Attribute(field=field, op=op)
    if value is None:
        raise SegmentKeyMissingError(path=path, found="value", allowed=f"a value for {op}")
    if op is Op.BETWEEN:
        key = Many(of=key, size=2, rising=True)
    elif op in (Op.IN, Op.NOT_IN):
        key = Many(of=key)
    return Attribute(field=field, op=op, value=key.read(value, where))


def _check_measured(node: Orders | Touches, path: str) -> None:
    """Refuse a value whose shape does not fit the op, a comparison that always or never holds, a window turned round."""
    if isinstance(node.value, tuple) != (node.op is Op.BETWEEN):
        allowed = "a pair [low, high]" if node.op is Op.BETWEEN else "one whole number"
        raise SegmentValueError(path=f"{path}.value", found=shown(node.value), allowed=allowed)
    if (node.op, node.value) == (Op.LT, 0):
        raise SegmentImpossibleError(path=f"{path}.value", found="less than 0 never holds", allowed="1 or more")
    if (node.op, node.value) == (Op.GTE, 0):
        raise SegmentImpossibleError(path=f"{path}.value", found="0 or more always holds", allowed="1 or more")
    if node.within_days is not None and (node.since or node.until):
        raise SegmentValueError(
            path=f"{path}.within_days", found="within_days", allowed="either within_days or since/until"
        )
    if node.since and node.until and node.since > node.until:
        raise SegmentImpossibleError(path=f"{path}.since", found="since is after until", allowed="an earlier day")


def _check_tag(node: Tag, path: str) -> None:
    wanted = set(node.all_of) | (set(node.any_of) if len(node.any_of) == 1 else set())
    both = sorted(wanted & set(node.none_of))
    if both or (node.any_of and set(node.any_of) <= set(node.none_of)):
        found = f"{shown(both or list(node.any_of))} is wanted and refused"
        raise SegmentImpossibleError(path=f"{path}.none_of", found=found, allowed="other tags")


def _check_grades(node: Rfm, path: str) -> None:
    for letter in ("r", "f", "m"):
        if len(getattr(node, letter)) == 5:
            raise SegmentImpossibleError(path=f"{path}.{letter}", found="every grade is named", allowed="1 to 4 grades")


_WINDOW: Mapping[str, Key] = {"within_days": DAYS, "since": Day(), "until": Day()}
_PRODUCTS: Mapping[str, Key] = {"product": TEXTS, "category": TEXTS, "department": TEXTS, "store": IDS}
_AGO: Mapping[str, Key] = {"within_days": DAYS, "more_than_days_ago": DAYS}
_OPS: Mapping[str, Key] = {"op": Text(choices=tuple(NUMERIC_OPS), make=Op), "value": Measured()}
_CUTS = Record(
    keys=(
        ("r_days", Many(of=Whole(low=0, high=3660), size=4, rising=True)),
        ("f", Many(of=Whole(low=1), size=4, rising=True)),
        ("m_fen", Many(of=Whole(low=1), size=4, rising=True)),
    ),
    make=RfmThresholds,
)

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            name="attribute",
            make=Attribute,
            keys={"field": FieldName(), "op": Text(choices=tuple(Op), make=Op), "value": Raw()},
            required=("field", "op"),
        ),
        Kind(
            name="tag",
            make=Tag,
            keys={"any_of": TEXTS, "all_of": TEXTS, "none_of": TEXTS},
            some_of=("any_of", "all_of", "none_of"),
            check=_check_tag,
        ),
        Kind(
            name="relation",
            make=Relation,
            keys={"is_friend": Flag(), "in_group": Flag(), "staff_id": IDS},
            some_of=("is_friend", "in_group", "staff_id"),
        ),
        Kind(name="group", make=Group, keys={"kind": TEXTS, "role": TEXTS}, some_of=("kind", "role")),
        Kind(
            name="consent",
            make=Consent,
            keys={"purpose": Text(choices=("marketing",)), "granted": Flag()},
            required=("purpose",),
        ),
        Kind(name="org", make=Org, keys={"node_id": Whole(low=1)}, required=("node_id",)),
        Kind(
            name="orders",
            make=Orders,
            keys={"measure": Text(choices=tuple(Measure), make=Measure), **_OPS, **_WINDOW, **_PRODUCTS},
            required=("measure", "op", "value"),
            check=_check_measured,
        ),
        Kind(
            name="last_order",
            make=LastOrder,
            keys={**_AGO, **_PRODUCTS},
            one_of=("within_days", "more_than_days_ago"),
        ),
        Kind(
            name="first_order",
            make=FirstOrder,
            keys={**_AGO, **_PRODUCTS},
            one_of=("within_days", "more_than_days_ago"),
        ),
        Kind(
            name="not_since",
            make=NotSince,
            keys={"event": Text(choices=EVENTS), "days": DAYS},
            required=("event", "days"),
        ),
        Kind(
            name="rfm",
            make=Rfm,
            keys={"r": GRADE, "f": GRADE, "m": GRADE, "within_days": DAYS, "thresholds": _CUTS},
            some_of=("r", "f", "m"),
            check=_check_grades,
        ),
        Kind(
            name="touches",
            make=Touches,
            keys={"kind": Many(of=Text(choices=tuple(TouchKind))), **_OPS, "source": TEXTS, **_WINDOW},
            required=("kind", "op", "value"),
            check=_check_measured,
        ),
    )
}
KIND_OF: Mapping[type, Kind] = {kind.make: kind for kind in KINDS.values() if isinstance(kind.make, type)}


def json_value(value: Any) -> Any:
    """Return a typed value in its JSON form."""
    if isinstance(value, RfmThresholds):
        return {"r_days": list(value.r_days), "f": list(value.f), "m_fen": list(value.m_fen)}
    if isinstance(value, tuple):
        return [json_value(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Op | Measure):
        return value.value
    return value
