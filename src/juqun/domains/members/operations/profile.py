"""The member's store, and lines of the time line."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from juqun.domains.members.models import Member, TimelineRecord
from juqun.domains.members.operations.locks import lock_member
from juqun.domains.members.queries.lookups import resolve_member_ids


def assign_store(*, member_id: int, store_id: int | None, at: datetime | None = None) -> bool:
    """Put a member into a store (None: into none) and answer whether that changed anything.

    With `at` the time line says so. Raises MemberNotFoundError and MemberErasedError.
    """
    with transaction.atomic():
        member = lock_member(member_id)
        if member.store_id == store_id:
            return False
        before, member.store_id = member.store_id, store_id
        member.save(update_fields=["store"])
        if at is not None:
            fields = {"from_store_id": before, "store_id": store_id}
            TimelineRecord.objects.create(member=member, at=at, kind="store_assigned", fields=fields)
    return True


def note(*, member_id: int, at: datetime, kind: str, fields: Mapping[str, Any]) -> None:
    """Write a line into a member's time line; `kind` is `<room>.<fact>` or a word of this room, `fields` JSON values.

    Unknown and erased members are passed over: a late line must not fail its writer.
    """
    note_many(lines=[(member_id, at, kind, fields)])


def note_many(*, lines: Sequence[tuple[int, datetime, str, Mapping[str, Any]]]) -> int:
    """Write many lines (member_id, at, kind, fields); answers how many were written. See `note`."""
    resolved = resolve_member_ids(member_ids=[line[0] for line in lines])
    with transaction.atomic():
        standing = set(
            Member.unscoped.filter(pk__in=set(resolved.values()), erased_at__isnull=True).values_list("pk", flat=True)
        )
        records = [
            TimelineRecord(member_id=resolved[pk], at=at, kind=kind[:48], fields=dict(fields))
            for pk, at, kind, fields in lines
            if resolved[pk] in standing
        ]
        TimelineRecord.objects.bulk_create(records, batch_size=1000)
    return len(records)
