"""The OpenAPI document of the admin side, and the same as a page to read."""

from html import escape
from json import dumps
from typing import Any

from wecom_emulator.actors.verbs import VERBS
from wecom_emulator.contract.notation import Schema, object_schema
from wecom_emulator.contract.phone_routes import PHONE_ROUTES
from wecom_emulator.contract.routes import ROUTES, Route
from wecom_emulator.contract.verbs import TOLD, Told

REFUSAL: Schema = {
    "type": "object",
    "properties": {"error": {"type": "string"}, "message": {"type": "string"}},
    "required": ["error", "message"],
}
GENERIC = ("/actors/customers/{actor_id}/{verb}", "/actors/staff/{actor_id}/{verb}", "/actors/admin/{verb}")
"""Paths of the router that stand for all verbs of an actor."""

TASK_VERBS = "/actors/staff/{actor_id}/tasks/{verb}"
FOLDERS = {"customer": "/actors/customers/{actor_id}", "staff": "/actors/staff/{actor_id}", "admin": "/actors/admin"}

COMMON = ("bad_json", "bad_request", "missing_field", "bad_field")
OF_ACTORS = {"customer": "unknown_customer", "staff": "unknown_staff", "admin": "unknown_action"}


def all_routes() -> dict[tuple[str, str], Route]:
    """Return every described route but those of the verbs."""
    return {**ROUTES, **PHONE_ROUTES}


def path_of_verb(actor: str, name: str) -> str:
    """Return the path that a verb is done at."""
    if actor == "staff" and name in ("confirm", "ignore"):
        return f"/actors/staff/{{actor_id}}/tasks/{name}"
    return f"{FOLDERS[actor]}/{name}"


def _schema(given: str | Schema, *, closed: bool) -> Schema:
    return object_schema(given, closed=closed) if isinstance(given, str) else given


def request_schema(told: Told | Route) -> Schema | None:
    """Return what a body must look like, None where there is none."""
    return _schema(told.takes, closed=False) if told.takes else None


def answer_schema(told: Told | Route) -> Schema:
    """Return what the answer looks like."""
    return _schema(told.gives, closed=True)


def _parameters(path: str, query: str) -> list[dict[str, Any]]:
    named = [part.strip("{}") for part in path.split("/") if part.startswith("{")]
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in named
    ]
    schema = object_schema(query, closed=False) if query else {"properties": {}}
    for name, kind in schema["properties"].items():
        found.append({"name": name, "in": "query", "required": name in schema.get("required", ()), "schema": kind})
    return found


def _refusals(codes: tuple[str, ...]) -> dict[str, Any]:
    text = "Refused: " + ", ".join(codes)
    ref = {"$ref": "#/components/schemas/Refusal"}
    return {"4XX": {"description": text, "content": {"application/json": {"schema": ref}}}}


def _operation(told: Told | Route, *, path: str, area: str, query: str, codes: tuple[str, ...]) -> dict[str, Any]:
    media_type = told.media_type if isinstance(told, Route) else "application/json"
    answer = {"description": "Done", "content": {media_type: {"schema": answer_schema(told)}}}
    operation: dict[str, Any] = {"summary": told.does, "tags": [area], "responses": {"200": answer}}
    if codes:
        operation["responses"] |= _refusals(codes)
    parameters = _parameters(path, query)
    if parameters:
        operation["parameters"] = parameters
    schema = request_schema(told)
    if schema is not None:
        content: dict[str, Any] = {"schema": schema}
        if told.example:
            content["example"] = told.example
        operation["requestBody"] = {"content": {"application/json": content}}
    return operation


def document() -> dict[str, Any]:
    """Return the OpenAPI 3.1 document; raises KeyError for a verb that nobody described."""
    paths: dict[str, dict[str, Any]] = {}
    for (method, path), route in all_routes().items():
        codes = (*COMMON, *route.refusals) if route.takes else route.refusals
        operation = _operation(route, path=path, area=route.area, query=route.query, codes=codes)
        paths.setdefault(f"/emulator{path}", {})[method.lower()] = operation
    for actor, name in VERBS:
        told, path = TOLD[actor, name], path_of_verb(actor, name)
        codes = (*COMMON, OF_ACTORS[actor], *told.refusals)
        operation = _operation(told, path=path, area=f"{actor} verbs", query="", codes=codes)
        paths.setdefault(f"/emulator{path}", {})["post"] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "WeCom emulator: admin side",
            "version": "1",
            "description": "Sets the corp up, moves the clock, orders faults, and does what people do on their phones. "
            "Success is HTTP 200; a refusal is 400, 404 or 409 with `error` and what to do.",
        },
        "paths": paths,
        "components": {"schemas": {"Refusal": REFUSAL}},
    }


STYLE = """body{font:15px/1.5 system-ui,sans-serif;margin:0 auto;max-width:60rem;padding:1rem;color:#191919}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem;border-bottom:1px solid #ddd}
details{border:1px solid #e5e5e5;border-radius:6px;margin:.4rem 0;padding:.4rem .7rem}
summary{cursor:pointer}code,pre{font:13px/1.45 ui-monospace,monospace}
pre{background:#f6f6f6;border-radius:6px;overflow:auto;padding:.6rem}
b.m{display:inline-block;width:4rem;color:#07843f}small{color:#666}"""


def _block(title: str, value: Any) -> str:
    return f"<p><small>{title}</small></p><pre>{escape(dumps(value, ensure_ascii=False, indent=1))}</pre>"


def _shown(path: str, method: str, operation: dict[str, Any]) -> str:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    responses = operation["responses"]
    (answer,) = responses["200"]["content"].values()
    parts = [_block("Body", body["schema"])] if body else []
    if body.get("example"):
        parts.append(_block("For example", body["example"]))
    parts.append(_block("Answer", answer["schema"]))
    if "4XX" in responses:
        parts.append(f"<p><small>{escape(responses['4XX']['description'])}</small></p>")
    head = f"<b class=m>{method.upper()}</b> <code>{escape(path)}</code> <small>{escape(operation['summary'])}</small>"
    return f"<details><summary>{head}</summary>{''.join(parts)}</details>"


def page() -> str:
    """Return the document as a page to read."""
    made = document()
    areas: dict[str, list[str]] = {}
    for path, operations in made["paths"].items():
        for method, operation in operations.items():
            areas.setdefault(operation["tags"][0], []).append(_shown(path, method, operation))
    sections = "".join(f"<h2>{escape(area)}</h2>{''.join(rows)}" for area, rows in areas.items())
    info = made["info"]
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(info['title'])}</title><style>{STYLE}</style><h1>{escape(info['title'])}</h1>"
        f'<p>{escape(info["description"])} <a href="/emulator/openapi.json">openapi.json</a> · <a href="/">home</a></p>'
        f"{sections}</html>"
    )
