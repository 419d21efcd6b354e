"""The keys that sign this node's checkpoints, and what it takes to believe a checkpoint.

The file holds signers in the form of Go's `golang.org/x/mod/sumdb/note`
(`PRIVATE+KEY+name+id+base64`), one to a line, which name the node: a log is not continued under
another name because a host was renamed, and other C2SP tools can read it. While a key is replaced
there are two lines, and each head bears the signatures of both (`rotation.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from gateway import secretfiles
from gateway.domain.notes import (
    ED25519,
    ML_DSA_44,
    Checkpoint,
    LogKeys,
    Note,
    NoteError,
    VerifierKey,
    parse_checkpoint,
    parse_note,
)
from gateway.files import make_directory
from gateway.ledger.errors import KeyFileError
from gateway.ledger.signatures import Signer, new_signer, parse_signer, signed_by

KEY_FILE: Final = "ledger-ed25519.key"
SECOND_KEY_FILE: Final = "ledger-mldsa44.key"
MAX_KEYS: Final = 2
"""The key, and while it is replaced the one that comes after it."""

Trusted = VerifierKey | LogKeys
"""Whose signature is believed: one key's, or any of those that a log has now."""
Stamp = tuple[int, int, int]


def origin_of(node: str) -> str:
    """Return the origin line, and key name, of the log of a node."""
    return f"intramural/{node}"


class SigningKey(Signer):
    """The private half of one Ed25519 key of the log."""

    __slots__ = ()

    def __init__(self, name: str, seed: bytes) -> None:
        super().__init__(name, ED25519, seed)

    def checkpoint(self, size: int, root: bytes) -> bytes:
        """Return the checkpoint of this node's log at `size` leaves, signed with this key alone."""
        text = Checkpoint(self.vkey.name, size, root).text()
        return self.sign(text).encode()


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """The private keys of a log that are active now, and where they were read."""

    signers: tuple[Signer, ...]
    file: Path
    stamp: Stamp
    ended: tuple[VerifierKey, ...] = field(default=())

    @property
    def vkey(self) -> VerifierKey:
        """The public half of the first: the older one while there are two."""
        return self.signers[0].vkey

    @property
    def trusted(self) -> LogKeys:
        """The public halves of all of them."""
        return LogKeys(tuple(signer.vkey for signer in self.signers), self.ended)

    def checkpoint(self, size: int, root: bytes) -> bytes:
        """Return the checkpoint of this node's log at `size` leaves, signed with every key."""
        text = Checkpoint(self.vkey.name, size, root).text()
        return Note(text, tuple(signer.line(text) for signer in self.signers)).encode()

    def fresh(self) -> SigningKeys:
        """Return the keys as their file has them now; these, if it cannot be read.

        Called before each signature: a key that was added or ended beside a running gateway takes
        effect with its next record.
        """
        try:
            if stamp_of(self.file) == self.stamp:
                return self
            read = _read(self.file, self.vkey.name)
        except (OSError, KeyFileError):
            return self
        return replace(read, ended=self.ended)


def stamp_of(path: Path) -> Stamp:
    """Return what changes when a file is replaced."""
    found = path.stat()
    return found.st_ino, found.st_mtime_ns, found.st_size


def open_note(raw: bytes, trusted: Trusted, *, ended: bool = False) -> str:
    """Return the text of a note that a trusted key signed; raises `NoteError`.

    Signatures of other keys are ignored; one under a known key's name and id that does not verify
    spoils the note, whatever else is on it (signed-note, "Signatures"). With `ended`, keys that are
    not active any more are believed too: for what was signed while they were.
    """
    note = parse_note(raw)
    if not signed_by(note, keys_of(trusted, ended=ended)):
        raise NoteError(f"there is no signature by {trusted.name}")
    return note.text


def keys_of(trusted: Trusted, *, ended: bool = False) -> tuple[VerifierKey, ...]:
    """Return the Ed25519 keys of a log that may vouch."""
    if isinstance(trusted, VerifierKey):
        return (trusted,)
    return (*trusted.active, *(trusted.ended if ended else ()))


def first_of(trusted: Trusted) -> VerifierKey:
    """Return the key that stands for all of them."""
    return trusted if isinstance(trusted, VerifierKey) else trusted.first


def open_checkpoint(raw: bytes, trusted: Trusted, *, ended: bool = False) -> Checkpoint:
    """Return the checkpoint that a trusted key signed, of the log of its name; or `NoteError`."""
    checkpoint = parse_checkpoint(open_note(raw, trusted, ended=ended))
    if checkpoint.origin != trusted.name:
        raise NoteError(f"the checkpoint is of another log, not of {trusted.name}")
    return checkpoint


def load_key(keys: Path, node: str) -> SigningKeys:
    """Read the signing keys of `node`; raises `KeyFileError`, also if others may read the file."""
    return _read(keys / KEY_FILE, origin_of(node))


def load_or_create_key(keys: Path, node: str) -> SigningKeys:
    """Read the signing keys of `node`, or make one if there is none: 0600, whole, and once."""
    _create(keys / KEY_FILE, origin_of(node), ED25519)
    return load_key(keys, node)


def load_or_create_second(keys: Path, node: str) -> Signer:
    """Read the ML-DSA-44 key of `node`, or make it if there is none; raises `KeyFileError`."""
    path = keys / SECOND_KEY_FILE
    _create(path, origin_of(node), ML_DSA_44)
    (signer,) = _signers(path, origin_of(node), ML_DSA_44, 1)
    return signer


def encode_signers(signers: Iterable[Signer]) -> bytes:
    """Return what a key file holds. A secret."""
    return "".join(f"{signer.encode()}\n" for signer in signers).encode()


def _read(path: Path, origin: str) -> SigningKeys:
    # The stamp is taken first: a file that is replaced meanwhile is read again, not overlooked.
    try:
        stamp = stamp_of(path)
    except OSError:
        stamp = (0, 0, 0)
    return SigningKeys(_signers(path, origin, ED25519, MAX_KEYS), path, stamp)


def _create(path: Path, origin: str, kind: int) -> None:
    if path.exists():
        return
    make_directory(path.parent)
    try:
        secretfiles.create(path, encode_signers([new_signer(origin, kind)]))
    except secretfiles.SecretExists:
        pass  # Another process was faster; its key is the key.
    except secretfiles.SecretFileError as error:
        raise KeyFileError(str(error)) from None


def _signers(path: Path, origin: str, kind: int, most: int) -> tuple[Signer, ...]:
    try:
        content = secretfiles.read(path)
    except secretfiles.SecretMissing:
        raise KeyFileError(
            f"the ledger was signed with a key, and {path} is gone: restore it from its backup"
        ) from None
    except secretfiles.SecretFileError as error:
        raise KeyFileError(str(error)) from None
    lines = content.decode("utf-8", "replace").removesuffix("\n").split("\n")
    if len(lines) > most:
        raise KeyFileError(f"{path} holds more keys than {most}; restore it from its backup")
    try:
        signers = tuple(parse_signer(line, (kind,)) for line in lines)
    except NoteError as error:
        raise KeyFileError(f"{path}: {error}; restore it from its backup") from None
    for signer in signers:
        if signer.vkey.name != origin:
            raise KeyFileError(
                f"{path} signs for {signer.vkey.name}, and this node is called "
                f"{origin.partition('/')[2]}: set `node` in intramural.toml to the name that the "
                "log has"
            )
    return signers
