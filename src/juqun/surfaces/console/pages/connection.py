"""The connection to WeCom: a self-check, line by line, each with what to do."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy

from juqun.channels.wecom import operations as wecom
from juqun.channels.wecom.types import CheckInput
from juqun.domains.groups import queries as groups
from juqun.domains.groups.types import EntryState
from juqun.domains.org import queries as org
from juqun.surfaces.console.access import Area
from juqun.surfaces.console.page import Page


class ConnectionPage(Page):
    """The frame; its lines are asked for one after the other, so that each shows as soon as it is known."""

    area = Area.CONNECTION
    title = gettext_lazy("WeCom connection")
    template_name = "console/connection.html"

    def values(self, **kwargs: Any) -> dict[str, Any]:
        """The first line that is to be checked."""
        return self.line_values(0)

    @staticmethod
    def line_values(place: int) -> dict[str, Any]:
        """The line that comes next, how far the check is, and what it found wrong so far."""
        names = wecom.check_names()
        return {
            "place": place,
            "total": len(names),
            "percent": round(100 * place / len(names)),
            "name": names[place][1] if place < len(names) else "",
        }


class ConnectionLine(ConnectionPage):
    """One line: the check at a place of the list, and the request for the next."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Run the check and show what it found."""
        names = wecom.check_names()
        place = min(max(self.number("at"), 0), len(names) - 1)
        given = CheckInput(
            callback_url=f"{settings.PUBLIC_URL}/callbacks/wecom/",
            staff_userids=tuple(one.userid for one in org.list_staff(scope=self.scope) if one.userid),
            join_ways=groups.count_entries_by_state(scope=self.scope)[EntryState.READY],
        )
        line = wecom.run_check(key=names[place][0], given=given)
        bad = max(self.number("bad"), 0) + (not line.is_ok)
        return self.part("console/parts/check_line.html", line=line, bad=bad, **self.line_values(place + 1))
