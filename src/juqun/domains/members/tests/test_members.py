import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.forms.models import model_to_dict

from juqun.domains.members import errors, operations, queries
from juqun.domains.members.models import (
    ConsentRecord,
    FriendLink,
    Member,
    MemberIdentity,
    MemberTag,
    MergeRecord,
    TimelineRecord,
)
from juqun.domains.members.testing import AT, make_friend, make_member
from juqun.domains.members.types import ConsentPurpose, Identity, IdentityKind, LostBy
from juqun.domains.org import operations as org_operations
from juqun.domains.org.testing import make_small_chain
from juqun.kernel.models import EventRecord
from juqun.kernel.scope import DataScope, UnscopedReadError

pytestmark = pytest.mark.django_db
ALL = DataScope.whole_chain()
PHONE, CARD, UNIONID = IdentityKind.PHONE, IdentityKind.CARD, IdentityKind.UNIONID


def identify(*pairs, **kwargs):
    identities = [Identity(kind=kind, value=value) for kind, value in pairs]
    return operations.identify(identities=identities, source="test", at=AT, **kwargs)


def published(name):
    return [record.payload for record in EventRecord.objects.filter(name=f"members.{name}").order_by("pk")]


def test_one_person_under_many_names():
    first = identify((PHONE, "138 0013 8000"), display_name="王")
    assert first.created
    again = identify((PHONE, "+8613800138000"), (UNIONID, "oU1"), display_name="另一个名字")
    assert (again.member_id, again.created) == (first.member_id, False)
    assert identify((UNIONID, "oU1")).member_id == first.member_id
    view = queries.get_member(scope=ALL, member_id=first.member_id)
    assert view.display_name == "王"
    assert [(found.kind, found.masked) for found in view.identities] == [(PHONE, "138****00"), (UNIONID, "o**")]
    assert [event["created"] for event in published("member_identified")] == [True, False]


def test_values_are_sealed_at_rest():
    identify((PHONE, "13800138000"))
    raw = MemberIdentity.objects.values_list("sealed", "hash").get()
    assert all(b"138" not in bytes(value) for value in raw)


def test_impossible_and_missing_identities_are_refused():
    with pytest.raises(errors.IdentityInvalidError) as refused:
        identify((PHONE, "12345"))
    assert "12345" not in str(refused.value)
    with pytest.raises(errors.IdentityMissingError):
        identify()
    assert Member.unscoped.count() == 0


def test_finding_is_set_based_and_forgiving():
    member_id = make_member(phone="13800138000", card="ab1")
    found = queries.find_member_ids(kind=PHONE, values=["138-0013-8000", "13900139000", "nonsense"])
    assert found == {"138-0013-8000": member_id}
    assert queries.find_member_id(kind=CARD, value="AB 1") == member_id
    assert queries.find_member_id(kind=CARD, value="13800138000") is None


def test_reading_without_a_scope_fails():
    make_member()
    with pytest.raises(UnscopedReadError):
        list(Member.objects.all())


def test_scope_of_store_guide_and_stranger():
    org = make_small_chain()
    mine = make_friend(staff_id=org.wang.id, store_id=org.tianhe.id)
    make_member(store_id=org.tianhe.id, phone="13800138000", display_name="王小明")
    homeless = make_member()
    store, guide = DataScope(paths=(org.tianhe.path,)), DataScope(paths=(org.tianhe.path,), staff_id=org.wang.id)
    stranger = DataScope(paths=(org.nanshan.path,))
    counts = [queries.count_members(scope=scope) for scope in (ALL, store, guide, stranger, DataScope.nothing())]
    assert counts == [3, 2, 1, 0, 0]
    assert [queries.count_friends(scope=scope) for scope in (ALL, guide, stranger)] == [1, 1, 0]
    assert [view.id for view in queries.search_members(scope=guide).items] == [mine]
    assert queries.search_members(scope=store, text="138 0013 8000").total == 1
    assert queries.search_members(scope=store, text="小明").total == 1
    assert queries.search_members(scope=stranger, text="13800138000").total == 0
    for scope, member_id in ((stranger, mine), (store, homeless)):
        for read in (queries.get_member, queries.get_timeline, queries.list_consents, operations.export_member):
            with pytest.raises(errors.MemberNotFoundError):
                read(scope=scope, member_id=member_id)


def everything(*member_ids: int) -> dict[str, Any]:
    """All rows of some members, but the two lines that say that a merge happened and was undone."""
    dump: dict[str, Any] = {
        "members": [model_to_dict(row) for row in Member.unscoped.filter(pk__in=member_ids).order_by("pk")]
    }
    for model in (MemberIdentity, MemberTag, ConsentRecord, FriendLink, TimelineRecord):
        rows = model.objects.filter(member_id__in=member_ids).order_by("pk")
        if model is TimelineRecord:
            rows = rows.exclude(kind__startswith="merge")
        dump[model.__name__] = list(rows.values())
    return dump


def two_members(org):
    keep = make_friend(staff_id=org.wang.id, store_id=org.tianhe.id, external_userid="wmA")
    other = make_friend(staff_id=org.zhao.id, external_userid="wmB")
    identify((IdentityKind.EXTERNAL_USERID, "wmB"), (PHONE, "13800138000"), display_name="李")
    operations.tag_members(member_ids=[keep, other], tag="both", source="manual")
    operations.tag_members(member_ids=[other], tag="other", source="manual")
    operations.set_consent(member_id=keep, purpose=ConsentPurpose.MARKETING, granted=True, source="form", at=AT)
    later = AT + timedelta(days=1)
    operations.set_consent(member_id=other, purpose=ConsentPurpose.MARKETING, granted=False, source="call", at=later)
    Member.unscoped.filter(pk=keep).update(attributes={"size": "2"})
    Member.unscoped.filter(pk=other).update(attributes={"size": "3", "age": "35-44"}, tier="gold", birth_year=1980)
    return keep, other


def test_a_merge_loses_nothing_and_is_undone_exactly():
    org = make_small_chain()
    keep, other = two_members(org)
    before = everything(keep, other)
    merge_id = operations.merge_members(keep_id=keep, absorb_id=other, actor="Hong", reason="same phone")
    view = queries.get_member(scope=ALL, member_id=other)
    assert (view.id, view.display_name, view.tier, view.birth_year) == (keep, "李", "gold", 1980)
    assert view.attributes == {"size": "2", "age": "35-44"}
    assert view.tags == ("both", "other")
    assert view.consent_marketing is False
    assert len(view.identities) == 3
    assert queries.find_member_id(kind=PHONE, value="13800138000") == keep
    assert queries.count_members(scope=ALL) == 1
    assert queries.member_stores(member_ids=[keep, other]) == {keep: org.tianhe.id, other: org.tianhe.id}
    links = queries.list_friend_links(member_ids=[other])
    assert {(link.member_id, link.userid, link.external_userid) for link in links} == {
        (other, "wang", "wmA"), (other, "zhao", "wmB"),
    }  # fmt: skip
    operations.undo_merge(merge_id=merge_id, actor="Hong")
    assert everything(keep, other) == before
    assert queries.get_member(scope=ALL, member_id=other).id == other
    assert published("members_merged") == published("members_split") == [{"keep_id": keep, "absorb_id": other}]
    with pytest.raises(errors.MergeUndoneError):
        operations.undo_merge(merge_id=merge_id, actor="Hong")
    operations.merge_members(keep_id=keep, absorb_id=other, actor="Hong", reason="yes they are")


def test_what_came_after_a_merge_stays_with_the_right_one():
    org = make_small_chain()
    keep, other = two_members(org)
    merge_id = operations.merge_members(keep_id=keep, absorb_id=other, actor="Hong", reason="")
    later = AT + timedelta(days=9)
    operations.tag_members(member_ids=[other], tag="new", source="manual")
    operations.lose_friend(member_id=other, staff_id=org.zhao.id, at=later, by=LostBy.CUSTOMER)
    operations.add_friend(member_id=other, staff_id=org.li.id, external_userid="wmB", state="", at=later)
    Member.unscoped.filter(pk=keep).update(tier="silver")
    operations.undo_merge(merge_id=merge_id, actor="Hong")
    assert queries.get_member(scope=ALL, member_id=keep).tags == ("both", "new")
    assert queries.get_member(scope=ALL, member_id=keep).tier == "silver"
    active = {(link.member_id, link.userid) for link in queries.list_friend_links(member_ids=[keep, other])}
    assert active == {(keep, "wang"), (other, "li")}


def test_merges_are_undone_in_reverse_order_only():
    first, second, third = make_member(), make_member(), make_member()
    lower = operations.merge_members(keep_id=second, absorb_id=third, actor="Hong", reason="")
    upper = operations.merge_members(keep_id=first, absorb_id=third, actor="Hong", reason="")
    chain = {row["absorbed_id"]: row["member_id"] for row in queries.export_member_merges_dim().to_pylist()}
    assert chain == {second: first, third: first}
    assert queries.resolve_member_ids(member_ids=[third, second, first]) == dict.fromkeys((third, second, first), first)
    with pytest.raises(errors.MergeBuriedError) as refused:
        operations.undo_merge(merge_id=lower, actor="Hong")
    assert refused.value.later_id == upper
    with pytest.raises(errors.MergeImpossibleError):
        operations.merge_members(keep_id=third, absorb_id=first, actor="Hong", reason="")
    operations.undo_merge(merge_id=upper, actor="Hong")
    operations.undo_merge(merge_id=lower, actor="Hong")
    assert queries.export_member_merges_dim().num_rows == 0
    assert queries.count_members(scope=ALL) == 3
    with pytest.raises(errors.MergeNotFoundError):
        operations.undo_merge(merge_id=0, actor="Hong")


def test_identify_merges_members_that_turn_out_to_be_one():
    phone, union = make_member(phone="13800138000"), make_member(unionid="oU1")
    result = identify((UNIONID, "oU1"), (PHONE, "13800138000"))
    assert (result.member_id, result.created, result.merged_ids) == (phone, False, (union,))
    assert MergeRecord.objects.get().reason == "identified:test"


def test_friends_come_go_and_come_back_in_any_order():
    org = make_small_chain()
    member_id = make_member(external_userid="wmA")
    hour = timedelta(hours=1)

    def add(at, staff=org.wang):
        return operations.add_friend(member_id=member_id, staff_id=staff.id, external_userid="wmA", state="s", at=at)

    def lose(at):
        return operations.lose_friend(member_id=member_id, staff_id=org.wang.id, at=at, by=LostBy.CUSTOMER)

    assert [add(AT), add(AT), lose(AT - hour), lose(AT + hour), lose(AT + hour), add(AT)] == [
        True, False, False, True, False, False,
    ]  # fmt: skip
    view = queries.get_member(scope=ALL, member_id=member_id)
    assert (view.is_friend, view.staff_id) == (False, org.wang.id)
    assert add(AT + 2 * hour)
    assert add(AT + 3 * hour, org.li)
    assert [event["is_first"] for event in published("friend_added")] == [True, False, False]
    assert lose(AT + 4 * hour)
    view = queries.get_member(scope=ALL, member_id=member_id)
    assert (view.is_friend, view.staff_id) == (True, org.li.id)
    assert [event["by"] for event in published("friend_lost")] == ["customer", "customer"]
    assert [entry.kind for entry in queries.get_timeline(scope=ALL, member_id=member_id)] == [
        "friend_lost", "friend_added", "friend_added", "friend_lost", "friend_added", "joined",
    ]  # fmt: skip
    assert len(queries.get_timeline(scope=ALL, member_id=member_id, limit=2)) == 2


def test_a_loss_that_is_told_after_the_next_meeting_ends_nothing():
    org = make_small_chain()
    member_id = make_member(external_userid="wmA")
    hour = timedelta(hours=1)
    for at in (AT, AT + 2 * hour):
        operations.add_friend(member_id=member_id, staff_id=org.wang.id, external_userid="wmA", state="s", at=at)
    assert not operations.lose_friend(member_id=member_id, staff_id=org.wang.id, at=AT + hour, by=LostBy.CUSTOMER)
    assert queries.get_member(scope=ALL, member_id=member_id).is_friend
    assert len(published("friend_added")) == 1
    assert operations.lose_friend(member_id=member_id, staff_id=org.wang.id, at=AT + 3 * hour, by=LostBy.CUSTOMER)


def test_links_of_staff_who_left_are_not_active():
    org = make_small_chain()
    member_id = make_friend(staff_id=org.wang.id)
    assert [link.userid for link in queries.list_friend_links(member_ids=[member_id])] == ["wang"]
    org_operations.staff_left(staff_id=org.wang.id, at=AT)
    assert queries.list_friend_links(member_ids=[member_id]) == []


def test_consent_keeps_its_history_and_the_latest_answer_holds():
    member_id = make_member()

    def answer(granted, days):
        return operations.set_consent(
            member_id=member_id, purpose=ConsentPurpose.MARKETING, granted=granted, source="form",
            at=AT + timedelta(days=days),
        )  # fmt: skip

    assert [answer(True, 1), answer(True, 1), answer(False, 3), answer(True, 2)] == [True, False, True, False]
    assert not queries.get_member(scope=ALL, member_id=member_id).consent_marketing
    history = queries.list_consents(scope=ALL, member_id=member_id)
    assert [row["granted"] for row in history] == [False, True, True]
    assert [event["granted"] for event in published("consent_changed")] == [True, False]


def test_tags():
    first, second = make_member(), make_member()
    assert operations.tag_members(member_ids=[first, second, 0], tag=" vip ", source="manual", actor="Li") == 2
    assert operations.tag_members(member_ids=[first], tag="vip", source="manual") == 0
    assert queries.list_tags(scope=ALL) == [("vip", 2)]
    assert queries.search_members(scope=ALL, tag="vip").total == 2
    assert len(published("member_tagged")) == 2
    assert operations.untag_members(member_ids=[first, second], tag="vip") == 2


def test_a_member_sees_all_and_can_be_forgotten():
    org = make_small_chain()
    keep, other = two_members(org)
    merge_id = operations.merge_members(keep_id=keep, absorb_id=other, actor="Hong", reason="r")
    operations.note(member_id=other, at=AT, kind="commerce.ordered", fields={"order_id": 1})
    export = operations.export_member(scope=ALL, member_id=keep)
    assert {found["value"] for found in export["identities"]} == {"wmA", "wmB", "+8613800138000"}
    assert (export["display_name"], export["merged_member_ids"], len(export["consents"])) == ("李", [other], 2)
    operations.erase_member(member_id=other, actor="Hong")
    assert MemberIdentity.objects.count() == MemberTag.objects.count() == FriendLink.objects.count() == 0
    tombstones = Member.unscoped.filter(pk__in=[keep, other])
    assert set(tombstones.values_list("display_name", "tier", "is_friend")) == {("", "", False)}
    assert "李" not in str(list(MergeRecord.objects.values())) + str(list(TimelineRecord.objects.values()))
    assert {event["member_id"] for event in published("member_erased")} == {keep, other}
    assert queries.count_members(scope=ALL) == 0
    assert queries.get_member(scope=ALL, member_id=keep).is_erased
    assert queries.find_member_id(kind=PHONE, value="13800138000") is None
    assert make_member(phone="13800138000") not in {keep, other}
    with pytest.raises(errors.MergeErasedError):
        operations.undo_merge(merge_id=merge_id, actor="Hong")
    with pytest.raises(errors.MemberErasedError):
        operations.assign_store(member_id=keep, store_id=org.tianhe.id)
    operations.note(member_id=keep, at=AT, kind="x", fields={})
    assert ConsentRecord.objects.filter(member_id=keep).count() == 2


def test_dimensions_for_the_lake():
    org = make_small_chain()
    friend = make_friend(staff_id=org.wang.id, store_id=org.tianhe.id)
    plain, absorbed = make_member(at=datetime(2026, 2, 28, 16, 0, tzinfo=UTC)), make_member()
    operations.merge_members(keep_id=plain, absorb_id=absorbed, actor="", reason="")
    operations.tag_members(member_ids=[friend], tag="vip", source="manual")
    rows = {row["member_id"]: row for row in queries.export_members_dim().to_pylist()}
    assert set(rows) == {friend, plain}
    assert (rows[friend]["org_path"], rows[friend]["staff_id"], rows[friend]["is_friend"]) == (
        org.tianhe.path, org.wang.id, True,
    )  # fmt: skip
    assert (rows[plain]["store_id"], rows[plain]["org_path"], rows[plain]["created_day"]) == (-1, "", 20513)
    tags = queries.export_member_tags_dim().to_pylist()
    assert tags == [{"member_id": friend, "tag": "vip", "source": "manual"}]


@pytest.mark.django_db(transaction=True)
def test_two_callbacks_at_once_make_one_member():
    results: list[Any] = []
    start = threading.Barrier(8)

    def callback(number):
        try:
            start.wait()
            extra = ((PHONE, f"1380013800{number}"),) if number % 2 else ()
            results.append(identify((UNIONID, "oU1"), *extra).member_id)
        except Exception as error:
            results.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=callback, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 8
    assert len(set(results)) == 1
    assert Member.unscoped.count() == 1
    assert MemberIdentity.objects.count() == 5
    assert [event["created"] for event in published("member_identified")].count(True) == 1


def test_one_corp_tag_stands_for_one_word():
    operations.add_managed_tag(group_name="来源", name="扫码", word="scan", at=AT)
    with pytest.raises(errors.ManagedTagTakenError):
        operations.add_managed_tag(group_name="来源", name="扫码", word="code", at=AT)
    operations.add_managed_tag(group_name="渠道", name="扫码", word="code", at=AT)
