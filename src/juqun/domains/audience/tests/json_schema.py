"""As much of JSON schema as the published one uses, to check values against it."""

import re
from typing import Any

TYPES = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool, "number": (int, float)}


def valid(value: Any, schema: dict[str, Any], root: dict[str, Any] | None = None) -> bool:
    root = root or schema
    if "$ref" in schema:
        return valid(value, root["$defs"][schema["$ref"].rsplit("/", 1)[1]], root)
    wanted = TYPES.get(schema.get("type", ""), object)
    if not isinstance(value, wanted) or (isinstance(value, bool) and wanted in (int, (int, float))):
        return False
    checks = [
        "const" not in schema or value == schema["const"],
        "enum" not in schema or value in schema["enum"],
        "anyOf" not in schema or any(valid(value, s, root) for s in schema["anyOf"]),
        "oneOf" not in schema or sum(valid(value, s, root) for s in schema["oneOf"]) == 1,
        "allOf" not in schema or all(valid(value, s, root) for s in schema["allOf"]),
    ]
    if isinstance(value, dict):
        known = schema.get("properties", {})
        checks.append(all(key in value for key in schema.get("required", [])))
        checks.append(schema.get("additionalProperties", True) or set(value) <= set(known))
        checks.extend(valid(item, known[key], root) for key, item in value.items() if key in known)
    if isinstance(value, list) and "items" in schema:
        checks.append(schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)))
        checks.append(not schema.get("uniqueItems") or all(item not in value[:i] for i, item in enumerate(value)))
        checks.extend(valid(item, schema["items"], root) for item in value)
    if isinstance(value, str):
        checks.append(schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)))
        checks.append("pattern" not in schema or bool(re.search(schema["pattern"], value)))
    if isinstance(value, int | float) and not isinstance(value, bool):
        checks.append(schema.get("minimum", value) <= value <= schema.get("maximum", value))
    return all(checks)
