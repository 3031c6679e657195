"""From a callback on the wire to a row in the inbox and a job. What this stores is what WeCom is told "success" for.

Any number of verified callbacks go in by one transaction; the unique key lets the same message in once, whoever brings it,
however often. A welcome code (20 s) gets a job of its own that overtakes everything; the rest of a batch shares one job.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from juqun.channels.wecom import envelope, translation
from juqun.channels.wecom.crypto import CallbackCrypto
from juqun.channels.wecom.errors import CallbackRefusedError
from juqun.channels.wecom.jobs import process_callbacks, process_urgent_callback
from juqun.channels.wecom.models import InboxCallback
from juqun.channels.wecom.settings import callback_max_age_seconds
from juqun.channels.wecom.types import InboxState, VerifiedCallback
from juqun.kernel import clock, jobs
from juqun.kernel.secrets import seal

MAX_CALLBACK_BYTES = envelope.MAX_BYTES
_NAME_LENGTH = 64
_COLUMNS = ("dedupe_key", "received_at", "event", "change_type", "body", "state", "attempts", "error")


def check_url(*, signature: str, timestamp: str, nonce: str, echostr: str) -> bytes:
    """Answer WeCom's check of our URL: the plain text of `echostr`. Raises CallbackRefusedError."""
    _check_age(timestamp)
    return _crypto().open(signature, timestamp, nonce, echostr)


def open_callback(*, signature: str, timestamp: str, nonce: str, body: bytes) -> VerifiedCallback:
    """Verify and decrypt one callback; raises CallbackRefusedError for anything not genuine, not ours, too old or not readable."""
    _check_age(timestamp)
    encrypted = envelope.parse(body).get("Encrypt")
    if not encrypted:
        raise CallbackRefusedError(reason="nothing encrypted inside")
    plain = _crypto().open(signature, timestamp, nonce, encrypted)
    message = envelope.parse(plain)
    try:
        text = plain.decode()
    except UnicodeDecodeError:
        raise CallbackRefusedError(reason="not UTF-8") from None
    event, change_type = translation.kind_of(message)
    return VerifiedCallback(
        dedupe_key=translation.dedupe_key(message, plain),
        received_at=clock.now(),
        event=event[:_NAME_LENGTH],
        change_type=change_type[:_NAME_LENGTH],
        sealed_body=seal(text),
        urgency=translation.urgency(message),
    )


def store_callbacks(*, callbacks: Sequence[VerifiedCallback]) -> int:
    """Store callbacks with their jobs in one transaction; returns how many were new. Known ones change nothing."""
    unique = {callback.dedupe_key: callback for callback in callbacks}
    with transaction.atomic():
        stored = _insert(list(unique.values()))
        urgent = [(unique[key], inbox_id) for key, inbox_id in stored if unique[key].urgency]
        rest = [inbox_id for key, inbox_id in stored if not unique[key].urgency]
        jobs.enqueue_requests(
            process_urgent_callback,
            [jobs.Request(kwargs={"inbox_id": inbox_id}, priority=callback.urgency) for callback, inbox_id in urgent],
        )
        if rest:
            jobs.enqueue(process_callbacks, inbox_ids=rest)
    return len(stored)


def _insert(callbacks: Sequence[VerifiedCallback]) -> list[tuple[str, int]]:
    """One statement for all; RETURNING names only the rows that were new (bulk_create cannot say which it left out)."""
    table, adapt = InboxCallback._meta.db_table, connection.ops.adapt_datetimefield_value
    marks = ", ".join(["%s"] * len(_COLUMNS))
    values: list[Any] = []
    for one in callbacks:
        values += [
            one.dedupe_key, adapt(one.received_at), one.event, one.change_type, one.sealed_body, InboxState.RECEIVED.value, 0, "",
        ]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(_COLUMNS)}) VALUES {', '.join([f'({marks})'] * len(callbacks))} "
            "ON CONFLICT (dedupe_key) DO NOTHING RETURNING dedupe_key, id",
            values,
        )
        return [(key, inbox_id) for key, inbox_id in cursor.fetchall()]


def _crypto() -> CallbackCrypto:
    return _crypto_for(
        settings.JUQUN_WECOM_CALLBACK_TOKEN, settings.JUQUN_WECOM_CALLBACK_AES_KEY, settings.JUQUN_WECOM_CORP_ID
    )


@lru_cache(maxsize=4)
def _crypto_for(token: str, aes_key: str, corp_id: str) -> CallbackCrypto:
    return CallbackCrypto(token, aes_key, corp_id)


def _check_age(timestamp: str) -> None:
    limit = callback_max_age_seconds()
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 11):
        raise CallbackRefusedError(reason="no timestamp")
    if abs(clock.now().timestamp() - int(timestamp)) > limit:
        raise CallbackRefusedError(reason=f"timestamp more than {limit} seconds away from our clock")
