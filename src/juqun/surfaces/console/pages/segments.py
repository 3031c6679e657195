"""Segments: the list, and the builder that counts while one edits."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from juqun.domains.audience import operations, queries
from juqun.domains.members import queries as members
from juqun.domains.org import queries as org
from juqun.kernel import clock
from juqun.kernel.errors import DomainError, InvalidInputError
from juqun.surfaces.console import segment_form
from juqun.surfaces.console.access import Area
from juqun.surfaces.console.page import Page

SAMPLE = 5
MOST_NODES = 800


class SegmentsPage(Page):
    """The saved segments of the reader's part."""

    area = Area.SEGMENTS
    title = gettext_lazy("Segments")
    template_name = "console/segments/list.html"

    def values(self, **kwargs: Any) -> dict[str, Any]:
        """Each with its words in the reader's language."""
        is_chinese = (get_language() or "").startswith("zh")
        segments = [
            {"segment": one, "words": one.description_zh if is_chinese else one.description_en}
            for one in queries.list_segments(scope=self.scope)
        ]
        return {"segments": segments, "may_create": self.reader.decides}


class Builder(Page):
    """What the pages of the builder share: the tree that a form holds, read as rows or as JSON."""

    area = Area.SEGMENTS

    def read(self) -> tuple[dict[str, Any], segment_form.Draft | None]:
        """The tree of the form and, when it was edited as rows, its draft. Raises InvalidInputError for broken JSON."""
        posted = self.request.POST
        if posted.get("mode") == "json":
            return _parse(posted.get("raw", "")), None
        draft = segment_form.read_form(posted)
        try:
            return segment_form.to_tree(draft), draft
        except ValueError as error:
            raise InvalidInputError from error

    def check(self, tree: Mapping[str, Any]) -> dict[str, Any]:
        """The canonical tree. Raises the audience room's errors, and org's for a node that the reader may not see."""
        checked = queries.check_tree(tree=tree)
        for node_id in _named_nodes(checked):
            org.get_node(scope=self.scope, node_id=node_id)
        for staff_id in _named_staff(checked):
            org.get_staff(scope=self.scope, staff_id=staff_id)
        return checked

    def builder_values(self, draft: segment_form.Draft | None, tree: Mapping[str, Any] | None) -> dict[str, Any]:
        """What the rows (or the JSON text, when there is no draft) are drawn from."""
        return {
            "draft": draft,
            "raw": "" if draft is not None else json.dumps(tree, ensure_ascii=False, indent=2),
            "addable": [(kind, segment_form.ROWS[kind][0]) for kind in segment_form.ADDABLE],
            "group_choices": segment_form.GROUPS,
            "nodes": org.list_nodes(scope=self.scope)[:MOST_NODES],
            "tags": [tag for tag, _number in members.list_tags(scope=self.scope)[:100]],
            "grades": ["5", "4", "3", "2", "1"],
        }


def _parse(text: str) -> dict[str, Any]:
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidInputError from error
    if not isinstance(tree, dict):
        raise InvalidInputError
    return tree


def _leaves(node: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(node, list):
        for child in node:
            yield from _leaves(child)
    elif isinstance(node, dict):
        if "type" in node:
            yield node
        for form in ("all", "any", "not"):
            yield from _leaves(node.get(form))


def _named_nodes(tree: Mapping[str, Any]) -> list[int]:
    found = []
    for leaf in _leaves(tree):
        found += [leaf["node_id"]] if "node_id" in leaf else []
        found += leaf.get("store", [])
    return found


def _named_staff(tree: Mapping[str, Any]) -> list[int]:
    return [staff_id for leaf in _leaves(tree) for staff_id in leaf.get("staff_id", [])]


class SegmentPage(Builder):
    """The builder with a saved segment or a new one."""

    template_name = "console/segments/builder.html"
    actions = {"save": "save", "archive": "archive"}
    deciders_only = frozenset({"save", "archive"})

    def values(self, **kwargs: Any) -> dict[str, Any]:
        """The segment's rows, or the rows that a new one begins with."""
        segment_id = kwargs.get("segment_id")
        if segment_id is None:
            draft = segment_form.new_draft()
            return {"title": _("New segment"), "name": "", "segment": None, **self._frame(draft, None)}
        segment = queries.get_segment(scope=self.scope, segment_id=segment_id)
        draft = segment_form.from_tree(segment.tree)
        return {"title": segment.name, "name": segment.name, "segment": segment, **self._frame(draft, None)}

    def _frame(self, draft: segment_form.Draft | None, tree: Mapping[str, Any] | None) -> dict[str, Any]:
        return {**self.builder_values(draft, tree), "may_save": self.reader.decides}

    def save(self, segment_id: int | None = None) -> HttpResponse:
        """Save under its name; what cannot be saved is said over the rows as they stand."""
        name = self.request.POST.get("name", "").strip()[:100]
        try:
            tree, _draft = self.read()
            tree = self.check(tree)
            if not name:
                return self._again(segment_id, _("Give the segment a name."))
            if segment_id is None:
                node_id = None if self.scope.is_whole_chain else self.reader.staff.node_id
                saved = operations.create_segment(name=name, tree=tree, actor=self.reader.staff.name, node_id=node_id)
            else:
                saved = operations.update_segment(scope=self.scope, segment_id=segment_id, name=name, tree=tree)
            operations.recount_segment(segment_id=saved.id, at=clock.now())
        except DomainError as error:
            if error.http_status == 404 and segment_id is not None:
                raise
            return self._again(segment_id, str(error))
        self.tell(_("Saved: %(name)s.") % {"name": saved.name})
        return HttpResponseRedirect(reverse("console:segments"))

    def _again(self, segment_id: int | None, text: str) -> HttpResponse:
        posted = self.request.POST
        segment = queries.get_segment(scope=self.scope, segment_id=segment_id) if segment_id else None
        is_json = posted.get("mode") == "json"
        values = self._frame(None if is_json else segment_form.read_form(posted), {})
        if is_json:
            values["raw"] = posted.get("raw", "")
        return self.show(
            status=422, title=segment.name if segment else _("New segment"), name=posted.get("name", ""),
            segment=segment, problem_text=text, **values,
        )  # fmt: skip

    def archive(self, segment_id: int | None = None) -> HttpResponse:
        """Take the segment out of the list."""
        if segment_id is None:
            return self.problem(404, _("Not found"), _("Only a saved segment can be archived."))
        operations.archive_segment(scope=self.scope, segment_id=segment_id)
        self.tell(_("The segment is archived; campaigns that used it keep their members."))
        return HttpResponseRedirect(reverse("console:segments"))


class SegmentRows(Builder):
    """The rows anew after a button of the builder; says that the count has to be taken again."""

    http_method_names = ["post"]

    def post(self, request: Any, **kwargs: Any) -> HttpResponse:
        """Add, remove, or change between rows and JSON."""
        wish, text = request.POST.get("do", ""), ""
        draft: segment_form.Draft | None = None
        tree: dict[str, Any] = {}
        try:
            tree, draft = self.read()
            if wish == "mode:json":
                draft = None
            elif wish == "mode:rows":
                draft = segment_form.from_tree(queries.check_tree(tree=tree))
            elif draft is not None:
                draft = segment_form.change(draft, wish)
        except DomainError as error:
            text = str(error)
        values = self.builder_values(draft, tree)
        if text:
            values |= {"problem_text": text, "raw": request.POST.get("raw", "") or json.dumps(tree, ensure_ascii=False)}
        answer = self.part("console/segments/rows.html", **values)
        answer["HX-Trigger-After-Settle"] = "segment-changed"
        return answer


class SegmentCount(Builder):
    """The live count: members, who can be reached, the segment in words, a sample."""

    http_method_names = ["post"]

    def post(self, request: Any, **kwargs: Any) -> HttpResponse:
        """Count what the form holds now."""
        try:
            tree, _draft = self.read()
            tree = self.check(tree)
            count = queries.count_segment(scope=self.scope, tree=tree)
            language = "zh" if (get_language() or "").startswith("zh") else "en"
            words = queries.describe_tree(tree=tree, lang=language)
            sample = queries.sample_members(scope=self.scope, tree=tree, limit=SAMPLE)
        except DomainError as error:
            return self.part("console/segments/result.html", problem_text=str(error))
        return self.part("console/segments/result.html", count=count, words=words, sample=self._people(sample))

    def _people(self, member_ids: list[int]) -> list[Any]:
        """The sample's members; who left the reader's part since the lake was fed is passed over."""
        found = []
        for member_id in member_ids:
            try:
                found.append(members.get_member(scope=self.scope, member_id=member_id))
            except DomainError:
                continue
        return found
