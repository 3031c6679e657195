"""The command search (Ctrl-K): pages, members, segments and campaigns, each only inside the reader's scope."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from unfold.dataclasses import SearchResult

from juqun.domains.audience import queries as audience
from juqun.domains.campaigns import queries as campaigns
from juqun.domains.members import queries as members
from juqun.surfaces.console.access import Area, Reader, reader_of
from juqun.surfaces.console.menu import SECTIONS

MOST_OF_A_KIND = 8


def find(request: HttpRequest, term: str) -> list[SearchResult]:
    """Return what the reader may open under `term`."""
    reader = reader_of(request)
    if reader is None:
        return []
    return [*_pages(reader, term), *_members(reader, term), *_segments(reader, term), *_campaigns(reader, term)]


def _pages(reader: Reader, term: str) -> list[SearchResult]:
    return [
        SearchResult(title=str(title), description=_("Page"), link=reverse(name), icon=icon)
        for _section, entries in SECTIONS
        for area, title, name, icon in entries
        if reader.may(area) and term in str(title).lower()
    ]


def _members(reader: Reader, term: str) -> list[SearchResult]:
    if not reader.may(Area.MEMBERS):
        return []
    found = members.search_members(scope=reader.scope, text=term, limit=MOST_OF_A_KIND)
    return [
        SearchResult(
            title=one.display_name or one.public_id,
            description=one.store_name or _("Member"),
            link=reverse("console:member", args=[one.id]),
            icon="person",
        )
        for one in found.items
    ]


def _segments(reader: Reader, term: str) -> list[SearchResult]:
    if not reader.may(Area.SEGMENTS):
        return []
    found = [one for one in audience.list_segments(scope=reader.scope) if term in one.name.lower()]
    return [
        SearchResult(
            title=one.name,
            description=_("Segment"),
            link=reverse("console:segment", args=[one.id]),
            icon="filter_alt",
        )
        for one in found[:MOST_OF_A_KIND]
    ]


def _campaigns(reader: Reader, term: str) -> list[SearchResult]:
    if not reader.may(Area.CAMPAIGNS):
        return []
    found = [one for one in campaigns.list_campaigns(scope=reader.scope) if term in one.name.lower()]
    return [
        SearchResult(
            title=one.name,
            description=_("Campaign"),
            link=reverse("console:campaign", args=[one.id]),
            icon="campaign",
        )
        for one in found[:MOST_OF_A_KIND]
    ]
