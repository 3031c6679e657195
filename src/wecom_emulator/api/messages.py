"""Mass messages and welcome messages."""

from collections.abc import Iterator
from typing import Any

from wecom_emulator.api.call import Answer, Call, post
from wecom_emulator.errors import WeComError
from wecom_emulator.rules import archive, mass
from wecom_emulator.rules.friendships import request_key
from wecom_emulator.rules.payload import checked_message, object_of
from wecom_emulator.state.acquisition import FriendRequest
from wecom_emulator.state.messages import ROW_SENT, TASK_SENT, MassMessage, SendRow, WelcomeCode
from wecom_emulator.state.people import Friendship
from wecom_emulator.state.views import rows_of

DAY = 86_400
MONTH = 31 * DAY
ONLY_CORP, ONLY_PERSONAL, EVERY_KIND = 0, 1, 2


def _tag_groups(call: Call) -> list[list[str]]:
    groups = object_of(call.body.get("tag_filter"), "tag_filter").get("group_list") or []
    if not isinstance(groups, list):
        raise WeComError(40058, "invalid Request Parameter: group_list should be a list")
    rows: list[list[str]] = []
    for item in groups:
        tags = object_of(item, "tag_filter.group_list").get("tag_list") or []
        if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
            raise WeComError(40058, "invalid Request Parameter: tag_list should be a list of strings")
        if len(tags) > 100:
            raise WeComError(40058, "invalid Request Parameter: tag_list exceed max size 100")
        if any(tag not in call.corp.tag_index for tag in tags):
            raise WeComError(40068)
        rows.append(tags)
    return [row for row in rows if row]


@post("externalcontact/add_msg_template", "customer")
def add_msg_template(call: Call) -> Answer:
    """Answer add_msg_template: a task per staff member; 41048 when nobody is left to send to."""
    chat_type = call.text("chat_type") or "single"
    if chat_type not in ("single", "group"):
        raise WeComError(40058, "invalid Request Parameter: chat_type should be single or group")
    text, attachments = checked_message(call.world, call.body)
    sender = call.text("sender")
    if sender:
        staff = call.licensed_member(sender, unknown=40003)
        if not staff.feature_on:
            raise WeComError(84074)
    if chat_type == "group":
        if not sender:
            raise WeComError(41009, "sender missing")
        tasks, failed = mass.plan_group(call.world, sender=sender, chat_ids=call.texts("chat_id_list", most=2000))
    else:
        externals = call.texts("external_userid", most=10_000)
        if not externals and not sender:
            raise WeComError(41035, "external_userid and sender can not be both empty")
        tasks, failed = mass.plan_single(
            call.world, call.app, externals=externals, sender=sender, tag_groups=_tag_groups(call)
        )
    if not tasks:
        raise WeComError(41048)
    message = MassMessage(
        msgid=call.corp.new_id("mass", "msg", length=34),
        chat_type=chat_type,
        create_time=call.world.clock.seconds(),
        created_by=call.app.agent_id,
        text=text,
        attachments=attachments,
        allow_select=call.flag("allow_select", default=False),
        tasks=tasks,
    )
    mass.store(call.world, message)
    return {"fail_list": failed, "msgid": message.msgid}


@post("externalcontact/get_groupmsg_list_v2", "customer")
def list_mass_messages(call: Call) -> Answer:
    """Answer get_groupmsg_list_v2: messages made in a span of at most a month."""
    chat_type = call.text("chat_type", missing=40063)
    start, end = call.integer("start_time", 0), call.integer("end_time", 0)
    if not start or end < start or end - start > MONTH:
        raise WeComError(600018)
    wanted, creator = call.integer("filter_type", 2), call.text("creator")
    if wanted not in (ONLY_CORP, ONLY_PERSONAL, EVERY_KIND):
        raise WeComError(40058, "invalid Request Parameter: filter_type should be 0, 1 or 2")
    messages = [
        item
        for item in call.corp.mass_messages.values()
        if item.chat_type == chat_type
        and start <= item.create_time <= end
        and wanted in (EVERY_KIND, ONLY_PERSONAL if item.creator else ONLY_CORP)
        and creator in ("", item.creator)
    ]
    limit = call.limit(default=50, most=call.settings.groupmsg_list_max)
    page, cursor = call.page(messages, limit=limit, key=lambda item: (item.create_time, item.msgid))
    rows = [
        {
            "msgid": item.msgid,
            "create_time": item.create_time,
            **({"creator": item.creator} if item.creator else {}),
            "create_type": 1 if item.creator else 0,
            **({"text": item.text} if item.text else {}),
            "attachments": item.attachments,
        }
        for item in page
    ]
    return {"group_msg_list": rows, "next_cursor": cursor}


def _message(call: Call) -> MassMessage:
    message = call.corp.mass_messages.get(call.text("msgid", missing=41046))
    if message is None:
        raise WeComError(41047)
    return message


@post("externalcontact/get_groupmsg_task", "customer")
def list_tasks(call: Call) -> Answer:
    """Answer get_groupmsg_task: status 0 unsent or 2 sent for each staff member."""
    page, cursor = call.page_after(rows_of(_message(call).tasks).read_after, limit=call.limit(default=500, most=1000))
    rows = []
    for task in page:
        row: dict[str, Any] = {"userid": task.userid, "status": task.status}
        rows.append({**row, "send_time": task.send_time} if task.status == TASK_SENT else row)
    return {"task_list": rows, "next_cursor": cursor}


@post("externalcontact/get_groupmsg_send_result", "customer")
def list_send_results(call: Call) -> Answer:
    """Answer get_groupmsg_send_result for one staff member; group messages list only what was sent."""
    message = _message(call)
    task = message.tasks.get(call.text("userid", missing=41009))
    if task is None:
        raise WeComError(40003)
    grouped = message.chat_type == "group"
    name = "chat_id" if grouped else "external_userid"

    def shown(after: int) -> Iterator[tuple[int, SendRow]]:
        return (
            (seq, item) for seq, item in rows_of(task.rows).read_after(after) if not grouped or item.status == ROW_SENT
        )

    page, cursor = call.page_after(shown, limit=call.limit(default=500, most=1000))
    rows = []
    for item in page:
        row: dict[str, Any] = {name: item.target, "userid": task.userid, "status": item.status}
        rows.append({**row, "send_time": item.send_time} if item.status == ROW_SENT else row)
    return {"send_list": rows, "next_cursor": cursor}


@post("externalcontact/remind_groupmsg_send", "customer")
def remind(call: Call) -> Answer:
    """Answer remind_groupmsg_send; over three reminders in 24 hours 45009."""
    message, now = _message(call), call.world.clock.seconds()
    message.reminded_at = [item for item in message.reminded_at if item > now - DAY]
    if len(message.reminded_at) >= call.settings.reminders_per_day:
        raise WeComError(45009)
    message.reminded_at.append(now)
    return {}


@post("externalcontact/cancel_groupmsg_send", "customer")
def cancel(call: Call) -> Answer:
    """Answer cancel_groupmsg_send: the unsent part stops, nothing is recalled."""
    mass.cancel(call.world, _message(call))
    return {}


def _is_busy(call: Call, code: WelcomeCode) -> bool:
    """Return whether another app is still sending with this code, as long as the setting says that takes."""
    lasts = call.settings.welcome_busy_seconds
    return code.used_by != call.app.agent_id and call.world.clock.seconds() < code.used_at + lasts


@post("externalcontact/send_welcome_msg", "customer")
def send_welcome(call: Call) -> Answer:
    """Answer send_welcome_msg: within 20 s, once; 41050 unknown or late, 41051 greeted already or chat begun."""
    corp = call.corp
    code = corp.welcome_codes.get(call.text("welcome_code", missing=41049))
    if code is None:
        raise WeComError(41050)
    friend: Friendship | FriendRequest | None = corp.friendship(code.userid, code.external_userid)
    if friend is None:
        friend = corp.friend_requests.get(request_key(code.userid, code.external_userid))
    if code.used and _is_busy(call, code):
        raise WeComError(41096)
    if code.used or (friend is not None and friend.chat_started):
        raise WeComError(41051)
    if code.expires_at < call.world.clock.now():
        raise WeComError(call.settings.expired_welcome_errcode)
    if friend is None:
        raise WeComError(84061)
    text, attachments = checked_message(call.world, call.body)
    code.used, code.used_at, code.used_by = True, call.world.clock.seconds(), call.app.agent_id
    letter = {
        "at": call.world.clock.seconds(),
        "via": "welcome",
        "from": code.userid,
        "text": str(text.get("content", "")),
        "attachments": attachments,
    }
    corp.persons[code.external_userid].inbox.append(letter)
    archive.note_single(
        call.world,
        userid=code.userid,
        external_userid=code.external_userid,
        by_staff=True,
        text=str(letter["text"]),
        attachments=attachments,
    )
    return {}
