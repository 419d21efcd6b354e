"""What can be wrong with a ledger, for an operator: each message says what to do next.

A client never sees these; it gets `domain.errors.LedgerUnavailable`.
"""

from __future__ import annotations


class LedgerError(Exception):
    """The ledger cannot be opened or read."""


class KeyFileError(LedgerError):
    """The signing key is absent, readable by others, or not a key."""


class LedgerInUse(LedgerError):  # noqa: N818 - reads as a state
    """Another gateway serves from this directory."""


class LedgerForeign(LedgerError):  # noqa: N818 - as above
    """The log is of another node, or was signed with another key."""


class LedgerDamaged(LedgerError):  # noqa: N818 - as above
    """What is on disk is not what was signed. Nothing may be appended to it."""


class VerificationError(LedgerError):
    """The first thing that a verifier found wrong. `index` is of the record at fault, if any."""

    def __init__(self, message: str, *, index: int | None = None) -> None:
        super().__init__(message if index is None else f"record {index}: {message}")
        self.index = index
