"""Checks of what we may see and how much of it is left: people, ranges, quotas."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime

from django.utils.translation import gettext as _

from juqun.channels.wecom import endpoints, mappers
from juqun.channels.wecom.client import get_client
from juqun.channels.wecom.errors import NoApiRightError, StaffRefusedError, VisibleRangeError, WecomRefusedError
from juqun.channels.wecom.operations.acquisition import get_acquisition_quota
from juqun.channels.wecom.operations.checks.verdict import Verdict, broken, doubtful, fine
from juqun.channels.wecom.operations.customer_service import kf_list_accounts
from juqun.channels.wecom.operations.staff import list_follow_userids
from juqun.channels.wecom.operations.tags import list_corp_tags
from juqun.channels.wecom.types import CheckInput

SHOWN = 5
ROOT_DEPARTMENT = 1
WAYS_SINCE = datetime(2021, 7, 10, tzinfo=UTC)
"""WeCom lists the ways made since then."""
WAYS_LIMIT = 500_000
WAYS_PER_PAGE = 1_000
COUNT_SECONDS = 10.0
TAGS_LIMIT = 3_000
"""The older, lower one of the two that WeCom's pages give."""
FULL_PERCENT = 90
LOW_BALANCE = 20


def follow_users(_given: CheckInput) -> Verdict:
    """Who may talk to customers."""
    count = len(list_follow_userids())
    if not count:
        return broken(
            _("nobody"),
            _("In WeCom's console switch customer contact on for staff, and put them into the app's visible range."),
        )
    return fine(_("%(count)s people") % {"count": count})


def visible_range(_given: CheckInput) -> Verdict:
    """How much of the corp the app sees."""
    endpoint = endpoints.DEPARTMENT_SIMPLE_LIST
    answer = get_client().call(endpoint)
    with mappers.reading(endpoint):
        ids = {int(row["id"]) for row in answer["department_id"]}
    seen = _("%(count)s departments") % {"count": len(ids)}
    remedy = _("In WeCom's console put all stores into the app's visible range; who is outside does not exist for us.")
    if not ids:
        return doubtful(_("no department, at most single people"), remedy)
    if ROOT_DEPARTMENT not in ids:
        return doubtful(_("%(seen)s, not the whole corp") % {"seen": seen}, remedy)
    return fine(_("%(seen)s, the whole corp") % {"seen": seen})


def staff_on_both_sides(given: CheckInput) -> Verdict:
    """Who was entered here but may not talk to customers, and who may but was not entered."""
    theirs, ours = set(list_follow_userids()), set(given.staff_userids)
    if not ours:
        return doubtful(
            _("no staff are entered here yet"), _("Enter or import the staff, with their userids of WeCom.")
        )
    missing, unknown = sorted(ours - theirs), sorted(theirs - ours)
    if not missing and not unknown:
        return fine(_("the same %(count)s people") % {"count": len(ours)})
    parts = []
    if missing:
        named = [f"{userid} ({_why_missing(userid)})" for userid in missing[:SHOWN]]
        parts.append(_("cannot talk to customers: %(names)s") % {"names": _listed(named, len(missing))})
    if unknown:
        parts.append(_("not entered here: %(names)s") % {"names": _listed(unknown[:SHOWN], len(unknown))})
    return doubtful(
        "; ".join(parts),
        _(
            "Mend userid, visible range and customer contact of the former in WeCom's console; enter the latter here, or leave them."
        ),
    )


def _why_missing(userid: str) -> str:
    try:
        get_client().call(endpoints.USER_GET, params={"userid": userid})
    except StaffRefusedError:
        return _("userid unknown")
    except VisibleRangeError:
        return _("outside of the visible range")
    except WecomRefusedError as error:
        return str(error.errcode)
    return _("customer contact is off")


def _listed(names: Sequence[str], count: int) -> str:
    rest = count - len(names)
    return ", ".join(names) + (_(" and %(rest)s more") % {"rest": rest} if rest > 0 else "")


def ways(given: CheckInput) -> Verdict:
    """Live codes and group codes of the 500,000 that a corp may make."""
    endpoint = endpoints.CONTACT_WAY_LIST
    body = {"start_time": int(WAYS_SINCE.timestamp()), "limit": WAYS_PER_PAGE}
    count, deadline, is_whole = given.join_ways, time.monotonic() + COUNT_SECONDS, True
    for page in get_client().pages(endpoint, body):
        count += len(page.get("contact_way") or ())
        if time.monotonic() > deadline:
            is_whole = not page.get("next_cursor")
            break
    words = _("%(count)s of %(limit)s") if is_whole else _("at least %(count)s of %(limit)s")
    seen = words % {"count": f"{count:,}", "limit": f"{WAYS_LIMIT:,}"}
    return _filled(seen, count, WAYS_LIMIT, _("Delete live codes and group codes that nobody scans any more."))


def tags(_given: CheckInput) -> Verdict:
    """Corp tags of the number that a corp may have."""
    count = len(list_corp_tags())
    seen = _("%(count)s of %(limit)s") % {"count": f"{count:,}", "limit": f"{TAGS_LIMIT:,}"}
    return _filled(
        seen, count, TAGS_LIMIT, _("Delete or join tags; newer corps may have 10,000, so try before you do.")
    )


def _filled(seen: str, count: int, limit: int, remedy: str) -> Verdict:
    return doubtful(seen, remedy) if count * 100 >= limit * FULL_PERCENT else fine(seen)


def acquisition(_given: CheckInput) -> Verdict:
    """What is left of the acquisition links' paid quota."""
    try:
        quota = get_acquisition_quota()
    except (NoApiRightError, WecomRefusedError):
        return fine(_("not open to this app"))
    if not quota.total:
        return fine(_("nothing was bought"))
    seen = _("%(balance)s of %(total)s customers left") % {"balance": quota.balance, "total": quota.total}
    if quota.balance >= LOW_BALANCE:
        return fine(seen)
    return doubtful(
        seen,
        _(
            "Buy more in WeCom's console, under customer contact, acquisition links: at none left the links lead nowhere."
        ),
    )


def customer_service(_given: CheckInput) -> Verdict:
    """Whether the app may serve customers, and by which accounts."""
    try:
        accounts = kf_list_accounts()
    except NoApiRightError:
        return doubtful(
            _("not open to this app"),
            _("For the robot's answers: in WeCom's console, under customer service, let this app manage the accounts."),
        )
    managed = sum(account.can_manage for account in accounts)
    seen = _("%(managed)s of %(count)s accounts are managed by this app") % {"managed": managed, "count": len(accounts)}
    if managed < len(accounts):
        return doubtful(
            seen, _("In WeCom's console, under customer service, let this app manage the other accounts too.")
        )
    return fine(seen)
