"""Temporary chats: opened with a friendship through a temporary way, closed with its concluding words."""

from typing import Any

from wecom_emulator.errors import WeComError
from wecom_emulator.rules import timers
from wecom_emulator.rules.payload import check_attachment, object_of, string
from wecom_emulator.state.temp_chats import TempChat
from wecom_emulator.state.ways import ContactWay
from wecom_emulator.world import World

KINDS = ("image", "link", "miniprogram")
"""What may follow the concluding text, in the order in which only the first counts."""

TEXT_BYTES = 4000


def checked_conclusions(world: World, value: Any) -> dict[str, Any]:
    """Return concluding words: a text and one of image, link, miniprogram; raises WeComError."""
    given = object_of(value, "conclusions")
    kept: dict[str, Any] = {}
    content = string(object_of(given.get("text"), "text"), "content", most=TEXT_BYTES)
    if content:
        kept["text"] = {"content": content}
    kind = next((name for name in KINDS if given.get(name)), "")
    if kind:
        data = object_of(given.get(kind), kind)
        check_attachment(world, kind, data)
        kept[kind] = data
    return kept


def open_chat(world: World, way: ContactWay, userid: str, external_userid: str) -> None:
    """Open the temporary chat of a new friendship through a temporary way; it ends by itself."""
    key = f"{userid}/{external_userid}"
    ends_at = world.clock.seconds() + way.chat_expires_in
    world.corp.temp_chats[key] = TempChat(
        userid=userid,
        external_userid=external_userid,
        config_id=way.config_id,
        ends_at=ends_at,
        conclusions=way.conclusions,
    )
    timers.schedule(world, "temp_chat", key, ends_at)


def close_chat(world: World, userid: str, external_userid: str) -> None:
    """Close a temporary chat before its time; raises WeComError 84061 when none is open."""
    key = f"{userid}/{external_userid}"
    if key not in world.corp.temp_chats:
        raise WeComError(84061)
    timers.cancel(world, "temp_chat", key)
    conclude(world, key, world.clock.seconds())


@timers.on_time("temp_chat")
def conclude(world: World, key: str, at: int) -> None:
    """End a temporary chat: the customer reads the concluding words."""
    chat = world.corp.temp_chats.pop(key)
    person = world.corp.persons.get(chat.external_userid)
    if person is None or not chat.conclusions:
        return
    kind = next((name for name in KINDS if name in chat.conclusions), "")
    person.inbox.append(
        {
            "at": at,
            "via": "conclusion",
            "from": chat.userid,
            "text": str(chat.conclusions.get("text", {}).get("content", "")),
            "attachments": [{"msgtype": kind, kind: chat.conclusions[kind]}] if kind else [],
        }
    )
