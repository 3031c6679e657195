"""The groups board: which groups are silent, full or open, and which somebody has to create next."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from juqun.domains.groups import queries
from juqun.domains.groups.types import GroupState
from juqun.surfaces.console.access import Area
from juqun.surfaces.console.page import Page

MOST_CARDS = 200


class GroupsPage(Page):
    """The living groups of the reader's part, silent ones first."""

    area = Area.GROUPS
    title = _("Groups")
    template_name = "console/groups.html"

    def values(self, **kwargs: Any) -> dict[str, Any]:
        """Counts by state, the matrix of kinds, the groups themselves, and the plans that wait for a person."""
        state = self.request.GET.get("state", "")
        board = queries.board(scope=self.scope)
        chosen = [group for group in board if not state or group.state == state]
        return {
            "counts": queries.count_by_state(scope=self.scope),
            "state": state,
            "states": [GroupState.SILENT, GroupState.FULL, GroupState.OPEN],
            "matrix": queries.matrix(scope=self.scope),
            "groups": chosen[:MOST_CARDS],
            "total": len(chosen),
            "is_empty": not board,
            "planned": queries.list_planned_groups(scope=self.scope),
            "may_open": self.reader.decides,
            "may_make_kinds": self.reader.decides and self.scope.is_whole_chain,
        }
