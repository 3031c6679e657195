"""Corps by order: as many as asked, plausible, the same every time, readable by every API, saved and loaded by lines."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from wecom_emulator.generate import Order, generate, parse_order
from wecom_emulator.state.corp import default_corp
from wecom_emulator.state.lines import read_lines, write_lines
from wecom_emulator.tests.conftest import APP_SECRET, CORP, Desk
from wecom_emulator.tests.test_state import served

NOW = 1_511_755_200


def every_customer(desk: Desk, userids: list[str]) -> list[Any]:
    rows, cursor = [], ""
    while True:
        answer = desk.ok("externalcontact/batch/get_by_user", userid_list=userids, limit=100, cursor=cursor)
        rows += answer["external_contact_list"]
        cursor = answer["next_cursor"]
        if not cursor:
            return rows


def test_twenty_thousand_contacts_are_all_there(desk: Desk):
    made = desk.admin("POST", "/generate", {"contacts": 20_000, "groups": 60, "members_per_group": 30})
    assert made == {"staff": 20, "contacts": 20_000, "groups": 60}
    summary = desk.admin("GET", "/corp/summary")
    assert (summary["customers"], summary["friendships"], summary["groups"]) == (20_000, 21_000, 60)
    staff = desk.get("externalcontact/get_follow_user_list")["follow_user"]
    assert len(staff) == 20
    rows = every_customer(desk, staff[:4])
    assert len(rows) == 4 * 1050
    pairs = {(row["follow_info"]["userid"], row["external_contact"]["external_userid"]) for row in rows}
    assert len(pairs) == len(rows)
    one = rows[0]["external_contact"]
    assert (len(one["external_userid"]), len(one["unionid"])) == (32, 28)
    assert 0.2 < sum(bool(row["follow_info"]["tag_id"]) for row in rows) / len(rows) < 0.3
    listed = desk.get("externalcontact/list", userid=staff[7])["external_userid"]
    assert len(listed) == len(set(listed)) == 1050
    chats = desk.ok("externalcontact/groupchat/list", limit=1000)["group_chat_list"]
    assert len(chats) == 60
    chat = desk.ok("externalcontact/groupchat/get", chat_id=chats[0]["chat_id"], need_name=1)["group_chat"]
    assert 20 <= len(chat["member_list"]) <= 40
    assert all(member["name"] for member in chat["member_list"])
    found = desk.ok("idconvert/unionid_to_external_userid", unionid=one["unionid"], openid="o")
    assert found["external_userid"] == one["external_userid"]
    desk.customer(one["external_userid"], "leave", chat_id=chats[0]["chat_id"])


def test_the_same_order_gives_the_same_corp_and_another_run_adds_to_it():
    order = parse_order("contacts=300,groups=4,members_per_group=10,seed=7")
    twins = [default_corp(), default_corp()]
    for corp in twins:
        generate(corp, order, now=NOW)
    assert twins[0].as_json() == twins[1].as_json()
    generate(twins[0], order, now=NOW)
    assert (len(twins[0].persons), len(twins[0].staff), len(twins[0].chats)) == (600, 32, 8)
    body_of = twins[0].persons.table.shape
    for row in twins[0].persons.table.bodies(""):
        assert body_of.encode(body_of.decode(row[3])) == row[3]


def test_lines_carry_a_whole_corp(desk: Desk):
    desk.admin("POST", "/generate", {"contacts": 500, "groups": 3, "members_per_group": 12})
    (customer,) = desk.customers(1)
    staff = desk.get("externalcontact/get_follow_user_list")["follow_user"]
    desk.befriend(staff[0], customer)
    desk.ok("externalcontact/add_msg_template", external_userid=[customer], text={"content": "hi"})
    desk.member(staff[0], "tasks/confirm")
    desk.settings(overflow_at=9)
    lines = desk.http.get("/emulator/corp", params={"format": "lines"}).text
    before = desk.admin("GET", "/corp")
    assert all(len(json.loads(line)) == 4 for line in lines.splitlines())
    desk.admin("POST", "/reset")
    answer = desk.http.put("/emulator/corp", content=lines)
    assert answer.json()["customers"] == 501
    assert desk.admin("GET", "/corp") == before
    assert desk.inbox(customer)[0]["text"] == "hi"


@pytest.mark.parametrize(
    "line",
    [
        '["persons","","x"]',
        '["persons","","x",{"name":"no id"}]',
        '["persons","","x",{"external_userid":"x","name":"X","colour":1}]',
        '["people","","x",{}]',
        '["persons",1,"x",{}]',
        "[",
        '["","","settings",{"colour":1}]',
    ],
)
def test_bad_lines_are_refused_and_change_nothing(desk: Desk, line: str):
    desk.staff("li")
    good = '["persons","","y",{"external_userid":"y","name":"Y"}]\n'
    answer = desk.http.put("/emulator/corp", content=good + line)
    assert answer.status_code == 400
    assert desk.admin("GET", "/corp/summary")["staff"] == 1
    assert desk.admin("GET", "/corp/summary")["customers"] == 0


@pytest.mark.parametrize(
    "text",
    ["", "contacts", "contacts=x", "contacts=-1", "colour=1", "groups=5", "contacts=9,groups=1,members_per_group=2"],
)
def test_senseless_orders_are_refused(text: str):
    with pytest.raises(ValueError, match=r"give|group"):
        parse_order(text)
    assert parse_order("contacts=9, groups=1") == Order(contacts=9, groups=1)


def test_command_line_generates_and_reads_lines(tmp_path: Path):
    corp = default_corp()
    generate(corp, parse_order("contacts=40,groups=1,members_per_group=5"), now=NOW)
    file = tmp_path / "corp.jsonl"
    file.write_text("".join(write_lines(corp)), encoding="utf-8")
    with file.open("rb") as lines:
        assert read_lines(lines).as_json() == corp.as_json()
    options = ("--corp", str(file), "--generate", "contacts=60")
    with served(tmp_path / "corp.sqlite", *options) as (_, url), httpx.Client(base_url=url, trust_env=False) as http:
        assert http.get("/emulator/corp/summary").json()["customers"] == 100
        token = http.get("/cgi-bin/gettoken", params={"corpid": CORP, "corpsecret": APP_SECRET}).json()["access_token"]
        answer = http.get("/cgi-bin/externalcontact/get_follow_user_list", params={"access_token": token}).json()
        assert len(answer["follow_user"]) == 32
