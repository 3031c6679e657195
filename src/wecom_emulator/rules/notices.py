"""Delivering app messages: equal ones once, at most so many a member and day, recall, and cards that change once."""

import hashlib
import json
from typing import Any

from wecom_emulator.clock import china_date
from wecom_emulator.errors import WeComError
from wecom_emulator.state.notices import AppMessage, NoticeWindow
from wecom_emulator.state.people import Staff
from wecom_emulator.state.settings import App
from wecom_emulator.world import World

RECALL_SECONDS = 86_400
CARD_SECONDS = 72 * 3600


def fingerprint(agent_id: int, userids: list[str], content: dict[str, Any]) -> str:
    """Return the mark by which the duplicate check knows an equal message to the same people."""
    plain = json.dumps([agent_id, userids, content], sort_keys=True, ensure_ascii=False)
    return hashlib.blake2b(plain.encode(), digest_size=16).hexdigest()


def earlier_twin(world: World, mark: str, *, interval: int) -> AppMessage | None:
    """Return an equal message that was sent within the interval, if there is one."""
    msgid = world.corp.notice_marks.get(mark)
    twin = world.corp.app_messages.get(msgid) if msgid else None
    return twin if twin is not None and twin.sent_at + interval > world.clock.now() else None


def check_day(world: World, app: App, receivers: int) -> None:
    """Count receivers against the app's day; raises WeComError 45009 over 200 for each member of the corp."""
    day, allowed = china_date(world.clock.now()).date().isoformat(), world.corp.settings.notices_per_staff_day
    window = world.corp.notice_windows.setdefault(str(app.agent_id), NoticeWindow())
    if window.day != day:
        window.day, window.in_day = day, 0
    if allowed and window.in_day + receivers > allowed * len(world.corp.staff):
        raise WeComError(45009)
    window.in_day += receivers


def has_room(world: World, app: App, staff: Staff) -> bool:
    """Count a message to a member; False when it is over 30 a minute or 1,000 an hour, which drops it unsaid."""
    settings, now = world.corp.settings, world.clock.now()
    window = world.corp.notice_windows.setdefault(f"{app.agent_id}:{staff.userid}", NoticeWindow())
    minute, hour = int(now // 60), int(now // 3600)
    if window.minute != minute:
        window.minute, window.in_minute = minute, 0
    if window.hour != hour:
        window.hour, window.in_hour = hour, 0
    if settings.notices_per_member_minute and window.in_minute >= settings.notices_per_member_minute:
        return False
    if settings.notices_per_member_hour and window.in_hour >= settings.notices_per_member_hour:
        return False
    window.in_minute += 1
    window.in_hour += 1
    return True


def recall(world: World, message: AppMessage) -> None:
    """Take a message back out of the inboxes; what is recalled already stays so."""
    if message.recalled_at is not None:
        return
    message.recalled_at = world.clock.seconds()
    for userid in message.userids:
        staff = world.corp.staff.get(userid)
        if staff is not None:
            staff.inbox = [letter for letter in staff.inbox if letter.get("msgid") != message.msgid]


def card_message(world: World, app: App, response_code: str) -> AppMessage:
    """Return the message that a response_code belongs to; raises WeComError 40058 when it is used, old or made up."""
    msgid = world.corp.response_codes.get(response_code)
    message = world.corp.app_messages.get(msgid) if msgid else None
    if message is None or message.agent_id != app.agent_id or message.response_code != response_code:
        raise WeComError(40058, "invalid Request Parameter: response_code")
    if message.card_updated or message.sent_at + CARD_SECONDS <= world.clock.now():
        raise WeComError(40058, "invalid Request Parameter: response_code is used or over 72 hours old")
    return message


def change_card(world: World, message: AppMessage, userids: list[str], change: dict[str, Any]) -> None:
    """Lay a change (replace_name of the button, or a whole new card) over the card in the inboxes."""
    message.card_updated = True
    del world.corp.response_codes[message.response_code]
    for userid in userids:
        staff = world.corp.staff.get(userid)
        for letter in staff.inbox if staff is not None else ():
            if letter.get("msgid") == message.msgid:
                letter["template_card"] = {**letter["template_card"], **change}
