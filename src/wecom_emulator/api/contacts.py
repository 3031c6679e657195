"""Departments and members: department/* and user/*."""

import re
from typing import Any

from wecom_emulator.api.call import Answer, Call, either, get, post
from wecom_emulator.errors import WeComError
from wecom_emulator.rules.staffing import leave_company, note_arrival
from wecom_emulator.state.people import Department, Staff

USERID = re.compile(r"[0-9A-Za-z_\-@.]{1,64}\Z")
SELF_BUILT_HIDDEN = ("mobile", "email")


def _below(call: Call) -> list[Department]:
    root = call.integer("id", 0)
    corp = call.corp
    if not root:
        return list(corp.departments.values())
    if root not in corp.departments:
        raise WeComError(60003)
    return [item for item in corp.departments.values() if root in corp.department_line(item.id)]


def _department(item: Department) -> dict[str, Any]:
    return {
        "id": item.id,
        "name": item.name,
        "name_en": item.name_en,
        "department_leader": item.department_leader,
        "parentid": item.parentid,
        "order": item.order,
    }


@get("department/list", "contacts")
def list_departments(call: Call) -> Answer:
    """Answer department/list: a department (or all) with everything below it."""
    return {"department": [_department(item) for item in _below(call)]}


@get("department/simplelist", "contacts")
def list_department_ids(call: Call) -> Answer:
    """Answer department/simplelist."""
    return {"department_id": [{"id": item.id, "parentid": item.parentid, "order": item.order} for item in _below(call)]}


@get("department/get", "contacts")
def get_department(call: Call) -> Answer:
    """Answer department/get."""
    item = call.corp.departments.get(call.integer("id", 0))
    if item is None:
        raise WeComError(60003)
    return {"department": _department(item)}


@post("department/create", "contacts_write")
def create_department(call: Call) -> Answer:
    """Answer department/create; 60004 for an unknown parent, 60008 for a name that its parent has already."""
    corp = call.corp
    name, parentid = call.text("name", missing=40063, most=64), call.integer("parentid", 0)
    if parentid not in corp.departments:
        raise WeComError(60004)
    if any(item.parentid == parentid and item.name == name for item in corp.departments.values()):
        raise WeComError(60008)
    number = call.integer("id", 0) or max(corp.departments) + 1
    if number in corp.departments:
        raise WeComError(60008)
    corp.departments[number] = Department(
        id=number,
        name=name,
        parentid=parentid,
        order=call.integer("order", 100_000_000),
        name_en=call.text("name_en", most=64),
    )
    corp.ancestors.clear()
    return {"id": number}


@get("department/delete", "contacts_write")
def delete_department(call: Call) -> Answer:
    """Answer department/delete; 60005 with members, 60006 with children."""
    corp, number = call.corp, call.integer("id", 0)
    if number not in corp.departments:
        raise WeComError(60003)
    if any(number in item.department for item in corp.staff.values() if corp.employed(item.userid)):
        raise WeComError(60005)
    if any(item.parentid == number for item in corp.departments.values()):
        raise WeComError(60006)
    del corp.departments[number]
    corp.ancestors.clear()
    return {}


def _user(call: Call, staff: Staff) -> dict[str, Any]:
    shown = {
        "userid": staff.userid,
        "name": staff.name,
        "department": staff.department,
        "order": [0] * len(staff.department),
        "position": staff.position,
        "mobile": staff.mobile,
        "email": staff.email,
        "is_leader_in_dept": [
            int(staff.userid in call.corp.departments[item].department_leader) if item in call.corp.departments else 0
            for item in staff.department
        ],
        "direct_leader": [],
        "main_department": staff.main_department or (staff.department[0] if staff.department else 1),
        "status": staff.status,
        "alias": staff.alias,
        "open_userid": "",
        "extattr": {"attrs": []},
    }
    if call.app.kind != "contact_sync":
        for name in SELF_BUILT_HIDDEN:  # apps made after 2022-06-20 do not get these
            del shown[name]
    return shown


@get("user/get", "contacts")
def get_user(call: Call) -> Answer:
    """Answer user/get; 60111 unknown or left, 60011 out of the visible range."""
    return _user(call, call.member(call.text("userid")))


def _members(call: Call) -> list[Staff]:
    number = call.integer("department_id", 0)
    if number not in call.corp.departments:
        raise WeComError(60003)
    deep = call.flag("fetch_child", default=False)
    return [
        item
        for item in call.corp.staff.values()
        if call.sees(item) and (call.corp.under(item, {number}) if deep else number in item.department)
    ]


@get("user/simplelist", "contacts")
def list_users_briefly(call: Call) -> Answer:
    """Answer user/simplelist: the direct members of a department."""
    rows = [
        {"userid": item.userid, "name": item.name, "department": item.department, "open_userid": ""}
        for item in _members(call)
    ]
    return {"userlist": rows}


@get("user/list", "contacts")
def list_users(call: Call) -> Answer:
    """Answer user/list; the contact-sync secret is refused with 48002, as for callers new since 2022-08-15."""
    if call.app.kind == "contact_sync":
        raise WeComError(48002)
    return {"userlist": [_user(call, item) for item in _members(call)]}


@either("user/list_id", "contacts")
def list_user_ids(call: Call) -> Answer:
    """Answer user/list_id: one row per member and department."""
    rows = [
        {"userid": item.userid, "department": number}
        for item in call.corp.staff.values()
        if call.sees(item)
        for number in item.department
    ]
    limit = call.limit(default=10_000, most=10_000)
    page, cursor = call.page(rows, limit=limit, key=lambda row: (row["userid"], row["department"]))
    return {"dept_user": page, "next_cursor": cursor}


@post("user/create", "contacts_write")
def create_user(call: Call) -> Answer:
    """Answer user/create; 60102 for a userid in use, 40066 for an unknown department."""
    corp, userid = call.corp, call.text("userid", missing=41009)
    if not USERID.match(userid):
        raise WeComError(40003)
    if corp.employed(userid) is not None:
        raise WeComError(60102)
    name, mobile, email = call.text("name", missing=40063, most=64), call.text("mobile"), call.text("email")
    if not mobile and not email:
        raise WeComError(40063, "mobile and email can not be both empty")
    departments = call.integers("department") or [1]
    if len(departments) > 100 or any(item not in corp.departments for item in departments):
        raise WeComError(40066)
    staff = Staff(
        userid=userid,
        name=name,
        mobile=mobile,
        email=email,
        department=departments,
        main_department=call.integer("main_department", departments[0]),
        position=call.text("position", most=128),
        alias=call.text("alias", most=64),
        feature_on=False,
    )
    corp.staff[userid] = staff
    if call.settings.api_changes_emit_events:
        note_arrival(call.world, staff)
    return {}


@get("user/delete", "contacts_write")
def delete_user(call: Call) -> Answer:
    """Answer user/delete: the member leaves the company."""
    staff = call.member(call.text("userid"))
    leave_company(call.world, staff)
    return {}
