"""The message archive through an adapter of choice; only who wrote where and when is taken over, never the content."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx
from django.conf import settings
from django.utils.module_loading import import_string

from juqun.channels.wecom.errors import WecomAnswerError, WecomBusyError, WecomCredentialError, WecomRefusedError
from juqun.channels.wecom.types import ArchiveAdapter, ArchiveRow

ENDPOINT = "archive/pull"
PLAIN = "plain:"
TIMEOUT_SECONDS = 20
BAD_SECRET = 40001


class PlainAdapter:
    """Pulls rows as plain JSON over HTTP: POST {seq, limit} with the archive's secret as bearer, as the emulator answers it."""

    def __init__(self, url: str, secret: str) -> None:
        self._url, self._secret = url, secret

    def pull(self, *, seq: int, limit: int) -> Sequence[Mapping[str, Any]]:
        """Answer the rows beyond `seq`; raises WecomBusyError, WecomCredentialError, WecomRefusedError, WecomAnswerError."""
        try:
            answer = httpx.post(
                self._url,
                json={"seq": seq, "limit": limit},
                headers={"Authorization": f"Bearer {self._secret}"},
                timeout=TIMEOUT_SECONDS,
            )
            answer.raise_for_status()
        except httpx.HTTPError as error:
            raise WecomBusyError(endpoint=ENDPOINT) from error
        try:
            body = answer.json()
            errcode, detail = int(body["errcode"]), str(body.get("errmsg", ""))
            rows: Sequence[Mapping[str, Any]] = body.get("chatdata") or ()
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise WecomAnswerError(endpoint=ENDPOINT, detail="no list of rows") from error
        if errcode == BAD_SECRET:
            raise WecomCredentialError(endpoint=ENDPOINT, errcode=errcode, detail=detail)
        if errcode:
            raise WecomRefusedError(endpoint=ENDPOINT, errcode=errcode, detail=detail)
        return rows


def is_archive_on() -> bool:
    """Whether an adapter is named by the settings."""
    return bool(settings.JUQUN_WECOM_ARCHIVE)


def pull_archive(*, seq: int, limit: int = 1000) -> list[ArchiveRow]:
    """Read the rows of the message archive beyond `seq`, at most `limit` (1 to 1,000); none where no adapter is named.

    Customers who refused are left out by WeCom itself. Raises the WecomError tree; WecomAnswerError for rows of another shape.
    """
    named: str = settings.JUQUN_WECOM_ARCHIVE
    if not named:
        return []
    adapter: ArchiveAdapter
    if named.startswith(PLAIN):
        adapter = PlainAdapter(named.removeprefix(PLAIN), settings.JUQUN_WECOM_ARCHIVE_SECRET)
    else:
        adapter = import_string(named)()
    rows = adapter.pull(seq=seq, limit=limit)
    try:
        return [_row(row) for row in rows]
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise WecomAnswerError(endpoint=ENDPOINT, detail=f"a row without {error}") from error


def _row(row: Mapping[str, Any]) -> ArchiveRow:
    milliseconds = int(row.get("msgtime") or row.get("time") or 0)
    return ArchiveRow(
        seq=int(row["seq"]),
        msgid=str(row["msgid"]),
        action=str(row.get("action") or ""),
        sender=str(row.get("from") or row.get("user") or ""),
        chat_id=str(row.get("roomid") or ""),
        msgtype=str(row.get("msgtype") or ""),
        at=datetime.fromtimestamp(milliseconds / 1000, tz=UTC) if milliseconds else None,
    )
