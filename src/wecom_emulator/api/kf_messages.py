"""Customer service: pulling messages and answering inside the windows."""

from typing import Any

from wecom_emulator.api.call import Answer, Call, post
from wecom_emulator.api.kf import customer_id, managed_account, manages
from wecom_emulator.errors import WeComError
from wecom_emulator.rules import kf
from wecom_emulator.rules.kf_outgoing import ALL_TYPES, EVENT_TYPES, MSGID, checked_message
from wecom_emulator.state.kf import (
    CODE_WELCOME,
    SESSION_ENDED,
    SESSION_NEW,
    KfAccount,
    KfCode,
    KfRow,
    KfSession,
    pair,
)

CURSOR_BYTES, TOKEN_BYTES = 64, 128


def _check_pull_token(call: Call, account: KfAccount) -> None:
    token = call.text("token", most=TOKEN_BYTES)
    if token:
        known = call.world.kf_tokens.get(token)
        if known is None or known.open_kfid != account.open_kfid or known.expires_at < call.world.clock.now():
            raise WeComError(95007)
        return
    limit = call.settings.kf_strict_sync_per_minute
    if limit:
        strict = f"kf/sync_msg without token:{account.open_kfid}"
        call.world.rates.check_limit(strict, now=call.world.clock.now(), per_minute=limit)


def _shown(kept: KfRow, voice_format: int) -> dict[str, Any]:
    if not kept.voices:
        return kept.row
    return {**kept.row, "voice": {"media_id": kept.voices[voice_format]}}


@post("kf/sync_msg", "kf")
def sync_messages(call: Call) -> Answer:
    """Answer kf/sync_msg: rows after the cursor, or of the last three days; 95007 for a bad or old token."""
    account, world = managed_account(call), call.world
    _check_pull_token(call, account)
    voice_format = call.integer("voice_format", 0)
    if voice_format not in (0, 1):
        raise WeComError(40058, "invalid Request Parameter: voice_format should be 0 or 1")
    cursor = call.text("cursor", most=CURSOR_BYTES)
    kf.settle_all(world, account)
    start = kf.seq_of(world, account, cursor) if cursor else kf.first_kept(world, account)
    limit = call.limit(default=1000, most=1000)
    end = min(start + call.page_size(limit), account.last_seq)
    if account.empty_pages and end > start:
        account.empty_pages -= 1
        end = start
    keys = [pair(account.open_kfid, seq) for seq in range(start + 1, end + 1)]
    rows = call.corp.kf_rows.read_many(keys)
    return {
        "next_cursor": kf.cursor_of(world, account, end),
        "has_more": int(end < account.last_seq),
        "msg_list": [_shown(rows[key], voice_format) for key in keys],
    }


def _msgid(call: Call, session: KfSession) -> str:
    """Return the msgid, given or made; raises WeComError 40058 and, for one used before, the setting's code."""
    msgid = call.text("msgid")
    if not msgid:
        return call.corp.new_id("kf_sent", "kfout")
    if not MSGID.match(msgid):
        raise WeComError(40058, "invalid Request Parameter: msgid should be at most 32 of 0-9a-zA-Z_-")
    if pair(session.open_kfid, msgid) in call.corp.kf_messages:
        raise WeComError(call.settings.kf_duplicate_msgid_errcode, "invalid Request Parameter: msgid repeated")
    return msgid


@post("kf/send_msg", "kf")
def send_message(call: Call) -> Answer:
    """Answer kf/send_msg: state 0 or 1 (95018), 48 h (95002), five messages (95001), msgid not used before, body."""
    account = managed_account(call)
    session = kf.session_of(call.world, account.open_kfid, customer_id(call, "touser"))
    fail_type = kf.check_window(call.world, session)
    msgid = _msgid(call, session)
    body = checked_message(call.world, call.body, ALL_TYPES)
    session.sent += 1
    if session.state == SESSION_NEW:
        kf.to_assistant(call.world, session)
    kf.deliver(call.world, account, session, msgid=msgid, body=body, fail_type=fail_type)
    return {"msgid": msgid}


def _usable_code(call: Call) -> tuple[KfAccount, KfCode]:
    code = call.corp.kf_codes.get(call.text("code", missing=40063))
    account = call.corp.kf_accounts.get(code.open_kfid) if code is not None else None
    if code is None or account is None or not manages(call, account):
        raise WeComError(call.settings.kf_bad_code_errcode)
    if code.used or code.expires_at < call.world.clock.now():
        raise WeComError(call.settings.kf_bad_code_errcode)
    return account, code


@post("kf/send_msg_on_event", "kf")
def send_message_on_event(call: Call) -> Answer:
    """Answer kf/send_msg_on_event: one message for an event's code, in time and in the state it was given for.

    A menu is for welcome and goodbye only (40008); 95018: the session left the code's state; 95015: the console greets
    by now.
    """
    account, code = _usable_code(call)
    session = kf.session_of(call.world, account.open_kfid, code.external_userid)
    if code.state == CODE_WELCOME:
        if account.native_welcome and call.settings.kf_native_welcome_blocks_code:
            raise WeComError(95015)
    elif session.state != code.state:
        raise WeComError(95018)
    menus = code.state in (CODE_WELCOME, SESSION_ENDED)
    msgid = _msgid(call, session)
    body = checked_message(call.world, call.body, EVENT_TYPES if menus else ("text",))
    code.used = True
    if code.state == CODE_WELCOME:
        session.welcomed_at = call.world.clock.seconds()
    session.sent += int(call.settings.kf_event_messages_count)
    kf.deliver(call.world, account, session, msgid=msgid, body=body, fail_type=0)
    return {"msgid": msgid}
