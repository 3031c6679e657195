"""What staff do: confirm send tasks, keep groups, write, edit and drop customers, leave the company."""

from wecom_emulator.actors.customers import msgid_of, write_in_group
from wecom_emulator.actors.verbs import Action, Result, number, text, texts, verb
from wecom_emulator.errors import ActorError
from wecom_emulator.rules import (
    acquisition,
    archive,
    behavior,
    friendships,
    groups,
    intercept,
    mass,
    staffing,
    temp_chats,
)
from wecom_emulator.rules.friendships import person_of, staff_of
from wecom_emulator.state.chats import JOIN_INVITED, GroupChat
from wecom_emulator.world import World


def own_group(world: World, userid: str, action: Action) -> GroupChat:
    """Return the group of an action if the staff member owns it; raises ActorError unknown_group or not_owner."""
    staff_of(world, userid)
    chat = groups.open_group(world, text(action, "chat_id"))
    if chat.owner != userid:
        raise ActorError("not_owner", "only the owner may do this")
    return chat


@verb("staff", "confirm")
def _confirm_tasks(world: World, userid: str, action: Action) -> Result:
    staff_of(world, userid)
    msgid = text(action, "msgid", required=False) or None
    targets = texts(action, "targets") if action.get("targets") is not None else None
    return {"confirmed": mass.confirm(world, userid, msgid, targets)}


@verb("staff", "ignore")
def _ignore_task(world: World, userid: str, action: Action) -> Result:
    staff_of(world, userid)
    msgid = text(action, "msgid")
    mass.ignore(world, userid, msgid)
    return {"ignored": [msgid]}


@verb("staff", "apply_friend")
def _apply_friend(world: World, userid: str, action: Action) -> Result:
    staff, person = staff_of(world, userid), person_of(world, text(action, "external_userid"))
    if world.corp.friendship(userid, person.external_userid) is not None:
        raise ActorError("already_friends", "these two are friends already")
    behavior.today(world, staff.userid).new_apply += 1
    if action.get("accepted", True) is False:
        return {"external_userid": person.external_userid, "welcome_code_issued": False}
    add_way = number(action, "add_way", default=2)
    code = friendships.become_friends(world, person, userid, add_way=add_way)
    return {"external_userid": person.external_userid, "welcome_code_issued": code is not None}


@verb("staff", "accept_friend")
def _accept_friend(world: World, userid: str, action: Action) -> Result:
    customer = text(action, "external_userid")
    request, code = friendships.confirm_request(world, staff_of(world, userid).userid, customer)
    way = world.corp.contact_ways.get(request.config_id)
    if way is not None and way.is_temp:
        temp_chats.open_chat(world, way, userid, customer)
    if request.link_id:
        acquisition.note_new_customer(world, request.link_id, userid, customer, request.state)
        if request.chat_started:
            acquisition.note_first_words(world, userid, customer)
    return {"external_userid": customer, "welcome_code_issued": code is not None}


@verb("staff", "delete_customer")
def _delete_customer(world: World, userid: str, action: Action) -> Result:
    customer = text(action, "external_userid")
    friendships.end_friendship(world, userid, customer, by_customer=False)
    return {"external_userid": customer}


@verb("staff", "leave_company")
def _leave_company(world: World, userid: str, action: Action) -> Result:
    staffing.leave_company(world, staff_of(world, userid))
    return {"userid": userid}


@verb("staff", "create_group")
def _create_group(world: World, userid: str, action: Action) -> Result:
    staff = staff_of(world, userid)
    chat = groups.create_group(
        world,
        name=text(action, "name"),
        owner=staff.userid,
        members=texts(action, "members"),
        internal=action.get("internal") is True,
    )
    return {"chat_id": chat.chat_id}


@verb("staff", "remove_member")
def _remove_member(world: World, userid: str, action: Action) -> Result:
    chat = own_group(world, userid, action)
    groups.leave_group(world, chat, text(action, "external_userid"), removed=True)
    return {"chat_id": chat.chat_id}


@verb("staff", "invite")
def _invite(world: World, userid: str, action: Action) -> Result:
    chat = groups.open_group(world, text(action, "chat_id"))
    customer = person_of(world, text(action, "external_userid"))
    groups.join_group(world, chat, customer.external_userid, scene=JOIN_INVITED, invitor=staff_of(world, userid).userid)
    return {"chat_id": chat.chat_id}


@verb("staff", "change_group")
def _change_group(world: World, userid: str, action: Action) -> Result:
    chat = own_group(world, userid, action)
    owner = text(action, "owner", required=False)
    if owner:
        staff_of(world, owner)
    groups.change_group(
        world,
        chat,
        name=text(action, "name", required=False),
        notice=text(action, "notice", required=False),
        owner=owner,
    )
    return {"chat_id": chat.chat_id}


@verb("staff", "dismiss_group")
def _dismiss_group(world: World, userid: str, action: Action) -> Result:
    chat = own_group(world, userid, action)
    groups.dismiss_group(world, chat)
    return {"chat_id": chat.chat_id}


@verb("staff", "write")
def _write_as_staff(world: World, userid: str, action: Action) -> Result:
    staff = staff_of(world, userid)
    warned = intercept.check_message(world, staff, text(action, "text", required=False))
    if text(action, "to") == "group":
        return {**write_in_group(world, staff.userid, action), "warned_by": warned}
    friend = world.corp.friendship(userid, text(action, "external_userid"))
    if friend is None:
        raise ActorError("not_friends", "these two are not friends: the message is not delivered")
    behavior.note_staff_message(world, staff.userid, friend.external_userid)
    friend.chat_started = True
    friend.last_chat_at = world.clock.seconds()
    said, customer = text(action, "text"), friend.external_userid
    kept = archive.note_single(world, userid=userid, external_userid=customer, by_staff=True, text=said)
    letter = {
        "at": friend.last_chat_at,
        "via": "staff",
        "from": userid,
        "text": said,
        "attachments": [],
        **msgid_of(kept),
    }
    world.corp.persons[friend.external_userid].inbox.append(letter)
    return {"external_userid": customer, "warned_by": warned, **msgid_of(kept)}


@verb("staff", "edit_customer")
def _edit_customer(world: World, userid: str, action: Action) -> Result:
    friend = world.corp.friendship(staff_of(world, userid).userid, text(action, "external_userid"))
    if friend is None:
        raise ActorError("not_friends", "these two are not friends: nothing to edit")
    gone, added = set(texts(action, "remove_tag")), texts(action, "add_tag")
    if any(item not in world.corp.tag_index for item in added):
        raise ActorError("unknown_tag", "no such tag: see get_corp_tag_list", status=404)
    friend.tag_ids = [item for item in dict.fromkeys([*friend.tag_ids, *added]) if item not in gone]
    noted = {name: text(action, name, required=False) for name in ("remark", "description", "remark_corp_name")}
    for name, given in noted.items():
        setattr(friend, name, given or getattr(friend, name))
    mobiles = texts(action, "remark_mobiles")
    friend.remark_mobiles = mobiles or friend.remark_mobiles
    if not mobiles or gone or added or any(noted.values()):
        friendships.note_edit(world, userid, friend.external_userid)
    return {"external_userid": friend.external_userid}


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
                "allow_select": message.allow_select,
            }
        )
    return rows
