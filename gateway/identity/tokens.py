"""The form of an API key, and the digest under which it is stored.

DURABLE FORMAT: keys are in clients' settings and digests in databases. Never change how a digest is
computed; a new form of key gets a new prefix.

`imk_<id: 10 of base32>_<secret: 256 bits in base64url>_<CRC-32 in hexadecimal>`: the prefix is for
secret scanners, the id for people and records, the CRC for whoever mistypes.
"""

from __future__ import annotations

import base64
import hmac
import re
import secrets
import zlib
from dataclasses import dataclass, field
from typing import Final

PREFIX: Final = "imk_"
DIGEST_SIZE: Final = 32
_LABEL: Final = b"intramural api key 1\0"
_FORM: Final = re.compile(r"(imk_([a-z2-7]{10})_([A-Za-z0-9_-]{43}))_([0-9a-f]{8})\Z")


@dataclass(frozen=True, slots=True)
class Token:
    """A key as its holder presents it. Shows its id, never its secret."""

    id: str
    secret: str = field(repr=False)

    def reveal(self) -> str:
        """Return the key as it is written into a client's settings, once."""
        body = f"{PREFIX}{self.id}_{self.secret}"
        return f"{body}_{zlib.crc32(body.encode('ascii')):08x}"

    def digest(self, pepper: bytes) -> bytes:
        """Return HMAC-SHA-256 of id and secret, 32 bytes. Without `pepper` nobody can test a guess.

        No slow hash: the secret has 256 bits, so there is nothing to guess.
        """
        words = _LABEL + self.id.encode("ascii") + b"\0" + self.secret.encode("ascii")
        return hmac.digest(pepper, words, "sha256")


NOBODY: Final = Token("a" * 10, "A" * 43)
"""Stands for whatever is not a key, so that it costs as much time as one."""


def new_token(key_id: str | None = None) -> Token:
    """Return a fresh key: an id of 50 bits and a secret of 256 bits from the system's generator.

    With `key_id` it is another secret of that key.
    """
    return Token(
        id=key_id or base64.b32encode(secrets.token_bytes(7)).decode("ascii").lower()[:10],
        secret=base64.urlsafe_b64encode(secrets.token_bytes(32)).decode("ascii").rstrip("="),
    )


def parse(presented: str) -> Token | None:
    """Return the key that `presented` spells, or nothing if it spells none."""
    match = _FORM.match(presented)
    if match is None or f"{zlib.crc32(match[1].encode('ascii')):08x}" != match[4]:
        return None
    return Token(match[2], match[3])
