"""What the organisation does about news from WeCom."""

from django.conf import settings
from django.utils.translation import gettext as _

from juqun.channels.wecom import operations as wecom
from juqun.channels.wecom.events import (
    AcquisitionBalanceExhausted,
    AcquisitionBalanceLow,
    AcquisitionLinkUnavailable,
    StaffUserJoined,
    StaffUserLeft,
    SyncAsked,
)
from juqun.channels.wecom.types import SyncKind
from juqun.domains.org import jobs, operations, queries


def on_staff_user_joined(event: StaffUserJoined) -> None:
    """Take up again who left and is in the company's address book anew; newcomers are entered with their place by people."""
    person = queries.get_staff_by_userid(userid=event.userid)
    if person is not None:
        operations.staff_returned(staff_id=person.id, at=event.at)


def on_staff_user_left(event: StaffUserLeft) -> None:
    """Close the entry and the login of somebody who was deleted from the company's address book."""
    person = queries.get_staff_by_userid(userid=event.userid)
    if person is not None:
        operations.staff_left(staff_id=person.id, at=event.at, by_wecom=True)


def on_sync_asked(event: SyncAsked) -> None:
    """The whole address book is to be read."""
    if event.kind == SyncKind.STAFF:
        jobs.ask_plan(run_id=event.run_id)


def on_acquisition_balance_low(event: AcquisitionBalanceLow) -> None:
    """Tell headquarters to buy more before the links lead nowhere."""
    _tell_headquarters(
        _("Acquisition links: little quota is left"),
        _("Fewer than 20 customers can still be gained by links. Buy more in WeCom's console."),
    )


def on_acquisition_balance_exhausted(event: AcquisitionBalanceExhausted) -> None:
    """Tell headquarters that customers now meet a dead end."""
    _tell_headquarters(
        _("Acquisition links: the quota is used up"),
        _("The links lead nowhere until more is bought in WeCom's console."),
    )


def on_acquisition_link_unavailable(event: AcquisitionLinkUnavailable) -> None:
    """Tell headquarters which link leads nowhere."""
    _tell_headquarters(
        _("An acquisition link leads nowhere"),
        _("Link %(link)s has no quota left, or nobody behind it who may take customers.") % {"link": event.link_id},
    )


def _tell_headquarters(title: str, description: str) -> None:
    userids = queries.list_headquarters_userids()
    if userids:
        url = f"{settings.PUBLIC_URL}/console/connection/"
        wecom.send_staff_notice(userids=userids, title=title, description=description, url=url)
