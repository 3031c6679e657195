"""The groups board: which groups are silent, full or open, and which somebody has to create next."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from juqun.domains.groups import queries
from juqun.domains.groups.types import GroupState
from juqun.surfaces.console.access import Area
from juqun.surfaces.console.page import Page

PER_PAGE = 60
STATES = (GroupState.SILENT, GroupState.FULL, GroupState.OPEN)


class GroupsPage(Page):
    """The living groups of the reader's part, silent ones first."""

    area = Area.GROUPS
    title = _("Groups")
    template_name = "console/groups.html"

    def values(self, **kwargs: Any) -> dict[str, Any]:
        """Counts by state, the matrix of kinds, the groups themselves, and the plans that wait for a person."""
        asked = self.request.GET.get("state", "")
        state = GroupState(asked) if asked in STATES else None
        counts = queries.count_by_state(scope=self.scope)
        living = sum(counts[one] for one in STATES)
        pages = -(-(living if state is None else counts[state]) // PER_PAGE)
        number = min(self.page_number(), max(1, pages))
        return {
            "counts": counts,
            "state": state,
            "states": STATES,
            "matrix": queries.matrix(scope=self.scope),
            "groups": queries.board(scope=self.scope, state=state, limit=PER_PAGE, offset=(number - 1) * PER_PAGE),
            "page_number": number,
            "pages": pages,
            "is_empty": not living,
            "planned": queries.list_planned_groups(scope=self.scope),
            "may_open": self.reader.decides,
            "may_make_kinds": self.reader.decides and self.scope.is_whole_chain,
        }
