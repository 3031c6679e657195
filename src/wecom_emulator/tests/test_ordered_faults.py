"""Ordered mishaps beyond a plain error: dying tokens, random waits, empty pages, and callbacks that go astray."""

import threading
import time

import httpx
import pytest

from wecom_emulator.faults import Fault, Faults
from wecom_emulator.recorder import BODY_BYTES, KEPT_BYTES, RecordedCall, Recorder
from wecom_emulator.tests.conftest import Desk, Receiver

LIST = "department/list"
BATCH = "externalcontact/batch/get_by_user"
ADDED = "change_external_contact/add_external_contact"


def order(desk: Desk, **fault):
    return desk.admin("POST", "/faults", fault)


def test_a_token_dies_before_the_call_or_after_its_answer(desk: Desk):
    other = desk.token("emulator-contact-secret")
    order(desk, route=LIST, kill_tokens="this", times=1)
    assert desk.get(LIST)["errcode"] == 42001
    assert desk.http.get("/cgi-bin/department/simplelist", params={"access_token": other}).json()["errcode"] == 0
    desk.forget_tokens()
    order(desk, route=LIST, kill_tokens="all", token_errcode=40014, after_effect=True, times=1)
    assert [desk.get(LIST)["errcode"] for _ in range(2)] == [0, 40014]
    assert desk.http.get("/cgi-bin/department/simplelist", params={"access_token": other}).json()["errcode"] == 40014
    desk.forget_tokens()
    assert desk.get(LIST)["errcode"] == 0


def test_a_random_wait_comes_from_the_seed(desk: Desk):
    data = {"route": LIST, "latency_ms": 40, "latency_random_ms": 120, "seed": 5}
    first, second = Faults().order(data), Faults().order(data)
    assert isinstance(first, Fault)
    assert isinstance(second, Fault)
    waits = [first.seconds() for _ in range(4)]
    assert [second.seconds() for _ in range(4)] == waits
    assert all(0.04 <= item <= 0.16 for item in waits)
    assert len(set(waits)) == 4
    order(desk, **data)
    started = time.monotonic()
    desk.get(LIST)
    assert time.monotonic() - started >= 0.04


@pytest.mark.parametrize("strikes", [1, 2])
def test_an_empty_page_still_goes_on(desk: Desk, strikes: int):
    desk.staff("li")
    customers = desk.customers(5)
    desk.befriend("li", *customers)
    order(desk, route=BATCH, empty=True, times=strikes)
    rows, cursor, pages = [], "", 0
    while True:
        answer = desk.ok(BATCH, userid_list=["li"], limit=3, cursor=cursor)
        rows += [row["external_contact"]["external_userid"] for row in answer["external_contact_list"]]
        cursor, pages = answer["next_cursor"], pages + 1
        if not cursor:
            break
    assert rows == customers
    assert pages == 2 + strikes


def test_an_empty_page_of_ids_and_of_groups_goes_on(desk: Desk):
    desk.staff("li", "wu")
    desk.member("li", "create_group", name="G")
    desk.token()
    order(desk, route="*", empty=True, times=2)
    ids = desk.post("user/list_id", limit=5)
    chats = desk.post("externalcontact/groupchat/list", limit=5)
    assert (ids["dept_user"], chats["group_chat_list"]) == ([], [])
    assert len(desk.post("user/list_id", limit=5, cursor=ids["next_cursor"])["dept_user"]) == 2
    again = desk.post("externalcontact/groupchat/list", limit=5, cursor=chats["next_cursor"])
    assert len(again["group_chat_list"]) == 1


def test_one_kind_of_callback_is_lost_doubled_and_late(desk: Desk, receiver: Receiver):
    desk.staff("li")
    customers = desk.customers(4)
    order(desk, event=ADDED, lose=True, times=1)
    desk.befriend("li", customers[0])
    order(desk, event=ADDED, duplicate=2, times=1)
    desk.befriend("li", customers[1])
    order(desk, event="change_external_contact", delay_ms=150, times=1)
    started = time.monotonic()
    desk.befriend("li", customers[2])
    counts = desk.drain()
    assert time.monotonic() - started >= 0.15
    assert [item["ExternalUserID"] for item in receiver.events] == [customers[1]] * 3 + [customers[2]]
    assert (counts["lost"], counts["duplicated"], counts["delivered"]) == (1, 2, 4)
    assert desk.admin("GET", "/faults") == {"faults": []}


def test_a_callback_is_overtaken_by_the_next_one(desk: Desk, receiver: Receiver):
    desk.staff("li")
    customers = desk.customers(3)
    order(desk, event="*", reorder=True, times=1)
    desk.befriend("li", *customers)
    desk.drain()
    assert [item["ExternalUserID"] for item in receiver.events] == [customers[1], customers[0], customers[2]]
    order(desk, event="*", reorder=True, times=1)
    desk.customer(customers[0], "delete_staff", userid="li")
    assert desk.drain()["delivered"] == 4  # nobody came to overtake it
    assert receiver.events[-1]["ChangeType"] == "del_follow_user"


def test_senseless_orders_are_refused(desk: Desk):
    for fault in (
        {"route": "x", "kill_tokens": "some"},
        {"route": "x", "token_errcode": 1},
        {"event": "x", "errcode": 1},
        {"event": ""},
        {"route": "x", "lose": True},
        {"route": "x", "hits": 3},
    ):
        assert desk.admin("POST", "/faults", fault, status=400)["error"] == "bad_fault"


def test_budgets_are_counted_by_pattern(desk: Desk):
    desk.staff("li")
    for _ in range(3):
        desk.get(LIST)
    desk.get("externalcontact/list", userid="li")
    desk.get("externalcontact/get", external_userid="nobody")
    met = desk.admin("POST", "/calls/expect", {"path": "externalcontact/*", "at_most": 2, "at_least": 1})
    assert met["results"][0] == {
        "path": "externalcontact/*",
        "counted": 2,
        "met": True,
        "by_path": {"externalcontact/list": 1, "externalcontact/get": 1},
    }
    desk.admin("POST", "/calls/expect", {"path": f"/cgi-bin/{LIST}", "exactly": 3})
    desk.admin("POST", "/calls/expect", {"path": "*", "errcode": 40096, "exactly": 1})
    missed = desk.admin("POST", "/calls/expect", {"budgets": [{"path": LIST, "at_most": 2}, {"path": "x"}]}, status=409)
    assert (missed["error"], missed["results"][0]["counted"]) == ("budget_missed", 3)
    assert missed["message"] == f"outside the budget: 3 calls of {LIST}"
    assert desk.admin("POST", "/calls/expect", {"colour": 1}, status=400)["error"] == "bad_request"
    assert desk.admin("GET", "/calls?path=externalcontact/*")["total"] == 2


def test_peaks_are_known(desk: Desk):
    order(desk, route=LIST, latency_ms=200)
    token = desk.token()
    desk.admin("DELETE", "/calls")

    def ask() -> None:
        url = f"{desk.emulator.base_url}/cgi-bin/{LIST}"
        httpx.get(url, params={"access_token": token}, trust_env=False)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    desk.get("department/simplelist")
    desk.admin("POST", "/clock", {"advance_seconds": 60})
    desk.get("department/simplelist")
    record = desk.admin("GET", "/calls")
    assert (record["in_flight_peak"], record["per_minute_peak"]) == (3, 4)
    assert record["in_flight_peaks"] == {LIST: 3, "department/simplelist": 1}


def test_the_record_has_bounds():
    recorder = Recorder()
    for number in range(100):
        call = RecordedCall(at=number, method="POST", path="x", agent_id=None, query={}, body={"n": number}, errcode=0)
        recorder.add(call, size=BODY_BYTES)
    kept = recorder.as_json(path=None, limit=1000)["calls"]
    assert len(kept) == KEPT_BYTES // BODY_BYTES
    assert kept[-1]["body"] == {"n": 99}
    big = RecordedCall(at=1, method="POST", path="x", agent_id=None, query={}, body={"n": 1}, errcode=0)
    recorder.add(big, size=BODY_BYTES + 1)
    shown = recorder.as_json(path="x", limit=1)
    assert shown["calls"][0]["body"] == {"omitted_bytes": BODY_BYTES + 1}
    assert shown["total"] == 101
