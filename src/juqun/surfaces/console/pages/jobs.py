"""Jobs and dead letters: what the machine still has to do, and what it gave up, with the reason."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from juqun.channels.wecom import queries as wecom
from juqun.kernel import jobs as kernel_jobs
from juqun.kernel.jobs import inspection
from juqun.kernel.models import JobState
from juqun.surfaces.console.access import Area
from juqun.surfaces.console.page import Page

PER_PAGE = 50


class JobsPage(Page):
    """Dead letters first; each can be tried again or discarded."""

    area = Area.JOBS
    title = gettext_lazy("Jobs and dead letters")
    template_name = "console/jobs.html"
    actions = {"retry": "retry", "discard": "discard"}

    def values(self, **kwargs: Any) -> dict[str, Any]:
        """Jobs of the chosen state, their counts, the schedules, and WeCom's calls that came in."""
        state = self.request.GET.get("state", JobState.DEAD)
        page = self.page_number()
        state = state if state in JobState.values else JobState.DEAD
        found = inspection.list_jobs(state=state, limit=PER_PAGE + 1, offset=(page - 1) * PER_PAGE)
        return {
            "state": state,
            "states": list(JobState.values),
            "counts": inspection.count_jobs(),
            "jobs": found[:PER_PAGE],
            "has_next": len(found) > PER_PAGE,
            "page_number": page,
            "schedules": inspection.list_schedules(),
            "inbox": wecom.count_inbox(scope=self.scope),
        }

    def _chosen(self) -> list[int]:
        return self.numbers("job")

    def retry(self) -> None:
        """Give the chosen dead letters a fresh start."""
        number = kernel_jobs.retry(self._chosen())
        self.tell(_("%(number)s jobs start anew.") % {"number": number})

    def discard(self) -> None:
        """Delete the chosen dead letters."""
        number = kernel_jobs.discard(self._chosen())
        self.tell(_("%(number)s jobs are discarded.") % {"number": number})
