"""The archive's own calls: msgaudit/{get_permit_user_list,check_single_agree,check_room_agree,groupchat/get}."""

from typing import Any

from wecom_emulator.api.call import Answer, Call, post
from wecom_emulator.errors import WeComError
from wecom_emulator.rules import archive

PAIRS = 100
EDITIONS = (0, 1, 2, 3)
"""0 all, 1 office, 2 service, 3 enterprise edition; the emulated corp has bought the last."""

ENTERPRISE = 3


def _check_on(call: Call) -> None:
    if not call.settings.archive_on:
        raise WeComError(301052)


@post("msgaudit/get_permit_user_list", "archive")
def list_permitted_users(call: Call) -> Answer:
    """Answer get_permit_user_list: whose messages are archived; 301052 while the corp has no archive."""
    _check_on(call)
    edition = call.integer("type", 0)
    if edition not in EDITIONS:
        raise WeComError(40058, "invalid Request Parameter: type should be 1, 2 or 3")
    if edition not in (0, ENTERPRISE):
        return {"ids": []}
    return {"ids": [userid for userid in call.corp.staff if archive.is_permitted(call.world, userid)]}


def _shown(external_userid: str, status: str, changed_at: int) -> dict[str, Any]:
    return {"status_change_time": changed_at, "exteranalopenid": external_userid, "agree_status": status}


@post("msgaudit/check_single_agree", "archive")
def check_single_agree(call: Call) -> Answer:
    """Answer check_single_agree for at most 100 pairs of userid and exteranalopenid (written so by WeCom)."""
    _check_on(call)
    pairs = call.objects("info")
    if not pairs:
        raise WeComError(40063)
    if len(pairs) > PAIRS:
        raise WeComError(40058, "invalid Request Parameter: info exceed max size 100")
    rows = []
    for pair in pairs:
        userid, customer = pair.get("userid"), pair.get("exteranalopenid")
        if not isinstance(userid, str) or not isinstance(customer, str):
            raise WeComError(40058, "invalid Request Parameter: info")
        if call.corp.friendship(userid, customer) is None:
            raise WeComError(84061)
        rows.append({"userid": userid, **_shown(customer, *archive.consent_of(call.world, userid, customer))})
    return {"agreeinfo": rows}


@post("msgaudit/check_room_agree", "archive")
def check_room_agree(call: Call) -> Answer:
    """Answer check_room_agree: what every customer in a group said."""
    _check_on(call)
    chat = call.corp.chats.get(call.text("roomid", missing=40063))
    if chat is None or chat.dismissed_at is not None:
        raise WeComError(call.settings.unknown_chat_errcode)
    return {"agreeinfo": [_shown(*row) for row in archive.room_consents(call.world, chat)]}


@post("msgaudit/groupchat/get", "archive")
def get_room(call: Call) -> Answer:
    """Answer groupchat/get: an internal group of the staff (appchat); a customer group is refused."""
    _check_on(call)
    roomid = call.text("roomid", missing=40063)
    chat = call.corp.app_chats.get(roomid)
    if chat is None:
        raise WeComError(call.settings.unknown_chat_errcode)
    members = [{"memberid": userid, "jointime": chat.created_at} for userid in chat.userlist]
    shown = {"roomname": chat.name, "creator": chat.owner, "room_create_time": chat.created_at, "notice": ""}
    return {**shown, "members": members}
