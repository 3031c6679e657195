from typing import Any

import pytest

from wecom_emulator.tests.conftest import Desk

SYNC = "emulator-contact-secret"


def write(desk: Desk, path: str, **body: Any) -> Any:
    return desk.post(path, secret=SYNC, **body)


def admin(desk: Desk, verb: str, *, status: int = 200, **fields: Any) -> Any:
    return desk.admin("POST", f"/actors/admin/{verb}", fields, status=status)


def test_departments_have_limits(desk: Desk):
    desk.settings(department_depth=3, department_limit=5)
    for number, parent in ((2, 1), (3, 2)):
        assert write(desk, "department/create", name=f"D{number}", parentid=parent, id=number)["errcode"] == 0
    cases: list[tuple[dict[str, Any], int]] = [
        ({"name": "x" * 65, "parentid": 1}, 60001),
        ({"name": "a:b", "parentid": 1}, 60009),
        ({"parentid": 1}, 40063),
        ({"name": "deep", "parentid": 3}, 60002),
        ({"name": "D2", "parentid": 1}, 60008),
        ({"name": "other", "parentid": 1, "id": 3}, 60008),
        ({"name": "other", "parentid": 1, "id": 2**32}, 60123),
        ({"name": "four", "parentid": 1}, 0),
        ({"name": "five", "parentid": 1}, 0),
        ({"name": "six", "parentid": 1}, 45029),
    ]
    assert [write(desk, "department/create", **body)["errcode"] for body, _ in cases] == [code for _, code in cases]
    assert desk.post("department/create", name="x", parentid=1)["errcode"] == 48002


def test_departments_move_but_not_below_themselves(desk: Desk):
    desk.settings(department_depth=4)
    for number, parent in ((2, 1), (3, 2), (4, 1), (5, 4), (6, 5)):
        write(desk, "department/create", name=f"D{number}", parentid=parent, id=number)
    assert write(desk, "department/update", id=2, parentid=3)["errcode"] == 60010
    assert write(desk, "department/update", id=1, parentid=2)["errcode"] == 60010
    assert write(desk, "department/update", id=2, parentid=9)["errcode"] == 60004
    assert write(desk, "department/update", id=9, name="x")["errcode"] == 60003
    assert write(desk, "department/update", id=4, name="D2")["errcode"] == 60008
    assert write(desk, "department/update", id=2, parentid=6)["errcode"] == 60002
    assert write(desk, "department/update", id=2, parentid=4, name="Moved", order=7)["errcode"] == 0
    shown = desk.get("department/get", id=2)["department"]
    assert (shown["name"], shown["parentid"], shown["order"]) == ("Moved", 4, 7)
    assert [item["id"] for item in desk.get("department/simplelist", id=4)["department_id"]] == [2, 3, 4, 5, 6]
    assert desk.get("department/delete", secret=SYNC, id=1)["errcode"] == 60007
    assert desk.get("department/delete", secret=SYNC, id=4)["errcode"] == 60006


def test_departments_out_of_the_visible_range_are_hidden(desk: Desk):
    desk.admin("POST", "/departments", {"departments": [{"id": 2, "name": "E"}, {"id": 3, "name": "W"}]})
    corp = desk.admin("GET", "/corp")
    corp["apps"][0]["visible_departments"] = [2]
    desk.admin("PUT", "/corp", corp)
    desk.forget_tokens()
    assert [item["id"] for item in desk.get("department/list")["department"]] == [2]
    assert desk.get("department/get", id=3)["errcode"] == 60011
    assert desk.get("department/list", id=3)["errcode"] == 60011


def test_members_are_checked_and_changed(desk: Desk):
    desk.admin("POST", "/departments", {"departments": [{"id": 2, "name": "E"}]})
    base = {"userid": "li", "name": "Li", "mobile": "13800000000", "department": [1, 2], "is_leader_in_dept": [0, 1]}
    assert write(desk, "user/create", **base)["errcode"] == 0
    cases: list[tuple[dict[str, Any], int]] = [
        ({"userid": "_x"}, 40003),
        ({"userid": "x" * 65}, 40003),
        ({"userid": "bo"}, 60104),
        ({"userid": "bo", "mobile": "2", "name": "x" * 65}, 60112),
        ({"userid": "bo", "mobile": "2", "department": list(range(1, 102))}, 60110),
        ({"userid": "bo", "mobile": "2", "department": [7]}, 40066),
        ({"userid": "bo", "mobile": "2", "department": [1]}, 40058),
        ({"userid": "bo", "mobile": "2", "direct_leader": ["ghost"]}, 60111),
        ({"userid": "bo", "mobile": "2", "direct_leader": ["li"], "email": "b@x.cn", "gender": "1"}, 0),
    ]
    assert [write(desk, "user/create", **{**base, **body})["errcode"] for body, _ in cases] == [
        code for _, code in cases
    ]
    assert write(desk, "user/update", userid="li", email="b@x.cn")["errcode"] == 60106
    assert write(desk, "user/update", userid="ghost", name="G")["errcode"] == 60111
    assert write(desk, "user/update", userid="li", name="Li Dian", enable=0, position="Chief")["errcode"] == 0
    seen = desk.get("user/get", userid="li")
    assert (seen["name"], seen["status"], seen["is_leader_in_dept"], seen["position"]) == (
        "Li Dian",
        2,
        [0, 1],
        "Chief",
    )
    hidden = ("gender", "avatar", "mobile", "email", "biz_mail", "address")
    assert not set(hidden) & set(seen)
    whole = desk.get("user/get", secret=SYNC, userid="bo")
    assert (whole["email"], whole["gender"], whole["direct_leader"]) == ("b@x.cn", "1", ["li"])


def test_members_leave_together_or_not_at_all(desk: Desk):
    desk.staff("a", "b", "c")
    assert write(desk, "user/batchdelete", useridlist=["a", "ghost"])["errcode"] == 60111
    assert write(desk, "user/batchdelete", useridlist=[f"u{n}" for n in range(201)])["errcode"] == 40058
    assert write(desk, "user/batchdelete")["errcode"] == 40063
    assert write(desk, "user/batchdelete", useridlist=["a", "b"])["errcode"] == 0
    assert [row["userid"] for row in desk.get("user/simplelist", department_id=1)["userlist"]] == ["c"]


def test_tags_gather_members_and_departments(desk: Desk):
    desk.staff("a", "b")
    tagid = desk.ok("tag/create", tagname="Leads")["tagid"]
    assert desk.post("tag/create", tagname="Leads")["errcode"] == 40071
    assert desk.post("tag/create", tagname="x" * 33)["errcode"] == 40072
    put = desk.ok("tag/addtagusers", tagid=tagid, userlist=["a", "b", "ghost"], partylist=[1, 9])
    assert (put["invalidlist"], put["invalidparty"]) == ("ghost", [9])
    desk.ok("tag/deltagusers", tagid=tagid, userlist=["b"])
    assert desk.post("tag/deltagusers", tagid=tagid, userlist=["ghost"])["errcode"] == 40070
    shown = desk.get("tag/get", tagid=tagid)
    assert (shown["userlist"], shown["partylist"]) == ([{"userid": "a", "name": "A"}], [1])
    desk.ok("tag/update", tagid=tagid, tagname="Heads")
    assert desk.get("tag/list")["taglist"] == [{"tagid": tagid, "tagname": "Heads"}]
    assert desk.get("tag/delete", tagid=tagid)["errcode"] == 0
    assert desk.get("tag/get", tagid=tagid)["errcode"] == 40068


def test_the_admin_calls_back_thin_events(desk: Desk, receiver):
    number = admin(desk, "create_department", name="East", parentid=1)["id"]
    admin(desk, "update_department", department_id=number, name="Far East")
    admin(desk, "create_user", userid="li", name="Li", mobile="1", department=[number])
    admin(desk, "update_user", userid="li", position="Chief")
    tagid = desk.ok("tag/create", tagname="Leads")["tagid"]
    admin(desk, "tag_members", tagid=tagid, userlist=["li"])
    desk.member("li", "leave_company")
    admin(desk, "delete_department", department_id=number)
    desk.drain()
    common = {"ToUserName", "FromUserName", "CreateTime", "MsgType", "Event", "ChangeType"}
    told = [(event["ChangeType"], {k: v for k, v in event.items() if k not in common}) for event in receiver.events]
    assert told == [
        ("create_party", {"Id": "2", "ParentId": "1"}),
        ("update_party", {"Id": "2", "ParentId": "1"}),
        ("create_user", {"UserID": "li", "Department": "2"}),
        ("update_user", {"UserID": "li", "Department": "2"}),
        ("update_tag", {"TagId": "1", "AddUserItems": "li", "AddPartyItems": None}),
        ("delete_user", {"UserID": "li", "Department": "2"}),
        ("delete_party", {"Id": "2"}),
    ]
    assert {event["Event"] for event in receiver.events} == {"change_contact"}


def test_old_callbacks_carry_names(desk: Desk, receiver):
    desk.settings(contact_events_full=True, api_changes_emit_events=True)
    write(desk, "department/create", name="East", parentid=1)
    write(desk, "user/create", userid="li", name="Li", mobile="1", department=[2])
    desk.drain()
    party, user = receiver.events
    assert (party["Name"], party["Order"]) == ("East", "100000000")
    assert (user["Name"], user["Mobile"], user["Status"]) == ("Li", "1", "1")


@pytest.mark.parametrize(
    ("verb", "fields", "code"),
    [
        ("create_department", {"name": "X", "parentid": 9}, "errcode_60004"),
        ("delete_department", {"department_id": 1}, "errcode_60007"),
        ("update_user", {"userid": "ghost"}, "errcode_60111"),
        ("tag_members", {"tagid": 1}, "errcode_40068"),
    ],
)
def test_the_admin_is_refused_too(desk: Desk, verb: str, fields: dict[str, Any], code: str):
    assert admin(desk, verb, status=409, **fields)["error"] == code
