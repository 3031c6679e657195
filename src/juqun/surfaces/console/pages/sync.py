"""Sync: how the copy of WeCom is doing: what is being read, what the last readings put right, and what they could not read."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from juqun.channels.wecom import operations, queries
from juqun.channels.wecom.types import SyncMode
from juqun.surfaces.console.access import Area
from juqun.surfaces.console.page import Page

SHOWN_RUNS = 20


class SyncPage(Page):
    """The latest runs, and the two buttons that begin one."""

    area = Area.SYNC
    title = gettext_lazy("Sync with WeCom")
    template_name = "console/sync.html"
    actions = {"sync": "sync", "reconcile": "reconcile", "stop": "stop"}

    def values(self, **kwargs: Any) -> dict[str, Any]:
        """The runs, newest first, and whether any goes on."""
        runs = queries.list_syncs(scope=self.scope, limit=SHOWN_RUNS)
        return {"runs": runs, "is_moving": any(run.is_open for run in runs)}

    def sync(self) -> None:
        """Take up what WeCom has."""
        self._ask(SyncMode.TAKE_UP)

    def reconcile(self) -> None:
        """Make our copy equal to WeCom."""
        self._ask(SyncMode.RECONCILE)

    def stop(self) -> None:
        """End a run; what it took up stays."""
        reason = _("stopped by %(name)s") % {"name": self.reader.staff.name}
        if operations.stop_sync(run_id=self.number("run"), error=reason):
            self.tell(_("The run is stopped; what it took up stays."))

    def _ask(self, mode: SyncMode) -> None:
        operations.ask_sync(mode=mode, asked_by=self.reader.staff.name)
        self.tell(_("WeCom is being read: staff first, then customers, then groups."))


class SyncRuns(SyncPage):
    """The list of runs alone; the page asks for it while something moves."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Show the list."""
        return self.part("console/parts/sync_runs.html", **self.values())
