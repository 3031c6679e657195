"""Writing departments and members: department/{create,update,delete} and user/{create,update,delete,batchdelete}."""

from wecom_emulator.api.call import Answer, Call, get, post
from wecom_emulator.errors import WeComError
from wecom_emulator.rules import address_book
from wecom_emulator.rules.staffing import leave_company

MOST_DELETED = 200


@post("department/create", "contacts_write")
def create_department(call: Call) -> Answer:
    """Answer department/create; the errors are those of rules.address_book.create_department."""
    emit = call.settings.api_changes_emit_events
    return {"id": address_book.create_department(call.world, call.body, emit=emit)}


@post("department/update", "contacts_write")
def update_department(call: Call) -> Answer:
    """Answer department/update: only what is given changes; 60010 when a department would come below itself."""
    address_book.update_department(call.world, call.body, emit=call.settings.api_changes_emit_events)
    return {}


@get("department/delete", "contacts_write")
def delete_department(call: Call) -> Answer:
    """Answer department/delete; 60005 with members, 60006 with children, 60007 the root."""
    emit = call.settings.api_changes_emit_events
    address_book.delete_department(call.world, call.integer("id", 0), emit=emit)
    return {}


@post("user/create", "contacts_write")
def create_user(call: Call) -> Answer:
    """Answer user/create; the errors are those of rules.address_book.create_user."""
    address_book.create_user(call.world, call.body, emit=call.settings.api_changes_emit_events)
    return {}


@post("user/update", "contacts_write")
def update_user(call: Call) -> Answer:
    """Answer user/update: only what is given changes."""
    address_book.update_user(call.world, call.body, emit=call.settings.api_changes_emit_events)
    return {}


@get("user/delete", "contacts_write")
def delete_user(call: Call) -> Answer:
    """Answer user/delete: the member leaves the company."""
    leave_company(call.world, call.member(call.text("userid")))
    return {}


@post("user/batchdelete", "contacts_write")
def delete_users(call: Call) -> Answer:
    """Answer user/batchdelete: at most 200 members; nobody is deleted when one of them is unknown (60111)."""
    userids = call.texts("useridlist", most=MOST_DELETED)
    if not userids:
        raise WeComError(40063)
    members = [call.member(userid) for userid in dict.fromkeys(userids)]
    for staff in members:
        leave_company(call.world, staff)
    return {}
