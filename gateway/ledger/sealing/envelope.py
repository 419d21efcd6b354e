"""The keys and the seal of one kept part, as bytes: no files, no database.

DURABLE FORMAT, version 1. A part is sealed with AES-256-GCM under a random key of its own, as nonce
(12 bytes), ciphertext and tag (16 bytes); the associated data name the exchange and the part, so a
seal that was moved does not open. Its key is wrapped with AES-KW (RFC 3394) under a key that
HKDF-SHA-256 makes of the keys of all its patients: whoever erases one of them erases the part.
Where nobody is known to be its patient, it is made of the key of the epoch. A patient's key, one
for each epoch, is wrapped under the epoch's, and that under the installation's.

Inside is MessagePack: what `Words` holds, each text as UTF-8 (a lone surrogate as it is).
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Sequence
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import (
    InvalidUnwrap,
    aes_key_unwrap,
    aes_key_wrap,
)

from gateway.domain.payloads import Part, Words
from gateway.domain.text import RawText

KEY_SIZE: Final = 32
WRAPPED_SIZE: Final = KEY_SIZE + 8
ERASED: Final = bytes(WRAPPED_SIZE)
"""What is written over a wrapped key that is erased: it unwraps under no key."""
_NONCE: Final = 12
_NO_SALT: Final = bytes(32)
"""RFC 5869 2.2: as many zeros as the hash is long."""


class SealError(Exception):
    """A key or a seal does not open: it is another's, or it was changed."""


class _Kept(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    version: int
    redacted: tuple[bytes, ...]
    plain: tuple[bytes, ...]
    pseudonyms: dict[str, bytes]


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(_Kept).decode


def new_key() -> bytes:
    """Return a key that nobody can guess."""
    return os.urandom(KEY_SIZE)


def wrap(under: bytes, key: bytes) -> bytes:
    """Return `key` wrapped."""
    return aes_key_wrap(under, key)


def unwrap(under: bytes, wrapped: bytes) -> bytes:
    """Return the key in `wrapped`; raises `SealError`."""
    try:
        return aes_key_unwrap(under, wrapped)
    except (InvalidUnwrap, ValueError):
        raise SealError("a wrapped key does not open") from None


def wrapping_key(patients: Sequence[bytes], epoch: bytes, exchange: str, part: Part) -> bytes:
    """Return what wraps the key of one part: of all of `patients`' keys, or of the epoch's."""
    who = b"patients" if patients else b"epoch"
    context = b"intramural payload key 1\0%b\0%b" % (who, _place(exchange, part))
    # RFC 5869 with one block of output, without the objects that a library makes for each key.
    extracted = hmac.digest(_NO_SALT, b"".join(patients) or epoch, "sha256")
    return hmac.digest(extracted, context + b"\1", "sha256")


def seal(key: bytes, exchange: str, part: Part, words: bytes) -> bytes:
    """Return `words` sealed."""
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, words, _context(exchange, part))


def unseal(key: bytes, exchange: str, part: Part, sealed: bytes) -> bytes:
    """Return what was sealed; raises `SealError`."""
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], _context(exchange, part))
    except (InvalidTag, ValueError):
        raise SealError("a seal does not open") from None


def pack(words: Words) -> bytes:
    """Return the bytes of `words`."""
    return _encode(
        _Kept(
            1,
            tuple(map(_bytes, words.redacted)),
            tuple(map(_bytes, words.plain)),
            {name: _bytes(value) for name, value in words.pseudonyms.items()},
        )
    )


def unpack(packed: bytes) -> Words:
    """Return the words in `packed`; raises `SealError`."""
    try:
        kept = _decode(packed)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise SealError("what was sealed is not of this format") from None
    if kept.version != 1:
        raise SealError("what was sealed is of a later version of this program")
    return Words(
        tuple(map(_text, kept.redacted)),
        tuple(map(_text, kept.plain)),
        {name: _text(value) for name, value in kept.pseudonyms.items()},
    )


def _context(exchange: str, part: Part) -> bytes:
    return b"intramural payload 1\0" + _place(exchange, part)


def _place(exchange: str, part: Part) -> bytes:
    return f"{exchange}\0{part.value}".encode()


def _bytes(text: RawText) -> bytes:
    return text.reveal().encode("utf-8", "surrogatepass")


def _text(value: bytes) -> RawText:
    return RawText(value.decode("utf-8", "surrogatepass"))
