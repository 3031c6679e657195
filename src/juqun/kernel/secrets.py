"""Sealing of personal values: encrypted at rest (AES-256-GCM), found by keyed hash (HMAC-SHA256), masked on screen.

Both keys are derived by HKDF from the installation's one secret, so that losing a database alone reveals nobody.
"""

import hmac
import os
from collections.abc import Iterable, Sequence
from functools import lru_cache
from hashlib import sha256

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

NONCE_BYTES = 12
BLOCK_BYTES = 64  # of SHA-256, as HMAC pads its key
HASH_BYTES = 16  # 128 bits: no collision among billions of identities


@lru_cache(maxsize=4)
def _key(secret: str, purpose: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=b"juqun", info=purpose).derive(secret.encode())


@lru_cache(maxsize=2)
def _cipher(secret: str) -> AESGCM:
    return AESGCM(_key(secret, b"seal"))


def seal(text: str) -> bytes:
    """Encrypt `text`; the same text sealed twice differs."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + _cipher(settings.SECRET_KEY).encrypt(nonce, text.encode(), None)


def unseal(sealed: bytes | memoryview) -> str:
    """The text of `seal()`. Raises cryptography's InvalidTag for a wrong key or a changed value."""
    raw = bytes(sealed)
    return _cipher(settings.SECRET_KEY).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], None).decode()


def keyed_hash(kind: str, value: str) -> bytes:
    """A 16-byte look-up key of a normalised value; different kinds never meet."""
    key = _key(settings.SECRET_KEY, b"hash")
    return hmac.digest(key, f"{kind}\x00{value}".encode(), sha256)[:HASH_BYTES]


def seal_many(texts: Sequence[str]) -> list[bytes]:
    """`seal()` for a batch: one draw of randomness for all nonces."""
    encrypt = _cipher(settings.SECRET_KEY).encrypt
    drawn = os.urandom(NONCE_BYTES * len(texts))
    nonces = (drawn[start : start + NONCE_BYTES] for start in range(0, len(drawn), NONCE_BYTES))
    return [nonce + encrypt(nonce, text.encode(), None) for nonce, text in zip(nonces, texts, strict=True)]


def keyed_hashes(kind: str, values: Iterable[str]) -> list[bytes]:
    """`keyed_hash()` for a batch of one kind; the two halves of HMAC are begun once, which makes it twice as fast."""
    key, prefix = _key(settings.SECRET_KEY, b"hash").ljust(BLOCK_BYTES, b"\0"), f"{kind}\x00".encode()
    begun = sha256(bytes(byte ^ 0x36 for byte in key) + prefix)
    outer = sha256(bytes(byte ^ 0x5C for byte in key))
    hashes = []
    for value in values:
        inner = begun.copy()
        inner.update(value.encode())
        final = outer.copy()
        final.update(inner.digest())
        hashes.append(final.digest()[:HASH_BYTES])
    return hashes


def mask(value: str, *, head: int = 3, tail: int = 2) -> str:
    """`138****12`: the head and tail of a value for the screen; short values lose all but one letter."""
    if len(value) <= head + tail + 1:
        return value[:1] + "*" * (len(value) - 1)
    return value[:head] + "****" + value[-tail:]
