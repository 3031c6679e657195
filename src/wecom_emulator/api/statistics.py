"""What staff did with customers: externalcontact/get_user_behavior_data."""

from datetime import datetime, timedelta
from typing import Any

from wecom_emulator.api.call import Answer, Call, post
from wecom_emulator.clock import CHINA, EARLIEST, LATEST, china_date
from wecom_emulator.errors import WeComError
from wecom_emulator.rules.behavior import behavior_key
from wecom_emulator.state.behavior import BehaviorDay

LONGEST_SPAN, OLDEST = 30, 180
"""Days a range may span, and how far back it may begin."""


def midnight(instant: float) -> datetime:
    """Return the beginning of the Chinese day of an instant."""
    return china_date(instant).replace(hour=0, minute=0, second=0, microsecond=0)


def _days(call: Call) -> list[datetime]:
    """Return the days of the call's range, floored to midnight; raises WeComError 600018."""
    start, end = call.integer("start_time", 0), call.integer("end_time", 0)
    if not EARLIEST <= start <= end <= LATEST:
        raise WeComError(600018)
    first, last = midnight(start), midnight(end)
    oldest = midnight(call.world.clock.now()) - timedelta(days=OLDEST)
    if (last - first).days > LONGEST_SPAN or first < oldest:
        raise WeComError(600018)
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _is_ready(call: Call, day: datetime) -> bool:
    """Return whether a day is counted already: from the setting's hour of the next day on."""
    ready = day + timedelta(days=1, hours=call.settings.statistics_ready_hour)
    return datetime.fromtimestamp(call.world.clock.now(), CHINA) >= ready


def _people(call: Call) -> list[str]:
    users = call.texts("userid", most=100)
    parties = set(call.integers("partyid"))
    if len(parties) > 100:
        raise WeComError(40058, "invalid Request Parameter: partyid exceed max size 100")
    if not users and not parties:
        raise WeComError(40063, "userid and partyid can not be both empty")
    if any(item not in call.corp.departments for item in parties):
        raise WeComError(40066)
    named = [call.member(userid, unknown=40003).userid for userid in users]
    if parties:
        named += [
            item.userid for item in call.corp.staff.values() if call.sees(item) and call.corp.under(item, parties)
        ]
    return list(dict.fromkeys(named))


def _figures(days: list[BehaviorDay]) -> dict[str, Any]:
    """Return the counts of several staff members on one day in one row."""
    chats = [chat for day in days for chat in day.chats.values()]
    asked = [chat for chat in chats if chat.asked_at]
    answered = [chat for chat in asked if chat.answered_at]
    shown: dict[str, Any] = {
        "chat_cnt": sum(chat.sent > 0 for chat in chats),
        "message_cnt": sum(chat.sent for chat in chats),
        "negative_feedback_cnt": sum(day.negative_feedback for day in days),
        "new_apply_cnt": sum(day.new_apply for day in days),
        "new_contact_cnt": sum(day.new_contact for day in days),
    }
    if asked:
        shown["reply_percentage"] = round(100 * len(answered) / len(asked), 2)
    if answered:
        waited = sum(chat.answered_at - chat.asked_at for chat in answered)
        shown["avg_reply_time"] = round(waited / 60 / len(answered))
    return shown


@post("externalcontact/get_user_behavior_data", "customer")
def user_behavior(call: Call) -> Answer:
    """Answer get_user_behavior_data: one row a day, summed over the given staff; a day not yet counted is all zero."""
    people, days, known = _people(call), _days(call), call.corp.behavior
    rows = []
    for day in days:
        keys = [behavior_key(userid, day.date().isoformat()) for userid in people] if _is_ready(call, day) else []
        found = [known[key] for key in keys if key in known]
        rows.append({"stat_time": int(day.timestamp()), **_figures(found)})
    return {"behavior_data": rows}
