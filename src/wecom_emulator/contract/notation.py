"""A short notation for JSON objects, and the JSON schema that it stands for.

`userid: str, add_way?: int, tags: [str]` is an object with a needed text, an optional integer and a list of texts. Types:
str, int, num, bool, any, obj, null, `[type]`, `{fields}`, `{*: type}` for any keys, `'a'` for a constant, and alternatives
joined by `|`.
"""

from dataclasses import MISSING, fields
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

Schema = dict[str, Any]

TYPES: dict[str, Schema] = {
    "str": {"type": "string"},
    "int": {"type": "integer"},
    "num": {"type": "number"},
    "bool": {"type": "boolean"},
    "null": {"type": "null"},
    "obj": {"type": "object"},
    "any": {},
}
OPENING, CLOSING = "[{", "]}"


def split(text: str, mark: str) -> list[str]:
    """Return the parts of a text between marks that stand outside of brackets."""
    parts, depth, start = [], 0, 0
    for place, letter in enumerate(text):
        if letter in OPENING:
            depth += 1
        elif letter in CLOSING:
            depth -= 1
        elif letter == mark and depth == 0:
            parts.append(text[start:place])
            start = place + 1
    parts.append(text[start:])
    return [part.strip() for part in parts if part.strip()]


def type_schema(text: str) -> Schema:
    """Return the schema of one type; raises ValueError for a word that is none."""
    choices = split(text, "|")
    if len(choices) > 1:
        if all(item.startswith("'") for item in choices):
            return {"enum": [item.strip("'") for item in choices]}
        return {"anyOf": [type_schema(item) for item in choices]}
    word = choices[0]
    if word.startswith("["):
        return {"type": "array", "items": type_schema(word[1:-1])}
    if word.startswith("{"):
        return object_schema(word[1:-1], closed=True)
    if word.startswith("'"):
        return {"const": word.strip("'")}
    if word not in TYPES:
        raise ValueError(f"{word!r} is no type of this notation")
    return dict(TYPES[word])


def object_schema(text: str, *, closed: bool) -> Schema:
    """Return the schema of an object; a closed one has no other fields than the named ones."""
    fields = split(text, ",")
    if len(fields) == 1 and fields[0].startswith("*:"):
        return {"type": "object", "additionalProperties": type_schema(fields[0][2:].strip())}
    needed, properties = [], {}
    for item in fields:
        name, _, kind = item.partition(":")
        name = name.strip()
        if not name.endswith("?"):
            needed.append(name)
        properties[name.removesuffix("?")] = type_schema(kind.strip())
    schema: Schema = {"type": "object", "properties": properties}
    if needed:
        schema["required"] = needed
    if closed:
        schema["additionalProperties"] = False
    return schema


def dataclass_schema(kind: Any) -> Schema:
    """Return the schema of a dataclass: fields with a default may be left out, derived fields are no part of it."""
    hints, needed, properties = get_type_hints(kind), [], {}
    for item in fields(kind):
        if item.metadata.get("derived"):
            continue
        properties[item.name] = hint_schema(hints[item.name])
        if item.default is MISSING and item.default_factory is MISSING:
            needed.append(item.name)
        elif item.default is not MISSING:
            properties[item.name]["default"] = item.default
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**schema, "required": needed} if needed else schema


def hint_schema(hint: Any) -> Schema:
    """Return the schema of a type hint of a dataclass field."""
    plain: dict[Any, str] = {str: "str", int: "int", float: "num", bool: "bool", NoneType: "null", Any: "any"}
    if hint in plain:
        return dict(TYPES[plain[hint]])
    origin, args = get_origin(hint), get_args(hint)
    if origin in (UnionType, Union):
        return {"anyOf": [hint_schema(item) for item in args]}
    if origin is list:
        return {"type": "array", "items": hint_schema(args[0])}
    if origin is dict:
        return {"type": "object", "additionalProperties": hint_schema(args[1])}
    raise ValueError(f"{hint!r} has no schema")
