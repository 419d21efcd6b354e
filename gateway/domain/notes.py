"""Signed notes and checkpoints as text: https://c2sp.org/signed-note, https://c2sp.org/tlog-checkpoint.

Parsing and writing only. A parsed note says nothing until a signature on it was verified, and that
takes a key: `gateway/ledger/keys.py`. Every parser refuses what its writer would not have written.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Collection
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from gateway.domain.merkle import HASH_SIZE

ED25519: Final = 1
"""Signature type identifier byte of Ed25519 (signed-note, "Signature types")."""
COSIGNATURE: Final = 4
"""Of an Ed25519 signature with a time, as witnesses make them (tlog-cosignature)."""
ML_DSA_44: Final = 6
"""Of an ML-DSA-44 signature with a time, which a witness or the log itself makes."""
KEY_ID_SIZE: Final = 4
PUBLIC_KEY_SIZES: Final = {ED25519: 32, COSIGNATURE: 32, ML_DSA_44: 1312}
MAX_SIGNATURES: Final = 32
"""A verifier takes at least 16 (signed-note, "Format")."""

_KINDS: Final = {
    ED25519: "an Ed25519 key",
    COSIGNATURE: "an Ed25519 key of a witness",
    ML_DSA_44: "an ML-DSA-44 key",
}
_DASH: Final = "— "  # An em dash, U+2014, and a space.
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f]")
_DECIMAL: Final = re.compile(r"(0|[1-9][0-9]{0,18})\Z")
_VKEY: Final = re.compile(r"(?P<name>[^+]+)\+(?P<id>[0-9a-f]{8})\+(?P<key>[A-Za-z0-9+/=]+)\Z")


class NoteError(Exception):
    """Text that is not a note, a checkpoint or a key."""


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line. Not verified."""

    name: str
    key_id: bytes
    signature: bytes

    def line(self) -> str:
        """Return it as it stands under a note, with its newline."""
        return f"{_DASH}{self.name} {b64encode(self.key_id + self.signature).decode()}\n"

    def is_by(self, key: VerifierKey) -> bool:
        """Say whether it claims to be by `key`: it names it, and has its id."""
        return (self.name, self.key_id) == (key.name, key.key_id)


@dataclass(frozen=True, slots=True)
class Note:
    """A text and the signatures under it. `text` ends in a newline; signatures cover its bytes."""

    text: str
    signatures: tuple[NoteSignature, ...]

    def encode(self) -> bytes:
        """Return the note as it is stored and sent."""
        return f"{self.text}\n{''.join(line.line() for line in self.signatures)}".encode()


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a log: whose, how many leaves, and the root over all of them."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """Return the note text that gets signed."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """The public half of a note key, under the name that it signs with."""

    name: str
    public_key: bytes
    kind: int = ED25519
    """Signature type identifier byte: the same key signs otherwise under another one."""

    def __post_init__(self) -> None:
        if not is_key_name(self.name):
            raise NoteError("a key name is not empty and has neither spaces nor plus signs")
        size = PUBLIC_KEY_SIZES.get(self.kind)
        if size is None:
            raise NoteError("a key of a type that this program does not know")
        if len(self.public_key) != size:
            raise NoteError(f"a public key of type {self.kind} is {size} bytes")

    @property
    def key_id(self) -> bytes:
        """The four bytes that a signature line carries (signed-note, "Signatures")."""
        return key_id(self.name, self.public_key, self.kind)

    def encode(self) -> str:
        """Return the vkey, `name+hexid+base64(type || key)`."""
        key = b64encode(bytes([self.kind]) + self.public_key).decode()
        return f"{self.name}+{self.key_id.hex()}+{key}"


@dataclass(frozen=True, slots=True)
class LogKeys:
    """What may speak for one log. All keys have its name, and the first of `active` stands for it.

    While a key is replaced there are two that are active, and each head bears both signatures.
    """

    active: tuple[VerifierKey, ...]
    """Ed25519. Any of them vouches for a head."""
    ended: tuple[VerifierKey, ...] = ()
    """Ed25519. They vouch for what was kept or saved while they were active, and no longer."""
    second: tuple[VerifierKey, ...] = ()
    """ML-DSA-44. Where one is known, the published checkpoint has to bear its signature too."""

    def __post_init__(self) -> None:
        if not self.active:
            raise NoteError("there is no Ed25519 key of the log")
        if len({key.name for key in (*self.active, *self.ended, *self.second)}) != 1:
            raise NoteError("the keys of a log have one name, that of the log")

    @property
    def first(self) -> VerifierKey:
        """The key that stands for all of them."""
        return self.active[0]

    @property
    def name(self) -> str:
        """The name of the log."""
        return self.active[0].name


def key_id(name: str, public_key: bytes, kind: int = ED25519) -> bytes:
    """Return `SHA-256(name || 0x0A || type || public key)[:4]`."""
    return sha256(name.encode() + b"\n" + bytes([kind]) + public_key).digest()[:KEY_ID_SIZE]


def is_key_name(name: str) -> bool:
    """Return whether `name` may be the name of a key: not empty, no space, no plus, no control."""
    return bool(name) and "+" not in name and not any(c.isspace() or c < " " for c in name)


def parse_vkey(text: str, kinds: Collection[int] = (ED25519,)) -> VerifierKey:
    """Return the key that `VerifierKey.encode` wrote, of one of `kinds`; raises `NoteError`."""
    matched = _VKEY.match(text)
    if matched is None:
        raise NoteError("a vkey is name+id+key")
    key = _base64(matched["key"])
    if not key or key[0] not in kinds:
        wanted = " or ".join(_KINDS[kind] for kind in kinds)
        raise NoteError(f"the vkey is not of {wanted}")
    vkey = VerifierKey(matched["name"], key[1:], key[0])
    if vkey.key_id.hex() != matched["id"]:
        raise NoteError("the id in the vkey is not that of its name and key")
    return vkey


def parse_note(raw: bytes) -> Note:
    """Return the note in `raw`; raises `NoteError` if it is not one, to the byte."""
    try:
        whole = raw.decode()
    except UnicodeDecodeError:
        raise NoteError("a note is UTF-8") from None
    if _CONTROL.search(whole):
        raise NoteError("a note has no control characters but newlines")
    text, separator, lines = whole.rpartition("\n\n")
    if not separator or not text or not lines.endswith("\n"):
        raise NoteError("a note is a text, an empty line and signature lines")
    return Note(text=text + "\n", signatures=parse_signatures(lines))


def parse_signatures(lines: str) -> tuple[NoteSignature, ...]:
    """Return the signature lines in `lines`, each with its newline; raises `NoteError`."""
    if not lines.endswith("\n"):
        raise NoteError("a signature line ends in a newline")
    signatures = tuple(_signature(line) for line in lines[:-1].split("\n"))
    if len(signatures) > MAX_SIGNATURES:
        raise NoteError(f"a note has at most {MAX_SIGNATURES} signatures")
    return signatures


def parse_checkpoint(text: str, *, extensions: bool = False) -> Checkpoint:
    """Return the checkpoint in the text of a note; raises `NoteError`.

    Extension lines are refused: this log writes none, and nobody could audit them. A witness of
    other logs lets them pass; they are no part of what is returned.
    """
    match text.split("\n"):
        case [origin, size, root, ""] if origin:
            pass
        case [origin, size, root, *more, ""] if origin and extensions and all(more):
            pass
        case _:
            raise NoteError("a checkpoint is three lines: origin, size and root")
    if not _DECIMAL.match(size):
        raise NoteError("the size of a checkpoint is a decimal number")
    digest = _base64(root)
    if len(digest) != HASH_SIZE:
        raise NoteError(f"the root of a checkpoint is {HASH_SIZE} bytes")
    return Checkpoint(origin=origin, size=int(size), root=digest)


def _signature(line: str) -> NoteSignature:
    name, separator, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not separator or not is_key_name(name):
        raise NoteError("a signature line is a dash, a key name and a signature")
    blob = _base64(encoded)
    if len(blob) <= KEY_ID_SIZE:
        raise NoteError("a signature is longer than its key id")
    return NoteSignature(name, blob[:KEY_ID_SIZE], blob[KEY_ID_SIZE:])


def _base64(text: str) -> bytes:
    try:
        value = b64decode(text, validate=True)
    except (Base64Error, ValueError):
        raise NoteError("that is not base64") from None
    # Unused trailing bits would let one value be written in several ways.
    if b64encode(value).decode() != text:
        raise NoteError("that is not base64 in its one canonical form")
    return value
