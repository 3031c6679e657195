"""Customer groups: opening, joining by code with overflow, leaving, and the events of each change."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from wecom_emulator.callbacks import EventField
from wecom_emulator.clock import china_date
from wecom_emulator.errors import ActorError
from wecom_emulator.rules import talks
from wecom_emulator.rules.group_history import note_change, note_size
from wecom_emulator.rules.group_welcomes import greet
from wecom_emulator.state.chats import JOIN_INVITED, JOIN_QR, MEMBER_EXTERNAL, MEMBER_STAFF, ChatMember, GroupChat
from wecom_emulator.state.ways import JoinWay
from wecom_emulator.world import World

EVENT = "change_external_chat"
CHATS_PER_WAY = 5


def member_version(chat: GroupChat, version: int | None = None) -> str:
    """Return the mark of a version of the member list, by default the newest; every join and leave changes it."""
    number = chat.version if version is None else version
    return hashlib.blake2b(f"{chat.chat_id}:{number}".encode(), digest_size=16).hexdigest()


OPENGID = "og"
"""How a group's id for mini-programs begins; the rest is the chat_id backwards, so that it needs no table."""


def opengid_of(chat: GroupChat) -> str:
    """Return the id under which mini-programs know a group."""
    return OPENGID + chat.chat_id[::-1]


def chat_of_opengid(opengid: str) -> str:
    """Return the chat_id behind an opengid; a text that is none leads to no group."""
    return opengid.removeprefix(OPENGID)[::-1] if opengid.startswith(OPENGID) else ""


def open_group(world: World, chat_id: str) -> GroupChat:
    """Return a living group by id; raises ActorError unknown_group."""
    chat = world.corp.chats.get(chat_id)
    if chat is None or chat.dismissed_at is not None:
        raise ActorError("unknown_group", "no such group: open one by the create_group action first", status=404)
    return chat


def create_group(
    world: World, *, name: str, owner: str, members: Sequence[str] = (), internal: bool = False
) -> GroupChat:
    """Open a group with its owner and first members and tell the callbacks.

    An internal group has staff only and calls nobody back. Raises ActorError unknown_customer or internal_group.
    """
    corp, now = world.corp, world.clock.seconds()
    unknown = next((item for item in members if item not in corp.persons and item not in corp.staff), None)
    if unknown is not None:
        raise ActorError("unknown_customer", f"no such member {unknown!r}: create it first", status=404)
    if internal and any(item not in corp.staff for item in members):
        raise ActorError("internal_group", "an internal group has staff only")
    chat_id = corp.new_id("chat", "wr")
    chat = GroupChat(chat_id=chat_id, name=name, owner=owner, create_time=now, internal=internal)
    corp.chats[chat.chat_id] = chat
    for userid in dict.fromkeys([owner, *members]):
        _put_member(world, chat, userid, scene=JOIN_INVITED, invitor=owner, state="")
    _tell(world, chat, "create", [("ChatId", chat.chat_id)])
    return chat


def check_room(world: World, chat: GroupChat) -> None:
    """Raise ActorError internal_group or group_full when no customer can enter a group."""
    if chat.internal:
        raise ActorError("internal_group", "no customer can enter an internal group")
    if len(chat.members) >= world.corp.settings.group_capacity:
        raise ActorError("group_full", "the group is full: use a join way, which opens the next one")


def join_group(
    world: World, chat: GroupChat, external_userid: str, *, scene: int, invitor: str = "", state: str = ""
) -> None:
    """Add a customer to a group and tell the callbacks; raises ActorError already_member or group_full."""
    if external_userid in chat.members:
        raise ActorError("already_member", "this customer is in the group already")
    check_room(world, chat)
    before = member_version(chat)
    note_change(world, chat, came=external_userid)
    _put_member(world, chat, external_userid, scene=scene, invitor=invitor or chat.owner, state=state)
    settings = world.corp.settings
    join_scene = settings.event_join_scene_qr if scene == JOIN_QR else settings.event_join_scene_invited
    _member_event(world, chat, "add_member", ("JoinScene", join_scene), external_userid, before)
    greet(world, chat, external_userid)


def leave_group(world: World, chat: GroupChat, member: str, *, removed: bool) -> None:
    """Take a member out of a group and tell the callbacks; raises ActorError not_member."""
    if member not in chat.members:
        raise ActorError("not_member", "this person is not in the group")
    before = member_version(chat)
    note_change(world, chat, gone=replace(chat.members[member]))
    del chat.members[member]
    note_size(world, chat)
    talks.note(world, talks.group_key(chat.chat_id), sender=member, kind="removed" if removed else "left")
    settings = world.corp.settings
    scene = settings.event_quit_scene_removed if removed else settings.event_quit_scene_self
    _member_event(world, chat, "del_member", ("QuitScene", scene), member, before)


def change_group(world: World, chat: GroupChat, *, name: str = "", notice: str = "", owner: str = "") -> None:
    """Rename a group, change its notice or give it another owner; each change is an event of its own."""
    if owner:
        if owner not in chat.members:
            _admit_staff(world, chat, owner)
        chat.owner = owner
        chat.status = 0
    chat.name = name or chat.name
    chat.notice = notice or chat.notice
    details = (("change_owner", owner), ("change_name", name), ("change_notice", notice))
    for detail, given in details:
        if given:
            talks.note(world, talks.group_key(chat.chat_id), sender=chat.owner, text=given, kind=detail)
            fields: list[EventField] = [("ChatId", chat.chat_id), ("UpdateDetail", detail)]
            _tell(world, chat, "update", fields)


def _admit_staff(world: World, chat: GroupChat, userid: str) -> None:
    before = member_version(chat)
    note_change(world, chat, came=userid)
    _put_member(world, chat, userid, scene=JOIN_INVITED, invitor=chat.owner, state="")
    scene = ("JoinScene", world.corp.settings.event_join_scene_invited)
    _member_event(world, chat, "add_member", scene, userid, before)


def dismiss_group(world: World, chat: GroupChat) -> None:
    """Close a group for good and tell the callbacks."""
    chat.dismissed_at = world.clock.seconds()
    _tell(world, chat, "dismiss", [("ChatId", chat.chat_id)])


def join_by_way(world: World, way: JoinWay, external_userid: str) -> tuple[GroupChat, bool]:
    """Put a customer into the first group of a way with room, or into a new one; return it and whether it is new.

    Somebody who is in one of the way's groups stays there. Raises ActorError all_groups_full or no_group.
    """
    corp = world.corp
    linked = [corp.chats[item] for item in way.chat_id_list if item in corp.chats]
    living = [chat for chat in linked if chat.dismissed_at is None]
    for chat in living:
        if external_userid in chat.members:
            return chat, False
    limit = min(corp.settings.overflow_at, corp.settings.group_capacity)
    chat_with_room = next((chat for chat in living if len(chat.members) < limit), None)
    if chat_with_room is not None:
        join_group(world, chat_with_room, external_userid, scene=JOIN_QR, state=way.state)
        return chat_with_room, False
    if not linked:
        raise ActorError("no_group", "the join way has no group: give it chat_id_list")
    if not way.auto_create_room:
        raise ActorError("all_groups_full", "all groups of the join way are full and auto_create_room is off")
    chat = _open_next_room(world, way, linked[-1])
    join_group(world, chat, external_userid, scene=JOIN_QR, state=way.state)
    return chat, True


def _open_next_room(world: World, way: JoinWay, last: GroupChat) -> GroupChat:
    base = way.room_base_name or last.name
    name = f"{base}{way.room_base_id + way.next_room}" if way.room_base_name else f"{base}{way.next_room + 1}"
    way.next_room += 1
    chat = create_group(world, name=name, owner=last.owner)
    way.chat_id_list = [*way.chat_id_list, chat.chat_id][-CHATS_PER_WAY:]
    return chat


def _tell(world: World, chat: GroupChat, change_type: str, fields: list[EventField]) -> None:
    """Tell the callbacks of a change of a customer group; internal groups are nobody's business."""
    if not chat.internal:
        world.emit(EVENT, change_type, fields, subject=chat.chat_id, concerns=[chat.owner])


def _put_member(world: World, chat: GroupChat, userid: str, *, scene: int, invitor: str, state: str) -> None:
    now = world.clock.seconds()
    external = userid in world.corp.persons
    chat.members[userid] = ChatMember(
        userid=userid,
        type=MEMBER_EXTERNAL if external else MEMBER_STAFF,
        join_time=now,
        join_scene=scene,
        invitor=invitor if scene == JOIN_INVITED else "",
        state=state,
    )
    if external:
        day = china_date(now).date().isoformat()
        chat.joined[day] = chat.joined.get(day, 0) + 1
        talks.note(world, talks.group_key(chat.chat_id), sender=userid, kind="joined")
    note_size(world, chat)


def _member_event(world: World, chat: GroupChat, detail: str, scene: tuple[str, int], member: str, before: str) -> None:
    listed: EventField = ("MemChangeList", [member])
    if world.corp.settings.mem_change_list_format == "comma":
        listed = ("MemChangeList", member)
    fields: list[EventField] = [
        ("ChatId", chat.chat_id),
        ("UpdateDetail", detail),
        scene,
        ("MemChangeCnt", 1),
        listed,
        ("LastMemVer", before),
        ("CurMemVer", member_version(chat)),
    ]
    _tell(world, chat, "update", fields)
