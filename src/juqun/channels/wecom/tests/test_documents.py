"""Documents: what counts as a difference, and what WeCom adds, sorts and cuts without anybody having changed anything."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from juqun.channels.wecom import documents
from juqun.channels.wecom.types import DriftKind, Verdict

WAY = {"users": ["li", "wang"], "parties": [], "remark": "Tianhe till", "state": "c1", "skip_verify": True}
JOIN = {
    "chat_ids": ["b", "a"], "auto_create_room": True, "room_base_name": "deals", "room_base_id": 3, "state": "g1",
    "remark": "r",
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "ours", "theirs"),
    [
        (DriftKind.CONTACT_WAY, WAY, {**WAY, "users": ["wang", "li", "li"], "style": 1, "qr_code": "https://x"}),
        (
            DriftKind.CONTACT_WAY,
            WAY,
            {key: value for key, value in WAY.items() if key not in ("parties", "skip_verify")},
        ),
        (DriftKind.CONTACT_WAY, {**WAY, "remark": "x" * 40}, {**WAY, "remark": "x" * 30}),
        (DriftKind.JOIN_WAY, JOIN, {**JOIN, "chat_ids": ["a", "b"], "mark_source": True}),
        (
            DriftKind.JOIN_WAY,
            {**JOIN, "auto_create_room": False},
            {**JOIN, "auto_create_room": False, "room_base_id": 1},
        ),
        (DriftKind.GROUP_WELCOME, {"text": "x", "attachment": {}}, {"text": "x", "attachment": None}),
        (
            DriftKind.GROUP_WELCOME,
            {"text": "x", "attachment": {"kind": "image"}},
            {"text": "x", "attachment": {"kind": "image", "media_id": "another upload"}},
        ),
    ],
)
def test_what_wecom_does_by_itself_is_no_difference(kind, ours, theirs):
    assert documents.judge(kind, ours, theirs, ()) is Verdict.EQUAL
    assert documents.differences(kind, ours, theirs) == ()


@pytest.mark.parametrize(
    ("kind", "ours", "changed", "fields"),
    [
        (DriftKind.CONTACT_WAY, WAY, {"users": ["li"]}, ["users"]),
        (DriftKind.CONTACT_WAY, WAY, {"parties": [2], "skip_verify": False}, ["parties", "skip_verify"]),
        (DriftKind.JOIN_WAY, JOIN, {"auto_create_room": False}, ["auto_create_room", "room_base_name", "room_base_id"]),
        (DriftKind.JOIN_WAY, JOIN, {"state": ""}, ["state"]),
        (DriftKind.CORP_TAG, {"name": "a", "group_name": "g"}, {"name": "b"}, ["name"]),
    ],
)
def test_what_a_hand_changed_is_named(kind, ours, changed, fields):
    theirs = {**ours, **changed}
    assert documents.judge(kind, ours, theirs, ()) is Verdict.FOREIGN
    assert [one.field for one in documents.differences(kind, ours, theirs)] == fields
    mark = documents.fingerprint(kind, theirs)
    assert documents.judge(kind, ours, theirs, [mark]) is Verdict.OLDER


def test_what_is_gone_differs_in_everything_it_had():
    assert documents.judge(DriftKind.CONTACT_WAY, WAY, None, ()) is Verdict.GONE
    gone = documents.differences(DriftKind.CONTACT_WAY, WAY, None)
    assert [(one.field, one.theirs) for one in gone] == [
        (name, None) for name in ("users", "remark", "state", "skip_verify")
    ]


@given(st.lists(st.text(min_size=1, max_size=3), max_size=60))
def test_the_newest_marks_are_remembered(marks):
    earlier: list[str] = []
    for mark in marks:
        earlier = documents.remember(earlier, mark)
        assert earlier[-1] == mark
    assert len(earlier) <= documents.EARLIER_KEPT
    assert len(set(earlier)) == len(earlier)
    newest = list(dict.fromkeys(reversed(marks)))[: documents.EARLIER_KEPT]
    assert list(reversed(earlier)) == newest


ways = st.fixed_dictionaries(
    {
        "users": st.lists(st.sampled_from("abc")),
        "parties": st.lists(st.integers(1, 3)),
        "remark": st.text(max_size=35),
        "state": st.sampled_from(["", "c1"]),
        "skip_verify": st.booleans(),
    }
)


@given(ours=ways, theirs=ways)
def test_equal_fingerprints_are_no_differences_and_the_other_way_round(ours, theirs):
    kind = DriftKind.CONTACT_WAY
    is_same = documents.fingerprint(kind, ours) == documents.fingerprint(kind, theirs)
    assert is_same == (documents.differences(kind, ours, theirs) == ())
    assert documents.normalise(kind, documents.normalise(kind, ours)) == documents.normalise(kind, ours)
