"""Signature lines made and checked: by the log's own keys, and by those of witnesses.

One rule for all of them (signed-note, "Signatures"): a line of an unknown key says nothing, and a
line that claims to be of a known key and is not spoils the whole note.
"""

from __future__ import annotations

import os
from base64 import b64decode, b64encode
from collections.abc import Collection, Sequence
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from gateway.domain.cosignatures import join, message, split
from gateway.domain.notes import ED25519, ML_DSA_44, Note, NoteError, NoteSignature, VerifierKey

PREFIX: Final = "PRIVATE+KEY+"
SEED_SIZE: Final = 32
"""Bytes of the secret of either kind of key."""


class Signer:
    """The private half of a note key, of any type. Its repr is its public half."""

    __slots__ = ("_private", "_seed", "vkey")

    def __init__(self, name: str, kind: int, seed: bytes) -> None:
        self._seed = seed
        self._private: Ed25519PrivateKey | MLDSA44PrivateKey = (
            MLDSA44PrivateKey.from_seed_bytes(seed)
            if kind == ML_DSA_44
            else Ed25519PrivateKey.from_private_bytes(seed)
        )
        self.vkey = VerifierKey(name, self._private.public_key().public_bytes_raw(), kind)

    def __repr__(self) -> str:
        return f"<Signer {self.vkey.name}+{self.vkey.key_id.hex()}>"

    def sign(self, text: str, time: int = 0) -> Note:
        """Return `text` with this key's signature."""
        return Note(text, (self.line(text, time),))

    def line(self, text: str, time: int = 0) -> NoteSignature:
        """Return this key's signature line for `text` at `time` (seconds since the epoch)."""
        vkey = self.vkey
        signature = self._private.sign(message(vkey.kind, vkey.name, time, text))
        return NoteSignature(vkey.name, vkey.key_id, join(vkey.kind, time, signature))

    def encode(self) -> str:
        """Return the signer as a key file holds it. A secret."""
        key = b64encode(bytes([self.vkey.kind]) + self._seed).decode()
        return f"{PREFIX}{self.vkey.name}+{self.vkey.key_id.hex()}+{key}"


def new_signer(name: str, kind: int) -> Signer:
    """Return a key that nobody has yet."""
    return Signer(name, kind, os.urandom(SEED_SIZE))


def parse_signer(text: str, kinds: Collection[int] = (ED25519,)) -> Signer:
    """Return the key that `Signer.encode` wrote; raises `NoteError`, which never quotes it."""
    parts = text.removeprefix(PREFIX).split("+", 2)
    try:
        name, identity, encoded = parts
        blob = b64decode(encoded, validate=True)
    except ValueError:
        raise NoteError("that is not a signing key") from None
    if not text.startswith(PREFIX) or len(blob) != 1 + SEED_SIZE or blob[0] not in kinds:
        raise NoteError("that is not a signing key of the type that belongs here")
    key = Signer(name, blob[0], blob[1:])
    if key.vkey.key_id.hex() != identity or key.encode() != text:
        raise NoteError("the id in the signing key is not that of its name and key")
    return key


def check(key: VerifierKey, line: NoteSignature, text: str) -> int:
    """Return the time at which `key` signed `text`, 0 for a key that tells none; or `NoteError`."""
    time, signature = split(key.kind, line.signature)
    public: Ed25519PublicKey | MLDSA44PublicKey = (
        MLDSA44PublicKey.from_public_bytes(key.public_key)
        if key.kind == ML_DSA_44
        else Ed25519PublicKey.from_public_bytes(key.public_key)
    )
    try:
        public.verify(signature, message(key.kind, key.name, time, text))
    except (InvalidSignature, ValueError):
        raise NoteError(f"the signature by {key.name} is wrong") from None
    return time


def signed_by(note: Note, keys: Sequence[VerifierKey]) -> dict[VerifierKey, int]:
    """Return which of `keys` signed a note, each with its time; `NoteError` if a line is false."""
    found: dict[VerifierKey, int] = {}
    for line in note.signatures:
        for key in keys:
            if line.is_by(key):
                found[key] = max(found.get(key, 0), check(key, line, note.text))
    return found
