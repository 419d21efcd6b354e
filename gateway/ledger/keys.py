"""The key that signs this node's checkpoints, and what it takes to believe a signed note.

The file holds a signer in the form of Go's `golang.org/x/mod/sumdb/note`
(`PRIVATE+KEY+name+id+base64`), which names the node: a log is not continued under another name
because a host was renamed, and other C2SP tools can read it.
"""

from __future__ import annotations

import os
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from gateway import secretfiles
from gateway.domain.notes import (
    ED25519,
    Checkpoint,
    Note,
    NoteError,
    NoteSignature,
    VerifierKey,
    parse_checkpoint,
    parse_note,
)
from gateway.files import make_directory
from gateway.ledger.errors import KeyFileError

KEY_FILE: Final = "ledger-ed25519.key"
_PREFIX: Final = "PRIVATE+KEY+"
_SEED_SIZE: Final = 32


def origin_of(node: str) -> str:
    """Return the origin line, and key name, of the log of a node."""
    return f"intramural/{node}"


class SigningKey:
    """The private half of a note key. Its repr is its public half."""

    __slots__ = ("_private", "vkey")

    def __init__(self, name: str, seed: bytes) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.vkey = VerifierKey(name, self._private.public_key().public_bytes_raw())

    def __repr__(self) -> str:
        return f"<SigningKey {self.vkey.encode()}>"

    def sign(self, text: str) -> Note:
        """Return `text` with this key's signature."""
        signature = NoteSignature(
            self.vkey.name, self.vkey.key_id, self._private.sign(text.encode())
        )
        return Note(text, (signature,))

    def checkpoint(self, size: int, root: bytes) -> bytes:
        """Return the signed checkpoint of this node's log at `size` leaves."""
        return self.sign(Checkpoint(self.vkey.name, size, root).text()).encode()

    def encode(self) -> str:
        """Return the signer as the key file holds it. A secret."""
        key = b64encode(bytes([ED25519]) + self._private.private_bytes_raw()).decode()
        return f"{_PREFIX}{self.vkey.name}+{self.vkey.key_id.hex()}+{key}"


def parse_signer(text: str) -> SigningKey:
    """Return the key that `SigningKey.encode` wrote; raises `NoteError`, which never quotes it."""
    parts = text.removeprefix(_PREFIX).split("+", 2)
    try:
        name, identity, encoded = parts
        blob = b64decode(encoded, validate=True)
    except ValueError:
        raise NoteError("that is not a signing key") from None
    if not text.startswith(_PREFIX) or len(blob) != 1 + _SEED_SIZE or blob[0] != ED25519:
        raise NoteError("that is not an Ed25519 signing key")
    key = SigningKey(name, blob[1:])
    if key.vkey.key_id.hex() != identity or key.encode() != text:
        raise NoteError("the id in the signing key is not that of its name and key")
    return key


def open_note(raw: bytes, vkey: VerifierKey) -> str:
    """Return the text of a note that `vkey` signed; raises `NoteError`.

    Signatures of other keys are ignored; one under this key's name and id that does not verify
    spoils the note, whatever else is on it (signed-note, "Signatures").
    """
    note = parse_note(raw)
    public = Ed25519PublicKey.from_public_bytes(vkey.public_key)
    ours = [s for s in note.signatures if (s.name, s.key_id) == (vkey.name, vkey.key_id)]
    if not ours:
        raise NoteError(f"there is no signature by {vkey.name}")
    for signature in ours:
        try:
            public.verify(signature.signature, note.text.encode())
        except InvalidSignature:
            raise NoteError(f"the signature by {vkey.name} is wrong") from None
    return note.text


def open_checkpoint(raw: bytes, vkey: VerifierKey) -> Checkpoint:
    """Return the checkpoint that `vkey` signed, of the log of the same name; or `NoteError`."""
    checkpoint = parse_checkpoint(open_note(raw, vkey))
    if checkpoint.origin != vkey.name:
        raise NoteError(f"the checkpoint is of another log, not of {vkey.name}")
    return checkpoint


def load_key(keys: Path, node: str) -> SigningKey:
    """Read the signing key of `node`; raises `KeyFileError`, also if others may read the file."""
    path = keys / KEY_FILE
    try:
        content = secretfiles.read(path)
    except secretfiles.SecretMissing:
        raise KeyFileError(
            f"the ledger was signed with a key, and {path} is gone: restore it from its backup"
        ) from None
    except secretfiles.SecretFileError as error:
        raise KeyFileError(str(error)) from None
    try:
        key = parse_signer(content.decode("utf-8", "replace").removesuffix("\n"))
    except NoteError as error:
        raise KeyFileError(f"{path}: {error}; restore it from its backup") from None
    if key.vkey.name != origin_of(node):
        raise KeyFileError(
            f"{path} signs for {key.vkey.name}, and this node is called {node}: "
            "set `node` in intramural.toml to the name that the log has"
        )
    return key


def load_or_create_key(keys: Path, node: str) -> SigningKey:
    """Read the signing key of `node`, or make it if there is none: 0600, whole, and once."""
    path = keys / KEY_FILE
    if not path.exists():
        make_directory(keys)
        key = SigningKey(origin_of(node), os.urandom(_SEED_SIZE))
        try:
            secretfiles.create(path, f"{key.encode()}\n".encode())
        except secretfiles.SecretExists:
            pass  # Another process was faster; its key is the key.
        except secretfiles.SecretFileError as error:
            raise KeyFileError(str(error)) from None
    return load_key(keys, node)
