"""Admin calls of single areas: moments on phones, the check of a JS-SDK signature, the pull of the archive."""

import hmac
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request

from wecom_emulator.errors import ActorError, WeComError
from wecom_emulator.rules import archive, login, moments
from wecom_emulator.rules.friendships import person_of, staff_of
from wecom_emulator.state import documents
from wecom_emulator.state.archive import ArchiveRow
from wecom_emulator.world import World

PULLED = 1000
"""Rows in one pull of the archive, as GetChatData of the native SDK has it."""

Answer = Callable[[World, Request], Awaitable[Any]]


async def fields_of(request: Request) -> dict[str, Any]:
    """Return the url's parameters with the JSON object of the body over them; raises ActorError bad_json."""
    raw = await request.body()
    try:
        data = documents.parse(raw) if raw else {}
    except ValueError as error:
        raise ActorError("bad_json", f"the body is not JSON: {error}", status=400) from error
    if not isinstance(data, dict):
        raise ActorError("bad_json", "the body must be a JSON object", status=400)
    return {**request.query_params, **data}


async def _verify_js_signature(world: World, request: Request) -> Any:
    """Say whether a page would be let in: kind `corp` (wx.config) or `agent` (wx.agentConfig, with agent_id)."""
    data = await fields_of(request)
    app = None
    if data.get("kind") == "agent":
        agent_id = data.get("agent_id")
        app = world.corp.app_of(agent_id) if isinstance(agent_id, int) else None
        if app is None:
            raise ActorError("unknown_app", "kind agent needs the agent_id of an app", status=404)
    elif data.get("kind", "corp") != "corp":
        raise ActorError("bad_field", "kind is corp or agent", status=400)
    given = {name: str(data.get(name, "")) for name in ("noncestr", "timestamp", "url")}
    known = world.corp.js_tickets.get("corp" if app is None else f"agent{app.agent_id}")
    if known is None or known.expires_at <= world.clock.now():
        return {"valid": False, "reason": "no living ticket was handed out"}
    try:
        login.check_redirect(world, given["url"])
    except WeComError:
        return {"valid": False, "reason": "the page's domain is not trusted"}
    expected = login.js_signature(ticket=known.ticket, **given)
    if not hmac.compare_digest(expected.encode(), str(data.get("signature", "")).lower().encode()):
        return {"valid": False, "reason": "the signature does not match the ticket, noncestr, timestamp and url"}
    return {"valid": True, "reason": ""}


async def _customer_moments(world: World, request: Request) -> Any:
    return {"moments": moments.feed(world, person_of(world, request.path_params["actor_id"]).external_userid)}


async def _staff_moments(world: World, request: Request) -> Any:
    return moments.waiting_rows(world, staff_of(world, request.path_params["actor_id"]).userid)


def _archive_refusal(errcode: int, errmsg: str) -> dict[str, Any]:
    return {"errcode": errcode, "errmsg": errmsg, "chatdata": []}


def _archived(row: ArchiveRow) -> dict[str, Any]:
    """Return a row as the native SDK's decrypted message, with the seq that goes with it."""
    head: dict[str, Any] = {"seq": row.seq, "msgid": row.msgid, "action": row.action}
    if row.action == "switch":
        return {**head, "time": row.msgtime, "user": row.sender}
    address = {"from": row.sender, "tolist": row.tolist, "roomid": row.roomid, "msgtime": row.msgtime}
    return {**head, **address, "msgtype": row.msgtype, row.msgtype: row.body}


async def _pull_archive(world: World, request: Request) -> Any:
    """Answer at most 1,000 rows beyond a seq, in plain JSON; the archive's secret opens it."""
    data = await fields_of(request)
    secret = str(data.get("secret", "")) or request.headers.get("authorization", "").removeprefix("Bearer ")
    known = [app.secret for app in world.corp.apps if app.kind == "msgaudit"]
    if not any(hmac.compare_digest(secret.encode(), item.encode()) for item in known):
        return _archive_refusal(40001, "invalid credential: the secret of the message archive is needed")
    if not world.corp.settings.archive_on:
        return _archive_refusal(301052, "the corp has no message archive")
    seq, limit = (str(data.get(name, default)) for name, default in (("seq", 0), ("limit", PULLED)))
    if not seq.isdecimal() or not limit.isdecimal() or not 0 < int(limit) <= PULLED:
        return _archive_refusal(40058, f"invalid Request Parameter: seq from 0, limit 1 to {PULLED}")
    rows = archive.rows_after(world, int(seq), limit=int(limit))
    return {"errcode": 0, "errmsg": "ok", "chatdata": [_archived(row) for row in rows]}


TABLE: list[tuple[str, str, Answer]] = [
    ("GET", "/actors/customers/{actor_id}/moments", _customer_moments),
    ("GET", "/actors/staff/{actor_id}/moments", _staff_moments),
    ("GET", "/archive/pull", _pull_archive),
    ("POST", "/archive/pull", _pull_archive),
    ("POST", "/jssdk/verify", _verify_js_signature),
]
