"""What a member may ask for: everything that is known about them, and that it be destroyed."""

from typing import Any

from django.db import transaction

from juqun.domains.members.events import MemberErased
from juqun.domains.members.models import (
    ConsentRecord,
    ErasedContact,
    FriendLink,
    Member,
    MemberIdentity,
    MemberTag,
    MergeRecord,
    TimelineRecord,
)
from juqun.domains.members.operations.locks import lock_member
from juqun.domains.members.queries.profiles import get_row
from juqun.domains.members.types import IdentityKind
from juqun.kernel import clock
from juqun.kernel.events import publish
from juqun.kernel.scope import DataScope
from juqun.kernel.secrets import unseal

ERASED: dict[str, Any] = {
    "display_name": "",
    "tier": "",
    "gender": "",
    "birth_year": None,
    "attributes": {},
    "is_friend": False,
    "consent_marketing": False,
    "consent_profiling": False,
    "staff_id": None,
}


def export_member(*, scope: DataScope, member_id: int) -> dict[str, Any]:
    """Everything that this room knows about a member, as JSON values, identities in full: it is for the member's own eyes.

    Raises MemberNotFoundError.
    """
    row = get_row(scope=scope, member_id=member_id)

    def rows(model: Any, *names: str) -> list[dict[str, Any]]:
        return [_plain(found) for found in model.objects.filter(member=row).order_by("pk").values(*names)]

    profile = {name: getattr(row, name) for name in ("public_id", "store_id", "source", "created_at", *ERASED)}
    return {
        **_plain(profile),
        "member_id": row.pk,
        "identities": [
            {"kind": kind, "value": unseal(sealed), "created_at": created_at.isoformat()}
            for kind, sealed, created_at in MemberIdentity.objects.filter(member=row)
            .order_by("pk")
            .values_list("kind", "sealed", "created_at")
        ],
        "tags": rows(MemberTag, "tag", "source", "created_at"),
        "consents": rows(ConsentRecord, "purpose", "granted", "source", "at"),
        "friends": rows(FriendLink, "staff_id", "state", "added_at", "lost_at", "lost_by"),
        "timeline": rows(TimelineRecord, "at", "kind", "fields"),
        "merged_member_ids": sorted(_absorbed(row.pk) - {row.pk}),
    }


def erase_member(*, member_id: int, actor: str) -> None:
    """Destroy a member's personal data for good: identities, name, attributes, tags, friendships, time line, merge journals.

    The row stays as a tombstone id (with its store and date, so that counts stay true), and so do those that were merged
    into it. The history of consent stays as proof, without a name, and a hash of the WeCom id, by which reading the contacts
    again knows whom to leave alone. Raises MemberNotFoundError and MemberErasedError.
    """
    with transaction.atomic():
        member = lock_member(member_id)
        at = clock.now()
        cluster = sorted(_absorbed(member.pk))
        contacts = MemberIdentity.objects.filter(member_id__in=cluster, kind=IdentityKind.EXTERNAL_USERID)
        ErasedContact.objects.bulk_create(
            [ErasedContact(hash=found, erased_at=at) for found in contacts.values_list("hash", flat=True)],
            ignore_conflicts=True,
        )
        for model in (FriendLink, MemberIdentity, MemberTag, TimelineRecord):
            model.objects.filter(member_id__in=cluster).delete()
        MergeRecord.objects.filter(keep_id__in=cluster).update(journal={}, reason="", is_erased=True)
        MergeRecord.objects.filter(absorb_id__in=cluster).update(journal={}, reason="", is_erased=True)
        Member.unscoped.filter(pk__in=cluster).update(**ERASED, erased_at=at)
        TimelineRecord.objects.create(member=member, at=at, kind="erased", fields={"actor": actor})
        publish(*(MemberErased(member_id=pk) for pk in cluster))


def _absorbed(member_id: int) -> set[int]:
    """The member and all that were absorbed into it, directly or not."""
    cluster, edge = {member_id}, {member_id}
    while edge:
        edge = set(Member.unscoped.filter(absorbed_into_id__in=edge).values_list("pk", flat=True)) - cluster
        cluster |= edge
    return cluster


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in values.items()}
