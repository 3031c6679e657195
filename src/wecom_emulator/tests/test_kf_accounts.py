from wecom_emulator.tests.conftest import PNG, Desk
from wecom_emulator.tests.kf_desk import KF, KfDesk

SECOND_SECRET = "second-secret"


def with_second_app(desk: Desk) -> None:
    corp = desk.admin("GET", "/corp")
    second = {**corp["apps"][0], "agent_id": 1000003, "secret": SECOND_SECRET, "name": "Second"}
    desk.admin("PUT", "/corp", {**corp, "apps": [*corp["apps"], second]})
    desk.forget_tokens()


def test_accounts_are_made_changed_and_deleted(desk: Desk):
    media = desk.upload("image", PNG)["media_id"]
    cases = [
        ({"media_id": media}, 40063),
        ({"name": "客" * 17, "media_id": media}, 95006),
        ({"name": "Desk"}, 41006),
        ({"name": "Desk", "media_id": "none"}, 40007),
    ]
    assert [desk.post("kf/account/add", **body)["errcode"] for body, _ in cases] == [code for _, code in cases]
    made = desk.ok("kf/account/add", name="客" * 16, media_id=media)["open_kfid"]
    assert desk.post("kf/account/update", open_kfid=made)["errcode"] == 40063
    assert desk.post("kf/account/update", open_kfid=made, name="x" * 17)["errcode"] == 95006
    desk.ok("kf/account/update", open_kfid=made, name="Night desk")
    row = desk.ok("kf/account/list", offset=1)["account_list"]
    assert [(item["open_kfid"], item["name"], item["manage_privilege"]) for item in row] == [(made, "Night desk", True)]
    assert row[0]["avatar"].startswith("http")
    desk.settings(kf_account_limit=2)
    assert desk.post("kf/account/add", name="Third", media_id=media)["errcode"] == 95005
    desk.ok("kf/account/del", open_kfid=made)
    assert desk.post("kf/account/del", open_kfid=made)["errcode"] == 95000
    assert [item["open_kfid"] for item in desk.get("kf/account/list")["account_list"]] == [KF]


def test_only_its_managers_work_with_an_account(desk: Desk, receiver):
    with_second_app(desk)
    kf = KfDesk(desk)
    kf.servicers("li")
    kf.admin("kf_account", managers=[1000002])
    other = {"secret": SECOND_SECRET}
    assert desk.get("kf/account/list", **other)["account_list"][0]["manage_privilege"] is False
    assert desk.get("kf/servicer/list", open_kfid=KF, **other)["servicer_list"] == [{"userid": "li"}]
    media = desk.upload("image", PNG)["media_id"]
    calls = [
        ("kf/sync_msg", {"open_kfid": KF}, 95000),
        ("kf/account/update", {"open_kfid": KF, "name": "N"}, 95000),
        ("kf/account/add", {"name": "N", "media_id": media}, 60011),
        ("kf/customer/batchget", {"external_userid_list": [kf.customer]}, 0),
    ]
    assert [desk.post(path, **body, **other)["errcode"] for path, body, _ in calls] == [code for *_, code in calls]
    config = {"url": receiver.url, "token": "QDG6eK", "encoding_aes_key": "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"}
    desk.admin("DELETE", "/callback")
    desk.admin("PUT", "/callback", {**config, "agent_id": 1000003})
    kf.says()
    desk.drain()
    assert receiver.events == []
    kf.admin("kf_account", managers=[1000003])
    kf.says()
    desk.drain()
    assert [event["OpenKfId"] for event in receiver.events] == [KF]
    kf.admin("kf_account", managers=None)
    assert desk.get("kf/account/list", **other)["account_list"][0]["manage_privilege"] is True
    corp = desk.admin("GET", "/corp")
    apps = [app if app["agent_id"] != 1000003 else {**app, "kf": False} for app in corp["apps"]]
    desk.admin("PUT", "/corp", {**corp, "apps": apps})
    kf.says()
    desk.drain()
    assert len(receiver.events) == 1  # an app without customer service hears nothing of it


def test_batchget_works_with_the_switch_off(desk: Desk):
    kf = KfDesk(desk)
    corp = desk.admin("GET", "/corp")
    desk.admin("PUT", "/corp", {**corp, "apps": [{**corp["apps"][0], "kf": False}]})
    desk.forget_tokens()
    assert desk.ok("kf/customer/batchget", external_userid_list=[kf.customer])["customer_list"][0]["gender"] == 0
    assert desk.post("kf/account/list")["errcode"] == 48002


def test_altered_links_open_the_chat_without_an_event(desk: Desk):
    kf = KfDesk(desk)
    media = desk.upload("image", PNG)["media_id"]
    other = desk.ok("kf/account/add", name="Other", media_id=media)["open_kfid"]
    url = desk.ok("kf/add_contact_way", open_kfid=KF, scene="g017")["url"]
    foreign = desk.ok("kf/add_contact_way", open_kfid=other, scene="g017")["url"]
    page, _, query = url.partition("?")
    silent = [url + "x", page, f"{page}?{foreign.partition('?')[2]}"]
    for altered in silent:
        assert kf.does("enter_kf", url=altered) == {"open_kfid": KF, "welcome_code_issued": False, "event": False}
    assert kf.does("enter_kf", url=url.replace("kfc", "kfd"), status=404)["error"] == "unknown_kf_link"
    assert kf.events() == []
    kf.does("enter_kf", url=f"{page}?{query}&scene_param={'p' * 129}")
    kf.does("enter_kf", url=f"{page}?{query.replace('enc_scene', 'encScene')}&scene_param=p")
    plain = desk.ok("kf/add_contact_way", open_kfid=KF)["url"]
    kf.does("enter_kf", url=plain + "&scene_param=p")
    kf.does("enter_kf", url=f"{url}&scene_param={'p' * 128}")
    shown = [(row.get("scene"), row.get("scene_param")) for row in kf.events()]
    assert shown == [("g017", None), ("g017", None), (None, None), ("g017", "p" * 128)]


def test_servicers_are_judged_item_by_item(desk: Desk):
    desk.staff("li", "wu")
    desk.staff("left")
    desk.member("left", "leave_company")
    desk.admin("POST", "/departments", {"departments": [{"id": 7, "name": "Store", "parentid": 1}]})
    assert desk.post("kf/servicer/add", open_kfid=KF)["errcode"] == 40063
    assert desk.post("kf/servicer/add", open_kfid=KF, userid_list=["li"] * 101)["errcode"] == 40058
    added = desk.ok(
        "kf/servicer/add", open_kfid=KF, userid_list=["li", "li", "left", "nobody"], department_id_list=[7, 7, 8]
    )
    shown = [
        (row.get("userid", row.get("department_id")), row["errcode"], row["errmsg"]) for row in added["result_list"]
    ]
    assert shown == [
        ("li", 0, "success"),
        ("li", 0, "ignored"),
        ("left", 60111, "userid not found"),
        ("nobody", 60111, "userid not found"),
        (7, 0, "success"),
        (7, 0, "ignored"),
        (8, 60003, "department not found"),
    ]
    listed = desk.get("kf/servicer/list", open_kfid=KF)["servicer_list"]
    assert listed == [{"userid": "li", "status": 0}, {"department_id": 7}]
    desk.settings(kf_servicers_per_account=1, kf_departments_per_account=1, kf_departments_per_call=1)
    assert desk.ok("kf/servicer/add", open_kfid=KF, userid_list=["wu"])["result_list"][0]["errcode"] == 40058
    assert desk.ok("kf/servicer/add", open_kfid=KF, department_id_list=[1])["result_list"][0]["errcode"] == 40058
    assert desk.post("kf/servicer/add", open_kfid=KF, department_id_list=[7, 1])["errcode"] == 40058
    gone = desk.ok("kf/servicer/del", open_kfid=KF, userid_list=["li", "wu"], department_id_list=[7])["result_list"]
    assert [row["errmsg"] for row in gone] == ["success", "ignored", "success"]
    assert desk.get("kf/servicer/list", open_kfid=KF)["servicer_list"] == []


def test_departments_serve_with_all_who_work_below(desk: Desk):
    kf = KfDesk(desk)
    desk.admin(
        "POST",
        "/departments",
        {"departments": [{"id": 7, "name": "A", "parentid": 1}, {"id": 8, "name": "B", "parentid": 7}]},
    )
    desk.staff("deep", department=[8])
    desk.staff("far")
    desk.ok("kf/servicer/add", open_kfid=KF, department_id_list=[7])
    kf.says()
    assert kf.move(3, "far")["errcode"] == 95014
    assert kf.move(3, "deep")["errcode"] == 0
    kf.servicer("deep", "status", to="stopped")
    kf.says()
    kf.move(4)
    kf.says()
    assert kf.move(3, "deep")["errcode"] == 95014


def test_servicers_must_be_in_the_visible_range(desk: Desk):
    desk.staff("li", "wu")
    corp = desk.admin("GET", "/corp")
    desk.admin("PUT", "/corp", {**corp, "apps": [{**corp["apps"][0], "visible_users": ["li"]}]})
    desk.forget_tokens()
    rows = desk.ok("kf/servicer/add", open_kfid=KF, userid_list=["li", "wu"])["result_list"]
    assert [row["errcode"] for row in rows] == [0, 60011]
