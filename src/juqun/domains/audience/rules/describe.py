"""A segment in plain words, Chinese and English.

Not through the message catalogues: both texts are stored beside the segment, whatever the writer's language, and the two
languages order a sentence differently. A text says what the compilers do, no more and no less.
"""

from collections.abc import Mapping
from functools import singledispatchmethod
from typing import Any

from juqun.domains.audience.rules.phrases import PHRASES, Phrases
from juqun.domains.audience.types import (
    All,
    AnyOf,
    Attribute,
    Consent,
    FirstOrder,
    Group,
    LastOrder,
    Measure,
    Node,
    Not,
    NotSince,
    Op,
    Orders,
    Org,
    Relation,
    Rfm,
    Segment,
    Tag,
    Touches,
)


def describe(
    segment: Segment,
    lang: str,
    *,
    node_names: Mapping[int, str] | None = None,
    staff_names: Mapping[int, str] | None = None,
) -> str:
    """Return one sentence in ``lang`` ("zh..." Chinese, else English); names replace ids where they are given."""
    phrases = PHRASES["zh" if lang.lower().startswith("zh") else "en"]
    writer = _Writer(phrases, node_names or {}, staff_names or {})
    text = writer.write(segment.root)
    return phrases.sentence.format(text[1:-1] if writer.is_bracketed(text) else text)


class _Writer:
    def __init__(self, phrases: Phrases, nodes: Mapping[int, str], staff: Mapping[int, str]) -> None:
        self.say = phrases
        self.nodes = nodes
        self.staff = staff

    def bracketed(self, text: str) -> str:
        return f"{self.say.open}{text}{self.say.close}"

    def is_bracketed(self, text: str) -> bool:
        """Return whether one pair of brackets holds the whole text."""
        depth = 0
        for place, letter in enumerate(text):
            depth += (letter == self.say.open) - (letter == self.say.close)
            if depth == 0:
                return place == len(text) - 1 and letter == self.say.close
        return False

    def listed(self, values: tuple[Any, ...]) -> str:
        shown = [str(value) for value in values]
        if len(shown) > 5:
            shown = [*shown[:5], self.say.more.format(len(values) - 5)]
        return self.say.comma.join(shown)

    def amount(self, value: Any, *, money: bool) -> str:
        if isinstance(value, tuple):
            return self.say.to.join(self.amount(item, money=money) for item in value)
        return self.say.yuan.format(f"{value // 100}.{value % 100:02d}") if money else str(value)

    def compared(self, op: Op, value: Any, *, money: bool = False) -> str:
        return self.say.ops[op].format(self.amount(value, money=money))

    def window(self, node: Orders | Touches) -> str:
        if node.within_days is not None:
            return self.say.within.format(node.within_days)
        if node.since and node.until:
            return self.say.since_until.format(node.since, node.until)
        if node.since:
            return self.say.since.format(node.since)
        return self.say.until.format(node.until) if node.until else self.say.ever

    def products(self, node: Orders | LastOrder | FirstOrder) -> str:
        parts = [
            self.say.filters[name].format(self.listed(values))
            for name in ("product", "category", "department", "store")
            if (values := getattr(node, name))
        ]
        return "".join(parts)

    @singledispatchmethod
    def write(self, node: Node) -> str:
        """Return the words of a node."""
        raise TypeError(type(node).__name__)

    @write.register
    def _(self, node: All) -> str:
        return self._joined(node.children, self.say.and_)

    @write.register
    def _(self, node: AnyOf) -> str:
        return self._joined(node.children, self.say.or_)

    def _joined(self, children: tuple[Node, ...], word: str) -> str:
        texts = [self.write(child) for child in children]
        return texts[0] if len(texts) == 1 else self.bracketed(word.join(texts))

    @write.register
    def _(self, node: Not) -> str:
        text = self.write(node.child)
        return self.say.not_.format(text if self.is_bracketed(text) else self.bracketed(text))

    @write.register
    def _(self, node: Attribute) -> str:
        field = self.say.fields.get(node.field, node.field.removeprefix("attributes."))
        if node.op in (Op.KNOWN, Op.UNKNOWN):
            return f"{field}{self.say.ops[node.op]}"
        if node.op in (Op.IN, Op.NOT_IN) and isinstance(node.value, tuple):
            return f"{field}{self.say.ops[node.op].format(self.listed(node.value))}"
        value: Any = self.say.values.get(node.value, node.value) if isinstance(node.value, str) else node.value
        return f"{field}{self.compared(node.op, value)}"

    @write.register
    def _(self, node: Tag) -> str:
        parts = [
            self.say.tags[name].format(self.listed(tags))
            for name in ("any_of", "all_of", "none_of")
            if (tags := getattr(node, name))
        ]
        return self._group(parts)

    def _group(self, parts: list[str]) -> str:
        return parts[0] if len(parts) == 1 else self.bracketed(self.say.and_.join(parts))

    @write.register
    def _(self, node: Relation) -> str:
        parts = []
        if node.is_friend is not None:
            parts.append(self.say.friend[node.is_friend])
        if node.in_group is not None:
            parts.append(self.say.in_group[node.in_group])
        if node.staff_id:
            names = tuple(self.staff.get(staff, f"#{staff}") for staff in node.staff_id)
            parts.append(self.say.guided.format(self.listed(names)))
        return self._group(parts)

    @write.register
    def _(self, node: Group) -> str:
        kind = self.say.group_kind.format(self.listed(node.kind)) if node.kind else self.say.any_group
        role = self.say.group_role.format(self.listed(node.role)) if node.role else ""
        return f"{kind}{role}"

    @write.register
    def _(self, node: Consent) -> str:
        return self.say.consent[node.granted]

    @write.register
    def _(self, node: Org) -> str:
        return self.say.org.format(self.nodes.get(node.node_id, f"#{node.node_id}"))

    @write.register
    def _(self, node: Orders) -> str:
        compared = self.compared(node.op, node.value, money=node.measure is Measure.SUM_FEN)
        return self.say.measures[node.measure].format(
            window=self.window(node), products=self.products(node), compared=compared
        )

    @write.register
    def _(self, node: LastOrder) -> str:
        return self._edge(node, self.say.last_order)

    @write.register
    def _(self, node: FirstOrder) -> str:
        return self._edge(node, self.say.first_order)

    def _edge(self, node: LastOrder | FirstOrder, words: str) -> str:
        if node.within_days is not None:
            when = self.say.edge_within.format(node.within_days)
        else:
            when = self.say.edge_before.format(node.more_than_days_ago)
        return words.format(products=self.products(node), when=when)

    @write.register
    def _(self, node: NotSince) -> str:
        return self.say.not_since.format(days=node.days, event=self.say.events[node.event])

    @write.register
    def _(self, node: Rfm) -> str:
        parts = [
            self.say.grades[letter].format("/".join(map(str, sorted(grades))))
            for letter in ("r", "f", "m")
            if (grades := getattr(node, letter))
        ]
        by = self.say.by_thresholds if node.thresholds else self.say.by_quintiles
        return self.say.rfm.format(grades=self.say.comma.join(parts), days=node.within_days, by=by)

    @write.register
    def _(self, node: Touches) -> str:
        kinds = self.say.or_.join(self.say.events[kind] for kind in node.kind)
        source = self.say.source.format(self.listed(node.source)) if node.source else ""
        return self.say.touches.format(
            kinds=kinds, source=source, window=self.window(node), compared=self.compared(node.op, node.value)
        )
