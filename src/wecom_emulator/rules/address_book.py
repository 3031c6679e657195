"""Writing the address book: departments, members and tags, with the limits of each and the events they cause."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from wecom_emulator.callbacks import EventField
from wecom_emulator.errors import WeComError
from wecom_emulator.rules import staffing
from wecom_emulator.rules.payload import characters, integer, integers, object_of, texts
from wecom_emulator.state.people import STAFF_ACTIVE, Department, Staff, StaffTag
from wecom_emulator.world import World

ROOT = 1
STAFF_DISABLED = 2
DEFAULT_ORDER = 100_000_000
NAME_CHARACTERS = 64
DEPARTMENTS_PER_USER = 100
TAG_NAME_CHARACTERS = 32
TAG_CALL_USERS = 1000
TAG_CALL_DEPARTMENTS = 100

USERID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_\-@.]{0,63}\Z")
FORBIDDEN_IN_NAME = frozenset('\\:*?"<>|')

Data = dict[str, Any]
Item = TypeVar("Item")


def department_of(world: World, number: int) -> Department:
    """Return a department; raises WeComError 60003."""
    department = world.corp.departments.get(number)
    if department is None:
        raise WeComError(60003)
    return department


def _checked_name(data: Data, *, required: bool) -> str:
    name = characters(data, "name", most=NAME_CHARACTERS, too_long=60001)
    if required and not name:
        raise WeComError(40063)
    if not FORBIDDEN_IN_NAME.isdisjoint(name):
        raise WeComError(60009)
    return name


def _check_place(world: World, parentid: int, name: str, *, own: int = 0, height: int = 1) -> None:
    """Refuse a place under a parent: unknown parent, too deep, or a name that a sibling has already."""
    corp = world.corp
    if parentid not in corp.departments:
        raise WeComError(60004)
    if len(corp.department_line(parentid)) + height > corp.settings.department_depth:
        raise WeComError(60002)
    if any(item.parentid == parentid and item.name == name and item.id != own for item in corp.departments.values()):
        raise WeComError(60008)


def _height(world: World, number: int) -> int:
    """Return how many levels a department has, itself included."""
    corp = world.corp
    above = len(corp.department_line(number)) - 1
    below = (corp.department_line(item) for item in corp.departments)
    return max(len(line) for line in below if number in line) - above


def create_department(world: World, data: Data, *, emit: bool) -> int:
    """Make a department and return its id.

    Raises WeComError 60001 and 60009 (name), 60002 (deeper than 15), 60004 (no such parent), 60008 (name or id in use),
    45029 (over 30,000 departments).
    """
    corp = world.corp
    name, parentid = _checked_name(data, required=True), integer(data, "parentid", 0)
    _check_place(world, parentid, name)
    number = integer(data, "id", 0) or max(corp.departments) + 1
    if number in corp.departments:
        raise WeComError(60008)
    if not ROOT <= number < 2**32:
        raise WeComError(60123)
    if len(corp.departments) >= corp.settings.department_limit:
        raise WeComError(45029)
    department = Department(
        id=number,
        name=name,
        parentid=parentid,
        order=integer(data, "order", DEFAULT_ORDER),
        name_en=characters(data, "name_en", most=NAME_CHARACTERS, too_long=60001),
    )
    corp.departments[number] = department
    corp.ancestors.clear()
    if emit:
        _party_event(world, "create_party", department)
    return number


def update_department(world: World, data: Data, *, emit: bool) -> None:
    """Change what is given of a department; raises WeComError as create, 60003, and 60010 for a circle."""
    corp = world.corp
    department = department_of(world, integer(data, "id", 0))
    name = _checked_name(data, required=False) or department.name
    parentid = integer(data, "parentid", department.parentid)
    name_en = characters(data, "name_en", most=NAME_CHARACTERS, too_long=60001)
    order = integer(data, "order", department.order)
    if department.id == ROOT:
        if parentid != department.parentid:
            raise WeComError(60010)
    else:
        if parentid in corp.departments and department.id in corp.department_line(parentid):
            raise WeComError(60010)
        _check_place(world, parentid, name, own=department.id, height=_height(world, department.id))
    department.name, department.parentid, department.order = name, parentid, order
    department.name_en = name_en or department.name_en
    corp.ancestors.clear()
    if emit:
        _party_event(world, "update_party", department)


def delete_department(world: World, number: int, *, emit: bool) -> None:
    """Remove an empty department; raises WeComError 60003, 60007 (root), 60005 (members) or 60006 (children)."""
    corp = world.corp
    department = department_of(world, number)
    if number == ROOT:
        raise WeComError(60007)
    if any(number in item.department for item in corp.staff.values() if corp.employed(item.userid)):
        raise WeComError(60005)
    if any(item.parentid == number for item in corp.departments.values()):
        raise WeComError(60006)
    del corp.departments[number]
    corp.ancestors.clear()
    if emit:
        _party_event(world, "delete_party", department)


def create_user(world: World, data: Data, *, emit: bool) -> Staff:
    """Make a member and return it.

    Raises WeComError 40003 (shape of the userid), 60102 (in use), 60104 and 60106 (mobile, e-mail in use), 40063
    (neither of both given), 40066 and 60110 (departments).
    """
    userid = characters(data, "userid", most=512, too_long=40003)
    if not userid:
        raise WeComError(41009)
    if not USERID.match(userid):
        raise WeComError(40003)
    if world.corp.employed(userid) is not None:
        raise WeComError(60102)
    staff = Staff(userid=userid, name="", department=[], feature_on=False)
    _fill_user(world, staff, {"department": [ROOT], **data})
    world.corp.staff[userid] = staff
    if emit:
        staffing.note_arrival(world, staff)
    return staff


def update_user(world: World, data: Data, *, emit: bool) -> None:
    """Change what is given of a member; raises WeComError 60111 and as create."""
    staff = world.corp.employed(characters(data, "userid", most=512, too_long=40003))
    if staff is None:
        raise WeComError(60111)
    _fill_user(world, staff, data)
    if emit:
        staffing.note_change(world, staff)


_USER_TEXTS = {
    "position": 128,
    "alias": 64,
    "telephone": 32,
    "biz_mail": 63,
    "address": 128,
    "external_position": 12,
}


def _fill_user(world: World, staff: Staff, data: Data) -> None:
    """Check everything first, then write, so that a refused call changes nothing."""
    name = characters(data, "name", most=NAME_CHARACTERS, too_long=60112) or staff.name
    if not name:
        raise WeComError(40063)
    mobile = characters(data, "mobile", most=32, too_long=60103) if "mobile" in data else staff.mobile
    email = characters(data, "email", most=64, too_long=60105) if "email" in data else staff.email
    if not mobile and not email and (not staff.name or "mobile" in data or "email" in data):
        raise WeComError(40063, "mobile and email can not be both empty")
    _check_unique(world, staff.userid, mobile=mobile, email=email)
    departments = _checked_departments(world, data) if "department" in data else staff.department
    main = integer(data, "main_department", staff.main_department)
    if main not in departments:
        main = departments[0] if departments else ROOT
    order = integers(data, "order") or [0] * len(departments)
    if len(order) != len(departments):
        raise WeComError(40058, "invalid Request Parameter: order and department should have the same size")
    leads = integers(data, "is_leader_in_dept") if "is_leader_in_dept" in data else None
    if leads is not None and (len(leads) != len(departments) or any(item not in (0, 1) for item in leads)):
        raise WeComError(40058, "invalid Request Parameter: is_leader_in_dept")
    direct_leader = texts(data, "direct_leader") if "direct_leader" in data else staff.direct_leader
    if any(world.corp.employed(item) is None for item in direct_leader):
        raise WeComError(60111, "userid not found: direct_leader")
    given = {key: characters(data, key, most=most, too_long=40058) for key, most in _USER_TEXTS.items() if key in data}
    gender, enabled = integer(data, "gender", staff.gender), integer(data, "enable", int(staff.status == STAFF_ACTIVE))
    extattr = object_of(data.get("extattr", staff.extattr), "extattr")
    profile = object_of(data.get("external_profile", staff.external_profile), "external_profile")

    staff.name, staff.mobile, staff.email, staff.gender = name, mobile, email, gender
    staff.department, staff.main_department, staff.order = departments, main, order
    staff.direct_leader, staff.extattr, staff.external_profile = direct_leader, extattr, profile
    for key, value in given.items():
        setattr(staff, key, value)
    if "enable" in data:
        staff.status = STAFF_ACTIVE if enabled else STAFF_DISABLED
    if leads is not None:
        _set_leads(world, staff, leads)


def _check_unique(world: World, userid: str, *, mobile: str, email: str) -> None:
    for item in world.corp.staff.values():
        if item.userid == userid or world.corp.employed(item.userid) is None:
            continue
        if mobile and item.mobile == mobile:
            raise WeComError(60104)
        if email and item.email == email:
            raise WeComError(60106)


def _checked_departments(world: World, data: Data) -> list[int]:
    departments = integers(data, "department")
    if len(departments) > DEPARTMENTS_PER_USER:
        raise WeComError(60110)
    if not departments or any(item not in world.corp.departments for item in departments):
        raise WeComError(40066)
    return list(dict.fromkeys(departments))


def _set_leads(world: World, staff: Staff, leads: list[int]) -> None:
    for number, leads_it in zip(staff.department, leads, strict=True):
        department = world.corp.departments[number]
        others = [item for item in department.department_leader if item != staff.userid]
        department.department_leader = [*others, staff.userid] if leads_it else others


def tag_of(world: World, tagid: int) -> StaffTag:
    """Return an address-book tag; raises WeComError 40068."""
    tag = world.corp.staff_tags.get(tagid)
    if tag is None:
        raise WeComError(40068)
    return tag


def checked_tag_name(world: World, data: Data, *, own: int = 0) -> str:
    """Return the name of a tag; raises WeComError 40071 (missing or in use) or 40072 (over 32 characters)."""
    name = characters(data, "tagname", most=TAG_NAME_CHARACTERS, too_long=40072)
    if not name or any(item.tagname == name and item.tagid != own for item in world.corp.staff_tags.values()):
        raise WeComError(40071)
    return name


def move_tag_members(
    world: World, tag: StaffTag, *, userids: list[str], departments: list[int], add: bool, emit: bool
) -> tuple[list[str], list[int]]:
    """Put members and departments under a tag or take them out; return the unknown ones.

    Raises WeComError 40063 without any, 40058 over 1,000 members or 100 departments a call, 40070 when all are unknown.
    """
    corp = world.corp
    if not userids and not departments:
        raise WeComError(40063)
    if len(userids) > TAG_CALL_USERS or len(departments) > TAG_CALL_DEPARTMENTS:
        raise WeComError(40058, "invalid Request Parameter: at most 1000 users and 100 departments")
    users = [item for item in dict.fromkeys(userids) if corp.employed(item) is not None]
    parties = [item for item in dict.fromkeys(departments) if item in corp.departments]
    bad_users, bad_parties = _without(userids, users), _without(departments, parties)
    if not users and not parties:
        raise WeComError(40070)
    if add:
        tag.userids = list(dict.fromkeys([*tag.userids, *users]))
        tag.departments = list(dict.fromkeys([*tag.departments, *parties]))
    else:
        tag.userids = _without(tag.userids, users)
        tag.departments = _without(tag.departments, parties)
    if emit:
        prefix = "Add" if add else "Del"
        fields: list[EventField] = [
            ("TagId", tag.tagid),
            (f"{prefix}UserItems", ",".join(users)),
            (f"{prefix}PartyItems", _comma(parties)),
        ]
        world.emit("change_contact", "update_tag", fields, subject=f"tag{tag.tagid}")
    return bad_users, bad_parties


def _without(items: list[Item], gone: Sequence[Item]) -> list[Item]:
    known = set(gone)
    return [item for item in items if item not in known]


def _comma(items: Iterable[int]) -> str:
    return ",".join(str(item) for item in items)


def _party_event(world: World, change_type: str, department: Department) -> None:
    """Tell the callbacks; those configured after 2022-08-15 get ids only, older ones also name and order."""
    fields: list[EventField] = [("Id", department.id)]
    if change_type != "delete_party":
        if world.corp.settings.contact_events_full:
            fields += [("Name", department.name), ("Order", department.order)]
        fields.append(("ParentId", department.parentid))
    world.emit("change_contact", change_type, fields, subject=f"party{department.id}")
