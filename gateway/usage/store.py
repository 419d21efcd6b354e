"""The counts in SQLite (`state/usage.db`): derived from the ledger, and counted anew if removed.

Each batch of records is one transaction with the place that it reaches, so that a record counts
once, whoever counts and whenever they are ended. FORMAT version 1.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any, Final

import apsw

from gateway.domain.limits import DEPARTMENT, Measure, Rate, Span
from gateway.domain.records import Record
from gateway.files import make_directory
from gateway.usage.counting import Counts, Opened, Row, Sums

DATABASE: Final = "usage.db"
BATCH: Final = 2000
"""Records of one transaction: some 50 milliseconds."""
_VERSION: Final = 1
_BUSY_MS: Final = 10_000
_RECENT_MINUTES: Final = 62
_NAMES: Final = (
    *("requests", "failures", "refusals", "counted", "prompt_tokens", "completion_tokens"),
    *("charged", "audio_ms", "hits"),
)
_SUMS: Final = ", ".join(_NAMES)
_COLUMNS: Final = ", ".join(f"{name} INTEGER NOT NULL" for name in _NAMES)
_SCHEMA: Final = f"""
CREATE TABLE reached (
  one INTEGER PRIMARY KEY CHECK (one = 1), next INTEGER NOT NULL, leaf BLOB
) STRICT;
INSERT INTO reached VALUES (1, 0, NULL);
CREATE TABLE opened (
  exchange TEXT PRIMARY KEY, department TEXT NOT NULL, client TEXT NOT NULL, actor TEXT NOT NULL,
  model TEXT NOT NULL, most INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE hours (
  hour INTEGER, department TEXT, client TEXT, actor TEXT, model TEXT,
  {_COLUMNS},
  PRIMARY KEY (hour, department, client, actor, model)
) STRICT, WITHOUT ROWID;
CREATE INDEX hours_actor ON hours (actor, hour);
CREATE INDEX hours_department ON hours (department, hour);
CREATE TABLE minutes (
  holder TEXT, minute INTEGER, counted INTEGER NOT NULL, charged INTEGER NOT NULL,
  patients INTEGER NOT NULL, PRIMARY KEY (holder, minute)
) STRICT, WITHOUT ROWID;
CREATE INDEX minutes_minute ON minutes (minute);
CREATE TABLE seen (actor TEXT PRIMARY KEY, time INTEGER NOT NULL) STRICT, WITHOUT ROWID;
PRAGMA user_version = {_VERSION};
"""  # noqa: S608 - names of columns
_ADD_HOUR: Final = (
    f"INSERT INTO hours VALUES ({', '.join('?' * 14)}) ON CONFLICT DO UPDATE SET "  # noqa: S608
    + ", ".join(f"{name} = {name} + excluded.{name}" for name in _NAMES)
)
_ADD_MINUTE: Final = (
    "INSERT INTO minutes VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
    "counted = counted + excluded.counted, charged = charged + excluded.charged, "
    "patients = patients + excluded.patients"
)
_RECENT: Final = {
    Measure.REQUESTS: "counted",
    Measure.TOKENS: "charged",
    Measure.PATIENTS: "patients",
}
Read = Callable[[int, int], Sequence[tuple[int, bytes, Record]]]
"""Returns the records with an index of at least the first number, at most the second many."""


class UsageError(Exception):
    """The counts cannot be read or written; the message names the file and what to do."""


class UsageStore:
    """All counts of one node's log. Safe to use from several threads and processes."""

    def __init__(self, path: Path) -> None:
        """Open the database, or make it (0600). Raises `UsageError`."""
        self._path = path
        self._lock = threading.Lock()
        with self._guarded():
            make_directory(path.parent)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            self._db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
            self._db.set_busy_timeout(_BUSY_MS)
            self._db.pragma("journal_mode", "wal")
            # Derived, and each transaction holds how far it reaches: what the power takes is
            # counted again.
            self._db.pragma("synchronous", "normal")
            self._prepare()

    def count(self, read: Read, most: int = BATCH) -> bool:
        """Count the next records; return whether there may be more. Raises `UsageError`."""
        with self._guarded(), self._transaction() as db:
            reached = self._reached(read)
            found = read(reached, most)
            if not found:
                return False
            counts = Counts(
                {key: Opened(*rest) for key, *rest in db.execute("SELECT * FROM opened")}
            )
            before = set(counts.opened)
            for _, _, record in found:
                counts.add(record)
            self._write(db, counts, before)
            last, leaf, _ = found[-1]
            db.execute("UPDATE reached SET next = ?, leaf = ?", (last + 1, leaf))
        return len(found) == most

    def history(self, holder: str, rate: Rate, now: float) -> list[tuple[int, int]]:
        """Return what `holder` used: (second, amount), in order. Raises `UsageError`.

        `now` is seconds since the epoch: of the last hour by minute, of this month by hour. Nothing
        for a minute, which a restart may forget.
        """
        with self._guarded():
            if rate.span is Span.MINUTE:
                return []
            column = _RECENT[rate.measure]
            if rate.span is Span.HOUR:
                first, step = int(now) // 60 - _RECENT_MINUTES, 60
                query = f"SELECT minute, {column} FROM minutes WHERE holder = ? AND minute >= ?"  # noqa: S608
            else:
                first, step = int(now) // 3600 - 31 * 24, 3600
                of = "department" if holder.startswith(DEPARTMENT) else "actor"
                query = f"SELECT hour, sum({column}) FROM hours WHERE {of} = ? AND hour >= ? GROUP BY hour"  # noqa: S608, E501
                holder = holder.removeprefix(DEPARTMENT)
            found = self._db.execute(query + " ORDER BY 1", (holder, first))
            rows: list[tuple[Any, ...]] = found.fetchall()
            return [(int(at) * step, int(amount)) for at, amount in rows if amount]

    def rows(self, since: int, until: int) -> Iterator[tuple[Row, Sums]]:
        """Yield the sums of the hours from `since` up to, not with, `until`, since the epoch."""
        with self._guarded():
            found: list[tuple[Any, ...]] = self._db.execute(
                f"SELECT hour, department, client, actor, model, {_SUMS} FROM hours "  # noqa: S608
                "WHERE hour >= ? AND hour < ? ORDER BY hour, department, client, actor, model",
                (since, until),
            ).fetchall()
        for row in found:
            yield Row(*row[:5]), Sums(*row[5:])

    def last_use(self) -> dict[str, int]:
        """Return when each caller was last there, in milliseconds since the epoch."""
        with self._guarded():
            found: list[tuple[Any, ...]] = self._db.execute("SELECT * FROM seen").fetchall()
        return {str(actor): int(moment) for actor, moment in found}

    def close(self) -> None:
        """Close the database."""
        with self._guarded():
            self._db.close()

    def _write(self, db: apsw.Connection, counts: Counts, before: set[str]) -> None:
        opened = [(key, *astuple(counts.opened[key])) for key in counts.opened.keys() - before]
        db.executemany("INSERT INTO opened VALUES (?, ?, ?, ?, ?, ?)", opened)
        db.executemany("DELETE FROM opened WHERE exchange = ?", [(key,) for key in counts.closed])
        db.executemany(_ADD_HOUR, [(*row, *astuple(sums)) for row, sums in counts.rows.items()])
        db.executemany(
            _ADD_MINUTE,
            [(at.holder, at.minute, *astuple(sums)) for at, sums in counts.minutes.items()],
        )
        db.executemany(
            "INSERT INTO seen VALUES (?, ?) ON CONFLICT DO UPDATE "
            "SET time = max(time, excluded.time)",
            list(counts.seen.items()),
        )
        if counts.minutes:
            newest = max(at.minute for at in counts.minutes)
            db.execute("DELETE FROM minutes WHERE minute < ?", (newest - _RECENT_MINUTES,))

    def _reached(self, read: Read) -> int:
        """Return the index of the next record, or 0 where another log was counted."""
        row: list[tuple[Any, ...]] = self._db.execute("SELECT next, leaf FROM reached").fetchall()
        ((reached, leaf),) = row
        if reached == 0:
            return 0
        found = read(reached - 1, 1)
        if found and found[0][0] == reached - 1 and found[0][1] == leaf:
            return int(reached)
        for table in ("opened", "hours", "minutes", "seen"):
            self._db.execute(f"DELETE FROM {table}")  # noqa: S608 - the four names above
        self._db.execute("UPDATE reached SET next = 0, leaf = NULL")
        return 0

    def _prepare(self) -> None:
        with self._transaction() as db:
            if (version := db.pragma("user_version")) == _VERSION:
                return
            if version != 0:
                raise ValueError("another version")
            db.execute(_SCHEMA)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[apsw.Connection]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield self._db
        except BaseException:
            with contextlib.suppress(apsw.Error):
                self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        with self._lock:
            try:
                yield
            except (apsw.Error, OSError, ValueError) as error:
                raise UsageError(
                    f"{self._path} cannot be used ({type(error).__name__}): look at its owner and "
                    "the disk. It is derived: remove it while nothing runs, and it is counted anew"
                ) from error


def all_of(read: Read, store: UsageStore, most: int = BATCH) -> Iterable[None]:
    """Count to the end, a batch for each step, so that who waits can be told."""
    while store.count(read, most):
        yield
