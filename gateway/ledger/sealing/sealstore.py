"""The database of sealed texts. Without the keys, which are elsewhere, nothing in it can be read.

DURABLE FORMAT, user_version 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import apsw

from gateway.ledger import store
from gateway.ledger.errors import LedgerDamaged, LedgerError

DATABASE: Final = "vault-seals.db"
APPLICATION_ID: Final = 0x494D5653
USER_VERSION: Final = 1

SCHEMA: Final = """
CREATE TABLE seals (
  id INTEGER PRIMARY KEY,
  sealed BLOB NOT NULL
) STRICT;
"""


def connect(path: Path, *, vfs: str | None = None) -> apsw.Connection:
    """Open the database for writing, made if it is missing; raises `LedgerError`."""
    db = store.connect(path, vfs=vfs)
    try:
        db.pragma("secure_delete", 1)
        with store.transaction(db):
            if store.is_blank(db):
                db.execute(SCHEMA)
                db.pragma("application_id", APPLICATION_ID)
                db.pragma("user_version", USER_VERSION)
        check_version(db)
    except BaseException:
        db.close()
        raise
    return db


def check_version(db: apsw.Connection) -> None:
    """Raise `LedgerError` unless the database is one of seals, of the version that this reads."""
    if db.pragma("application_id") != APPLICATION_ID:
        raise LedgerDamaged(f"{DATABASE} is no vault of this program: restore it from its backup")
    version = db.pragma("user_version")
    if version != USER_VERSION:
        raise LedgerError(
            f"{DATABASE} has version {version} and this program reads {USER_VERSION}: use the "
            "release of intramural that wrote it, or a later one"
        )


def add(db: apsw.Connection, seals: Sequence[tuple[int, bytes]]) -> None:
    """Add seals by the number of their part.

    One that is there already has no key: its transaction of the keys was rolled back.
    """
    db.executemany("INSERT OR REPLACE INTO seals VALUES (?, ?)", seals)


def read(db: apsw.Connection, part: int) -> bytes | None:
    """Return the seal of a part, if it is there."""
    sealed: bytes | None = db.execute("SELECT sealed FROM seals WHERE id = ?", (part,)).get
    return sealed


def remove(db: apsw.Connection, parts: Iterable[int]) -> None:
    """Remove seals."""
    db.executemany("DELETE FROM seals WHERE id = ?", [(part,) for part in parts])
