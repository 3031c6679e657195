"""Group chats that an app keeps for staff: appchat/{create,update,get,send}."""

import re

from wecom_emulator.api.call import Answer, Call, get, post
from wecom_emulator.errors import WeComError
from wecom_emulator.rules import notices
from wecom_emulator.rules.app_content import CHAT_CONTENTS, checked_content
from wecom_emulator.state.notices import AppChat

CHATID = re.compile(r"[0-9a-zA-Z]{1,32}\Z")
NAME_CHARACTERS = 50
LEAST_MEMBERS, MOST_MEMBERS = 2, 2000
ROOT = 1


def _check_range(call: Call) -> None:
    """Raise WeComError 60011 unless the app sees the whole corp, as app chats demand."""
    app = call.app
    if app.visible_users is None and app.visible_departments is None:
        return
    if ROOT not in (app.visible_departments or ()):
        raise WeComError(60011)


def _check_members(call: Call, userids: list[str]) -> None:
    if any(call.corp.employed(userid) is None for userid in userids):
        raise WeComError(86216)
    if not LEAST_MEMBERS <= len(userids) <= MOST_MEMBERS:
        raise WeComError(86006)


def _chat(call: Call) -> AppChat:
    """Return the app's own chat; raises WeComError 86001 (no chatid) or 86003 (unknown or another app's)."""
    chat = call.corp.app_chats.get(call.text("chatid", missing=86001))
    if chat is None or chat.agent_id != call.app.agent_id:
        raise WeComError(86003)
    return chat


@post("appchat/create", "message")
def create_chat(call: Call) -> Answer:
    """Answer appchat/create; 86003 shape of the chatid, 86215 in use, 86216 and 86006 members, 86217 owner no member."""
    _check_range(call)
    members = list(dict.fromkeys(call.texts("userlist")))
    _check_members(call, members)
    owner = call.text("owner") or members[0]
    if owner not in members:
        raise WeComError(86217)
    chatid = call.text("chatid") or call.corp.new_id("app_chat", "ac")
    if not CHATID.match(chatid):
        raise WeComError(86003)
    if chatid in call.corp.app_chats:
        raise WeComError(86215)
    call.corp.app_chats[chatid] = AppChat(
        chatid=chatid,
        name=call.text("name")[:NAME_CHARACTERS],
        owner=owner,
        agent_id=call.app.agent_id,
        created_at=call.world.clock.seconds(),
        userlist=members,
    )
    return {"chatid": chatid}


@post("appchat/update", "message")
def update_chat(call: Call) -> Answer:
    """Answer appchat/update: another name, owner, or members more and less."""
    _check_range(call)
    chat = _chat(call)
    gone = set(call.texts("del_user_list"))
    members = [userid for userid in dict.fromkeys([*chat.userlist, *call.texts("add_user_list")]) if userid not in gone]
    _check_members(call, members)
    owner = call.text("owner") or chat.owner
    if owner not in members:
        raise WeComError(86217)
    chat.name = call.text("name")[:NAME_CHARACTERS] or chat.name
    chat.owner, chat.userlist = owner, members
    return {}


@get("appchat/get", "message")
def get_chat(call: Call) -> Answer:
    """Answer appchat/get."""
    _check_range(call)
    chat = _chat(call)
    shown = {"chatid": chat.chatid, "name": chat.name, "owner": chat.owner, "userlist": chat.userlist}
    return {"chat_info": {**shown, "chat_type": 0}}


@post("appchat/send", "message")
def send_to_chat(call: Call) -> Answer:
    """Answer appchat/send: every member gets the message, within the caps of app messages."""
    _check_range(call)
    chat = _chat(call)
    msgtype, content = checked_content(call.world, call.body, allowed=CHAT_CONTENTS)
    letter = {
        "at": call.world.clock.seconds(),
        "from": call.app.agent_id,
        "chatid": chat.chatid,
        "msgid": call.corp.new_id("app_message", "am", length=40),
        "msgtype": msgtype,
        msgtype: content,
    }
    for userid in chat.userlist:
        staff = call.corp.employed(userid)
        if staff is not None and notices.has_room(call.world, call.app, staff):
            staff.inbox.append(dict(letter))
    return {}
