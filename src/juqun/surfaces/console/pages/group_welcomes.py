"""The welcome of a kind's groups: headquarters writes it, owners attach it in WeCom's client, and somebody ticks where that is done."""

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _

from juqun.domains.groups import operations, queries
from juqun.domains.groups.types import GroupKind
from juqun.kernel import clock
from juqun.kernel.errors import NotFoundError, RefusedError
from juqun.surfaces.console.access import Area
from juqun.surfaces.console.page import Page

MOST_GROUPS = 500
MOST_IMAGE_BYTES = 10 << 20


class GroupWelcomePage(Page):
    """Editor, preview, state, and the groups whose owners have to attach it."""

    area = Area.GROUPS
    template_name = "console/group_welcome.html"
    actions = {"save": "save", "drop": "drop", "tick": "tick", "untick": "untick"}
    deciders_only = frozenset({"save", "drop", "tick", "untick"})

    def values(self, **kwargs: Any) -> dict[str, Any]:
        """The welcome as it is wanted, and the reader's groups of the kind."""
        kind = _kind(kwargs["kind_id"])
        groups = queries.list_welcome_groups(scope=self.scope, kind_id=kind.id, limit=MOST_GROUPS)
        if not (groups or self.scope.is_whole_chain):
            raise NotFoundError
        return {
            "title": _("Welcome of %(kind)s") % {"kind": kind.name},
            "kind": kind,
            "welcome": queries.get_group_welcome(kind_id=kind.id),
            "groups": groups,
            "open": sum(one.ticked_at is None for one in groups),
            "may_write": self._may_write,
            "may_tick": self.reader.decides,
        }

    @property
    def _may_write(self) -> bool:
        return self.reader.decides and self.scope.is_whole_chain

    def _check_write(self) -> None:
        if not self._may_write:
            raise RefusedError

    def save(self, kind_id: int) -> HttpResponse | None:
        """Want this text and attachment."""
        self._check_write()
        kind, given, image = _kind(kind_id), self.request.POST, self.request.FILES.get("image")
        if image is not None and (image.size or 0) > MOST_IMAGE_BYTES:
            return self.problem(422, _("Too large"), _("WeCom takes pictures of at most 10 MB; choose a smaller one."))
        operations.set_group_welcome(
            kind_id=kind.id,
            text=given.get("text", ""),
            link_title=given.get("link_title", "").strip(),
            link_url=given.get("link_url", "").strip(),
            link_desc=given.get("link_desc", "").strip(),
            image=None if image is None else image.read(),
            keeps_image="keep" in given,
            image_name="" if image is None else image.name or "",
            actor=self.reader.staff.name,
            at=clock.now(),
        )
        self.tell(_("The welcome is being put into WeCom's library; then owners attach it."))
        return None

    def drop(self, kind_id: int) -> None:
        """Take it out of the library."""
        self._check_write()
        operations.drop_group_welcome(kind_id=_kind(kind_id).id, actor=self.reader.staff.name, at=clock.now())
        self.tell(_("The welcome is being taken out of WeCom's library."))

    def tick(self, kind_id: int) -> None:
        """Note that a group's owner attached it."""
        self._tick(is_ticked=True)

    def untick(self, kind_id: int) -> None:
        """Note that it is not attached after all."""
        self._tick(is_ticked=False)

    def _tick(self, *, is_ticked: bool) -> None:
        operations.tick_group(
            scope=self.scope,
            group_id=self.number("group"),
            is_ticked=is_ticked,
            actor=self.reader.staff.name,
            at=clock.now(),
        )


def _kind(kind_id: int) -> GroupKind:
    found = next((kind for kind in queries.list_kinds() if kind.id == kind_id), None)
    if found is None:
        raise NotFoundError
    return found
