from wecom_emulator.tests.conftest import Desk


def test_staff_without_customers_gives_84061(desk: Desk):
    desk.staff("li")
    assert desk.get("externalcontact/list", userid="li")["errcode"] == 84061
    assert desk.get("externalcontact/list", userid="nobody")["errcode"] == 40003
    assert desk.get("externalcontact/list")["errcode"] == 41009


def test_customer_is_shown_with_its_followers(desk: Desk):
    desk.staff("li", "wang")
    (customer,) = desk.customers(1, gender=2)
    desk.befriend("li", customer)
    desk.advance(60)
    desk.befriend("wang", customer)
    assert desk.get("externalcontact/list", userid="li")["external_userid"] == [customer]
    answer = desk.get("externalcontact/get", external_userid=customer)
    assert answer["external_contact"] == {
        "external_userid": customer,
        "name": "Customer 0",
        "avatar": "",
        "type": 1,
        "gender": 2,
        "unionid": "union0",
    }
    assert [(row["userid"], row["createtime"], row["add_way"]) for row in answer["follow_user"]] == [
        ("li", 1511755200, 2),
        ("wang", 1511755260, 2),
    ]
    desk.settings(unionid_bound=False)
    assert "unionid" not in desk.get("externalcontact/get", external_userid=customer)["external_contact"]
    assert desk.get("externalcontact/get", external_userid="wmnobody")["errcode"] == 40096
    assert desk.get("externalcontact/get")["errcode"] == 41035


def test_batch_pages_over_several_staff(desk: Desk):
    desk.staff("li", "wang")
    customers = desk.customers(7)
    desk.befriend("li", *customers[:4])
    desk.befriend("wang", *customers[4:])
    seen, cursor, pages = [], "", 0
    while True:
        answer = desk.ok("externalcontact/batch/get_by_user", userid_list=["li", "wang"], limit=3, cursor=cursor)
        seen += [
            (row["follow_info"]["userid"], row["external_contact"]["external_userid"])
            for row in answer["external_contact_list"]
        ]
        pages, cursor = pages + 1, answer["next_cursor"]
        if not cursor:
            break
    assert pages == 3
    assert seen == [("li", item) for item in customers[:4]] + [("wang", item) for item in customers[4:]]
    assert desk.post("externalcontact/batch/get_by_user", userid_list=["x"] * 101)["errcode"] == 40058


def test_page_size_over_the_maximum_falls_back_to_the_default(desk: Desk):
    desk.staff("li")
    desk.befriend("li", *desk.customers(60))
    answer = desk.ok("externalcontact/batch/get_by_user", userid_list=["li"], limit=101)
    assert len(answer["external_contact_list"]) == 50


def test_remark_changes_only_what_is_given(desk: Desk):
    desk.staff("li", "wang")
    (customer,) = desk.customers(1)
    desk.befriend("li", customer)
    who = {"userid": "li", "external_userid": customer}
    desk.ok("externalcontact/remark", **who, remark="Fang", remark_mobiles=["138"])
    desk.ok("externalcontact/remark", **who, description="likes tea")
    row = desk.get("externalcontact/get", external_userid=customer)["follow_user"][0]
    assert (row["remark"], row["description"], row["remark_mobiles"]) == ("Fang", "likes tea", ["138"])
    desk.ok("externalcontact/remark", **who, remark_mobiles=[""])
    row = desk.get("externalcontact/get", external_userid=customer)["follow_user"][0]
    assert row["remark_mobiles"] == []
    assert desk.post("externalcontact/remark", **who)["errcode"] == 40063
    assert desk.post("externalcontact/remark", **who, remark="x" * 21)["errcode"] == 40058
    assert desk.post("externalcontact/remark", userid="wang", external_userid=customer, remark="x")["errcode"] == 84061


def test_both_sides_can_end_a_friendship(desk: Desk, receiver):
    desk.staff("li")
    first, second = desk.customers(2)
    desk.befriend("li", first, second)
    desk.customer(first, "delete_staff", userid="li")
    desk.member("li", "delete_customer", external_userid=second)
    assert desk.get("externalcontact/list", userid="li")["errcode"] == 84061
    assert desk.customer(first, "delete_staff", userid="li", status=409)["error"] == "not_friends"
    desk.drain()
    assert [(event["ChangeType"], event["ExternalUserID"]) for event in receiver.events] == [
        ("add_external_contact", first),
        ("add_external_contact", second),
        ("del_follow_user", first),
        ("del_external_contact", second),
    ]


def test_edit_in_the_client_calls_back(desk: Desk, receiver):
    desk.staff("li")
    (customer,) = desk.customers(1)
    desk.befriend("li", customer)
    desk.member("li", "edit_customer", external_userid=customer, remark="Fang")
    desk.ok("externalcontact/remark", userid="li", external_userid=customer, remark="By API")
    desk.drain()
    assert [event["ChangeType"] for event in receiver.events] == ["add_external_contact", "edit_external_contact"]


def test_unionid_is_converted_only_for_customers(desk: Desk):
    desk.staff("li")
    customer, stranger = desk.customers(2)
    desk.befriend("li", customer)
    found = desk.ok("idconvert/unionid_to_external_userid", unionid="union0", openid="o")
    assert found["external_userid"] == customer
    pending = desk.ok("idconvert/unionid_to_external_userid", unionid="union1", openid="o")
    assert "external_userid" not in pending
    assert pending["pending_id"]
    assert stranger != customer
