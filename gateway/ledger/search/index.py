"""The database of the search index: for each term and each block of records, who answers to it.

DERIVED, user_version 1: everything in it comes from the leaves, `intramural audit index --rebuild`
makes it again, and losing it loses nothing. It covers whole blocks only; whoever searches reads
the rest of the log itself, so an index that is behind, or absent, makes an answer slower and never
another one. It holds no more than the leaves do: no patient in any form.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

import apsw

from gateway.domain.records import ReviewState
from gateway.files import make_directory
from gateway.ledger import store
from gateway.ledger.errors import LedgerError
from gateway.ledger.search.postings import FULL, Blocks, pack, unpack, unpack_common

APPLICATION_ID: Final = 0x494D5345
USER_VERSION: Final = 1
_MANY_PAGES: Final = -16 * 1024
"""KiB of pages that a connection keeps."""
_SCHEMA: Final = """
CREATE TABLE state (
  id INTEGER PRIMARY KEY CHECK (id = 0),
  origin TEXT NOT NULL,
  blocks INTEGER NOT NULL,
  last BLOB NOT NULL
) STRICT;
CREATE TABLE block (
  number INTEGER PRIMARY KEY,
  earliest INTEGER NOT NULL,
  latest INTEGER NOT NULL
) STRICT;
CREATE TABLE term (
  id INTEGER PRIMARY KEY,
  term TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE posting (
  term INTEGER NOT NULL,
  block INTEGER NOT NULL,
  places BLOB NOT NULL,
  PRIMARY KEY (term, block)
) STRICT, WITHOUT ROWID;
CREATE TABLE review (
  record INTEGER PRIMARY KEY,
  state TEXT NOT NULL
) STRICT;
CREATE INDEX review_by_state ON review (state, record);
"""


@dataclass(slots=True)
class Block:
    """What the index says of one block, while it is gathered."""

    number: int
    last: bytes
    """The leaf hash of its last record."""
    earliest: int
    latest: int
    places: dict[str, list[int]] = field(default_factory=dict)
    reviews: dict[int, ReviewState] = field(default_factory=dict)
    """What its reviews and alerts say about records, here or before."""


class SearchIndex:
    """One connection to the index of the log of `origin`."""

    def __init__(self, db: apsw.Connection) -> None:
        self._db = db

    @classmethod
    def open(cls, path: Path, origin: str) -> Self:
        """Open for writing. A missing file is made, and one that is not of this log is emptied.

        Raises `LedgerError` if that cannot be done.
        """
        try:
            make_directory(path.parent)
            if not path.exists():
                path.touch(mode=0o600)
            db = apsw.Connection(str(path))
        except (apsw.Error, OSError) as error:
            raise _unusable(path, error) from None
        try:
            db.set_busy_timeout(store.BUSY_MS)
            db.pragma("journal_mode", "wal")
            # Derived: a power cut may lose the last block, which is then gathered again.
            db.pragma("synchronous", "normal")
            db.pragma("cache_size", _MANY_PAGES)
            with store.transaction(db):
                if _origin(db) != origin:
                    _empty(db)
                    db.execute(_SCHEMA)
                    db.execute("INSERT INTO state VALUES (0, ?, 0, x'')", (origin,))
                    db.pragma("application_id", APPLICATION_ID)
                    db.pragma("user_version", USER_VERSION)
        except apsw.Error as error:
            db.close()
            raise _unusable(path, error) from None
        return cls(db)

    @property
    def blocks(self) -> int:
        """How many blocks from the first on it covers."""
        return int(self._db.execute("SELECT blocks FROM state").get)

    @property
    def last(self) -> bytes:
        """The leaf hash of the last record that it covers."""
        return bytes(self._db.execute("SELECT last FROM state").get)

    def add(self, block: Block) -> bool:
        """Add the next block, whole or not at all; return whether it was the next."""
        with store.transaction(self._db):
            if block.number != self.blocks:
                return False  # Another process was faster.
            self._db.execute(
                "INSERT INTO block VALUES (?, ?, ?)", (block.number, block.earliest, block.latest)
            )
            numbers = self._numbers(block.places)
            rows = [
                (numbers[term], block.number, pack(places)) for term, places in block.places.items()
            ]
            rows.sort()
            self._db.executemany("INSERT INTO posting VALUES (?, ?, ?)", rows)
            self._db.executemany(
                "INSERT INTO review VALUES (?, ?) "
                "ON CONFLICT (record) DO UPDATE SET state = excluded.state",
                [(record, state.value) for record, state in block.reviews.items()],
            )
            self._db.execute("UPDATE state SET blocks = blocks + 1, last = ?", (block.last,))
        return True

    def empty(self) -> None:
        """Forget everything: the log is not the one that was indexed."""
        with store.transaction(self._db):
            for table in ("block", "term", "posting", "review"):
                self._db.execute(f"DELETE FROM {table}")  # noqa: S608 - names of this module
            self._db.execute("UPDATE state SET blocks = 0, last = x''")

    def answering(self, term: str, top: int) -> Blocks:
        """Yield the blocks up to number `top` in which records answer to `term`."""
        rows = self._db.execute(
            "SELECT block, places FROM posting WHERE block <= ? "
            "AND term = (SELECT id FROM term WHERE term = ?) ORDER BY block DESC",
            (top, term),
        )
        for number, places in rows:
            yield number, unpack(places)

    def meeting(
        self, terms: Sequence[str], top: int, since: int | None, until: int | None
    ) -> Blocks:
        """Yield the blocks up to number `top` in which records answer to all of `terms` at once.

        SQLite finds the blocks that have every term, and that may have records of that time: of
        those that a frequent term alone is in, most never get as far as here.
        """
        numbers = [self._number(term) for term in terms]
        columns = "".join(f", p{n}.places" for n in range(len(terms)))
        joins = "".join(
            f" CROSS JOIN posting AS p{n} ON p{n}.term = ? AND p{n}.block = p0.block"
            for n in range(1, len(terms))
        )
        values = numbers[1:]
        if since is not None or until is not None:
            joins += " CROSS JOIN block ON number = p0.block AND latest >= ? AND earliest < ?"
            values += [0 if since is None else since, 2**62 if until is None else until]
        # Every part of this text is a literal of this module; what was asked for is bound.
        statement = (
            f"SELECT p0.block{columns} FROM posting AS p0{joins} "  # noqa: S608
            "WHERE p0.term = ? AND p0.block <= ? ORDER BY p0.block DESC"
        )
        for number, *places in self._db.execute(statement, (*values, numbers[0], top)):
            if bits := unpack_common(places):
                yield number, bits

    def between(self, top: int, since: int | None, until: int | None) -> Blocks:
        """Yield the blocks up to number `top` that may have records of that time."""
        rows = self._db.execute(
            "SELECT number FROM block WHERE number <= ? AND latest >= ? AND earliest < ? "
            "ORDER BY number DESC",
            (top, 0 if since is None else since, 2**62 if until is None else until),
        )
        for (number,) in rows:
            yield number, FULL

    def reviewed(self, state: ReviewState, below: int) -> Iterator[int]:
        """Yield the records below index `below` whose review stands there, the highest first."""
        rows = self._db.execute(
            "SELECT record FROM review WHERE state = ? AND record < ? ORDER BY record DESC",
            (state.value, below),
        )
        for (record,) in rows:
            yield record

    def reviews_of(self, records: Sequence[int]) -> dict[int, ReviewState]:
        """Return where the reviews of records stand, as far as the index goes."""
        rows = self._db.execute(
            "SELECT record, state FROM json_each(?) CROSS JOIN review ON record = value",
            (f"[{','.join(map(str, records))}]",),
        )
        return {int(str(record)): ReviewState(str(state)) for record, state in rows}

    def says(self, block: Block) -> bool:
        """Say whether this is what is kept of a block, and nothing else is."""
        rows = self._db.execute(
            "SELECT term.term, places FROM term CROSS JOIN posting ON posting.term = term.id "
            "WHERE block = ?",
            (block.number,),
        )
        times = self._db.execute(
            "SELECT earliest, latest FROM block WHERE number = ?", (block.number,)
        ).fetchone()
        kept = {term: pack(places) for term, places in block.places.items()}
        return times == (block.earliest, block.latest) and dict(rows) == kept

    def reviews(self) -> dict[int, ReviewState]:
        """Return where all reviews stand."""
        rows = self._db.execute("SELECT record, state FROM review")
        return {int(str(record)): ReviewState(str(state)) for record, state in rows}

    def terms(self, prefix: str, limit: int) -> Sequence[str]:
        """Return up to `limit` terms that begin with `prefix`, sorted."""
        rows = self._db.execute(
            "SELECT term FROM term WHERE term >= ? AND term < ? ORDER BY term LIMIT ?",
            (prefix, prefix + "\x7f", limit),
        )
        return [term for (term,) in rows]

    def close(self) -> None:
        """Close the connection."""
        self._db.close()

    def _number(self, term: str) -> int | None:
        """Return the number of a term, if any record answers to it."""
        found: int | None = self._db.execute("SELECT id FROM term WHERE term = ?", (term,)).get
        return found

    def _numbers(self, terms: Mapping[str, object]) -> dict[str, int]:
        self._db.executemany(
            "INSERT OR IGNORE INTO term (term) VALUES (?)", [(term,) for term in terms]
        )
        return {
            term: self._db.execute("SELECT id FROM term WHERE term = ?", (term,)).get
            for term in terms
        }


@contextmanager
def read_index(path: Path, origin: str) -> Iterator[SearchIndex | None]:
    """Yield one state of the index, or `None` where there is none of the log of `origin`."""
    if not path.is_file():
        yield None
        return
    try:
        db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    except apsw.Error:
        yield None  # Copied without its other files onto read-only media: the log itself answers.
        return
    try:
        db.set_busy_timeout(store.BUSY_MS)
        db.pragma("cache_size", _MANY_PAGES)
        with store.snapshot(db):
            yield SearchIndex(db) if _origin(db) == origin else None
    finally:
        db.close()


def _origin(db: apsw.Connection) -> str | None:
    """Return whose index this is; `None` if it is of nobody, or not of this version."""
    try:
        if db.pragma("application_id") != APPLICATION_ID:
            return None
        if db.pragma("user_version") != USER_VERSION:
            return None
        return str(db.execute("SELECT origin FROM state").get)
    except (apsw.SQLError, apsw.NotADBError, apsw.CorruptError):
        return None


def _empty(db: apsw.Connection) -> None:
    """Remove whatever tables there are: the index is derived, and is made again."""
    names = db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    for (name,) in names:
        if not str(name).startswith("sqlite_"):
            quoted = str(name).replace('"', '""')
            db.execute(f'DROP TABLE "{quoted}"')


def _unusable(path: Path, error: Exception) -> LedgerError:
    return LedgerError(
        f"the search index {path} cannot be used ({type(error).__name__}): look at its permissions "
        "and its disk, or remove it, and it is made again"
    )
