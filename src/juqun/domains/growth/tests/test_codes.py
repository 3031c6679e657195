"""Live codes and scans through the doors; the channel is scripted where it is called at all."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from juqun.channels.wecom.testing import ScriptedWays, ScriptedWecom, scripted_wecom
from juqun.domains.groups.errors import GroupKindNotFoundError
from juqun.domains.growth import operations, queries
from juqun.domains.growth.errors import (
    LiveCodeNotFoundError,
    LiveCodeRetiredError,
    NotAStoreError,
    StaffCountError,
    StateTakenError,
    WelcomeTextError,
)
from juqun.domains.growth.testing import make_live_code
from juqun.domains.growth.types import CodeState, SourceKind
from juqun.domains.members import operations as members
from juqun.domains.members import queries as member_queries
from juqun.domains.members.types import Identity, IdentityKind
from juqun.domains.org import operations as org
from juqun.domains.org.testing import SmallChain, make_small_chain
from juqun.kernel.models import EventRecord
from juqun.kernel.scope import DataScope
from juqun.kernel.secrets import mask
from juqun.lake.models import FactOutbox

pytestmark = pytest.mark.django_db

EVERYTHING = DataScope.whole_chain()
AT = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)
ADD = "externalcontact/add_contact_way"


@pytest.fixture
def chain() -> SmallChain:
    return make_small_chain()


@pytest.fixture
def wecom() -> Any:
    with scripted_wecom() as script:
        ScriptedWays(script)
        yield script


def create(chain: SmallChain, **changes: Any) -> Any:
    given = {
        "store_id": chain.tianhe.id,
        "source": SourceKind.TILL,
        "label": "",
        "staff_ids": [chain.wang.id],
        "welcome_text": "",
    }
    return operations.create_live_code(**{**given, **changes})


def test_a_code_has_an_opaque_state_of_its_own(chain: SmallChain):
    states = {create(chain).state for _ in range(20)}
    assert len(states) == 20
    assert all(len(state) == 21 and state.isalnum() for state in states)
    code = create(chain, staff_ids=[chain.wang.id, chain.li.id, chain.wang.id])
    assert (code.status, code.qr_code, code.staff_userids) == (CodeState.PENDING, "", ("wang", "li"))


def test_what_the_channel_would_refuse_is_refused_here(chain: SmallChain):
    with pytest.raises(StaffCountError):
        create(chain, staff_ids=[])
    with pytest.raises(WelcomeTextError):
        create(chain, welcome_text="好" * 1334)
    with pytest.raises(NotAStoreError):
        create(chain, store_id=chain.guangzhou.id)
    with pytest.raises(GroupKindNotFoundError):
        create(chain, kind_code="unheard-of")
    assert queries.list_live_codes(scope=EVERYTHING) == []


def test_a_refusal_is_kept_with_its_reason_and_can_be_tried_again(chain: SmallChain, wecom: ScriptedWecom):
    wecom.script(ADD, {"errcode": 40098, "errmsg": "staff is not verified"})
    code = create(chain)
    assert operations.apply_live_code(live_code_id=code.id)
    refused = queries.get_live_code(scope=EVERYTHING, live_code_id=code.id)
    assert refused.status == CodeState.REFUSED
    assert "40098" in refused.refusal
    ScriptedWays(wecom)
    operations.retry_refused(live_code_id=code.id)
    assert operations.apply_live_code(live_code_id=code.id)
    ready = queries.get_live_code(scope=EVERYTHING, live_code_id=code.id)
    assert (ready.status, ready.refusal, ready.qr_code) == (CodeState.READY, "", "https://qr.example/config-1")


def test_two_workers_do_not_write_one_code_at_once(chain: SmallChain, wecom: ScriptedWecom):
    code = create(chain)
    seen = []
    add = wecom.answers[ADD][0]

    def meanwhile(body: dict[str, Any]) -> dict[str, Any]:
        seen.append(operations.apply_live_code(live_code_id=code.id))
        return add(body)

    wecom.script(ADD, meanwhile)
    assert operations.apply_live_code(live_code_id=code.id)
    assert seen == [False]
    assert len(wecom.bodies(ADD)) == 1


def test_a_change_during_the_call_is_written_after_it(chain: SmallChain, wecom: ScriptedWecom):
    code = create(chain)
    add = wecom.answers[ADD][0]

    def meanwhile(body: dict[str, Any]) -> dict[str, Any]:
        operations.update_live_code(
            live_code_id=code.id, label="", staff_ids=[chain.li.id], welcome_text="", kind_code=None
        )
        return add(body)

    wecom.script(ADD, meanwhile)
    assert operations.apply_live_code(live_code_id=code.id)
    assert queries.get_live_code(scope=EVERYTHING, live_code_id=code.id).status == CodeState.PENDING
    assert operations.apply_live_code(live_code_id=code.id)
    assert wecom.bodies("externalcontact/update_contact_way")[0]["user"] == ["li"]
    assert queries.get_live_code(scope=EVERYTHING, live_code_id=code.id).status == CodeState.READY


def test_who_leaves_is_taken_off_and_the_nearest_person_takes_over(chain: SmallChain):
    alone = make_live_code(store_id=chain.tianhe.id, staff_ids=[chain.wang.id])
    shared = make_live_code(store_id=chain.tianhe.id, staff_ids=[chain.wang.id, chain.li.id])
    assert operations.replace_staff(staff_id=chain.wang.id) == 2
    assert operations.replace_staff(staff_id=chain.wang.id) == 0
    states = {code.id: (code.status, code.staff_userids) for code in queries.list_live_codes(scope=EVERYTHING)}
    assert states == {alone.id: (CodeState.PENDING, ("li",)), shared.id: (CodeState.PENDING, ("li",))}


def test_a_code_for_which_nobody_is_left_is_shown(chain: SmallChain):
    code = make_live_code(store_id=chain.tianhe.id, staff_ids=[chain.wang.id])
    for one in (chain.li, chain.chen, chain.hong):
        org.staff_left(staff_id=one.id, at=AT)
    operations.replace_staff(staff_id=chain.wang.id)
    (found,) = queries.list_live_codes(scope=EVERYTHING)
    assert (found.id, found.status, found.staff_userids) == (code.id, CodeState.UNSTAFFED, ())


def test_retired_codes_stay_retired(chain: SmallChain):
    code = make_live_code(store_id=chain.tianhe.id, staff_ids=[chain.wang.id])
    operations.retire_live_code(live_code_id=code.id, at=AT)
    operations.retire_live_code(live_code_id=code.id, at=AT)
    with pytest.raises(LiveCodeRetiredError):
        operations.update_live_code(live_code_id=code.id, label="", staff_ids=[chain.li.id], welcome_text="")
    with pytest.raises(LiveCodeNotFoundError):
        operations.retire_live_code(live_code_id=code.id + 1, at=AT)
    found = queries.get_live_code_by_state(state=code.state)
    assert found is not None
    assert not found.is_active


def member(number: int) -> int:
    identity = Identity(kind=IdentityKind.EXTERNAL_USERID, value=f"wm{number}")
    return members.identify(identities=[identity], source="test", at=AT).member_id


def scan(chain: SmallChain, member_id: int, state: str, at: datetime = AT, *, is_first: bool = True) -> bool:
    return operations.record_scan(
        member_id=member_id, staff_id=chain.wang.id, external_userid="wm", state=state, at=at, is_first=is_first
    )


def test_a_scan_counts_once_tags_and_gives_a_store_only_where_there_is_none(chain: SmallChain):
    till = make_live_code(store_id=chain.tianhe.id, staff_ids=[chain.wang.id])
    sms = make_live_code(store_id=chain.yuexiu.id, staff_ids=[chain.wang.id], source=SourceKind.SMS)
    one = member(1)
    assert scan(chain, one, till.state)
    assert not scan(chain, one, till.state)
    assert scan(chain, one, sms.state, AT + timedelta(days=1), is_first=False)
    view = member_queries.get_member(scope=EVERYTHING, member_id=one)
    assert view.store_id == chain.tianhe.id
    assert {"source:till", "source:sms"} <= set(view.tags)
    counts = {count.source: (count.scans, count.recruits) for count in queries.recruits_by_source(scope=EVERYTHING)}
    assert (counts[SourceKind.TILL], counts[SourceKind.SMS], counts[SourceKind.POSTER]) == ((1, 1), (1, 0), (0, 0))
    assert EventRecord.objects.filter(name="growth.code_scanned").count() == 2
    facts = sorted(FactOutbox.objects.filter(fact="touches").values_list("payload__kind", "payload__source"))
    assert facts == [("friend", "sms"), ("friend", "till"), ("scan", "sms"), ("scan", "till")]


def test_friendships_without_a_code_are_organic_and_foreign_states_unknown(chain: SmallChain):
    assert scan(chain, member(1), "")
    assert scan(chain, member(2), "foreign")
    touches = FactOutbox.objects.filter(fact="touches")
    assert sorted(touches.values_list("payload__kind", "payload__source")) == [
        ("friend", "organic"),
        ("friend", "unknown"),
    ]
    (unknown,) = queries.list_unknown_scans(scope=EVERYTHING)
    assert (unknown.state, unknown.external_userid) == ("foreign", mask("wm"))


def test_an_organic_friend_counts_for_the_members_own_store(chain: SmallChain):
    at_home = member(1)
    members.assign_store(member_id=at_home, store_id=chain.tianhe.id)
    assert scan(chain, at_home, "")
    assert scan(chain, member(2), "", AT + timedelta(days=1))
    stores = FactOutbox.objects.filter(fact="touches").order_by("pk").values_list("payload__store_id", flat=True)
    assert list(stores) == [chain.tianhe.id, -1]


def test_a_scan_told_after_the_merge_counts_for_the_kept_member(chain: SmallChain):
    code = make_live_code(store_id=chain.tianhe.id, staff_ids=[chain.wang.id])
    keep, absorb = member(1), member(2)
    merge_id = members.merge_members(keep_id=keep, absorb_id=absorb, actor="", reason="")
    operations.move_scans(keep_id=keep, absorb_id=absorb)
    scan(chain, keep, code.state)
    scan(chain, absorb, code.state)
    assert not scan(chain, absorb, code.state)
    assert queries.view_live_code(live_code_id=code.id).friends == 1
    members.undo_merge(merge_id=merge_id, actor="")
    operations.return_scans(keep_id=keep, absorb_id=absorb)
    assert queries.view_live_code(live_code_id=code.id).friends == 2


def test_a_known_state_is_not_given_away(chain: SmallChain):
    code = make_live_code(store_id=chain.tianhe.id, staff_ids=[chain.wang.id])
    with pytest.raises(StateTakenError):
        operations.assign_unknown_state(state=code.state, live_code_id=code.id)


def test_scans_follow_a_merge_and_its_undoing(chain: SmallChain):
    code = make_live_code(store_id=chain.tianhe.id, staff_ids=[chain.wang.id])
    keep, absorb = member(1), member(2)
    scan(chain, keep, code.state)
    scan(chain, absorb, code.state)
    assert queries.view_live_code(live_code_id=code.id).friends == 2
    operations.move_scans(keep_id=keep, absorb_id=absorb)
    merged = queries.view_live_code(live_code_id=code.id)
    assert (merged.scans, merged.friends) == (2, 1)
    operations.return_scans(keep_id=keep, absorb_id=absorb)
    assert queries.view_live_code(live_code_id=code.id).friends == 2
    scan(chain, keep, "foreign", AT + timedelta(days=1))
    operations.forget_member(member_id=keep)
    assert queries.list_unknown_scans(scope=EVERYTHING)[0].external_userid == ""


def test_scope_of_codes_and_counts(chain: SmallChain):
    mine = make_live_code(store_id=chain.tianhe.id, staff_ids=[chain.wang.id, chain.li.id])
    other = make_live_code(store_id=chain.nanshan.id, staff_ids=[chain.zhao.id])
    scan(chain, member(1), mine.state)
    at_tianhe = DataScope(paths=(chain.tianhe.path,))
    assert [code.id for code in queries.list_live_codes(scope=at_tianhe)] == [mine.id]
    guide = DataScope(paths=(chain.tianhe.path,), staff_id=chain.wang.id)
    assert [code.id for code in queries.list_live_codes(scope=guide)] == [mine.id]
    with pytest.raises(LiveCodeNotFoundError):
        queries.get_live_code(scope=at_tianhe, live_code_id=other.id)
    at_nanshan = DataScope(paths=(chain.nanshan.path,))
    assert sum(count.scans for count in queries.recruits_by_source(scope=at_nanshan)) == 0
    assert sum(count.codes for count in queries.recruits_by_source(scope=at_nanshan)) == 1
    assert queries.list_live_codes(scope=DataScope.nothing()) == []
