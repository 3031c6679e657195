"""Two members turn out to be one person, and sometimes not after all: merging with a journal, and undoing by it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import models, transaction
from django.db.models import Q

from juqun.domains.members import rules
from juqun.domains.members.errors import (
    MergeBuriedError,
    MergeErasedError,
    MergeImpossibleError,
    MergeNotFoundError,
    MergeUndoneError,
)
from juqun.domains.members.events import MembersMerged, MembersSplit
from juqun.domains.members.models import (
    ConsentRecord,
    FriendLink,
    Member,
    MemberIdentity,
    MemberTag,
    MergeRecord,
    TimelineRecord,
)
from juqun.domains.members.operations.locks import lock_member, lock_rows
from juqun.domains.members.types import ConsentPurpose
from juqun.kernel import clock
from juqun.kernel.events import publish

# Rows that simply change hands; the journal keeps their ids under the model's name.
MOVED: tuple[type[models.Model], ...] = (MemberIdentity, ConsentRecord, TimelineRecord, MemberTag)


def merge_members(*, keep_id: int, absorb_id: int, actor: str, reason: str) -> int:
    """Merge `absorb_id` into `keep_id` and answer the id of the merge, by which it can be undone.

    Everything of the absorbed member moves to the kept one; blanks of the kept one are filled, nothing is overwritten;
    the absorbed id keeps resolving to the kept one. Raises MergeImpossibleError (they are one already),
    MemberNotFoundError and MemberErasedError.
    """
    with transaction.atomic():
        first, second = (lock_member(pk) for pk in sorted((keep_id, absorb_id)))
        keep, other = (first, second) if keep_id <= absorb_id else (second, first)
        if keep.pk == other.pk:
            raise MergeImpossibleError(keep_id=keep_id, absorb_id=absorb_id)
        return absorb(keep=keep, other=other, actor=actor, reason=reason, at=clock.now())


def absorb(*, keep: Member, other: Member, actor: str, reason: str, at: datetime) -> int:
    """Merge two locked, standing members; the id of the merge."""
    journal: dict[str, Any] = {"dropped_tags": _drop_tags_that_both_have(keep, other)}
    for model in MOVED:
        rows = model._default_manager.filter(member_id=other.pk)
        journal[model.__name__] = list(rows.order_by("pk").values_list("pk", flat=True))
        rows.update(member_id=keep.pk)
    FriendLink.objects.filter(member=other).update(member=keep)
    changes = rules.fill_blanks(_fields(keep), _fields(other))
    changes.update(_flags(keep.pk, keep, other))
    journal["before"] = {name: getattr(keep, name) for name in changes}
    journal["after"] = changes
    for name, value in changes.items():
        setattr(keep, name, value)
    if changes:
        keep.save(update_fields=list(changes))
    other.absorbed_into = keep
    other.save(update_fields=["absorbed_into"])
    merge = MergeRecord.objects.create(
        keep=keep, absorb=other, actor=actor, reason=reason[:255], at=at, journal=journal
    )
    TimelineRecord.objects.create(
        member=keep, at=at, kind="merged", fields={"merge_id": merge.pk, "absorb_id": other.pk, "actor": actor}
    )
    publish(MembersMerged(keep_id=keep.pk, absorb_id=other.pk))
    return merge.pk


def undo_merge(*, merge_id: int, actor: str) -> None:
    """Undo a merge exactly: what it moved goes back, what it filled is emptied again (unless it was changed since).

    What came to the kept member after the merge stays there. Raises MergeNotFoundError, MergeUndoneError,
    MergeBuriedError (a later merge stands on this one; undo that first) and MergeErasedError.
    """
    with transaction.atomic():
        merge = MergeRecord.objects.select_for_update().filter(pk=merge_id).first()
        if merge is None:
            raise MergeNotFoundError(merge_id=merge_id)
        rows = lock_rows([merge.keep_id, merge.absorb_id])
        keep, other = rows[merge.keep_id], rows[merge.absorb_id]
        _check_undoable(merge, keep)
        _give_back(merge, keep, other)
        _restore(merge.journal, keep)
        other.absorbed_into = None
        other.save(update_fields=["absorbed_into"])
        for member in (keep, other):
            refresh_friend(member)
        at = clock.now()
        merge.undone_at, merge.undone_by = at, actor
        merge.save(update_fields=["undone_at", "undone_by"])
        fields = {"merge_id": merge.pk, "absorb_id": other.pk, "actor": actor}
        TimelineRecord.objects.create(member=keep, at=at, kind="merge_undone", fields=fields)
        publish(MembersSplit(keep_id=keep.pk, absorb_id=other.pk))


def refresh_friend(member: Member) -> None:
    """Set `is_friend` to whether any friendship is active."""
    is_friend = FriendLink.objects.filter(member=member, lost_at__isnull=True).exists()
    if is_friend != member.is_friend:
        member.is_friend = is_friend
        member.save(update_fields=["is_friend"])


def _drop_tags_that_both_have(keep: Member, other: Member) -> list[dict[str, Any]]:
    both = MemberTag.objects.filter(member=other, tag__in=MemberTag.objects.filter(member=keep).values("tag"))
    dropped = [
        {"id": pk, "tag": tag, "source": source, "created_at": created_at.isoformat()}
        for pk, tag, source, created_at in both.order_by("pk").values_list("pk", "tag", "source", "created_at")
    ]
    both.delete()
    return dropped


def _fields(member: Member) -> dict[str, Any]:
    return {name: getattr(member, name) for name in (*rules.FILLED_ON_MERGE, "attributes")}


def _flags(member_id: int, keep: Member, other: Member) -> dict[str, Any]:
    """Flags of the kept member that change: a friend of either is a friend; of consent the latest answer of either holds."""
    flags: dict[str, Any] = {}
    if other.is_friend and not keep.is_friend:
        flags["is_friend"] = True
    for purpose in ConsentPurpose:
        name = f"consent_{purpose}"
        latest = ConsentRecord.objects.filter(member_id=member_id, purpose=purpose).order_by("-at", "-pk").first()
        if latest is not None and latest.granted != getattr(keep, name):
            flags[name] = latest.granted
    return flags


def _check_undoable(merge: MergeRecord, keep: Member) -> None:
    if merge.undone_at is not None:
        raise MergeUndoneError(merge_id=merge.pk)
    if merge.is_erased:
        raise MergeErasedError(merge_id=merge.pk)
    later = (
        MergeRecord.objects.filter(Q(keep=keep) | Q(absorb=keep), pk__gt=merge.pk, undone_at__isnull=True)
        .order_by("-pk")
        .first()
    )
    if later is not None:
        raise MergeBuriedError(merge_id=merge.pk, later_id=later.pk)


def _give_back(merge: MergeRecord, keep: Member, other: Member) -> None:
    for model in MOVED:
        moved = merge.journal[model.__name__]
        given = model._default_manager.filter(pk__in=moved, member_id=keep.pk).update(member_id=other.pk)
        if model is MemberIdentity and given != len(moved):
            raise MergeErasedError(merge_id=merge.pk)
    # A friendship follows the WeCom id that it was made with, also one that began after the merge.
    FriendLink.objects.filter(identity__member=other).update(member=other)
    MemberTag.objects.bulk_create(
        [
            MemberTag(
                id=tag["id"],
                member=other,
                tag=tag["tag"],
                source=tag["source"],
                created_at=datetime.fromisoformat(tag["created_at"]),
            )
            for tag in merge.journal["dropped_tags"]
        ]
    )


def _restore(journal: Mapping[str, Any], keep: Member) -> None:
    """Put back what the merge changed, except where somebody has changed it again since."""
    untouched = [name for name, value in journal["after"].items() if getattr(keep, name) == value]
    for name in untouched:
        setattr(keep, name, journal["before"][name])
    if untouched:
        keep.save(update_fields=untouched)
