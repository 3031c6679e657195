"""The published JSON schema (draft 2020-12) of the segment language, made from the table the parser reads by."""

from typing import Any

from juqun.domains.audience.rules.conditions import KINDS, Kind
from juqun.domains.audience.types import LANGUAGE_VERSION

SCHEMA_ID = "urn:juqun:segment:v1"


def json_schema() -> dict[str, Any]:
    """Return the schema of a whole tree. What no schema can say (op fits field, depth, contradictions) the parser says."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        "title": "Juqun segment, version 1",
        "type": "object",
        "properties": {"version": {"const": LANGUAGE_VERSION}},
        "allOf": [{"anyOf": [{"$ref": f"#/$defs/{name}"} for name in ("all", "any", "not", *KINDS)]}],
        "$defs": {
            "node": {"anyOf": [{"$ref": f"#/$defs/{name}"} for name in ("all", "any", "not", *KINDS)]},
            "all": _group("all"),
            "any": _group("any"),
            "not": _object({"not": {"$ref": "#/$defs/node"}}, ["not"]),
            **{name: _leaf(kind) for name, kind in KINDS.items()},
        },
    }


def _object(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    """Describe one node. ``version`` may stand in any node for the schema; the parser takes it at the root only."""
    return {
        "type": "object",
        "properties": {"version": {"const": LANGUAGE_VERSION}, **properties},
        "required": required,
        "additionalProperties": False,
    }


def _group(form: str) -> dict[str, Any]:
    return _object({form: {"type": "array", "items": {"$ref": "#/$defs/node"}, "minItems": 1}}, [form])


def _leaf(kind: Kind) -> dict[str, Any]:
    properties = {"type": {"const": kind.name}, **{key: reader.schema() for key, reader in kind.keys.items()}}
    schema = _object(properties, ["type", *kind.required])
    if kind.some_of:
        schema["anyOf"] = [{"required": [key]} for key in kind.some_of]
    if kind.one_of:
        schema["oneOf"] = [{"required": [key]} for key in kind.one_of]
    return schema
