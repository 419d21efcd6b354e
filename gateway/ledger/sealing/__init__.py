"""Kept texts, sealed, and the index of whom exchanges are about: what can be erased.

The log beside it holds only digests of what is here, so that erasing changes no proof.
"""

from __future__ import annotations

from gateway.ledger.sealing.reading import VaultPlace, VaultReader
from gateway.ledger.sealing.shredding import Order, Shredder
from gateway.ledger.sealing.vault import SqliteVault

__all__ = ["Order", "Shredder", "SqliteVault", "VaultPlace", "VaultReader"]
