"""What customers and staff do: the actions of the actor API, one function per verb, used singly and in batches."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from wecom_emulator.clock import china_date
from wecom_emulator.errors import ActorError
from wecom_emulator.rules import friendships, groups, kf, mass, staffing
from wecom_emulator.rules.friendships import person_of, staff_of
from wecom_emulator.state.chats import JOIN_INVITED, JOIN_LINK, JOIN_QR, GroupChat
from wecom_emulator.state.ways import ContactWay, JoinWay
from wecom_emulator.world import World

Action = dict[str, Any]
Result = dict[str, Any]
Verb = Callable[[World, str, Action], Result]

JOIN_SCENES = {"invited": JOIN_INVITED, "link": JOIN_LINK, "qr": JOIN_QR}


def _text(action: Action, name: str, *, required: bool = True) -> str:
    value = action.get(name)
    if value is None or value == "":
        if required:
            raise ActorError("missing_field", f"the action needs {name!r}", status=400)
        return ""
    if not isinstance(value, str):
        raise ActorError("bad_field", f"{name!r} must be a text", status=400)
    return value


def _day(world: World) -> str:
    return china_date(world.clock.now()).date().isoformat()


def config_of_code(code: str) -> str:
    """Return the config id inside a QR code's picture url or content, or the text itself."""
    return urlsplit(code).path.rstrip("/").rsplit("/", 1)[-1].removesuffix(".png")


def _way(world: World, action: Action) -> ContactWay | JoinWay:
    corp, kind = world.corp, _text(action, "kind", required=False)
    if kind not in ("", "contact", "join"):
        raise ActorError("bad_field", "kind is contact or join", status=400)
    config_id = _text(action, "config_id", required=False)
    code = _text(action, "qr_code", required=False)
    if code:
        config_id = config_of_code(code)
    state = "" if config_id else _text(action, "state")
    contact = corp.contact_ways.get(config_id or corp.contact_way_of_state.get(state, ""))
    if contact is not None and kind in ("", "contact"):
        return contact
    join = corp.join_ways.get(config_id or corp.join_way_of_state.get(state, ""))
    if join is not None and kind in ("", "join"):
        return join
    raise ActorError("unknown_code", "no live code has this state, config_id or qr_code", status=404)


def _scan(world: World, customer: str, action: Action) -> Result:
    person, way = person_of(world, customer), _way(world, action)
    if isinstance(way, JoinWay):
        chat, created = groups.join_by_way(world, way, customer)
        return {"chat_id": chat.chat_id, "created": created}
    scan = friendships.scan_contact_way(world, person, way)
    return {
        "userid": scan.userid,
        "welcome_code_issued": scan.welcome_code is not None,
        "already_friend": scan.already_friend,
    }


def _add(world: World, customer: str, action: Action) -> Result:
    person, staff = person_of(world, customer), staff_of(world, _text(action, "userid"))
    if world.corp.friendship(staff.userid, customer) is not None:
        raise ActorError("already_friends", "these two are friends already")
    if not friendships.can_serve(staff):
        raise ActorError("no_staff_available", "this staff member has no customer-contact feature: switch it on")
    add_way = int(action.get("add_way", 2))
    code = friendships.become_friends(world, person, staff.userid, add_way=add_way, state="")
    return {"userid": staff.userid, "welcome_code_issued": code is not None, "already_friend": False}


def _join(world: World, customer: str, action: Action) -> Result:
    person_of(world, customer)
    chat = groups.open_group(world, _text(action, "chat_id"))
    scene = JOIN_SCENES.get(_text(action, "scene", required=False) or "qr")
    if scene is None:
        raise ActorError("bad_field", "scene is invited, link or qr", status=400)
    groups.join_group(world, chat, customer, scene=scene)
    return {"chat_id": chat.chat_id}


def _leave(world: World, customer: str, action: Action) -> Result:
    chat = groups.open_group(world, _text(action, "chat_id"))
    groups.leave_group(world, chat, customer, removed=False)
    return {"chat_id": chat.chat_id}


def _delete_staff(world: World, customer: str, action: Action) -> Result:
    userid = _text(action, "userid")
    friendships.end_friendship(world, userid, customer, by_customer=True)
    return {"userid": userid}


def _write(world: World, customer: str, action: Action) -> Result:
    person_of(world, customer)
    target = _text(action, "to")
    if target == "kf":
        return _write_kf(world, customer, action)
    if target == "staff":
        friend = world.corp.friendship(_text(action, "userid"), customer)
        if friend is None:
            raise ActorError("not_friends", "these two are not friends: the customer cannot write")
        friend.chat_started = True
        friend.last_chat_at = world.clock.seconds()
        friend.messages[_day(world)] = friend.messages.get(_day(world), 0) + 1
        return {"userid": friend.userid}
    if target == "group":
        return _write_group(world, customer, action)
    raise ActorError("bad_field", "to is kf, staff or group", status=400)


def _write_kf(world: World, customer: str, action: Action) -> Result:
    account = kf.account_of(world, _text(action, "open_kfid"))
    menu_id = _text(action, "menu_id", required=False)
    body = {"content": _text(action, "text"), **({"menu_id": menu_id} if menu_id else {})}
    msgid = kf.write(world, customer, account=account, msgtype="text", body=body)
    return {"msgid": msgid}


def _write_group(world: World, member: str, action: Action) -> Result:
    chat = groups.open_group(world, _text(action, "chat_id"))
    if member not in chat.members:
        raise ActorError("not_member", "this person is not in the group")
    chat.messages[_day(world)] = chat.messages.get(_day(world), 0) + 1
    return {"chat_id": chat.chat_id}


def _enter_kf(world: World, customer: str, action: Action) -> Result:
    person_of(world, customer)
    url = _text(action, "url", required=False)
    if url:
        account, code = kf.enter_by_url(world, customer, url)
    else:
        account = kf.account_of(world, _text(action, "open_kfid"))
        code = kf.enter(
            world,
            customer,
            account=account,
            scene=_text(action, "scene", required=False),
            scene_param=_text(action, "scene_param", required=False),
        )
    return {"open_kfid": account.open_kfid, "welcome_code_issued": code is not None}


def _confirm(world: World, userid: str, action: Action) -> Result:
    staff_of(world, userid)
    return {"confirmed": mass.confirm(world, userid, action.get("msgid"))}


def _ignore(world: World, userid: str, action: Action) -> Result:
    staff_of(world, userid)
    msgid = _text(action, "msgid")
    mass.ignore(world, userid, msgid)
    return {"ignored": [msgid]}


def _delete_customer(world: World, userid: str, action: Action) -> Result:
    customer = _text(action, "external_userid")
    friendships.end_friendship(world, userid, customer, by_customer=False)
    return {"external_userid": customer}


def _leave_company(world: World, userid: str, action: Action) -> Result:
    staffing.leave_company(world, staff_of(world, userid))
    return {"userid": userid}


def _create_group(world: World, userid: str, action: Action) -> Result:
    staff = staff_of(world, userid)
    chat = groups.create_group(
        world, name=_text(action, "name"), owner=staff.userid, members=action.get("members") or []
    )
    return {"chat_id": chat.chat_id}


def _own_group(world: World, userid: str, action: Action) -> GroupChat:
    staff_of(world, userid)
    chat = groups.open_group(world, _text(action, "chat_id"))
    if chat.owner != userid:
        raise ActorError("not_owner", "only the owner may do this")
    return chat


def _remove_member(world: World, userid: str, action: Action) -> Result:
    chat = _own_group(world, userid, action)
    groups.leave_group(world, chat, _text(action, "external_userid"), removed=True)
    return {"chat_id": chat.chat_id}


def _invite(world: World, userid: str, action: Action) -> Result:
    chat = groups.open_group(world, _text(action, "chat_id"))
    customer = person_of(world, _text(action, "external_userid"))
    groups.join_group(world, chat, customer.external_userid, scene=JOIN_INVITED, invitor=staff_of(world, userid).userid)
    return {"chat_id": chat.chat_id}


def _change_group(world: World, userid: str, action: Action) -> Result:
    chat = _own_group(world, userid, action)
    owner = _text(action, "owner", required=False)
    if owner:
        staff_of(world, owner)
    groups.change_group(
        world,
        chat,
        name=_text(action, "name", required=False),
        notice=_text(action, "notice", required=False),
        owner=owner,
    )
    return {"chat_id": chat.chat_id}


def _dismiss_group(world: World, userid: str, action: Action) -> Result:
    chat = _own_group(world, userid, action)
    groups.dismiss_group(world, chat)
    return {"chat_id": chat.chat_id}


def _write_as_staff(world: World, userid: str, action: Action) -> Result:
    staff = staff_of(world, userid)
    if _text(action, "to") == "group":
        return _write_group(world, staff.userid, action)
    friend = world.corp.friendship(userid, _text(action, "external_userid"))
    if friend is None:
        raise ActorError("not_friends", "these two are not friends: the message is not delivered")
    friend.chat_started = True
    friend.last_chat_at = world.clock.seconds()
    letter = {
        "at": friend.last_chat_at,
        "via": "staff",
        "from": userid,
        "text": _text(action, "text"),
        "attachments": [],
    }
    world.corp.persons[friend.external_userid].inbox.append(letter)
    return {"external_userid": friend.external_userid}


def _edit_customer(world: World, userid: str, action: Action) -> Result:
    friend = world.corp.friendship(staff_of(world, userid).userid, _text(action, "external_userid"))
    if friend is None:
        raise ActorError("not_friends", "these two are not friends: nothing to edit")
    remark = _text(action, "remark", required=False)
    friend.remark = remark or friend.remark
    gone = set(action.get("remove_tag") or [])
    added = action.get("add_tag") or []
    if any(item not in world.corp.tag_index for item in added):
        raise ActorError("unknown_tag", "no such tag: see get_corp_tag_list", status=404)
    friend.tag_ids = [item for item in dict.fromkeys([*friend.tag_ids, *added]) if item not in gone]
    friendships.note_edit(world, userid, friend.external_userid)
    return {"external_userid": friend.external_userid}


CUSTOMER_VERBS: dict[str, Verb] = {
    "scan": _scan,
    "add": _add,
    "join": _join,
    "leave": _leave,
    "delete_staff": _delete_staff,
    "write": _write,
    "enter_kf": _enter_kf,
}

STAFF_VERBS: dict[str, Verb] = {
    "confirm": _confirm,
    "ignore": _ignore,
    "delete_customer": _delete_customer,
    "leave_company": _leave_company,
    "create_group": _create_group,
    "remove_member": _remove_member,
    "invite": _invite,
    "change_group": _change_group,
    "dismiss_group": _dismiss_group,
    "write": _write_as_staff,
    "edit_customer": _edit_customer,
}


def perform(world: World, actor: str, actor_id: str, verb: str, action: Action) -> Result:
    """Let an actor (customer or staff) do one thing and return its result; raises ActorError when it cannot."""
    verbs = {"customer": CUSTOMER_VERBS, "staff": STAFF_VERBS}.get(actor)
    known = verbs.get(verb) if verbs is not None else None
    if known is None:
        raise ActorError("unknown_action", f"no action {verb!r} of {actor!r}: see the table in the README", status=404)
    return known(world, actor_id, action)


def open_tasks(world: World, userid: str) -> list[Result]:
    """Return the open send tasks of a staff member, oldest first."""
    staff_of(world, userid)
    rows = []
    for msgid in world.corp.open_tasks.get(userid, {}):
        message = world.corp.mass_messages[msgid]
        task = message.tasks[userid]
        rows.append(
            {
                "msgid": msgid,
                "chat_type": message.chat_type,
                "create_time": message.create_time,
                "text": str(message.text.get("content", "")),
                "attachments": message.attachments,
                "targets": list(task.rows),
                "reminders": len(message.reminded_at),
            }
        )
    return rows
