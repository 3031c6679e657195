"""Reading departments and members: department/{list,simplelist,get} and user/{get,simplelist,list,list_id}."""

from typing import Any

from wecom_emulator.api.call import Answer, Call, either, get
from wecom_emulator.errors import WeComError
from wecom_emulator.state.people import Department, Staff

SELF_BUILT_HIDDEN = ("gender", "avatar", "telephone", "mobile", "email", "biz_mail", "address")
"""What apps made after 2022-06-20 do not get; members give it themselves by OAuth with snsapi_privateinfo."""


def _visible(call: Call, number: int) -> bool:
    """Return whether a department is in the app's visible range; an app without bounds sees the whole tree."""
    app = call.app
    if app.visible_users is None and app.visible_departments is None:
        return True
    return not call.corp.department_line(number).isdisjoint(app.visible_departments or ())


def _below(call: Call) -> list[Department]:
    root, corp = call.integer("id", 0), call.corp
    if root and root not in corp.departments:
        raise WeComError(60003)
    if root and not _visible(call, root):
        raise WeComError(60011)
    return [
        item
        for item in corp.departments.values()
        if _visible(call, item.id) and (not root or root in corp.department_line(item.id))
    ]


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
    if not _visible(call, item.id):
        raise WeComError(60011)
    return {"department": _department(item)}


def _user(call: Call, staff: Staff) -> dict[str, Any]:
    leads = [call.corp.departments.get(item) for item in staff.department]
    shown = {
        "userid": staff.userid,
        "name": staff.name,
        "department": staff.department,
        "order": staff.order or [0] * len(staff.department),
        "position": staff.position,
        "mobile": staff.mobile,
        "gender": str(staff.gender),
        "email": staff.email,
        "biz_mail": staff.biz_mail,
        "avatar": staff.avatar,
        "telephone": staff.telephone,
        "address": staff.address,
        "is_leader_in_dept": [int(item is not None and staff.userid in item.department_leader) for item in leads],
        "direct_leader": staff.direct_leader,
        "main_department": staff.main_department or (staff.department[0] if staff.department else 1),
        "status": staff.status,
        "alias": staff.alias,
        "open_userid": "",
        "extattr": staff.extattr or {"attrs": []},
        "external_position": staff.external_position,
        "external_profile": staff.external_profile,
    }
    if call.app.kind != "contact_sync":
        for name in SELF_BUILT_HIDDEN:
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
