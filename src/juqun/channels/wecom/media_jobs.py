"""Queue entry points that keep uploads alive; apart from the inbox's `jobs` because these call WeCom's operations."""

from datetime import timedelta

from django.db.models import Q

from juqun.channels.wecom import operations
from juqun.channels.wecom.models import MediaFile
from juqun.channels.wecom.operations.media import RENEWED_AFTER
from juqun.kernel import clock, jobs
from juqun.kernel.models import Queue

UNUSED_AFTER = timedelta(days=90)


@jobs.job(queue=Queue.SEND, atomic=False, lease_seconds=120)
def refresh_media(*, content_hash: str) -> None:
    """Upload one kept file if its upload is old."""
    operations.refresh_media(content_hash=content_hash, at=clock.now())


@jobs.job(queue=Queue.BULK, atomic=True)
def refresh_all_media() -> None:
    """Ask for every file in use whose upload is older than 2.5 days to be uploaded again."""
    now = clock.now()
    old = Q(uploaded_at__isnull=True) | Q(uploaded_at__lte=now - RENEWED_AFTER)
    hashes = list(MediaFile.objects.filter(old, used_at__gt=now - UNUSED_AFTER).values_list("content_hash", flat=True))
    jobs.enqueue_many(
        refresh_media,
        [{"content_hash": one} for one in hashes],
        dedupe_keys=[f"wecom.media:{one}" for one in hashes],
    )
