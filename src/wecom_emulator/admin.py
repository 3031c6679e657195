"""The admin API under /emulator/: corp, clock, callbacks, faults, records, and the actors' door."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import fields
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from wecom_emulator import actors, outlets
from wecom_emulator.clock import parse_instant
from wecom_emulator.crypto import CallbackCryptoError, decode_key
from wecom_emulator.errors import ActorError
from wecom_emulator.faults import shown
from wecom_emulator.generate import Order, checked_order, generate
from wecom_emulator.phone import reads
from wecom_emulator.rates import parse_caps
from wecom_emulator.recorder import Budget
from wecom_emulator.rules.friendships import person_of, staff_of
from wecom_emulator.rules.mass import CAP_RULES
from wecom_emulator.rules.staffing import note_arrival
from wecom_emulator.rules.timers import run_due
from wecom_emulator.state import codec, documents
from wecom_emulator.state.archive import CONSENTS
from wecom_emulator.state.corp import Corp, default_corp, load_corp
from wecom_emulator.state.lines import is_lines, read_lines, write_lines
from wecom_emulator.state.people import Department, Person, Staff
from wecom_emulator.state.settings import CallbackConfig, Settings
from wecom_emulator.world import World

ACTIONS_PER_BREATH = 200
"""After so many actions of a batch the callback queue gets a turn."""

MOST_AS_ONE = 100_000
"""Rows of a corp that are still given as one JSON document."""

SPOOLED = 1 << 24
"""Bytes of an uploaded corp that stay in memory."""

ORDERS = ("strict", "per_subject", "none")

Answer = Callable[[World, Request], Awaitable[Any]]


async def _body(request: Request) -> dict[str, Any]:
    return _object(await request.body())


def _object(raw: bytes) -> dict[str, Any]:
    if not raw:
        return {}
    try:
        data = documents.parse(raw)
    except ValueError as error:
        raise ActorError("bad_json", f"the body is not JSON: {error}", status=400) from error
    if not isinstance(data, dict):
        raise ActorError("bad_json", "the body must be a JSON object", status=400)
    return data


async def _health(world: World, request: Request) -> Any:
    return {"status": "ok", "corp_id": world.corp.corp_id, **world.clock.as_json()}


async def _get_corp(world: World, request: Request) -> Any:
    if request.query_params.get("format") == "lines":
        return StreamingResponse(_sent_lines(world.corp), media_type="application/x-ndjson")
    rows = sum(table.count_all() for table in world.corp.keeper.all_tables().values())
    if rows > MOST_AS_ONE:
        raise ActorError("too_big", f"{rows} rows are too many for one document: ask with ?format=lines")
    return world.corp.as_json()


async def _sent_lines(corp: Corp) -> AsyncIterator[str]:
    for some in write_lines(corp):
        yield some
        await asyncio.sleep(0)


async def _put_corp(world: World, request: Request) -> Any:
    with tempfile.SpooledTemporaryFile(max_size=SPOOLED) as document:
        async for chunk in request.stream():
            document.write(chunk)
        document.seek(0)
        lines = is_lines(document.read(100))
        document.seek(0)
        corp = read_lines(document) if lines else load_corp(_object(document.read()))
    check_settings(corp.settings)
    world.replace_corp(corp)
    return _counts(world)


async def _generate(world: World, request: Request) -> Any:
    order = checked_order(codec.load(Order, await _body(request)))
    return generate(world.corp, order, now=world.clock.seconds())


def _counts(world: World) -> dict[str, Any]:
    corp = world.corp
    return {
        "corp_id": corp.corp_id,
        "departments": len(corp.departments),
        "staff": len(corp.staff),
        "customers": len(corp.persons),
        "friendships": corp.keeper.tables["friendships"].count_all(),
        "groups": len(corp.chats),
        "contact_ways": len(corp.contact_ways),
        "join_ways": len(corp.join_ways),
        "mass_messages": len(corp.mass_messages),
    }


async def _reset(world: World, request: Request) -> Any:
    await world.reset(default_corp())
    return _counts(world)


async def _summary(world: World, request: Request) -> Any:
    return _counts(world)


async def _get_settings(world: World, request: Request) -> Any:
    return codec.dump(world.corp.settings)


def checked_settings(current: Settings, changes: dict[str, Any]) -> Settings:
    """Return settings with changes applied; raises ValueError for unknown names, wrong types or unknown choices."""
    merged = codec.load(Settings, {**codec.dump(current), **changes})
    check_settings(merged)
    return merged


def check_settings(settings: Settings) -> None:
    """Raise ValueError for an unknown choice or a cap that is none."""
    if settings.receiving_cap not in CAP_RULES:
        raise ValueError(f"receiving_cap is one of {', '.join(CAP_RULES)}")
    if settings.callback_order not in ORDERS:
        raise ValueError(f"callback_order is one of {', '.join(ORDERS)}")
    for caps in settings.rate_caps.values():
        parse_caps(caps)
    if settings.mem_change_list_format not in ("item", "comma"):
        raise ValueError("mem_change_list_format is item or comma")
    if settings.archive_consent_default not in CONSENTS:
        raise ValueError(f"archive_consent_default is one of {', '.join(CONSENTS)}")


async def _patch_settings(world: World, request: Request) -> Any:
    merged = checked_settings(world.corp.settings, await _body(request))
    for item in fields(Settings):
        setattr(world.corp.settings, item.name, getattr(merged, item.name))
    return codec.dump(merged)


async def _put_callback(world: World, request: Request) -> Any:
    data = await _body(request)
    verify = bool(data.pop("verify", False))
    config = codec.load(CallbackConfig, data)
    try:
        decode_key(config.encoding_aes_key)
    except CallbackCryptoError as error:
        raise ActorError("bad_aes_key", str(error), status=400) from error
    if verify:
        problem = await world.sender.verify_url(config, corp_id=world.corp.corp_id)
        if problem:
            raise ActorError("url_check_failed", f"the url did not pass the check: {problem}", status=400)
    others = [item for item in world.corp.callbacks if item.agent_id != config.agent_id]
    world.corp.callbacks = [*others, config]
    return {"agent_id": config.agent_id, "url": config.url, "verified": verify}


async def _delete_callback(world: World, request: Request) -> Any:
    world.corp.callbacks = []
    return {"callbacks": 0}


async def _get_clock(world: World, request: Request) -> Any:
    return world.clock.as_json()


async def _post_clock(world: World, request: Request) -> Any:
    data = await _body(request)
    now = data.get("now")
    instant = None if now is None else parse_instant(now) if isinstance(now, str) else float(now)
    world.clock.set(now=instant, frozen=data.get("frozen"), advance_seconds=float(data.get("advance_seconds", 0)))
    world.keep_clock()
    run_due(world)
    return world.clock.as_json()


def _rows(data: dict[str, Any], name: str) -> list[dict[str, Any]]:
    rows = data.get(name)
    if not isinstance(rows, list) or not all(isinstance(item, dict) for item in rows):
        raise ActorError("bad_field", f"{name!r} must be a list of objects", status=400)
    return rows


async def _post_departments(world: World, request: Request) -> Any:
    rows = [codec.load(Department, row) for row in _rows(await _body(request), "departments")]
    for row in rows:
        world.corp.departments[row.id] = row
    world.corp.ancestors.clear()
    return {"departments": len(rows)}


async def _post_staff(world: World, request: Request) -> Any:
    data = await _body(request)
    rows = _rows(data, "staff")
    kept = {item.name for item in fields(Staff)} - {"inbox"}
    loaded = []
    for row in rows:
        old = world.corp.staff.get(str(row.get("userid", "")))
        base = {name: codec.dump(getattr(old, name)) for name in kept} if old is not None else {}
        loaded.append((codec.load(Staff, {**base, **row}), old))
    for staff, old in loaded:
        if old is not None and not staff.inbox:
            staff.inbox = old.inbox
        world.corp.staff[staff.userid] = staff
        if old is None and data.get("emit"):
            note_arrival(world, staff)
    return {"staff": len(loaded)}


async def _post_customers(world: World, request: Request) -> Any:
    corp = world.corp
    loaded = []
    for row in _rows(await _body(request), "customers"):
        if not row.get("external_userid"):
            row = {**row, "external_userid": corp.new_id("external", "wm")}
        loaded.append(codec.load(Person, row))
    for person in loaded:
        old = corp.persons.get(person.external_userid)
        if old is not None:
            person.inbox, person.received = old.inbox, old.received
        corp.persons[person.external_userid] = person
    return {"external_userids": [person.external_userid for person in loaded]}


async def _inbox(world: World, request: Request) -> Any:
    person = person_of(world, request.path_params["actor_id"])
    return {"messages": person.inbox}


async def _staff_inbox(world: World, request: Request) -> Any:
    return {"messages": staff_of(world, request.path_params["actor_id"]).inbox}


async def _tasks(world: World, request: Request) -> Any:
    return {"tasks": actors.open_tasks(world, request.path_params["actor_id"])}


async def _customer_action(world: World, request: Request) -> Any:
    params = request.path_params
    return actors.perform(world, "customer", params["actor_id"], params["verb"], await _body(request))


async def _staff_action(world: World, request: Request) -> Any:
    params = request.path_params
    return actors.perform(world, "staff", params["actor_id"], params["verb"], await _body(request))


async def _admin_action(world: World, request: Request) -> Any:
    return actors.perform(world, "admin", "admin", request.path_params["verb"], await _body(request))


async def _batch(world: World, request: Request) -> Any:
    results: list[dict[str, Any]] = []
    for number, action in enumerate(_rows(await _body(request), "actions"), start=1):
        try:
            actor, actor_id, verb = (str(action.get(name, "")) for name in ("actor", "id", "do"))
            results.append(actors.perform(world, actor, actor_id, verb, action))
        except ActorError as error:
            results.append({"error": error.code, "message": str(error)})
        if number % ACTIONS_PER_BREATH == 0:
            world.commit()
            await asyncio.sleep(0)
    return {"results": results}


async def _drain(world: World, request: Request) -> Any:
    return await world.sender.drain(float((await _body(request)).get("timeout_seconds", 30)))


async def _get_callbacks(world: World, request: Request) -> Any:
    return world.sender.as_json()


async def _failed(world: World, request: Request) -> Any:
    return {"failed": [delivery.as_json() for delivery in world.sender.failures]}


async def _post_fault(world: World, request: Request) -> Any:
    order = shown(world.faults.order(await _body(request)))
    world.live.touch("faults")
    return order


async def _get_faults(world: World, request: Request) -> Any:
    return {"faults": world.faults.as_json()}


async def _delete_faults(world: World, request: Request) -> Any:
    world.faults.clear()
    world.live.touch("faults")
    return {"faults": []}


async def _delete_tokens(world: World, request: Request) -> Any:
    count = len(world.tokens)
    world.tokens.clear()
    return {"tokens": count}


async def _get_calls(world: World, request: Request) -> Any:
    query = request.query_params
    limit = query.get("limit", "100")
    return world.recorder.as_json(path=query.get("path"), limit=int(limit) if limit.isdigit() else 100)


async def _expect_calls(world: World, request: Request) -> Any:
    data = await _body(request)
    rows = _rows(data, "budgets") if "budgets" in data else [data]
    results = []
    for budget in [codec.load(Budget, row) for row in rows]:
        by_path = world.recorder.counted(budget.path, budget.errcode)
        counted = sum(by_path.values())
        met = budget.met_by(counted)
        results.append({"path": budget.path, "counted": counted, "met": met, "by_path": by_path})
    missed = [item for item in results if not item["met"]]
    if missed:
        text = ", ".join(f"{item['counted']} calls of {item['path']}" for item in missed)
        answer = {"error": "budget_missed", "message": f"outside the budget: {text}", "results": results}
        return JSONResponse(answer, status_code=409)
    return {"results": results}


async def _delete_calls(world: World, request: Request) -> Any:
    world.recorder.clear()
    world.live.touch("calls")
    return {"total": 0}


_TABLE: list[tuple[str, str, Answer]] = [
    ("GET", "/health", _health),
    ("GET", "/corp", _get_corp),
    ("PUT", "/corp", _put_corp),
    ("GET", "/corp/summary", _summary),
    ("POST", "/generate", _generate),
    ("POST", "/reset", _reset),
    ("GET", "/settings", _get_settings),
    ("PATCH", "/settings", _patch_settings),
    ("PUT", "/callback", _put_callback),
    ("DELETE", "/callback", _delete_callback),
    ("GET", "/clock", _get_clock),
    ("POST", "/clock", _post_clock),
    ("POST", "/departments", _post_departments),
    ("POST", "/staff", _post_staff),
    ("POST", "/customers", _post_customers),
    ("POST", "/actors/batch", _batch),
    ("GET", "/actors/customers/{actor_id}/inbox", _inbox),
    ("POST", "/actors/customers/{actor_id}/{verb}", _customer_action),
    ("GET", "/actors/staff/{actor_id}/inbox", _staff_inbox),
    ("GET", "/actors/staff/{actor_id}/tasks", _tasks),
    ("POST", "/actors/staff/{actor_id}/tasks/{verb}", _staff_action),
    ("POST", "/actors/staff/{actor_id}/{verb}", _staff_action),
    ("POST", "/actors/admin/{verb}", _admin_action),
    ("GET", "/callbacks", _get_callbacks),
    ("POST", "/callbacks/drain", _drain),
    ("GET", "/callbacks/failed", _failed),
    ("POST", "/faults", _post_fault),
    ("GET", "/faults", _get_faults),
    ("DELETE", "/faults", _delete_faults),
    ("DELETE", "/tokens", _delete_tokens),
    ("GET", "/calls", _get_calls),
    ("DELETE", "/calls", _delete_calls),
    ("POST", "/calls/expect", _expect_calls),
]


def _endpoint(world: World, answer: Answer) -> Callable[[Request], Awaitable[Response]]:
    async def handle(request: Request) -> Response:
        try:
            try:
                run_due(world)
                data = await answer(world, request)
                return data if isinstance(data, Response) else JSONResponse(codec.dump(data))
            finally:
                world.commit()
        except ActorError as error:
            return JSONResponse({"error": error.code, "message": str(error)}, status_code=error.status)
        except (ValueError, TypeError) as error:
            return JSONResponse({"error": "bad_request", "message": str(error)}, status_code=400)

    return handle


def admin_routes(world: World) -> list[Route]:
    """Return the routes of the admin API."""
    table = [*_TABLE, *outlets.TABLE, *reads.TABLE]
    return [Route(f"/emulator{path}", _endpoint(world, answer), methods=[method]) for method, path, answer in table]
