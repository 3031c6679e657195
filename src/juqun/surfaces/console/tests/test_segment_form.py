"""The builder's rows and the JSON tree say the same, both ways; no database."""

import pytest
from django.http import QueryDict

from juqun.surfaces.console import segment_form
from juqun.surfaces.console.segment_form import (
    ADDABLE,
    Draft,
    change,
    from_tree,
    new_condition,
    new_draft,
    read_form,
    to_tree,
)

TREES = [
    {"all": [{"type": "relation", "is_friend": True}, {"type": "consent", "purpose": "marketing", "granted": True}]},
    {"any": [{"type": "tag", "none_of": ["a", "b"]}, {"type": "tag", "any_of": ["c"]}]},
    {"not": {"any": [{"type": "not_since", "event": "order", "days": 14}]}},
    {"all": [{"type": "orders", "measure": "sum_fen", "op": "gte", "value": 12_350, "within_days": 90}]},
    {"all": [{"type": "orders", "measure": "count", "op": "lt", "value": 3, "category": ["Coffee", "Tea"]}]},
    {"all": [{"type": "last_order", "more_than_days_ago": 30}, {"type": "last_order", "within_days": 7}]},
    {"all": [{"type": "rfm", "r": [5, 4], "m": [5]}]},
    {"all": [{"type": "attribute", "field": "birth_year", "op": "gte", "value": 1990}]},
    {"all": [{"type": "attribute", "field": "tier", "op": "in", "value": ["gold", "silver"]}]},
    {"all": [{"type": "attribute", "field": "attributes.income", "op": "known"}]},
    {"all": [{"type": "touches", "kind": ["message"], "op": "gte", "value": 1, "within_days": 30}]},
    {"all": [{"type": "org", "node_id": 7}]},
    {"all": [{"any": [{"type": "tag", "any_of": ["x"]}, {"all": [{"type": "relation", "in_group": False}]}]}]},
    # What the rows cannot show stays word for word, as a row of JSON.
    {"all": [{"type": "first_order", "within_days": 9}]},
    {"all": [{"type": "orders", "measure": "count", "op": "between", "value": [1, 3], "since": "2026-01-01"}]},
    {"all": [{"type": "relation", "is_friend": True, "staff_id": [3]}]},
]


def posted(draft: Draft) -> QueryDict:
    """The fields that a browser would send for the rows."""
    form = QueryDict(mutable=True)

    def put(node: Draft) -> None:
        form[f"{node.path}-type"] = node.kind
        for name, held in node.fields.items():
            form.setlist(f"{node.path}-{name}", held)
        for child in node.children:
            put(child)

    put(draft)
    return form


@pytest.mark.parametrize("tree", TREES)
def test_a_tree_comes_back_from_its_rows(tree):
    assert to_tree(from_tree({"version": 1, **tree})) == {"version": 1, **tree}


@pytest.mark.parametrize("tree", TREES)
def test_a_tree_comes_back_from_the_form(tree):
    draft = from_tree({"version": 1, **tree})
    assert to_tree(read_form(posted(draft))) == {"version": 1, **tree}


def test_a_single_condition_is_put_under_a_group():
    assert to_tree(from_tree({"version": 1, "type": "org", "node_id": 7})) == {
        "version": 1,
        "all": [{"type": "org", "node_id": 7}],
    }


@pytest.mark.parametrize("kind", ADDABLE)
def test_each_condition_can_be_added_and_removed(kind):
    draft = change(new_draft(), f"add:0:{kind}")
    assert [child.kind for child in draft.children] == ["relation", "consent", kind]
    assert draft.children[2].path == "0.2"
    assert [child.kind for child in change(draft, "remove:0.0").children] == ["consent", kind]


def test_groups_nest_and_the_root_stays():
    draft = change(change(new_draft(), "group:0"), "add:0.2:org")
    assert [child.kind for child in draft.children[2].children] == ["tag", "org"]
    assert change(draft, "remove:0").kind == "all"


@pytest.mark.parametrize("wish", ["", "add", "add:0:json", "add:0:nothing", "add:9:tag", "remove:0.9", "drop:0"])
def test_a_wish_that_means_nothing_changes_nothing(wish):
    assert to_tree(change(new_draft(), wish)) == to_tree(new_draft())


def test_the_order_of_more_than_ten_rows_is_kept():
    draft = Draft(kind="all", children=[new_condition("tag") for _ in range(12)]).numbered()
    for number, child in enumerate(draft.children):
        child.fields["tags"] = [f"t{number}"]
    found = to_tree(read_form(posted(draft)))
    assert [one["any_of"] for one in found["all"]] == [[f"t{number}"] for number in range(12)]


def test_what_is_no_number_goes_on_for_the_room_to_refuse():
    draft = Draft(kind="all", children=[new_condition("not_since")]).numbered()
    draft.children[0].fields["days"] = ["soon"]
    assert to_tree(draft)["all"][0]["days"] == "soon"


def test_a_row_of_broken_json_is_refused():
    draft = Draft(kind="all", children=[Draft(kind="json", fields={"text": ["{"]})]).numbered()
    with pytest.raises(ValueError, match="Expecting"):
        to_tree(draft)


def test_every_row_begins_with_fields_of_its_own():
    for kind, (_title, controls) in segment_form.ROWS.items():
        assert set(new_condition(kind).fields) <= {control.name for control in controls}
