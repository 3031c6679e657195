"""Imports: a file goes in, a job takes it over, the page shows how far it is and hands back the lines set aside."""

import re
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from juqun.kernel import ids
from juqun.kernel.imports import queries
from juqun.kernel.imports.errors import ImportRunNotFoundError
from juqun.kernel.jobs import enqueue
from juqun.surfaces.console import jobs
from juqun.surfaces.console.access import Area
from juqun.surfaces.console.page import Page

SUFFIXES = frozenset({".csv", ".txt", ".tsv", ".xlsx", ".parquet"})


class ImportsPage(Page):
    """All runs, newest first, and the form for the next."""

    area = Area.IMPORTS
    title = gettext_lazy("Imports")
    template_name = "console/imports.html"
    actions = {"upload": "upload"}

    def values(self, **kwargs: Any) -> dict[str, Any]:
        """The kinds that can be imported, with the columns that each wants, and the latest runs."""
        return {"kinds": jobs.COLUMNS, **self.run_values()}

    def run_values(self) -> dict[str, Any]:
        """The runs, and whether any is still going or waits for a worker."""
        runs = queries.list_runs(scope=self.scope)
        waiting = jobs.count_waiting_imports()
        return {"runs": runs, "waiting": waiting, "is_moving": waiting or any(run.state == "running" for run in runs)}

    def upload(self) -> HttpResponse | None:
        """Keep the file and hand it to a job."""
        kind, given = self.request.POST.get("kind", ""), self.request.FILES.get("file")
        if kind not in jobs.IMPORTERS or given is None:
            return self.problem(422, _("No file"), _("Choose what the file holds, and the file itself."))
        name = safe_name(given.name or "")
        if Path(name).suffix.lower() not in SUFFIXES:
            return self.problem(422, _("Not a table"), _("Save the file as CSV, XLSX or Parquet and try again."))
        folder = Path(settings.JUQUN_IMPORT_DIR) / "uploads" / ids.new_id()
        folder.mkdir(parents=True)
        with (folder / name).open("wb") as target:
            for chunk in given.chunks():
                target.write(chunk)
        enqueue(jobs.import_file, kind=kind, path=str(folder / name), actor=self.reader.staff.name)
        self.tell(_("The file is in; its lines are being taken over."))
        return None


class ImportRuns(ImportsPage):
    """The list of runs alone; the page asks for it every two seconds while something moves."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Show the list."""
        return self.part("console/parts/runs.html", **self.run_values())


class ImportErrors(Page):
    """The lines that a run set aside, as a CSV to be mended and imported again."""

    area = Area.IMPORTS

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        """Send the file."""
        run = queries.get_run(scope=self.scope, run_id=kwargs["run_id"])
        if run.error_file is None or not run.error_file.exists():
            raise ImportRunNotFoundError(run=str(run.id))
        return FileResponse(run.error_file.open("rb"), as_attachment=True, filename=run.error_file.name)


def safe_name(name: str) -> str:
    """The file's own name without anything that could lead out of its folder."""
    plain = re.sub(r"[^\w.\- ]+", "_", Path(name.replace("\\", "/")).name).strip(". ")
    return plain[-100:] or "upload"
