"""What the customers' side keeps survives the end of the emulator: hand-overs under way, links, counts, timers."""

from pathlib import Path
from typing import Any

from wecom_emulator.running import run_in_thread
from wecom_emulator.tests.conftest import START, Desk

DAY = 86_400


def closed(desk: Desk) -> dict[str, Any]:
    """Return the whole corp, and let go of the emulator."""
    corp = dict(desk.admin("GET", "/corp"))
    desk.http.close()
    return corp


def test_everything_is_there_after_a_restart(tmp_path: Path):
    state = tmp_path / "corp.sqlite"
    with run_in_thread(state=state, clock=START, frozen=True, chat_detail_lag_seconds=60) as running:
        desk = Desk(running)
        desk.staff("li", "wang")
        people = desk.customers(4)
        partner = desk.customers(1, type=2, corp_name="Supplier")[0]
        desk.befriend("li", *people[:2])
        pair = {"handover_userid": "li", "takeover_userid": "wang"}
        desk.ok("externalcontact/transfer_customer", **pair, external_userid=people[:1])
        desk.ok("externalcontact/transfer_customer", **pair, external_userid=people[1:2])
        desk.admin("POST", "/actors/admin/buy_quota", {"amount": 3})
        link = desk.ok("externalcontact/customer_acquisition/create_link", link_name="x", range={"user_list": ["li"]})[
            "link"
        ]
        desk.customer(people[2], "add_by_link", url=link["url"] + "?customer_channel=a")
        desk.ok("externalcontact/add_contact_way", type=2, scene=2, user=["li", "wang"], state="x", is_exclusive=True)
        desk.customer(partner, "scan", state="x")
        desk.ok(
            "externalcontact/add_contact_way", type=1, scene=2, user=["li"], state="t", is_temp=True, chat_expires_in=60
        )
        desk.customer(people[3], "scan", state="t")
        chat_id = desk.member("li", "create_group", name="G", members=people[:1])["chat_id"]
        template_id = desk.ok("externalcontact/group_welcome_template/add", text={"content": "Hi"})["template_id"]
        desk.member("li", "attach_welcome", chat_id=chat_id, template_id=template_id)
        for _ in range(2):
            desk.customer(people[2], "write", to="staff", userid="li", text="?")
            desk.member("li", "write", to="customer", external_userid=people[2], text="!")
            desk.customer(people[0], "write", to="group", chat_id=chat_id, text="hi")
        desk.customer(people[0], "leave", chat_id=chat_id)
        desk.ok(
            "externalcontact/customer_strategy/create",
            strategy_name="N",
            admin_list=["li"],
            range=[{"type": 1, "userid": "li"}],
        )
        before = closed(desk)
    with run_in_thread(state=state) as running:
        desk = Desk(running)
        desk.admin("POST", "/clock", {"now": START, "frozen": True})
        assert desk.admin("GET", "/corp") == before
        desk.advance(DAY)
        answer = desk.ok("externalcontact/transfer_result", **pair)
        assert [row["status"] for row in answer["customer"]] == [1, 1]
        desk.http.close()
