from wecom_emulator.tests.conftest import Desk, Receiver

SEND = "externalcontact/send_welcome_msg"


def new_friend(desk: Desk, receiver: Receiver) -> tuple[str, str]:
    (customer,) = desk.customers(1)
    desk.customer(customer, "add", userid="li")
    desk.drain()
    return customer, receiver.events[-1]["WelcomeCode"]


def test_welcome_is_sent_once(desk: Desk, receiver: Receiver):
    desk.staff("li")
    customer, code = new_friend(desk, receiver)
    desk.advance(20)
    desk.ok(SEND, welcome_code=code, text={"content": "hello"})
    assert desk.inbox(customer) == [
        {"at": 1511755220, "via": "welcome", "from": "li", "text": "hello", "attachments": []}
    ]
    assert desk.post(SEND, welcome_code=code, text={"content": "hello"})["errcode"] == 41051


def test_welcome_is_refused_late_unknown_or_empty(desk: Desk, receiver: Receiver):
    desk.staff("li")
    _, code = new_friend(desk, receiver)
    assert desk.post(SEND, welcome_code=code)["errcode"] == 40063
    assert desk.post(SEND, text={"content": "x"})["errcode"] == 41049
    assert desk.post(SEND, welcome_code="x", text={"content": "x"})["errcode"] == 41050
    desk.advance(21)
    assert desk.post(SEND, welcome_code=code, text={"content": "x"})["errcode"] == 41050
    desk.settings(expired_welcome_errcode=40058)
    assert desk.post(SEND, welcome_code=code, text={"content": "x"})["errcode"] == 40058


def test_chat_that_has_begun_needs_no_welcome(desk: Desk, receiver: Receiver):
    desk.staff("li")
    customer, code = new_friend(desk, receiver)
    desk.customer(customer, "write", to="staff", userid="li", text="are you open?")
    assert desk.post(SEND, welcome_code=code, text={"content": "x"})["errcode"] == 41051
    assert desk.inbox(customer) == []


def test_friendship_that_ended_gets_no_welcome(desk: Desk, receiver: Receiver):
    desk.staff("li")
    customer, code = new_friend(desk, receiver)
    desk.customer(customer, "delete_staff", userid="li")
    assert desk.post(SEND, welcome_code=code, text={"content": "x"})["errcode"] == 84061


def test_another_app_waits_while_one_is_sending(desk: Desk, receiver: Receiver):
    desk.settings(welcome_busy_seconds=2)
    corp = desk.admin("GET", "/corp")
    corp["apps"].append({"agent_id": 1000003, "secret": "other", "name": "Other"})
    corp["apps"].append({"agent_id": 1000004, "secret": "none", "name": "None", "customer_contact": False})
    desk.admin("PUT", "/corp", corp)
    desk.forget_tokens()
    desk.staff("li")
    _, code = new_friend(desk, receiver)
    welcome = {"welcome_code": code, "text": {"content": "hello"}}
    assert desk.post(SEND, secret="none", **welcome)["errcode"] == 48002
    desk.ok(SEND, **welcome)
    assert desk.post(SEND, secret="other", **welcome)["errcode"] == 41096
    assert desk.post(SEND, **welcome)["errcode"] == 41051
    desk.advance(2)
    assert desk.post(SEND, secret="other", **welcome)["errcode"] == 41051
