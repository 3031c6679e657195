import json
import os
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from wecom_emulator.clock import Clock, china_date, format_instant, parse_instant
from wecom_emulator.running import run_in_thread
from wecom_emulator.state.corp import load_corp, sample_corp
from wecom_emulator.tests.conftest import PNG, Desk


def lived_in(desk: Desk) -> None:
    desk.staff("li")
    customers = desk.customers(3)
    desk.post("externalcontact/add_contact_way", type=2, scene=2, user=["li"], state="s")
    for item in customers:
        desk.customer(item, "scan", state="s")
    tag = desk.ok("externalcontact/add_corp_tag", group_name="T", tag=[{"name": "a"}])["tag_group"]["tag"][0]["id"]
    desk.ok("externalcontact/mark_tag", userid="li", external_userid=customers[0], add_tag=[tag])
    desk.upload("image", PNG)
    chat_id = desk.member("li", "create_group", name="G", members=customers)["chat_id"]
    desk.ok("externalcontact/groupchat/add_join_way", scene=2, chat_id_list=[chat_id], state="g")
    desk.ok("externalcontact/add_msg_template", external_userid=customers, text={"content": "hi"})
    desk.customer(customers[0], "write", to="kf", open_kfid="wkEmulatorDefaultAccount00000001", text="q")


def test_corp_survives_saving_and_loading(desk: Desk):
    lived_in(desk)
    saved = desk.admin("GET", "/corp")
    with run_in_thread(corp=json.loads(json.dumps(saved)), clock="2017-11-27T05:00:00Z", frozen=True) as other:
        again = Desk(other)
        assert again.admin("GET", "/corp") == saved
        tasks = again.admin("GET", "/actors/staff/li/tasks")["tasks"]
        assert len(tasks[0]["targets"]) == 3
        again.member("li", "tasks/confirm")
        assert len(again.get("externalcontact/list", userid="li")["external_userid"]) == 3
        (newcomer,) = again.customers(1)
        assert newcomer not in saved["persons"]
        again.customer(newcomer, "scan", state="s")
        again.http.close()


def test_same_history_gives_the_same_ids(desk: Desk):
    lived_in(desk)
    saved = desk.admin("GET", "/corp")
    saved.pop("contact_ways")
    saved.pop("join_ways")
    with run_in_thread(clock="2017-11-27T04:00:00Z", frozen=True, callback_retry_pause_seconds=0.01) as other:
        again = Desk(other)
        lived_in(again)
        twin = again.admin("GET", "/corp")
        again.http.close()
    assert {name: twin[name] for name in saved} == saved


def test_short_corp_file_is_enough(desk: Desk):
    summary = desk.admin("PUT", "/corp", {"staff": {"li": {"userid": "li", "name": "Li"}}})
    assert (summary["staff"], summary["departments"]) == (1, 1)
    desk.forget_tokens()
    assert desk.get("externalcontact/get_follow_user_list")["follow_user"] == ["li"]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"stuff": {}}, "Corp has no field 'stuff'"),
        ({"staff": []}, "expected an object, got list"),
        ({"staff": {"li": {"name": "Li"}}}, "Staff: "),
        ({"staff": {"li": {"userid": 1, "name": "Li"}}}, "expected str, got 1"),
        ({"settings": {"group_capacity": True}}, "expected int, got True"),
    ],
)
def test_bad_corp_file_is_refused(desk: Desk, document: dict, message: str):
    refusal = desk.admin("PUT", "/corp", document, status=400)
    assert refusal["message"].startswith(message)
    with pytest.raises(ValueError, match=message.split()[0]):
        load_corp(document)


def test_unknown_setting_is_refused_at_the_start():
    with pytest.raises(ValueError, match="Settings has no field 'colour'"):
        run_in_thread(colour="red")


def test_clock_runs_stands_and_jumps():
    clock = Clock(parse_instant("2017-01-01T00:00:00Z"), frozen=True)
    assert (clock.seconds(), clock.frozen) == (1483228800, True)
    clock.set(advance_seconds=90)
    assert format_instant(clock.now()) == "2017-01-01T00:01:30Z"
    clock.set(frozen=False)
    before = clock.now()
    time.sleep(0.02)
    assert 0.01 < clock.now() - before < 5
    clock.set(now=parse_instant("2017-03-31T17:00:00"), frozen=True)
    assert china_date(clock.now()).isoformat() == "2017-04-01T01:00:00+08:00"
    assert abs(Clock().now() - time.time()) < 1


def test_command_line_serves_a_saved_corp(tmp_path: Path):
    file = tmp_path / "corp.json"
    file.write_text(json.dumps(sample_corp().as_json()), encoding="utf-8")
    command = [sys.executable, "-m", "wecom_emulator", "--port", "0", "--corp", str(file)]
    command += ["--clock", "2017-01-01T00:00:00Z", "--frozen"]
    source = str(Path(__file__).parents[2])
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": source})
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        base_url = line.split(" on ")[1].split("/cgi-bin/")[0]
        health = httpx.get(f"{base_url}/emulator/health", trust_env=False).json()
        assert (health["status"], health["now"], health["frozen"]) == ("ok", "2017-01-01T00:00:00Z", True)
        assert httpx.get(f"{base_url}/emulator/corp/summary", trust_env=False).json()["staff"] == 3
    finally:
        process.terminate()
        assert process.wait(10) in (0, -15)
        process.stdout.close()


def test_command_line_names_a_bad_file(tmp_path: Path):
    file = tmp_path / "corp.json"
    file.write_text("{", encoding="utf-8")
    command = [sys.executable, "-m", "wecom_emulator", "--port", "0", "--corp", str(file)]
    source = str(Path(__file__).parents[2])
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=20, env={**os.environ, "PYTHONPATH": source}, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith("wecom_emulator: ")
