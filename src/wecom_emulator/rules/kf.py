"""Customer service (kf): sessions, entering, writing, the bell, and the windows in which the corp may answer."""

import base64
import binascii
import hashlib
import secrets
from typing import Any

from wecom_emulator.callbacks import EventField
from wecom_emulator.errors import ActorError, WeComError
from wecom_emulator.rules import kf_days, talks
from wecom_emulator.state.kf import (
    CODE_WELCOME,
    ORIGIN_API,
    ORIGIN_CUSTOMER,
    ORIGIN_EVENT,
    SESSION_ASSISTANT,
    SESSION_ENDED,
    SESSION_NEW,
    SESSION_POOL,
    SESSION_SERVICER,
    KfAccount,
    KfCode,
    KfMessage,
    KfRow,
    KfSession,
    pair,
)
from wecom_emulator.world import KfToken, World

KEPT_SECONDS = 3 * 86_400
BELL = "kf_msg_or_event"
FAIL_EXPIRED, FAIL_OVER_COUNT, FAIL_REFUSED = 4, 6, 10


def account_of(world: World, open_kfid: str) -> KfAccount:
    """Return a kf account for an actor; raises ActorError unknown_kf_account."""
    account = world.corp.kf_accounts.get(open_kfid)
    if account is None:
        raise ActorError("unknown_kf_account", "no such kf account: see kf/account/list", status=404)
    return account


def page_of(open_kfid: str) -> str:
    """Return the part of an account's links that names it."""
    return "kfc" + hashlib.blake2b(open_kfid.encode(), digest_size=8).hexdigest()


def session_of(world: World, open_kfid: str, external_userid: str) -> KfSession:
    """Return the session of a customer at an account, an ended one for a stranger; a silent one ends here."""
    session = world.corp.kf_sessions.setdefault(
        pair(open_kfid, external_userid), KfSession(open_kfid=open_kfid, external_userid=external_userid)
    )
    settle(world, session)
    return session


def silent(world: World, session: KfSession) -> bool:
    """Return whether the customer has not written for 48 hours."""
    return world.clock.now() - session.last_customer_at > world.corp.settings.kf_window_seconds


def settle(world: World, session: KfSession) -> None:
    """End a session whose customer has been silent for 48 hours; an event tells it only when the setting says so."""
    if session.state == SESSION_ENDED or not silent(world, session):
        return
    servicer = session.servicer_userid
    end(session)
    session.expired = True
    account = world.corp.kf_accounts.get(session.open_kfid)
    if world.corp.settings.kf_expiry_emits_event and account is not None:
        change = {"external_userid": session.external_userid, "change_type": 3, "old_servicer_userid": servicer}
        add_event(world, account, "session_status_change", change)


def settle_all(world: World, account: KfAccount) -> None:
    """End every silent session of an account, so that a pull shows the events of their ends."""
    if world.corp.settings.kf_expiry_emits_event:
        for session in world.corp.kf_sessions_of(account.open_kfid):
            settle(world, session)


def end(session: KfSession) -> None:
    """Close a session; the customer's next message opens another one."""
    if session.servicer_userid and session.servicer_userid not in session.former:
        session.former.append(session.servicer_userid)
    session.state, session.servicer_userid = SESSION_ENDED, ""


def serve(world: World, session: KfSession, userid: str) -> None:
    """Give a session to a servicer."""
    if session.servicer_userid and session.servicer_userid not in session.former:
        session.former.append(session.servicer_userid)
    kf_days.note_to_people(world, session)
    session.state, session.servicer_userid, session.expired = SESSION_SERVICER, userid, False
    kf_days.note_served(world, session, userid)


def to_pool(world: World, session: KfSession) -> None:
    """Let a session wait for a servicer."""
    kf_days.note_to_people(world, session)
    session.state, session.servicer_userid = SESSION_POOL, ""


def to_assistant(world: World, session: KfSession) -> None:
    """Let the API's robot have a session."""
    session.state = SESSION_ASSISTANT
    kf_days.note_assistant(world, session)


def add_row(world: World, account: KfAccount, row: dict[str, Any], *, voices: list[str] | None = None) -> str:
    """Append a row to what sync_msg hands out, ring the bell, and return the row's msgid."""
    msgid = world.corp.new_id("kf_row", "kfmsg")
    account.last_seq += 1
    now = world.clock.seconds()
    world.corp.kf_rows[pair(account.open_kfid, account.last_seq)] = KfRow(
        open_kfid=account.open_kfid,
        seq=account.last_seq,
        send_time=now,
        row={"msgid": msgid, "send_time": now, **row},
        voices=voices or [],
    )
    ring(world, account)
    return msgid


def add_message(
    world: World,
    session: KfSession,
    *,
    account: KfAccount,
    origin: int,
    by: str,
    msgtype: str,
    body: dict[str, Any],
    voices: list[str] | None = None,
) -> str:
    """Append the row of a customer's or servicer's message and remember it by its msgid, which is returned."""
    row = {"open_kfid": account.open_kfid, "external_userid": session.external_userid, "origin": origin}
    if origin != ORIGIN_CUSTOMER:
        row["servicer_userid"] = by
    msgid = add_row(world, account, {**row, "msgtype": msgtype, msgtype: body}, voices=voices)
    keep_message(world, session, msgid=msgid, origin=origin, by=by)
    return msgid


def keep_message(world: World, session: KfSession, *, msgid: str, origin: int, by: str = "") -> None:
    """Remember a message by its msgid, which is unique per account."""
    world.corp.kf_messages[pair(session.open_kfid, msgid)] = KfMessage(
        msgid=msgid,
        open_kfid=session.open_kfid,
        external_userid=session.external_userid,
        origin=origin,
        at=world.clock.seconds(),
        by=by,
    )


def add_event(world: World, account: KfAccount, event_type: str, fields: dict[str, Any]) -> str:
    """Append an event row; what is None is left out."""
    event = {"event_type": event_type, "open_kfid": account.open_kfid}
    event |= {name: value for name, value in fields.items() if value is not None}
    return add_row(world, account, {"origin": ORIGIN_EVENT, "msgtype": "event", "event": event})


def ring(world: World, account: KfAccount) -> None:
    """Send kf_msg_or_event with a fresh token for pulling to the apps that manage the account.

    With the setting kf_merge_bells a bell that still waits to be sent stands for what comes after it, too.
    """
    settings = world.corp.settings
    if not account.manage_privilege:
        return
    if settings.kf_merge_bells and world.sender.waiting(BELL, account.open_kfid):
        return
    token = "ENC" + secrets.token_urlsafe(24)
    expires_at = world.clock.now() + settings.kf_token_seconds
    world.kf_tokens[token] = KfToken(open_kfid=account.open_kfid, expires_at=expires_at)
    fields: list[EventField] = [("Token", token), ("OpenKfId", account.open_kfid)]
    agents = [
        app.agent_id
        for app in world.corp.apps
        if app.kf and (account.managers is None or app.agent_id in account.managers)
    ]
    world.emit(BELL, "", fields, subject=account.open_kfid, from_user="", agents=agents)


def new_code(world: World, session: KfSession, *, state: int) -> str:
    """Return a fresh code for one message on an event: 20 s for a welcome or a goodbye, 48 h for the others."""
    settings = world.corp.settings
    short = state in (CODE_WELCOME, SESSION_ENDED)
    code = world.corp.new_id("kf_code", "kfcode", length=40)
    world.corp.kf_codes[code] = KfCode(
        code=code,
        open_kfid=session.open_kfid,
        external_userid=session.external_userid,
        expires_at=world.clock.now() + (settings.kf_welcome_code_seconds if short else settings.kf_window_seconds),
        state=state,
    )
    return code


def enter(
    world: World,
    external_userid: str,
    *,
    account: KfAccount,
    scene: str,
    scene_param: str,
    channels: dict[str, Any] | None = None,
) -> str | None:
    """Let a customer open the chat; return the welcome code if one is due, as by the 48-hour rule."""
    session, now = session_of(world, account.open_kfid, external_userid), world.clock.seconds()
    settings = world.corp.settings
    session.entered_scene, session.entered_scene_param, session.entered_at = scene, scene_param, now
    session.entered_channels = channels or {}
    quiet_since = max(session.welcomed_at, session.last_customer_at)
    code = None
    if now - quiet_since > settings.kf_window_seconds:
        if not (account.native_welcome and settings.kf_native_welcome_blocks_code):
            code = new_code(world, session, state=CODE_WELCOME)
        if account.native_welcome:
            session.welcomed_at = now
            put_letter(world, account, external_userid, text=account.native_welcome)
    seen = {
        "external_userid": external_userid,
        "scene": scene or None,
        "scene_param": scene_param or None,
        "welcome_code": code,
        "wechat_channels": channels or None,
    }
    add_event(world, account, "enter_session", seen)
    return code


def write(
    world: World,
    external_userid: str,
    *,
    account: KfAccount,
    msgtype: str,
    body: dict[str, Any],
    voices: list[str] | None = None,
) -> str:
    """Store a customer's message, open or refresh the session, ring the bell; return the msgid.

    Raises ActorError refused when a servicer takes no more messages of this customer.
    """
    session = session_of(world, account.open_kfid, external_userid)
    if session.refused_by:
        raise ActorError("refused", "a servicer refuses this customer's messages: the message is not delivered")
    if session.state == SESSION_ENDED:
        session.state, session.servicer_userid, session.expired = SESSION_NEW, "", False
        session.coded, session.tallied, session.asked_at, session.replied = [], [], 0, False
    session.last_customer_at, session.sent = world.clock.seconds(), 0
    session.refused_by_customer = False
    kf_days.note_message(world, session)
    _note_line(world, session, msgtype, body)
    msgid = add_message(
        world,
        session,
        account=account,
        origin=ORIGIN_CUSTOMER,
        by=external_userid,
        msgtype=msgtype,
        body=body,
        voices=voices,
    )
    if not account.manage_privilege and session.state in (SESSION_NEW, SESSION_ASSISTANT):
        _serve_natively(world, account, session, str(body.get("content", "")))
    return msgid


def _note_line(world: World, session: KfSession, msgtype: str, body: dict[str, Any]) -> None:
    key, customer = talks.kf_key(session.open_kfid, session.external_userid), session.external_userid
    if msgtype == "text":
        talks.note(world, key, sender=customer, text=str(body.get("content", "")))
    else:
        talks.note(world, key, sender=customer, attachments=[{"msgtype": msgtype, msgtype: body}])


def _serve_natively(world: World, account: KfAccount, session: KfSession, question: str) -> None:
    """Do what the console's rules do: the smart reply answers from the knowledge base, else a person is waited for."""
    answer = ""
    if account.smart_reply:
        to_assistant(world, session)
        known = next(
            (item for item in world.corp.kf_intents.values() if question in (item.question, *item.similar)), None
        )
        answer = known.answers[0]["text"]["content"] if known is not None else ""
        day = kf_days.account_day(world, session)
        day.questions, day.hits = day.questions + 1, day.hits + int(bool(answer))
    if answer:
        put_letter(world, account, session.external_userid, text=answer)
    else:
        to_pool(world, session)


def put_letter(
    world: World,
    account: KfAccount,
    external_userid: str,
    *,
    text: str,
    attachments: list[dict[str, Any]] | None = None,
    msgid: str = "",
    servicer: str = "",
) -> None:
    """Put a message of the account into the customer's inbox; `servicer` is the member behind it, if one is."""
    letter = {"at": world.clock.seconds(), "via": "kf", "from": account.open_kfid, "text": text}
    letter["attachments"] = attachments or []
    if msgid:
        letter["msgid"] = msgid
    if servicer:
        letter["servicer"] = servicer
    world.corp.persons[external_userid].inbox.append(letter)


def check_window(world: World, session: KfSession) -> int:
    """Return the fail_type under which an accepted message would fail, 0 for none.

    Raises WeComError 95018 for a session that people have or that ended, and 95002 (48 h) or 95001 (five messages)
    unless the setting kf_async_window_errors turns these into msg_send_fail.
    """
    if session.state not in (SESSION_NEW, SESSION_ASSISTANT) and not session.expired:
        raise WeComError(95018)
    settings, fail_type, errcode = world.corp.settings, 0, 0
    if session.expired:
        fail_type, errcode = FAIL_EXPIRED, 95002
    elif session.sent >= settings.kf_messages_per_window:
        fail_type, errcode = FAIL_OVER_COUNT, 95001
    if errcode and not settings.kf_async_window_errors:
        raise WeComError(errcode)
    return fail_type


def deliver(
    world: World, account: KfAccount, session: KfSession, *, msgid: str, body: dict[str, Any], fail_type: int
) -> None:
    """Take a message of the API: into the customer's inbox, or as msg_send_fail when it cannot arrive."""
    keep_message(world, session, msgid=msgid, origin=ORIGIN_API)
    if not fail_type and session.refused_by_customer:
        fail_type = FAIL_REFUSED
    if not fail_type and account.fail_next:
        fail_type = account.fail_next.pop(0)
    if fail_type:
        failure = {"external_userid": session.external_userid, "fail_msgid": msgid, "fail_type": fail_type}
        add_event(world, account, "msg_send_fail", failure)
        return
    kind = body["msgtype"]
    content = {"text": "content", "msgmenu": "head_content"}.get(kind)
    put_letter(
        world,
        account,
        session.external_userid,
        text=str(body[kind].get(content, "")) if content else "",
        attachments=[] if kind == "text" else [{"msgtype": kind, kind: body[kind]}],
        msgid=msgid,
    )


def first_kept(world: World, account: KfAccount) -> int:
    """Return the number of rows before the oldest one of the last three days; rows are in the order of time."""
    kept_from, low, high = world.clock.now() - KEPT_SECONDS, 0, account.last_seq
    while low < high:
        middle = (low + high) // 2
        if world.corp.kf_rows[pair(account.open_kfid, middle + 1)].send_time >= kept_from:
            high = middle
        else:
            low = middle + 1
    return low


def cursor_of(world: World, account: KfAccount, seq: int) -> str:
    """Return the opaque cursor after a row, good for this account alone."""
    return base64.urlsafe_b64encode(f"{seq}.{_cursor_mark(world, account, seq)}".encode()).decode().rstrip("=")


def seq_of(world: World, account: KfAccount, cursor: str) -> int:
    """Return the row number of a cursor; raises WeComError 40058 for one that this account never gave."""
    try:
        number, _, mark = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().partition(".")
        seq = int(number)
    except (binascii.Error, ValueError):
        raise WeComError(40058, "invalid Request Parameter: cursor") from None
    if not 0 <= seq <= account.last_seq or mark != _cursor_mark(world, account, seq):
        raise WeComError(40058, "invalid Request Parameter: cursor")
    return seq


def _cursor_mark(world: World, account: KfAccount, seq: int) -> str:
    plain = f"{world.corp.seed}:{account.open_kfid}:{seq}"
    return hashlib.blake2b(plain.encode(), digest_size=8).hexdigest()
