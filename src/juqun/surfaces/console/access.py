"""Who reads: the member of staff behind a login, their data scope, and the areas that their role may open."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from django.http import HttpRequest

from juqun.domains.org import queries as org
from juqun.domains.org.types import Role, StaffView
from juqun.kernel.scope import DataScope


class Area(StrEnum):
    """The parts of the console."""

    DASHBOARD = "dashboard"
    ORGANISATION = "organisation"
    MEMBERS = "members"
    GROUPS = "groups"
    CODES = "codes"
    ROBOT = "robot"
    SERVICE = "service"
    HANDOVERS = "handovers"
    SEGMENTS = "segments"
    CAMPAIGNS = "campaigns"
    COUPONS = "coupons"
    REDEEM = "redeem"
    DIFFERENCES = "differences"
    TAGS = "tags"
    TILL_KEYS = "till_keys"
    IMPORTS = "imports"
    JOBS = "jobs"
    CONNECTION = "connection"
    SYNC = "sync"


_GUIDE = frozenset({Area.DASHBOARD, Area.MEMBERS, Area.GROUPS, Area.REDEEM})
_OPERATOR = _GUIDE | {Area.CODES, Area.ROBOT, Area.SERVICE, Area.SEGMENTS, Area.CAMPAIGNS, Area.COUPONS}
_MANAGER = _OPERATOR | {Area.ORGANISATION, Area.HANDOVERS, Area.TILL_KEYS}
_CITY = _MANAGER - {Area.REDEEM, Area.TILL_KEYS}
AREAS: Mapping[Role, frozenset[Area]] = {
    Role.HQ_LEAD: _CITY
    | {Area.TILL_KEYS, Area.IMPORTS, Area.JOBS, Area.CONNECTION, Area.SYNC, Area.DIFFERENCES, Area.TAGS},
    Role.CITY_OPERATOR: _CITY,
    Role.STORE_MANAGER: _MANAGER,
    Role.STORE_OPERATOR: _OPERATOR,
    Role.GUIDE: _GUIDE,
    Role.CASHIER: frozenset({Area.REDEEM}),
}
# Files, jobs, the connection and what is agreed with WeCom concern the whole chain: a lead of one province does not see them.
CHAIN_ONLY = frozenset({Area.IMPORTS, Area.JOBS, Area.CONNECTION, Area.SYNC, Area.DIFFERENCES, Area.TAGS})
DECIDERS = frozenset({Role.HQ_LEAD, Role.CITY_OPERATOR, Role.STORE_MANAGER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """A signed-in member of staff with what they may see."""

    staff: StaffView
    scope: DataScope

    def may(self, area: Area) -> bool:
        """Whether the reader may open an area."""
        if area in CHAIN_ONLY and not self.scope.is_whole_chain:
            return False
        return area in AREAS[self.staff.role]

    @property
    def decides(self) -> bool:
        """Whether the role may change what customers get: campaigns, segments, coupons, codes, merges."""
        return self.staff.role in DECIDERS

    @property
    def home(self) -> Area:
        """The area that opens after the login."""
        return Area.DASHBOARD if self.may(Area.DASHBOARD) else Area.REDEEM


def reader_of(request: HttpRequest) -> Reader | None:
    """The reader of a request, looked up once per request; None for whoever has no active staff entry."""
    if not hasattr(request, "juqun_reader"):
        request.juqun_reader = _find(request)  # type: ignore[attr-defined]  # kept where the next caller looks
    found: Reader | None = request.juqun_reader  # type: ignore[attr-defined]
    return found


def _find(request: HttpRequest) -> Reader | None:
    user = request.user
    if not (user.is_authenticated and user.is_active and user.is_staff):
        return None
    staff = org.get_staff_by_account(account_id=user.pk)
    if staff is None or not staff.is_active:
        return None
    return Reader(staff=staff, scope=org.get_scope(account_id=user.pk))
