"""What we manage in WeCom against somebody's hand there: seen by the night's round, shown on the page, brought in line by the choice."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from juqun.channels.wecom import operations as wecom
from juqun.channels.wecom import queries as wecom_queries
from juqun.channels.wecom.types import DriftKind, DriftView
from juqun.domains.groups import jobs as groups_jobs
from juqun.domains.groups import operations as groups
from juqun.domains.groups import queries as group_queries
from juqun.domains.groups.types import EntryState, JoinEntry, WelcomeState
from juqun.domains.growth import jobs as growth_jobs
from juqun.domains.growth import operations as growth
from juqun.domains.growth import queries as growth_queries
from juqun.domains.growth.types import CodeState, LiveCodeView, SourceKind
from juqun.domains.members import operations as members
from juqun.domains.members import queries as member_queries
from juqun.domains.members import tag_jobs
from juqun.domains.members.operations import marks as marks_module
from juqun.domains.members.types import IdentityKind, ManagedTagView, TagState
from juqun.domains.org.models import Account
from juqun.domains.org.testing import SmallChain, make_small_chain
from juqun.domains.robot import jobs as robot_jobs
from juqun.kernel import clock
from juqun.kernel.jobs import enqueue
from juqun.kernel.scope import DataScope
from tests.journeys.rehearsal import Stage, running_stage

pytestmark = pytest.mark.django_db(transaction=True)

ALL = DataScope.whole_chain()
PAGE = "/console/differences/"


@pytest.fixture
def stage(tmp_path: Path, settings: Any) -> Iterator[Stage]:
    cache.clear()
    with running_stage(tmp_path, settings) as running:
        running.staff("hong", "chen", "li", "wang", "zhao")
        yield running


@pytest.fixture
def chain(stage: Stage) -> SmallChain:
    return make_small_chain(with_accounts=True)


def by_hand(stage: Stage, path: str, **body: Any) -> dict[str, Any]:
    """Call WeCom beside the product, as another program of the corp does."""
    token = stage.emulator.get(
        "/cgi-bin/gettoken", params={"corpid": "wx5823bf96d3bd56c7", "corpsecret": "emulator-app-secret"}
    ).json()["access_token"]
    answer: dict[str, Any] = stage.emulator.post(f"/cgi-bin/{path}", params={"access_token": token}, json=body).json()
    assert answer["errcode"] == 0, answer
    return answer


def night(stage: Stage) -> list[DriftView]:
    """The night's round of comparisons; returns what differs after it."""
    for job in (growth_jobs.compare_live_codes, groups_jobs.compare_entries, tag_jobs.compare_tags):
        enqueue(job)
    stage.settle()
    return wecom_queries.list_drifts(scope=ALL)


def headquarters() -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(Account.objects.get(username="hong"), backend="django.contrib.auth.backends.ModelBackend")
    return client


def decide(stage: Stage, drift: DriftView, action: str) -> None:
    """Press the button on the page."""
    client = headquarters()
    page = client.get(PAGE).content.decode()
    assert drift.label in page
    assert f'value="{action}"' in page
    answer = client.post(PAGE, {"action": action, "drift": drift.id}, follow=True).content.decode()
    assert "Decided; WeCom is brought in line" in answer
    stage.settle()


def make_code(stage: Stage, chain: SmallChain) -> LiveCodeView:
    code = growth.create_live_code(
        store_id=chain.tianhe.id, source=SourceKind.TILL, label="till", staff_ids=[chain.wang.id], welcome_text=""
    )
    stage.settle()
    return now(code.id)


def now(code_id: int) -> LiveCodeView:
    return growth_queries.get_live_code(scope=ALL, live_code_id=code_id)


def remote_way(stage: Stage, config_id: str) -> dict[str, Any]:
    found: dict[str, Any] = by_hand(stage, "externalcontact/get_contact_way", config_id=config_id)["contact_way"]
    return found


@pytest.mark.parametrize(
    ("action", "users"), [("put_ours_back", ["wang"]), ("take_theirs", ["li", "wang"]), ("ignore", ["li", "wang"])]
)
def test_a_live_code_edited_by_hand(stage: Stage, chain: SmallChain, action: str, users: list[str]):
    code = make_code(stage, chain)
    assert night(stage) == []
    by_hand(stage, "externalcontact/update_contact_way", config_id=code.config_id, user=["wang", "li"])
    (drift,) = night(stage)
    assert (drift.kind, now(code.id).status) == (DriftKind.CONTACT_WAY, CodeState.DISPUTED)
    decide(stage, drift, action)
    assert night(stage) == []
    assert sorted(remote_way(stage, code.config_id)["user"]) == users
    assert sorted(now(code.id).staff_userids) == (["li", "wang"] if action == "take_theirs" else ["wang"])
    assert (now(code.id).status, now(code.id).qr_code) == (CodeState.READY, code.qr_code)
    page = headquarters().get(PAGE).content.decode()
    assert "No differences" in page
    assert "Hong" in page  # who decided


def test_a_live_code_deleted_by_hand_is_made_anew_or_closed(stage: Stage, chain: SmallChain):
    code = make_code(stage, chain)
    by_hand(stage, "externalcontact/del_contact_way", config_id=code.config_id)
    (drift,) = night(stage)
    assert drift.theirs is None
    assert "Copies of the old one that are printed or sent stay dead" in headquarters().get(PAGE).content.decode()
    decide(stage, drift, "put_ours_back")
    anew = now(code.id)
    assert anew.config_id not in ("", code.config_id)
    assert remote_way(stage, anew.config_id)["state"] == code.state
    by_hand(stage, "externalcontact/del_contact_way", config_id=anew.config_id)
    (drift,) = night(stage)
    decide(stage, drift, "take_theirs")
    assert (now(code.id).status, night(stage)) == (CodeState.RETIRED, [])
    assert stage.get("corp")["contact_ways"] == {}


def open_way(stage: Stage, chain: SmallChain, capacity: int = 200) -> JoinEntry:
    groups.create_kind(code="deals", name="福利群", theme="", capacity=capacity)
    chat_id = stage.worker("li", "create_group", name="天河店福利群")["chat_id"]
    groups.open_entry(store_id=chain.tianhe.id, kind_code="deals", owner_staff_id=chain.li.id, chat_id=chat_id)
    stage.settle()
    return way(chain)


def way(chain: SmallChain) -> JoinEntry:
    found = group_queries.get_entry(store_id=chain.tianhe.id, kind_code="deals")
    assert found is not None
    return found


def remote_join(stage: Stage) -> dict[str, Any]:
    (config_id,) = stage.get("corp")["join_ways"]
    found: dict[str, Any] = by_hand(stage, "externalcontact/groupchat/get_join_way", config_id=config_id)["join_way"]
    return found


@pytest.mark.parametrize("action", ["put_ours_back", "take_theirs", "ignore"])
def test_a_way_in_overwritten_by_hand(stage: Stage, chain: SmallChain, action: str):
    """Another program sends scene and chats only, and the whole rest is gone: the fault that others make."""
    first = open_way(stage, chain).chat_ids[0]
    other = stage.worker("li", "create_group", name="天河店福利群7")["chat_id"]
    before = remote_join(stage)
    kept = {name: before[name] for name in ("state", "remark")} if action == "take_theirs" else {}
    changed = {"config_id": before["config_id"], "scene": 2, "chat_id_list": [other], "auto_create_room": 0, **kept}
    by_hand(stage, "externalcontact/groupchat/update_join_way", **changed)
    (drift,) = night(stage)
    assert (drift.kind, way(chain).state) == (DriftKind.JOIN_WAY, EntryState.DISPUTED)
    decide(stage, drift, action)
    after = remote_join(stage)
    if action == "put_ours_back":
        assert (after["state"], after["room_base_name"], after["auto_create_room"]) == (
            before["state"], before["room_base_name"], 1,
        )  # fmt: skip
        assert first in after["chat_id_list"]
    elif action == "take_theirs":
        assert (after["chat_id_list"], after["auto_create_room"]) == ([other], 0)
        assert way(chain).chat_ids == (other,)
    else:
        assert (after["state"], after["chat_id_list"]) == ("", [other])
    assert night(stage) == []
    assert way(chain).state == EntryState.READY


def test_groups_that_wecom_opened_itself_are_no_difference(stage: Stage, chain: SmallChain):
    assert stage.emulator.patch("/emulator/settings", json={"overflow_at": 3}).status_code == 200
    first = open_way(stage, chain).chat_ids[0]
    people = stage.customers("a", "b", "c", "d")
    for one in people:
        stage.post(f"actors/customers/{one}/scan", qr_code=way(chain).qr_code)
    opened = remote_join(stage)["chat_id_list"]
    assert opened[0] == first
    assert len(opened) == 2
    assert night(stage) == []
    assert set(way(chain).chat_ids) == set(remote_join(stage)["chat_id_list"])
    assert opened[1] in way(chain).chat_ids
    assert way(chain).state == EntryState.READY


def test_a_way_in_deleted_by_hand_is_closed_and_opened_again(stage: Stage, chain: SmallChain):
    chat_id = open_way(stage, chain).chat_ids[0]
    by_hand(stage, "externalcontact/groupchat/del_join_way", config_id=remote_join(stage)["config_id"])
    (drift,) = night(stage)
    decide(stage, drift, "take_theirs")
    assert (way(chain).state, way(chain).url, stage.get("corp")["join_ways"]) == (EntryState.CLOSED, "", {})
    groups.open_entry(store_id=chain.tianhe.id, kind_code="deals", owner_staff_id=chain.li.id, chat_id=chat_id)
    stage.settle()
    assert (way(chain).state, remote_join(stage)["chat_id_list"]) == (EntryState.READY, [chat_id])


def tags() -> list[ManagedTagView]:
    return [one for one in member_queries.list_managed_tags(scope=ALL) if one.is_managed]


def words(external_userid: str) -> tuple[str, ...]:
    member_id = member_queries.find_member_id(kind=IdentityKind.EXTERNAL_USERID, value=external_userid)
    assert member_id is not None
    return member_queries.get_member(scope=ALL, member_id=member_id).tags


def marks(stage: Stage, external_userid: str) -> dict[str, set[str]]:
    """userid -> the names of the tags that WeCom shows beside the customer."""
    token = stage.emulator.get(
        "/cgi-bin/gettoken", params={"corpid": "wx5823bf96d3bd56c7", "corpsecret": "emulator-app-secret"}
    ).json()["access_token"]
    answer = stage.emulator.get(
        "/cgi-bin/externalcontact/get", params={"access_token": token, "external_userid": external_userid}
    ).json()
    return {one["userid"]: {tag["tag_name"] for tag in one["tags"]} for one in answer["follow_user"]}


def befriend(stage: Stage, *pairs: tuple[str, str]) -> None:
    for customer, userid in pairs:
        stage.customer(customer, "add", userid=userid)


def id_of(external_userid: str) -> int:
    found = member_queries.find_member_id(kind=IdentityKind.EXTERNAL_USERID, value=external_userid)
    assert found is not None
    return found


def test_words_reach_every_friendship_and_hand_marks_come_back(stage: Stage, chain: SmallChain):
    mei, bo = stage.customers("小美", "阿波")
    befriend(stage, (mei, "wang"), (mei, "li"), (bo, "wang"))
    members.tag_members(member_ids=[id_of(mei)], tag="vip", source="test")
    tag_id = members.add_managed_tag(group_name="level", name="VIP", word="vip", at=clock.now())
    stage.settle()
    assert marks(stage, mei) == {"wang": {"VIP"}, "li": {"VIP"}}
    assert marks(stage, bo) == {"wang": set()}
    calls = stage.count_calls("externalcontact/mark_tag")
    assert (calls, [(one.state, one.applied, one.pending) for one in tags()]) == (2, [(TagState.READY, 2, 0)])
    stage.settle()
    night(stage)
    assert stage.count_calls("externalcontact/mark_tag") == calls

    remote_id = next(iter(stage.get("corp")["tag_groups"].values()))["tags"][0]["id"]
    stage.worker("wang", "edit_customer", external_userid=bo, add_tag=[remote_id])
    assert "vip" in words(bo)
    befriend(stage, (bo, "li"))  # a new friendship gets what the member carries
    assert marks(stage, bo) == {"wang": {"VIP"}, "li": {"VIP"}}

    members.untag_members(member_ids=[id_of(mei)], tag="vip")
    stage.settle()
    assert marks(stage, mei) == {"wang": set(), "li": set()}
    members.rename_tag(tag_id=tag_id, name="V.I.P.")
    stage.settle()
    assert marks(stage, bo) == {"wang": {"V.I.P."}, "li": {"V.I.P."}}


def test_a_mark_taken_off_by_hand_is_taken_off_the_member(stage: Stage, chain: SmallChain, monkeypatch: Any):
    (mei,) = stage.customers("小美")
    befriend(stage, (mei, "wang"), (mei, "li"))
    members.tag_members(member_ids=[id_of(mei)], tag="vip", source="test")
    members.add_managed_tag(group_name="level", name="VIP", word="vip", at=clock.now())
    stage.settle()
    remote_id = next(iter(stage.get("corp")["tag_groups"].values()))["tags"][0]["id"]
    stage.worker("wang", "edit_customer", external_userid=mei, remove_tag=[remote_id])
    assert "vip" in words(mei)  # within the minute after our own push a reading says nothing
    monkeypatch.setattr(marks_module, "SETTLED_AFTER", timedelta())
    stage.advance(seconds=1)  # the same event within a second is one
    stage.worker("wang", "edit_customer", external_userid=mei, remark="x")
    assert "vip" not in words(mei)
    assert marks(stage, mei) == {"wang": set(), "li": set()}


@pytest.mark.parametrize("action", ["put_ours_back", "take_theirs", "ignore"])
def test_a_managed_tag_deleted_in_wecom(stage: Stage, chain: SmallChain, action: str):
    (mei,) = stage.customers("小美")
    befriend(stage, (mei, "wang"))
    members.tag_members(member_ids=[id_of(mei)], tag="vip", source="test")
    members.add_managed_tag(group_name="level", name="VIP", word="vip", at=clock.now())
    stage.settle()
    tag = next(iter(stage.get("corp")["tag_groups"].values()))["tags"][0]
    by_hand(stage, "externalcontact/del_corp_tag", tag_id=[tag["id"]])
    (drift,) = night(stage)
    assert (drift.kind, drift.label, tags()[0].state) == (DriftKind.CORP_TAG, "level · VIP", TagState.DISPUTED)
    decide(stage, drift, action)
    assert night(stage) == []
    assert "vip" in words(mei)
    assert marks(stage, mei) == {"wang": {"VIP"} if action == "put_ours_back" else set()}
    assert len(tags()) == (0 if action == "take_theirs" else 1)


def test_a_deleted_tag_stops_the_pushing_and_is_seen_at_once(stage: Stage, chain: SmallChain):
    people = stage.customers("a", "b", "c")
    befriend(stage, *((one, "wang") for one in people))
    members.add_managed_tag(group_name="level", name="VIP", word="vip", at=clock.now())
    stage.settle()
    tag = next(iter(stage.get("corp")["tag_groups"].values()))["tags"][0]
    by_hand(stage, "externalcontact/del_corp_tag", tag_id=[tag["id"]])
    members.tag_members(member_ids=[id_of(one) for one in people], tag="vip", source="test")
    stage.settle()
    assert stage.count_calls("externalcontact/mark_tag") == 1
    (drift,) = wecom_queries.list_drifts(scope=ALL)
    decide(stage, drift, "put_ours_back")
    assert [marks(stage, one)["wang"] for one in people] == [{"VIP"}] * 3


def test_tags_of_the_admin_are_read_followed_and_can_be_managed(stage: Stage, chain: SmallChain):
    stage.post("actors/admin/create_tags", group_name="region", names=["south", "north"])
    stage.settle()
    (south, _north) = member_queries.list_managed_tags(scope=ALL)
    assert (south.name, south.is_managed, south.is_ours) == ("south", False, False)
    members.manage_tag(tag_id=south.id, word="广东")
    (mei,) = stage.customers("小美")
    befriend(stage, (mei, "wang"))
    members.tag_members(member_ids=[id_of(mei)], tag="广东", source="test")
    stage.settle()
    assert marks(stage, mei) == {"wang": {"south"}}


def test_the_limit_of_tags_is_looked_at_before(stage: Stage, chain: SmallChain, settings: Any):
    settings.JUQUN_WECOM_TAG_LIMIT = 1
    for name in ("one", "two"):
        members.add_managed_tag(group_name="g", name=name, at=clock.now())
    stage.settle()
    states = {one.name: one.state for one in tags()}
    assert sorted(states.values()) == [TagState.READY, TagState.REFUSED]
    assert stage.count_calls("externalcontact/add_corp_tag") == 1
    assert "at most 1" in next(one.refusal for one in tags() if one.state == TagState.REFUSED)


def library(stage: Stage) -> dict[str, Any]:
    found: dict[str, Any] = stage.get("corp")["welcome_templates"]
    return found


@pytest.mark.parametrize("action", ["put_ours_back", "take_theirs", "ignore"])
def test_a_group_welcome_from_the_editor_to_the_phone(stage: Stage, chain: SmallChain, action: str):
    chat_id = open_way(stage, chain).chat_ids[0]
    (kind,) = group_queries.list_kinds()
    path, client = f"/console/groups/kinds/{kind.id}/welcome/", headquarters()
    form = {"action": "save", "text": "%NICKNAME% 欢迎", "link_title": "菜单", "link_url": "https://shop.example/menu"}
    assert "then owners attach it" in client.post(path, form, follow=True).content.decode()
    stage.settle()
    (template_id,) = library(stage)
    welcome = group_queries.get_group_welcome(kind_id=kind.id)
    assert welcome is not None
    assert (welcome.state, welcome.template_id) == (WelcomeState.READY, template_id)
    (group,) = group_queries.list_welcome_groups(scope=ALL, kind_id=kind.id)
    stage.worker("li", "attach_welcome", chat_id=chat_id, template_id=template_id)
    client.post(path, {"action": "tick", "group": group.group_id})
    (group,) = group_queries.list_welcome_groups(scope=ALL, kind_id=kind.id)
    assert group.ticked_by == "Hong"
    (mei,) = stage.customers("小美")
    stage.customer(mei, "scan", qr_code=way(chain).qr_code)

    by_hand(
        stage,
        "externalcontact/group_welcome_template/edit",
        template_id=template_id,
        text={"content": "changed by hand"},
    )
    (drift,) = night(stage)
    assert [one.field for one in drift.differences] == ["text", "attachment"]
    decide(stage, drift, action)
    assert night(stage) == []
    expected = "%NICKNAME% 欢迎" if action == "put_ours_back" else "changed by hand"
    assert library(stage)[template_id]["text"] == expected
    welcome = group_queries.get_group_welcome(kind_id=kind.id)
    assert welcome is not None
    assert (welcome.state, welcome.text) == (
        WelcomeState.READY, "changed by hand" if action == "take_theirs" else "%NICKNAME% 欢迎",
    )  # fmt: skip
    client.post(path, {"action": "drop"})
    stage.settle()
    assert library(stage) == {}


def test_the_picture_of_a_group_welcome_stays_while_its_text_changes(stage: Stage, chain: SmallChain):
    open_way(stage, chain)
    (kind,) = group_queries.list_kinds()
    path, client = f"/console/groups/kinds/{kind.id}/welcome/", headquarters()
    picture = SimpleUploadedFile("a.png", b"\x89PNG\r\n\x1a\n" + b"0" * 100, content_type="image/png")
    client.post(path, {"action": "save", "text": "one", "image": picture})
    stage.settle()
    (template_id,) = library(stage)
    assert (library(stage)[template_id]["kind"], night(stage)) == ("image", [])
    client.post(path, {"action": "save", "text": "two", "keep": "on"})
    stage.settle()
    assert (library(stage)[template_id]["text"], library(stage)[template_id]["kind"]) == ("two", "image")
    client.post(path, {"action": "save", "text": "three", "link_title": "t", "link_url": "https://x.example"})
    stage.settle()
    assert (library(stage)[template_id]["text"], library(stage)[template_id]["kind"]) == ("three", "link")
    assert night(stage) == []


def test_a_deleted_group_welcome_has_to_be_attached_anew(stage: Stage, chain: SmallChain):
    open_way(stage, chain)
    (kind,) = group_queries.list_kinds()
    groups.set_group_welcome(kind_id=kind.id, text="欢迎", actor="hong", at=clock.now())
    stage.settle()
    (group,) = group_queries.list_welcome_groups(scope=ALL, kind_id=kind.id)
    groups.tick_group(scope=ALL, group_id=group.group_id, is_ticked=True, actor="li", at=clock.now())
    (template_id,) = library(stage)
    by_hand(stage, "externalcontact/group_welcome_template/del", template_id=template_id)
    (drift,) = night(stage)
    assert "Every owner has to attach it" in headquarters().get(PAGE).content.decode()
    decide(stage, drift, "put_ours_back")
    (anew,) = library(stage)
    assert anew != template_id
    (group,) = group_queries.list_welcome_groups(scope=ALL, kind_id=kind.id)
    assert group.ticked_at is None


def test_a_picture_is_uploaded_before_it_dies(stage: Stage, chain: SmallChain):
    picture = b"\x89PNG\r\n\x1a\n" + b"0" * 100
    mark = wecom.keep_media(kind="image", filename="a.png", content=picture, at=clock.now())
    assert wecom.keep_media(kind="image", filename="b.png", content=picture, at=clock.now()) == mark
    assert wecom.media_id_of(content_hash=mark, at=clock.now()) == ""
    first = wecom.refresh_media(content_hash=mark, at=clock.now())
    assert wecom.refresh_media(content_hash=mark, at=clock.now()) == first
    stage.advance(days=2, hours=11)
    assert wecom.media_id_of(content_hash=mark, at=clock.now()) == first
    stage.advance(hours=2)
    second = wecom.refresh_media(content_hash=mark, at=clock.now())
    assert second != first
    stage.advance(days=2)
    assert wecom.media_id_of(content_hash=mark, at=clock.now()) == second
    stage.advance(days=1)
    assert wecom.media_id_of(content_hash=mark, at=clock.now()) == ""


def test_a_welcome_carries_a_picture_that_was_uploaded_before(stage: Stage, chain: SmallChain):
    code = make_code(stage, chain)
    path, client = f"/console/codes/{code.id}/", headquarters()
    picture = SimpleUploadedFile("a.png", b"\x89PNG\r\n\x1a\n" + b"0" * 100, content_type="image/png")
    client.post(path, {"action": "picture", "picture": picture})
    stage.settle()
    assert stage.count_calls("media/upload") == 1
    growth.update_live_code(live_code_id=code.id, label="till", staff_ids=[chain.wang.id], welcome_text="hi")
    stage.settle()
    mei, bo, chun = stage.customers("a", "b", "c")
    stage.customer(mei, "scan", qr_code=code.qr_code)
    assert [one["msgtype"] for one in stage.inbox(mei, "welcome")[0]["attachments"]] == ["image"]
    assert stage.count_calls("media/upload") == 1
    stage.advance(days=2, hours=13)
    enqueue(robot_jobs.refresh_all_media)
    stage.settle()
    stage.advance(days=1)
    stage.customer(bo, "scan", qr_code=code.qr_code)
    assert len(stage.inbox(bo, "welcome")[0]["attachments"]) == 1
    assert stage.count_calls("media/upload") == 2
    stage.advance(days=4)  # nobody uploaded it: the welcome goes without
    stage.customer(chun, "scan", qr_code=code.qr_code)
    assert stage.inbox(chun, "welcome")[0].get("attachments") in (None, [])


def test_the_page_is_headquarters_alone_and_the_button_compares(stage: Stage, chain: SmallChain):
    code = make_code(stage, chain)
    by_hand(stage, "externalcontact/update_contact_way", config_id=code.config_id, remark="mine")
    client = headquarters()
    assert "No differences" in client.get(PAGE).content.decode()
    client.post(PAGE, {"action": "compare"})
    stage.settle()
    page = client.get(PAGE).content.decode()
    assert "changed in WeCom" in page
    assert "mine" in page
    for name in ("chen", "li"):
        other = Client()
        other.force_login(Account.objects.get(username=name), backend="django.contrib.auth.backends.ModelBackend")
        assert other.get(PAGE).status_code == 403
        assert other.get("/console/tags/").status_code == 403
    tags_page = client.get("/console/tags/")
    assert tags_page.status_code == 200
    client.post("/console/tags/", {"action": "add", "group": "level", "name": "VIP", "word": ""})
    stage.settle()
    assert [(one.name, one.word, one.state) for one in tags()] == [("VIP", "VIP", TagState.READY)]
