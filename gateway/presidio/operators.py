"""Presidio's operators: what a caller has done to a stretch of its own text, and undone.

Not the operators of a profile (`gateway/domain/redaction.py`): these are the caller's own choice,
on its own text, with its own keys, and what they make goes back to it alone.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Literal

import msgspec
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from gateway.domain.entities import EntityType, tag
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.operators import Secrets
from gateway.domain.policy import Profile
from gateway.domain.ports import Cipher as Seals
from gateway.presidio.errors import invalid, unsupported

_BLOCK: Final = 16
"""Bytes of an AES block, and of the vector before what is encrypted."""
_SALT: Final = 32
_KEY_SIZES: Final = frozenset({16, 24, 32})
_Value = Annotated[str, msgspec.Meta(max_length=1000)]


class _Operator(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type"):
    """Its parameters may be a key: it does not show itself when printed."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class Replace(_Operator, frozen=True, tag="replace"):
    """Another text, or the type in angle brackets."""

    new_value: _Value | None = None

    def on(self, text: str, entity: str) -> str:  # noqa: ARG002
        """Return what stands in."""
        return self.new_value or f"<{entity}>"


class Redact(_Operator, frozen=True, tag="redact"):
    """Nothing."""

    def on(self, text: str, entity: str) -> str:  # noqa: ARG002
        """Return what stands in."""
        return ""


class Keep(_Operator, frozen=True, tag="keep"):
    """The text itself."""

    def on(self, text: str, entity: str) -> str:  # noqa: ARG002
        """Return what stands in."""
        return text


class Mask(_Operator, frozen=True, tag="mask"):
    """A character over the first or last characters."""

    masking_char: Annotated[str, msgspec.Meta(max_length=1)]
    chars_to_mask: int
    from_end: bool

    def on(self, text: str, entity: str) -> str:  # noqa: ARG002
        """Return what stands in."""
        count = min(len(text), max(0, self.chars_to_mask))
        if self.from_end:
            return text[: len(text) - count] + self.masking_char * count
        return self.masking_char * count + text[count:]


class Hash(_Operator, frozen=True, tag="hash"):
    """A digest with the caller's salt, or with one that nobody keeps."""

    hash_type: Literal["sha256", "sha512"] = "sha256"
    salt: Annotated[str, msgspec.Meta(max_length=1000)] | None = None

    def on(self, text: str, entity: str) -> str:  # noqa: ARG002
        """Return what stands in."""
        salt = os.urandom(_SALT) if self.salt is None else self.salt.encode()
        if len(salt) < _BLOCK:
            raise invalid("Salt must be at least 16 bytes (128 bits).", "anonymizers.salt")
        return hashlib.new(self.hash_type, text.encode("utf-8", "surrogatepass") + salt).hexdigest()


class Encrypt(_Operator, frozen=True, tag="encrypt"):
    """AES-CBC under the caller's key, as Presidio writes it: it hides, and proves nothing."""

    key: str

    def on(self, text: str, entity: str) -> str:  # noqa: ARG002
        """Return what stands in."""
        vector = os.urandom(_BLOCK)
        padder = padding.PKCS7(8 * _BLOCK).padder()
        padded = padder.update(text.encode()) + padder.finalize()
        encryptor = _cipher(self.key, vector).encryptor()
        sealed = vector + encryptor.update(padded) + encryptor.finalize()
        return base64.urlsafe_b64encode(sealed).decode("ascii")


class Custom(_Operator, frozen=True, tag="custom"):
    """A function of the caller's, which no request can carry."""

    def on(self, text: str, entity: str) -> str:  # noqa: ARG002
        """Refuse."""
        raise unsupported("Custom type anonymizer is not supported", "anonymizers")


class Decrypt(_Operator, frozen=True, tag="decrypt"):
    """What `Encrypt` made, with the same key; without one, what this installation sealed."""

    key: str | None = None

    def on(self, text: str, entity: str) -> str:  # noqa: ARG002
        """Return what was encrypted."""
        if self.key is None:
            raise _undecipherable()
        try:
            sealed = base64.b64decode(text, altchars=b"-_", validate=True)
            decryptor = _cipher(self.key, sealed[:_BLOCK]).decryptor()
            padded = decryptor.update(sealed[_BLOCK:]) + decryptor.finalize()
            unpadder = padding.PKCS7(8 * _BLOCK).unpadder()
            return (unpadder.update(padded) + unpadder.finalize()).decode()
        except (ValueError, binascii.Error):
            raise _undecipherable() from None


@dataclass(frozen=True, slots=True, repr=False)
class Unseal:
    """`Decrypt` without a key, for one caller: opens what the profile's operator `encrypt` sealed.

    The token does not say whose it is. So it opens under a profile that restores what it treats,
    and that seals values of this very type itself, and for nobody else. The type is the one that
    the caller names, because that is the one that the record will count.
    """

    seals: Seals
    tags: Mapping[EntityType, str]
    """Of each type that is opened the tag that its tokens begin with."""

    @classmethod
    def under(cls, profile: Profile, secrets: Secrets) -> Unseal:
        """Return what opens for callers of `profile`; POLICY_DENIED if nothing does."""
        tags = {entity: tag(entity) for entity in profile.opens()}
        if secrets.cipher is None or not tags:
            raise ExchangeError(
                Code.POLICY_DENIED,
                f"The profile '{profile.name}' opens nothing that this installation sealed: it "
                "does not restore, or does not encrypt, or policy grants you one that does not. "
                "Send the key of what you encrypted yourself, or ask the administrator for a "
                "profile that does both.",
            )
        return cls(secrets.cipher, tags)

    def on(self, text: str, entity: str) -> str:
        """Return what was sealed."""
        said = text.strip().removeprefix("[").partition(":")[0].upper()
        value = self.seals.open(text) if said == self.tags.get(EntityType(entity)) else None
        if value is None:
            raise _undecipherable()
        return value


def _undecipherable() -> ExchangeError:
    # Wrong key, damaged text, wrong offsets, not the caller's: one answer, without what led there.
    return invalid(
        "This cannot be decrypted: check the key, the offsets and the types.", "anonymizer_results"
    )


class DeanonymizeKeep(_Operator, frozen=True, tag="deanonymize_keep"):
    """The text itself."""

    def on(self, text: str, entity: str) -> str:  # noqa: ARG002
        """Return what stands in."""
        return text


Anonymizer = Replace | Redact | Keep | Mask | Hash | Encrypt | Custom
Deanonymizer = Decrypt | DeanonymizeKeep
ANONYMIZERS: Final = ("custom", "encrypt", "hash", "keep", "mask", "redact", "replace")
DEANONYMIZERS: Final = ("decrypt", "deanonymize_keep")


def name_of(operator: Anonymizer | Deanonymizer | Unseal) -> str:
    """Return the name that a request gives the operator."""
    if isinstance(operator, Unseal):
        return "decrypt"
    return str(operator.__struct_config__.tag)


def check(operator: Anonymizer | Deanonymizer) -> None:
    """Raise `ExchangeError` for parameters that no text could be treated with."""
    match operator:
        case Custom():
            operator.on("", "")
        case Encrypt(key=str() as key) | Decrypt(key=str() as key):
            _cipher(key, bytes(_BLOCK))
        case Hash():
            operator.on("", "")
        case _:
            pass


def _cipher(key: str, vector: bytes) -> Cipher[modes.CBC]:
    secret = key.encode()
    if len(secret) not in _KEY_SIZES:
        raise invalid("Invalid input, key must be of length 128, 192 or 256 bits", "key")
    return Cipher(algorithms.AES(secret), modes.CBC(vector))
