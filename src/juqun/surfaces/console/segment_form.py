"""The segment builder's rows: a draft of a segment tree that lives in form fields, and its way from and to JSON.

A field is named `<path>-<name>`; the path of the root is `0`, of its second child `0.1`. The draft may be incomplete: the
audience room says what is missing when it is counted or saved.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from juqun.kernel.money import format_yuan, parse_yuan

Choices = Sequence[tuple[str, Promise | str]]
Json = dict[str, Any]

GROUPS: Final[Choices] = (("all", _("all of these")), ("any", _("any of these")), ("none", _("none of these")))
YES_NO: Final[Choices] = (("1", _("yes")), ("0", _("no")))
COMPARE: Final[Choices] = (
    ("gte", _("at least")), ("gt", _("more than")), ("lte", _("at most")), ("lt", _("less than")), ("eq", _("exactly")),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One field of a row. `kind`: choice, number, yuan, words (separated by commas), text, grades, node, json."""

    name: str
    kind: str
    label: Promise | str = ""
    choices: Choices = ()
    initial: str = ""
    hint: Promise | str = ""


def _days(initial: str) -> Control:
    return Control(name="within_days", kind="number", label=_("in the last … days"), initial=initial, hint=_("ever"))


_CATEGORY = Control(name="category", kind="words", label=_("only categories"), hint=_("all"))

# Condition -> what its row asks. The names of the fields are those of the segment language unless `_leaf_json` says otherwise.
ROWS: Final[Mapping[str, tuple[Promise | str, tuple[Control, ...]]]] = {
    "orders": (
        _("Orders"),
        (
            Control(
                name="measure", kind="choice",
                choices=(("count", _("number of orders")), ("sum_fen", _("money spent (yuan)")),
                         ("distinct_products", _("different products")), ("distinct_stores", _("different stores"))),
            ),
            Control(name="op", kind="choice", choices=COMPARE),
            Control(name="value", kind="number", initial="3"),
            _days("90"),
            _CATEGORY,
        ),
    ),
    "last_order": (
        _("Last order"),
        (
            Control(
                name="when", kind="choice",
                choices=(("more_than_days_ago", _("more than … days ago")), ("within_days", _("within … days"))),
            ),
            Control(name="days", kind="number", initial="30"),
            _CATEGORY,
        ),
    ),
    "not_since": (
        _("Nothing since"),
        (
            Control(
                name="event", kind="choice",
                choices=(("order", _("no order")), ("message", _("no message from us")), ("wrote", _("did not write")),
                         ("coupon_redeemed", _("used no coupon"))),
            ),
            Control(name="days", kind="number", label=_("in the last … days"), initial="14"),
        ),
    ),
    "rfm": (
        _("RFM grade (5 is best)"),
        (
            Control(name="r", kind="grades", label=_("recency")),
            Control(name="f", kind="grades", label=_("frequency")),
            Control(name="m", kind="grades", label=_("money")),
        ),
    ),
    "tag": (
        _("Tag"),
        (
            Control(
                name="which", kind="choice",
                choices=(("any_of", _("has any of")), ("all_of", _("has all of")), ("none_of", _("has none of"))),
            ),
            Control(name="tags", kind="words", hint=_("tags, separated by commas")),
        ),
    ),
    "relation": (
        _("Relation"),
        (
            Control(
                name="which", kind="choice",
                choices=(("is_friend", _("friend of staff")), ("in_group", _("in a group"))),
            ),
            Control(name="is", kind="choice", choices=YES_NO),
        ),
    ),
    "consent": (
        _("Consent"),
        (
            Control(
                name="purpose", kind="choice", choices=(("marketing", _("to marketing")), ("profiling", _("to profiling")))
            ),
            Control(name="granted", kind="choice", choices=YES_NO),
        ),
    ),
    "attribute": (
        _("Property"),
        (
            Control(name="field", kind="text", initial="tier", hint=_("gender, tier, birth_year, attributes.…")),
            Control(
                name="op", kind="choice",
                choices=(("eq", _("is")), ("ne", _("is not")), ("in", _("is one of")), ("gte", _("at least")),
                         ("lte", _("at most")), ("known", _("is known")), ("unknown", _("is not known"))),
            ),
            Control(name="value", kind="text"),
        ),
    ),
    "touches": (
        _("Touches"),
        (
            Control(
                name="kind", kind="choice",
                choices=(("message", _("messages received")), ("link", _("links opened")), ("scan", _("codes scanned")),
                         ("group_join", _("groups joined")), ("coupon_issued", _("coupons received")),
                         ("coupon_redeemed", _("coupons used")), ("wrote", _("wrote to us"))),
            ),
            Control(name="op", kind="choice", choices=COMPARE),
            Control(name="value", kind="number", initial="1"),
            _days("30"),
        ),
    ),
    "org": (_("Belongs to"), (Control(name="node_id", kind="node"),)),
    "json": (_("Condition as JSON"), (Control(name="text", kind="json"),)),
}  # fmt: skip
ADDABLE: Final = tuple(kind for kind in ROWS if kind != "json")


@dataclass(slots=True, kw_only=True)
class Draft:
    """A node of the draft: a group (all, any, none) with children, or a condition with the texts of its fields."""

    kind: str
    fields: dict[str, list[str]] = field(default_factory=dict)
    children: list["Draft"] = field(default_factory=list)
    path: str = "0"

    @property
    def is_group(self) -> bool:
        """Whether the node holds others."""
        return self.kind in {"all", "any", "none"}

    def numbered(self, path: str = "0") -> "Draft":
        """Give the node and all below it the path of their place."""
        self.path = path
        for place, child in enumerate(self.children):
            child.numbered(f"{path}.{place}")
        return self

    @property
    def controls(self) -> list[tuple[Control, list[str]]]:
        """The fields of a condition with what they hold."""
        return [(control, self.fields.get(control.name, [])) for control in ROWS[self.kind][1]]

    @property
    def title(self) -> Promise | str:
        """What the condition is called."""
        return ROWS[self.kind][0]


def new_condition(kind: str) -> Draft:
    """A fresh row with its first values."""
    fields = {}
    for control in ROWS[kind][1]:
        first = control.initial or (control.choices[0][0] if control.choices else "")
        fields[control.name] = [str(first)] if first else []
    return Draft(kind=kind, fields=fields)


def new_draft() -> Draft:
    """What the builder opens with: friends of staff who have agreed to marketing."""
    return Draft(kind="all", children=[new_condition("relation"), new_condition("consent")]).numbered()


_NAME = re.compile(r"(0(?:\.\d{1,3}){0,12})-([a-z_]{1,20})")


def read_form(posted: QueryDict) -> Draft:
    """The draft that the form's fields hold; a form without any is a new draft."""
    nodes: dict[str, dict[str, list[str]]] = {}
    for key in posted:
        match = _NAME.fullmatch(key)
        if match is not None:
            nodes.setdefault(match[1], {})[match[2]] = posted.getlist(key)
    return _build("0", nodes) if "0" in nodes else new_draft()


def _build(path: str, nodes: Mapping[str, dict[str, list[str]]]) -> Draft:
    fields = dict(nodes[path])
    kind = fields.pop("type", ["all"])[0]
    if kind not in ROWS:
        below = [one for one in nodes if one.startswith(f"{path}.") and one.count(".") == path.count(".") + 1]
        below.sort(key=lambda one: int(one.rsplit(".", 1)[1]))
        group = kind if kind in {"all", "any", "none"} else "all"
        return Draft(kind=group, children=[_build(one, nodes) for one in below], path=path)
    return Draft(kind=kind, fields=fields, path=path)


def change(draft: Draft, wish: str) -> Draft:
    """Do what a button of the builder asks: `add:<path>:<kind>`, `group:<path>`, `remove:<path>`."""
    verb, _sep, rest = wish.partition(":")
    path, _sep, kind = rest.partition(":")
    place = _find(draft, path)
    if place is not None:
        if verb == "add" and place.is_group and kind in ADDABLE:
            place.children.append(new_condition(kind))
        elif verb == "group" and place.is_group:
            place.children.append(Draft(kind="any", children=[new_condition("tag")]))
        elif verb == "remove" and "." in path:
            parent = _find(draft, path.rsplit(".", 1)[0])
            if parent is not None:
                parent.children.remove(place)
    return draft.numbered()


def _find(draft: Draft, path: str) -> Draft | None:
    if draft.path == path:
        return draft
    return next((found for child in draft.children if (found := _find(child, path)) is not None), None)


def to_tree(draft: Draft) -> Json:
    """The JSON tree of a draft. Raises ValueError for a raw condition that is no JSON object."""
    return {"version": 1, **_node_json(draft)}


def _node_json(draft: Draft) -> Json:
    if not draft.is_group:
        return _leaf_json(draft.kind, draft.fields)
    children = [_node_json(child) for child in draft.children]
    return {"not": {"any": children}} if draft.kind == "none" else {draft.kind: children}


def _leaf_json(kind: str, fields: Mapping[str, list[str]]) -> Json:
    """A condition with the fields that hold something."""

    def one(name: str) -> str:
        return (fields.get(name) or [""])[0].strip()

    if kind == "json":
        raw = json.loads(one("text"))
        if not isinstance(raw, dict):
            raise ValueError(one("text"))
        return raw
    if kind == "tag":
        return {"type": "tag", one("which") or "any_of": _words(one("tags"))}
    if kind == "relation":
        return {"type": "relation", one("which") or "is_friend": one("is") != "0"}
    if kind == "last_order":
        return {"type": kind, one("when"): _number(one("days")), **_some("category", _words(one("category")))}
    found: Json = {"type": kind}
    for control in ROWS[kind][1]:
        found.update(_some(control.name, _read(kind, control, fields)))
    if kind == "touches":
        found["kind"] = [found["kind"]]
    return found


def _read(kind: str, control: Control, fields: Mapping[str, list[str]]) -> Any:
    texts = fields.get(control.name) or [""]
    text = texts[0].strip()
    if control.name == "granted":
        return text != "0"
    if control.kind == "grades":
        return [int(one) for one in texts if one in {"1", "2", "3", "4", "5"}]
    if control.kind == "words":
        return _words(text)
    if control.kind in {"number", "node"}:
        is_money = kind == "orders" and control.name == "value" and (fields.get("measure") or [""])[0] == "sum_fen"
        return _fen(text) if is_money else _number(text)
    if kind == "attribute" and control.name == "value":
        return _attribute_value(text, (fields.get("op") or [""])[0], (fields.get("field") or [""])[0])
    return text or None


def _attribute_value(text: str, op: str, name: str) -> Any:
    if op in {"known", "unknown"} or not text:
        return None
    if op == "in":
        return _words(text)
    return _number(text) if name == "birth_year" or (op in {"gte", "lte"} and text.isdecimal()) else text


def _some(name: str, value: Any) -> Json:
    return {} if value is None or value == [] else {name: value}


def _words(text: str) -> list[str]:
    return [word.strip() for word in re.split(r"[,，、;；]", text) if word.strip()]


def _number(text: str) -> int | str | None:
    """A whole number; a text that is none goes on as it is, for the audience room to refuse in words."""
    if not text:
        return None
    return int(text) if re.fullmatch(r"-?\d{1,12}", text) else text


def _fen(text: str) -> int | str | None:
    try:
        return parse_yuan(text) if text else None
    except ValueError:
        return text


def from_tree(tree: Mapping[str, Any]) -> Draft:
    """The draft of a canonical tree; what the rows cannot show becomes a row of JSON."""
    body = {key: value for key, value in tree.items() if key != "version"}
    draft = _from_node(body)
    return (draft if draft.is_group else Draft(kind="all", children=[draft])).numbered()


def _from_node(node: Mapping[str, Any]) -> Draft:
    for form in ("all", "any"):
        if form in node:
            return Draft(kind=form, children=[_from_node(child) for child in node[form]])
    if "not" in node:
        inner = _from_node(node["not"])
        return Draft(kind="none", children=inner.children if inner.kind == "any" else [inner])
    kind = node.get("type", "")
    draft = Draft(kind=kind, fields=_texts(kind, node)) if kind in ADDABLE else None
    if draft is not None and _same(draft, node):
        return draft
    return Draft(kind="json", fields={"text": [json.dumps(dict(node), ensure_ascii=False)]})


def _same(draft: Draft, node: Mapping[str, Any]) -> bool:
    return _leaf_json(draft.kind, draft.fields) == dict(node)


def _texts(kind: str, node: Mapping[str, Any]) -> dict[str, list[str]]:
    """The texts of a row that would give this condition, as far as there are any."""
    found = {key: _text(value) for key, value in node.items() if key != "type"}
    if kind == "tag":
        which = next((key for key in ("any_of", "all_of", "none_of") if key in node), "any_of")
        return {"which": [which], "tags": [", ".join(node.get(which, ()))]}
    if kind == "relation":
        which = "is_friend" if "is_friend" in node else "in_group"
        return {"which": [which], "is": ["1" if node.get(which) else "0"]}
    if kind == "last_order":
        when = "within_days" if "within_days" in node else "more_than_days_ago"
        return {"when": [when], "days": _text(node.get(when, "")), "category": [", ".join(node.get("category", ()))]}
    if kind == "consent":
        found["granted"] = ["1" if node.get("granted", True) else "0"]
    if kind == "orders" and node.get("measure") == "sum_fen" and isinstance(node.get("value"), int):
        found["value"] = [format_yuan(node["value"]).replace(",", "").removesuffix(".00")]
    return found | {key: [", ".join(found[key])] for key in ("category",) if key in found}


def _text(value: Any) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list | tuple) else [str(value)]
