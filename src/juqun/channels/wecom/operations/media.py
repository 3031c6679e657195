"""Keeping media alive: WeCom forgets an upload after 3 days, a welcome has 20 seconds. So files are kept here and uploaded before."""

import hashlib
from datetime import datetime, timedelta

from django.db import transaction

from juqun.channels.wecom import endpoints
from juqun.channels.wecom.errors import WecomLimitError
from juqun.channels.wecom.models import MediaFile
from juqun.channels.wecom.operations.staff import MEDIA_LIMIT_BYTES, upload_media
from juqun.channels.wecom.queries import MEDIA_RENEWED_AFTER

LIVES = timedelta(days=3)
SAFETY = timedelta(minutes=10)
"""A media_id that dies within these minutes is not given out: the message has yet to be confirmed by WeCom."""


def keep_media(*, kind: str, filename: str, content: bytes, at: datetime) -> str:
    """Keep a file for messages; returns its content hash, under which the same file is kept once. Nothing is uploaded here.

    Raises WecomLimitError for a kind or size that WeCom does not take.
    """
    limit = MEDIA_LIMIT_BYTES.get(kind)
    if limit is None or not 5 < len(content) <= limit:
        raise WecomLimitError(endpoint=endpoints.MEDIA_UPLOAD.path, detail=f"{len(content)} bytes of kind {kind}")
    content_hash = hashlib.sha256(content).hexdigest()
    row = MediaFile(
        content_hash=content_hash, kind=kind, filename=filename[-120:], content=content, created_at=at, used_at=at
    )
    with transaction.atomic():
        MediaFile.objects.bulk_create([row], ignore_conflicts=True)
        MediaFile.objects.filter(content_hash=content_hash, kind=kind).update(used_at=at)
    return content_hash


def media_id_of(*, content_hash: str, at: datetime) -> str:
    """The living media_id of a kept file, "" when there is none just now. One read, no call: for the welcome's 20 seconds."""
    row = MediaFile.objects.filter(content_hash=content_hash).values_list("media_id", "uploaded_at").first()
    if row is None or row[1] is None or at >= row[1] + LIVES - SAFETY:
        return ""
    return row[0]


def refresh_media(*, content_hash: str, at: datetime) -> str:
    """Upload a kept file unless its upload is younger than 2.5 days; returns the media_id, "" for an unknown file. Calls WeCom."""
    row = MediaFile.objects.filter(content_hash=content_hash).first()
    if row is None:
        return ""
    if row.media_id and row.uploaded_at is not None and at < row.uploaded_at + MEDIA_RENEWED_AFTER:
        return row.media_id
    media_id = upload_media(kind=row.kind, filename=row.filename, content=bytes(row.content))
    MediaFile.objects.filter(pk=row.pk).update(media_id=media_id, uploaded_at=at)
    return media_id


def use_media(*, content_hashes: list[str], at: datetime) -> None:
    """Note that files are still in use; what nothing uses for 90 days is no longer uploaded."""
    MediaFile.objects.filter(content_hash__in=content_hashes).update(used_at=at)
