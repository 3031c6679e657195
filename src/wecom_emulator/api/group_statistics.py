"""Statistics of customer groups: externalcontact/groupchat/{statistic,statistic_group_by_day}."""

from datetime import datetime, timedelta
from typing import Any

from wecom_emulator.api.call import Answer, Call, post
from wecom_emulator.api.groups import owner_filter, visible_chats
from wecom_emulator.clock import EARLIEST, LATEST, china_date
from wecom_emulator.errors import WeComError
from wecom_emulator.rules.group_history import day_of, size_on
from wecom_emulator.state.chats import GroupChat

LONGEST_SPAN, OLDEST = 30, 180
"""Days a range may span, and how far back it may begin."""

ORDERS = {1: "new_chat_cnt", 2: "chat_total", 3: "new_member_cnt", 4: "member_total"}


def _midnight(instant: float) -> datetime:
    return china_date(instant).replace(hour=0, minute=0, second=0, microsecond=0)


def _days(call: Call) -> list[datetime]:
    """Return the days of the call's range, floored to midnight and up to yesterday; raises WeComError 600018."""
    begin = call.integer("day_begin_time", 0)
    end = call.integer("day_end_time", begin)
    if not EARLIEST <= begin <= end <= LATEST:
        raise WeComError(600018)
    first, last, today = _midnight(begin), _midnight(end), _midnight(call.world.clock.now())
    if (last - first).days > LONGEST_SPAN or first < today - timedelta(days=OLDEST) or last >= today:
        raise WeComError(600018)
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _figures(chats: list[GroupChat], days: list[str]) -> dict[str, int]:
    """Return the counts of some groups: what happened on the days, and totals as of the last of them."""
    last = days[-1]

    def within(counts: dict[str, int]) -> int:
        return sum(counts.get(day, 0) for day in days)

    return {
        "new_chat_cnt": sum(day_of(chat.create_time) in days for chat in chats),
        "chat_total": sum(day_of(chat.create_time) <= last for chat in chats),
        "chat_has_msg": sum(within(chat.messages) > 0 for chat in chats),
        "new_member_cnt": sum(within(chat.joined) for chat in chats),
        "member_total": sum(size_on(chat, last) for chat in chats),
        "member_has_msg": sum(within(chat.writers) for chat in chats),
        "msg_total": sum(within(chat.messages) for chat in chats),
        "migrate_trainee_chat_cnt": 0,
    }


def _chats(call: Call) -> list[GroupChat]:
    return [chat for _, chat in visible_chats(call, owner_filter(call))]


@post("externalcontact/groupchat/statistic", "customer")
def group_statistic(call: Call) -> Answer:
    """Answer groupchat/statistic: counts per owner over whole Chinese days up to yesterday; 600018 for a bad range."""
    days = [day.date().isoformat() for day in _days(call)]
    order = ORDERS.get(call.integer("order_by", 1))
    start, limit = call.integer("offset", 0), call.limit(default=500, most=1000)
    if order is None or start < 0:
        raise WeComError(40058, "invalid Request Parameter: order_by is 1..4 and offset is not negative")
    by_owner: dict[str, list[GroupChat]] = {}
    for chat in _chats(call):
        by_owner.setdefault(chat.owner, []).append(chat)
    rows = [(owner, _figures(chats, days)) for owner, chats in by_owner.items()]
    rows.sort(key=lambda row: row[1][order], reverse=not call.flag("order_asc", default=False))
    items = [{"owner": owner, "data": figures} for owner, figures in rows[start : start + limit]]
    return {"total": len(rows), "next_offset": min(start + limit, len(rows)), "items": items}


@post("externalcontact/groupchat/statistic_group_by_day", "customer")
def group_statistic_by_day(call: Call) -> Answer:
    """Answer groupchat/statistic_group_by_day: the same counts over all given owners, one row a day."""
    days, chats = _days(call), _chats(call)
    items: list[dict[str, Any]] = [
        {"stat_time": int(day.timestamp()), "data": _figures(chats, [day.date().isoformat()])} for day in days
    ]
    return {"items": items}
