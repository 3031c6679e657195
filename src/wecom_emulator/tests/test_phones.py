"""What the phones read: chats in their order, people found in a big corp, codes, desks, ranges, files."""

from wecom_emulator.tests.kf_desk import KF


def chat(desk, actor, where, **query):
    params = {"chat": where, **query}
    answer = desk.http.get(f"/emulator/actors/{actor}/chat", params=params)
    assert answer.status_code == 200, answer.text
    return [(row["name"], row["mine"], row["text"], row["kind"]) for row in answer.json()["lines"]]


def test_a_chat_is_told_in_its_order_while_the_clock_stands(desk):
    desk.staff("li")
    (customer,) = desk.customers(1)
    desk.befriend("li", customer)
    desk.customer(customer, "write", to="staff", userid="li", text="one")
    desk.member("li", "write", to="customer", external_userid=customer, text="two")
    desk.customer(customer, "write", to="staff", userid="li", text="three")
    desk.member("li", "write", to="customer", external_userid=customer, text="four")
    seen = [("Customer 0", True, "one"), ("Li", False, "two"), ("Customer 0", True, "three"), ("Li", False, "four")]
    assert [row[:3] for row in chat(desk, f"customers/{customer}", "staff/li")] == seen
    theirs = [(name, not mine, text) for name, mine, text in seen]
    assert [row[:3] for row in chat(desk, "staff/li", "staff/li", external_userid=customer)] == theirs


def test_a_group_tells_who_came_wrote_and_left(desk):
    desk.staff("li")
    first, second = desk.customers(2)
    chat_id = desk.member("li", "create_group", name="Club", members=[first])["chat_id"]
    desk.customer(second, "join", chat_id=chat_id)
    desk.customer(second, "write", to="group", chat_id=chat_id, text="hello all")
    desk.member("li", "change_group", chat_id=chat_id, name="Club 2")
    desk.ok("externalcontact/add_msg_template", chat_type="group", sender="li", text={"content": "sale"})
    desk.member("li", "tasks/confirm")
    desk.customer(second, "leave", chat_id=chat_id)
    seen = chat(desk, f"customers/{first}", f"group/{chat_id}")
    assert [(name, text, kind) for name, _, text, kind in seen] == [
        ("Customer 0", "", "joined"),
        ("Customer 1", "", "joined"),
        ("Customer 1", "hello all", ""),
        ("Li", "Club 2", "change_name"),
        ("Li", "sale", ""),
        ("Customer 1", "", "left"),
    ]
    group = desk.admin("GET", f"/groups/{chat_id}")
    assert [(row["userid"], row["staff"]) for row in group["members"]] == [("li", True), (first, False)]


def test_a_desk_shows_pool_own_and_both_sides(desk):
    desk.staff("li", "chen")
    (customer,) = desk.customers(1)
    desk.ok("kf/servicer/add", open_kfid=KF, userid_list=["li", "chen"])
    desk.customer(customer, "write", to="kf", open_kfid=KF, text="is anybody there")
    desk.ok("kf/service_state/trans", open_kfid=KF, external_userid=customer, service_state=2)
    (shown,) = desk.admin("GET", "/actors/staff/li/phone")["desks"]
    assert [(row["name"], row["service_state"]) for row in shown["sessions"]] == [("Customer 0", 2)]
    assert (shown["status"], shown["servicers"]) == ("serving", ["chen"])
    desk.member("li", "kf_take", open_kfid=KF, external_userid=customer)
    desk.member("li", "kf_write", open_kfid=KF, external_userid=customer, text="yes")
    lines = chat(desk, "staff/li", f"kf/{KF}", external_userid=customer)
    assert [row[:3] for row in lines] == [("Customer 0", False, "is anybody there"), ("Li", True, "yes")]
    (other,) = desk.admin("GET", "/actors/staff/chen/phone")["desks"]
    assert other["sessions"] == []


def test_a_customers_phone_lists_chats_with_their_last_words(desk):
    desk.staff("li", "chen")
    (customer,) = desk.customers(1)
    desk.befriend("li", customer)
    desk.befriend("chen", customer)
    desk.advance(60)
    desk.member("li", "write", to="customer", external_userid=customer, text="hi")
    desk.customer(customer, "delete_staff", userid="li")
    rows = desk.admin("GET", f"/actors/customers/{customer}/phone")["chats"]
    shown = [(row["chat"], row["friend"], row["writable"], row["last"]["text"]) for row in rows]
    assert shown == [("staff/li", False, False, "hi"), ("staff/chen", True, True, "")]


def test_a_hand_over_waits_on_the_phone(desk):
    desk.staff("li", "chen")
    (customer,) = desk.customers(1)
    desk.befriend("li", customer)
    desk.ok(
        "externalcontact/transfer_customer",
        handover_userid="li",
        takeover_userid="chen",
        external_userid=[customer],
    )
    (waiting,) = desk.admin("GET", f"/actors/customers/{customer}/phone")["transfers"]
    assert (waiting["name"], waiting["from_name"]) == ("Chen", "Li")
    desk.customer(customer, "refuse_transfer")
    assert desk.admin("GET", f"/actors/customers/{customer}/phone")["transfers"] == []


def test_people_are_found_and_paged(desk):
    ids = desk.customers(65)
    pages, after = [], 0
    while True:
        found = desk.admin("GET", f"/people?after={after}")
        pages.append(len(found["people"]))
        after = found["after"]
        if not after:
            break
    assert pages == [30, 30, 5]
    assert [row["external_userid"] for row in desk.admin("GET", "/people?q=Customer 64")["people"]] == [ids[64]]
    assert [row["name"] for row in desk.admin("GET", f"/people?q={ids[3]}")["people"]] == ["Customer 3"]
    desk.staff("li", "chen")
    assert [row["userid"] for row in desk.admin("GET", "/people?kind=staff&q=CHEN")["people"]] == ["chen"]
    desk.admin("GET", "/people?kind=cats", status=400)
    desk.admin("GET", "/people?after=x", status=400)


def test_chinese_names_and_remarks_are_found(desk):
    desk.staff("li")
    (person,) = desk.admin("POST", "/customers", {"customers": [{"name": "王芳"}]})["external_userids"]
    desk.customers(1)
    assert [row["external_userid"] for row in desk.admin("GET", "/people?q=芳")["people"]] == [person]
    desk.befriend("li", person)
    desk.member("li", "edit_customer", external_userid=person, remark="徐汇老客")
    assert [row["remark"] for row in desk.admin("GET", "/actors/staff/li/phone?q=老客")["customers"]] == ["徐汇老客"]
    assert desk.admin("GET", "/actors/staff/li/phone?q=新客")["customers"] == []


def test_codes_lie_ready_with_their_pictures(desk):
    desk.staff("li")
    way = desk.ok("externalcontact/add_contact_way", type=1, scene=2, user=["li"], state="s1", remark="Door")
    chat_id = desk.member("li", "create_group", name="Club")["chat_id"]
    join = desk.ok("externalcontact/groupchat/add_join_way", scene=2, chat_id_list=[chat_id], state="s2")
    found = desk.admin("GET", "/codes")["codes"]
    assert {(row["kind"], row["config_id"], row["remark"]) for row in found} == {
        ("contact", way["config_id"], "Door"),
        ("join", join["config_id"], "Club"),
    }
    assert desk.http.get(f"/wwpic/{join['config_id']}").headers["content-type"] == "image/png"
    assert [row["config_id"] for row in desk.admin("GET", "/codes?q=Door")["codes"]] == [way["config_id"]]


def test_the_range_of_an_app_is_set_and_lifted(desk):
    desk.staff("li", "chen")
    desk.admin("PATCH", "/apps/1000002", {"visible_users": ["li"], "visible_departments": []})
    desk.forget_tokens()
    assert desk.get("user/get", userid="chen")["errcode"] == 60011
    desk.admin("PATCH", "/apps/1000002", {"visible_users": None, "visible_departments": None})
    assert desk.get("user/get", userid="chen")["errcode"] == 0
    desk.admin("PATCH", "/apps/7", {}, status=404)
    desk.admin("PATCH", "/apps/1000002", {"visible_users": "li"}, status=400)


def test_files_are_shown_by_their_media_id(desk):
    done = desk.upload("image", b"\x89PNG\r\n\x1a\n" + b"0" * 32)
    answer = desk.http.get(f"/emulator/media/{done['media_id']}")
    assert answer.content.startswith(b"\x89PNG")
    assert answer.headers["content-security-policy"] == "sandbox"
    assert desk.http.get("/emulator/media/none").status_code == 404


def test_pictures_are_shown_by_their_lasting_url(desk):
    png = b"\x89PNG\r\n\x1a\n" + b"1" * 32
    url = desk.upload("image", png, path="media/uploadimg")["url"]
    answer = desk.http.get(url)
    assert (answer.content, answer.headers["content-type"]) == (png, "image/png")
    assert desk.http.get(url + "0").status_code == 404


def test_pages_and_their_files_come_from_here(desk):
    for path, page in (
        ("/", "home"),
        ("/phone/customers/x", "customer"),
        ("/phone/staff/x", "staff"),
        ("/phone/admin", "admin"),
    ):
        text = desk.http.get(path).text
        assert f'src="/phone/static/{page}.js"' in text
        assert "://" not in text
    assert desk.http.get("/phone/static/style.css").status_code == 200
    assert desk.http.get("/phone/static/pages.py").status_code == 404
    assert desk.http.get("/phone/static/..%2Fpages.py").status_code == 404
