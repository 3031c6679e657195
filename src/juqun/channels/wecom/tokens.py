"""Access tokens: one per (corp, app), fetched once, sealed in the database, shared by all processes.

WeCom punishes fetching a token before each call (2,000 wrong fetches an hour block the corp), and a token may die before its time.
Whoever wins the row's lease fetches; everybody else waits for the next generation. A secret that WeCom refused is not tried again
for a while, by nobody: the refusal is kept in the row. Lease and refusal run on the machine's time.
"""

import secrets
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Generic, TypeVar

from cryptography.exceptions import InvalidTag
from django.db.models import F, Q

from juqun.channels.wecom import rules
from juqun.channels.wecom.endpoints import GET_TOKEN
from juqun.channels.wecom.errors import WecomBusyError, WecomCredentialError
from juqun.channels.wecom.models import AccessToken
from juqun.kernel import clock
from juqun.kernel.secrets import seal, unseal

EARLY_SHARE = 0.05  # of its life: a token is not used in its last minutes
LEASE_SECONDS = 15
LOOK_SECONDS = 0.05
PATIENCE_LOOKS = 400  # 20 s, longer than any lease
REFUSED_SECONDS = 30
MOST_DOUBLINGS = 6  # 32 minutes at last: with a wrong secret WeCom hears from us a handful of times an hour


@dataclass(frozen=True, slots=True)
class Token:
    """A token with the count of its row; `repr` hides the value. `is_new`: fetched for whoever asked just now."""

    value: str
    generation: int
    expires_at: datetime
    is_new: bool = False

    def __repr__(self) -> str:
        return f"Token(generation={self.generation})"

    @property
    def is_fresh(self) -> bool:
        """Whether it may still be used."""
        return self.expires_at > clock.now()


Kind = TypeVar("Kind", bound=StrEnum)


class TokenStore(Generic[Kind]):
    """Hands out tokens of one corp, kept under `key_of` their kind (whose secret; which ticket). `fetch`: (token, seconds to live)."""

    def __init__(self, corp: str, key_of: Callable[[Kind], str], fetch: Callable[[Kind], tuple[str, int]]) -> None:
        self._corp = corp
        self._key_of = key_of
        self._fetch = fetch
        self._known: dict[Kind, Token] = {}
        self._locks: defaultdict[Kind, threading.Lock] = defaultdict(threading.Lock)

    def get(self, credential: Kind, *, is_insisting: bool = False) -> Token:
        """A token that is good as far as we know. `is_insisting`: ask WeCom even though it refused the secret a while ago."""
        known = self._known.get(credential)
        if known is not None and known.is_fresh:
            return known
        with self._locks[credential]:
            known = self._known.get(credential)
            if known is None or not known.is_fresh:
                known = self._stored_or_new(credential, dead_generation=None, is_insisting=is_insisting)
                self._known[credential] = known
            return known

    def renew(self, credential: Kind, dead: Token) -> Token:
        """The successor of a token that WeCom refused: somebody else's if there is one already, else a new one."""
        with self._locks[credential]:
            known = self._known.get(credential)
            if known is not None and known.generation > dead.generation and known.is_fresh:
                return known
            found = self._stored_or_new(credential, dead_generation=dead.generation)
            self._known[credential] = replace(found, is_new=False)
            return found

    def _stored_or_new(self, credential: Kind, *, dead_generation: int | None, is_insisting: bool = False) -> Token:
        owner = secrets.token_hex(16)
        for _ in range(PATIENCE_LOOKS):
            row, _created = AccessToken.objects.get_or_create(corp=self._corp, app=self._key_of(credential))
            stored = _opened(row)
            if stored is not None and stored.is_fresh and stored.generation != dead_generation:
                return stored
            if not is_insisting and row.refused_until is not None and row.refused_until > clock.wall():
                raise rules.error_of(GET_TOKEN, row.refusal["errcode"], row.refusal["errmsg"])
            if self._take_lease(row, owner):
                return self._fetch_and_store(credential, row, owner)
            time.sleep(LOOK_SECONDS)
        raise WecomBusyError(endpoint=GET_TOKEN.path, detail="another process does not finish fetching the token")

    @staticmethod
    def _take_lease(row: AccessToken, owner: str) -> bool:
        wall = clock.wall()
        free = Q(refreshing_by="") | Q(refreshing_until__lt=wall)
        as_seen = {"generation": row.generation, "refusals": row.refusals}
        taken = AccessToken.objects.filter(free, id=row.id, **as_seen).update(
            refreshing_by=owner, refreshing_until=wall + timedelta(seconds=LEASE_SECONDS)
        )
        return bool(taken)

    def _fetch_and_store(self, credential: Kind, row: AccessToken, owner: str) -> Token:
        held = AccessToken.objects.filter(id=row.id, refreshing_by=owner)
        try:
            value, seconds = self._fetch(credential)
        except WecomCredentialError as error:
            rest = REFUSED_SECONDS * 2 ** min(row.refusals, MOST_DOUBLINGS)
            held.update(
                refreshing_by="",
                refusals=row.refusals + 1,
                refused_until=clock.wall() + timedelta(seconds=rest),
                refusal={"errcode": error.errcode, "errmsg": error.detail},
            )
            raise
        except BaseException:
            held.update(refreshing_by="")
            raise
        token = Token(
            value, row.generation + 1, clock.now() + timedelta(seconds=seconds * (1 - EARLY_SHARE)), is_new=True
        )
        held.update(
            token=seal(value),
            expires_at=token.expires_at,
            generation=F("generation") + 1,
            refreshing_by="",
            refreshing_until=None,
            refusals=0,
            refused_until=None,
        )
        return token


def _opened(row: AccessToken) -> Token | None:
    if not row.token or row.expires_at is None:
        return None
    try:
        return Token(unseal(row.token), row.generation, row.expires_at)
    except InvalidTag:  # the installation's secret was changed: fetch anew
        return None
