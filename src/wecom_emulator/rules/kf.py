"""Customer service (kf): entering, writing, the bell, and the windows in which the corp may answer."""

import secrets
from typing import Any
from urllib.parse import parse_qs, urlsplit

from wecom_emulator.callbacks import EventField
from wecom_emulator.errors import ActorError, WeComError
from wecom_emulator.state.kf import SESSION_ASSISTANT, SESSION_ENDED, SESSION_NEW, KfAccount, KfCode, KfSession
from wecom_emulator.world import KfToken, World

ORIGIN_CUSTOMER = 3
ORIGIN_EVENT = 4


def account_of(world: World, open_kfid: str) -> KfAccount:
    """Return a kf account for an actor; raises ActorError unknown_kf_account."""
    account = world.corp.kf_accounts.get(open_kfid)
    if account is None:
        raise ActorError("unknown_kf_account", "no such kf account: see kf/account/list", status=404)
    return account


def session_of(account: KfAccount, external_userid: str) -> KfSession:
    """Return the session of a customer at an account, opening an empty one."""
    return account.sessions.setdefault(external_userid, KfSession(external_userid=external_userid))


def shown_state(world: World, session: KfSession) -> int:
    """Return the state that service_state/get shows: ended once the customer has been silent for 48 hours."""
    silent = world.clock.now() - session.last_customer_at
    return SESSION_ENDED if silent > world.corp.settings.kf_window_seconds else session.state


def enter(world: World, external_userid: str, *, account: KfAccount, scene: str, scene_param: str) -> str | None:
    """Let a customer open the chat; return the welcome code if one is due, as by the 48-hour rule."""
    session, now = session_of(account, external_userid), world.clock.seconds()
    settings = world.corp.settings
    quiet_since = max(session.welcomed_at, session.last_customer_at)
    body: dict[str, Any] = {
        "event_type": "enter_session",
        "open_kfid": account.open_kfid,
        "external_userid": external_userid,
    }
    session.entered_scene, session.entered_scene_param, session.entered_at = scene, scene_param, now
    if scene:
        body["scene"] = scene
    if scene_param:
        body["scene_param"] = scene_param
    code = None
    if not account.native_welcome and now - quiet_since > settings.kf_window_seconds:
        code = world.corp.new_id("kf_code", "kfcode", length=40)
        account.codes[code] = KfCode(
            code=code,
            external_userid=external_userid,
            expires_at=world.clock.now() + settings.kf_welcome_code_seconds,
        )
        body["welcome_code"] = code
    _add_row(world, account, {"origin": ORIGIN_EVENT, "msgtype": "event", "event": body})
    ring(world, account)
    return code


def enter_by_url(world: World, external_userid: str, url: str) -> tuple[KfAccount, str | None]:
    """Let a customer open a kf link; a link nobody made raises ActorError unknown_kf_link."""
    query = parse_qs(urlsplit(url).query)
    enc_scene = query.get("enc_scene", [""])[0]
    for account in world.corp.kf_accounts.values():
        link = account.links.get(enc_scene)
        if link is not None:
            scene_param = query.get("scene_param", [""])[0] if link.scene else ""
            return account, enter(world, external_userid, account=account, scene=link.scene, scene_param=scene_param)
    raise ActorError(
        "unknown_kf_link", "the link was altered or never made: take it from kf/add_contact_way", status=404
    )


def write(world: World, external_userid: str, *, account: KfAccount, msgtype: str, body: dict[str, Any]) -> str:
    """Store a customer's message, open or refresh the session, ring the bell; return the msgid."""
    session = session_of(account, external_userid)
    if shown_state(world, session) == SESSION_ENDED:
        session.state, session.servicer_userid = SESSION_NEW, ""
    session.last_customer_at = world.clock.seconds()
    session.sent = 0
    row = {
        "open_kfid": account.open_kfid,
        "external_userid": external_userid,
        "origin": ORIGIN_CUSTOMER,
        "msgtype": msgtype,
        msgtype: body,
    }
    msgid = _add_row(world, account, row)
    ring(world, account)
    return msgid


def ring(world: World, account: KfAccount) -> None:
    """Send kf_msg_or_event with a fresh token for pulling."""
    token = "ENC" + secrets.token_urlsafe(24)
    world.kf_tokens[token] = KfToken(
        open_kfid=account.open_kfid, expires_at=world.clock.now() + world.corp.settings.kf_token_seconds
    )
    fields: list[EventField] = [("Token", token), ("OpenKfId", account.open_kfid)]
    world.emit("kf_msg_or_event", "", fields, subject=account.open_kfid, from_user="")


def _add_row(world: World, account: KfAccount, row: dict[str, Any]) -> str:
    msgid = world.corp.new_id("kf_row", "kfmsg")
    account.rows.append({"msgid": msgid, "send_time": world.clock.seconds(), **row})
    return msgid


def check_window(world: World, session: KfSession) -> None:
    """Raise WeComError 95018, 95002 or 95001 when the corp may not write to this customer now."""
    if session.state not in (SESSION_NEW, SESSION_ASSISTANT):
        raise WeComError(95018)
    settings = world.corp.settings
    if world.clock.now() - session.last_customer_at > settings.kf_window_seconds:
        raise WeComError(95002)
    if session.sent >= settings.kf_messages_per_window:
        raise WeComError(95001)


def take_code(world: World, code: str) -> tuple[KfAccount, KfCode]:
    """Use up an event code; raises WeComError with the setting's errcode when it is unknown, late or used."""
    for account in world.corp.kf_accounts.values():
        known = account.codes.get(code)
        if known is not None and not known.used and known.expires_at >= world.clock.now():
            known.used = True
            return account, known
    raise WeComError(world.corp.settings.kf_bad_code_errcode)


def deliver(world: World, account: KfAccount, external_userid: str, msgid: str, body: dict[str, Any]) -> None:
    """Put a message of the corp into the customer's inbox and remember its msgid."""
    now = world.clock.seconds()
    account.sent_msgids[msgid] = now
    content = body.get("text", {}).get("content", "") if body.get("msgtype") == "text" else ""
    if body.get("msgtype") == "msgmenu":
        content = str(body["msgmenu"].get("head_content", ""))
    others = (
        [] if body.get("msgtype") == "text" else [{"msgtype": body["msgtype"], body["msgtype"]: body[body["msgtype"]]}]
    )
    letter = {"at": now, "via": "kf", "from": account.open_kfid, "text": content, "attachments": others, "msgid": msgid}
    world.corp.persons[external_userid].inbox.append(letter)
