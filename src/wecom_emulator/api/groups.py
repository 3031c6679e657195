"""Customer groups: externalcontact/groupchat/{list,get,statistic}."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from wecom_emulator.api.call import Answer, Call, post
from wecom_emulator.clock import CHINA, EARLIEST, LATEST, china_date
from wecom_emulator.errors import WeComError
from wecom_emulator.rules.groups import member_version
from wecom_emulator.rules.payload import object_of
from wecom_emulator.state.chats import JOIN_INVITED, MEMBER_EXTERNAL, ChatMember, GroupChat
from wecom_emulator.state.people import Person
from wecom_emulator.state.views import rows_of

VISIBLE_WITHOUT_FILTER = 1000
DAYS = 86_400


def _owner_filter(call: Call) -> set[str] | None:
    given = object_of(call.body.get("owner_filter"), "owner_filter").get("userid_list") or []
    if not isinstance(given, list) or not all(isinstance(item, str) for item in given):
        raise WeComError(40058, "invalid Request Parameter: owner_filter.userid_list should be a list of strings")
    if len(given) > 100:
        raise WeComError(40058, "invalid Request Parameter: owner_filter.userid_list exceed max size 100")
    for userid in given:
        if userid not in call.corp.staff:
            raise WeComError(40003)
    return set(given) or None


def _visible_chats(call: Call, owners: set[str] | None, *, after: int = 0) -> Iterator[tuple[int, GroupChat]]:
    """Yield (seq, group) of the living groups whose owner is visible, of some owners or all."""
    corp = call.corp
    visible = {item.userid for item in corp.staff.values() if corp.sees(call.app, item)}
    chats = corp.chats.read_after(after)
    if owners is not None:
        chats = corp.chats.read_where("owner", sorted(owners), after=after)
    return ((seq, chat) for seq, chat in chats if chat.dismissed_at is None and chat.owner in visible)


@post("externalcontact/groupchat/list", "customer")
def list_groups(call: Call) -> Answer:
    """Answer groupchat/list; limit 1..1000 is required, 81017 without owner_filter over 1000 visible staff."""
    owners, limit, status = _owner_filter(call), call.integer("limit", 0), call.integer("status_filter", 0)
    if not 1 <= limit <= 1000:
        raise WeComError(40058, "invalid Request Parameter: limit should be 1..1000")
    if owners is None and sum(map(call.sees, call.corp.staff.values())) > VISIBLE_WITHOUT_FILTER:
        raise WeComError(81017)

    def chats(after: int) -> Iterator[tuple[int, GroupChat]]:
        found = _visible_chats(call, owners, after=after)
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
    members = list(rows_of(chat.members).read_values())
    persons = call.corp.persons.read_many([item.userid for item in members if item.type == MEMBER_EXTERNAL])
    shown = {
        "chat_id": chat.chat_id,
        "name": chat.name,
        "owner": chat.owner,
        "create_time": chat.create_time,
        "notice": chat.notice,
        "member_list": [_member(call, item, persons.get(item.userid), with_name=with_name) for item in members],
        "admin_list": [{"userid": userid} for userid in chat.admin_list],
        "member_version": member_version(chat),
    }
    return {"group_chat": shown}


def _days(call: Call) -> list[str]:
    today = china_date(call.world.clock.now()).replace(hour=0, minute=0, second=0, microsecond=0)
    begin = call.integer("day_begin_time", 0)
    if not all(EARLIEST <= instant <= LATEST for instant in (begin, call.integer("day_end_time", begin))):
        raise WeComError(600018)
    first = datetime.fromtimestamp(begin, CHINA).replace(hour=0, minute=0, second=0, microsecond=0)
    last = datetime.fromtimestamp(call.integer("day_end_time", begin), CHINA)
    if last < first or (last - first).days > 30 or first < today - timedelta(days=180) or last >= today:
        raise WeComError(600018)
    return [(first + timedelta(days=number)).date().isoformat() for number in range((last - first).days + 1)]


def _owner_figures(chats: list[GroupChat], days: list[str]) -> dict[str, int]:
    def within(counts: dict[str, int]) -> int:
        return sum(counts.get(day, 0) for day in days)

    return {
        "new_chat_cnt": sum(china_date(chat.create_time).date().isoformat() in days for chat in chats),
        "chat_total": len(chats),
        "chat_has_msg": sum(within(chat.messages) > 0 for chat in chats),
        "new_member_cnt": sum(within(chat.joined) for chat in chats),
        "member_total": sum(len(chat.members) for chat in chats),
        "member_has_msg": 0,
        "msg_total": sum(within(chat.messages) for chat in chats),
        "migrate_trainee_chat_cnt": 0,
    }


@post("externalcontact/groupchat/statistic", "customer")
def group_statistic(call: Call) -> Answer:
    """Answer groupchat/statistic: totals per owner over whole Chinese days up to yesterday; 600018 for a bad range.

    member_has_msg is 0: the emulator counts messages, not their writers.
    """
    owners = _owner_filter(call)
    if owners is None:
        raise WeComError(40063)
    days = _days(call)
    by_owner: dict[str, list[GroupChat]] = {}
    for _, chat in _visible_chats(call, owners):
        by_owner.setdefault(chat.owner, []).append(chat)
    items = [{"owner": owner, "data": _owner_figures(chats, days)} for owner, chats in by_owner.items()]
    names = {1: "new_chat_cnt", 2: "chat_total", 3: "new_member_cnt", 4: "member_total"}
    order = names.get(call.integer("order_by", 1), "new_chat_cnt")
    items.sort(key=lambda item: item["data"][order], reverse=not call.flag("order_asc", default=False))  # type: ignore[index]
    start, limit = call.integer("offset", 0), call.limit(default=500, most=1000)
    return {"total": len(items), "next_offset": min(start + limit, len(items)), "items": items[start : start + limit]}
