from wecom_emulator.tests.conftest import PNG, Desk

ADD = "externalcontact/add_msg_template"
TEXT = {"content": "Fresh bread today"}


def results(desk: Desk, msgid: str, userid: str):
    answer = desk.ok("externalcontact/get_groupmsg_send_result", msgid=msgid, userid=userid)
    return {row.get("external_userid") or row["chat_id"]: row["status"] for row in answer["send_list"]}


def test_nothing_arrives_before_the_staff_confirms(desk: Desk):
    desk.staff("li")
    customers = desk.customers(3)
    desk.befriend("li", *customers[:2])
    made = desk.ok(ADD, external_userid=customers, text=TEXT)
    assert made["fail_list"] == [customers[2]]
    msgid = made["msgid"]
    assert desk.ok("externalcontact/get_groupmsg_task", msgid=msgid)["task_list"] == [{"userid": "li", "status": 0}]
    assert results(desk, msgid, "li") == {customers[0]: 0, customers[1]: 0}
    assert desk.inbox(customers[0]) == []
    desk.advance(600)
    desk.customer(customers[1], "delete_staff", userid="li")
    (task,) = desk.admin("GET", "/actors/staff/li/tasks")["tasks"]
    assert (task["msgid"], task["text"], task["targets"]) == (msgid, "Fresh bread today", customers[:2])
    assert desk.member("li", "tasks/confirm") == {"confirmed": [msgid]}
    assert desk.ok("externalcontact/get_groupmsg_task", msgid=msgid)["task_list"] == [
        {"userid": "li", "status": 2, "send_time": 1511755800}
    ]
    assert results(desk, msgid, "li") == {customers[0]: 1, customers[1]: 2}
    assert desk.inbox(customers[0]) == [
        {
            "at": 1511755800,
            "via": "mass",
            "from": "li",
            "text": "Fresh bread today",
            "attachments": [],
            "msgid": msgid,
        }
    ]
    assert desk.inbox(customers[1]) == []
    assert desk.member("li", "tasks/confirm") == {"confirmed": []}
    assert desk.member("li", "tasks/confirm", msgid=msgid, status=404)["error"] == "unknown_task"


def test_only_the_last_keeper_is_asked(desk: Desk):
    desk.staff("li", "wang")
    (customer,) = desk.customers(1)
    desk.befriend("li", customer)
    desk.advance(10)
    desk.befriend("wang", customer)
    desk.advance(10)
    desk.customer(customer, "write", to="staff", userid="li", text="hello")
    msgid = desk.ok(ADD, external_userid=[customer], text=TEXT)["msgid"]
    assert [row["userid"] for row in desk.ok("externalcontact/get_groupmsg_task", msgid=msgid)["task_list"]] == ["li"]
    chosen = desk.ok(ADD, external_userid=[customer], sender="wang", text=TEXT)["msgid"]
    assert list(results(desk, chosen, "wang")) == [customer]


def test_sender_alone_means_all_customers_filtered_by_tags(desk: Desk):
    desk.staff("li")
    customers = desk.customers(4)
    desk.befriend("li", *customers)
    tags = desk.ok("externalcontact/add_corp_tag", group_name="T", tag=[{"name": "a"}, {"name": "b"}, {"name": "c"}])
    a, b, c = (tag["id"] for tag in tags["tag_group"]["tag"])
    for customer, marked in zip(customers, ([a, c], [b, c], [a], [c]), strict=True):
        desk.ok("externalcontact/mark_tag", userid="li", external_userid=customer, add_tag=marked)
    everyone = desk.ok(ADD, sender="li", text=TEXT)["msgid"]
    assert list(results(desk, everyone, "li")) == customers
    tag_filter = {"group_list": [{"tag_list": [a, b]}, {"tag_list": [c]}]}
    some = desk.ok(ADD, sender="li", text=TEXT, tag_filter=tag_filter)["msgid"]
    assert list(results(desk, some, "li")) == customers[:2]


def test_messages_are_checked(desk: Desk):
    desk.staff("li")
    (customer,) = desk.customers(1)
    desk.befriend("li", customer)
    to = {"external_userid": [customer]}
    link = {"msgtype": "link", "link": {"title": "T", "url": "https://example.com"}}
    media_id = desk.upload("image", PNG)["media_id"]
    cases = [
        ({**to}, 40063),
        ({**to, "text": {"content": "x" * 4001}}, 45002),
        ({**to, "text": {"content": "聚" * 1334}}, 45002),
        ({**to, "text": {"content": "聚" * 1333}}, 0),
        ({**to, "attachments": [link] * 10}, 41064),
        ({**to, "attachments": [link] * 9}, 0),
        ({**to, "attachments": [{"msgtype": "voice"}]}, 41065),
        ({**to, "attachments": [{"msgtype": "image", "image": {"media_id": "none"}}]}, 40007),
        ({**to, "attachments": [{"msgtype": "image", "image": {"media_id": media_id}}]}, 0),
        ({**to, "attachments": [{"msgtype": "video", "video": {"media_id": media_id}}]}, 40007),
        ({**to, "attachments": [{"msgtype": "image", "image": {"pic_url": "https://example.com/x"}}]}, 40058),
        ({**to, "attachments": [{"msgtype": "link", "link": {"url": "https://example.com"}}]}, 41016),
        ({**to, "attachments": [{"msgtype": "link", "link": {"title": "T", "url": "ftp://x"}}]}, 40058),
        ({"text": TEXT}, 41035),
        ({"text": TEXT, "external_userid": ["wmnone"]}, 41048),
        ({"text": TEXT, "chat_type": "group"}, 41009),
        ({"text": TEXT, "chat_type": "group", "sender": "li"}, 41048),
        ({"text": TEXT, "sender": "nobody"}, 40003),
        ({"text": TEXT, "external_userid": ["x"] * 10_001}, 40058),
    ]
    assert [desk.post(ADD, **body)["errcode"] for body, _ in cases] == [code for _, code in cases]


def test_group_messages_reach_the_members_through_the_owner(desk: Desk):
    desk.staff("li", "wang")
    inside, outside = desk.customers(2)
    own = desk.member("li", "create_group", name="G", members=[inside])["chat_id"]
    empty = desk.member("li", "create_group", name="H")["chat_id"]
    foreign = desk.member("wang", "create_group", name="F", members=[outside])["chat_id"]
    made = desk.ok(ADD, chat_type="group", sender="li", chat_id_list=[own, foreign], text=TEXT)
    assert made["fail_list"] == [foreign]
    assert results(desk, made["msgid"], "li") == {}
    desk.member("li", "tasks/confirm")
    assert results(desk, made["msgid"], "li") == {own: 1}
    (letter,) = desk.inbox(inside)
    assert (letter["via"], letter["chat_id"], letter["from"]) == ("group_mass", own, "li")
    assert desk.inbox(outside) == []
    everywhere = desk.ok(ADD, chat_type="group", sender="li", text=TEXT)["msgid"]
    desk.member("li", "tasks/confirm", msgid=everywhere)
    assert results(desk, everywhere, "li") == {own: 1, empty: 1}


def send(desk: Desk, customer: str) -> int:
    msgid = desk.ok(ADD, external_userid=[customer], text=TEXT)["msgid"]
    desk.member("li", "tasks/confirm", msgid=msgid)
    return results(desk, msgid, "li")[customer]


def test_cap_of_the_month_is_its_days(desk: Desk):
    desk.staff("li")
    (customer,) = desk.customers(1)
    desk.befriend("li", customer)
    assert [send(desk, customer) for _ in range(31)] == [1] * 30 + [3]
    desk.travel("2017-11-30T15:59:59Z")
    assert send(desk, customer) == 3
    desk.travel("2017-11-30T16:00:00Z")
    assert send(desk, customer) == 1
    assert len(desk.inbox(customer)) == 31


def test_cap_of_the_week_and_of_the_day(desk: Desk):
    desk.staff("li")
    weekly, daily = desk.customers(2)
    desk.befriend("li", weekly, daily)
    desk.settings(receiving_cap="7_per_week")
    assert [send(desk, weekly) for _ in range(8)] == [1] * 7 + [3]
    desk.travel("2017-12-03T15:59:59Z")
    assert send(desk, weekly) == 3
    desk.advance(1)
    assert send(desk, weekly) == 1
    desk.settings(receiving_cap="1_per_day")
    assert [send(desk, daily), send(desk, daily)] == [1, 3]
    desk.advance(86_400)
    assert send(desk, daily) == 1
    assert desk.admin("PATCH", "/settings", {"receiving_cap": "never"}, status=400)["error"] == "bad_request"


def test_ignored_and_cancelled_tasks_stay_unsent(desk: Desk):
    desk.staff("li", "wang")
    first, second = desk.customers(2)
    desk.befriend("li", first)
    desk.befriend("wang", second)
    ignored = desk.ok(ADD, external_userid=[first, second], text=TEXT)["msgid"]
    desk.member("li", "tasks/ignore", msgid=ignored)
    desk.member("wang", "tasks/confirm")
    tasks = desk.ok("externalcontact/get_groupmsg_task", msgid=ignored)["task_list"]
    assert [(row["userid"], row["status"]) for row in tasks] == [("li", 0), ("wang", 2)]
    cancelled = desk.ok(ADD, external_userid=[first], text=TEXT)["msgid"]
    desk.ok("externalcontact/cancel_groupmsg_send", msgid=cancelled)
    assert desk.admin("GET", "/actors/staff/li/tasks")["tasks"] == []
    assert desk.member("li", "tasks/confirm") == {"confirmed": []}
    assert results(desk, cancelled, "li") == {first: 0}


def test_three_reminders_a_day(desk: Desk):
    desk.staff("li")
    (customer,) = desk.customers(1)
    desk.befriend("li", customer)
    msgid = desk.ok(ADD, external_userid=[customer], text=TEXT)["msgid"]
    path = "externalcontact/remind_groupmsg_send"
    assert [desk.post(path, msgid=msgid)["errcode"] for _ in range(4)] == [0, 0, 0, 45009]
    assert desk.admin("GET", "/actors/staff/li/tasks")["tasks"][0]["reminders"] == 3
    desk.advance(86_400)
    assert desk.post(path, msgid=msgid)["errcode"] == 0
    assert desk.post(path, msgid="none")["errcode"] == 41047


def test_messages_are_listed_by_span(desk: Desk):
    desk.staff("li")
    (customer,) = desk.customers(1)
    desk.befriend("li", customer)
    msgids = []
    for _ in range(3):
        msgids.append(desk.ok(ADD, external_userid=[customer], text=TEXT)["msgid"])
        desk.advance(10)
    path = "externalcontact/get_groupmsg_list_v2"
    span = {"chat_type": "single", "start_time": 1511755200, "end_time": 1511755215}
    listed = desk.ok(path, **span)
    assert [row["msgid"] for row in listed["group_msg_list"]] == msgids[:2]
    assert listed["group_msg_list"][0]["text"] == TEXT
    assert "creator" not in listed["group_msg_list"][0]
    assert desk.ok(path, **{**span, "chat_type": "group"})["group_msg_list"] == []
    assert desk.ok(path, **span, filter_type=1)["group_msg_list"] == []
    assert desk.post(path, **{**span, "end_time": 1511755200 + 32 * 86_400})["errcode"] == 600018


def test_results_come_in_pages(desk: Desk):
    desk.staff("li")
    customers = desk.customers(5)
    desk.befriend("li", *customers)
    msgid = desk.ok(ADD, external_userid=customers, text=TEXT)["msgid"]
    ask = {"msgid": msgid, "userid": "li", "limit": 2}
    seen, cursor = [], ""
    for _ in range(3):
        page = desk.ok("externalcontact/get_groupmsg_send_result", **ask, cursor=cursor)
        seen += [row["external_userid"] for row in page["send_list"]]
        cursor = page["next_cursor"]
    assert (seen, cursor) == (customers, "")


def test_four_a_month(desk: Desk):
    desk.settings(receiving_cap="4_per_month")
    desk.staff("li")
    (customer,) = desk.customers(1)
    desk.befriend("li", customer)
    for _ in range(5):
        last = desk.ok(ADD, external_userid=[customer], text=TEXT)["msgid"]
        desk.member("li", "tasks/confirm")
    assert results(desk, last, "li") == {customer: 3}
    desk.advance(4 * 86_400)
    last = desk.ok(ADD, external_userid=[customer], text=TEXT)["msgid"]
    desk.member("li", "tasks/confirm")
    assert results(desk, last, "li") == {customer: 1}


def test_staff_choose_receivers_only_where_they_may(desk: Desk):
    desk.staff("li")
    customers = desk.customers(3)
    desk.befriend("li", *customers)
    fixed = desk.ok(ADD, external_userid=customers, text=TEXT)["msgid"]
    free = desk.ok(ADD, external_userid=customers, text=TEXT, allow_select=True)["msgid"]
    tasks = desk.admin("GET", "/actors/staff/li/tasks")["tasks"]
    assert [task["allow_select"] for task in tasks] == [False, True]
    choice = {"targets": customers[1:]}
    assert desk.member("li", "tasks/confirm", msgid=fixed, **choice, status=409)["error"] == "no_choice"
    assert desk.member("li", "tasks/confirm", **choice, status=409)["error"] == "no_choice"
    desk.member("li", "tasks/confirm", msgid=free, **choice)
    assert results(desk, free, "li") == dict.fromkeys(customers[1:], 1)
    assert desk.inbox(customers[0]) == []


def test_personal_messages_are_listed_apart_and_count(desk: Desk):
    desk.settings(receiving_cap="1_per_day")
    desk.staff("li", "wang")
    (customer,) = desk.customers(1)
    desk.befriend("li", customer)
    chat_id = desk.member("li", "create_group", name="G", members=[customer])["chat_id"]
    own = desk.member("li", "mass_send", text="From me")["msgid"]
    grouped = desk.member("li", "mass_send", text="To my groups", chat_type="group")["msgid"]
    corp = desk.ok(ADD, external_userid=[customer], text=TEXT)["msgid"]
    desk.member("li", "tasks/confirm")
    assert results(desk, own, "li") == {customer: 1}
    assert results(desk, grouped, "li") == {chat_id: 1}
    assert results(desk, corp, "li") == {customer: 3}
    assert desk.member("wang", "mass_send", text="x", status=409)["error"] == "not_friends"
    assert desk.member("li", "mass_send", text="x", targets=["wmnone"], status=409)["error"] == "not_friends"
    ask = {"chat_type": "single", "start_time": 1511755200, "end_time": 1511755201}

    def listed(**more):
        rows = desk.ok("externalcontact/get_groupmsg_list_v2", **ask, **more)["group_msg_list"]
        return [(row["msgid"], row["create_type"], row.get("creator")) for row in rows]

    assert sorted(listed()) == sorted([(own, 1, "li"), (corp, 0, None)])
    assert listed(filter_type=0) == [(corp, 0, None)]
    assert listed(filter_type=1) == [(own, 1, "li")]
    assert listed(creator="wang") == []
    assert listed(creator="li") == [(own, 1, "li")]
    assert desk.post("externalcontact/get_groupmsg_list_v2", **ask, filter_type=3)["errcode"] == 40058


def test_keepers_without_licence_are_not_asked(desk: Desk):
    desk.staff("li", "wang")
    (customer,) = desk.customers(1)
    desk.befriend("li", customer)
    desk.advance(1)
    desk.befriend("wang", customer)
    desk.settings(unlicensed_userids=["wang"])
    msgid = desk.ok(ADD, external_userid=[customer], text=TEXT)["msgid"]
    assert [row["userid"] for row in desk.ok("externalcontact/get_groupmsg_task", msgid=msgid)["task_list"]] == ["li"]
