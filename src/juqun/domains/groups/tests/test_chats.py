"""Reading chats: what is stored, what a late reading may not undo, and what becomes of stays."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from juqun.channels.wecom.testing import ScriptedWecom, scripted_wecom
from juqun.domains.groups import operations, queries
from juqun.domains.groups.errors import (
    ChatNotFoundError,
    ChatTakenError,
    GroupCapacityError,
    GroupKindExistsError,
    GroupKindNotFoundError,
    NotInGroupError,
)
from juqun.domains.groups.models import Entry
from juqun.domains.groups.testing import make_group
from juqun.domains.groups.types import GroupRole, GroupState
from juqun.domains.members import operations as members
from juqun.domains.members.types import Identity, IdentityKind
from juqun.domains.org.testing import SmallChain, make_small_chain
from juqun.kernel.models import EventRecord
from juqun.kernel.scope import DataScope
from juqun.lake.models import FactOutbox

pytestmark = pytest.mark.django_db

EVERYTHING = DataScope.whole_chain()
AT = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)
READ = "externalcontact/groupchat/get"


@pytest.fixture
def chain() -> SmallChain:
    return make_small_chain()


@pytest.fixture
def wecom() -> Any:
    with scripted_wecom() as script:
        yield script


def chat(
    *customers: str, owner: str = "li", name: str = "天河店福利群", state: str = "", version: str = "v"
) -> dict[str, Any]:
    people = [{"userid": owner, "type": 1, "join_time": int(AT.timestamp()), "join_scene": 1}]
    for number, customer in enumerate(customers):
        joined = int((AT + timedelta(minutes=number)).timestamp())
        people.append({"userid": customer, "type": 2, "join_time": joined, "join_scene": 3, "name": customer})
        if state:
            people[-1]["state"] = state
    return {
        "group_chat": {
            "chat_id": "wr1",
            "name": name,
            "owner": owner,
            "create_time": int(AT.timestamp()),
            "member_version": version + "-".join(customers),
            "member_list": people,
            "admin_list": [],
        }
    }


def read(wecom: ScriptedWecom, *answers: Any, at: datetime = AT) -> Any:
    wecom.script(READ, *answers)
    return operations.sync_group(chat_id="wr1", at=at)


def test_a_chat_becomes_a_group_with_its_people(chain: SmallChain, wecom: ScriptedWecom):
    result = read(wecom, chat("wm1", "wm2"))
    assert (result.joined, result.left, result.is_stale) == (2, 0, False)
    (group,) = queries.list_groups(scope=EVERYTHING)
    assert (group.name, group.member_count, group.store_id, group.owner_staff_id) == (
        "天河店福利群",
        3,
        chain.tianhe.id,
        chain.li.id,
    )
    again = read(wecom, chat("wm1", "wm2"))
    assert (again.joined, again.left) == (0, 0)
    assert FactOutbox.objects.filter(fact="memberships").count() == 2


def test_leaving_and_coming_back_are_each_told_once(chain: SmallChain, wecom: ScriptedWecom):
    read(wecom, chat("wm1", "wm2"))
    gone = read(wecom, chat("wm1"), at=AT + timedelta(hours=1))
    assert (gone.joined, gone.left) == (0, 1)
    back = chat("wm1", "wm2")
    back["group_chat"]["member_list"][2]["join_time"] += 7200
    assert read(wecom, back, at=AT + timedelta(hours=2)).joined == 1
    assert EventRecord.objects.filter(name="groups.group_joined").count() == 3
    assert EventRecord.objects.filter(name="groups.group_left").count() == 1
    kinds = [key.split(":")[2] for key in FactOutbox.objects.filter(fact="memberships").values_list("key", flat=True)]
    assert sorted(kinds) == ["joined", "joined", "joined", "left"]


def test_a_reading_overtaken_by_a_later_one_changes_nothing(chain: SmallChain, wecom: ScriptedWecom):
    """The first reading sees one person; while its answer is under way a later reading stores two."""
    read(wecom, chat("wm1"))

    def slow(body: dict[str, Any]) -> dict[str, Any]:
        wecom.script(READ, chat("wm1", "wm2"))
        assert operations.sync_group(chat_id="wr1", at=AT).joined == 1
        return chat("wm1")

    result = read(wecom, slow)
    assert (result.is_stale, result.left) == (True, 0)
    assert queries.list_groups(scope=EVERYTHING)[0].member_count == 3
    assert not EventRecord.objects.filter(name="groups.group_left").exists()


def test_two_first_readings_make_one_group(chain: SmallChain, wecom: ScriptedWecom):
    def slow(body: dict[str, Any]) -> dict[str, Any]:
        wecom.script(READ, chat("wm1", "wm2"))
        assert operations.sync_group(chat_id="wr1", at=AT).joined == 2
        return chat("wm1")

    result = read(wecom, slow)
    assert (result.joined, result.left) == (0, 0)
    assert queries.list_groups(scope=EVERYTHING)[0].member_count == 3
    assert EventRecord.objects.filter(name="groups.group_opened").count() == 1


def test_a_chat_gone_before_it_was_read_is_no_group(chain: SmallChain, wecom: ScriptedWecom):
    assert read(wecom, {"errcode": 40050, "errmsg": "invalid chatid"}).group_id is None
    assert queries.list_groups(scope=EVERYTHING) == []


def test_a_late_reading_does_not_raise_a_dismissed_group(chain: SmallChain, wecom: ScriptedWecom):
    read(wecom, chat("wm1"))
    assert operations.dismiss_group(chat_id="wr1", at=AT + timedelta(hours=1))
    assert not operations.dismiss_group(chat_id="wr1", at=AT + timedelta(hours=2))
    assert read(wecom, chat("wm1")).is_stale
    assert EventRecord.objects.filter(name="groups.group_left").count() == 1
    assert queries.board(scope=EVERYTHING) == []


def test_capacity_is_the_kinds_and_the_full_group_is_told_once(chain: SmallChain, wecom: ScriptedWecom):
    operations.create_kind(code="deals", name="福利群", theme="", capacity=3)
    operations.open_entry(store_id=chain.tianhe.id, kind_code="deals", owner_staff_id=chain.li.id, at=AT)
    assert read(wecom, chat("wm1", "wm2")).joined == 2
    read(wecom, chat("wm1", "wm2", "wm3"))
    assert EventRecord.objects.filter(name="groups.group_full").count() == 1
    entry = queries.get_entry(store_id=chain.tianhe.id, kind_code="deals")
    assert entry is not None
    assert entry.chat_ids == ("wr1",)  # the only one, though full: a join way must lead somewhere
    (cell,) = queries.matrix(scope=EVERYTHING)
    assert (cell.groups, cell.members, cell.full, cell.open) == (1, 4, 1, 0)
    read(wecom, chat("wm1"))
    read(wecom, chat("wm1", "wm2"))
    assert EventRecord.objects.filter(name="groups.group_full").count() == 2


def test_the_code_people_came_through_places_a_chat_of_any_name(chain: SmallChain, wecom: ScriptedWecom):
    operations.create_kind(code="deals", name="福利群", theme="", capacity=100)
    operations.open_entry(store_id=chain.yuexiu.id, kind_code="deals", owner_staff_id=chain.li.id, at=AT)

    read(wecom, chat("wm1", name="周末逛街", state=Entry.unscoped.get().code))
    (group,) = queries.list_groups(scope=EVERYTHING)
    assert (group.store_id, group.kind_code) == (chain.yuexiu.id, "deals")


def test_chats_are_not_given_away_twice(chain: SmallChain, wecom: ScriptedWecom):
    operations.create_kind(code="deals", name="福利群", theme="", capacity=100)
    operations.create_kind(code="baby", name="亲子群", theme="", capacity=100)
    wecom.script(READ, chat("wm1"))
    to = {"store_id": chain.tianhe.id, "owner_staff_id": chain.li.id, "at": AT}
    operations.open_entry(kind_code="deals", chat_id="wr1", **to)
    with pytest.raises(ChatTakenError):
        operations.open_entry(kind_code="baby", chat_id="wr1", **to)
    wecom.script(READ, {"errcode": 40050})
    with pytest.raises(ChatNotFoundError):
        operations.open_entry(kind_code="baby", chat_id="wr9", **to)
    with pytest.raises(GroupKindNotFoundError):
        operations.open_entry(kind_code="none", **to)


def test_kinds_are_checked(chain: SmallChain):
    operations.create_kind(code="deals", name="福利群", theme="", capacity=100)
    with pytest.raises(GroupKindExistsError):
        operations.create_kind(code="deals", name="另一个", theme="", capacity=100)
    with pytest.raises(GroupCapacityError):
        operations.create_kind(code="huge", name="大群", theme="", capacity=501)
    operations.create_kind(code="baby", name="亲子群", theme="", capacity=50, member_tags=["baby"], is_default=True)
    assert [(kind.code, kind.is_default) for kind in queries.list_kinds()] == [("deals", False), ("baby", True)]


def member(number: int) -> int:
    identity = Identity(kind=IdentityKind.EXTERNAL_USERID, value=f"wm{number}")
    return members.identify(identities=[identity], source="test", at=AT).member_id


def test_roles_are_for_those_inside(chain: SmallChain):
    one, two = member(1), member(2)
    group_id = make_group(store_id=chain.tianhe.id, owner_staff_id=chain.li.id, at=AT, member_ids=[one])
    operations.set_role(group_id=group_id, member_id=one, role=GroupRole.KOC)
    assert queries.member_groups(scope=EVERYTHING, member_id=one)[0].role == GroupRole.KOC
    with pytest.raises(NotInGroupError):
        operations.set_role(group_id=group_id, member_id=two, role=GroupRole.KOL)
    assert queries.export_group_members_dim().to_pylist() == [
        {"group_id": group_id, "member_id": one, "kind": "deals", "role": "koc"}
    ]


def test_merged_members_keep_their_groups_and_the_higher_role(chain: SmallChain):
    keep, absorb = member(1), member(2)
    at_home = {"store_id": chain.tianhe.id, "owner_staff_id": chain.li.id, "at": AT}
    both = make_group(member_ids=[keep, absorb], **at_home)
    only = make_group(member_ids=[absorb], **at_home)
    operations.set_role(group_id=both, member_id=absorb, role=GroupRole.KOL)
    for _twice in range(2):
        operations.move_memberships(keep_id=keep, absorb_id=absorb)
    kept = {stay.group_id: stay.role for stay in queries.member_groups(scope=EVERYTHING, member_id=keep)}
    assert kept == {both: GroupRole.KOL, only: GroupRole.MEMBER}
    assert queries.member_groups(scope=EVERYTHING, member_id=absorb) == []


def test_scope_of_board_and_counts(chain: SmallChain):
    mine = make_group(store_id=chain.tianhe.id, owner_staff_id=chain.li.id, at=AT)
    make_group(store_id=chain.nanshan.id, owner_staff_id=chain.zhao.id, at=AT)
    at_tianhe = DataScope(paths=(chain.tianhe.path,))
    assert [group.id for group in queries.board(scope=at_tianhe)] == [mine]
    assert sum(queries.count_by_state(scope=at_tianhe).values()) == 1
    assert sum(queries.count_by_state(scope=EVERYTHING).values()) == 2
    assert queries.board(scope=DataScope.nothing()) == []
    own = DataScope(paths=(chain.tianhe.path,), staff_id=chain.wang.id)
    assert queries.board(scope=own) == []
    (link,) = queries.list_group_links(group_ids=[mine])
    assert link.owner_userid == "li"


def test_the_board_is_read_page_by_page_in_one_order(chain, django_assert_num_queries):
    made = {make_group(store_id=chain.tianhe.id, owner_staff_id=chain.wang.id, at=AT) for _ in range(5)}
    with django_assert_num_queries(1):
        first = queries.board(scope=EVERYTHING, limit=3)
    rest = queries.board(scope=EVERYTHING, limit=3, offset=3)
    assert len(first) == 3
    assert [group.id for group in (*first, *rest)] == [group.id for group in queries.board(scope=EVERYTHING)]
    assert {group.id for group in (*first, *rest)} == made
    assert queries.board(scope=EVERYTHING, state=GroupState.DISMISSED) == []
