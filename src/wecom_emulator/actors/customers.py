"""What customers do: scan, add, join, leave, write."""

from urllib.parse import urlsplit

from wecom_emulator.actors.customer_service import write_to_kf
from wecom_emulator.actors.verbs import Action, Result, text, verb
from wecom_emulator.clock import china_date
from wecom_emulator.errors import ActorError
from wecom_emulator.rules import acquisition, archive, behavior, friendships, groups, talks, temp_chats
from wecom_emulator.rules.friendships import person_of, staff_of
from wecom_emulator.rules.group_history import note_message
from wecom_emulator.state.chats import JOIN_INVITED, JOIN_LINK, JOIN_QR
from wecom_emulator.state.ways import ContactWay, JoinWay
from wecom_emulator.world import World

JOIN_SCENES = {"invited": JOIN_INVITED, "link": JOIN_LINK, "qr": JOIN_QR}


def day_of(world: World) -> str:
    """Return the Chinese calendar day of now as ISO text."""
    return china_date(world.clock.now()).date().isoformat()


def config_of_code(code: str) -> str:
    """Return the config id inside a QR code's picture url or content, or the text itself."""
    return urlsplit(code).path.rstrip("/").rsplit("/", 1)[-1].removesuffix(".png")


def _way(world: World, action: Action) -> ContactWay | JoinWay:
    corp, kind = world.corp, text(action, "kind", required=False)
    if kind not in ("", "contact", "join"):
        raise ActorError("bad_field", "kind is contact or join", status=400)
    config_id = text(action, "config_id", required=False)
    code = text(action, "qr_code", required=False)
    if code:
        config_id = config_of_code(code)
    state = "" if config_id else text(action, "state")
    contact = corp.contact_ways.get(config_id or corp.contact_way_of_state.get(state, ""))
    if contact is not None and kind in ("", "contact"):
        return contact
    join = corp.join_ways.get(config_id or corp.join_way_of_state.get(state, ""))
    if join is not None and kind in ("", "join"):
        return join
    raise ActorError("unknown_code", "no live code has this state, config_id or qr_code", status=404)


@verb("customer", "scan")
def _scan(world: World, customer: str, action: Action) -> Result:
    person, way = person_of(world, customer), _way(world, action)
    if isinstance(way, JoinWay):
        chat, created = groups.join_by_way(world, way, customer)
        return {"chat_id": chat.chat_id, "created": created}
    scan = friendships.scan_contact_way(world, person, way)
    if way.is_temp and not scan.already_friend and not scan.pending:
        temp_chats.open_chat(world, way, scan.userid, customer)
    return {
        "userid": scan.userid,
        "welcome_code_issued": scan.welcome_code is not None,
        "already_friend": scan.already_friend,
        **({"pending": True} if scan.pending else {}),
    }


@verb("customer", "add")
def _add(world: World, customer: str, action: Action) -> Result:
    person, staff = person_of(world, customer), staff_of(world, text(action, "userid"))
    if world.corp.friendship(staff.userid, customer) is not None:
        raise ActorError("already_friends", "these two are friends already")
    if not friendships.can_serve(staff):
        raise ActorError("no_staff_available", "this staff member has no customer-contact feature: switch it on")
    add_way = int(action.get("add_way", 2))
    code = friendships.become_friends(world, person, staff.userid, add_way=add_way, state="")
    return {"userid": staff.userid, "welcome_code_issued": code is not None, "already_friend": False}


@verb("customer", "delete_staff")
def _delete_staff(world: World, customer: str, action: Action) -> Result:
    userid = text(action, "userid")
    friendships.end_friendship(world, userid, customer, by_customer=True)
    return {"userid": userid}


@verb("customer", "join")
def _join(world: World, customer: str, action: Action) -> Result:
    person_of(world, customer)
    chat = groups.open_group(world, text(action, "chat_id"))
    scene = JOIN_SCENES.get(text(action, "scene", required=False) or "qr")
    if scene is None:
        raise ActorError("bad_field", "scene is invited, link or qr", status=400)
    groups.join_group(world, chat, customer, scene=scene)
    return {"chat_id": chat.chat_id}


@verb("customer", "leave")
def _leave(world: World, customer: str, action: Action) -> Result:
    chat = groups.open_group(world, text(action, "chat_id"))
    groups.leave_group(world, chat, customer, removed=False)
    return {"chat_id": chat.chat_id}


@verb("customer", "write")
def _write(world: World, customer: str, action: Action) -> Result:
    person_of(world, customer)
    target = text(action, "to")
    if target == "kf":
        return write_to_kf(world, customer, action)
    if target == "staff":
        friend = world.corp.friendship(text(action, "userid"), customer)
        if friend is None:
            return _write_as_half_friend(world, customer, action)
        acquisition.note_first_words(world, friend.userid, customer)
        behavior.note_customer_message(world, friend.userid, customer)
        friend.chat_started = True
        friend.last_chat_at = world.clock.seconds()
        friend.messages[day_of(world)] = friend.messages.get(day_of(world), 0) + 1
        said = text(action, "text", required=False)
        talks.note(world, talks.staff_key(friend.userid, customer), sender=customer, text=said)
        kept = archive.note_single(world, userid=friend.userid, external_userid=customer, by_staff=False, text=said)
        return {"userid": friend.userid, **msgid_of(kept)}
    if target == "group":
        return write_in_group(world, customer, action)
    raise ActorError("bad_field", "to is kf, staff or group", status=400)


def _write_as_half_friend(world: World, customer: str, action: Action) -> Result:
    """Let somebody write whom the staff member has not confirmed yet; the chat counts as begun."""
    userid = text(action, "userid")
    request = world.corp.friend_requests.get(friendships.request_key(userid, customer))
    if request is None or not request.half:
        raise ActorError("not_friends", "these two are not friends: the customer cannot write")
    request.chat_started = True
    said = text(action, "text", required=False)
    talks.note(world, talks.staff_key(userid, customer), sender=customer, text=said)
    return {"userid": userid}


def write_in_group(world: World, member: str, action: Action) -> Result:
    """Count a message of a member in a group; raises ActorError not_member."""
    chat = groups.open_group(world, text(action, "chat_id"))
    if member not in chat.members:
        raise ActorError("not_member", "this person is not in the group")
    note_message(world, chat, member)
    said = text(action, "text", required=False)
    talks.note(world, talks.group_key(chat.chat_id), sender=member, text=said)
    kept = archive.note_group(world, chat, sender=member, text=said)
    return {"chat_id": chat.chat_id, **msgid_of(kept)}


def msgid_of(kept: list[str]) -> Result:
    """Return the msgid under which the archive keeps a message, nothing when it keeps none."""
    return {"msgid": kept[0]} if kept else {}
