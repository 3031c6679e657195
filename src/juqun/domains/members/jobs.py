"""Queue entry points of the members room: what WeCom's callbacks did not bring is found by reading.

WeCom repeats a callback for some seconds only; whoever added a member of staff while this server was away would otherwise
stay unknown for ever.
"""

from datetime import timedelta

from juqun.channels.wecom import operations as wecom
from juqun.domains.members import handlers, queries
from juqun.domains.members.tag_jobs import compare_tags, reconcile_tags
from juqun.domains.org import queries as org
from juqun.kernel import clock
from juqun.kernel.jobs import enqueue_many, job

__all__ = ["compare_tags", "read_all_contacts", "read_contacts_of", "reconcile_tags"]

SETTLED_AFTER = timedelta(minutes=10)
"""Younger friendships still have their callback on the way, which also brings the welcome."""


@job(queue="send", atomic=False, lease_seconds=120)
def read_all_contacts() -> None:
    """Ask for the friends of everybody on the staff to be compared with what is known."""
    userids = wecom.list_follow_userids()
    enqueue_many(
        read_contacts_of,
        [{"userid": userid} for userid in userids],
        dedupe_keys=[f"members.contacts:{userid}" for userid in userids],
    )


@job(queue="send", atomic=False, lease_seconds=120)
def read_contacts_of(*, userid: str) -> None:
    """Take up the friends of one member of staff that nobody told of."""
    person = org.get_staff_by_userid(userid=userid)
    if person is None:
        return
    listed = wecom.list_contact_ids(userid=userid)
    for external_userid in queries.list_strangers(staff_id=person.id, external_userids=listed):
        handlers.take_up(person=person, external_userid=external_userid, before=clock.now() - SETTLED_AFTER)
