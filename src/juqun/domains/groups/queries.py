"""Reads of the groups room."""

from collections.abc import Iterable, Sequence

import pyarrow as pa
from django.db.models import Case, Count, F, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce

from juqun.domains.groups import rules
from juqun.domains.groups.models import (
    Entry,
    Group,
    GroupWelcome,
    Kind,
    KindTag,
    Membership,
    PlannedGroup,
    WelcomeTick,
)
from juqun.domains.groups.types import (
    EntryState,
    GroupKind,
    GroupLink,
    GroupRole,
    GroupState,
    GroupView,
    GroupWelcomeView,
    JoinEntry,
    MatrixCell,
    MemberGroup,
    PlannedGroupView,
    WelcomeGroup,
    WelcomeState,
)
from juqun.domains.members import queries as members
from juqun.kernel.errors import NotFoundError
from juqun.kernel.scope import DataScope

BOARD_ORDER = (GroupState.SILENT, GroupState.FULL, GroupState.OPEN, GroupState.DISMISSED)
"""What needs a person comes first."""
ENTRY_PARTS = ("kind", "store", "owner_staff")
"""What a view of a way in needs beside its row."""


def list_kinds() -> list[GroupKind]:
    """Return the matrix of kinds, which is the chain's own and the same for everybody."""
    tags: dict[int, list[str]] = {}
    for kind_id, tag in KindTag.objects.order_by("pk").values_list("kind_id", "tag"):
        tags.setdefault(kind_id, []).append(tag)
    return [
        GroupKind(
            id=kind.pk,
            code=kind.code,
            name=kind.name,
            theme=kind.theme,
            capacity=kind.capacity,
            member_tags=tuple(tags.get(kind.pk, ())),
            is_default=kind.is_default,
            priority=kind.priority,
        )
        for kind in Kind.objects.order_by("pk")
    ]


def get_entry(*, store_id: int, kind_code: str) -> JoinEntry | None:
    """Return the way into a kind's groups at a store, ready or not; a system look-up without scope."""
    entry = _entries().filter(store_id=store_id, kind__code=kind_code).first()
    return None if entry is None else _entry_view(entry)


def get_default_entry(*, store_id: int) -> JoinEntry | None:
    """Return a store's way into the default kind when customers can use it; a system look-up without scope."""
    entry = _usable().filter(store_id=store_id, kind__is_default=True).first()
    return None if entry is None else _entry_view(entry)


def pick_entry(*, store_id: int, member_id: int) -> JoinEntry | None:
    """Return the way into the group that suits a member at a store: by the member's tags, else the default kind.

    None when the store has no entry that customers can use. A system look-up without scope.
    """
    entries = {entry.kind_id: entry for entry in _usable().filter(store_id=store_id)}
    if not entries:
        return None
    tags = members.get_member(scope=DataScope.whole_chain(), member_id=member_id).tags
    by_kind: dict[int, set[str]] = {kind_id: set() for kind_id in entries}
    for kind_id, tag in KindTag.objects.filter(kind_id__in=entries).values_list("kind_id", "tag"):
        by_kind[kind_id].add(tag)
    chosen = rules.choose_kind(
        [
            rules.KindChoice(
                kind_id=kind_id,
                member_tags=frozenset(by_kind[kind_id]),
                is_default=entry.kind.is_default,
                priority=entry.kind.priority,
            )
            for kind_id, entry in entries.items()
        ],
        frozenset(tags),
    )
    return None if chosen is None else _entry_view(entries[chosen])


def _usable() -> QuerySet[Entry]:
    return _entries().exclude(qr_code="").order_by("pk")


def _entries() -> QuerySet[Entry]:
    return Entry.unscoped.select_related(*ENTRY_PARTS)


def list_entries(
    *, scope: DataScope, state: EntryState | None = None, limit: int | None = None, offset: int = 0
) -> list[JoinEntry]:
    """Return the ways in inside a scope, by store and kind; ``limit`` None means all."""
    found = Entry.objects.within(scope).select_related(*ENTRY_PARTS).order_by("store__path", "kind_id")
    if state is not None:
        found = found.filter(state=state)
    end = None if limit is None else offset + limit
    return [_entry_view(entry) for entry in found[offset:end]]


def get_scoped_entry(*, scope: DataScope, entry_id: int) -> JoinEntry:
    """Return one way in; raises NotFoundError outside the scope as well as for an unknown id."""
    entry = Entry.objects.within(scope).select_related(*ENTRY_PARTS).filter(pk=entry_id).first()
    if entry is None:
        raise NotFoundError
    return _entry_view(entry)


def count_entries_by_state(*, scope: DataScope) -> dict[EntryState, int]:
    """Return how many ways in are in each state; every state is there, with zero too."""
    found = Entry.objects.within(scope).order_by().values("state").annotate(n=Count("pk"))
    counted = dict(found.values_list("state", "n"))
    return {state: counted.get(state.value, 0) for state in EntryState}


def list_loose_groups(*, scope: DataScope, limit: int | None = None) -> list[GroupView]:
    """Return the living groups inside a scope that no way in leads to, newest first; ``limit`` None means all."""
    found = _groups(scope).filter(entry__isnull=True, dismissed_at__isnull=True).order_by("-created_at", "-pk")
    return [_group_view(group) for group in found[:limit]]


def list_planned_groups(*, scope: DataScope) -> list[PlannedGroupView]:
    """Return the groups that somebody has to create, the longest waiting first."""
    found = (
        PlannedGroup.objects.within(scope)
        .filter(group__isnull=True)
        .select_related("entry__store", "entry__kind", "entry__owner_staff")
        .order_by("planned_at", "pk")
    )
    return [_planned_view(planned) for planned in found]


def get_planned_group(*, planned_group_id: int) -> tuple[PlannedGroupView, str] | None:
    """Return a plan still open and its owner's userid; None when done or dropped. A system look-up without scope."""
    planned = (
        PlannedGroup.unscoped.filter(pk=planned_group_id, group__isnull=True)
        .select_related("entry__store", "entry__kind", "entry__owner_staff")
        .first()
    )
    return None if planned is None else (_planned_view(planned), planned.entry.owner_staff.userid)


def entry_ids() -> list[int]:
    """Return the ids of all entries, for the reconciler only; no scope."""
    return list(Entry.unscoped.order_by("pk").values_list("pk", flat=True))


def list_written_entry_ids() -> list[int]:
    """Return the ids of the entries that the channel has a join way of, for the nightly comparison; no scope."""
    return list(Entry.unscoped.exclude(config_id="").order_by("pk").values_list("pk", flat=True))


def get_group_welcome(*, kind_id: int) -> GroupWelcomeView | None:
    """Return a kind's welcome; the kinds are the chain's own and the same for everybody."""
    row = GroupWelcome.objects.filter(kind_id=kind_id, is_dropped=False).first()
    if row is None:
        return None
    return GroupWelcomeView(
        id=row.pk,
        kind_id=row.kind_id,
        text=row.text,
        link_title=row.link_title,
        link_url=row.link_url,
        link_desc=row.link_desc,
        has_image=bool(row.image_hash),
        state=WelcomeState(row.state),
        refusal=row.refusal,
        template_id=row.template_id,
        changed_by=row.changed_by,
        changed_at=row.changed_at,
    )


def list_welcome_groups(*, scope: DataScope, kind_id: int, limit: int | None = None) -> list[WelcomeGroup]:
    """Return the living groups of a kind inside a scope with who attached its welcome, the ones without it first."""
    row = GroupWelcome.objects.filter(kind_id=kind_id, is_dropped=False).first()
    groups = Group.objects.within(scope).filter(kind_id=kind_id, dismissed_at__isnull=True)
    ticks = {
        tick.group_id: tick
        for tick in WelcomeTick.objects.filter(
            group__kind_id=kind_id, template_id=row.template_id if row is not None and row.template_id else None
        )
    }
    found = [
        WelcomeGroup(
            group_id=group.pk,
            name=group.name,
            store_name=group.store.name if group.store is not None else "",
            owner_name=group.owner_staff.name if group.owner_staff is not None else group.owner_userid,
            ticked_by=ticks[group.pk].ticked_by if group.pk in ticks else "",
            ticked_at=ticks[group.pk].ticked_at if group.pk in ticks else None,
        )
        for group in groups.select_related("store", "owner_staff").order_by("name", "pk")
    ]
    found.sort(key=lambda one: one.ticked_at is not None)
    return found[:limit]


def list_welcome_ids() -> list[int]:
    """Return the ids of welcomes that WeCom's library has, for the nightly comparison; no scope."""
    return list(GroupWelcome.objects.exclude(template_id="").order_by("pk").values_list("pk", flat=True))


def list_unwritten_welcome_ids() -> list[int]:
    """Return the ids of welcomes that WeCom has not taken as wanted, for the reconciler only; no scope."""
    behind = GroupWelcome.objects.filter(state=WelcomeState.PENDING, applied_version__lt=F("wanted_version"))
    return list(behind.order_by("pk").values_list("pk", flat=True))


def list_groups(
    *, scope: DataScope, state: GroupState | None = None, limit: int | None = None, offset: int = 0
) -> list[GroupView]:
    """Return the groups inside a scope, newest first; ``limit`` None means all."""
    found = _groups(scope).order_by("-created_at", "-pk")
    if state is not None:
        found = found.filter(state=state)
    end = None if limit is None else offset + limit
    return [_group_view(group) for group in found[offset:end]]


def get_group(*, scope: DataScope, group_id: int) -> GroupView:
    """Return one group; raises NotFoundError outside the scope as well as for an unknown id."""
    group = _groups(scope).filter(pk=group_id).first()
    if group is None:
        raise NotFoundError
    return _group_view(group)


def board(
    *, scope: DataScope, state: GroupState | None = None, limit: int | None = None, offset: int = 0
) -> list[GroupView]:
    """Return the living groups of a scope (in one state) for the board: silent ones first, then full, then open, by store.

    A chain has thousands of them: pages ask for `limit` rows from `offset` on; without a limit all are read.
    """
    rank = Case(*(When(state=one.value, then=Value(place)) for place, one in enumerate(BOARD_ORDER)))
    found = _groups(scope).filter(dismissed_at__isnull=True)
    if state is not None:
        found = found.filter(state=state.value)
    found = found.order_by(rank, Coalesce("store__name", Value("")), "name", "id")
    return [_group_view(group) for group in found[offset : None if limit is None else offset + limit]]


def count_by_state(*, scope: DataScope) -> dict[GroupState, int]:
    """Return how many groups are in each state; every state is there, with zero too."""
    counted = dict(
        Group.objects.within(scope).order_by().values("state").annotate(n=Count("pk")).values_list("state", "n")
    )
    return {state: counted.get(state.value, 0) for state in GroupState}


def matrix(*, scope: DataScope) -> list[MatrixCell]:
    """Return each kind with its living groups, their people and their states inside a scope."""
    rows = {
        row["kind_id"]: row
        for row in Group.objects.within(scope)
        .filter(dismissed_at__isnull=True, kind__isnull=False)
        .order_by()
        .values("kind_id")
        .annotate(
            groups=Count("pk"),
            members=Sum("member_count"),
            open=Count("pk", filter=Q(state=GroupState.OPEN)),
            full=Count("pk", filter=Q(state=GroupState.FULL)),
            silent=Count("pk", filter=Q(state=GroupState.SILENT)),
        )
    }
    names = ("groups", "members", "open", "full", "silent")
    return [
        MatrixCell(kind=kind, **{name: rows.get(kind.id, {}).get(name) or 0 for name in names}) for kind in list_kinds()
    ]


def list_group_links(*, group_ids: Sequence[int]) -> list[GroupLink]:
    """Return chat and owner of living groups, for senders; a system look-up without scope."""
    found = Group.unscoped.filter(pk__in=list(group_ids), dismissed_at__isnull=True).order_by("pk")
    return [
        GroupLink(group_id=pk, chat_id=chat_id, owner_userid=owner)
        for pk, chat_id, owner in found.values_list("pk", "chat_id", "owner_userid")
    ]


def list_owned_groups(*, staff_id: int, userid: str) -> list[GroupLink]:
    """Return the living groups that somebody owns, by staff entry or by userid; a system look-up without scope."""
    found = Group.unscoped.filter(Q(owner_staff_id=staff_id) | Q(owner_userid=userid), dismissed_at__isnull=True)
    return list_group_links(group_ids=list(found.values_list("pk", flat=True)))


def count_owned_groups(*, staff_ids: Iterable[int]) -> dict[int, int]:
    """Return how many living groups each member of staff owns; a system look-up without scope."""
    given = dict.fromkeys(staff_ids, 0)
    found = Group.unscoped.filter(owner_staff_id__in=list(given), dismissed_at__isnull=True)
    return {**given, **dict(found.values_list("owner_staff_id").annotate(number=Count("pk")).order_by())}


def group_names(*, group_ids: Iterable[int]) -> dict[int, str]:
    """Return what groups are called, or their chat; a system look-up without scope."""
    found = Group.unscoped.filter(pk__in=set(group_ids)).values_list("pk", "name", "chat_id")
    return {pk: name or chat_id for pk, name, chat_id in found}


def get_group_id(*, chat_id: str) -> int | None:
    """Return the id of a chat's group; a system look-up without scope."""
    return Group.unscoped.filter(chat_id=chat_id).values_list("pk", flat=True).first()


def chat_names(*, chat_ids: Iterable[str]) -> dict[str, str]:
    """Return the names of groups by their chats, unknown ones left out; a system look-up without scope."""
    return dict(Group.unscoped.filter(chat_id__in=set(chat_ids)).values_list("chat_id", "name"))


def list_chat_ids(*, member_id: int) -> list[str]:
    """Return the living chats in which a member is; a system look-up without scope."""
    found = Membership.unscoped.filter(member_id=member_id, left_at__isnull=True, group__dismissed_at__isnull=True)
    return list(found.order_by("group_id").values_list("group__chat_id", flat=True))


def open_chat_ids() -> list[str]:
    """Return the chats of all groups that are not dismissed; a system look-up without scope."""
    return list(Group.unscoped.filter(dismissed_at__isnull=True).order_by("pk").values_list("chat_id", flat=True))


def member_groups(*, scope: DataScope, member_id: int) -> list[MemberGroup]:
    """Return the groups of a scope in which a member is or was, present ones first, then the latest joined."""
    found = (
        Membership.objects.within(scope)
        .filter(member_id=member_id)
        .select_related("group__kind")
        .order_by(F("left_at").desc(nulls_first=True), "-joined_at")
    )
    return [
        MemberGroup(
            group_id=stay.group_id,
            name=stay.group.name,
            kind_code=stay.group.kind.code if stay.group.kind is not None else "",
            role=GroupRole(stay.role),
            joined_at=stay.joined_at,
            left_at=stay.left_at,
        )
        for stay in found
    ]


def export_group_members_dim() -> pa.Table:
    """Return who is in which group now, with kind and role; chain-wide without scope, for the lake only."""
    found = (
        Membership.unscoped.filter(left_at__isnull=True, group__dismissed_at__isnull=True)
        .order_by("group_id", "member_id")
        .values_list("group_id", "member_id", "group__kind__code", "role")
    )
    groups, people, kinds, roles = zip(*found, strict=True) if found else ((), (), (), ())
    return pa.table(
        {
            "group_id": pa.array(groups, pa.int64()),
            "member_id": pa.array(people, pa.int64()),
            "kind": pa.array([kind or "" for kind in kinds], pa.string()),
            "role": pa.array(roles, pa.string()),
        }
    )


def _groups(scope: DataScope) -> QuerySet[Group]:
    return Group.objects.within(scope).select_related("store", "kind")


def _group_view(group: Group) -> GroupView:
    return GroupView(
        id=group.pk,
        chat_id=group.chat_id,
        name=group.name,
        kind_code=group.kind.code if group.kind is not None else "",
        store_id=group.store_id,
        store_name=group.store.name if group.store is not None else "",
        owner_staff_id=group.owner_staff_id,
        member_count=group.member_count,
        capacity=group.capacity,
        state=GroupState(group.state),
        created_at=group.created_at,
        last_message_at=group.last_message_at,
    )


def _entry_view(entry: Entry) -> JoinEntry:
    return JoinEntry(
        id=entry.pk,
        kind_code=entry.kind.code,
        kind_name=entry.kind.name,
        store_id=entry.store_id,
        store_name=entry.store.name,
        owner_staff_id=entry.owner_staff_id,
        owner_name=entry.owner_staff.name,
        state=EntryState(entry.state),
        url=entry.qr_code,
        qr_code=entry.qr_code,
        chat_ids=tuple(entry.chat_ids),
        refusal=entry.refusal,
    )


def _planned_view(planned: PlannedGroup) -> PlannedGroupView:
    return PlannedGroupView(
        id=planned.pk,
        store_id=planned.entry.store_id,
        store_name=planned.entry.store.name,
        kind_code=planned.entry.kind.code,
        name=planned.name,
        owner_staff_id=planned.entry.owner_staff_id,
        owner_name=planned.entry.owner_staff.name,
        planned_at=planned.planned_at,
    )
