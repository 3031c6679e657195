import socket

import pytest

from wecom_emulator.tests.conftest import AES_KEY, TOKEN, Desk, Receiver


def scans(desk: Desk, number: int) -> list[str]:
    desk.staff("li")
    customers = desk.customers(number)
    actions = [{"actor": "customer", "id": item, "do": "add", "userid": "li"} for item in customers]
    desk.admin("POST", "/actors/batch", {"actions": actions})
    return customers


def test_order_is_kept(desk: Desk, receiver: Receiver):
    customers = scans(desk, 40)
    assert desk.drain() == {"pending": 0, "delivered": 40, "failed": 0, "lost": 0, "duplicated": 0}
    assert [event["ExternalUserID"] for event in receiver.events] == customers


def test_per_subject_order_is_kept_in_parallel(desk: Desk, receiver: Receiver):
    desk.settings(callback_order="per_subject", callback_parallel=8)
    receiver.delays = [0.02, 0.0, 0.01, 0.0] * 20
    customers = scans(desk, 20)
    for item in customers:
        desk.customer(item, "delete_staff", userid="li")
    assert desk.drain()["delivered"] == 40
    by_customer = {item: [] for item in customers}
    for event in receiver.events:
        by_customer[event["ExternalUserID"]].append(event["ChangeType"])
    assert set(map(tuple, by_customer.values())) == {("add_external_contact", "del_follow_user")}


def test_three_tries_in_all(desk: Desk, receiver: Receiver):
    receiver.plan = [500, 503]
    scans(desk, 1)
    assert desk.drain()["delivered"] == 1
    assert (receiver.requests, len(receiver.events)) == (3, 1)
    receiver.plan = [500, 404, 302]
    (customer,) = desk.customers(1)
    desk.customer(customer, "add", userid="li")
    assert desk.drain()["failed"] == 1
    (failed,) = desk.admin("GET", "/callbacks/failed")["failed"]
    assert (failed["tries"], failed["last_error"], failed["subject"]) == (3, "HTTP status 302", customer)


def test_slow_answer_is_cut_and_tried_again(desk: Desk, receiver: Receiver):
    desk.settings(callback_timeout_seconds=0.2)
    receiver.delays = [0.6]
    scans(desk, 1)
    assert desk.drain()["delivered"] == 1
    assert receiver.requests == 2


def test_nobody_listening_fails_after_three_tries(desk: Desk):
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{sock.getsockname()[1]}/"
    desk.admin("PUT", "/callback", {"url": url, "token": TOKEN, "encoding_aes_key": AES_KEY})
    scans(desk, 1)
    assert desk.drain()["failed"] == 1
    assert desk.admin("GET", "/callbacks/failed")["failed"][0]["last_error"].startswith("ConnectError")


def test_mishaps_are_drawn_from_the_seed(desk: Desk, receiver: Receiver):
    desk.settings(callback_loss_probability=0.2, callback_duplicate_probability=0.2, callback_seed=7)
    scans(desk, 100)
    counts = desk.drain()
    assert counts["lost"] + counts["delivered"] - counts["duplicated"] == 100
    assert 8 <= counts["lost"] <= 35
    assert 5 <= counts["duplicated"] <= 30


def test_reordering_swaps_neighbours(desk: Desk, receiver: Receiver):
    desk.settings(callback_reorder_probability=0.5, callback_seed=1)
    customers = scans(desk, 50)
    desk.drain()
    seen = [event["ExternalUserID"] for event in receiver.events]
    assert seen != customers
    assert sorted(seen) == sorted(customers)


def test_url_check(desk: Desk, receiver: Receiver):
    config = {"url": receiver.url, "token": TOKEN, "encoding_aes_key": AES_KEY, "verify": True}
    assert desk.admin("PUT", "/callback", config)["verified"] is True
    receiver.plan = [403]
    refusal = desk.admin("PUT", "/callback", config, status=400)
    assert refusal["error"] == "url_check_failed"
    assert desk.admin("PUT", "/callback", {**config, "encoding_aes_key": "short"}, status=400)["error"] == "bad_aes_key"


def test_app_with_its_own_url_gets_only_what_it_sees(desk: Desk, receiver: Receiver):
    desk.staff("near", "far")
    corp = desk.admin("GET", "/corp")
    corp["apps"][0]["visible_users"] = ["near"]
    corp["callbacks"] = [
        {"url": receiver.url, "token": TOKEN, "encoding_aes_key": AES_KEY, "agent_id": 1000002},
        {"url": receiver.url, "token": TOKEN, "encoding_aes_key": AES_KEY, "agent_id": 0},
    ]
    desk.admin("PUT", "/corp", corp)
    (customer,) = desk.customers(1)
    desk.befriend("near", customer)
    desk.befriend("far", customer)
    desk.member("far", "leave_company")
    desk.drain()
    assert [(event["ChangeType"], event["UserID"]) for event in receiver.events] == [
        ("add_external_contact", "near"),
        ("delete_user", "far"),
    ]


def test_drain_gives_up_after_its_time(desk: Desk, receiver: Receiver):
    receiver.delays = [1.0]
    scans(desk, 1)
    answer = desk.admin("POST", "/callbacks/drain", {"timeout_seconds": 0.05})
    assert answer["pending"] == 1
    assert desk.drain()["pending"] == 0


@pytest.mark.parametrize("order", ["strict", "per_subject", "none"])
def test_every_order_delivers_all(desk: Desk, receiver: Receiver, order: str):
    desk.settings(callback_order=order)
    customers = scans(desk, 30)
    assert desk.drain()["delivered"] == 30
    assert sorted(event["ExternalUserID"] for event in receiver.events) == sorted(customers)
