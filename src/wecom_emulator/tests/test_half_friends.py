"""Friendships that staff confirm by hand: half friends, plain requests, and partners on WeCom."""

from wecom_emulator.tests.conftest import Desk


def test_half_friend_first_then_confirmed(desk: Desk, receiver):
    desk.staff("li", confirms_friends=True)
    (customer,) = desk.customers(1)
    desk.ok("externalcontact/add_contact_way", type=1, scene=2, user=["li"], state="s1")
    scanned = desk.customer(customer, "scan", state="s1")
    assert scanned == {"userid": "li", "welcome_code_issued": True, "already_friend": False, "pending": True}
    assert desk.get("externalcontact/get", external_userid=customer)["errcode"] == 84061
    desk.drain()
    (half,) = receiver.events
    assert (half["ChangeType"], half["State"], half["UserID"]) == ("add_half_external_contact", "s1", "li")
    welcome = {"welcome_code": half["WelcomeCode"], "text": {"content": "Welcome"}}
    desk.ok("externalcontact/send_welcome_msg", **welcome)
    assert desk.inbox(customer)[0]["text"] == "Welcome"
    assert desk.post("externalcontact/send_welcome_msg", **welcome)["errcode"] == 41051
    assert desk.customer(customer, "scan", state="s1")["welcome_code_issued"] is False
    assert desk.member("li", "accept_friend", external_userid=customer)["welcome_code_issued"] is False
    desk.drain()
    added = receiver.events[-1]
    assert (added["ChangeType"], added["State"]) == ("add_external_contact", "s1")
    assert "WelcomeCode" not in added
    assert len(receiver.events) == 2
    assert desk.member("li", "accept_friend", external_userid=customer, status=409)["error"] == "no_request"


def test_half_friend_who_writes_is_not_greeted(desk: Desk, receiver):
    desk.staff("li", confirms_friends=True)
    (customer,) = desk.customers(1)
    desk.ok("externalcontact/add_contact_way", type=1, scene=2, user=["li"], state="s1")
    desk.customer(customer, "scan", state="s1")
    desk.customer(customer, "write", to="staff", userid="li", text="hello?")
    desk.drain()
    answer = desk.post(
        "externalcontact/send_welcome_msg", welcome_code=receiver.events[0]["WelcomeCode"], text={"content": "x"}
    )
    assert answer["errcode"] == 41051


def test_request_with_verification(desk: Desk, receiver):
    desk.staff("li")
    (customer,) = desk.customers(1)
    desk.ok("externalcontact/add_contact_way", type=1, scene=2, user=["li"], state="s1", skip_verify=False)
    assert desk.customer(customer, "scan", state="s1")["pending"] is True
    assert desk.customer(customer, "write", to="staff", userid="li", text="x", status=409)["error"] == "not_friends"
    desk.drain()
    assert receiver.events == []
    assert desk.member("li", "accept_friend", external_userid=customer)["welcome_code_issued"] is True
    desk.drain()
    assert receiver.events[0]["ChangeType"] == "add_external_contact"
    assert receiver.events[0]["WelcomeCode"]


def test_partner_gets_no_welcome_code(desk: Desk, receiver):
    desk.staff("li")
    (partner,) = desk.customers(1, type=2, corp_name="Supplier", corp_full_name="Supplier Ltd", position="Buyer")
    assert desk.customer(partner, "add", userid="li")["welcome_code_issued"] is False
    shown = desk.get("externalcontact/get", external_userid=partner)["external_contact"]
    assert (shown["type"], shown["corp_name"], shown["position"]) == (2, "Supplier", "Buyer")
    assert "unionid" not in shown
    desk.drain()
    assert "WelcomeCode" not in receiver.events[0]
