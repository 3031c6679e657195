"""Words on members, set-based."""

from collections.abc import Sequence

from django.db import transaction

from juqun.domains.members.events import MemberTagged
from juqun.domains.members.models import Member, MemberTag
from juqun.domains.members.operations.marks import want_marks
from juqun.domains.members.queries.lookups import chunked, resolve_member_ids
from juqun.kernel import clock
from juqun.kernel.events import publish

MAX_TAG = 64


def tag_members(*, member_ids: Sequence[int], tag: str, source: str, actor: str | None = None) -> int:
    """Put `tag` on members and answer how many did not have it. `source`: who tags (`manual`, `import`, `source`, …).

    Absorbed ids tag the kept member; unknown and erased ones are passed over. `actor` is kept with the source.
    """
    word = tag.strip()[:MAX_TAG]
    origin = f"{source}:{actor}"[:32] if actor else source[:32]
    fresh = 0
    for part in chunked(sorted(set(resolve_member_ids(member_ids=member_ids).values()))):
        with transaction.atomic():
            standing = set(Member.unscoped.filter(pk__in=part, erased_at__isnull=True).values_list("pk", flat=True))
            having = set(MemberTag.objects.filter(member_id__in=standing, tag=word).values_list("member_id", flat=True))
            new = sorted(standing - having)
            at = clock.now()
            MemberTag.objects.bulk_create(
                [MemberTag(member_id=pk, tag=word, source=origin, created_at=at) for pk in new],
                ignore_conflicts=True,
                batch_size=1000,
            )
            publish(*(MemberTagged(member_id=pk, tag=word, source=source) for pk in new))
            want_marks(member_ids=new, word=word)
        fresh += len(new)
    return fresh


def untag_members(*, member_ids: Sequence[int], tag: str) -> int:
    """Take `tag` off members; answers how many had it."""
    removed = 0
    for part in chunked(sorted(set(resolve_member_ids(member_ids=member_ids).values()))):
        with transaction.atomic():
            removed += MemberTag.objects.filter(member_id__in=part, tag=tag.strip()).delete()[0]
            want_marks(member_ids=part, word=tag.strip())
    return removed
