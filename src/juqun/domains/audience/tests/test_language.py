"""Reading trees: what is refused, where the error points, what it allows; the published schema says the same."""

import copy
import json
from pathlib import Path

import pytest
from hypothesis import given, settings

from juqun.domains.audience import errors
from juqun.domains.audience.rules.conditions import KINDS
from juqun.domains.audience.rules.language import MAX_DEPTH, MAX_NODES, dump, parse, parse_json, walk
from juqun.domains.audience.rules.schema import json_schema
from juqun.domains.audience.tests import lakes
from juqun.domains.audience.tests.json_schema import valid
from juqun.domains.audience.types import Measure, Op, Orders

GOOD = {
    "version": 1,
    "all": [
        {"type": "orders", "measure": "count", "op": "gte", "value": 3, "within_days": 90, "category": ["coffee"]},
        {"type": "not_since", "event": "order", "days": 14},
        {"any": [{"type": "tag", "any_of": ["vip"]}, {"not": {"type": "relation", "is_friend": True}}]},
    ],
}


def test_good_tree_becomes_typed_nodes_and_back():
    segment = parse(GOOD)
    assert segment.root.children[0] == Orders(
        measure=Measure.COUNT, op=Op.GTE, value=3, within_days=90, category=("coffee",)
    )
    assert dump(segment) == GOOD
    assert [path for path, _ in walk(segment)] == [
        "$", "$.all[0]", "$.all[1]", "$.all[2]", "$.all[2].any[0]", "$.all[2].any[1]", "$.all[2].any[1].not",
    ]  # fmt: skip
    assert parse_json(json.dumps(GOOD)) == segment


ORDERS = {"type": "orders", "measure": "count", "op": "gte", "value": 3}
ATTRIBUTE = {"type": "attribute", "field": "tier", "op": "eq", "value": "gold"}
BAD = [
    ([], errors.SegmentValueError, "$"),
    ({}, errors.SegmentKeyMissingError, "$"),
    ({"version": 2, "all": [ORDERS]}, errors.SegmentValueError, "$.version"),
    ({"all": []}, errors.SegmentValueError, "$.all"),
    ({"all": [ORDERS], "any": [ORDERS]}, errors.SegmentKeyMissingError, "$"),
    ({"all": [ORDERS, {"not": [ORDERS]}]}, errors.SegmentValueError, "$.all[1].not"),
    ({"all": [{"version": 1, **ORDERS}]}, errors.SegmentKeyUnknownError, "$.all[0]"),
    ({"type": "ordres"}, errors.SegmentValueError, "$.type"),
    ({**ORDERS, "withn_days": 3}, errors.SegmentKeyUnknownError, "$"),
    ({"type": "orders", "op": "gte", "value": 3}, errors.SegmentKeyMissingError, "$"),
    ({"all": [ATTRIBUTE, {**ORDERS, "within_days": 0}]}, errors.SegmentValueError, "$.all[1].within_days"),
    ({**ORDERS, "within_days": True}, errors.SegmentValueError, "$.within_days"),
    ({**ORDERS, "within_days": 3.0}, errors.SegmentValueError, "$.within_days"),
    ({**ORDERS, "within_days": 3, "since": "2026-01-01"}, errors.SegmentValueError, "$.within_days"),
    ({**ORDERS, "since": "2026-02-30"}, errors.SegmentValueError, "$.since"),
    ({**ORDERS, "since": "2026-02-02", "until": "2026-02-01"}, errors.SegmentImpossibleError, "$.since"),
    ({**ORDERS, "value": -1}, errors.SegmentValueError, "$.value"),
    ({**ORDERS, "value": [1, 2]}, errors.SegmentValueError, "$.value"),
    ({**ORDERS, "op": "between", "value": 1}, errors.SegmentValueError, "$.value"),
    ({**ORDERS, "op": "between", "value": [2, 1]}, errors.SegmentImpossibleError, "$.value"),
    ({**ORDERS, "value": 0}, errors.SegmentImpossibleError, "$.value"),
    ({**ORDERS, "op": "lt", "value": 0}, errors.SegmentImpossibleError, "$.value"),
    ({**ORDERS, "op": "in"}, errors.SegmentValueError, "$.op"),
    ({**ORDERS, "category": ["a", 7]}, errors.SegmentValueError, "$.category[1]"),
    ({**ORDERS, "category": ["a\x00"]}, errors.SegmentValueError, "$.category[0]"),
    ({**ORDERS, "category": []}, errors.SegmentValueError, "$.category"),
    ({**ORDERS, "store": list(range(1, 1002))}, errors.SegmentTooLargeError, "$.store"),
    ({**ATTRIBUTE, "op": "gt"}, errors.SegmentValueError, "$.op"),
    ({**ATTRIBUTE, "field": "phone"}, errors.SegmentValueError, "$.field"),
    ({**ATTRIBUTE, "field": "attributes.a'b"}, errors.SegmentValueError, "$.field"),
    ({**ATTRIBUTE, "op": "known"}, errors.SegmentValueError, "$.value"),
    ({**ATTRIBUTE, "op": "in"}, errors.SegmentValueError, "$.value"),
    ({"type": "attribute", "field": "tier", "op": "eq"}, errors.SegmentKeyMissingError, "$"),
    ({"type": "attribute", "field": "birth_year", "op": "gte", "value": "1990"}, errors.SegmentValueError, "$.value"),
    (
        {"type": "attribute", "field": "attributes.x", "op": "lt", "value": float("nan")},
        errors.SegmentValueError,
        "$.value",
    ),
    ({"type": "tag"}, errors.SegmentKeyMissingError, "$"),
    ({"type": "tag", "all_of": ["a"], "none_of": ["a"]}, errors.SegmentImpossibleError, "$.none_of"),
    ({"type": "consent", "purpose": "profiling"}, errors.SegmentValueError, "$.purpose"),
    ({"type": "last_order"}, errors.SegmentKeyMissingError, "$"),
    ({"type": "last_order", "within_days": 1, "more_than_days_ago": 1}, errors.SegmentKeyMissingError, "$"),
    ({"type": "rfm", "r": [6]}, errors.SegmentValueError, "$.r[0]"),
    ({"type": "rfm", "r": [1, 2, 3, 4, 5]}, errors.SegmentImpossibleError, "$.r"),
    ({"type": "rfm", "r": [5], "thresholds": {"r_days": [1]}}, errors.SegmentValueError, "$.thresholds"),
    ({"type": "touches", "kind": ["ring"], "op": "gte", "value": 1}, errors.SegmentValueError, "$.kind[0]"),
    ({"all": [ORDERS, {"not": ORDERS}]}, errors.SegmentImpossibleError, "$.all[1]"),
]


@pytest.mark.parametrize(("tree", "error", "path"), BAD)
def test_bad_tree_is_refused_at_its_place(tree, error, path):
    with pytest.raises(error) as caught:
        parse(copy.deepcopy(tree))
    assert caught.value.path == path
    assert caught.value.allowed
    assert path in str(caught.value)


def test_error_says_what_is_allowed():
    with pytest.raises(errors.SegmentValueError) as caught:
        parse({"all": [{"type": "touches", "kind": ["ring"], "op": "gte", "value": 1}]})
    assert caught.value.fields == {
        "path": "$.all[0].kind[0]",
        "found": '"ring"',
        "allowed": "scan, friend, friend_lost, group_join, group_left, message, link, coupon_issued, "
        "coupon_redeemed, wrote",
    }


def test_depth_nodes_and_text_are_limited():
    deep = ORDERS
    for _ in range(MAX_DEPTH - 1):
        deep = {"not": deep}
    assert parse(deep)
    with pytest.raises(errors.SegmentTooLargeError) as caught:
        parse({"not": deep})
    assert caught.value.path == "$" + ".not" * MAX_DEPTH
    wide = {"any": [{**ORDERS, "value": n + 1} for n in range(MAX_NODES)]}
    with pytest.raises(errors.SegmentTooLargeError, match="200"):
        parse(wide)
    with pytest.raises(errors.SegmentTooLargeError):
        parse_json('{"not":' * 10_000 + "1" + "}" * 10_000)
    with pytest.raises(errors.SegmentTooLargeError):
        parse_json(" " * 200_001)
    with pytest.raises(errors.SegmentValueError):
        parse_json("{'all': []}")


def test_published_schema_is_the_one_of_the_code():
    published = Path(__file__).parents[1] / "segment.v1.schema.json"
    assert json.loads(published.read_text()) == json_schema()


@settings(max_examples=100, deadline=None, derandomize=True)
@given(tree=lakes.trees)
def test_schema_accepts_what_the_parser_accepts(tree):
    assert valid({"version": 1, **tree}, json_schema())


def test_schema_refuses_wrong_shapes():
    shapes = [
        {"type": "nothing"}, {"all": []}, {**ORDERS, "withn_days": 3}, {**ORDERS, "within_days": 0},
        {"type": "orders", "op": "gte", "value": 3}, {"type": "last_order"}, {"type": "tag"},
        {"all": [{"not": {"type": "rfm", "r": [6]}}]}, {**ORDERS, "category": []}, {**ORDERS, "since": "tomorrow"},
    ]  # fmt: skip
    assert [valid(shape, json_schema()) for shape in shapes] == [False] * len(shapes)
    assert valid(GOOD, json_schema())
    assert set(KINDS) < set(json_schema()["$defs"])
