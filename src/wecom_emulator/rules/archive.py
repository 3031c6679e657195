"""Filling the message archive: whose messages are kept, what a row holds, recalls, consent and the bell."""

import asyncio
import hashlib
from typing import Any

from wecom_emulator.callbacks import EventField
from wecom_emulator.errors import ActorError
from wecom_emulator.rules.friendships import EVENT as CONTACT_EVENT
from wecom_emulator.rules.timers import on_time, run_due, schedule
from wecom_emulator.state.archive import DISAGREE, ArchiveRow, Consent
from wecom_emulator.state.chats import MEMBER_EXTERNAL, MEMBER_STAFF, GroupChat
from wecom_emulator.state.messages import WelcomeCode
from wecom_emulator.world import World

SEQ, OLDEST, RUNG_AT = "archive_seq", "archive_oldest", "archive_rung_at"
"""Counters: the latest seq, the earliest one that is kept, and when the bell rang last."""

PRUNED_AT_ONCE = 100
"""How many old rows a new one may sweep out, so that no message pays for a whole day's."""


def is_permitted(world: World, userid: str) -> bool:
    """Return whether a staff member's messages are archived: employed, and named by the setting if it names anybody."""
    listed = world.corp.settings.archive_userids
    return world.corp.employed(userid) is not None and (not listed or userid in listed)


def consent_key(chat: str, external_userid: str) -> str:
    """Return the key of a consent; `chat` is a userid or a chat_id."""
    return f"{chat}/{external_userid}"


def consent_of(world: World, chat: str, external_userid: str) -> tuple[str, int]:
    """Return what a customer said (the setting's default when nothing) and when."""
    known = world.corp.archive_consents.get(consent_key(chat, external_userid))
    return (known.status, known.changed_at) if known else (world.corp.settings.archive_consent_default, 0)


def note_single(
    world: World, *, userid: str, external_userid: str, by_staff: bool, text: str, attachments: Any = ()
) -> list[str]:
    """Archive what was said between a staff member and a customer; return the msgids, none when nothing is kept."""
    settings = world.corp.settings
    if not settings.archive_on or not is_permitted(world, userid):
        return []
    if consent_of(world, userid, external_userid)[0] == DISAGREE:
        return []
    sender, receiver = (userid, external_userid) if by_staff else (external_userid, userid)
    return _note(world, sender=sender, tolist=[receiver], roomid="", text=text, attachments=attachments)


def note_group(world: World, chat: GroupChat, *, sender: str, text: str, attachments: Any = ()) -> list[str]:
    """Archive what a member said in a group with a permitted staff member in it; return the msgids."""
    if not world.corp.settings.archive_on:
        return []
    members = list(chat.members.values())
    if not any(item.type == MEMBER_STAFF and is_permitted(world, item.userid) for item in members):
        return []
    if sender in world.corp.persons and consent_of(world, chat.chat_id, sender)[0] == DISAGREE:
        return []
    tolist = [item.userid for item in members if item.userid != sender]
    return _note(world, sender=sender, tolist=tolist, roomid=chat.chat_id, text=text, attachments=attachments)


def _note(world: World, *, sender: str, tolist: list[str], roomid: str, text: str, attachments: Any) -> list[str]:
    parts: list[tuple[str, dict[str, Any]]] = [("text", {"content": text})] if text else []
    parts += [_part(world, item) for item in attachments]
    msgids = []
    for msgtype, body in parts:
        row = ArchiveRow(
            seq=0,
            msgid="",
            action="send",
            msgtime=0,
            sender=sender,
            tolist=tolist,
            roomid=roomid,
            msgtype=msgtype,
            body=body,
        )
        msgids.append(_add(world, row))
    return msgids


def _part(world: World, attachment: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return msgtype and body of an attachment as the archive names them."""
    kind = str(attachment.get("msgtype", ""))
    data = attachment.get(kind) or {}
    if kind == "link":
        shown = {"title": "title", "desc": "description", "url": "link_url", "picurl": "image_url"}
        return "link", {new: data.get(old, "") for old, new in shown.items()}
    if kind == "miniprogram":
        title = data.get("title", "")
        return "weapp", {"title": title, "description": "", "username": data.get("appid", ""), "displayname": title}
    media = world.corp.media.get(data.get("media_id", ""))
    if media is None:
        return kind, {"sdkfileid": data.get("media_id", "")}
    body: dict[str, Any] = {
        "md5sum": hashlib.md5(media.content, usedforsecurity=False).hexdigest(),
        "filesize": len(media.content),
        "sdkfileid": media.media_id,
    }
    if kind == "file":
        body |= {"filename": media.filename, "fileext": media.filename.rpartition(".")[2]}
    return kind, body


def _add(world: World, row: ArchiveRow) -> str:
    corp = world.corp
    row.seq = corp.counters[SEQ] = corp.counters.get(SEQ, 0) + 1
    row.msgtime = int(world.clock.now() * 1000)
    mark = hashlib.blake2b(f"{corp.seed}:archive:{row.seq}".encode(), digest_size=8).hexdigest()
    row.msgid = f"{row.seq}_{mark}_{row.msgtime}_external"
    corp.archive_rows[str(row.seq)] = row
    _sweep(world)
    _ring(world)
    return row.msgid


def _sweep(world: World) -> None:
    """Forget rows that are over their five days."""
    corp = world.corp
    oldest, limit = corp.counters.get(OLDEST, 1), horizon(world)
    for _ in range(PRUNED_AT_ONCE):
        row = corp.archive_rows.get(str(oldest))
        if row is None or row.msgtime >= limit:
            break
        del corp.archive_rows[str(oldest)]
        oldest += 1
    corp.counters[OLDEST] = oldest


def horizon(world: World) -> int:
    """Return the instant in milliseconds before which rows are not kept any more."""
    return int((world.clock.now() - world.corp.settings.archive_seconds) * 1000)


def rows_after(world: World, seq: int, *, limit: int) -> list[ArchiveRow]:
    """Return at most `limit` rows beyond a seq that are not over their five days."""
    corp, found = world.corp, []
    oldest, latest, least = corp.counters.get(OLDEST, 1), corp.counters.get(SEQ, 0), horizon(world)
    for number in range(max(seq + 1, oldest), latest + 1):
        row = corp.archive_rows.get(str(number))
        if row is not None and row.msgtime >= least:
            found.append(row)
            if len(found) == limit:
                break
    return found


def note_recall(world: World, sender: str, msgid: str) -> ArchiveRow:
    """Archive that somebody took a message back and return the message; raises ActorError unknown_message."""
    row = world.corp.archive_rows.get(msgid.partition("_")[0])
    if row is None or row.msgid != msgid or row.sender != sender or row.action != "send":
        raise ActorError("unknown_message", "the archive has no such message of this sender", status=404)
    recall = ArchiveRow(
        seq=0,
        msgid="",
        action="recall",
        msgtime=0,
        sender=sender,
        tolist=list(row.tolist),
        roomid=row.roomid,
        msgtype="revoke",
        body={"pre_msgid": msgid},
    )
    _add(world, recall)
    return row


def note_switch(world: World, userid: str) -> str:
    """Archive that a member changed to another corp in the client; return the msgid, "" when nothing is kept."""
    if not world.corp.settings.archive_on or not is_permitted(world, userid):
        return ""
    return _add(world, ArchiveRow(seq=0, msgid="", action="switch", msgtime=0, sender=userid))


def say_consent(world: World, *, chat: str, external_userid: str, status: str) -> Consent:
    """Keep what a customer said to being archived."""
    consent = Consent(chat=chat, external_userid=external_userid, status=status, changed_at=world.clock.seconds())
    world.corp.archive_consents[consent_key(chat, external_userid)] = consent
    return consent


def tell_consent(world: World, *, userid: str, external_userid: str) -> str | None:
    """Call back msg_audit_approved and return its welcome code, None when the console greets by itself."""
    corp, fields = world.corp, [("UserID", userid), ("ExternalUserID", external_userid)]
    code = None
    if not corp.staff[userid].console_welcome:
        code = corp.new_id("welcome", "CALLBACK_WC_", length=44)
        corp.welcome_codes[code] = WelcomeCode(
            code=code,
            userid=userid,
            external_userid=external_userid,
            expires_at=world.clock.now() + corp.settings.welcome_code_seconds,
        )
        fields.append(("WelcomeCode", code))
    told: list[EventField] = list(fields)
    world.emit(CONTACT_EVENT, "msg_audit_approved", told, subject=external_userid, concerns=[userid])
    return code


def room_consents(world: World, chat: GroupChat) -> list[tuple[str, str, int]]:
    """Return (external_userid, status, changed_at) for every customer in a group."""
    customers = [item.userid for item in chat.members.values() if item.type == MEMBER_EXTERNAL]
    return [(item, *consent_of(world, chat.chat_id, item)) for item in customers]


def _ring(world: World) -> None:
    """Call back msgaudit_notify now, or once its 15 seconds of silence are over."""
    now, last = world.clock.seconds(), world.corp.counters.get(RUNG_AT, 0)
    due = last + world.corp.settings.archive_notify_seconds
    if now >= due or now < last:
        _notify(world)
    elif "archive_notify:" not in world.corp.timers:
        schedule(world, "archive_notify", "", due)
        _wake_later(world, due - now)


@on_time("archive_notify")
def _notify_late(world: World, subject: str, due_at: int) -> None:
    _notify(world)


def _notify(world: World) -> None:
    world.corp.counters[RUNG_AT] = world.clock.seconds()
    app = next((item for item in world.corp.apps if item.kind == "msgaudit"), None)
    fields: list[EventField] = [("AgentID", app.agent_id if app is not None else 0)]
    world.emit("msgaudit_notify", "", fields, subject="archive")


def _wake_later(world: World, seconds: float) -> None:
    """Let the bell ring in time although no request comes; a standing clock rings when it is moved."""
    if world.clock.frozen:
        return

    async def wake() -> None:
        await asyncio.sleep(seconds)
        run_due(world)
        world.commit()

    try:
        task = asyncio.get_running_loop().create_task(wake())
    except RuntimeError:
        return
    world.background.add(task)
    task.add_done_callback(world.background.discard)
