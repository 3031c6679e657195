"""Everybody the corp serves, customer or not: externalcontact/contact_list."""

import hashlib
from collections.abc import Iterator
from itertools import islice
from typing import Any

from wecom_emulator.api.call import Answer, Call, decode_cursor, encode_cursor, post
from wecom_emulator.state.chats import MEMBER_EXTERNAL, GroupChat
from wecom_emulator.state.people import Friendship


def _tmp_openid(external_userid: str) -> str:
    """Return the temporary id that stands for a person in this list; the same person keeps it."""
    return "wt" + hashlib.blake2b(external_userid.encode(), digest_size=13).hexdigest()


def _customer(friend: Friendship) -> dict[str, Any]:
    return {
        "is_customer": True,
        "tmp_openid": _tmp_openid(friend.external_userid),
        "external_userid": friend.external_userid,
        "follow_userid": friend.userid,
        "add_time": friend.createtime,
    }


def _strangers(call: Call, chat: GroupChat) -> list[dict[str, Any]]:
    """Return the members of a group who are nobody's customer; only of them the name is shown."""
    corp = call.corp
    rows = []
    for member in chat.members.values():
        person = corp.persons.get(member.userid) if member.type == MEMBER_EXTERNAL else None
        if person is None or corp.followers.get(member.userid):
            continue
        rows.append(
            {
                "is_customer": False,
                "tmp_openid": _tmp_openid(member.userid),
                "name": person.name,
                "follow_userid": chat.owner,
                "chat_id": chat.chat_id,
                "chat_name": chat.name,
                "add_time": member.join_time,
            }
        )
    return rows


def _rows(call: Call, start: int) -> Iterator[dict[str, Any]]:
    """Yield the rows from a position on; the customers of whole staff members are skipped without a look."""
    corp = call.corp
    for staff in call.servants():
        friends = corp.friendships.get(staff.userid, {})
        if start >= len(friends):
            start -= len(friends)
            continue
        yield from map(_customer, islice(friends.values(), start, None))
        start = 0
    for chat in corp.chats.values():
        owner = corp.staff.get(chat.owner)
        if chat.dismissed_at is not None or chat.internal or owner is None or not corp.sees(call.app, owner):
            continue
        rows = _strangers(call, chat)
        yield from rows[start:]
        start = max(0, start - len(rows))


@post("externalcontact/contact_list", "customer")
def list_served(call: Call) -> Answer:
    """Answer contact_list: customers by staff member, then group members who are nobody's customer; 1000 a page."""
    start, limit = decode_cursor(call.text("cursor")), call.limit(default=1000, most=1000)
    size = max(1, limit // 2) if call.partial else limit
    rows = list(islice(_rows(call, start), size + 1))
    return {"info_list": rows[:size], "next_cursor": encode_cursor(start + size) if len(rows) > size else ""}
