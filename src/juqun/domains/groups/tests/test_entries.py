"""Ways in: the document that is written, what happens when the channel is in trouble, and which way suits whom."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from juqun.channels.wecom.errors import WecomError
from juqun.channels.wecom.testing import ScriptedWays, ScriptedWecom, scripted_wecom
from juqun.domains.groups import operations, queries
from juqun.domains.groups.testing import make_group
from juqun.domains.groups.types import EntryState, JoinEntry
from juqun.domains.members import operations as members
from juqun.domains.members.types import Identity, IdentityKind
from juqun.domains.org.testing import SmallChain, make_small_chain
from juqun.kernel.models import EventRecord
from juqun.kernel.scope import DataScope

pytestmark = pytest.mark.django_db

EVERYTHING = DataScope.whole_chain()
AT = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)
ADD, GET, UPDATE = (f"externalcontact/groupchat/{verb}_join_way" for verb in ("add", "get", "update"))


@pytest.fixture
def chain() -> SmallChain:
    return make_small_chain()


@pytest.fixture
def wecom() -> Any:
    with scripted_wecom() as script:
        ScriptedWays(script)
        yield script


def open_entry(chain: SmallChain, kind_code: str = "deals", **kind: Any) -> JoinEntry:
    if kind_code not in {one.code for one in queries.list_kinds()}:
        operations.create_kind(code=kind_code, name=f"{kind_code}群", theme="", capacity=100, **kind)
    at_home = {"store_id": chain.tianhe.id, "owner_staff_id": chain.li.id, "at": AT}
    make_group(kind_code=kind_code, chat_id=f"wr-{kind_code}", **at_home)
    return operations.open_entry(kind_code=kind_code, chat_id=f"wr-{kind_code}", **at_home)


def now(kind_code: str = "deals", chain: SmallChain | None = None) -> JoinEntry:
    (found,) = [one for one in queries.list_entries(scope=EVERYTHING) if one.kind_code == kind_code]
    return found


def test_the_whole_document_is_written_once(chain: SmallChain, wecom: ScriptedWecom):
    entry = open_entry(chain)
    assert entry.state == EntryState.PENDING
    for _twice in range(2):
        assert operations.apply_entry(entry_id=entry.id)
    (body,) = wecom.bodies(ADD)
    assert (body["chat_id_list"], body["auto_create_room"]) == (["wr-deals"], 1)
    assert (body["room_base_name"], len(body["state"])) == ("天河店deals群", 21)
    assert (now().state, now().qr_code) == (EntryState.READY, "https://qr.example/config-1")
    assert EventRecord.objects.filter(name="groups.entry_ready").count() == 1


def test_an_update_sends_everything_again(chain: SmallChain, wecom: ScriptedWecom):
    entry = open_entry(chain)
    operations.apply_entry(entry_id=entry.id)
    operations.dismiss_group(chat_id="wr-deals", at=AT)
    assert now().state == EntryState.WAITING
    at_home = {"store_id": chain.tianhe.id, "owner_staff_id": chain.li.id, "at": AT}
    make_group(chat_id="wr-next", **at_home)
    operations.open_entry(kind_code="deals", chat_id="wr-next", **at_home)
    operations.apply_entry(entry_id=entry.id)
    (first,), (second,) = wecom.bodies(ADD), wecom.bodies(UPDATE)
    assert second["chat_id_list"] == ["wr-next"]
    assert set(first) | {"config_id"} == set(second)
    assert (second["state"], second["room_base_name"]) == (first["state"], first["room_base_name"])


def test_a_code_without_its_picture_is_read_again(chain: SmallChain, wecom: ScriptedWecom):
    entry = open_entry(chain)
    get, add = wecom.answers[GET][0], wecom.answers[ADD][0]
    wecom.script(GET, {"errcode": -1})
    wecom.script(ADD, lambda body: {"config_id": add(body)["config_id"]})
    operations.apply_entry(entry_id=entry.id)
    assert (now().state, now().qr_code) == (EntryState.PENDING, "")
    assert not EventRecord.objects.filter(name="groups.entry_ready").exists()
    wecom.script(GET, get)
    assert operations.reconcile_entry(entry_id=entry.id, at=AT)
    operations.apply_entry(entry_id=entry.id)
    assert now().state == EntryState.READY
    assert len(wecom.bodies(ADD)) == 1
    assert not operations.reconcile_entry(entry_id=entry.id, at=AT)


def test_refusals_are_shown_and_trouble_is_tried_again(chain: SmallChain, wecom: ScriptedWecom):
    entry = open_entry(chain)
    add = wecom.answers[ADD][0]
    wecom.script(ADD, {"errcode": 84074, "errmsg": "no right"})
    operations.apply_entry(entry_id=entry.id)
    assert now().state == EntryState.REFUSED
    assert "84074" in now().refusal
    wecom.script(ADD, httpx.ReadTimeout("lost"))
    with pytest.raises(WecomError):
        operations.apply_entry(entry_id=entry.id)
    wecom.script(ADD, add)
    assert operations.apply_entry(entry_id=entry.id)
    assert (now().state, now().refusal) == (EntryState.READY, "")


def test_two_workers_do_not_write_one_entry_at_once(chain: SmallChain, wecom: ScriptedWecom):
    entry = open_entry(chain)
    seen = []
    add = wecom.answers[ADD][0]

    def meanwhile(body: dict[str, Any]) -> dict[str, Any]:
        seen.append(operations.apply_entry(entry_id=entry.id))
        return add(body)

    wecom.script(ADD, meanwhile)
    assert operations.apply_entry(entry_id=entry.id)
    assert seen == [False]


def test_a_member_is_led_by_tags_else_to_the_default_kind(chain: SmallChain, wecom: ScriptedWecom):
    identity = Identity(kind=IdentityKind.EXTERNAL_USERID, value="wm1")
    member_id = members.identify(identities=[identity], source="test", at=AT).member_id
    at_store = {"store_id": chain.tianhe.id, "member_id": member_id}
    assert queries.pick_entry(**at_store) is None
    for entry in (open_entry(chain, "deals"), open_entry(chain, "baby", member_tags=["baby"])):
        assert queries.pick_entry(**at_store) is None or entry.kind_code == "baby"  # not before its code is there
        operations.apply_entry(entry_id=entry.id)
    picked = queries.pick_entry(**at_store)
    assert picked is not None
    assert picked.kind_code == "deals"
    members.tag_members(member_ids=[member_id], tag="baby", source="test")
    picked = queries.pick_entry(**at_store)
    assert picked is not None
    assert picked.kind_code == "baby"
    assert queries.pick_entry(store_id=chain.nanshan.id, member_id=member_id) is None
