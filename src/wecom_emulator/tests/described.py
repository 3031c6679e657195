"""Is what goes over the admin side what its description says? Every test that talks to it through a desk asks."""

from typing import Any

from wecom_emulator.contract.document import all_routes, answer_schema, path_of_verb, request_schema
from wecom_emulator.contract.routes import Route
from wecom_emulator.contract.verbs import TOLD, Told
from wecom_emulator.tests.json_schema import misfits

ACTORS = {"customers": "customer", "staff": "staff", "admin": "admin"}
BY_PATH: dict[tuple[str, str], Told | Route] = {
    **all_routes(),
    **{("POST", path_of_verb(*verb)): told for verb, told in TOLD.items()},
    **{("POST", f"/actors/staff/{{actor_id}}/{name}"): TOLD["staff", name] for name in ("confirm", "ignore")},
}


def _told(method: str, path: str) -> Told | Route | None:
    parts = path.partition("?")[0].split("/")
    for (known, shape), told in BY_PATH.items():
        names = shape.split("/")
        same = known == method and len(names) == len(parts)
        if same and all(name == part or name.startswith("{") for name, part in zip(names, parts, strict=True)):
            return told
    return None


def misfits_of(method: str, path: str, body: Any, answer: Any) -> list[str]:
    """Return where the body or the answer of a call that was done is not as described."""
    told = _told(method, path)
    if told is None:
        return [f"{method} {path} is not described"]
    asked = request_schema(told)
    found = misfits(asked, body, "body") if asked is not None and body is not None else []
    return found + misfits(answer_schema(told), answer, "answer")
