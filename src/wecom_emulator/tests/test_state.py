"""The corp on SQLite: a killed emulator goes on, objects changed at any depth are kept, rows are rows."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from wecom_emulator.running import run_in_thread
from wecom_emulator.state.chats import MEMBER_EXTERNAL, ChatMember, GroupChat
from wecom_emulator.state.corp import Corp, default_corp, is_corp, open_corp
from wecom_emulator.state.messages import MassMessage, Media, SendRow, StaffTask
from wecom_emulator.state.people import Friendship, Person, Staff
from wecom_emulator.state.store import Store
from wecom_emulator.state.tags import Tag, TagGroup
from wecom_emulator.tests.conftest import APP_SECRET, CORP, PNG, Desk


@contextmanager
def served(state: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-m", "wecom_emulator", "--port", "0", "--state", str(state), *options]
    source = str(Path(__file__).parents[2])
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": source})
    try:
        assert process.stdout is not None
        yield process, process.stdout.readline().split(" on ")[1].split("/cgi-bin/")[0]
    finally:
        process.kill()
        process.wait(10)
        process.stdout.close()


def call(base_url: str, path: str, **body: Any) -> Any:
    with httpx.Client(trust_env=False, base_url=base_url) as http:
        query = {"corpid": CORP, "corpsecret": APP_SECRET}
        token = http.get("/cgi-bin/gettoken", params=query).json()["access_token"]
        return http.post(f"/cgi-bin/{path}", params={"access_token": token}, json=body).json()


def admin(base_url: str, method: str, path: str, body: Any = None) -> Any:
    return httpx.request(method, f"{base_url}/emulator{path}", json=body, trust_env=False).json()


def test_a_killed_emulator_goes_on_from_what_it_answered(tmp_path: Path):
    state = tmp_path / "corp.sqlite"
    with served(state, "--sample", "--clock", "2017-01-01T00:00:00Z", "--frozen") as (process, url):
        customers = sorted(admin(url, "GET", "/corp")["persons"])
        way = call(url, "externalcontact/add_contact_way", type=1, scene=2, user=["LiDian"], state="s")
        admin(url, "POST", f"/actors/customers/{customers[0]}/scan", {"state": "s"})
        sent = call(url, "externalcontact/add_msg_template", external_userid=customers[:1], text={"content": "hi"})
        admin(url, "PATCH", "/settings", {"overflow_at": 7})
        admin(url, "POST", "/clock", {"advance_seconds": 3600})
        before = admin(url, "GET", "/corp")
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    with served(state) as (_, url):
        assert admin(url, "GET", "/health")["now"] == "2017-01-01T01:00:00Z"
        assert admin(url, "GET", "/corp") == before
        assert before["settings"]["overflow_at"] == 7
        assert call(url, "externalcontact/get_contact_way", config_id=way["config_id"])["contact_way"]["state"] == "s"
        confirmed = admin(url, "POST", "/actors/staff/LiDian/tasks/confirm", {})
        assert confirmed == {"confirmed": [sent["msgid"]]}
        inbox = admin(url, "GET", f"/actors/customers/{customers[0]}/inbox")["messages"]
        assert [item["text"] for item in inbox] == ["hi"]


def test_another_corp_takes_the_place_in_the_same_file(tmp_path: Path):
    state = tmp_path / "corp.sqlite"
    with run_in_thread(state=state) as running:
        desk = Desk(running)
        desk.staff("li")
        desk.admin("PUT", "/corp", {"staff": {"wu": {"userid": "wu", "name": "Wu"}}})
        desk.admin("POST", "/staff", {"staff": [{"userid": "xu", "name": "Xu"}]})
        desk.http.close()
    with run_in_thread(state=state, clock="2018-01-01T00:00:00Z", frozen=True) as running:
        desk = Desk(running)
        assert sorted(desk.admin("GET", "/corp")["staff"]) == ["wu", "xu"]
        assert desk.admin("GET", "/clock")["now"] == "2018-01-01T00:00:00Z"
        desk.admin("POST", "/reset")
        assert desk.admin("GET", "/corp/summary")["staff"] == 0
        desk.http.close()
    kept = open_corp(state)
    assert kept is not None
    assert not kept.staff
    kept.store.close()


def test_a_file_without_a_corp_is_no_corp(tmp_path: Path):
    assert open_corp(tmp_path / "none.sqlite") is None
    store = Store(tmp_path / "empty.sqlite")
    assert not is_corp(store)
    store.close()
    assert open_corp(tmp_path / "empty.sqlite") is None


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a state file with the default corp in it."""
    corp = default_corp()
    corp.store.move_to(tmp_path / "corp.sqlite")
    corp.store.close()
    return tmp_path / "corp.sqlite"


@contextmanager
def request(path: Path) -> Iterator[Corp]:
    """Open the corp as after a restart and commit what the block did."""
    corp = open_corp(path)
    assert corp is not None
    yield corp
    corp.store.close()


def test_changes_at_any_depth_are_kept(path: Path):
    with request(path) as corp:
        corp.staff["li"] = staff = Staff(userid="li", name="Li")
        staff.department = [1, 2]
        staff.inbox.append({"n": 1})
        corp.tag_groups["g"] = TagGroup(group_id="g", group_name="G", create_time=1)
        corp.store.commit()
        group = corp.tag_groups["g"]
        group.tags.append(Tag(id="t", name="T", create_time=2))
        corp.tag_index["t"] = (group, group.tags[0])
        corp.store.commit()
        corp.tag_index["t"][1].deleted = True
        corp.apps[0].name = "Another"
        corp.settings.trusted_ips.append("10.0.0.1")
        corp.counters["x"] = 3
        corp.store.commit()
        corp.staff["li"].department.append(3)
        corp.staff["li"].inbox[0]["n"] = 2
    with request(path) as corp:
        assert corp.staff["li"].department == [1, 2, 3]
        assert corp.staff["li"].inbox == [{"n": 2}]
        assert corp.tag_groups["g"].tags == [corp.tag_index["t"][1]]
        assert corp.tag_index["t"][1].deleted
        assert corp.apps[0].name == "Another"
        assert corp.settings.trusted_ips == ["10.0.0.1"]
        assert corp.counters == {"x": 3}
        del corp.staff["li"]
    with request(path) as corp:
        assert "li" not in corp.staff
        corp.staff["li"] = Staff(userid="li", name="Li")
        assert corp.staff["li"].inbox == []


def test_rows_of_rows_are_kept(path: Path):
    with request(path) as corp:
        chat = GroupChat(chat_id="c", name="C", owner="li", create_time=1)
        corp.chats["c"] = chat
        chat.members["p"] = ChatMember(userid="p", type=MEMBER_EXTERNAL, join_time=1)
        chat.members["q"] = ChatMember(userid="q", type=MEMBER_EXTERNAL, join_time=2)
        rows = {"p": SendRow(target="p"), "q": SendRow(target="q")}
        tasks = {"li": StaffTask(userid="li", rows=rows)}
        corp.mass_messages["m"] = MassMessage(msgid="m", chat_type="single", create_time=1, tasks=tasks)
        corp.media["f"] = Media(
            media_id="f", type="image", filename="a", content_type="image/png", content=PNG, created_at=1
        )
    with request(path) as corp:
        corp.chats["c"].members["q"].group_nickname = "Q"
        corp.chats["c"].version += 1
        del corp.chats["c"].members["p"]
        corp.mass_messages["m"].tasks["li"].rows["q"].status = 1
        assert corp.media["f"].content == PNG
        assert corp.chats_of["q"] == {"c"}
        assert corp.chats_of["p"] == set()
        assert corp.open_tasks == {"li": {"m": None}}
    with request(path) as corp:
        chat = corp.chats["c"]
        assert chat.version == 1
        assert [(item.userid, item.group_nickname) for item in chat.members.values()] == [("q", "Q")]
        assert [item.status for item in corp.mass_messages["m"].tasks["li"].rows.values()] == [0, 1]
        assert [item.chat_id for item in corp.chats.where("owner", "li")] == ["c"]
        chat.owner = "wu"
        assert not corp.chats.where("owner", "li")
        assert [item.chat_id for item in corp.chats.where("owner", "wu")] == ["c"]
        del corp.mass_messages["m"]
        assert corp.store.read('SELECT count(*) FROM "mass_messages.tasks.rows"').fetchone() == (0,)


def test_friendships_are_found_from_both_ends(path: Path):
    with request(path) as corp:
        for userid in ("li", "wu"):
            corp.befriend(Friendship(userid=userid, external_userid="p", createtime=1))
        corp.befriend(Friendship(userid="li", external_userid="q", createtime=1))
        corp.followers["p"]["wu"].remark = "R"
        friend = corp.friendship("wu", "p")
        assert friend is not None
        assert friend.remark == "R"
        assert list(corp.friendships["li"]) == ["p", "q"]
        assert list(corp.followers.get("p")) == ["li", "wu"]
        assert corp.unfriend("li", "p") is not None
        assert corp.unfriend("li", "p") is None
        assert not corp.friendships.get("nobody")
        assert corp.friendship("\ud800", "p") is None
    with request(path) as corp:
        assert {userid: list(friends) for userid, friends in corp.friendships.items()} == {"wu": ["p"], "li": ["q"]}
        assert corp.followers["p"]["wu"].remark == "R"


def test_a_list_of_rows_behaves_as_a_list(path: Path):
    with request(path) as corp:
        corp.persons["p"] = Person(external_userid="p", name="P", inbox=[{"n": number} for number in range(5)])
    with request(path) as corp:
        inbox = corp.persons["p"].inbox
        assert (len(inbox), inbox[0], inbox[-1]) == (5, {"n": 0}, {"n": 4})
        assert inbox[1:3] == [{"n": 1}, {"n": 2}]
        del inbox[0]
        inbox.insert(1, {"n": 9})
        inbox.extend([{"n": 7}, {"n": 8}])
        inbox[-1] = {"n": 6}
        with pytest.raises(IndexError):
            inbox[50]
        assert [item["n"] for item in inbox] == [1, 9, 2, 3, 4, 7, 6]
    with request(path) as corp:
        assert [item["n"] for item in corp.persons["p"].inbox] == [1, 9, 2, 3, 4, 7, 6]
        corp.persons["p"].inbox = [{"n": 0}]
    with request(path) as corp:
        assert corp.persons["p"].inbox == [{"n": 0}]
        del corp.persons["p"]
        assert corp.store.read('SELECT count(*) FROM "persons.inbox"').fetchone() == (0,)
