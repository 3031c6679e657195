"""Mass messages: who is asked to send to whom, what a confirmation does, and the receiving cap."""

from calendar import monthrange
from collections.abc import Iterable
from typing import Any

from wecom_emulator.clock import china_date
from wecom_emulator.errors import ActorError
from wecom_emulator.rules import archive, talks
from wecom_emulator.rules.friendships import can_serve
from wecom_emulator.state.chats import GroupChat
from wecom_emulator.state.messages import (
    ROW_NOT_FRIEND,
    ROW_OVER_CAP,
    ROW_SENT,
    TASK_SENT,
    MassMessage,
    SendRow,
    StaffTask,
)
from wecom_emulator.state.people import Friendship
from wecom_emulator.state.settings import CAP_DAYS_OF_MONTH, CAP_FOUR_A_MONTH, CAP_ONE_A_DAY, CAP_SEVEN_A_WEEK, App
from wecom_emulator.world import World

RECEIVED_KEPT = 62
"""Earlier messages a receiver remembers; more than any cap counts in a month."""

CAP_RULES = (CAP_DAYS_OF_MONTH, CAP_SEVEN_A_WEEK, CAP_ONE_A_DAY, CAP_FOUR_A_MONTH)


def cap_period(now: float, rule: str) -> tuple[tuple[int, ...], int]:
    """Return the key of the period that `now` lies in and how many messages it allows; days are Chinese days."""
    day = china_date(now)
    if rule == CAP_ONE_A_DAY:
        return (day.year, day.month, day.day), 1
    if rule == CAP_SEVEN_A_WEEK:
        return tuple(day.isocalendar()[:2]), 7
    month = (day.year, day.month)
    return month, 4 if rule == CAP_FOUR_A_MONTH else monthrange(*month)[1]


def over_cap(received: list[int], now: float, rule: str) -> bool:
    """Return whether a receiver with these earlier messages (ascending instants) may get no more in this period."""
    period, allowed = cap_period(now, rule)
    count = 0
    for instant in reversed(received):
        if cap_period(instant, rule)[0] != period:
            break
        count += 1
    return count >= allowed


def last_keeper(world: World, external_userid: str, app: App) -> str | None:
    """Return the staff member, among those the app sees, who last chatted with a customer, or None."""
    corp = world.corp
    friends = [
        friend
        for friend in corp.followers.get(external_userid, {}).values()
        if can_serve(corp.staff.get(friend.userid))
        and corp.sees(app, corp.staff[friend.userid])
        and friend.userid not in corp.settings.unlicensed_userids
    ]
    if not friends:
        return None
    return max(friends, key=lambda friend: (friend.last_chat_at, friend.createtime, friend.userid)).userid


def matches_tags(friend: Friendship, tag_groups: list[list[str]]) -> bool:
    """Return whether a friendship carries one tag of every group."""
    own = set(friend.tag_ids)
    return all(not own.isdisjoint(tags) for tags in tag_groups)


def plan_single(
    world: World, app: App, *, externals: Iterable[str], sender: str, tag_groups: list[list[str]]
) -> tuple[dict[str, StaffTask], list[str]]:
    """Return the tasks per staff member and the receivers that nobody may write to.

    `externals` empty means all customers of the sender.
    """
    corp = world.corp
    wanted = list(dict.fromkeys(externals))
    if not wanted:
        wanted = list(corp.friendships.get(sender, {}))
    tasks: dict[str, StaffTask] = {}
    failed: list[str] = []
    for external_userid in wanted:
        keeper: str | None = sender or last_keeper(world, external_userid, app)
        friend = corp.friendship(keeper, external_userid) if keeper else None
        if friend is None:
            failed.append(external_userid)
        elif not tag_groups or matches_tags(friend, tag_groups):
            task = tasks.setdefault(friend.userid, StaffTask(userid=friend.userid))
            task.rows[external_userid] = SendRow(target=external_userid)
    return tasks, failed


def groups_of(world: World, userid: str) -> list[GroupChat]:
    """Return the living customer groups that a staff member owns."""
    owned = world.corp.chats.where("owner", userid)
    return [item for item in owned if item.dismissed_at is None and not item.internal]


def plan_group(world: World, *, sender: str, chat_ids: Iterable[str]) -> tuple[dict[str, StaffTask], list[str]]:
    """Return the owner's task over the given groups (or all own ones) and the groups the sender does not own."""
    wanted = list(dict.fromkeys(chat_ids))
    own = groups_of(world, sender)
    own_ids = {item.chat_id for item in own}
    chosen = [item for item in wanted if item in own_ids] if wanted else [item.chat_id for item in own]
    failed = [item for item in wanted if item not in own_ids]
    if not chosen:
        return {}, failed
    rows = {item: SendRow(target=item) for item in chosen}
    return {sender: StaffTask(userid=sender, rows=rows)}, failed


def store(world: World, message: MassMessage) -> None:
    """Keep a new mass message and put its tasks on the staff's lists."""
    world.corp.mass_messages[message.msgid] = message
    for userid in message.tasks:
        world.corp.open_tasks.setdefault(userid, {})[message.msgid] = None


def confirm(world: World, userid: str, msgid: str | None, targets: list[str] | None = None) -> list[str]:
    """Send one open task of a staff member, or all; return the msgids.

    `targets` is the sender's choice among the receivers of one task. Raises ActorError unknown_task or no_choice.
    """
    open_tasks = world.corp.open_tasks.get(userid, {})
    if msgid is not None and msgid not in open_tasks:
        raise ActorError("unknown_task", "no open task of this staff member has that msgid", status=404)
    chosen = [msgid] if msgid is not None else list(open_tasks)
    if targets is not None:
        _choose(world, userid, msgid, targets)
    for item in chosen:
        message = world.corp.mass_messages[item]
        _send_task(world, message, message.tasks[userid])
        open_tasks.pop(item, None)
    return chosen


def _choose(world: World, userid: str, msgid: str | None, targets: list[str]) -> None:
    """Leave only the chosen receivers in a task; raises ActorError no_choice."""
    message = world.corp.mass_messages.get(msgid or "")
    if message is None or not message.allow_select or message.chat_type == "group":
        raise ActorError("no_choice", "receivers can be chosen for one msgid of a single message with allow_select")
    rows = message.tasks[userid].rows
    for target in [item for item in rows if item not in targets]:
        del rows[target]


def ignore(world: World, userid: str, msgid: str) -> None:
    """Let a staff member put a task aside without sending; raises ActorError unknown_task."""
    if world.corp.open_tasks.get(userid, {}).pop(msgid, 0) == 0:
        raise ActorError("unknown_task", "no open task of this staff member has that msgid", status=404)
    world.corp.mass_messages[msgid].tasks[userid].ignored = True


def cancel(world: World, message: MassMessage) -> None:
    """Stop the part of a mass message that is not sent yet."""
    message.cancelled_at = world.clock.seconds()
    for userid in message.tasks:
        world.corp.open_tasks.get(userid, {}).pop(message.msgid, None)


def _send_task(world: World, message: MassMessage, task: StaffTask) -> None:
    task.status = TASK_SENT
    task.send_time = world.clock.seconds()
    send_row = _send_to_group if message.chat_type == "group" else _send_to_customer
    for row in task.rows.values():
        send_row(world, message, task, row)


def _letter(message: MassMessage, task: StaffTask, via: str, chat_id: str = "") -> dict[str, Any]:
    letter = {
        "at": task.send_time,
        "via": via,
        "from": task.userid,
        "text": str(message.text.get("content", "")),
        "attachments": message.attachments,
        "msgid": message.msgid,
    }
    return {**letter, "chat_id": chat_id} if chat_id else letter


def _send_to_customer(world: World, message: MassMessage, task: StaffTask, row: SendRow) -> None:
    friend = world.corp.friendship(task.userid, row.target)
    person = world.corp.persons.get(row.target)
    if friend is None or person is None:
        row.status = ROW_NOT_FRIEND
    elif over_cap(person.received, task.send_time, world.corp.settings.receiving_cap):
        row.status = ROW_OVER_CAP
    else:
        row.status, row.send_time = ROW_SENT, task.send_time
        friend.last_chat_at = task.send_time
        person.received = [*person.received[-RECEIVED_KEPT:], task.send_time]
        letter = _letter(message, task, "mass")
        person.inbox.append(letter)
        archive.note_single(
            world,
            userid=task.userid,
            external_userid=row.target,
            by_staff=True,
            text=letter["text"],
            attachments=message.attachments,
        )


def _send_to_group(world: World, message: MassMessage, task: StaffTask, row: SendRow) -> None:
    chat = world.corp.chats.get(row.target)
    if chat is None or chat.dismissed_at is not None or chat.owner != task.userid:
        row.status = ROW_NOT_FRIEND
    elif over_cap(chat.received, task.send_time, world.corp.settings.receiving_cap):
        row.status = ROW_OVER_CAP
    else:
        row.status, row.send_time = ROW_SENT, task.send_time
        chat.received = [*chat.received[-RECEIVED_KEPT:], task.send_time]
        letter = _letter(message, task, "group_mass", chat.chat_id)
        talks.note(
            world,
            talks.group_key(chat.chat_id),
            sender=task.userid,
            text=letter["text"],
            attachments=message.attachments,
        )
        archive.note_group(world, chat, sender=task.userid, text=letter["text"], attachments=message.attachments)
        for member in chat.members:
            person = world.corp.persons.get(member)
            if person is not None:
                person.inbox.append(letter)
