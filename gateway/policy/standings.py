"""What the digests in records stand for: roles, groups and assurance, in SQLite beside the ledger.

DURABLE FORMAT, version 1 (`PRAGMA user_version`): a newer database is refused, never guessed at.
A row is written once and never changed. It is no evidence by itself: whoever reads one checks it
against the digest, which is in the record.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Final

import apsw

from gateway import statefile
from gateway.domain.standing import Standing

DATABASE: Final = "standings.db"
_VERSION: Final = 1
_BUSY_MS: Final = 2000
_MOST: Final = 100_000
"""Rows: an installation has some dozens, and a provider that sends more is not followed."""
_SCHEMA: Final = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS standing (
  digest TEXT PRIMARY KEY,
  standing BLOB NOT NULL
) STRICT, WITHOUT ROWID;
PRAGMA user_version = {_VERSION};
COMMIT;
"""


class StandingsError(Exception):
    """The table cannot be read or written; the message says what to do."""


class Standings:
    """The table. Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        """Open the database, or make it (0600). Raises `StandingsError`."""
        self._path = path
        self._lock = threading.Lock()
        self._known: dict[str, Standing] = {}
        try:
            self._db = statefile.connect(path, _SCHEMA, _VERSION, busy_ms=_BUSY_MS)
            self._rows = int(self._db.execute("SELECT count(*) FROM standing").get)
        except statefile.UnknownVersion as error:
            raise StandingsError(str(error)) from None
        except (apsw.Error, OSError) as error:
            raise self._broken(error) from error

    def knows(self, digest: str) -> bool:
        """Say whether this process has noted or found the digest before; asks no disk."""
        return digest in self._known

    def note(self, standing: Standing) -> None:
        """Keep what a digest stands for, durably. Raises `StandingsError`."""
        digest = standing.digest
        with self._lock:
            if digest in self._known or self._rows >= _MOST:
                return
            try:
                self._db.execute(
                    "INSERT OR IGNORE INTO standing VALUES (?, ?)", (digest, standing.encoded())
                )
            except apsw.Error as error:
                raise self._broken(error) from error
            self._known[digest] = standing
            self._rows += 1

    def find(self, digest: str) -> Standing | None:
        """Return what `digest` stands for, if a row says so that fits. Raises `StandingsError`."""
        with self._lock:
            if (known := self._known.get(digest)) is not None:
                return known
            try:
                row = self._db.execute(
                    "SELECT standing FROM standing WHERE digest = ?", (digest,)
                ).fetchone()
            except apsw.Error as error:
                raise self._broken(error) from error
            if row is None or not isinstance(row[0], bytes):
                return None
            try:
                standing = Standing.decoded(row[0])
            except ValueError:
                return None
            if standing.digest != digest:
                return None
            self._known[digest] = standing
            return standing

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._db.close()

    def _broken(self, error: Exception) -> StandingsError:
        return StandingsError(
            f"{self._path} cannot be used ({type(error).__name__}): check the file and the disk. "
            "Without it records are whole, and only a simulation knows fewer callers' roles"
        )
