"""The reads of the phones and the live stream, as rows of the admin side's table."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse

from wecom_emulator.contract.document import document, page
from wecom_emulator.errors import ActorError
from wecom_emulator.outlets import fields_of
from wecom_emulator.phone import chats, desk, people
from wecom_emulator.rules.friendships import person_of, staff_of
from wecom_emulator.world import World

Answer = Callable[[World, Request], Awaitable[Any]]

TEXT, BYTES = "text/event-stream", "application/octet-stream"


def _number(request: Request, name: str) -> int:
    given = request.query_params.get(name, "0")
    if not given.isdecimal() or len(given) > 15:
        raise ActorError("bad_field", f"{name!r} is a whole number", status=400)
    return int(given)


async def _people(world: World, request: Request) -> Any:
    query, after = request.query_params.get("q", "").strip(), _number(request, "after")
    find = {"customers": people.customers, "staff": people.staff}.get(request.query_params.get("kind", "customers"))
    if find is None:
        raise ActorError("bad_field", "kind is customers or staff", status=400)
    found = find(world.corp, query, after=after)
    return {"people": found.people, "after": found.after}


async def _codes(world: World, request: Request) -> Any:
    return desk.codes(world, request.query_params.get("q", "").strip())


async def _customer(world: World, request: Request) -> Any:
    return chats.customer_home(world, request.path_params["actor_id"])


async def _staff(world: World, request: Request) -> Any:
    return desk.staff_home(world, request.path_params["actor_id"], request.query_params.get("q", "").strip())


async def _customer_lines(world: World, request: Request) -> Any:
    me = person_of(world, request.path_params["actor_id"]).external_userid
    return {"lines": chats.lines_of(world, me, me, request.query_params.get("chat", ""))}


async def _staff_lines(world: World, request: Request) -> Any:
    me = staff_of(world, request.path_params["actor_id"]).userid
    chat, customer = request.query_params.get("chat", ""), request.query_params.get("external_userid", "")
    return {"lines": chats.lines_of(world, me, customer, chat)}


async def _group(world: World, request: Request) -> Any:
    return chats.group_shown(world, request.path_params["chat_id"])


async def _corp(world: World, request: Request) -> Any:
    return desk.corp_shown(world)


async def _change_app(world: World, request: Request) -> Any:
    """Set the visible range of an app; null on both sides is the whole corp."""
    agent_id = request.path_params["agent_id"]
    app = world.corp.app_of(int(agent_id)) if agent_id.isdecimal() else None
    if app is None:
        raise ActorError("unknown_app", "no app has this agent_id: see GET /emulator/console", status=404)
    data = await fields_of(request)
    users, departments = data.get("visible_users"), data.get("visible_departments")
    if users is not None and not (isinstance(users, list) and all(isinstance(item, str) for item in users)):
        raise ActorError("bad_field", "'visible_users' is a list of userids or null", status=400)
    if departments is not None and not (
        isinstance(departments, list) and all(isinstance(item, int) for item in departments)
    ):
        raise ActorError("bad_field", "'visible_departments' is a list of department ids or null", status=400)
    app.visible_users, app.visible_departments = users, departments
    return {"agent_id": app.agent_id, "visible_users": users, "visible_departments": departments}


async def _media(world: World, request: Request) -> Any:
    """A file by its media_id for the phones, also after its three days."""
    media = world.corp.media.get(request.path_params["media_id"])
    if media is None:
        raise ActorError("unknown_media", "no such file", status=404)
    headers = {"Content-Security-Policy": "sandbox", "X-Content-Type-Options": "nosniff"}
    return Response(media.content, media_type=media.content_type, headers=headers)


async def _stream(world: World, request: Request) -> Any:
    who, _, name = request.query_params.get("actor", "corp").partition("/")
    if who == "customers":
        person_of(world, name)
    elif who == "staff":
        staff_of(world, name)
    elif who != "corp":
        raise ActorError("bad_field", "actor is corp, customers/EXTERNAL_USERID or staff/USERID", status=400)
    return StreamingResponse(_told(world, (who, name)), media_type=TEXT, headers={"Cache-Control": "no-store"})


async def _told(world: World, actor: tuple[str, str]) -> AsyncIterator[str]:
    stream = world.live.open(world.corp, actor)
    try:
        async for event in stream.told():
            yield event
    finally:
        world.live.drop(world.corp, stream)


async def _openapi(world: World, request: Request) -> Any:
    return document()


async def _docs(world: World, request: Request) -> Any:
    return HTMLResponse(page())


TABLE: list[tuple[str, str, Answer]] = [
    ("GET", "/people", _people),
    ("GET", "/codes", _codes),
    ("GET", "/console", _corp),
    ("PATCH", "/apps/{agent_id}", _change_app),
    ("GET", "/actors/customers/{actor_id}/phone", _customer),
    ("GET", "/actors/customers/{actor_id}/chat", _customer_lines),
    ("GET", "/actors/staff/{actor_id}/phone", _staff),
    ("GET", "/actors/staff/{actor_id}/chat", _staff_lines),
    ("GET", "/groups/{chat_id}", _group),
    ("GET", "/media/{media_id}", _media),
    ("GET", "/stream", _stream),
    ("GET", "/openapi.json", _openapi),
    ("GET", "/docs", _docs),
]
