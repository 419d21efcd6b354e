"""The database of one log: its schema, its settings, and the statements that the writer runs.

DURABLE FORMAT, user_version 1. `entries.leaf` holds exactly what was hashed and `head.checkpoint`
what was signed: never rewrite either. `head` covers all rows of `entries` in every committed state.
`checkpoints` is kept for ever. `open_exchanges` and `facts` are derived from the leaves, and may be
rebuilt. A new schema gets a new user_version and a migration; this program refuses one it does not
know.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

import apsw

from gateway.files import make_directory, sync_directory
from gateway.ledger.errors import LedgerDamaged, LedgerError

DATABASE: Final = "ledger.db"
APPLICATION_ID: Final = 0x494D4C47
USER_VERSION: Final = 1
OLDEST_SQLITE: Final = 3_051_003
"""The first SQLite with the 2026 fix of the WAL-reset bug, which could lose a committed page."""
BUSY_MS: Final = 5_000
"""How long a writer waits for another process to finish its transaction."""
WAL_LIMIT: Final = 64 * 1024 * 1024
"""Bytes that the write-ahead log keeps on disk after a long reader made it grow."""
_READ_ROWS: Final = 4096
_FIRST: Final = -(2**63)
_LAST: Final = 2**63 - 1

SCHEMA: Final = """
CREATE TABLE entries (
  idx INTEGER PRIMARY KEY,
  leaf BLOB NOT NULL
) STRICT;
CREATE TABLE head (
  id INTEGER PRIMARY KEY CHECK (id = 0),
  size INTEGER NOT NULL,
  frontier BLOB NOT NULL,
  root BLOB NOT NULL,
  checkpoint BLOB NOT NULL
) STRICT;
CREATE TABLE checkpoints (
  size INTEGER PRIMARY KEY,
  checkpoint BLOB NOT NULL
) STRICT;
CREATE TABLE open_exchanges (
  exchange TEXT PRIMARY KEY,
  idx INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE facts (
  idx INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  exchange TEXT NOT NULL,
  time INTEGER NOT NULL,
  actor TEXT,
  action TEXT,
  purpose TEXT,
  model TEXT,
  code TEXT
) STRICT;
CREATE INDEX facts_by_exchange ON facts (exchange);
CREATE INDEX facts_by_actor ON facts (actor);
CREATE INDEX facts_by_time ON facts (time);
CREATE INDEX facts_by_code ON facts (code) WHERE code IS NOT NULL;
"""


@dataclass(frozen=True, slots=True)
class Subject:
    """Who asked for what. An outcome has that of its intent, so that a search finds both."""

    actor: str | None
    action: str | None
    purpose: str | None
    model: str | None


@dataclass(frozen=True, slots=True)
class Facts:
    """What a record can be searched by."""

    idx: int
    kind: str
    exchange: str
    time: int
    subject: Subject
    code: str | None

    def row(self) -> tuple[int | str | None, ...]:
        """Return the columns in the order of the table."""
        who = self.subject
        return (
            *(self.idx, self.kind, self.exchange, self.time),
            *(who.actor, who.action, who.purpose, who.model),
            self.code,
        )


@dataclass(frozen=True, slots=True)
class Head:
    """The state of the log after its last transaction."""

    size: int
    frontier: bytes
    root: bytes
    checkpoint: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """The rows that one transaction adds."""

    leaves: list[tuple[int, bytes]]
    facts: list[Facts]
    opened: list[tuple[str, int]]
    closed: list[tuple[str]]


def connect(path: Path, *, vfs: str | None = None) -> apsw.Connection:
    """Open the database for writing, creating the file if need be; check that its settings hold.

    Raises `LedgerError` if this SQLite, or this file system, cannot keep the promise.
    """
    if apsw.SQLITE_VERSION_NUMBER < OLDEST_SQLITE:
        raise LedgerError("this SQLite can lose committed pages: install apsw 3.51.3 or later")
    make_directory(path.parent)
    if created := not path.exists():
        path.touch(mode=0o600)  # SQLite gives its other files the permissions of this one.
    try:
        db = apsw.Connection(str(path), vfs=vfs)
        db.set_busy_timeout(BUSY_MS)
        _configure(db)
    except (apsw.CorruptError, apsw.NotADBError) as error:
        raise LedgerDamaged(
            f"{path} is damaged ({type(error).__name__}): keep a copy, and restore it from its "
            "backup"
        ) from None
    except apsw.Error as error:
        raise LedgerError(
            f"{path} cannot be opened for writing ({type(error).__name__}): look at its "
            "permissions and at the space on its file system"
        ) from None
    if created:
        sync_directory(path.parent)
    return db


def _configure(db: apsw.Connection) -> None:
    for pragma, value in (
        ("journal_mode", "wal"),
        ("synchronous", 2),
        ("trusted_schema", 0),
        ("cell_size_check", 1),
        ("journal_size_limit", WAL_LIMIT),
        # The writer moves pages from the log into the database itself: SQLite's own automatic
        # checkpoint swallows an fsync error.
        ("wal_autocheckpoint", 0),
    ):
        _set(db, pragma, value)
        if (actual := db.pragma(pragma)) != value:
            raise LedgerError(
                f"SQLite did not take {pragma}={value} but {actual}: "
                "put the data directory on a local file system"
            )


def _set(db: apsw.Connection, pragma: str, value: str | int) -> None:
    """Set a pragma, waiting for other processes.

    SQLite's own busy timeout does not cover the change to WAL: of two processes that make it at
    once, one is told "busy" without having waited.
    """
    deadline = time.monotonic() + BUSY_MS / 1000
    while True:
        try:
            db.pragma(pragma, value)
        except apsw.BusyError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.005)
        else:
            return


def create_schema(db: apsw.Connection, first: Head) -> None:
    """Create the tables and the signed head of the empty log, unless another process just did."""
    with transaction(db):
        if is_blank(db):
            db.execute(SCHEMA)
            db.pragma("application_id", APPLICATION_ID)
            db.pragma("user_version", USER_VERSION)
            db.execute(
                "INSERT INTO head VALUES (0, ?, ?, ?, ?)",
                (first.size, first.frontier, first.root, first.checkpoint),
            )
            db.execute("INSERT INTO checkpoints VALUES (0, ?)", (first.checkpoint,))


def is_blank(db: apsw.Connection) -> bool:
    """Return whether the database has no tables at all."""
    return db.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone() is None


def check_version(db: apsw.Connection) -> None:
    """Raise `LedgerError` unless this is a ledger of the version that this program writes."""
    if db.pragma("application_id") != APPLICATION_ID:
        raise LedgerDamaged("the database is not a ledger of this program")
    version = db.pragma("user_version")
    if version != USER_VERSION:
        raise LedgerError(
            f"the ledger has version {version} and this program reads {USER_VERSION}: "
            "use the release of intramural that wrote it, or a later one"
        )


@contextmanager
def transaction(db: apsw.Connection) -> Iterator[None]:
    """Hold the only write transaction of the database; commit, or roll back on any exception."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        roll_back(db)
        raise


@contextmanager
def snapshot(db: apsw.Connection) -> Iterator[None]:
    """Hold one state of the database for reading, whatever others commit meanwhile."""
    db.execute("BEGIN")
    try:
        yield
    finally:
        roll_back(db)


def roll_back(db: apsw.Connection) -> None:
    """End the transaction if one is open. SQLite ends it itself on some errors."""
    if db.in_transaction:
        db.execute("ROLLBACK")


def read_head(db: apsw.Connection) -> Head:
    """Return the head; raises `LedgerDamaged` if there is none."""
    rows = db.execute("SELECT size, frontier, root, checkpoint FROM head").fetchall()
    match rows:
        case [(int(size), bytes(frontier), bytes(root), bytes(checkpoint))]:
            return Head(size, frontier, root, checkpoint)
        case _:
            raise LedgerDamaged(
                "the log does not have one signed head: restore the ledger from its backup"
            )


def write_batch(db: apsw.Connection, batch: Batch, head: Head) -> None:
    """Add rows and replace the head, inside the caller's transaction."""
    db.executemany("INSERT INTO entries VALUES (?, ?)", batch.leaves)
    db.executemany(
        "INSERT INTO facts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", [f.row() for f in batch.facts]
    )
    if batch.opened:
        db.executemany("INSERT INTO open_exchanges VALUES (?, ?)", batch.opened)
    if batch.closed:
        db.executemany("DELETE FROM open_exchanges WHERE exchange = ?", batch.closed)
    db.execute(
        "UPDATE head SET size = ?, frontier = ?, root = ?, checkpoint = ?",
        (head.size, head.frontier, head.root, head.checkpoint),
    )


def keep_checkpoint(db: apsw.Connection, head: Head) -> None:
    """Add the head's checkpoint to the history, inside the caller's transaction."""
    db.execute("INSERT OR IGNORE INTO checkpoints VALUES (?, ?)", (head.size, head.checkpoint))


def intent_of(db: apsw.Connection, exchange: str) -> Subject | None:
    """Return the subject of an exchange's open intent, if there is one."""
    row = db.execute(
        "SELECT actor, action, purpose, model FROM open_exchanges JOIN facts USING (idx) "
        "WHERE open_exchanges.exchange = ?",
        (exchange,),
    ).fetchone()
    return None if row is None else Subject(*row)


def is_known(db: apsw.Connection, exchange: str) -> bool:
    """Return whether an exchange has an intent, an outcome or a refusal.

    Others may name it before it has: a candidate's difference is written beside the exchange.
    """
    return (
        db.execute(
            "SELECT 1 FROM facts WHERE exchange = ? AND kind IN ('intent', 'outcome', 'refusal') "
            "LIMIT 1",
            (exchange,),
        ).fetchone()
        is not None
    )


def read_leaves(
    db: apsw.Connection, start: int = _FIRST, end: int = _LAST
) -> Iterator[list[tuple[int, bytes]]]:
    """Yield the rows of `entries` from `start` up to but not including `end`, some at a time.

    Without bounds, also those with an index that no log has. Raises `LedgerDamaged` where a row is
    there without its leaf, as on a page that was torn.
    """
    cursor = db.execute(
        "SELECT idx, leaf FROM entries WHERE idx >= ? AND idx < ? ORDER BY idx",
        (start, end),
    )
    while chunk := list(islice(cursor, _READ_ROWS)):
        torn = next((index for index, leaf in chunk if type(leaf) is not bytes), None)
        if torn is not None:
            raise LedgerDamaged(
                f"the row of record {torn} does not hold its leaf: keep a copy of the directory, "
                "and restore the ledger from its backup"
            )
        yield chunk


def read_span(db: apsw.Connection, start: int, end: int) -> list[bytes]:
    """Return the leaves from `start` up to but not including `end`, in one step of SQLite.

    Each step takes Python's lock again, which beside a busy writer costs more than the reading. A
    canonical leaf is one line; where one is not, rows are read as they are.
    """
    leaves = _lines(
        db.execute(
            "SELECT count(leaf), CAST(group_concat(CAST(leaf AS TEXT), char(10) ORDER BY idx) "
            "AS BLOB) FROM entries WHERE idx >= ? AND idx < ?",
            (start, end),
        ),
        end - start,
    )
    if leaves is None:
        leaves = [leaf for chunk in read_leaves(db, start, end) for _, leaf in chunk]
    if len(leaves) != end - start:
        raise LedgerDamaged("leaves are missing: run `intramural audit verify`")
    return leaves


def read_some(db: apsw.Connection, indices: Sequence[int]) -> list[bytes]:
    """Return the leaves of `indices`, in their order, in one step of SQLite as `read_span`.

    Raises `LedgerDamaged` unless each has one, on one line: then somebody looks at each row.
    """
    leaves = _lines(
        db.execute(
            "SELECT count(leaf), CAST(group_concat(CAST(leaf AS TEXT), char(10) ORDER BY key) "
            "AS BLOB) FROM json_each(?) CROSS JOIN entries ON idx = value",
            (f"[{','.join(map(str, indices))}]",),
        ),
        len(indices),
    )
    if leaves is None:
        raise LedgerDamaged("leaves are missing: run `intramural audit verify`")
    return leaves


def _lines(found: apsw.Cursor, wanted: int) -> list[bytes] | None:
    """Return the lines, unless there are more or fewer than `wanted`, of as many rows.

    Two leaves in one row would stand for a row that is gone.
    """
    row: tuple[Any, ...] = found.get
    count, joined = row
    lines = [] if joined is None else joined.split(b"\n")
    return lines if count == len(lines) == wanted else None
