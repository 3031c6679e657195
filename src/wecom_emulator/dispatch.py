"""From an HTTP request under /cgi-bin/ to a handler and back: tokens, rights, limits, faults, records."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Message, Receive, Scope, Send

from wecom_emulator.api import (
    acquisition,
    address_book_writes,
    albums,
    app_chats,
    app_messages,
    archive,
    contact_ways,
    contacts,
    customers,
    group_statistics,
    groups,
    id_conversion,
    intercept,
    join_ways,
    kf,
    kf_customers,
    kf_knowledge,
    kf_messages,
    login,
    media,
    messages,
    moments,
    served,
    staff_tags,
    statistics,
    strategies,
    strategy_tags,
    tags,
    transfers,
    webhooks,
    welcome_templates,
)
from wecom_emulator.api.call import ENDPOINTS, KEYED, NO_APP, Answer, Call, Endpoint, RawAnswer, Upload, authorize
from wecom_emulator.errors import WeComError, errmsg
from wecom_emulator.faults import Fault
from wecom_emulator.rates import bad_credentials
from wecom_emulator.recorder import RecordedCall
from wecom_emulator.rules.timers import run_due
from wecom_emulator.state import documents
from wecom_emulator.state.settings import App
from wecom_emulator.world import World

AREAS = (
    contacts,
    address_book_writes,
    staff_tags,
    login,
    id_conversion,
    customers,
    contact_ways,
    join_ways,
    tags,
    groups,
    group_statistics,
    messages,
    app_messages,
    app_chats,
    moments,
    albums,
    intercept,
    archive,
    media,
    kf,
    kf_messages,
    kf_customers,
    kf_knowledge,
    webhooks,
    transfers,
    welcome_templates,
    acquisition,
    strategies,
    strategy_tags,
    served,
    statistics,
)
"""The area modules; importing them fills the endpoint table."""

TRANSPORT = "wecom_emulator.transport"
"""Key of the connection's transport in the ASGI scope, put there by the server in `running`."""

SERIAL = "externalcontact/customer_strategy/"
"""Calls below this path are refused while another one of the same kind is in flight."""

OK = {"errcode": 0, "errmsg": "ok"}
JSON_TYPE = "application/json; charset=UTF-8"
FILENAME = re.compile(rb'filename="([^"]*)"')


@dataclass(slots=True)
class _Exchange:
    """What is known of a call while it is handled, for its record."""

    path: str
    query: dict[str, str]
    body: dict[str, Any] = field(default_factory=dict)
    upload: Upload | None = None
    bad_json: bool = False
    app: App | None = None
    size: int = 0


class CutConnection(Response):
    """No answer at all: the connection breaks."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Abort the transport; without one, break off in the middle of an answer."""
        transport = scope.get(TRANSPORT)
        if isinstance(transport, asyncio.Transport):
            transport.abort()
            while (await receive())["type"] != "http.disconnect":
                continue
            return
        start: Message = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]}
        await send(start)


def parse_upload(raw: bytes, content_type: str) -> Upload | None:
    """Return the first file of a multipart body, or None when there is none."""
    match = re.search(r'boundary="?([^";]+)"?', content_type)
    if match is None:
        return None
    for part in raw.split(b"--" + match.group(1).encode()):
        head, found, content = part.partition(b"\r\n\r\n")
        name = FILENAME.search(head)
        if found and name is not None:
            kind = re.search(rb"content-type:\s*([^\r\n;]+)", head, re.IGNORECASE)
            return Upload(
                filename=name.group(1).decode("utf-8", "replace"),
                content_type=kind.group(1).decode("ascii", "replace") if kind else "application/octet-stream",
                content=content.removesuffix(b"\r\n"),
            )
    return None


async def _read(request: Request, exchange: _Exchange) -> None:
    if request.method != "POST":
        return
    raw = await request.body()
    exchange.size = len(raw)
    content_type = request.headers.get("content-type", "")
    if content_type.startswith("multipart/"):
        exchange.upload = parse_upload(raw, content_type)
        return
    try:
        body = documents.parse(raw) if raw else {}
    except ValueError:
        body = None
    exchange.bad_json = not isinstance(body, dict)
    exchange.body = body if isinstance(body, dict) else {}


def _authenticated(world: World, request: Request, exchange: _Exchange, endpoint: Endpoint) -> App:
    settings = world.corp.settings
    app = NO_APP
    if endpoint.right != KEYED:
        ip = request.client.host if request.client else ""
        app = exchange.app = world.app_of_token(exchange.query.get("access_token", ""))
        if settings.trusted_ips and ip not in settings.trusted_ips:
            raise WeComError(60020)
        authorize(app, endpoint)
    if request.method not in endpoint.methods:
        raise WeComError(43002 if "POST" in endpoint.methods else 43001)
    world.rates.check(
        exchange.path,
        now=world.clock.now(),
        settings=settings,
        agent_id=app.agent_id,
        debug=exchange.query.get("debug") == "1",
    )
    return app


def _token(world: World, query: dict[str, str]) -> Answer:
    for name, missing in (("corpid", 41002), ("corpsecret", 41004)):
        if not query.get(name):
            raise WeComError(missing)
    token = world.issue_token(query["corpid"], query["corpsecret"])
    return {"access_token": token.token, "expires_in": int(token.expires_at - world.clock.now())}


def _handle(world: World, request: Request, exchange: _Exchange, fault: Fault | None) -> Answer | RawAnswer:
    ip, now = request.client.host if request.client else "", world.clock.now()
    world.rates.check_address(ip, now=now, settings=world.corp.settings)
    if exchange.path == "gettoken":
        world.rates.check_block(bad_credentials(ip), now=now)
        try:
            return _token(world, exchange.query)
        except WeComError:
            world.rates.note_bad_credentials(ip, now=now, settings=world.corp.settings)
            raise
    endpoint = ENDPOINTS[exchange.path]
    app = _authenticated(world, request, exchange, endpoint)
    call = Call(
        world=world,
        app=app,
        path=exchange.path,
        query=exchange.query,
        body=exchange.body,
        upload=exchange.upload,
        partial=fault is not None and fault.partial,
        empty=fault is not None and fault.empty,
    )
    return endpoint.handler(call)


def _refusal(world: World, request: Request, error: WeComError) -> Answer:
    ip = request.client.host if request.client else "127.0.0.1"
    text = errmsg(error.errcode, error.text, timestamp=world.clock.seconds(), number=world.calls, ip=ip)
    return {"errcode": error.errcode, "errmsg": text}


def _response(answer: Answer | RawAnswer, exchange: _Exchange) -> Response:
    if isinstance(answer, RawAnswer):
        disposition = f"attachment; filename*=UTF-8''{quote(answer.filename)}"
        return Response(answer.content, media_type=answer.content_type, headers={"Content-disposition": disposition})
    if exchange.bad_json:
        answer = {**answer, "errmsg": f"Warning: wrong json format. {answer['errmsg']}"}
    return Response(json.dumps(answer, ensure_ascii=False, separators=(",", ":")), media_type=JSON_TYPE)


async def _answered(
    world: World, request: Request, exchange: _Exchange, fault: Fault | None
) -> tuple[Answer | RawAnswer, bool]:
    """Return the answer and whether the connection is cut instead of giving it."""
    seconds = fault.seconds() if fault is not None else 0
    if seconds:
        await asyncio.sleep(seconds)
    if fault is not None and not fault.after_effect:
        world.kill_tokens(fault, exchange.query.get("access_token", ""))
    if fault is not None and not fault.after_effect:
        if fault.cut:
            return dict(OK), True
        if fault.errcode is not None:
            return _refusal(world, request, WeComError(fault.errcode)), False
    run_due(world)
    try:
        answer = _handle(world, request, exchange, fault)
    except WeComError as error:
        return _refusal(world, request, error), False
    finally:
        world.commit()
    if fault is not None and fault.after_effect:
        world.kill_tokens(fault, exchange.query.get("access_token", ""))
    if not isinstance(answer, RawAnswer):
        answer = {**OK, **answer}
    if fault is not None and fault.errcode is not None:
        return _refusal(world, request, WeComError(fault.errcode)), fault.cut
    return answer, fault is not None and fault.cut


def _over_concurrency(world: World, path: str) -> bool:
    settings = world.corp.settings
    limit = 1 if path.startswith(SERIAL) else settings.concurrency_limits.get(path, settings.concurrency_limit)
    return bool(limit) and world.recorder.in_flight(path) > limit


def cgi_handler(world: World) -> Callable[[Request], Awaitable[Response]]:
    """Return the ASGI endpoint for everything under /cgi-bin/."""

    async def handle(request: Request) -> Response:
        path = request.path_params["path"]
        if path != "gettoken" and path not in ENDPOINTS:
            return PlainTextResponse(f"the emulator has no /cgi-bin/{path}", status_code=404)
        world.calls += 1
        world.base_url = world.base_url or str(request.base_url).rstrip("/")
        exchange = _Exchange(path=path, query=dict(request.query_params))
        world.recorder.begin(path)
        try:
            await _read(request, exchange)
            if _over_concurrency(world, path):
                answer: Answer | RawAnswer = _refusal(world, request, WeComError(45033))
                cut = False
            else:
                answer, cut = await _answered(world, request, exchange, world.faults.draw(path))
        finally:
            world.recorder.end(path)
        _record(world, request, exchange, answer)
        world.live.touch("calls", "faults")
        return CutConnection() if cut else _response(answer, exchange)

    return handle


def _record(world: World, request: Request, exchange: _Exchange, answer: Answer | RawAnswer) -> None:
    hidden = {"access_token", "corpsecret", "key"}
    world.recorder.add(
        RecordedCall(
            at=world.clock.seconds(),
            method=request.method,
            path=exchange.path,
            agent_id=exchange.app.agent_id if exchange.app else None,
            query={name: value for name, value in exchange.query.items() if name not in hidden},
            body=exchange.body,
            errcode=0 if isinstance(answer, RawAnswer) else int(answer["errcode"]),
        ),
        size=exchange.size,
    )
