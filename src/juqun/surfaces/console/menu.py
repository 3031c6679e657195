"""The side menu: only what the reader's role may open, with badges counted inside the reader's scope."""

from typing import Any, Final

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from juqun.channels.wecom import queries as wecom
from juqun.domains.groups import queries as groups
from juqun.domains.groups.types import GroupState
from juqun.domains.service import queries as service
from juqun.domains.service.types import HandoverState
from juqun.kernel.jobs import inspection
from juqun.surfaces.console.access import Area, Reader, reader_of

Entry = tuple[Area, Promise | str, str, str]

# Title of the section -> entries (area, title, url name, icon).
SECTIONS: Final[tuple[tuple[Promise | str, tuple[Entry, ...]], ...]] = (
    (
        _("Overview"),
        (
            (Area.DASHBOARD, _("Dashboard"), "console:index", "monitoring"),
            (Area.ORGANISATION, _("Organisation"), "console:organisation", "account_tree"),
        ),
    ),
    (
        _("Gather"),
        (
            (Area.CODES, _("Live codes"), "console:codes", "qr_code_2"),
            (Area.MEMBERS, _("Members"), "console:members", "person"),
            (Area.GROUPS, _("Groups"), "console:groups", "forum"),
            (Area.ROBOT, _("Robot"), "console:robot", "smart_toy"),
            (Area.SERVICE, _("Customer service"), "console:service", "support_agent"),
            (Area.HANDOVERS, _("Hand-over"), "console:handovers", "swap_horiz"),
        ),
    ),
    (
        _("Operate"),
        (
            (Area.SEGMENTS, _("Segments"), "console:segments", "filter_alt"),
            (Area.CAMPAIGNS, _("Campaigns"), "console:campaigns", "campaign"),
            (Area.COUPONS, _("Coupons"), "console:coupons", "confirmation_number"),
            (Area.REDEEM, _("Redeem"), "console:redeem", "point_of_sale"),
        ),
    ),
    (
        _("System"),
        (
            (Area.DIFFERENCES, _("Differences"), "console:differences", "difference"),
            (Area.TAGS, _("WeCom tags"), "console:tags", "sell"),
            (Area.TILL_KEYS, _("Till keys"), "console:till_keys", "key"),
            (Area.IMPORTS, _("Imports"), "console:imports", "upload_file"),
            (Area.JOBS, _("Jobs"), "console:jobs", "manufacturing"),
            (Area.CONNECTION, _("WeCom connection"), "console:connection", "cable"),
            (Area.SYNC, _("Sync"), "console:sync", "sync"),
        ),
    ),
)


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the sections of the menu for the reader of this request, as Unfold wants them."""
    reader = reader_of(request)
    if reader is None:
        return []
    sections: list[dict[str, Any]] = []
    for title, entries in SECTIONS:
        items = [_item(request, reader, entry) for entry in entries if reader.may(entry[0])]
        if items:
            sections.append({"title": title, "separator": bool(sections), "items": items})
    return sections


def _item(request: HttpRequest, reader: Reader, entry: Entry) -> dict[str, Any]:
    area, title, name, icon = entry
    link = reverse(name)
    is_here = request.path == link if area is Area.DASHBOARD else request.path.startswith(link)
    item: dict[str, Any] = {"title": title, "icon": icon, "link": link, "active": is_here}
    badge = _badge(area, reader)
    if badge:
        item["badge"] = str(badge)
        item["badge_variant"] = "danger"
    return item


def _badge(area: Area, reader: Reader) -> int:
    """What waits for somebody: groups that fell silent, hand-overs to decide over, differences with WeCom, dead letters."""
    if area is Area.GROUPS:
        return groups.count_by_state(scope=reader.scope)[GroupState.SILENT]
    if area is Area.DIFFERENCES:
        return wecom.count_drifts(scope=reader.scope)
    if area is Area.HANDOVERS:
        return service.count_handovers(scope=reader.scope)[HandoverState.PROPOSED]
    if area is Area.JOBS:
        return inspection.count_jobs().dead
    return 0
