"""Signature and cipher of WeCom callbacks (AES-256-CBC, IV = first half of the key, padded to 32, length-prefixed, receiver appended)."""

import hashlib
import hmac
import os
import struct
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass, field
from functools import cached_property

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from juqun.channels.wecom.errors import CallbackRefusedError

_BLOCK = 32
_RANDOM = 16


@dataclass(frozen=True)
class CallbackCrypto:
    """Verify and open what WeCom sends to one callback URL. `receiver` is the corp id for an app's callback."""

    token: str = field(repr=False)
    aes_key: str = field(repr=False)
    receiver: str

    @cached_property
    def _cipher(self) -> Cipher[modes.CBC]:
        key = b64decode(self.aes_key + "=")
        return Cipher(algorithms.AES(key), modes.CBC(key[:16]))

    def sign(self, timestamp: str, nonce: str, encrypted: str) -> str:
        """Hex SHA-1 of the sorted concatenation."""
        return hashlib.sha1("".join(sorted((self.token, timestamp, nonce, encrypted))).encode()).hexdigest()  # noqa: S324 - WeCom's choice

    def open(self, signature: str, timestamp: str, nonce: str, encrypted: str) -> bytes:
        """Return the plain message; raises CallbackRefusedError when signature, padding or receiver is wrong."""
        if not hmac.compare_digest(self.sign(timestamp, nonce, encrypted).encode(), signature.encode()):
            raise CallbackRefusedError(reason="wrong signature")
        return self.decrypt(encrypted)

    def decrypt(self, encrypted: str) -> bytes:
        """Return the plain message of one ciphertext whose signature was checked."""
        try:
            sealed = b64decode(encrypted, validate=True)
        except (Base64Error, ValueError):
            raise CallbackRefusedError(reason="not base64") from None
        if not sealed or len(sealed) % 16:
            raise CallbackRefusedError(reason="cut ciphertext")
        decryptor = self._cipher.decryptor()
        padded = decryptor.update(sealed) + decryptor.finalize()
        body = padded[_RANDOM : -padded[-1]] if 1 <= padded[-1] <= _BLOCK else b""
        if len(body) < 4:
            raise CallbackRefusedError(reason="wrong key or padding")
        end = 4 + int(struct.unpack(">I", body[:4])[0])
        if not hmac.compare_digest(body[end:], self.receiver.encode()):
            raise CallbackRefusedError(reason="not for this corp")
        return body[4:end]

    def encrypt(self, message: bytes) -> str:
        """Return the ciphertext of a message, as WeCom builds it; used for passive replies and for checking our own URL."""
        body = os.urandom(_RANDOM) + struct.pack(">I", len(message)) + message + self.receiver.encode()
        pad = _BLOCK - len(body) % _BLOCK
        encryptor = self._cipher.encryptor()
        return b64encode(encryptor.update(body + bytes([pad]) * pad) + encryptor.finalize()).decode()
