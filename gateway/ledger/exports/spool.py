"""How far each feed has come, durably: the log itself is the queue, and this is its position.

DURABLE FORMAT, `user_version` 1, in `state/exports.db`. A position is moved only when the target
has what was before it; whatever ends the process, nothing is passed over.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import apsw

from gateway import statefile
from gateway.ledger.errors import LedgerError

DATABASE: Final = "exports.db"
_VERSION: Final = 1
_SCHEMA: Final = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS feed (
  name TEXT PRIMARY KEY,
  position INTEGER NOT NULL,  -- index of the first record that is not known to have arrived
  moved INTEGER NOT NULL,     -- Unix milliseconds, as the other
  failing INTEGER,            -- since when it does not work
  reason TEXT                 -- why, a word of ours
) STRICT, WITHOUT ROWID;
PRAGMA user_version = {_VERSION};
COMMIT;
"""


class SpoolError(LedgerError):
    """The positions cannot be read or kept."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one feed stands."""

    position: int = 0
    moved: int = 0
    failing: int | None = None
    reason: str | None = None

    @property
    def known(self) -> bool:
        """Whether the feed ever ran."""
        return self.moved > 0


class Spool:
    """The positions of all feeds. Safe to use from several threads."""

    def __init__(self, state: Path) -> None:
        self._path = state / DATABASE
        self._lock = threading.Lock()
        self._db: apsw.Connection | None = None

    def standing(self, name: str) -> Standing:
        """Return where a feed stands; at the first record, where it never ran."""
        if not self._path.exists():
            return Standing()
        with self._open() as db:
            row = db.execute(
                "SELECT position, moved, failing, reason FROM feed WHERE name = ?", (name,)
            ).fetchone()
        match row:
            case None:
                return Standing()
            case (int(position), int(moved), failing, reason):
                return Standing(
                    position,
                    moved,
                    failing if isinstance(failing, int) else None,
                    reason if isinstance(reason, str) else None,
                )
            case _:
                raise SpoolError(f"{self._path} holds no position for {name}: restore it")

    def arrived(self, name: str, position: int, now: int) -> None:
        """Make durable that everything before `position` has arrived."""
        with self._open() as db:
            db.execute(
                "INSERT INTO feed (name, position, moved) VALUES (?, ?, ?) ON CONFLICT (name) "
                "DO UPDATE SET position = max(position, excluded.position), "
                "moved = excluded.moved, failing = NULL, reason = NULL",
                (name, position, now),
            )

    def failed(self, name: str, reason: str, now: int) -> None:
        """Keep since when a feed fails, and why."""
        with self._open() as db:
            db.execute(
                "INSERT INTO feed (name, position, moved, failing, reason) VALUES (?, 0, 0, ?, ?) "
                "ON CONFLICT (name) DO UPDATE SET failing = coalesce(failing, excluded.failing), "
                "reason = excluded.reason",
                (name, now, reason),
            )

    def close(self) -> None:
        """Close the file; the next call opens it again."""
        with self._lock:
            self._disconnect()

    @contextmanager
    def _open(self) -> Iterator[apsw.Connection]:
        with self._lock:
            try:
                if self._db is None:
                    self._db = self._connect()
                yield self._db
            except (apsw.Error, OSError) as error:
                self._disconnect()
                raise SpoolError(
                    f"{self._path} cannot be used ({type(error).__name__}): check the file and "
                    "the disk; if it is lost, every record is sent again from the first"
                ) from None

    def _connect(self) -> apsw.Connection:
        try:
            return statefile.connect(self._path, _SCHEMA, _VERSION)
        except statefile.UnknownVersion as error:
            raise SpoolError(str(error)) from None

    def _disconnect(self) -> None:
        db, self._db = self._db, None
        if db is not None:
            db.close()
