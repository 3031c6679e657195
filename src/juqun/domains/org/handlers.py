"""What the organisation does about news from WeCom."""

from juqun.channels.wecom.events import StaffUserLeft
from juqun.domains.org import queries
from juqun.domains.org.operations import staff_left


def on_staff_user_left(event: StaffUserLeft) -> None:
    """Close the entry and the login of somebody who was deleted from the company's address book."""
    person = queries.get_staff_by_userid(userid=event.userid)
    if person is not None:
        staff_left(staff_id=person.id, at=event.at)
