"""Keys of the HTTP interface: made, shown once, withdrawn."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Final

from juqun.domains.commerce.models import TillKey
from juqun.domains.commerce.types import TillKeyMade, TillKeyView
from juqun.kernel import clock

PREFIX = "jq_"
# A use is written down once in this time: a busy till must not write a row with every call.
USE_NOTED_EVERY: Final = timedelta(hours=1)


def create_till_key(*, store_id: int, name: str) -> TillKeyMade:
    """Make a key for a till of the store and answer its secret, which is shown this once.

    `store_id` may be a node above the stores for head-office programs (imports): the key then reaches all below it.
    """
    secret = PREFIX + secrets.token_urlsafe(32)
    row = TillKey.objects.create(
        node_id=store_id, name=name, key_hash=hash_secret(secret), hint=secret[:8], created_at=clock.now()
    )
    return TillKeyMade(id=row.pk, secret=secret)


def revoke_till_key(*, key_id: int) -> bool:
    """Withdraw a key for good; True when it was valid until now."""
    return TillKey.objects.filter(pk=key_id, revoked_at__isnull=True).update(revoked_at=clock.now()) == 1


def note_till_key_use(*, key: TillKeyView, at: datetime) -> bool:
    """Write down that a key is in use; False when that was written less than an hour ago (nothing is asked of the database)."""
    if key.last_used_at is not None and at - key.last_used_at < USE_NOTED_EVERY:
        return False
    return TillKey.objects.filter(pk=key.id).update(last_used_at=at) == 1


def hash_secret(secret: str) -> str:
    """The stored form of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()
