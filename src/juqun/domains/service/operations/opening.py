"""A hand-over begins: what is to be given away, and who is proposed for it."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.db import transaction

from juqun.channels.wecom import operations as wecom
from juqun.channels.wecom.types import UnassignedContact
from juqun.domains.audience import queries as audience
from juqun.domains.groups import queries as groups
from juqun.domains.members import operations as member_operations
from juqun.domains.members import queries as members
from juqun.domains.members.types import Identity, IdentityKind, KeptCustomer
from juqun.domains.org import operations as org_operations
from juqun.domains.org import queries as org
from juqun.domains.org.types import NodeKind, PolicyKey, StaffView
from juqun.domains.service import rules
from juqun.domains.service.errors import HandoverMessageError, NothingToHandOverError
from juqun.domains.service.events import HandoverFinished, HandoverOpened
from juqun.domains.service.models import OPEN, OPEN_HANDOVERS, Handover, HandoverItem
from juqun.domains.service.operations import keepers
from juqun.domains.service.rules import Given
from juqun.domains.service.types import HandoverReason, HandoverState, ItemKind, ItemState, Why
from juqun.kernel import clock, events
from juqun.kernel.scope import DataScope

MOST_OF_A_SEGMENT = 20_000
BATCH = 1_000
SOURCE = "wecom"


def open_for_leaver(*, staff_id: int) -> int | None:
    """Open the hand-over of somebody who left the company; None when that was done (or they are back).

    Raises StaffNotFoundError of org.
    """
    giver = org.get_staff(scope=DataScope.whole_chain(), staff_id=staff_id)
    if giver.is_active:
        return None
    with transaction.atomic():
        mine = Handover.unscoped.filter(giver_id=staff_id, reason=HandoverReason.LEFT)
        if mine.filter(state__in=OPEN_HANDOVERS).exists():
            return None
        if giver.left_at is not None and mine.filter(created_at__gte=giver.left_at).exists():
            return None
        _withdraw_requests(staff_id)
        handover = Handover(giver_id=staff_id, node_id=giver.node_id, reason=HandoverReason.LEFT)
        return _open(handover)


def _withdraw_requests(staff_id: int) -> None:
    """What was proposed while the giver was still there is proposed anew with everything else."""
    asked = Handover.unscoped.filter(
        giver_id=staff_id, state__in=[HandoverState.COLLECTING, HandoverState.PROPOSED]
    ).exclude(reason=HandoverReason.LEFT)
    ids = list(asked.select_for_update().values_list("pk", flat=True))
    HandoverItem.unscoped.filter(handover_id__in=ids).delete()
    Handover.unscoped.filter(pk__in=ids).update(state=HandoverState.CANCELLED, finished_at=clock.now())


def open_on_request(
    *,
    scope: DataScope,
    giver_staff_id: int,
    reason: HandoverReason,
    member_ids: Sequence[int] | None = None,
    segment_id: int | None = None,
    keeper_ids: Sequence[int] = (),
    message: str = "",
    actor: str,
) -> int:
    """Open a hand-over of somebody who stays: of a list or a segment, or (neither given) of everybody and the groups.

    `keeper_ids`: who shall take them, else by rule; `message` is shown to the customers who are taken over. Only what lies in
    `scope` is given away. Raises StaffNotFoundError of org, SegmentNotFoundError of audience, HandoverMessageError,
    KeeperUnfitError, NothingToHandOverError.
    """
    giver = org.get_staff(scope=scope, staff_id=giver_staff_id)
    if not rules.is_message_possible(message):
        raise HandoverMessageError(length=len(message))
    for keeper_id in keeper_ids:
        keepers.check_keeper(staff_id=keeper_id, giver_id=giver.id)
    chosen = None if member_ids is None else set(member_ids)
    if segment_id is not None:
        segment = audience.get_segment(scope=scope, segment_id=segment_id)
        chosen = set(audience.sample_members(scope=scope, tree=segment.tree, limit=MOST_OF_A_SEGMENT))
    if chosen is not None:
        mine = members.list_customers_of(staff_id=giver.id, member_ids=chosen)
        chosen = {one.member_id for one in mine}
        if not chosen:
            raise NothingToHandOverError(name=giver.name)
    with transaction.atomic():
        return _open(
            Handover(
                giver_id=giver.id,
                node_id=giver.node_id,
                reason=HandoverReason(reason),
                message=message,
                member_ids=None if chosen is None else sorted(chosen),
                wanted_keepers=list(dict.fromkeys(keeper_ids)),
                created_by=actor,
            )
        )


def _open(handover: Handover) -> int:
    handover.state, handover.created_at = HandoverState.COLLECTING, clock.now()
    handover.save(force_insert=True)
    events.publish(HandoverOpened(handover_id=handover.pk))
    return int(handover.pk)


def collect(*, handover_id: int) -> int:
    """Look who may take what, and propose; returns how many customers and groups there are. Calls WeCom; safe to repeat."""
    handover = Handover.unscoped.filter(pk=handover_id, state=HandoverState.COLLECTING).first()
    if handover is None:
        return 0
    giver = org.get_staff(scope=DataScope.whole_chain(), staff_id=handover.giver_id)
    found = keepers.find_candidates(handover, wecom.list_follow_userids())
    customers = members.list_customers_of(staff_id=giver.id, member_ids=handover.member_ids)
    owned = groups.list_owned_groups(staff_id=giver.id, userid=giver.userid) if handover.member_ids is None else []
    with transaction.atomic():
        handover = Handover.unscoped.select_for_update().get(pk=handover_id)
        if handover.state != HandoverState.COLLECTING:
            return 0
        handover.candidates = [list(one) for one in found]
        items = [*_customer_items(handover, customers), *_group_items(handover, [one.group_id for one in owned])]
        HandoverItem.unscoped.bulk_create(items, batch_size=BATCH, ignore_conflicts=True)
        _propose(handover, is_empty=not items)
        return len(items)


def _propose(handover: Handover, *, is_empty: bool) -> None:
    hours = org.get_policy(node_id=handover.node_id, key=PolicyKey.HANDOVER_AUTO_APPROVE_HOURS).value
    handover.state = HandoverState.PROPOSED
    if hours:
        handover.auto_approve_at = handover.created_at + timedelta(hours=hours)
    if is_empty:
        handover.state, handover.finished_at = HandoverState.DONE, clock.now()
        events.publish(HandoverFinished(handover_id=handover.pk))
    handover.save(update_fields=["candidates", "state", "auto_approve_at", "finished_at"])


def _customer_items(handover: Handover, customers: Sequence[KeptCustomer]) -> list[HandoverItem]:
    open_items = HandoverItem.unscoped.filter(OPEN, giver_id=handover.giver_id, kind=ItemKind.CUSTOMER)
    busy = set(open_items.values_list("member_id", "link_id"))
    fresh = [one for one in customers if (one.member_id, one.link_id) not in busy]
    proposals = rules.propose(
        given=[Given(key=n, others=one.other_staff_ids) for n, one in enumerate(fresh)],
        candidates=keepers.candidates_now(handover, kind=ItemKind.CUSTOMER, at=clock.now()),
        cap=keepers.cap_of(handover, ItemKind.CUSTOMER),
    )
    return [
        _item(handover, proposals[n], kind=ItemKind.CUSTOMER, member_id=one.member_id, link_id=one.link_id)
        for n, one in enumerate(fresh)
    ]


def _group_items(handover: Handover, group_ids: Iterable[int]) -> list[HandoverItem]:
    open_items = HandoverItem.unscoped.filter(OPEN, kind=ItemKind.GROUP)
    busy = set(open_items.values_list("group_id", flat=True))
    proposals = rules.propose(
        given=[Given(key=group_id) for group_id in group_ids if group_id not in busy],
        candidates=keepers.candidates_now(handover, kind=ItemKind.GROUP, at=clock.now()),
        cap=keepers.GROUPS_CAP,
    )
    return [
        _item(handover, proposal, kind=ItemKind.GROUP, group_id=group_id) for group_id, proposal in proposals.items()
    ]


def _item(handover: Handover, proposal: rules.Proposal, **fields: object) -> HandoverItem:
    return HandoverItem(
        handover=handover,
        giver_id=handover.giver_id,
        proposed_id=proposal.keeper_id,
        keeper_id=proposal.keeper_id,
        why=proposal.why,
        note=proposal.note,
        state=ItemState.PLANNED if proposal.why != Why.NOBODY else ItemState.TAKER_FULL,
        **fields,
    )


def take_up_unassigned() -> int:
    """Read whom WeCom counts as customers of nobody, and open what hand-over is missing; returns how many were opened.

    What lost callbacks did not tell is found here: people who left, and customers of theirs who were never known.
    """
    by_userid: dict[str, list[UnassignedContact]] = {}
    for one in wecom.iter_unassigned():
        by_userid.setdefault(one.userid, []).append(one)
    opened = 0
    for userid, contacts in sorted(by_userid.items()):
        person = org.get_staff_by_userid(userid=userid)
        if person is None:
            continue
        org_operations.staff_left(staff_id=person.id, at=contacts[0].left_at)
        _note_strangers(person, contacts)
        opened += _open_for_homeless(person.id)
    return opened


def _note_strangers(person: StaffView, contacts: Sequence[UnassignedContact]) -> None:
    left_at = {one.external_userid: one.left_at for one in contacts}
    node = org.get_node(scope=DataScope.whole_chain(), node_id=person.node_id)
    known = {one.external_userid for one in members.list_customers_of(staff_id=person.id)}
    known |= set(members.erased_contacts(external_userids=left_at))
    for external_userid, at in left_at.items():
        if external_userid in known:
            continue
        member_id = member_operations.identify(
            identities=[Identity(kind=IdentityKind.EXTERNAL_USERID, value=external_userid)],
            store_id=node.id if node.kind is NodeKind.STORE else None,
            source=SOURCE,
            at=at,
        ).member_id
        member_operations.add_friend(
            member_id=member_id, staff_id=person.id, external_userid=external_userid, state="", at=at
        )


def _open_for_homeless(staff_id: int) -> bool:
    """Open a further hand-over for customers of a leaver who are in none."""
    with transaction.atomic():
        if Handover.unscoped.filter(giver_id=staff_id, state__in=OPEN_HANDOVERS).exists():
            return False
        known = set(
            HandoverItem.unscoped.filter(giver_id=staff_id, kind=ItemKind.CUSTOMER).values_list("member_id", flat=True)
        )
        if all(one.member_id in known for one in members.list_customers_of(staff_id=staff_id)):
            return False
        giver = org.get_staff(scope=DataScope.whole_chain(), staff_id=staff_id)
        _open(Handover(giver_id=staff_id, node_id=giver.node_id, reason=HandoverReason.LEFT))
    return True
