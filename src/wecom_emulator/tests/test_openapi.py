"""The description of the admin side is whole and true: every route and verb is in it, and what it says fits."""

from wecom_emulator.actors.verbs import VERBS
from wecom_emulator.admin import admin_routes
from wecom_emulator.contract.document import GENERIC, TASK_VERBS, answer_schema, document, path_of_verb, request_schema
from wecom_emulator.contract.document import all_routes as described_routes
from wecom_emulator.contract.verbs import TOLD
from wecom_emulator.running import build_world
from wecom_emulator.tests.json_schema import misfits


def real_routes():
    found = set()
    for route in admin_routes(build_world()):
        path = route.path.removeprefix("/emulator")
        if path not in (*GENERIC, TASK_VERBS):
            found |= {(method, path) for method in route.methods - {"HEAD"}}
    return found


def test_every_route_is_described_and_nothing_else():
    assert set(described_routes()) == real_routes()


def test_every_verb_is_described_and_nothing_else():
    assert set(TOLD) == set(VERBS)


def test_document_has_every_path():
    made = document()
    assert made["openapi"] == "3.1.0"
    expected = {(method.lower(), f"/emulator{path}") for method, path in described_routes()}
    expected |= {("post", f"/emulator{path_of_verb(*verb)}") for verb in VERBS}
    assert {(method, path) for path, ways in made["paths"].items() for method in ways} == expected


def test_examples_fit_their_schemas():
    told = {**described_routes(), **TOLD}
    wrong = {
        name: misfits(request_schema(item), item.example)
        for name, item in told.items()
        if item.example and request_schema(item) and misfits(request_schema(item), item.example)
    }
    assert wrong == {}
    assert [name for name, item in told.items() if item.takes and not item.example] == []


def test_the_checker_finds_what_does_not_fit():
    schema = request_schema(TOLD["customer", "join"])
    assert misfits(schema, {"chat_id": 3, "scene": "door"}) == [
        "$.chat_id: 3 is no string",
        "$.scene: 'door' is none of ['qr', 'link', 'invited']",
    ]
    assert misfits(schema, {}) == ["$: chat_id is missing"]
    assert misfits(answer_schema(TOLD["customer", "join"]), {"chat_id": "a", "more": 1}) == ["$: more is not described"]


def test_document_and_page_are_served(desk):
    served = desk.admin("GET", "/openapi.json")
    assert served == document()
    text = desk.http.get("/emulator/docs").text
    assert "/emulator/actors/customers/{actor_id}/scan" in text
