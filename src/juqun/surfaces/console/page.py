"""What all pages share: rights before anything else, errors of the rooms turned into words, one render."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.generic import View

from juqun.kernel.errors import DomainError, NotFoundError
from juqun.kernel.scope import DataScope
from juqun.surfaces.console.access import Area, Reader, reader_of

Crumb = tuple[str, str]

MOST_PAGES: Final = 10**9


def _holds_nul(request: HttpRequest) -> bool:
    """Whether a text of the query or form has a character that no keyboard writes and PostgreSQL cannot hold."""
    return any(
        "\x00" in text for given in (request.GET, request.POST) for _name, texts in given.lists() for text in texts
    )


class Page(View):
    """A page of one area. `values` gives the template what it shows; `actions` names the methods that a POST may call."""

    area: ClassVar[Area]
    title: ClassVar[Promise | str] = ""
    template_name: ClassVar[str]
    # action -> method; a method that answers None leads back to the page itself.
    actions: ClassVar[Mapping[str, str]] = {}
    # Actions for those only whose role decides what customers get.
    deciders_only: ClassVar[frozenset[str]] = frozenset()
    # Set by the URL map.
    site: Any = None
    reader: Reader

    @property
    def scope(self) -> DataScope:
        """The reader's part of the chain."""
        return self.reader.scope

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Refuse what the role may not open; say in words what a room refuses."""
        reader = reader_of(request)
        if reader is None:
            return HttpResponseRedirect(reverse("console:login"))
        if not reader.may(self.area):
            return self.problem(
                403, _("Not for your role"), _("Your role does not open this page; ask your headquarters.")
            )
        self.reader = reader
        if _holds_nul(request):
            return HttpResponseBadRequest(_("This form is out of date; reload the page."))
        try:
            return super().dispatch(request, *args, **kwargs)
        except DomainError as error:
            return self.refused(request, error)

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Show the page."""
        return self.show(**self.values(**kwargs))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Do what the form asks for, then show the page anew."""
        action = request.POST.get("action", "")
        method = self.actions.get(action)
        if method is None:
            return HttpResponseBadRequest(_("This form is out of date; reload the page."))
        if action in self.deciders_only and not self.reader.decides:
            title, text = (
                _("Not for your role"),
                _("Your role may look at this but not change it; ask your store manager."),
            )
            return self.problem(403, title, text)
        answer: HttpResponse | None = getattr(self, method)(**kwargs)
        return answer or HttpResponseRedirect(request.get_full_path())

    def values(self, **kwargs: Any) -> dict[str, Any]:
        """What the template shows."""
        del kwargs
        return {}

    def show(self, *, status: int = 200, template: str | None = None, **values: Any) -> HttpResponse:
        """Render with the frame's own values."""
        values.setdefault("title", self.title)
        values["reader"] = self.reader
        return render(
            self.request,
            template or self.template_name,
            {**self.site.each_context(self.request), **values},
            status=status,
        )

    def part(self, template: str, *, status: int = 200, **values: Any) -> HttpResponse:
        """Render a part of a page, for htmx."""
        return render(self.request, template, {**values, "reader": self.reader}, status=status)

    def refused(self, request: HttpRequest, error: DomainError) -> HttpResponse:
        """What is not there (for this reader) is a page of its own; any other refusal is shown over the page it came from."""
        if isinstance(error, NotFoundError):
            return self.problem(404, _("Not found"), str(error))
        if request.method == "POST":
            messages.error(request, str(error))
            return HttpResponseRedirect(request.get_full_path())
        return self.problem(error.http_status, _("This cannot be shown"), str(error))

    def tell(self, text: str) -> None:
        """Show a sentence over the next page."""
        messages.success(self.request, text)

    def number(self, name: str, default: int = 0) -> int:
        """A whole number of the query or form; the default for anything else."""
        given = self.request.POST.get(name, self.request.GET.get(name, ""))
        return int(given) if given.removeprefix("-").isdecimal() and len(given) < 19 else default  # fits a BigAutoField

    def page_number(self) -> int:
        """Which page of a list is asked for, from 1; a number that no list reaches counts as the last a database can skip to."""
        return min(max(1, self.number("page", 1)), MOST_PAGES)

    def numbers(self, name: str) -> list[int]:
        """The ids that are ticked in a form; whatever is no id is left out."""
        return [int(one) for one in self.request.POST.getlist(name) if one.isdecimal() and len(one) < 19]

    def problem(self, status: int, title: str, text: str) -> HttpResponse:
        """Say what is wrong and what to do next, as a page or (for htmx) as a part of one."""
        values = {"title": title, "text": text}
        if self.request.headers.get("HX-Request") == "true":
            return render(self.request, "console/parts/problem.html", values, status=status)
        values = {**self.site.each_context(self.request), **values}
        return render(self.request, "console/problem.html", values, status=status)
