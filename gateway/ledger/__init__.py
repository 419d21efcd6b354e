"""The audit ledger: an append-only Merkle log that survives a power cut and shows any change."""

from __future__ import annotations

from gateway.ledger.errors import (
    KeyFileError,
    LedgerDamaged,
    LedgerError,
    LedgerForeign,
    LedgerInUse,
    VerificationError,
)
from gateway.ledger.ledger import Place, SqliteLedger, Tuning
from gateway.ledger.query import Inclusion, LedgerReader, LoggedRecord, Query, read_ledger
from gateway.ledger.verifier import Derived, VerificationReport, verify

__all__ = [
    "Derived",
    "Inclusion",
    "KeyFileError",
    "LedgerDamaged",
    "LedgerError",
    "LedgerForeign",
    "LedgerInUse",
    "LedgerReader",
    "LoggedRecord",
    "Place",
    "Query",
    "SqliteLedger",
    "Tuning",
    "VerificationError",
    "VerificationReport",
    "read_ledger",
    "verify",
]
