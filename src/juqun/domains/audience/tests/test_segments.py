"""Segments through the doors: counts with reach, scope, saving, snapshots, RFM."""

import dataclasses
from datetime import UTC, datetime

import pytest

from juqun.domains.audience import errors, handlers, jobs, operations, queries
from juqun.domains.audience.models import Snapshot, SnapshotMember
from juqun.domains.audience.testing import TODAY, make_small_lake
from juqun.domains.members.events import MemberErased
from juqun.kernel import clock
from juqun.kernel.scope import DataScope
from juqun.kernel.testing import run_all_jobs

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 31, 4, tzinfo=UTC)
EVERYTHING = DataScope.whole_chain()
BUYERS = {"type": "orders", "measure": "count", "op": "gte", "value": 2}


@pytest.fixture
def chain(settings, tmp_path):
    with clock.travelled(NOW):
        yield make_small_lake(settings, tmp_path)


def test_count_says_how_many_can_be_reached(chain):
    count = queries.count_segment(scope=EVERYTHING, tree=BUYERS)
    assert dataclasses.asdict(count) == {
        "members": 5, "friends": 2, "in_group": 2, "consented": 4, "reachable_friend": 1, "reachable_group": 2,
        "reachable": 2, "as_of_day": TODAY,
    }  # fmt: skip


def test_scope_is_always_applied(chain):
    def seen(scope):
        return queries.sample_members(scope=scope, tree=BUYERS)

    assert seen(EVERYTHING) == [2, 3, 4, 5, 6]
    assert seen(DataScope(paths=(chain.guangzhou.path,))) == [2, 3, 4]
    assert seen(DataScope(paths=(chain.nanshan.path, chain.yuexiu.path))) == [4, 5]
    assert seen(DataScope(paths=(chain.tianhe.path,), staff_id=chain.wang.id)) == []
    assert seen(DataScope.nothing()) == []
    negated = {"not": {"type": "tag", "any_of": ["no such tag"]}}
    assert queries.sample_members(scope=DataScope(paths=(chain.nanshan.path,)), tree=negated) == [5]


def test_org_condition_reads_the_tree_of_the_organisation(chain):
    tree = {"type": "org", "node_id": chain.shenzhen.id}
    assert queries.sample_members(scope=EVERYTHING, tree=tree) == [5]
    assert queries.describe_tree(tree=tree, lang="en") == "Members: in the area of 深圳市."
    with pytest.raises(errors.SegmentNodeUnknownError) as caught:
        queries.count_segment(scope=EVERYTHING, tree={"all": [{"type": "org", "node_id": 999_999}]})
    assert caught.value.path == "$.all[0].node_id"


def test_values_are_bound_never_text(chain):
    nasty = "x') OR TRUE; DROP VIEW members; --"
    assert queries.sample_members(scope=EVERYTHING, tree={"type": "tag", "any_of": [nasty]}) == []
    assert queries.sample_members(scope=EVERYTHING, tree={"type": "tag", "any_of": ["vip"]}) == [1, 5]


def test_one_member_is_asked_by_the_predicate(chain):
    tree = {"all": [BUYERS, {"type": "orders", "measure": "count", "op": "gte", "value": 1, "category": ["coffee"]}]}
    found = [n for n in range(8) if queries.member_matches(scope=EVERYTHING, member_id=n, tree=tree)]
    assert found == queries.sample_members(scope=EVERYTHING, tree=tree) == [2, 4, 6]
    stranger = DataScope(paths=(chain.nanshan.path,))
    assert not queries.member_matches(scope=stranger, member_id=2, tree=tree)
    rfm = {"type": "rfm", "f": [5]}
    found = [n for n in range(8) if queries.member_matches(scope=EVERYTHING, member_id=n, tree=rfm)]
    assert found == queries.sample_members(scope=EVERYTHING, tree=rfm) == [6]


def test_segment_is_saved_canonical_and_described(chain):
    view = operations.create_segment(name="Buyers", tree=BUYERS, actor="hong")
    assert view.tree == {"version": 1, **BUYERS}
    assert view.description_en == "Members: orders ever at least 2."
    assert view.description_zh == "会员：历来订单数至少2。"
    assert (view.count, view.owner, view.node_id) == (None, "hong", None)
    with pytest.raises(errors.SegmentNameTakenError):
        operations.create_segment(name="Buyers", tree=BUYERS, actor="chen")
    with pytest.raises(errors.SegmentImpossibleError):
        operations.create_segment(name="All", tree={**BUYERS, "value": 0}, actor="chen")
    with pytest.raises(errors.SegmentNodeUnknownError):
        operations.create_segment(name="Gone", tree={"type": "org", "node_id": 999_999}, actor="chen")
    assert [v.name for v in queries.list_segments(scope=EVERYTHING)] == ["Buyers"]


def test_stranger_sees_and_changes_nothing(chain):
    mine = operations.create_segment(name="Tianhe", tree=BUYERS, actor="li", node_id=chain.tianhe.id)
    stranger = DataScope(paths=(chain.nanshan.path,))
    assert queries.list_segments(scope=stranger) == []
    for refused in (
        lambda: queries.get_segment(scope=stranger, segment_id=mine.id),
        lambda: operations.update_segment(scope=stranger, segment_id=mine.id, name="Mine"),
        lambda: operations.archive_segment(scope=stranger, segment_id=mine.id),
        lambda: queries.list_snapshots(scope=stranger, segment_id=mine.id),
    ):
        with pytest.raises(errors.SegmentNotFoundError):
            refused()
    assert queries.get_segment(scope=EVERYTHING, segment_id=mine.id) == mine
    assert [v.id for v in queries.list_segments(scope=DataScope(paths=(chain.guangzhou.path,)))] == [mine.id]


def test_update_drops_the_count_and_archive_frees_the_name(chain):
    view = operations.create_segment(name="Buyers", tree=BUYERS, actor="hong")
    jobs.recount_segments()
    run_all_jobs()
    counted = queries.get_segment(scope=EVERYTHING, segment_id=view.id)
    assert (counted.count, counted.reachable, counted.counted_at) == (5, 2, NOW)
    renamed = operations.update_segment(scope=EVERYTHING, segment_id=view.id, name="Loyal")
    assert (renamed.name, renamed.count) == ("Loyal", 5)
    changed = operations.update_segment(scope=EVERYTHING, segment_id=view.id, tree={**BUYERS, "value": 4})
    assert (changed.count, changed.description_en) == (None, "Members: orders ever at least 4.")
    operations.archive_segment(scope=EVERYTHING, segment_id=view.id)
    assert queries.list_segments(scope=EVERYTHING) == []
    assert operations.create_segment(name="Loyal", tree=BUYERS, actor="hong").id != view.id


def test_snapshot_is_reproducible_and_stays(chain, monkeypatch):
    monkeypatch.setattr(operations, "CHUNK", 2)
    view = operations.create_segment(name="Buyers", tree=BUYERS, actor="hong")
    guangzhou = DataScope(paths=(chain.guangzhou.path,))
    first = operations.snapshot_segment(segment_id=view.id, as_of_day=TODAY, at=NOW, scope=guangzhou)
    again = operations.snapshot_segment(segment_id=view.id, as_of_day=TODAY, at=NOW, scope=guangzhou)
    assert (first.size, first.digest) == (3, again.digest)
    assert queries.snapshot_member_ids(snapshot_id=first.id) == [2, 3, 4]
    assert list(queries.iter_snapshot_member_ids(snapshot_id=first.id, batch=2)) == [[2, 3], [4]]
    # As of a day before anybody but member 6 had ordered, the same tree means somebody else.
    early = operations.snapshot_segment(segment_id=view.id, as_of_day=TODAY - 6, at=NOW, scope=EVERYTHING)
    assert queries.snapshot_member_ids(snapshot_id=early.id) == [6]
    operations.update_segment(scope=EVERYTHING, segment_id=view.id, tree={**BUYERS, "value": 6})
    assert queries.snapshot_member_ids(snapshot_id=first.id) == [2, 3, 4]
    assert [s.id for s in queries.list_snapshots(scope=EVERYTHING, segment_id=view.id)] == [
        early.id,
        again.id,
        first.id,
    ]
    handlers.on_member_erased(MemberErased(member_id=3))
    handlers.on_member_erased(MemberErased(member_id=3))
    assert queries.snapshot_member_ids(snapshot_id=first.id) == [2, 4]


def test_half_taken_snapshot_is_never_read_and_is_cleared_away(chain):
    view = operations.create_segment(name="Buyers", tree=BUYERS, actor="hong")
    done = operations.snapshot_segment(segment_id=view.id, as_of_day=TODAY, at=NOW, scope=EVERYTHING)
    Snapshot.objects.filter(id=done.id).update(state=Snapshot.State.BUILDING)
    with pytest.raises(errors.SnapshotNotFoundError):
        queries.snapshot_member_ids(snapshot_id=done.id)
    assert operations.purge_unfinished_snapshots(at=NOW) == 0
    assert operations.purge_unfinished_snapshots(at=datetime(2026, 4, 2, tzinfo=UTC)) == 1
    assert SnapshotMember.objects.count() == 0


def test_member_rfm_grades_among_all_buyers_inside_the_scope(chain):
    score = queries.member_rfm(scope=EVERYTHING, member_id=3)
    assert (score.last_day, score.orders, score.amount_fen) == (TODAY - 3, 3, 30_000)
    assert (score.r, score.f, score.m) == (3, 2, 2)
    assert queries.member_rfm(scope=EVERYTHING, member_id=3, within_days=3) is None
    assert queries.member_rfm(scope=DataScope(paths=(chain.nanshan.path,)), member_id=3) is None
    assert queries.member_rfm(scope=EVERYTHING, member_id=99) is None
