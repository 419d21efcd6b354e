"""Grants in SQLite. Every change happens in one transaction, which holds the only right to write.

DURABLE FORMAT, version 1 (`PRAGMA user_version`): a newer database is refused, never guessed at.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import apsw

from gateway import statefile
from gateway.domain.exchange import Purpose
from gateway.identity.grants.grant import AccessGrant, GrantState

DATABASE: Final = "grants.db"
_VERSION: Final = 1
_MEMORY: Final = 2
# A literal but for the number of the version.
_SCHEMA: Final = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS access_grant (
  id TEXT PRIMARY KEY,
  state TEXT NOT NULL CHECK (state IN ('asked', 'active', 'refused', 'ended')),
  purpose TEXT NOT NULL,
  asker TEXT NOT NULL,
  name TEXT NOT NULL,
  minutes INTEGER NOT NULL,
  asked INTEGER NOT NULL,
  patient BLOB NOT NULL CHECK (length(patient) = 32),
  reason BLOB NOT NULL,
  decider TEXT,
  until INTEGER,
  ended INTEGER,
  uses INTEGER NOT NULL DEFAULT 0,
  CHECK ((state = 'active') <= (until IS NOT NULL AND decider IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS access_grant_open ON access_grant (state)
  WHERE state IN ('asked', 'active');
CREATE TABLE IF NOT EXISTS clock (id INTEGER PRIMARY KEY CHECK (id = 0), now INTEGER NOT NULL)
  STRICT;
INSERT OR IGNORE INTO clock VALUES (0, 0);
PRAGMA user_version = {_VERSION};
COMMIT;
"""  # noqa: S608
_COLUMNS: Final = (
    "id, state, purpose, asker, name, minutes, asked, patient, reason, decider, until, ended, uses"
)


class GrantStoreError(Exception):
    """The table cannot be read or written; the message names the file, and nobody in it."""


class Change:
    """What may be done inside a transaction."""

    def __init__(self, db: apsw.Connection) -> None:
        self._db = db

    def written(self) -> int:
        """Return the highest time that was ever written down."""
        return int(self._db.execute("SELECT now FROM clock").get)

    def write(self, now: int) -> None:
        """Write down a time, if it is higher."""
        self._db.execute("UPDATE clock SET now = max(now, ?)", (now,))

    def find(self, grant: str) -> AccessGrant | None:
        """Return the grant of that id, if there is one."""
        rows = self._select("id = ?", grant)
        return rows[0] if rows else None

    def open_of(self, asker: str) -> Sequence[AccessGrant]:
        """Return what somebody asked for that waits or is active."""
        return self._select("state IN ('asked', 'active') AND asker = ?", asker)

    def in_state(self, state: GrantState) -> Sequence[AccessGrant]:
        """Return the grants of a state."""
        return self._select("state = ?", state.value)

    def add(self, grant: AccessGrant) -> None:
        """Add a grant."""
        marks = ", ".join("?" * len(_row(grant)))
        # Only names of columns and question marks are put together here.
        self._db.execute(
            f"INSERT INTO access_grant ({_COLUMNS}) VALUES ({marks})",  # noqa: S608
            _row(grant),
        )

    def put(self, grant: AccessGrant) -> None:
        """Replace what is known of a grant."""
        self._db.execute("DELETE FROM access_grant WHERE id = ?", (grant.id,))
        self.add(grant)

    def _select(self, where: str, value: str) -> list[AccessGrant]:
        rows = self._db.execute(
            f"SELECT {_COLUMNS} FROM access_grant WHERE {where} ORDER BY asked, id",  # noqa: S608
            (value,),
        )
        return [_grant(row) for row in rows]


class GrantStore:
    """All grants of an installation. Safe to use from several threads and processes."""

    def __init__(self, path: Path) -> None:
        """Open the database, or make it (0600). Raises `GrantStoreError`."""
        self._path = path
        self._lock = threading.Lock()
        try:
            self._db = statefile.connect(path, _SCHEMA, _VERSION)
        except statefile.UnknownVersion as error:
            raise GrantStoreError(str(error)) from None
        except (apsw.Error, OSError) as error:
            raise self._broken(error) from error

    @contextmanager
    def change(self) -> Iterator[Change]:
        """Hold the only write transaction of all processes; commit, or undo on any exception.

        Raises `GrantStoreError`.
        """
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
            except apsw.Error as error:
                raise self._broken(error) from error
            try:
                yield Change(self._db)
                self._db.execute("COMMIT")
            except apsw.Error as error:
                self._undo()
                raise self._broken(error) from error
            except BaseException:
                self._undo()
                raise

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._db.close()

    def _undo(self) -> None:
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")

    def _broken(self, error: Exception) -> GrantStoreError:
        return GrantStoreError(
            f"{self._path} cannot be used ({type(error).__name__}): check the file, its owner and "
            "the disk, or restore it from a backup"
        )


def forget(path: Path, patient: bytes) -> None:
    """Write zeros over a patient's fingerprint, and over why grants for them were asked for.

    No copy is left in any byte of the file or of its write-ahead log. What else is known of these
    grants stays, and the log still has the digest of each reason. Raises `apsw.Error`.
    """
    if not path.exists():
        return
    db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        db.set_busy_timeout(statefile.BUSY_MS)
        db.pragma("synchronous", "full")
        # What VACUUM puts aside is put aside in memory and not in a file.
        db.pragma("temp_store", _MEMORY)
        db.execute(
            "UPDATE access_grant SET patient = zeroblob(32), reason = zeroblob(length(reason)) "
            "WHERE patient = ?",
            (patient,),
        )
        # Rows move with every change, and leave copies behind: the file is written anew.
        db.execute("VACUUM")
        db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    finally:
        db.close()


def _row(grant: AccessGrant) -> tuple[apsw.SQLiteValue, ...]:
    return (
        *(grant.id, grant.state.value, grant.purpose.value, grant.asker, grant.name),
        *(grant.minutes, grant.asked, grant.patient, grant.reason),
        *(grant.decider, grant.until, grant.ended, grant.uses),
    )


def _grant(row: tuple[apsw.SQLiteValue, ...]) -> AccessGrant:
    grant, state, purpose, asker, name, minutes, asked, patient, reason, *rest = row
    decider, until, ended, uses = rest
    if not isinstance(patient, bytes) or not isinstance(reason, bytes):
        raise apsw.CorruptError
    return AccessGrant(
        id=str(grant),
        state=GrantState(str(state)),
        purpose=Purpose(str(purpose)),
        asker=str(asker),
        name=str(name),
        minutes=_integer(minutes),
        asked=_integer(asked),
        patient=patient,
        reason=reason,
        decider=None if decider is None else str(decider),
        until=None if until is None else _integer(until),
        ended=None if ended is None else _integer(ended),
        uses=_integer(uses),
    )


def _integer(value: apsw.SQLiteValue) -> int:
    if not isinstance(value, int):
        raise apsw.CorruptError
    return value
