"""Tags of the address book: tag/{create,update,delete,list,get,addtagusers,deltagusers}."""

from typing import Any

from wecom_emulator.api.call import Answer, Call, get, post
from wecom_emulator.errors import WeComError
from wecom_emulator.rules import address_book
from wecom_emulator.state.people import StaffTag

MOST_TAGS = 3000


def _own_tag(call: Call) -> StaffTag:
    """Return a tag that this credential made; others may only read it (60011)."""
    tag = address_book.tag_of(call.world, call.integer("tagid", 0))
    if call.app.kind != "contact_sync" and tag.created_by != call.app.agent_id:
        raise WeComError(60011)
    return tag


@post("tag/create", "contacts")
def create_tag(call: Call) -> Answer:
    """Answer tag/create; 40071 a name in use, 40072 over 32 characters, 45029 over 3,000 tags."""
    corp, name = call.corp, address_book.checked_tag_name(call.world, call.body)
    if len(corp.staff_tags) >= MOST_TAGS:
        raise WeComError(45029)
    tagid = call.integer("tagid", 0) or max(corp.staff_tags, default=0) + 1
    if tagid in corp.staff_tags or not 0 < tagid < 2**32:
        raise WeComError(40068)
    corp.staff_tags[tagid] = StaffTag(tagid=tagid, tagname=name, created_by=call.app.agent_id)
    return {"tagid": tagid}


@post("tag/update", "contacts")
def update_tag(call: Call) -> Answer:
    """Answer tag/update: another name."""
    tag = _own_tag(call)
    tag.tagname = address_book.checked_tag_name(call.world, call.body, own=tag.tagid)
    return {}


@get("tag/delete", "contacts")
def delete_tag(call: Call) -> Answer:
    """Answer tag/delete."""
    del call.corp.staff_tags[_own_tag(call).tagid]
    return {}


@get("tag/list", "contacts")
def list_tags(call: Call) -> Answer:
    """Answer tag/list."""
    return {"taglist": [{"tagid": tag.tagid, "tagname": tag.tagname} for tag in call.corp.staff_tags.values()]}


@get("tag/get", "contacts")
def get_tag(call: Call) -> Answer:
    """Answer tag/get: the members in the visible range and the departments."""
    tag = address_book.tag_of(call.world, call.integer("tagid", 0))
    staff = [call.corp.staff[userid] for userid in tag.userids if userid in call.corp.staff]
    users = [{"userid": item.userid, "name": item.name} for item in staff if call.sees(item)]
    return {"tagname": tag.tagname, "userlist": users, "partylist": tag.departments}


def _move(call: Call, *, add: bool) -> Answer:
    tag = _own_tag(call)
    bad_users, bad_parties = address_book.move_tag_members(
        call.world,
        tag,
        userids=call.texts("userlist"),
        departments=call.integers("partylist"),
        add=add,
        emit=call.settings.api_changes_emit_events,
    )
    answer: dict[str, Any] = {}
    if bad_users:
        answer["invalidlist"] = "|".join(bad_users)
    if bad_parties:
        answer["invalidparty"] = bad_parties
    return answer


@post("tag/addtagusers", "contacts")
def add_tag_members(call: Call) -> Answer:
    """Answer tag/addtagusers; unknown ones come back in invalidlist and invalidparty, 40070 when all are unknown."""
    return _move(call, add=True)


@post("tag/deltagusers", "contacts")
def remove_tag_members(call: Call) -> Answer:
    """Answer tag/deltagusers."""
    return _move(call, add=False)
