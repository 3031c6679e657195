"""What a phone shows of conversations: the list of them, and the lines of one."""

from typing import Any

from wecom_emulator.errors import ActorError
from wecom_emulator.rules import talks
from wecom_emulator.rules.friendships import person_of
from wecom_emulator.state.chats import MEMBER_STAFF, GroupChat
from wecom_emulator.state.people import Person
from wecom_emulator.state.transfers import TRANSFER_WAITING
from wecom_emulator.state.views import RowList, rows_of
from wecom_emulator.world import World

SHOWN_LINES = 200
LOOKED_THROUGH = 600
MEMBERS_SHOWN = 500
Line = dict[str, Any]


def name_of(world: World, someone: str) -> str:
    """Return the name of a person, a staff member or a kf account; else the id itself."""
    corp = world.corp
    staff = corp.staff.get(someone)
    if staff is not None:
        return staff.name
    person = corp.persons.get(someone)
    if person is not None:
        return person.name
    account = corp.kf_accounts.get(someone)
    return account.name if account is not None else someone


def _rows(rows: Any) -> list[tuple[int, Line]]:
    """The last rows of a list that is on the database, or in memory since this request."""
    if isinstance(rows, RowList):
        return rows.read_tail(LOOKED_THROUGH)
    return list(enumerate(rows))[-LOOKED_THROUGH:]


def letters(person: Person) -> list[tuple[int, Line]]:
    """Return the latest letters of a person with their numbers, oldest first."""
    return _rows(person.inbox)


def _said(world: World, key: str) -> list[tuple[int, Line]]:
    talk = world.corp.talks.get(key)
    return _rows(talk.lines) if talk is not None else []


def _merged(world: World, got: list[tuple[int, Line]], said: list[tuple[int, Line]], *, me: str) -> list[Line]:
    """Put letters and lines into the order in which they were written."""
    rows = [((seq, 0, 0), item) for seq, item in got]
    rows += [((int(item.get("after", 0)), 1, seq), item) for seq, item in said]
    rows.sort(key=lambda row: row[0])
    return [_line(world, item, me=me) for _, item in rows[-SHOWN_LINES:]]


def _line(world: World, item: Line, *, me: str) -> Line:
    sender = str(item.get("servicer") or item["from"])
    return {
        "at": item["at"],
        "from": sender,
        "name": name_of(world, sender),
        "mine": sender == me,
        "text": item.get("text", ""),
        "attachments": item.get("attachments", []),
        "via": item.get("via", ""),
        "kind": item.get("kind", ""),
        "msgid": item.get("msgid", ""),
    }


def lines_of(world: World, me: str, external_userid: str, place: str) -> list[Line]:
    """Return the lines of a chat as `me` sees it; `place` is staff/USERID, kf/OPEN_KFID or group/CHAT_ID."""
    kind, _, target = place.partition("/")
    if kind == talks.GROUP:
        return _merged(world, _greetings(world, me, target), _said(world, talks.group_key(target)), me=me)
    mine = letters(person_of(world, external_userid))
    got = [(seq, item) for seq, item in mine if item.get("from") == target and "chat_id" not in item]
    if kind == talks.STAFF:
        return _merged(world, got, _said(world, talks.staff_key(target, external_userid)), me=me)
    if kind == talks.KF:
        return _merged(world, got, _said(world, talks.kf_key(target, external_userid)), me=me)
    raise ActorError("bad_field", "chat is staff/USERID, kf/OPEN_KFID or group/CHAT_ID", status=400)


def _greetings(world: World, me: str, chat_id: str) -> list[tuple[int, Line]]:
    person = world.corp.persons.get(me)
    if person is None:
        return []
    found = [(seq, item) for seq, item in letters(person) if item.get("chat_id") == chat_id]
    return [(seq, item) for seq, item in found if item.get("via") == "group_welcome"]


def _last(lines: list[Line]) -> dict[str, Any]:
    spoken = [item for item in lines if not item["kind"]]
    if not spoken:
        return {"at": lines[-1]["at"] if lines else 0, "text": ""}
    last = spoken[-1]
    return {"at": last["at"], "text": last["text"] or "".join(f"[{item['msgtype']}]" for item in last["attachments"])}


def group_of(world: World, chat: GroupChat, *, with_members: bool) -> dict[str, Any]:
    """Return a group as a phone shows it."""
    data: dict[str, Any] = {
        "chat_id": chat.chat_id,
        "name": chat.name,
        "owner": chat.owner,
        "owner_name": name_of(world, chat.owner),
        "notice": chat.notice,
        "size": len(chat.members),
        "dismissed": chat.dismissed_at is not None,
        "internal": chat.internal,
        "template_id": chat.welcome_template_id,
    }
    if with_members:
        members = list(rows_of(chat.members).read_values())[:MEMBERS_SHOWN]
        persons = world.corp.persons.read_many([item.userid for item in members if item.type != MEMBER_STAFF])
        data["members"] = [
            {
                "userid": item.userid,
                "staff": item.type == MEMBER_STAFF,
                "name": persons[item.userid].name if item.userid in persons else name_of(world, item.userid),
                "join_time": item.join_time,
            }
            for item in members
        ]
    return data


def group_shown(world: World, chat_id: str) -> dict[str, Any]:
    """Return one group with its members; raises ActorError unknown_group."""
    chat = world.corp.chats.get(chat_id)
    if chat is None:
        raise ActorError("unknown_group", "no such group", status=404)
    return group_of(world, chat, with_members=True)


def groups_of(world: World, member: str) -> list[dict[str, Any]]:
    """Return the groups that somebody is in, with the last word in each."""
    rows = []
    for chat_id in world.corp.chats_of[member]:
        chat = world.corp.chats[chat_id]
        last = _last(lines_of(world, member, "", f"group/{chat_id}"))
        rows.append(
            {**group_of(world, chat, with_members=False), "last": {**last, "at": last["at"] or chat.create_time}}
        )
    return rows


def customer_home(world: World, external_userid: str) -> dict[str, Any]:
    """Return a customer's phone: who the customer is, the chats, what waits for an answer."""
    person = person_of(world, external_userid)
    return {
        "external_userid": external_userid,
        "name": person.name,
        "unionid": person.unionid,
        "corp": world.corp.name,
        "chats": sorted(_chats_of_customer(world, person), key=lambda row: -row["last"]["at"]),
        "transfers": _transfers_of(world, external_userid),
        "now": world.clock.seconds(),
    }


def _chats_of_customer(world: World, person: Person) -> list[dict[str, Any]]:
    corp, me = world.corp, person.external_userid
    friends = {item.userid: item.createtime for item in corp.followers[me].values()}
    half = [item for item in corp.friend_requests.values() if item.external_userid == me]
    former = {str(item["from"]) for _, item in letters(person) if "chat_id" not in item} & set(corp.staff)
    rows = []
    for userid in dict.fromkeys([*friends, *(item.userid for item in half), *former]):
        last = _last(lines_of(world, me, me, f"staff/{userid}"))
        waits = next((True for item in half if item.userid == userid and not item.half), False)
        rows.append(
            {
                "chat": f"staff/{userid}",
                "name": name_of(world, userid),
                "friend": userid in friends,
                "pending": waits,
                "writable": userid in friends or any(item.half for item in half if item.userid == userid),
                "last": {**last, "at": last["at"] or friends.get(userid, 0)},
            }
        )
    for group in groups_of(world, me):
        rows.append({"chat": f"group/{group['chat_id']}", "friend": True, "pending": False, **group})
    for open_kfid in _desks_of(world, person):
        last = _last(lines_of(world, me, me, f"kf/{open_kfid}"))
        name = name_of(world, open_kfid)
        rows.append({"chat": f"kf/{open_kfid}", "name": name, "friend": True, "pending": False, "last": last})
    return rows


def _desks_of(world: World, person: Person) -> list[str]:
    """The kf accounts that a person has a chat with."""
    keys = {f"{item}/{person.external_userid}": item for item in world.corp.kf_accounts}
    known = world.corp.kf_sessions.read_many(list(keys))
    written = {str(item["from"]) for _, item in letters(person) if item.get("via") == "kf"}
    return [item for key, item in keys.items() if key in known or item in written]


def _transfers_of(world: World, external_userid: str) -> list[dict[str, Any]]:
    log = world.corp.transfers_of_customer.get(external_userid)
    found = [world.corp.transfers[item] for item in (log.transfer_ids if log else ()) if item in world.corp.transfers]
    return [
        {
            "userid": item.takeover_userid,
            "name": name_of(world, item.takeover_userid),
            "from_name": name_of(world, item.handover_userid),
            "ends_at": item.ends_at,
        }
        for item in found
        if item.status == TRANSFER_WAITING
    ]
