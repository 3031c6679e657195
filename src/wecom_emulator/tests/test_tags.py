from wecom_emulator.tests.conftest import Desk


def add(desk: Desk, group: str, *names: str, **fields):
    return desk.post("externalcontact/add_corp_tag", group_name=group, tag=[{"name": name} for name in names], **fields)


def test_tags_join_their_group_by_name(desk: Desk):
    first = add(desk, "Tier", "gold", "gold", "silver")["tag_group"]
    assert [tag["name"] for tag in first["tag"]] == ["gold", "silver"]
    second = add(desk, "Tier", "bronze", "gold")["tag_group"]
    assert second["group_id"] == first["group_id"]
    assert second["tag"][1]["id"] == first["tag"][0]["id"]
    listed = desk.ok("externalcontact/get_corp_tag_list")["tag_group"]
    assert [tag["name"] for tag in listed[0]["tag"]] == ["gold", "silver", "bronze"]
    assert "deleted" not in listed[0]


def test_bad_tags_are_refused(desk: Desk):
    assert add(desk, "Tier")["errcode"] == 40063
    assert add(desk, "", "gold")["errcode"] == 40071
    assert add(desk, "x" * 31, "gold")["errcode"] == 40072
    assert add(desk, "Tier", "x" * 31)["errcode"] == 40072
    assert desk.post("externalcontact/add_corp_tag", group_id="etnone", tag=[{"name": "a"}])["errcode"] == 40068
    desk.settings(corp_tag_limit=2)
    assert add(desk, "Tier", "a", "b", "c")["errcode"] == 40126
    assert desk.ok("externalcontact/get_corp_tag_list")["tag_group"] == []


def test_deleted_tags_are_seen_only_by_id(desk: Desk):
    group = add(desk, "Tier", "gold", "silver")["tag_group"]
    gold, silver = (tag["id"] for tag in group["tag"])
    desk.ok("externalcontact/del_corp_tag", tag_id=[gold])
    listed = desk.ok("externalcontact/get_corp_tag_list")["tag_group"]
    assert [tag["id"] for tag in listed[0]["tag"]] == [silver]
    asked = desk.ok("externalcontact/get_corp_tag_list", tag_id=[gold])["tag_group"]
    assert asked[0]["tag"][0]["deleted"] is True
    desk.ok("externalcontact/del_corp_tag", tag_id=[silver])
    assert desk.ok("externalcontact/get_corp_tag_list")["tag_group"] == []
    asked = desk.ok("externalcontact/get_corp_tag_list", group_id=[group["group_id"]], tag_id=["ignored"])
    assert asked["tag_group"][0]["deleted"] is True


def test_tags_are_renamed_without_twins(desk: Desk):
    group = add(desk, "Tier", "gold", "silver")["tag_group"]
    gold = group["tag"][0]["id"]
    assert desk.post("externalcontact/edit_corp_tag", id=gold, name="silver")["errcode"] == 40071
    desk.ok("externalcontact/edit_corp_tag", id=gold, name="platinum", order=5)
    desk.ok("externalcontact/edit_corp_tag", id=group["group_id"], name="Level")
    listed = desk.ok("externalcontact/get_corp_tag_list")["tag_group"][0]
    assert listed["group_name"] == "Level"
    assert (listed["tag"][0]["name"], listed["tag"][0]["order"]) == ("platinum", 5)
    assert desk.post("externalcontact/edit_corp_tag", id="etnone", name="x")["errcode"] == 40068


def test_app_may_not_touch_others_tags(desk: Desk):
    group = add(desk, "Tier", "gold")["tag_group"]
    corp = desk.admin("GET", "/corp")
    corp["tag_groups"][group["group_id"]]["created_by"] = 0
    desk.admin("PUT", "/corp", corp)
    desk.forget_tokens()
    gold = group["tag"][0]["id"]
    assert desk.post("externalcontact/edit_corp_tag", id=gold, name="x")["errcode"] == 301002
    assert desk.post("externalcontact/del_corp_tag", group_id=[group["group_id"]])["errcode"] == 301002


def test_marking_needs_the_friendship(desk: Desk):
    desk.staff("li", "wang")
    (customer,) = desk.customers(1)
    desk.befriend("li", customer)
    gold, silver = (tag["id"] for tag in add(desk, "Tier", "gold", "silver")["tag_group"]["tag"])
    who = {"userid": "li", "external_userid": customer}
    desk.ok("externalcontact/mark_tag", **who, add_tag=[gold, silver])
    desk.ok("externalcontact/mark_tag", **who, remove_tag=[silver])
    follow = desk.get("externalcontact/get", external_userid=customer)["follow_user"][0]
    assert follow["tags"] == [{"group_name": "Tier", "tag_name": "gold", "tag_id": gold, "type": 1}]
    batch = desk.ok("externalcontact/batch/get_by_user", userid_list=["li"])["external_contact_list"][0]
    assert batch["follow_info"]["tag_id"] == [gold]
    assert desk.post("externalcontact/mark_tag", **who)["errcode"] == 40063
    assert desk.post("externalcontact/mark_tag", **who, add_tag=["etnone"])["errcode"] == 40068
    stranger = desk.post("externalcontact/mark_tag", userid="wang", external_userid=customer, add_tag=[gold])
    assert stranger["errcode"] == 84061
    desk.ok("externalcontact/del_corp_tag", tag_id=[gold])
    assert desk.get("externalcontact/get", external_userid=customer)["follow_user"][0]["tags"] == []


def test_tag_changes_call_back_only_by_setting(desk: Desk, receiver):
    add(desk, "Quiet", "a")
    desk.settings(api_changes_emit_events=True)
    group = add(desk, "Loud", "b")["tag_group"]
    desk.ok("externalcontact/del_corp_tag", group_id=[group["group_id"]])
    desk.drain()
    assert [(event["ChangeType"], event["TagType"], event["Id"]) for event in receiver.events] == [
        ("create", "tag_group", group["group_id"]),
        ("create", "tag", group["tag"][0]["id"]),
        ("delete", "tag_group", group["group_id"]),
    ]
