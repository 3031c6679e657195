"""Batches of actors' actions."""

from wecom_emulator.tests.conftest import Desk


def test_a_thousand_scans_in_one_batch_each_get_their_welcome_code(desk: Desk):
    desk.staff(*(f"s{number}" for number in range(50)))
    customers = desk.customers(1_000)
    way = desk.ok("externalcontact/add_contact_way", type=2, scene=2, user=["s1", "s2"], state="s")
    actions = [{"actor": "customer", "id": item, "do": "scan", "config_id": way["config_id"]} for item in customers]
    results = desk.admin("POST", "/actors/batch", {"actions": actions})["results"]
    assert len(results) == 1_000
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
