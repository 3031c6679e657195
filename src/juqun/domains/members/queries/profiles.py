"""What people see of members: profiles, search, counts, tags, time line."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Count, Q, QuerySet

from juqun.domains.members import rules
from juqun.domains.members.errors import MemberNotFoundError
from juqun.domains.members.models import ConsentRecord, Member, MemberIdentity, MemberTag, MergeRecord, TimelineRecord
from juqun.domains.members.queries.lookups import resolve_member_ids
from juqun.domains.members.types import (
    IdentityKind,
    MaskedIdentity,
    MemberView,
    MergeView,
    Page,
    TimelineEntry,
)
from juqun.kernel.scope import DataScope
from juqun.kernel.secrets import keyed_hash, unseal

TEXT_CODE = "members.timeline."


def get_member(*, scope: DataScope, member_id: int) -> MemberView:
    """One member in scope; an absorbed id answers with the member that is kept. Raises MemberNotFoundError."""
    return _views([get_row(scope=scope, member_id=member_id)])[0]


def get_row(*, scope: DataScope, member_id: int) -> Member:
    """The row behind `get_member`, for this room only."""
    kept = resolve_member_ids(member_ids=[member_id])[member_id]
    row: Member | None = Member.objects.within(scope).select_related("store").filter(pk=kept).first()
    if row is None:
        raise MemberNotFoundError(member=str(member_id))
    return row


def search_members(
    *, scope: DataScope, text: str = "", limit: int = 25, offset: int = 0, tag: str | None = None
) -> Page[MemberView]:
    """Members in scope, newest first. `text`: part of a name, or a whole phone number, card, WeCom id or public id."""
    rows = _standing(scope)
    text = text.strip()
    if text:
        rows = rows.filter(
            Q(display_name__icontains=text) | Q(public_id=text.upper()) | Q(pk__in=_members_called(text))
        )
    if tag is not None:
        rows = rows.filter(tags__tag=tag)
    page = rows.select_related("store").order_by("-created_at", "-pk")[offset : offset + limit]
    return Page(items=tuple(_views(list(page))), total=rows.count())


def count_members(*, scope: DataScope) -> int:
    """How many members lie in scope (absorbed and erased ones do not count)."""
    return _standing(scope).count()


def count_friends(*, scope: DataScope) -> int:
    """How many members in scope are friends of at least one member of staff."""
    return _standing(scope).filter(is_friend=True).count()


def list_tags(*, scope: DataScope) -> list[tuple[str, int]]:
    """Tags of the members in scope with how many members have each, the most frequent first."""
    rows = MemberTag.objects.filter(member__in=_standing(scope).values("pk"))
    return list(rows.values("tag").annotate(size=Count("pk")).order_by("-size", "tag").values_list("tag", "size"))


def get_timeline(*, scope: DataScope, member_id: int, limit: int = 50) -> list[TimelineEntry]:
    """The member's time line, latest first; it ends with the day on which the member came. Raises MemberNotFoundError."""
    row = get_row(scope=scope, member_id=member_id)
    records = TimelineRecord.objects.filter(member=row).order_by("-at", "-pk")[:limit]
    entries = [
        TimelineEntry(at=record.at, kind=record.kind, text_code=TEXT_CODE + record.kind, fields=record.fields)
        for record in records
    ]
    if len(entries) < limit:
        joined = {"source": row.source, "store_id": row.store_id}
        entries.append(TimelineEntry(at=row.created_at, kind="joined", text_code=TEXT_CODE + "joined", fields=joined))
    return entries


def list_consents(*, scope: DataScope, member_id: int) -> list[dict[str, Any]]:
    """All answers of a member to consent questions (purpose, granted, source, at), latest first."""
    row = get_row(scope=scope, member_id=member_id)
    answers = ConsentRecord.objects.filter(member=row).order_by("-at", "-pk")
    return [dict(answer) for answer in answers.values("purpose", "granted", "source", "at")]


def list_merges(*, scope: DataScope, member_id: int) -> list[MergeView]:
    """Merges into the member, latest first, undone ones included."""
    row = get_row(scope=scope, member_id=member_id)
    return [
        MergeView(
            id=merge.pk,
            keep_id=merge.keep_id,
            absorb_id=merge.absorb_id,
            actor=merge.actor,
            reason=merge.reason,
            at=merge.at,
            undone_at=merge.undone_at,
            undone_by=merge.undone_by,
        )
        for merge in MergeRecord.objects.filter(keep=row).order_by("-pk")
    ]


def _standing(scope: DataScope) -> QuerySet[Member]:
    rows: QuerySet[Member] = Member.objects.within(scope).filter(absorbed_into__isnull=True, erased_at__isnull=True)
    return rows


def _members_called(text: str) -> list[int]:
    """Ids of members that have `text` as an identity of any kind."""
    condition = Q(pk__in=())
    for kind in IdentityKind:
        try:
            normal = rules.normalise(kind, text)
        except ValueError:
            continue
        condition |= Q(kind=kind, hash=keyed_hash(kind, normal))
    return list(MemberIdentity.objects.filter(condition).values_list("member_id", flat=True))


def _views(rows: Sequence[Member]) -> list[MemberView]:
    """Views of members (their `store` selected along), with two more statements for any number of them."""
    ids = [row.pk for row in rows]
    tags: dict[int, list[str]] = {}
    for member_id, tag in MemberTag.objects.filter(member_id__in=ids).order_by("tag").values_list("member_id", "tag"):
        tags.setdefault(member_id, []).append(tag)
    identities: dict[int, list[MaskedIdentity]] = {}
    for identity in MemberIdentity.objects.filter(member_id__in=ids).order_by("pk"):
        kind = IdentityKind(identity.kind)
        shown = MaskedIdentity(kind=kind, masked=rules.masked(kind, unseal(identity.sealed)))
        identities.setdefault(identity.member_id, []).append(shown)
    return [
        MemberView(
            id=row.pk,
            public_id=row.public_id,
            display_name=row.display_name,
            store_id=row.store_id,
            store_name=row.store.name if row.store else "",
            staff_id=row.staff_id,
            tier=row.tier,
            is_friend=row.is_friend,
            tags=tuple(tags.get(row.pk, ())),
            identities=tuple(identities.get(row.pk, ())),
            created_at=row.created_at,
            gender=row.gender,
            birth_year=row.birth_year,
            consent_marketing=row.consent_marketing,
            consent_profiling=row.consent_profiling,
            attributes=row.attributes,
            source=row.source,
            is_erased=row.erased_at is not None,
        )
        for row in rows
    ]
