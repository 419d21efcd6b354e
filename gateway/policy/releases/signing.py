"""What a person signs when they put their name to a release, and with which key.

DURABLE FORMAT, version 1: signatures are kept as long as releases are. The statement begins with a
line that no other signature of this program begins with, and names the installation, the release's
number and digest, and what the signer is: none can be used for another release, as another part, or
elsewhere. An approval names the author's signature that it approves.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from gateway.files import create_file
from gateway.policy.releases.version import Part, Version
from gateway.secretfiles import SecretExists, SecretFileError

_PREFIX: Final = b"intramural policy release signature 1\n"
_OTHERS: Final = 0o077
_MAX_KEY: Final = 16 * 1024
SIGNATURE_SIZE: Final = 64
PUBLIC_SIZE: Final = 32


def statement(  # noqa: PLR0913 - each is a line of what is signed
    installation: str,
    version: Version,
    part: Part,
    signer: str,
    *,
    author: bytes | None = None,
    reason: str | None = None,
) -> bytes:
    """Return the bytes that `signer` signs as `part`.

    `author` is the statement that an approver approves, `reason` why somebody acts alone.
    """
    words: dict[str, str | int] = {
        "installation": installation,
        "note": version.note,
        "number": version.number,
        "part": part.value,
        "release": version.digest,
        "signer": signer,
    }
    if author is not None:
        words["approves"] = hashlib.sha256(author).hexdigest()
    if reason is not None:
        words["reason"] = reason
    return _PREFIX + json.dumps(words, sort_keys=True, separators=(",", ":")).encode("ascii")


def signer_id(public: bytes) -> str:
    """Return the id of a public key: `signer:` and 64 bits of its SHA-256."""
    return f"signer:{hashlib.sha256(public).hexdigest()[:16]}"


def verifies(public: bytes, signature: bytes, signed: bytes) -> bool:
    """Say whether `signature` is that of `signed` under the Ed25519 key `public` (RFC 8032)."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, signed)
    except (InvalidSignature, ValueError):
        return False
    return True


def sound(public: bytes) -> bool:
    """Say whether 32 bytes can be somebody's key: a point of small order signs anything."""
    if len(public) != PUBLIC_SIZE or bytes([*public[:31], public[31] & 0x7F]) in _SMALL:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public)
    except ValueError:
        return False
    return True


_SMALL: Final = frozenset(
    bytes.fromhex(point)
    for point in (
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    )
)
"""The encodings of the points of order 1, 2, 4 and 8, without their sign bit."""


class PersonalKey:
    """A person's private key. Shows its id, never itself."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public = private.public_key().public_bytes_raw()
        self.id = signer_id(self.public)

    def __repr__(self) -> str:
        return f"<PersonalKey {self.id}>"

    @classmethod
    def generate(cls) -> PersonalKey:
        """Return a fresh key."""
        return cls(Ed25519PrivateKey.generate())

    def sign(self, signed: bytes) -> bytes:
        """Return the signature of `signed`, 64 bytes."""
        return self._private.sign(signed)

    def write(self, file: Path, passphrase: bytes | None) -> None:
        """Write the key to the new `file` (0600), PKCS #8 in PEM, which other tools read too.

        Raises `SecretFileError`.
        """
        how = (
            serialization.BestAvailableEncryption(passphrase)
            if passphrase
            else serialization.NoEncryption()
        )
        pem = self._private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how
        )
        try:
            create_file(file, pem, 0o600)
        except FileExistsError:
            raise SecretExists(f"{file} is there already, and no key is overwritten") from None
        except OSError as error:
            raise SecretFileError(f"{file} cannot be written: {error.strerror}") from None


class NeedsPassphrase(Exception):  # noqa: N818 - reads as a state
    """The file is encrypted, and no passphrase was given, or another one."""


def read_key(file: Path, passphrase: bytes | None) -> PersonalKey:
    """Return the key in `file`. Raises `SecretFileError` or `NeedsPassphrase`."""
    pem = _private_bytes(file)
    try:
        private = serialization.load_pem_private_key(pem, passphrase)
    except TypeError:
        raise NeedsPassphrase from None
    except (ValueError, UnsupportedAlgorithm):
        if passphrase is not None:
            raise NeedsPassphrase from None
        raise SecretFileError(f"{file} holds no private key in PEM") from None
    if not isinstance(private, Ed25519PrivateKey):
        raise SecretFileError(f"{file} holds a key of another kind: releases are signed by Ed25519")
    return PersonalKey(private)


def _private_bytes(file: Path) -> bytes:
    # Whose file it is does not matter to us, who may read it does; its directory is a person's own.
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as opened:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise SecretFileError(f"{file} is not a regular file")
            if stat.S_IMODE(status.st_mode) & _OTHERS:
                raise SecretFileError(
                    f"{file} is open to its group or the world: run `chmod 600 {file}`, and have "
                    "the key replaced if it may have been read"
                )
            return opened.read(_MAX_KEY)
    except OSError as error:
        raise SecretFileError(f"{file} cannot be read: {error.strerror}") from None
