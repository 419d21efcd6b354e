"""What a witness remembers of each log: the last head that it cosigned, and what it refused.

Rule: what was once remembered is never replaced by less. A head is durable before its cosignature
is given to anybody; after a failed fsync nobody knows what the disk holds, and the process ends.

DURABLE FORMAT, version 1 (`PRAGMA user_version`).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import apsw

from gateway.domain.notes import Checkpoint
from gateway.ledger import store
from gateway.ledger.errors import LedgerError
from gateway.ledger.publisher import OnFatal
from gateway.ledger.writer import exit_process

DATABASE: Final = "witness.db"
MAX_EVIDENCE: Final = 100
"""Refused requests that are kept of one log: the first ones."""
_VERSION: Final = 1
_APPLICATION_ID: Final = 0x494D5749
_MOVE_EVERY: Final = 256
"""Commits after which pages are moved from the write-ahead log into the database."""
_SCHEMA: Final = f"""
CREATE TABLE heads (
  origin TEXT PRIMARY KEY,
  size INTEGER NOT NULL,
  root BLOB NOT NULL,
  time INTEGER NOT NULL,
  note BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE evidence (
  id INTEGER PRIMARY KEY,
  origin TEXT NOT NULL,
  time INTEGER NOT NULL,
  request BLOB NOT NULL
) STRICT;
PRAGMA application_id = {_APPLICATION_ID};
PRAGMA user_version = {_VERSION};
"""
_RETRIES: Final = frozenset({apsw.SQLITE_FULL, apsw.SQLITE_BUSY})
"""A COMMIT that fails so has not reached the fsync that makes it durable."""


class MemoryUnavailable(Exception):  # noqa: N818 - reads as a state
    """Nothing can be remembered now, so nothing may be cosigned."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """The last head of a log that was cosigned."""

    checkpoint: Checkpoint
    time: int
    """Seconds since the epoch."""
    note: bytes
    """As it was signed by the log, and cosigned."""


class Memory:
    """The database. Safe to use from several threads."""

    def __init__(
        self, directory: Path, *, on_fatal: OnFatal = exit_process, vfs: str | None = None
    ) -> None:
        """Open it, or make it if it is not there; raises `LedgerError`."""
        self._lock = threading.Lock()
        self._on_fatal = on_fatal
        self._commits = 0
        self._db = store.connect(directory / DATABASE, vfs=vfs)
        try:
            with store.transaction(self._db):
                if store.is_blank(self._db):
                    self._db.execute(_SCHEMA)
            _check_version(self._db, directory)
        except apsw.Error as error:
            self._db.close()
            raise LedgerError(
                f"{directory / DATABASE} cannot be used ({type(error).__name__})"
            ) from None
        except BaseException:
            self._db.close()
            raise

    def last(self, origin: str) -> Remembered | None:
        """Return what is remembered of a log."""
        with self._lock:
            return self._last(origin)

    @contextmanager
    def turn(self, origin: str) -> Iterator[Turn]:
        """Look at a log and remember more of it, in one step that nothing can come between.

        What was put is durable when the block has ended. If the block raises, nothing has changed.
        Raises `MemoryUnavailable` if it cannot be done now.
        """
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                turn = Turn(self._last(origin))
                yield turn
                if turn.new is not None:
                    self._put(origin, turn.new)
                self._commit()
            except apsw.Error as error:
                self._check(error, committing=False)
                self._roll_back()
                raise MemoryUnavailable from None
            except BaseException:
                self._roll_back()
                raise

    def keep_evidence(self, origin: str, time: int, request: bytes) -> None:
        """Keep a refused request: it shows that a log was rewritten. Best effort, and bounded."""
        with self._lock, suppress(MemoryUnavailable):
            try:
                self._db.execute("BEGIN IMMEDIATE")
                self._db.execute(
                    "INSERT INTO evidence (origin, time, request) SELECT ?1, ?2, ?3 "
                    "WHERE (SELECT count(*) FROM evidence WHERE origin = ?1) < ?4",
                    (origin, time, request, MAX_EVIDENCE),
                )
                self._commit()
            except apsw.Error as error:
                self._check(error, committing=False)
                self._roll_back()

    def evidence(self, origin: str) -> list[tuple[int, bytes]]:
        """Return the requests that were refused of a log, and when, oldest first."""
        with self._lock:
            rows = self._db.execute(
                "SELECT time, request FROM evidence WHERE origin = ? ORDER BY id", (origin,)
            )
            return [(int(time), bytes(request)) for time, request in rows]

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._db.close()

    def _last(self, origin: str) -> Remembered | None:
        row = self._db.execute(
            "SELECT size, root, time, note FROM heads WHERE origin = ?", (origin,)
        ).fetchone()
        if row is None:
            return None
        size, root, time, note = row
        return Remembered(Checkpoint(origin, size, root), time, note)

    def _put(self, origin: str, new: Remembered) -> None:
        self._db.execute(
            "INSERT INTO heads VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (origin) DO UPDATE "
            "SET size = ?2, root = ?3, time = ?4, note = ?5",
            (origin, new.checkpoint.size, new.checkpoint.root, new.time, new.note),
        )

    def _commit(self) -> None:
        try:
            self._db.execute("COMMIT")
        except apsw.Error as error:
            self._check(error, committing=True)
            self._roll_back()
            raise MemoryUnavailable from None
        self._commits += 1
        if self._commits % _MOVE_EVERY == 0:
            try:
                self._db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
            except apsw.Error as error:
                self._check(error, committing=False)

    def _check(self, error: apsw.Error, *, committing: bool) -> None:
        """End the process where nobody knows any more what the disk holds."""
        code = int(getattr(error, "extendedresult", -1))
        synced = code not in {apsw.SQLITE_IOERR_FSYNC, apsw.SQLITE_IOERR_DIR_FSYNC}
        if not synced or (committing and code & 0xFF not in _RETRIES):
            self._on_fatal("what a witness remembers cannot be made durable")

    def _roll_back(self) -> None:
        with suppress(apsw.Error):
            store.roll_back(self._db)


@dataclass(slots=True)
class Turn:
    """One look, and what is to be remembered from it on."""

    last: Remembered | None
    new: Remembered | None = None


def _check_version(db: apsw.Connection, directory: Path) -> None:
    if (db.pragma("application_id"), db.pragma("user_version")) != (_APPLICATION_ID, _VERSION):
        raise LedgerError(f"{directory / DATABASE} is not a witness's of this version")
