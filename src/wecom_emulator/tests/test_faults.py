import threading
import time

import httpx
import pytest

from wecom_emulator.tests.conftest import Desk

ADD = "externalcontact/add_msg_template"
TEXT = {"content": "hi"}


def order(desk: Desk, **fault):
    return desk.admin("POST", "/faults", fault)


def test_error_code_strikes_so_many_times(desk: Desk):
    order(desk, route="department/list", errcode=-1, times=2)
    assert [desk.get("department/list")["errcode"] for _ in range(3)] == [-1, -1, 0]
    assert desk.admin("GET", "/faults") == {"faults": []}


def test_patterns_and_removal(desk: Desk):
    order(desk, route="externalcontact/*", errcode=45033)
    assert desk.get("externalcontact/get_follow_user_list")["errcode"] == 45033
    assert desk.get("department/list")["errcode"] == 0
    desk.admin("DELETE", "/faults")
    assert desk.get("externalcontact/get_follow_user_list")["errcode"] == 0


def test_cut_connection_has_no_effect(desk: Desk):
    desk.staff("li")
    (customer,) = desk.customers(1)
    desk.befriend("li", customer)
    order(desk, route=ADD, cut=True, times=1)
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        desk.post(ADD, external_userid=[customer], text=TEXT)
    assert desk.admin("GET", "/corp/summary")["mass_messages"] == 0
    desk.ok(ADD, external_userid=[customer], text=TEXT)


def test_answer_can_be_lost_after_the_effect(desk: Desk):
    desk.staff("li")
    (customer,) = desk.customers(1)
    desk.befriend("li", customer)
    order(desk, route=ADD, cut=True, after_effect=True, times=1)
    with pytest.raises(httpx.RemoteProtocolError):
        desk.post(ADD, external_userid=[customer], text=TEXT)
    (task,) = desk.admin("GET", "/actors/staff/li/tasks")["tasks"]
    assert task["targets"] == [customer]


def test_partial_pages_still_go_on(desk: Desk):
    desk.staff("li")
    customers = desk.customers(6)
    desk.befriend("li", *customers)
    order(desk, route="externalcontact/batch/get_by_user", partial=True, times=1)
    first = desk.ok("externalcontact/batch/get_by_user", userid_list=["li"], limit=4)
    assert len(first["external_contact_list"]) == 2
    rest = desk.ok("externalcontact/batch/get_by_user", userid_list=["li"], limit=4, cursor=first["next_cursor"])
    assert len(rest["external_contact_list"]) == 4


def test_latency_is_real_time(desk: Desk):
    order(desk, route="department/list", latency_ms=150, times=1)
    started = time.monotonic()
    desk.get("department/list")
    assert time.monotonic() - started >= 0.15


def test_probability_comes_from_the_seed(desk: Desk):
    order(desk, route="department/list", errcode=-1, probability=0.5, seed=3)
    first = [desk.get("department/list")["errcode"] for _ in range(20)]
    desk.admin("DELETE", "/faults")
    order(desk, route="department/list", errcode=-1, probability=0.5, seed=3)
    assert [desk.get("department/list")["errcode"] for _ in range(20)] == first
    assert {0, -1} == set(first)


def test_senseless_orders_are_refused(desk: Desk):
    assert desk.admin("POST", "/faults", {"errcode": 1}, status=400)["error"] == "bad_fault"
    assert desk.admin("POST", "/faults", {"route": "x", "color": 1}, status=400)["error"] == "bad_fault"


def test_too_many_calls_in_flight(desk: Desk):
    desk.settings(concurrency_limit=2)
    order(desk, route="department/list", latency_ms=300)
    token, codes = desk.token(), []

    def ask() -> None:
        with httpx.Client(trust_env=False) as client:
            url = f"{desk.emulator.base_url}/cgi-bin/department/list"
            codes.append(client.get(url, params={"access_token": token}).json()["errcode"])

    threads = [threading.Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [0, 0, 45033, 45033, 45033]


def test_calls_are_recorded_without_secrets(desk: Desk):
    desk.get("user/get", userid="nobody")
    desk.get("department/list")
    record = desk.admin("GET", "/calls")
    assert record["counts"] == {"gettoken": 1, "user/get": 1, "department/list": 1}
    assert record["errcodes"]["user/get"] == {"60111": 1}
    one = desk.admin("GET", "/calls?path=user/get")
    assert one["total"] == 1
    assert one["calls"][0] == {
        "at": 1511755200,
        "method": "GET",
        "path": "user/get",
        "agent_id": 1000002,
        "query": {"userid": "nobody"},
        "body": {},
        "errcode": 60111,
    }
    assert "emulator-app-secret" not in str(record)
    assert desk.token() not in str(record)
    desk.admin("DELETE", "/calls")
    assert desk.admin("GET", "/calls")["total"] == 0
