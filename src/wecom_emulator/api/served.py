"""Everybody the corp serves, customer or not: externalcontact/contact_list."""

import hashlib
from collections.abc import Iterator
from itertools import chain, islice
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


Mark = list[Any]
"""Where the list goes on: [0, userid, seq of the last friendship] or [1, "", seq of the last group, members of it]."""


def _customers(call: Call, mark: Mark) -> Iterator[tuple[Mark, dict[str, Any]]]:
    """Yield the customers after a mark, staff member by staff member."""
    servants = [item.userid for item in call.servants()]
    if mark[1] in servants:
        servants = servants[servants.index(mark[1]) :]
    for userid in servants:
        for seq, friend in call.corp.friendships[userid].read_after(mark[2] if userid == mark[1] else 0):
            yield [0, userid, seq], _customer(friend)


def _others(call: Call, mark: Mark) -> Iterator[tuple[Mark, dict[str, Any]]]:
    """Yield the members after a mark who are nobody's customer, group by group."""
    corp = call.corp
    last, done = (mark[2], mark[3]) if mark[0] else (0, 0)
    for seq, chat in corp.chats.read_after(max(0, last - 1)):
        owner = corp.staff.get(chat.owner)
        if chat.dismissed_at is not None or chat.internal or owner is None or not corp.sees(call.app, owner):
            continue
        for number, row in enumerate(_strangers(call, chat), start=1):
            if seq > last or number > done:
                yield [1, "", seq, number], row


@post("externalcontact/contact_list", "customer")
def list_served(call: Call) -> Answer:
    """Answer contact_list: customers by staff member, then group members who are nobody's customer; 1000 a page."""
    mark = decode_cursor(call.text("cursor"), call.path) or [0, "", 0]
    size = call.page_size(call.limit(default=1000, most=1000))
    rows = _others(call, mark) if mark[0] else chain(_customers(call, mark), _others(call, mark))
    found = list(islice(rows, size + 1))
    page = found[:size]
    last = page[-1][0] if page else mark
    cursor = encode_cursor(last, call.path) if len(found) > size else ""
    return {"info_list": [row for _, row in page], "next_cursor": cursor}
