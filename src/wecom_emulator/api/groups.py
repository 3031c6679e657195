"""Customer groups: externalcontact/groupchat/{list,get} and externalcontact/opengid_to_chatid."""

from collections.abc import Iterator
from typing import Any

from wecom_emulator.api.call import Answer, Call, post
from wecom_emulator.errors import WeComError
from wecom_emulator.rules.group_history import shown_members
from wecom_emulator.rules.groups import chat_of_opengid, member_version
from wecom_emulator.rules.payload import object_of
from wecom_emulator.state.chats import JOIN_INVITED, MEMBER_EXTERNAL, ChatMember, GroupChat
from wecom_emulator.state.people import Person

VISIBLE_WITHOUT_FILTER = 1000
DAYS = 86_400


def owner_filter(call: Call) -> set[str] | None:
    """Return the owners a call asks for, None for all; raises WeComError 81017 for all of over 1000 visible staff."""
    given = object_of(call.body.get("owner_filter"), "owner_filter").get("userid_list") or []
    if not isinstance(given, list) or not all(isinstance(item, str) for item in given):
        raise WeComError(40058, "invalid Request Parameter: owner_filter.userid_list should be a list of strings")
    if len(given) > 100:
        raise WeComError(40058, "invalid Request Parameter: owner_filter.userid_list exceed max size 100")
    for userid in given:
        if userid not in call.corp.staff:
            raise WeComError(40003)
    if not given and sum(map(call.sees, call.corp.staff.values())) > VISIBLE_WITHOUT_FILTER:
        raise WeComError(81017)
    return set(given) or None


def visible_chats(call: Call, owners: set[str] | None, *, after: int = 0) -> Iterator[tuple[int, GroupChat]]:
    """Yield (seq, group) of the living groups whose owner is visible, of some owners or all."""
    corp = call.corp
    visible = {item.userid for item in corp.staff.values() if corp.sees(call.app, item)}
    chats = corp.chats.read_after(after)
    if owners is not None:
        chats = corp.chats.read_where("owner", sorted(owners), after=after)
    return (
        (seq, chat) for seq, chat in chats if chat.dismissed_at is None and not chat.internal and chat.owner in visible
    )


@post("externalcontact/groupchat/list", "customer")
def list_groups(call: Call) -> Answer:
    """Answer groupchat/list; limit 1..1000 is required, 81017 without owner_filter over 1000 visible staff."""
    owners, limit, status = owner_filter(call), call.integer("limit", 0), call.integer("status_filter", 0)
    if not 1 <= limit <= 1000:
        raise WeComError(40058, "invalid Request Parameter: limit should be 1..1000")

    def chats(after: int) -> Iterator[tuple[int, GroupChat]]:
        found = visible_chats(call, owners, after=after)
        return ((seq, chat) for seq, chat in found if status in (0, chat.status))

    page, cursor = call.page_after(chats, limit=limit)
    rows = [{"chat_id": chat.chat_id, "status": chat.status} for chat in page]
    return {"group_chat_list": rows, "next_cursor": cursor}


def _member(call: Call, member: ChatMember, person: Person | None, *, with_name: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "userid": member.userid,
        "type": member.type,
        "join_time": member.join_time,
        "join_scene": member.join_scene,
        "group_nickname": member.group_nickname,
    }
    if member.type == MEMBER_EXTERNAL and person is not None and person.unionid and call.settings.unionid_bound:
        shown["unionid"] = person.unionid
    if member.join_scene == JOIN_INVITED and member.invitor in call.corp.staff:
        shown["invitor"] = {"userid": member.invitor}
    if member.state:
        shown["state"] = member.state
    if with_name:
        staff = call.corp.staff.get(member.userid)
        shown["name"] = person.name if person is not None else staff.name if staff is not None else ""
    return shown


@post("externalcontact/groupchat/get", "customer")
def get_group(call: Call) -> Answer:
    """Answer groupchat/get; names only with need_name 1."""
    chat = call.corp.chats.get(call.text("chat_id", missing=40063))
    if chat is None or chat.dismissed_at is not None:
        raise WeComError(call.settings.unknown_chat_errcode)
    if chat.owner in call.corp.staff and not call.corp.sees(call.app, call.corp.staff[chat.owner]):
        raise WeComError(60011)
    if chat.internal:
        raise WeComError(90501)
    if not call.licensed(chat.owner):
        raise WeComError(301002, f"unlicensed userid: {chat.owner}")
    with_name = call.flag("need_name", default=False)
    members, version = shown_members(call.world, chat)
    persons = call.corp.persons.read_many([item.userid for item in members if item.type == MEMBER_EXTERNAL])
    shown = {
        "chat_id": chat.chat_id,
        "name": chat.name,
        "owner": chat.owner,
        "create_time": chat.create_time,
        "notice": chat.notice,
        "member_list": [_member(call, item, persons.get(item.userid), with_name=with_name) for item in members],
        "admin_list": [{"userid": userid} for userid in chat.admin_list],
        "member_version": member_version(chat, version),
    }
    return {"group_chat": shown}


@post("externalcontact/opengid_to_chatid", "customer")
def opengid_to_chatid(call: Call) -> Answer:
    """Answer opengid_to_chatid: the chat_id of one of the corp's customer groups; 90501 for an internal one."""
    chat = call.corp.chats.get(chat_of_opengid(call.text("opengid", missing=40063)))
    if chat is None or chat.dismissed_at is not None:
        raise WeComError(call.settings.unknown_chat_errcode)
    if chat.internal:
        raise WeComError(90501)
    return {"chat_id": chat.chat_id}
