"""Consent per purpose, with its history."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from juqun.domains.members.events import ConsentChanged
from juqun.domains.members.models import ConsentRecord
from juqun.domains.members.operations.locks import lock_member
from juqun.domains.members.queries.lookups import chunked
from juqun.domains.members.types import ConsentPurpose
from juqun.kernel.events import publish


def withdrawn_ids(*, member_ids: Iterable[int], purpose: ConsentPurpose, but_by: str) -> set[int]:
    """Those members whose last answer to a purpose was no, given elsewhere than by the source `but_by`."""
    last: dict[int, tuple[bool, str]] = {}
    for part in chunked(sorted(set(member_ids))):
        answers = ConsentRecord.objects.filter(member_id__in=part, purpose=purpose).order_by("at", "pk")
        for member_id, granted, source in answers.values_list("member_id", "granted", "source"):
            last[member_id] = (granted, source)
    return {member_id for member_id, (granted, source) in last.items() if not granted and source != but_by}


def set_consent(*, member_id: int, purpose: ConsentPurpose, granted: bool, source: str, at: datetime) -> bool:
    """Note a member's answer to one purpose and answer whether what holds has changed.

    The answer that was given last holds, also when an older one arrives late; the same answer twice is noted once.
    Raises MemberNotFoundError and MemberErasedError.
    """
    purpose = ConsentPurpose(purpose)
    with transaction.atomic():
        member = lock_member(member_id)
        ConsentRecord.objects.get_or_create(member=member, purpose=purpose, granted=granted, source=source[:64], at=at)
        latest = ConsentRecord.objects.filter(member=member, purpose=purpose).order_by("-at", "-pk")[0]
        name = f"consent_{purpose}"
        if getattr(member, name) == latest.granted:
            return False
        setattr(member, name, latest.granted)
        member.save(update_fields=[name])
        publish(ConsentChanged(member_id=member.pk, purpose=purpose, granted=latest.granted))
    return True
