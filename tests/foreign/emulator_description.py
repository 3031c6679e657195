"""An OpenAPI description of what a running emulator serves, read from its own tables: admin routes and endpoints of WeCom's API.

The bodies are described loosely, by the names that the endpoints of one family share, so that what is drawn gets past the first check.
"""

import re

import httpx

from wecom_emulator.api.call import ENDPOINTS
from wecom_emulator.running import RunningEmulator

UNSPECIFIC = {"type": "object", "additionalProperties": True}
TEXT = {"type": "string", "maxLength": 40}
NUMBER = {"type": "integer"}
TEXTS = {"type": "array", "items": TEXT, "maxItems": 4}
KNOWN = {
    "userid": TEXT, "external_userid": {"anyOf": [TEXT, TEXTS]}, "chat_id": TEXT, "config_id": TEXT, "cursor": TEXT, "limit": NUMBER,
    "start_time": NUMBER, "end_time": NUMBER, "user": TEXTS, "scene": NUMBER, "type": NUMBER, "state": TEXT, "add_tag": TEXTS,
    "tag_id": {"anyOf": [TEXT, TEXTS]}, "group_id": TEXT, "name": TEXT, "msgid": TEXT,
    "text": {"type": "object", "properties": {"content": TEXT}},
    "attachments": {"type": "array", "items": UNSPECIFIC, "maxItems": 3}, "welcome_code": TEXT, "open_kfid": TEXT, "token": TEXT,
    "agentid": NUMBER, "msgtype": TEXT, "id": {"anyOf": [TEXT, NUMBER]},
    "department": {"anyOf": [NUMBER, {"type": "array", "items": NUMBER}]},
}  # fmt: skip
BODY = {**UNSPECIFIC, "properties": KNOWN}


def describe(emulator: RunningEmulator) -> dict[str, object]:
    """The emulator's own description of its admin side where it has one, else its routes; and every endpoint of WeCom's API."""
    token = httpx.get(
        f"{emulator.base_url}/cgi-bin/gettoken",
        params={"corpid": emulator.world.corp.corp_id, "corpsecret": "emulator-app-secret"},
    ).json()["access_token"]
    paths: dict[str, dict[str, object]] = {}
    for path, endpoint in ENDPOINTS.items():
        with_token = {"name": "access_token", "in": "query", "required": True, "schema": {"enum": [token]}}
        paths[f"/cgi-bin/{path}"] = {
            method.lower(): _operation(method, [with_token, *_queried(method)]) for method in sorted(endpoint.methods)
        }
    for route in emulator.server.config.app.routes:
        if route.path.startswith("/emulator/"):
            names = re.findall(r"{(\w+)(?::\w+)?}", route.path)
            path = re.sub(r":\w+}", "}", route.path)
            named = [
                {"name": name, "in": "path", "required": True, "schema": {**TEXT, "minLength": 1}} for name in names
            ]
            for method in sorted(set(route.methods) - {"HEAD"}):
                paths.setdefault(path, {})[method.lower()] = _operation(method, named)
    paths.pop("/emulator/callback", None)  # it would make the emulator call addresses that were drawn
    return {"openapi": "3.0.3", "info": {"title": "emulator", "version": "1"}, "paths": paths}


def _queried(method: str) -> list[dict[str, object]]:
    return (
        [{"name": name, "in": "query", "schema": TEXT} for name in ("userid", "id", "cursor")]
        if method == "GET"
        else []
    )


def _operation(method: str, parameters: list[dict[str, object]]) -> dict[str, object]:
    operation: dict[str, object] = {"parameters": parameters, "responses": {"200": {"description": "answered"}}}
    if method in {"POST", "PUT", "PATCH"}:
        operation["requestBody"] = {"content": {"application/json": {"schema": BODY}}}
    return operation
