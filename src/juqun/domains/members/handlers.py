"""What the members room does about news from WeCom. Every handler may be called twice and out of order."""

from datetime import UTC, datetime

from juqun.channels.wecom import operations as wecom
from juqun.channels.wecom.errors import WecomRefusedError
from juqun.channels.wecom.events import (
    ComparisonAsked,
    ContactAdded,
    ContactDropped,
    ContactEdited,
    ContactLost,
    CorpTagsChanged,
    DriftDecided,
    SyncAsked,
)
from juqun.channels.wecom.types import Contact, DriftChoice, DriftKind, Follow, SyncKind
from juqun.domains.members import jobs, operations, queries
from juqun.domains.members.events import ManagedTagChanged, ManagedTagReady, MarksWanted
from juqun.domains.members.types import IdentityKind, LostBy
from juqun.domains.org import queries as org
from juqun.domains.org.types import NodeKind, StaffView
from juqun.kernel import clock
from juqun.kernel.jobs import GiveUp, enqueue
from juqun.kernel.scope import DataScope

ASSIGNED = 202  # add_way: given by the company when somebody left or changed
NO_LONGER_A_CONTACT = frozenset({84061, 40096})  # "not an external contact", "external userid invalid": gone meanwhile


def on_contact_added(event: ContactAdded) -> None:
    """Read the contact, find or create the member, note the friendship. Calls WeCom: wire it with atomic=False.

    A contact who is gone by now, or whom this member of staff no longer follows, is left to the event that says so. News from
    before a member was erased, however late it comes, does not bring them back.
    """
    contact = _read(event.external_userid)
    follow = None if contact is None else _follow(contact, event.userid)
    if contact is None or follow is None or _is_from_before_erasure(event):
        return
    person = org.get_staff_by_userid(userid=event.userid)
    member_id = _identify(contact, event, person)
    if person is None:
        raise GiveUp(f"userid {event.userid} is not among the staff; enter or import them, then retry this job")
    operations.add_friend(
        member_id=member_id,
        staff_id=person.id,
        external_userid=event.external_userid,
        state=event.state or follow.state or "",
        at=event.at,
        is_handed_over=follow.add_way == ASSIGNED,
    )


def on_sync_asked(event: SyncAsked) -> None:
    """All friends of all staff are to be read."""
    if event.kind == SyncKind.CONTACTS:
        jobs.ask_plan(run_id=event.run_id)


def on_contact_edited(event: ContactEdited) -> None:
    """Read the contact again: a remark may hold a phone number that tells who it is, and staff may have set tags by hand.

    Calls WeCom: wire with atomic=False.

    A remark that somebody writes does not bring an erased member back, nor one who is erased while WeCom is asked.
    """
    read_at = clock.wall()
    contact = _read(event.external_userid)
    if contact is not None and not queries.is_erased_contact(external_userid=event.external_userid):
        _identify(contact, event, org.get_staff_by_userid(userid=event.userid))
        operations.take_contact_marks(contacts=[contact], read_at=read_at)


def on_contact_lost(event: ContactLost) -> None:
    """The customer deleted the member of staff."""
    _lose(event, LostBy.CUSTOMER)


def on_contact_dropped(event: ContactDropped) -> None:
    """The member of staff deleted the customer, or the customer was transferred to somebody else."""
    _lose(event, LostBy.TRANSFER if event.by_transfer else LostBy.STAFF)


def _read(external_userid: str) -> Contact | None:
    try:
        return wecom.get_contact(external_userid=external_userid)
    except WecomRefusedError as error:
        if error.errcode in NO_LONGER_A_CONTACT:
            return None
        raise


def _is_from_before_erasure(event: ContactAdded) -> bool:
    erased = queries.erased_contacts(external_userids=[event.external_userid])
    return event.at <= erased.get(event.external_userid, datetime.min.replace(tzinfo=UTC))


def _follow(contact: Contact, userid: str) -> Follow | None:
    return next((follow for follow in contact.follow if follow.userid == userid), None)


def _identify(contact: Contact, event: ContactAdded | ContactEdited, person: StaffView | None) -> int:
    result = operations.identify(
        identities=operations.identities_of(contact, event.userid),
        display_name=contact.name,
        store_id=_store_of(person),
        gender=operations.GENDERS.get(contact.gender, ""),
        source=operations.SOURCE,
        at=event.at,
    )
    return result.member_id


def _store_of(person: StaffView | None) -> int | None:
    """The store at which a member of staff works: a first home for a customer without one."""
    if person is None:
        return None
    node = org.get_node(scope=DataScope.whole_chain(), node_id=person.node_id)
    return node.id if node.kind is NodeKind.STORE else None


def _lose(event: ContactLost | ContactDropped, by: LostBy) -> None:
    member_id = queries.find_member_id(kind=IdentityKind.EXTERNAL_USERID, value=event.external_userid)
    person = org.get_staff_by_userid(userid=event.userid)
    if member_id is not None and person is not None:
        operations.lose_friend(member_id=member_id, staff_id=person.id, at=event.at, by=by)


def on_corp_tags_changed(_event: CorpTagsChanged) -> None:
    """Somebody changed the corp's tags; the event tells too little, so the list is read."""
    enqueue(jobs.read_corp_tags, dedupe_key="members.read_corp_tags")


def on_managed_tag_changed(event: ManagedTagChanged) -> None:
    enqueue(jobs.apply_corp_tag, dedupe_key=f"members.corp_tag:{event.tag_id}", tag_id=event.tag_id)


def on_managed_tag_ready(_event: ManagedTagReady) -> None:
    """Plan its marks; tags that become ready together are planned in one round."""
    enqueue(jobs.plan_marks, dedupe_key="members.plan_marks")


def on_marks_wanted(event: MarksWanted) -> None:
    jobs.ask_push([event.staff_id])


def on_drift_decided(event: DriftDecided) -> None:
    """Somebody decided about a tag that was deleted in WeCom."""
    if event.kind == DriftKind.CORP_TAG:
        operations.act_on_tag_drift(drift_id=event.drift_id, choice=DriftChoice(event.choice), at=event.at)


def on_comparison_asked(_event: ComparisonAsked) -> None:
    """Somebody does not want to wait for the night's round."""
    enqueue(jobs.compare_tags, dedupe_key="members.compare_tags")
