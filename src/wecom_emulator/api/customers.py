"""Customers: externalcontact/{get_follow_user_list,list,get,batch/get_by_user,remark}."""

from typing import Any

from wecom_emulator.api.call import Answer, Call, bad_cursor, decode_cursor, encode_cursor, get, post
from wecom_emulator.errors import WeComError
from wecom_emulator.rules.friendships import note_edit
from wecom_emulator.rules.payload import living_media
from wecom_emulator.state.people import Friendship, Person

FOLLOWERS_PER_PAGE = 500
TAG_OF_CORP, TAG_OF_STRATEGY = 1, 3


@get("externalcontact/get_follow_user_list", "customer")
def list_follow_users(call: Call) -> Answer:
    """Answer get_follow_user_list: visible staff with the customer-contact feature."""
    return {"follow_user": [item.userid for item in call.servants()]}


@get("externalcontact/list", "customer")
def list_customers(call: Call) -> Answer:
    """Answer list: the customers of one staff member; 84061 when there are none."""
    staff = call.licensed_member(call.text("userid"), unknown=40003)
    customers = list(call.corp.friendships[staff.userid])
    if not customers or not staff.feature_on:
        raise WeComError(84061)
    return {"external_userid": customers}


def _external_contact(call: Call, person: Person) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "external_userid": person.external_userid,
        "name": person.name,
        "avatar": person.avatar,
        "type": person.type,
        "gender": person.gender,
    }
    if person.type == 1 and person.unionid and call.settings.unionid_bound:
        shown["unionid"] = person.unionid
    for name in ("position", "corp_name", "corp_full_name"):
        if getattr(person, name):
            shown[name] = getattr(person, name)
    return shown


def _note(friend: Friendship) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "userid": friend.userid,
        "remark": friend.remark,
        "description": friend.description,
        "createtime": friend.createtime,
        "remark_mobiles": friend.remark_mobiles,
        "add_way": friend.add_way,
        "oper_userid": friend.oper_userid,
    }
    if friend.remark_corp_name:
        shown["remark_corp_name"] = friend.remark_corp_name
    if friend.state:
        shown["state"] = friend.state
    return shown


def _tags(call: Call, friend: Friendship) -> list[dict[str, Any]]:
    rows = []
    for tag_id in friend.tag_ids:
        group, tag = call.corp.tag_index.get(tag_id, (None, None))
        if group is not None and tag is not None and not tag.deleted:
            kind = TAG_OF_STRATEGY if group.strategy_id else TAG_OF_CORP
            rows.append({"group_name": group.group_name, "tag_name": tag.name, "tag_id": tag.id, "type": kind})
    return rows


def _living_tag_ids(call: Call, friend: Friendship) -> list[str]:
    index = call.corp.tag_index
    return [item for item in friend.tag_ids if item in index and not index[item][1].deleted]


@get("externalcontact/get", "customer")
def get_customer(call: Call) -> Answer:
    """Answer get: the customer with the visible followers, 500 a page; 40096 unknown, 84061 nobody visible follows."""
    external_userid = call.text("external_userid", missing=41035)
    person = call.corp.persons.get(external_userid)
    if person is None:
        raise WeComError(40096)
    followers = [
        friend
        for friend in call.corp.followers.get(external_userid, {}).values()
        if call.sees(call.corp.staff[friend.userid])
    ]
    if not followers:
        raise WeComError(84061)
    page, cursor = call.page(followers, limit=FOLLOWERS_PER_PAGE, key=lambda friend: (friend.createtime, friend.userid))
    answer: Answer = {
        "external_contact": _external_contact(call, person),
        "follow_user": [{**_note(friend), "tags": _tags(call, friend)} for friend in page],
    }
    return {**answer, "next_cursor": cursor} if cursor else answer


@post("externalcontact/batch/get_by_user", "customer")
def batch_get_by_user(call: Call) -> Answer:
    """Answer batch/get_by_user: customers of up to 100 staff, each with follow_info of that staff member."""
    userids = call.texts("userid_list", most=100)
    if not userids:
        raise WeComError(41009)
    wanted: list[str] = []
    unlicensed: list[str] = []
    for userid in dict.fromkeys(userids):
        call.member(userid, unknown=40003)
        (wanted if call.licensed(userid) else unlicensed).append(userid)
    page, cursor = _page_of_friends(call, wanted, call.limit(default=50, most=100)) if wanted else ([], "")
    persons = call.corp.persons.read_many([friend.external_userid for friend in page])
    rows = [
        {
            "external_contact": _external_contact(call, persons[friend.external_userid]),
            "follow_info": {**_note(friend), "tag_id": _living_tag_ids(call, friend)},
        }
        for friend in page
    ]
    answer: Answer = {"external_contact_list": rows, "next_cursor": cursor}
    return {**answer, "fail_info": {"unlicensed_userid_list": unlicensed}} if unlicensed else answer


def _page_of_friends(call: Call, userids: list[str], limit: int) -> tuple[list[Friendship], str]:
    """Return a page over the friends of several staff; the cursor tells the staff member and the last friendship."""
    mark = decode_cursor(call.text("cursor"), call.path) or [userids[0], 0]
    if mark[0] not in userids:
        raise bad_cursor()
    page: list[Friendship] = []
    size = call.page_size(limit)
    for userid in userids[userids.index(mark[0]) :]:
        after = mark[1] if userid == mark[0] else 0
        for seq, friend in call.corp.friendships[userid].read_after(after):
            if len(page) == size:
                return page, encode_cursor(mark, call.path)
            page.append(friend)
            mark = [userid, seq]
    return page, ""


@post("externalcontact/remark", "customer")
def remark(call: Call) -> Answer:
    """Answer remark: change what one staff member noted about a customer; 84061 when they are not friends."""
    staff = call.licensed_member(call.text("userid"), unknown=40003)
    friend = call.corp.friendship(staff.userid, call.text("external_userid", missing=41035))
    if friend is None:
        raise WeComError(84061)
    given = [
        name
        for name in ("remark", "description", "remark_company", "remark_mobiles", "remark_pic_mediaid")
        if call.has(name)
    ]
    if not given:
        raise WeComError(40063)
    new_remark, description = call.text("remark", most=20), call.text("description", most=150)
    picture = call.text("remark_pic_mediaid")
    if picture:
        living_media(call.world, picture, "image")
    company, mobiles = call.text("remark_company", most=20), call.texts("remark_mobiles")
    if "remark" in given:
        friend.remark = new_remark
    if "description" in given:
        friend.description = description
    if "remark_company" in given and call.corp.persons[friend.external_userid].type == 1:
        friend.remark_corp_name = company
    if "remark_mobiles" in given:
        friend.remark_mobiles = [item for item in mobiles if item]
    if "remark_pic_mediaid" in given:
        friend.remark_pic_mediaid = picture
    if call.settings.api_changes_emit_events and given != ["remark_mobiles"]:
        note_edit(call.world, staff.userid, friend.external_userid)
    return {}
