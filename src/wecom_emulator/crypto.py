"""WeCom's callback cipher and signature.

AES-256-CBC with the key of EncodingAESKey, IV = first 16 bytes of the key, plaintext = 16 random bytes + big-endian
length + message + receiveid, padded to a multiple of 32. The signature is the SHA-1 of the sorted parts.
"""

import base64
import hashlib
import hmac
import secrets
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 32
"""PKCS#7 block of WeCom in bytes; twice the AES block."""


class CallbackCryptoError(Exception):
    """A callback's signature, padding or receiver is wrong."""


def decode_key(encoding_aes_key: str) -> bytes:
    """Return the 32 key bytes of a 43-character EncodingAESKey; raises CallbackCryptoError for any other length."""
    advice = "EncodingAESKey must have 43 characters of base64: copy it again from the callback settings"
    if len(encoding_aes_key) != 43:
        raise CallbackCryptoError(advice)
    try:
        return base64.b64decode(encoding_aes_key + "=", validate=True)
    except ValueError as error:
        raise CallbackCryptoError(advice) from error


def sign(*, token: str, timestamp: str, nonce: str, encrypted: str) -> str:
    """Return msg_signature of one callback."""
    joined = "".join(sorted((token, timestamp, nonce, encrypted)))
    return hashlib.sha1(joined.encode(), usedforsecurity=False).hexdigest()


def encrypt(message: bytes, *, key: bytes, receive_id: str, salt: bytes | None = None) -> str:
    """Return the base64 Encrypt text of a message for a receiver (corp id); `salt` (16 bytes) for repeatable tests."""
    body = (salt or secrets.token_bytes(16)) + struct.pack(">I", len(message)) + message + receive_id.encode()
    pad = BLOCK - len(body) % BLOCK
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    sealed = encryptor.update(body + bytes([pad]) * pad) + encryptor.finalize()
    return base64.b64encode(sealed).decode()


def decrypt(encrypted: str, *, key: bytes, receive_id: str) -> bytes:
    """Return the message of an Encrypt text; raises CallbackCryptoError when it was not meant for this receiver."""
    try:
        sealed = base64.b64decode(encrypted, validate=True)
        decryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
        padded = decryptor.update(sealed) + decryptor.finalize()
    except ValueError as error:
        raise CallbackCryptoError("Encrypt is not a sealed text: send it unchanged") from error
    pad = padded[-1] if padded else 0
    if not 1 <= pad <= BLOCK or len(padded) < 20 + pad:
        raise CallbackCryptoError("padding is wrong: check EncodingAESKey")
    body = padded[16:-pad]
    (length,) = struct.unpack(">I", body[:4])
    message, receiver = body[4 : 4 + length], body[4 + length :]
    if not hmac.compare_digest(receiver, receive_id.encode()):
        raise CallbackCryptoError("the message names another receiver: check the corp id")
    return message
