"""Contact ways that somebody changed in WeCom: seen, shown, never overwritten unasked, and each decision done."""

from datetime import UTC, datetime
from typing import Any

import pytest

from juqun.channels.wecom import operations as wecom_operations
from juqun.channels.wecom import queries as wecom_queries
from juqun.channels.wecom.errors import DriftChoiceError, DriftClosedError, WecomBusyError
from juqun.channels.wecom.testing import ScriptedWays, scripted_wecom
from juqun.channels.wecom.types import DriftChoice, DriftKind, DriftView
from juqun.domains.growth import operations, queries
from juqun.domains.growth.types import CodeState, LiveCodeView, SourceKind
from juqun.domains.org.testing import make_small_chain
from juqun.kernel.scope import DataScope

pytestmark = pytest.mark.django_db

ALL = DataScope.whole_chain()
AT = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)
UPDATE, GET = "externalcontact/update_contact_way", "externalcontact/get_contact_way"


class Stage:
    """One code that stands in WeCom as wanted."""

    def __init__(self, script: Any) -> None:
        self.script, self.ways, self.chain = script, ScriptedWays(script), make_small_chain()
        self.code = operations.create_live_code(
            store_id=self.chain.tianhe.id, source=SourceKind.TILL, label="till", staff_ids=[self.chain.wang.id],
            welcome_text="",
        )  # fmt: skip
        operations.apply_live_code(live_code_id=self.code.id)

    @property
    def remote(self) -> dict[str, Any]:
        return self.ways.rows[self.now().config_id]

    def now(self) -> LiveCodeView:
        return queries.view_live_code(live_code_id=self.code.id)

    def compare(self) -> list[DriftView]:
        operations.apply_live_code(live_code_id=self.code.id, is_check=True)
        return wecom_queries.list_drifts(scope=ALL)

    def apply(self) -> None:
        operations.apply_live_code(live_code_id=self.code.id)

    def decide(self, drift: DriftView, choice: DriftChoice) -> None:
        wecom_operations.decide_drift(drift_id=drift.id, choice=choice, actor="hong", at=AT)
        operations.act_on_drift(drift_id=drift.id, choice=choice, at=AT)
        self.apply()

    def change(self, *staff_ids: int) -> None:
        operations.update_live_code(live_code_id=self.code.id, label="till", staff_ids=list(staff_ids), welcome_text="")


@pytest.fixture
def stage() -> Any:
    with scripted_wecom() as script:
        yield Stage(script)


def test_what_is_as_wanted_costs_one_reading_and_no_write(stage: Stage):
    before = len(stage.script.calls)
    assert stage.compare() == []
    assert [path for path, _ in stage.script.calls[before:]] == [GET]
    assert stage.now().status == CodeState.READY
    assert stage.now().checked_at is not None


def test_a_hand_edit_is_kept_for_a_person_and_not_overwritten(stage: Stage):
    stage.remote["user"] = ["wang", "chen"]
    (drift,) = stage.compare()
    assert (drift.kind, drift.key, drift.blocker) == (DriftKind.CONTACT_WAY, str(stage.code.id), "")
    assert [(one.field, one.ours, one.theirs) for one in drift.differences] == [("users", ["wang"], ["chen", "wang"])]
    assert stage.now().status == CodeState.DISPUTED
    stage.change(stage.chain.li.id)  # our own change waits too: it would wipe out what nobody has looked at
    stage.apply()
    assert stage.remote["user"] == ["wang", "chen"]
    (same,) = wecom_queries.list_drifts(scope=ALL)
    assert (same.id, same.ours["users"]) == (drift.id, ["li"])
    assert stage.script.bodies(UPDATE) == []


def test_ours_is_put_back(stage: Stage):
    stage.remote["remark"] = "made by hand"
    (drift,) = stage.compare()
    stage.decide(drift, DriftChoice.PUT_OURS_BACK)
    assert stage.remote["remark"] == "天河店 till"
    assert (stage.now().status, stage.compare()) == (CodeState.READY, [])
    with pytest.raises(DriftClosedError):
        wecom_operations.decide_drift(drift_id=drift.id, choice=DriftChoice.IGNORE, actor="", at=AT)


def test_what_was_changed_again_after_the_decision_is_a_new_difference(stage: Stage):
    stage.remote["user"] = ["chen"]
    (drift,) = stage.compare()
    stage.remote["user"] = ["zhao"]
    stage.decide(drift, DriftChoice.PUT_OURS_BACK)
    (again,) = wecom_queries.list_drifts(scope=ALL)
    assert (again.theirs["users"], stage.remote["user"]) == (["zhao"], ["zhao"])


def test_theirs_is_taken_over(stage: Stage):
    stage.remote.update({"user": ["li", "wang"], "remark": "front door", "skip_verify": False})
    (drift,) = stage.compare()
    stage.decide(drift, DriftChoice.TAKE_THEIRS)
    assert stage.script.bodies(UPDATE) == []
    assert (stage.now().staff_userids, stage.now().status) == (("li", "wang"), CodeState.READY)
    stage.change(stage.chain.wang.id)
    stage.apply()
    assert (stage.remote["user"], stage.remote["remark"], stage.remote["skip_verify"]) == (
        ["wang"],
        "front door",
        False,
    )


@pytest.mark.parametrize(
    ("edit", "blocker"),
    [
        ({"state": "other"}, "state"),
        ({"party": [2]}, "parties"),
        ({"user": ["a stranger"]}, "unknown_staff"),
        ({"remark": ""}, "no_remark"),
        ({"user": []}, "nobody"),
    ],
)
def test_what_cannot_be_held_here_cannot_be_taken(stage: Stage, edit: dict[str, Any], blocker: str):
    stage.ways.rows[stage.now().config_id] |= edit
    (drift,) = stage.compare()
    assert drift.blocker == blocker
    with pytest.raises(DriftChoiceError):
        stage.decide(drift, DriftChoice.TAKE_THEIRS)
    stage.decide(drift, DriftChoice.PUT_OURS_BACK)
    assert stage.compare() == []


def test_what_is_ignored_stays_until_something_changes(stage: Stage):
    stage.remote["user"] = ["chen"]
    (drift,) = stage.compare()
    stage.decide(drift, DriftChoice.IGNORE)
    for _night in range(2):
        assert stage.compare() == []
    assert (stage.now().status, stage.remote["user"]) == (CodeState.READY, ["chen"])
    stage.change(stage.chain.li.id)
    stage.apply()
    (again,) = wecom_queries.list_drifts(scope=ALL)
    assert (again.ours["users"], again.theirs["users"], stage.remote["user"]) == (["li"], ["chen"], ["chen"])


def test_a_lost_write_is_written_again(stage: Stage):
    before = dict(stage.remote)
    stage.change(stage.chain.li.id)
    stage.apply()
    stage.ways.rows[stage.now().config_id] = before
    assert stage.compare() == []
    assert stage.remote["user"] == ["li"]


def test_a_reading_that_lags_is_repeated_later(stage: Stage):
    old = dict(stage.remote)
    stage.change(stage.chain.li.id)
    stage.script.script(GET, {"contact_way": {**old, "config_id": "config-1"}})
    with pytest.raises(WecomBusyError):
        stage.apply()
    stage.script.script(GET, {"contact_way": {**stage.remote, "config_id": "config-1"}})
    stage.apply()
    assert stage.now().status == CodeState.READY


def test_a_deleted_way_is_made_anew_or_closed(stage: Stage):
    printed = stage.now().qr_code
    stage.ways.rows.clear()
    (drift,) = stage.compare()
    assert drift.theirs is None
    stage.ways.rows["other"] = {}
    stage.decide(drift, DriftChoice.PUT_OURS_BACK)
    assert stage.now().status == CodeState.READY
    assert stage.now().qr_code not in ("", printed)
    stage.ways.rows.clear()
    (drift,) = stage.compare()
    stage.decide(drift, DriftChoice.TAKE_THEIRS)
    assert (stage.now().is_active, stage.now().status) == (False, CodeState.RETIRED)
    assert stage.ways.rows == {}


def test_a_difference_that_went_away_is_closed(stage: Stage):
    stage.remote["user"] = ["chen"]
    (drift,) = stage.compare()
    stage.remote["user"] = ["wang"]
    assert stage.compare() == []
    (closed,) = wecom_queries.list_drifts(scope=ALL, is_open=False)
    assert (closed.id, closed.choice, closed.closed_at is None) == (drift.id, None, False)
    assert stage.now().status == CodeState.READY


def test_only_headquarters_sees_differences(stage: Stage):
    stage.remote["user"] = ["chen"]
    assert stage.compare()
    part = DataScope(paths=(stage.chain.tianhe.path,))
    assert wecom_queries.list_drifts(scope=part) == []
    assert (wecom_queries.count_drifts(scope=part), wecom_queries.count_drifts(scope=ALL)) == (0, 1)
