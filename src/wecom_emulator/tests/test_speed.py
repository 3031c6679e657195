import time

import pytest

from wecom_emulator.tests.conftest import Desk


@pytest.mark.slow
def test_loading_and_scanning_are_fast(desk: Desk):
    desk.staff(*(f"s{number}" for number in range(50)))
    started = time.perf_counter()
    customers = desk.customers(20_000)
    assert time.perf_counter() - started < 2
    way = desk.ok("externalcontact/add_contact_way", type=2, scene=2, user=["s1", "s2"], state="s")
    actions = [{"actor": "customer", "id": item, "do": "scan", "config_id": way["config_id"]} for item in customers]
    started = time.process_time()
    results = desk.admin("POST", "/actors/batch", {"actions": actions[:1000]})["results"]
    assert time.process_time() - started < 2
    assert all(item["welcome_code_issued"] for item in results)


def test_batch_reports_each_action(desk: Desk):
    desk.staff("li")
    (customer,) = desk.customers(1)
    actions = [
        {"actor": "customer", "id": customer, "do": "add", "userid": "li"},
        {"actor": "customer", "id": "wmnone", "do": "add", "userid": "li"},
        {"actor": "staff", "id": "li", "do": "fly"},
        {"actor": "staff", "id": "li", "do": "create_group", "name": "G"},
        {"actor": "customer", "id": customer, "do": "write", "to": "staff", "userid": 5},
    ]
    results = desk.admin("POST", "/actors/batch", {"actions": actions})["results"]
    assert [item.get("error") for item in results] == [None, "unknown_customer", "unknown_action", None, "bad_field"]
