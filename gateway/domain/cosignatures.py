"""What a cosignature covers, byte for byte: https://c2sp.org/tlog-cosignature.

A cosignature says: at this time, this was the largest head of this log that I had seen, and it
continues every other that I had. The bytes only; keys are `gateway/ledger/signatures.py`'s.
"""

from __future__ import annotations

from typing import Final

from gateway.domain.notes import COSIGNATURE, ED25519, ML_DSA_44, NoteError, parse_checkpoint

TIME_SIZE: Final = 8
LAST_TIME: Final = 2**63 - 1
"""The largest time that a cosignature may bear (tlog-cosignature, "Format")."""
COSIGNING: Final = (COSIGNATURE, ML_DSA_44)
"""Types of keys that a witness may have."""

_LABEL: Final = b"subtree/v1\n\0"
_LONGEST_NAME: Final = 255


def message(kind: int, name: str, time: int, text: str) -> bytes:
    """Return what a key of type `kind` under `name` signs at `time` (seconds) over a note's text.

    Raises `NoteError` if the text is no checkpoint that such a key can sign.
    """
    if kind == ED25519:
        return text.encode()
    if kind == COSIGNATURE:
        return f"cosignature/v1\ntime {time}\n{text}".encode()
    return _subtree(name, time, text)


def split(kind: int, signature: bytes) -> tuple[int, bytes]:
    """Return the time and the signature proper in a signature line; the time is 0 without one."""
    if kind == ED25519:
        return 0, signature
    time = int.from_bytes(signature[:TIME_SIZE], "big")
    if len(signature) <= TIME_SIZE or time > LAST_TIME:
        raise NoteError("a cosignature is a time and a signature")
    return time, signature[TIME_SIZE:]


def join(kind: int, time: int, signature: bytes) -> bytes:
    """Return what stands in the signature line of a key of type `kind`."""
    return signature if kind == ED25519 else time.to_bytes(TIME_SIZE, "big") + signature


def _subtree(name: str, time: int, text: str) -> bytes:
    """Return `cosigned_message` (tlog-cosignature, "ML-DSA-44 signed message")."""
    checkpoint = parse_checkpoint(text, extensions=True)
    return b"".join(
        (
            _LABEL,
            _opaque(name),
            time.to_bytes(8, "big"),
            _opaque(checkpoint.origin),
            bytes(8),  # The tree begins with its first leaf.
            checkpoint.size.to_bytes(8, "big"),
            checkpoint.root,
        )
    )


def _opaque(text: str) -> bytes:
    raw = text.encode()
    if not 0 < len(raw) <= _LONGEST_NAME:
        raise NoteError(f"a name that is cosigned has 1 to {_LONGEST_NAME} bytes")
    return bytes([len(raw)]) + raw
