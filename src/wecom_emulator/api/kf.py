"""Customer service: accounts, links, pulling messages, answering inside the windows."""

import hashlib
import re
from typing import Any

from wecom_emulator.api.call import Answer, Call, decode_cursor, either, encode_cursor, post
from wecom_emulator.errors import WeComError
from wecom_emulator.rules import kf
from wecom_emulator.rules.payload import living_media, object_of, string, web_address
from wecom_emulator.state.kf import SESSION_ASSISTANT, SESSION_NEW, KfAccount, KfLink

MSGID = re.compile(r"[0-9a-zA-Z_-]{1,32}\Z")
SCENE = re.compile(r"[0-9a-zA-Z_-]{0,32}\Z")
KEPT_SECONDS = 3 * 86_400
LINK_HOST = "https://work.weixin.qq.com/kf"


def _account(call: Call) -> KfAccount:
    account = call.corp.kf_accounts.get(call.text("open_kfid", missing=95000))
    if account is None or not account.manage_privilege:
        raise WeComError(95000)
    return account


@post("kf/account/add", "kf")
def add_account(call: Call) -> Answer:
    """Answer kf/account/add."""
    name = call.text("name", missing=40063, most=16)
    living_media(call.world, call.text("media_id"), "image")
    account = KfAccount(open_kfid=call.corp.new_id("kf", "wk"), name=name)
    call.corp.kf_accounts[account.open_kfid] = account
    return {"open_kfid": account.open_kfid}


@either("kf/account/list", "kf")
def list_accounts(call: Call) -> Answer:
    """Answer kf/account/list by offset and limit; a page shorter than limit is the last."""
    start, limit = call.integer("offset", 0), call.limit(default=100, most=100)
    rows = [
        {
            "open_kfid": item.open_kfid,
            "name": item.name,
            "avatar": item.avatar,
            "manage_privilege": item.manage_privilege,
        }
        for item in call.corp.kf_accounts.values()
    ]
    return {"account_list": rows[start : start + limit]}


@post("kf/add_contact_way", "kf")
def add_link(call: Call) -> Answer:
    """Answer kf/add_contact_way: the same url for the same account and scene."""
    account, scene = _account(call), call.text("scene")
    if not SCENE.match(scene):
        raise WeComError(40058, "invalid Request Parameter: scene should be at most 32 of 0-9a-zA-Z_-")
    seal = hashlib.blake2b(f"{call.corp.seed}:{account.open_kfid}:{scene}".encode(), digest_size=10).hexdigest()
    enc_scene = "ENC" + seal
    page = "kfc" + hashlib.blake2b(account.open_kfid.encode(), digest_size=8).hexdigest()
    link = account.links.setdefault(
        enc_scene, KfLink(enc_scene=enc_scene, scene=scene, url=f"{LINK_HOST}/{page}?enc_scene={enc_scene}")
    )
    return {"url": link.url}


def _first_kept(account: KfAccount, now: float) -> int:
    kept_from = now - KEPT_SECONDS
    return next((number for number, row in enumerate(account.rows) if row["send_time"] >= kept_from), len(account.rows))


def _check_pull_token(call: Call, account: KfAccount) -> None:
    token = call.text("token")
    if token:
        known = call.world.kf_tokens.get(token)
        if known is None or known.expires_at < call.world.clock.now():
            raise WeComError(95007)
        return
    limit = call.settings.kf_strict_sync_per_minute
    if limit:
        strict = f"kf/sync_msg without token:{account.open_kfid}"
        call.world.rates.check_limit(strict, now=call.world.clock.now(), per_minute=limit)


@post("kf/sync_msg", "kf")
def sync_messages(call: Call) -> Answer:
    """Answer kf/sync_msg: rows after the cursor, or of the last three days; 95007 for a bad or old token."""
    account = _account(call)
    _check_pull_token(call, account)
    cursor = call.text("cursor")
    start = decode_cursor(cursor) if cursor else _first_kept(account, call.world.clock.now())
    limit = call.limit(default=1000, most=1000)
    end = min(start + (max(1, limit // 2) if call.partial else limit), len(account.rows))
    return {
        "next_cursor": encode_cursor(end),
        "has_more": int(end < len(account.rows)),
        "msg_list": account.rows[start:end],
    }


def _check_text(call: Call, content: dict[str, Any]) -> None:
    string(content, "content", most=2048, required=True)


def _check_media(call: Call, content: dict[str, Any]) -> None:
    living_media(call.world, string(content, "media_id", most=512))


def _check_link(call: Call, content: dict[str, Any]) -> None:
    web_address(content, "url", required=True)
    string(content, "title", most=4096, required=True, missing=41016)  # over 128 bytes it is cut off, not refused
    living_media(call.world, string(content, "thumb_media_id", most=512), "image")


def _check_menu(call: Call, content: dict[str, Any]) -> None:
    string(content, "head_content", most=1024)
    string(content, "tail_content", most=1024)
    items = content.get("list") or []
    if not isinstance(items, list) or len(items) > 10:
        raise WeComError(95008, "too many menu items")
    for item in items:
        kind = object_of(item, "list").get("type")
        if kind not in ("click", "view", "miniprogram", "text"):
            raise WeComError(95009, "invalid menu item type")
        entry = object_of(item.get(kind), str(kind))
        string(
            entry,
            "content",
            most={"click": 128, "view": 1024, "miniprogram": 1024, "text": 256}[str(kind)],
            required=True,
        )


def _check_miniprogram(call: Call, content: dict[str, Any]) -> None:
    string(content, "appid", most=128, required=True)
    string(content, "pagepath", most=1024, required=True)
    living_media(call.world, string(content, "thumb_media_id", most=512), "image")


_CHECKS = {
    "text": _check_text,
    "image": _check_media,
    "voice": _check_media,
    "video": _check_media,
    "file": _check_media,
    "link": _check_link,
    "msgmenu": _check_menu,
    "miniprogram": _check_miniprogram,
}


def _check_body(call: Call, allowed: tuple[str, ...]) -> str:
    """Check type and content of an outgoing message and return its msgid, given or made."""
    msgtype = call.text("msgtype", missing=40008)
    if msgtype not in allowed:
        raise WeComError(40008)
    _CHECKS[msgtype](call, object_of(call.body.get(msgtype), msgtype))
    msgid = call.text("msgid")
    if msgid and not MSGID.match(msgid):
        raise WeComError(40058, "invalid Request Parameter: msgid should be at most 32 of 0-9a-zA-Z_-")
    return msgid or call.corp.new_id("kf_sent", "kfout")


@post("kf/send_msg", "kf")
def send_message(call: Call) -> Answer:
    """Answer kf/send_msg: state 0 or 1 (95018), 48 h (95002), five messages (95001), msgid not used before."""
    account, external_userid = _account(call), call.text("touser", missing=40063)
    if external_userid not in call.corp.persons:
        raise WeComError(40096)
    session = kf.session_of(account, external_userid)
    kf.check_window(call.world, session)
    if call.text("msgid") in account.sent_msgids:
        raise WeComError(call.settings.kf_duplicate_msgid_errcode, "invalid Request Parameter: msgid repeated")
    msgid = _check_body(call, tuple(_CHECKS))
    session.sent += 1
    if session.state == SESSION_NEW:
        session.state = SESSION_ASSISTANT
    kf.deliver(call.world, account, external_userid, msgid, call.body)
    return {"msgid": msgid}


@post("kf/send_msg_on_event", "kf")
def send_message_on_event(call: Call) -> Answer:
    """Answer kf/send_msg_on_event: a text or menu for an event's code, once and in time."""
    code = call.text("code", missing=40063)
    msgid = _check_body(call, ("text", "msgmenu"))
    account, taken = kf.take_code(call.world, code)
    kf.session_of(account, taken.external_userid).welcomed_at = call.world.clock.seconds()
    kf.deliver(call.world, account, taken.external_userid, msgid, call.body)
    return {"msgid": msgid}


@post("kf/service_state/get", "kf")
def get_state(call: Call) -> Answer:
    """Answer kf/service_state/get."""
    account, external_userid = _account(call), call.text("external_userid", missing=41035)
    if external_userid not in call.corp.persons:
        raise WeComError(40096)
    session = kf.session_of(account, external_userid)
    state = kf.shown_state(call.world, session)
    return {"service_state": state, "servicer_userid": session.servicer_userid if state == 3 else ""}


@post("kf/customer/batchget", "kf")
def batch_get_customers(call: Call) -> Answer:
    """Answer kf/customer/batchget; unknown ids are listed, not refused."""
    ids = call.texts("external_userid_list", most=100)
    if not ids:
        raise WeComError(40063)
    now, wants_context = call.world.clock.now(), call.flag("need_enter_session_context", default=False)
    known, unknown = [], []
    for external_userid in ids:
        person = call.corp.persons.get(external_userid)
        if person is None:
            unknown.append(external_userid)
            continue
        shown: dict[str, Any] = {
            "external_userid": external_userid,
            "nickname": person.name,
            "avatar": person.avatar,
            "gender": person.gender,
        }
        if person.unionid and call.settings.unionid_bound:
            shown["unionid"] = person.unionid
        if wants_context:
            _add_context(call, shown, now)
        known.append(shown)
    return {"customer_list": known, "invalid_external_userid": unknown}


def _add_context(call: Call, shown: dict[str, Any], now: float) -> None:
    entries = [
        session
        for account in call.corp.kf_accounts.values()
        if (session := account.sessions.get(shown["external_userid"])) is not None
        and session.entered_at > now - call.settings.kf_window_seconds
    ]
    if entries:
        last = max(entries, key=lambda session: session.entered_at)
        shown["enter_session_context"] = {"scene": last.entered_scene, "scene_param": last.entered_scene_param}
