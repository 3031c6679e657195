"""Reading group chats from the channel and storing what changed.

A callback only says that something happened; what is true is read from the channel. So a callback that comes twice, late
or in the wrong order changes nothing by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from juqun.channels.wecom import operations as wecom
from juqun.channels.wecom.errors import WecomRefusedError
from juqun.channels.wecom.types import FindingKind, GroupChat, GroupChatMember, SyncFinding, SyncTaken
from juqun.domains.groups import rules
from juqun.domains.groups.events import GroupDismissed, GroupFull, GroupJoined, GroupLeft, GroupOpened
from juqun.domains.groups.models import Entry, Group, Kind, Membership, PlannedGroup
from juqun.domains.groups.operations import facts, plans
from juqun.domains.groups.types import GroupState, SyncResult
from juqun.domains.members import operations as members
from juqun.domains.members import queries as member_queries
from juqun.domains.members.types import Identity, IdentityKind
from juqun.domains.org import queries as org
from juqun.domains.org.types import NodeKind, StaffView
from juqun.kernel import events
from juqun.kernel.scope import DataScope
from juqun.kernel.secrets import mask

READINGS = 3  # a first reading that loses the race for the row is repeated; each loser finds the row made by the winner
BATCH = 1000
GONE_CODES = frozenset({40050, 41063})  # "no such chat": it was dismissed between the callback and the reading


@dataclass(frozen=True, slots=True, kw_only=True)
class _Person:
    member_id: int
    joined_at: datetime
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    entry: Entry | None
    kind: Kind | None
    store_id: int | None
    owner: StaffView | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatReading:
    """One reading of a chat, not stored yet; ``chat`` is None when the channel has no such chat any more."""

    chat_id: str
    ticket: int | None
    chat: GroupChat | None


def sync_group(*, chat_id: str, at: datetime) -> SyncResult:
    """Read a chat and make the group equal to it: people, owner, name, state, and the way in that leads to it.

    ``at`` is when the change was told of; who is gone is stored as having left then. Safe beside itself: each reading
    takes a ticket before it calls, and a reading that is overtaken by a later one changes nothing. A chat that no longer
    exists and was never known gives ``group_id=None``.
    """
    for _reading in range(READINGS):
        reading = read_chat(chat_id=chat_id)
        result = store_chat(reading=reading, at=at)
        if result is not None:
            return result
    return SyncResult(group_id=None, is_stale=True)


def read_chat(*, chat_id: str) -> ChatReading:
    """Read a chat from the channel, to be stored by `store_chat`; a reading that began later wins over this one."""
    ticket = _take_ticket(chat_id)
    try:
        return ChatReading(chat_id=chat_id, ticket=ticket, chat=wecom.get_group_chat(chat_id=chat_id))
    except WecomRefusedError as refused:
        if refused.errcode in GONE_CODES:
            return ChatReading(chat_id=chat_id, ticket=ticket, chat=None)
        raise


def store_chat(*, reading: ChatReading, at: datetime) -> SyncResult | None:
    """Make the group equal to a reading; None when another first reading made the row meanwhile: then read again."""
    if reading.chat is None:
        return SyncResult(group_id=None)
    place = _place(reading.chat)
    people = _identify(reading.chat.members, place.store_id, at)
    return _store(reading.chat, place, people, reading.ticket, at)


def reconcile_chat(*, reading: ChatReading, at: datetime) -> SyncTaken | None:
    """Store a reading of the nightly run and tell what differed; a chat that is gone was dismissed. None: read again."""
    before = Group.unscoped.filter(chat_id=reading.chat_id).values_list("name", "owner_userid").first()
    subject = mask(reading.chat_id)
    if reading.chat is None:
        is_lost = dismiss_group(chat_id=reading.chat_id, at=at)
        findings = (SyncFinding(kind=FindingKind.LOST, subject=subject),) if is_lost else ()
        return SyncTaken(checked=1, lost=int(is_lost), findings=findings)
    result = store_chat(reading=reading, at=at)
    if result is None:
        return None
    if result.is_stale:
        return SyncTaken(checked=1)
    is_new, is_edited = before is None, before is not None and before != (reading.chat.name, reading.chat.owner)
    counts = {
        FindingKind.ADDED: result.joined + is_new,
        FindingKind.LOST: result.left,
        FindingKind.EDITED: int(is_edited),
    }
    return SyncTaken(
        checked=1,
        added=counts[FindingKind.ADDED],
        lost=counts[FindingKind.LOST],
        edited=counts[FindingKind.EDITED],
        findings=tuple(
            SyncFinding(kind=kind, subject=subject, other=str(number)) for kind, number in counts.items() if number
        ),
    )


def _take_ticket(chat_id: str) -> int | None:
    """Number this reading; None while the chat is not stored yet."""
    with transaction.atomic():
        group = Group.unscoped.select_for_update().filter(chat_id=chat_id).first()
        if group is None:
            return None
        group.sync_ticket += 1
        group.save(update_fields=["sync_ticket"])
        return group.sync_ticket


def _place(chat: GroupChat) -> _Place:
    """Return where a chat belongs: to the entry whose code its people came through, else to the owner's series of that
    name, else to no entry at the owner's store."""
    owner = org.get_staff_by_userid(userid=chat.owner)
    codes = {member.state for member in chat.members if member.state}
    entries = Entry.unscoped.select_related("kind").order_by("pk")
    entry = entries.filter(code__in=codes).first() if codes else None
    if entry is None and owner is not None:
        series = [
            one
            for one in entries.filter(owner_staff_id=owner.id)
            if rules.number_in_name(one.room_base_name, chat.name) is not None
        ]
        entry = max(series, key=lambda one: len(one.room_base_name), default=None)
    if entry is not None:
        return _Place(entry=entry, kind=entry.kind, store_id=entry.store_id, owner=owner)
    return _Place(entry=None, kind=None, store_id=_store_of(owner), owner=owner)


def _store_of(owner: StaffView | None) -> int | None:
    if owner is None:
        return None
    node = org.get_node(scope=DataScope.whole_chain(), node_id=owner.node_id)
    return node.id if node.kind == NodeKind.STORE else None


def _identify(people: Sequence[GroupChatMember], store_id: int | None, at: datetime) -> list[_Person]:
    """Return the customers among ``people`` as members; those never seen are made members of the group's store.

    The known ones are found in one look-up, only strangers are identified one by one.
    """
    customers = [person for person in people if not person.is_staff]
    erased = member_queries.erased_contacts(external_userids=[person.userid for person in customers])
    # who was erased and stayed in the chat is left alone; who joined again since came by themselves
    customers = [one for one in customers if one.userid not in erased or one.joined_at > erased[one.userid]]
    known = member_queries.find_member_ids(
        kind=IdentityKind.EXTERNAL_USERID, values=[person.userid for person in customers]
    )
    found: dict[int, _Person] = {}
    for person in customers:
        member_id = known.get(person.userid) or _identify_one(person, store_id, at)
        found.setdefault(member_id, _Person(member_id=member_id, joined_at=person.joined_at, state=person.state or ""))
    return list(found.values())


def _identify_one(person: GroupChatMember, store_id: int | None, at: datetime) -> int:
    identities = [Identity(kind=IdentityKind.EXTERNAL_USERID, value=person.userid)]
    if person.unionid:
        identities.append(Identity(kind=IdentityKind.UNIONID, value=person.unionid))
    return members.identify(
        identities=identities, display_name=person.name, store_id=store_id, source="group", at=at
    ).member_id


def _store(
    chat: GroupChat, place: _Place, people: Sequence[_Person], ticket: int | None, at: datetime
) -> SyncResult | None:
    """Store one reading; None when it must be repeated because another first reading made the row meanwhile."""
    with transaction.atomic():
        group = Group.unscoped.select_for_update().filter(chat_id=chat.chat_id).first()
        is_new = group is None
        if group is None:
            group = _first_row(chat, at)
            if group is None:
                return None
        elif ticket is None:
            return None
        elif ticket <= group.applied_ticket or group.dismissed_at is not None:
            return SyncResult(group_id=group.pk, is_stale=True)
        if is_new:
            events.publish(GroupOpened(group_id=group.pk))
        _settle(group, place)
        joined, left = _compare(group, people, at)
        _count(group, chat, joined, ticket or 0, at)
        if group.entry_id is not None:
            plans.replan(entry_id=group.entry_id, at=at)
        return SyncResult(group_id=group.pk, joined=len(joined), left=left, member_version=chat.member_version)


def _first_row(chat: GroupChat, at: datetime) -> Group | None:
    """Create the row of a chat seen for the first time; None when somebody else was faster."""
    rows = Group.unscoped.bulk_create(
        [
            Group(
                chat_id=chat.chat_id,
                capacity=plans.CAPACITY_WITHOUT_KIND,
                created_at=chat.created_at,
                last_activity_at=chat.created_at,
                synced_at=at,
            )
        ],
        ignore_conflicts=True,
    )
    del rows  # rows of an insert that ignores conflicts carry no key
    row = Group.unscoped.select_for_update().get(chat_id=chat.chat_id)
    return row if row.applied_ticket == 0 and row.sync_ticket == 0 and row.member_version == "" else None


def _settle(group: Group, place: _Place) -> None:
    """Give a group its entry, kind, store and owner. An entry once given stays: people come through other codes too."""
    group.owner_staff_id = place.owner.id if place.owner is not None else None
    if group.entry_id is None and place.entry is not None:
        group.entry, group.kind, group.store_id = place.entry, place.kind, place.store_id
        PlannedGroup.unscoped.filter(entry=place.entry, group__isnull=True).update(group=group)
    elif group.store_id is None:
        group.store_id = place.store_id
    group.capacity = plans.capacity_of(group.kind, group.store_id)


def _compare(group: Group, people: Sequence[_Person], at: datetime) -> tuple[list[_Person], int]:
    """Store who came and who went; returns the newcomers and how many left."""
    stays = {stay.member_id: stay for stay in Membership.unscoped.filter(group=group)}
    here = {person.member_id for person in people}
    joined = [
        person for person in people if person.member_id not in stays or stays[person.member_id].left_at is not None
    ]
    gone = [stay for stay in stays.values() if stay.left_at is None and stay.member_id not in here]
    returned = []
    for person in joined:
        stay = stays.get(person.member_id)
        if stay is not None:
            stay.joined_at, stay.left_at, stay.via_code = person.joined_at, None, person.state[:30]
            returned.append(stay)
    Membership.unscoped.bulk_create(
        [
            Membership(group=group, member_id=person.member_id, joined_at=person.joined_at, via_code=person.state[:30])
            for person in joined
            if person.member_id not in stays
        ],
        batch_size=BATCH,
    )
    Membership.unscoped.bulk_update(returned, ["joined_at", "left_at", "via_code"], batch_size=BATCH)
    Membership.unscoped.filter(pk__in=[stay.pk for stay in gone]).update(left_at=at)
    facts.record_joined(group, [(person.member_id, person.joined_at) for person in joined])
    facts.record_left(group, [(stay.member_id, stay.joined_at) for stay in gone], at)
    events.publish(
        *[
            GroupJoined(group_id=group.pk, member_id=person.member_id, at=person.joined_at, state=person.state)
            for person in joined
        ],
        *[GroupLeft(group_id=group.pk, member_id=stay.member_id, at=at) for stay in gone],
    )
    return joined, len(gone)


def _count(group: Group, chat: GroupChat, joined: Sequence[_Person], ticket: int, at: datetime) -> None:
    """Store counts, state and the ticket of this reading; say when the group has become full."""
    group.name = chat.name
    group.owner_userid = chat.owner
    group.member_version = chat.member_version
    group.member_count = len(chat.members)
    group.customer_count = sum(not person.is_staff for person in chat.members)
    group.last_activity_at = max([group.last_activity_at, *[person.joined_at for person in joined]])
    group.state = rules.state_of(
        is_dismissed=False,
        member_count=group.member_count,
        capacity=group.capacity,
        last_activity_at=group.last_activity_at,
        now=at,
    )
    was_full, group.is_at_capacity = group.is_at_capacity, group.member_count >= group.capacity
    group.synced_at = at
    group.applied_ticket = ticket
    group.save()
    if group.is_at_capacity and not was_full:
        events.publish(GroupFull(group_id=group.pk))


def dismiss_group(*, chat_id: str, at: datetime) -> bool:
    """Store that a chat was dissolved: everybody has left, no way in leads there. False when unknown or known already."""
    with transaction.atomic():
        group = Group.unscoped.select_for_update().filter(chat_id=chat_id, dismissed_at__isnull=True).first()
        if group is None:
            return False
        _compare(group, [], at)
        group.dismissed_at, group.state = at, GroupState.DISMISSED
        group.member_count = group.customer_count = 0
        group.save()
        events.publish(GroupDismissed(group_id=group.pk))
        if group.entry_id is not None:
            plans.replan(entry_id=group.entry_id, at=at)
        return True
