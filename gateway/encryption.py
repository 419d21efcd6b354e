"""Single values sealed with AES-256-GCM: what the operator `encrypt` writes, and what opens it.

DURABLE FORMAT, version 1: tokens lie in files of others, for as long as those want to open them.
`[TAG:e1:KEYID:BODY]`, where BODY is base32 (RFC 4648) in small letters without padding over nonce
(12 bytes), ciphertext and tag (16 bytes): letters, digits and colons, so that JSON, HL7 v2, a URL's
query and a model's copying leave it whole, in any case. The associated data are the words
`intramural value 1`, the tag and the key's id: under another tag it does not open.

The nonce is no random number but a keyed hash of the value and of its conversation (HMAC-SHA-256,
cut to 96 bits, under a key of its own). So a value has one token in a conversation without any
state, another one in the next, and two values share a nonce only by a collision, which 2^32 values
under one key make as likely as NIST SP 800-38D 8.2 lets random nonces be. See docs/adr/0023.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Sequence
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_SIZE: Final = 32
_NONCE: Final = 12
TOKEN: Final = re.compile(
    r"\[(?P<tag>[A-Z][A-Z0-9_]{1,39}):e1:(?P<key>[0-9a-f]{8}):(?P<body>[a-z2-7]{45,65536})\]",
    re.IGNORECASE,
)
"""A token as it stands in a text."""


class Encryption:
    """The keys of this installation: the first seals, each opens what it sealed. Never shown."""

    __slots__ = ("_current", "_keys")

    def __init__(self, keys: Sequence[bytes]) -> None:
        made = [_Key(key) for key in keys]
        self._current = made[0]
        self._keys = {key.id: key for key in reversed(made)}

    def __repr__(self) -> str:
        return f"<Encryption {len(self._keys)} keys>"

    def seal(self, tag: str, value: str, conversation: bytes) -> str:
        """Return the token of `value`: see `gateway.domain.ports.Cipher`."""
        key = self._current
        plain = value.encode("utf-8", "surrogatepass")
        nonce = key.nonce(tag, plain, conversation)
        sealed = nonce + key.cipher.encrypt(nonce, plain, key.context(tag))
        body = base64.b32encode(sealed).rstrip(b"=").decode("ascii").lower()
        return f"[{tag}:e1:{key.id}:{body}]"

    def open(self, token: str) -> str | None:
        """Return the value in `token`: see `gateway.domain.ports.Cipher`."""
        match = TOKEN.fullmatch(token.strip())
        key = None if match is None else self._keys.get(match["key"].lower())
        if match is None or key is None:
            return None
        body = match["body"].upper()
        try:
            sealed = base64.b32decode(body + "=" * (-len(body) % 8))
            plain = key.cipher.decrypt(
                sealed[:_NONCE], sealed[_NONCE:], key.context(match["tag"].upper())
            )
        except (binascii.Error, InvalidTag, ValueError):
            return None
        return plain.decode("utf-8", "surrogatepass")


class _Key:
    """One key of the installation, and the two that come of it: to seal, and for nonces."""

    __slots__ = ("_nonces", "cipher", "id")

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_SIZE:
            raise ValueError(f"a key has {KEY_SIZE} bytes")
        self.id = hashlib.sha256(b"intramural value key id\0" + key).hexdigest()[:8]
        self.cipher = AESGCM(hmac.digest(key, b"intramural value 1 seal", "sha256"))
        self._nonces = hmac.digest(key, b"intramural value 1 nonce", "sha256")

    def __repr__(self) -> str:
        return f"<_Key {self.id}>"

    def context(self, tag: str) -> bytes:
        return f"intramural value 1\0{tag}\0{self.id}".encode()

    def nonce(self, tag: str, plain: bytes, conversation: bytes) -> bytes:
        parts = (conversation, tag.encode(), plain)
        framed = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
        return hmac.digest(self._nonces, framed, "sha256")[:_NONCE]
