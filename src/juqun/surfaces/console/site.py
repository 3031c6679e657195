"""The console's own admin site: login and frame are Unfold's, pages and rights are ours; no model is registered."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver
from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite

from juqun.surfaces.console.access import reader_of
from juqun.surfaces.console.search import find
from juqun.surfaces.console.urls import page_urls


class ConsoleSite(UnfoldAdminSite):  # type: ignore[misc]  # Unfold ships no types
    """Opened by active staff only; what they find inside follows their role and their part of the chain."""

    site_title = _("Juqun")
    site_header = _("Juqun")
    index_title = _("Dashboard")
    login_template = "console/login.html"

    def has_permission(self, request: HttpRequest) -> bool:
        """A login without an active staff entry opens nothing, superusers included."""
        return reader_of(request) is not None

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Put our pages before Unfold's login, logout and password pages, and leave Django's model pages out."""
        kept = {"search", "login", "logout", "password_change", "password_change_done", "jsi18n"}
        frame = [url for url in super().get_urls() if getattr(url, "name", None) in kept]
        return [*page_urls(self), *frame]

    def search(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Answer the command search anew each time: a cached answer would outlive a change of rights."""
        term = request.GET.get("s", "").strip().lower()
        if not term:
            return HttpResponse()
        pages = Paginator(find(request, term), 100)
        values = {"page_obj": pages, "results": pages.page(1), "page_counter": 0, "execution_time": 0.0}
        headers = {"HX-Trigger": "search"}
        return TemplateResponse(request, "console/parts/search_results.html", values, headers=headers)


console_site = ConsoleSite(name="console")
