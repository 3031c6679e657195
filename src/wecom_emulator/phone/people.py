"""Finding customers and staff in a corp of any size: by id, or by name a slice of the table at a time."""

from dataclasses import dataclass
from json import dumps, loads
from typing import Any

from wecom_emulator.state.corp import Corp
from wecom_emulator.state.views import usable

SLICE = 100_000
"""Rows looked through by one search for a name; who wants more asks on from where it stopped."""

PAGE = 30


@dataclass(slots=True, frozen=True, kw_only=True)
class Found:
    """One page of people; `after` is where to go on, 0 at the end."""

    people: list[dict[str, Any]]
    after: int


def _person(body: str) -> dict[str, Any]:
    data = loads(body)
    return {name: data.get(name, "") for name in ("external_userid", "name", "unionid", "avatar", "type")}


def customers(corp: Corp, wanted: str, *, after: int) -> Found:
    """Return up to 30 persons whose id is the text or whose name has it in it; an empty text finds everybody."""
    if not usable(wanted):
        return Found(people=[], after=0)
    table = corp.keeper.tables["persons"]
    table.write_back()
    known = corp.persons.get(wanted) if wanted and not after else None
    if known is not None:
        return Found(people=[{"external_userid": wanted, "name": known.name, "unionid": known.unionid}], after=0)
    last = min(table.last_seq(), after + SLICE)
    sql = (
        'SELECT seq, body FROM "persons" WHERE seq > ? AND seq <= ? '
        "AND (? = '' OR instr(json_extract(body, '$.name'), ?) OR instr(key, ?)) ORDER BY seq LIMIT ?"
    )
    rows = table.store.read(sql, (after, last, wanted, wanted, wanted, PAGE)).fetchall()
    goes_on = rows[-1][0] if len(rows) == PAGE else last
    return Found(people=[_person(row[1]) for row in rows], after=goes_on if goes_on < table.last_seq() else 0)


def staff(corp: Corp, wanted: str, *, after: int) -> Found:
    """Return up to 30 employed staff whose userid or name has the text in it."""
    low, rows, place = wanted.lower(), [], 0
    for place, item in enumerate(corp.staff.values(), start=1):
        if place <= after or corp.employed(item.userid) is None:
            continue
        if low in item.userid.lower() or low in item.name.lower():
            rows.append(staff_row(corp, item.userid))
            if len(rows) == PAGE:
                break
    return Found(people=rows, after=place if place < len(corp.staff) else 0)


def staff_row(corp: Corp, userid: str) -> dict[str, Any]:
    """Return a staff member as lists show it."""
    item = corp.staff[userid]
    return {
        "userid": userid,
        "name": item.name,
        "department": list(item.department),
        "position": item.position,
        "feature_on": item.feature_on,
        "status": item.status,
    }


def friends_of_staff(corp: Corp, userid: str, wanted: str, *, limit: int = 60) -> list[dict[str, Any]]:
    """Return the customers of a staff member, who wrote last first; a text finds remarks and ids."""
    table = corp.keeper.tables["friendships"]
    table.write_back()
    sql = (
        "SELECT key, body FROM \"friendships\" WHERE parent = ? AND (? = '' OR instr(body, ?) OR instr(key, ?)) "
        "ORDER BY max(json_extract(body, '$.last_chat_at'), json_extract(body, '$.createtime')) DESC, seq DESC LIMIT ?"
    )
    escaped = dumps(wanted)[1:-1]
    found = table.store.read(sql, (userid, wanted, escaped, wanted, limit)).fetchall()
    persons = corp.persons.read_many([row[0] for row in found])
    shown = []
    for key, body in found:
        data = loads(body)
        person = persons.get(key)
        names = ("remark", "description", "remark_mobiles", "tag_ids", "createtime", "add_way", "state")
        row = {name: data.get(name, "") for name in names}
        shown.append({"external_userid": key, "name": person.name if person else key, **row})
    return shown
