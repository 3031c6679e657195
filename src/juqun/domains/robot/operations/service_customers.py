"""Who the customers of customer service are: finding their member, noting where they came from, forgetting them."""

from django.db import transaction

from juqun.channels.wecom import operations as wecom
from juqun.channels.wecom.types import KfCustomer
from juqun.domains.members import operations as members
from juqun.domains.members import queries as member_queries
from juqun.domains.members.errors import MemberErasedError, MemberNotFoundError
from juqun.domains.members.types import ConsentPurpose, Identity, IdentityKind
from juqun.domains.robot.models import ServiceMessage, ServiceSend, ServiceSession
from juqun.domains.robot.operations import service_people as people
from juqun.kernel import clock
from juqun.kernel.secrets import unseal

SOURCE = "kf"


def identify_customer(*, session_id: int) -> int | None:
    """Find or make the member of a customer, by the ids that WeCom tells, and note on them where they came from.

    Returns the member's id; None for a customer who is gone, erased, or unknown to WeCom. Who was erased and came or wrote
    since came by themselves: without a member nothing of what they write now could be erased again.
    """
    session = ServiceSession.unscoped.select_related("account").filter(pk=session_id).first()
    if session is None:
        return None
    external_userid = unseal(session.external_userid)
    if _is_erased(session, external_userid):
        return None
    if session.member_id is None:
        found = wecom.kf_customers(external_userids=[external_userid]).found
        if not found or _is_erased(session, external_userid):  # looked at again: WeCom was asked meanwhile
            return None
        _attach(session, found[0])
    _note_scene(session)
    return session.member_id


def _is_erased(session: ServiceSession, external_userid: str) -> bool:
    erased_at = member_queries.erased_contacts(external_userids=[external_userid]).get(external_userid)
    if erased_at is None:
        return False
    came = [at for at in (session.entered_at, session.last_customer_at) if at is not None]
    return max(came, default=erased_at) <= erased_at


def _attach(session: ServiceSession, customer: KfCustomer) -> None:
    identities = [Identity(kind=IdentityKind.EXTERNAL_USERID, value=customer.external_userid)]
    if customer.unionid:
        identities.append(Identity(kind=IdentityKind.UNIONID, value=customer.unionid))
    if customer.scene and not session.scene:  # the event of their entry was lost
        session.scene, session.scene_param = customer.scene[:32], customer.scene_param[:128]
    result = members.identify(
        identities=identities,
        display_name=customer.name,
        gender=members.GENDERS.get(customer.gender, ""),
        store_id=people.store_of(session),
        source=SOURCE,
        at=clock.now(),
    )
    session.member_id = result.member_id
    with transaction.atomic():
        session.save(update_fields=["member", "scene", "scene_param"])
        ServiceMessage.unscoped.filter(
            account=session.account, customer_key=bytes(session.customer_key), member__isnull=True
        ).update(member_id=session.member_id)


def _note_scene(session: ServiceSession) -> None:
    """Note an entry once on the member's time line; the claim and the line stand in one transaction."""
    if not session.scene or session.entered_at is None or session.member_id is None:
        return
    with transaction.atomic():
        is_first = ServiceSession.unscoped.filter(pk=session.pk, entry_noted=False).update(entry_noted=True)
        if is_first:
            members.note(
                member_id=session.member_id,
                at=session.entered_at,
                kind="robot.entered_service",
                fields={
                    "account": session.account.name or session.account.open_kfid,
                    "scene": session.scene,
                    "store_id": people.store_of(session),
                },
            )


def note_refusal(*, session_id: int) -> None:
    """Take a customer who takes no messages of the account as one who wants no marketing; unknown and erased ones pass."""
    session = ServiceSession.unscoped.filter(pk=session_id).first()
    if session is None or session.member_id is None:
        return
    try:
        members.set_consent(
            member_id=session.member_id,
            purpose=ConsentPurpose.MARKETING,
            granted=False,
            source=SOURCE,
            at=clock.now(),
        )
    except (MemberNotFoundError, MemberErasedError):
        return


def forget_member(*, member_id: int) -> int:
    """Destroy what an erased member wrote to customer service and what it answered; returns how many of their messages."""
    with transaction.atomic():
        ServiceSend.unscoped.filter(session__member_id=member_id).delete()
        ServiceSession.unscoped.filter(member_id=member_id).delete()
        return ServiceMessage.unscoped.filter(member_id=member_id).delete()[0]
