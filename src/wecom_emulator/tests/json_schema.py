"""Does a value fit a JSON schema? As much of JSON schema as the description of the admin side uses."""

from typing import Any

KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
    "null": (type(None),),
}


def misfits(schema: dict[str, Any], value: Any, place: str = "$") -> list[str]:
    """Return where a value is not what the schema says, an empty list when it fits."""
    if "anyOf" in schema:
        tried = [misfits(item, value, place) for item in schema["anyOf"]]
        return [] if any(not item for item in tried) else [f"{place}: none of {len(tried)}: {tried}"]
    if "const" in schema and value != schema["const"]:
        return [f"{place}: {value!r} is not {schema['const']!r}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{place}: {value!r} is none of {schema['enum']}"]
    kind = schema.get("type")
    if kind is None:
        return []
    if not isinstance(value, KINDS[kind]) or (isinstance(value, bool) and kind != "boolean"):
        return [f"{place}: {value!r} is no {kind}"]
    if kind == "array":
        return [
            item
            for number, row in enumerate(value)
            for item in misfits(schema.get("items", {}), row, f"{place}[{number}]")
        ]
    return _of_object(schema, value, place) if kind == "object" else []


def _of_object(schema: dict[str, Any], value: dict[str, Any], place: str) -> list[str]:
    properties, others = schema.get("properties", {}), schema.get("additionalProperties", True)
    found = [f"{place}: {name} is missing" for name in schema.get("required", ()) if name not in value]
    for name, item in value.items():
        if name in properties:
            found += misfits(properties[name], item, f"{place}.{name}")
        elif others is False:
            found.append(f"{place}: {name} is not described")
        elif isinstance(others, dict):
            found += misfits(others, item, f"{place}.{name}")
    return found
