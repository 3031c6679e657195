from wecom_emulator.tests.conftest import Desk

SYNC = "emulator-contact-secret"


def test_departments_are_listed_with_what_is_below(desk: Desk):
    rows = [{"id": 2, "name": "East", "parentid": 1}, {"id": 3, "name": "Store", "parentid": 2}]
    desk.admin("POST", "/departments", {"departments": rows})
    assert [item["id"] for item in desk.get("department/list")["department"]] == [1, 2, 3]
    below = desk.get("department/simplelist", id=2)["department_id"]
    assert below == [{"id": 2, "parentid": 1, "order": 100000000}, {"id": 3, "parentid": 2, "order": 100000000}]
    assert desk.get("department/list", id=9)["errcode"] == 60003


def test_departments_are_made_by_the_contact_secret(desk: Desk):
    made = desk.post("department/create", secret=SYNC, name="West", parentid=1)
    assert made["id"] == 2
    assert desk.post("department/create", secret=SYNC, name="West", parentid=1)["errcode"] == 60008
    assert desk.post("department/create", secret=SYNC, name="Far", parentid=7)["errcode"] == 60004
    desk.staff("li", department=[2])
    assert desk.get("department/delete", secret=SYNC, id=2)["errcode"] == 60005
    desk.member("li", "leave_company")
    assert desk.get("department/delete", secret=SYNC, id=2)["errcode"] == 0


def test_users_are_made_read_and_deleted(desk: Desk, receiver):
    assert desk.post("user/create", secret=SYNC, userid="li", name="Li", mobile="1", department=[1])["errcode"] == 0
    assert desk.post("user/create", secret=SYNC, userid="li", name="Li", mobile="1")["errcode"] == 60102
    assert desk.post("user/create", secret=SYNC, userid="b d", name="Li", mobile="1")["errcode"] == 40003
    assert desk.post("user/create", secret=SYNC, userid="bo", name="Bo")["errcode"] == 40063
    assert desk.get("user/get", secret=SYNC, userid="li")["mobile"] == "1"
    seen = desk.get("user/get", userid="li")
    assert "mobile" not in seen
    assert (seen["name"], seen["department"], seen["status"]) == ("Li", [1], 1)
    assert desk.get("user/delete", secret=SYNC, userid="li")["errcode"] == 0
    assert desk.get("user/get", userid="li")["errcode"] == 60111
    assert desk.drain()["delivered"] == 1
    event = receiver.events[0]
    assert (event["Event"], event["ChangeType"], event["UserID"]) == ("change_contact", "delete_user", "li")


def test_user_ids_come_in_pages(desk: Desk):
    desk.staff(*(f"s{number}" for number in range(5)))
    first = desk.post("user/list_id", secret=SYNC, limit=3)
    assert [row["userid"] for row in first["dept_user"]] == ["s0", "s1", "s2"]
    second = desk.post("user/list_id", secret=SYNC, limit=3, cursor=first["next_cursor"])
    assert (len(second["dept_user"]), second["next_cursor"]) == (2, "")
    assert desk.post("user/list_id", secret=SYNC, cursor="made up")["errcode"] == 40058


def test_app_sees_only_its_visible_range(desk: Desk):
    desk.admin("POST", "/departments", {"departments": [{"id": 2, "name": "East", "parentid": 1}]})
    desk.staff("near", department=[2])
    desk.staff("far", department=[1])
    corp = desk.admin("GET", "/corp")
    corp["apps"][0]["visible_departments"] = [2]
    desk.admin("PUT", "/corp", corp)
    desk.forget_tokens()
    assert desk.get("externalcontact/get_follow_user_list")["follow_user"] == ["near"]
    assert desk.get("user/get", userid="far")["errcode"] == 60011
    assert [row["userid"] for row in desk.get("user/simplelist", department_id=1, fetch_child=1)["userlist"]] == [
        "near"
    ]
    customer, other = desk.customers(2)
    desk.befriend("near", customer)
    desk.befriend("far", customer, other)
    follow = desk.get("externalcontact/get", external_userid=customer)["follow_user"]
    assert [row["userid"] for row in follow] == ["near"]
    assert desk.get("externalcontact/get", external_userid=other)["errcode"] == 84061


def test_staff_is_updated_field_by_field(desk: Desk):
    desk.staff("li")
    desk.admin("POST", "/staff", {"staff": [{"userid": "li", "name": "Li Dian", "feature_on": False}]})
    assert desk.get("user/get", userid="li")["department"] == [1]
    assert desk.get("externalcontact/get_follow_user_list")["follow_user"] == []


def test_unknown_fields_are_refused_whole(desk: Desk):
    rows = [{"userid": "a", "name": "A"}, {"userid": "b", "name": "B", "nmae": "?"}]
    refusal = desk.admin("POST", "/staff", {"staff": rows}, status=400)
    assert refusal == {"error": "bad_request", "message": "Staff has no field 'nmae'"}
    assert desk.get("user/get", userid="a")["errcode"] == 60111
