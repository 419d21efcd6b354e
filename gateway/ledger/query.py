"""Questions to the log: which records, whose, about which exchange, and proof that each is in it.

The command line and the console ask through here. A search uses the derived index to find rows and
answers with what the leaves say; `audit verify` compares the two.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import apsw

from gateway.domain.canonical import decode
from gateway.domain.errors import Code
from gateway.domain.exchange import Purpose
from gateway.domain.merkle import (
    ProofError,
    RangeRoot,
    check_inclusion,
    inclusion_proof,
    leaf_hash,
)
from gateway.domain.notes import Checkpoint, VerifierKey
from gateway.domain.records import Kind, Record
from gateway.domain.tiles import range_root_of
from gateway.ledger import store
from gateway.ledger.dropped import first_record
from gateway.ledger.errors import LedgerError, VerificationError
from gateway.ledger.head import check_head
from gateway.ledger.keys import Trusted, first_of
from gateway.ledger.publickeys import vkey_beside
from gateway.ledger.readonly import open_snapshot
from gateway.ledger.tiles import StoredHashes, TileDirectory

DEFAULT_LIMIT: Final = 100


@dataclass(frozen=True, slots=True)
class Query:
    """Which records. Every condition that is set must hold; times are Unix milliseconds.

    `actor` and `purpose` find an exchange's outcome too, which has them from its intent.
    """

    actor: str | None = None
    kind: Kind | None = None
    code: Code | None = None
    exchange: str | None = None
    purpose: Purpose | None = None
    since: int | None = None
    """At this time or later."""
    until: int | None = None
    """Before this time."""
    after: int | None = None
    """With a higher index than this one."""
    before: int | None = None
    """With a lower index than this one."""
    limit: int | None = DEFAULT_LIMIT
    """The newest so many; `None` for all."""


@dataclass(frozen=True, slots=True)
class LoggedRecord:
    """A record and its place in the log."""

    index: int
    leaf: bytes
    record: Record


@dataclass(frozen=True, slots=True)
class Inclusion:
    """That a leaf is in the log of a signed checkpoint (RFC 9162 2.1.3)."""

    index: int
    leaf_hash: bytes
    path: tuple[bytes, ...]
    checkpoint: Checkpoint


class LedgerReader:
    """One state of one log. Open it with `read_ledger`."""

    def __init__(self, db: apsw.Connection, trusted: Trusted, tiles: TileDirectory) -> None:
        self._db = db
        self._tiles = tiles
        self.vkey: VerifierKey = first_of(trusted)
        self._head = store.read_head(db)
        check_head(self._head, trusted)

    @property
    def connection(self) -> apsw.Connection:
        """The connection that sees this state, for the search beside this module."""
        return self._db

    @property
    def checkpoint(self) -> Checkpoint:
        """The signed head of this state."""
        return Checkpoint(self.vkey.name, self._head.size, self._head.root)

    @property
    def first(self) -> int:
        """The index of the first record that is there: those before it were dropped."""
        return first_record(self._db)

    @property
    def signed_checkpoint(self) -> bytes:
        """The head as a signed note, to be saved elsewhere."""
        return self._head.checkpoint

    def search(self, query: Query) -> Iterator[LoggedRecord]:
        """Yield the records that match, in the order of the log, as they are read."""
        statement, values = _statement(query)
        for index, leaf in self._db.execute(statement, values):
            yield self.logged(index, leaf)

    def exchange(self, exchange: str) -> tuple[LoggedRecord, ...]:
        """Return every record of an exchange: a refusal, or an intent and, later, an outcome."""
        return tuple(self.search(Query(exchange=exchange)))

    def walk(self, since: int | None = None) -> Iterator[LoggedRecord]:
        """Yield all records in the order of the log, some in memory at a time.

        With `since`, from the first one of that time or later on; clocks jump, so later ones may be
        older than that.
        """
        start = 0
        if since is not None:
            first = self._db.execute("SELECT min(idx) FROM facts WHERE time >= ?", (since,)).get
            start = self._head.size if first is None else first
        for chunk in store.read_leaves(self._db, start, self._head.size):
            for index, leaf in chunk:
                yield self.logged(index, leaf)

    def at(self, index: int) -> LoggedRecord | None:
        """Return record number `index`, if there is one."""
        if not 0 <= index < self._head.size:
            return None  # Also what is past SQLite's own numbers.
        row = self._db.execute("SELECT leaf FROM entries WHERE idx = ?", (index,)).fetchone()
        return None if row is None else self.logged(index, row[0])

    def span(self, start: int, end: int) -> Iterator[LoggedRecord]:
        """Yield the records from number `start` up to but not including `end`."""
        for chunk in store.read_leaves(self._db, start, end):
            for index, leaf in chunk:
                yield self.logged(index, leaf)

    def prove(self, logged: LoggedRecord) -> Inclusion:
        """Return the checked proof that a record is in the log that was signed.

        Reads a few tiles; where they are missing or wrong, hashes the leaves, which takes seconds
        for a million. Raises `VerificationError` if it is not so.
        """
        size = self._head.size
        if not 0 <= logged.index < size:
            raise VerificationError("it is not covered by the signed head", index=logged.index)
        hashed = leaf_hash(logged.leaf)
        try:
            path = self._path(logged.index, hashed, self._tiles)
        except ProofError:
            try:
                path = self._path(logged.index, hashed, None)
            except ProofError as error:
                raise VerificationError(str(error), index=logged.index) from None
        return Inclusion(logged.index, hashed, path, self.checkpoint)

    def range_root(self) -> RangeRoot:
        """Return what gives the root of a range of records, out of the tiles: for many proofs."""
        return range_root_of(StoredHashes(self._db, self._tiles).read)

    def _path(self, index: int, leaf: bytes, tiles: TileDirectory | None) -> tuple[bytes, ...]:
        size = self._head.size
        hashes = StoredHashes(self._db, tiles)
        path = inclusion_proof(index, size, range_root_of(hashes.read))
        check_inclusion(index=index, size=size, leaf=leaf, proof=path, root=self._head.root)
        return path

    def logged(self, index: int, leaf: bytes | None) -> LoggedRecord:
        """Return the record in `leaf`; `VerificationError` if there is none, or no record."""
        if leaf is None:
            raise VerificationError("the search index names it, and it is missing", index=index)
        try:
            return LoggedRecord(index, leaf, decode(leaf))
        except ValueError as error:
            raise VerificationError(str(error), index=index) from None


@contextmanager
def read_ledger(directory: Path, vkey: Trusted | None = None) -> Iterator[LedgerReader]:
    """Yield a reader of the log as it is now, beside a running gateway or from a copy.

    `vkey` is by default the one beside the log. Raises `LedgerError` if the log cannot be read, and
    `LedgerDamaged` if its head is not what that key signed.
    """
    key = vkey or vkey_beside(directory)
    try:
        with open_snapshot(directory) as db:
            yield LedgerReader(db, key, TileDirectory(directory))
    except apsw.Error as error:
        raise LedgerError(f"the database cannot be read now ({type(error).__name__})") from None


def _statement(query: Query) -> tuple[str, tuple[int | str, ...]]:
    conditions: list[tuple[str, int | str | None]] = [
        ("actor = ?", query.actor),
        ("kind = ?", None if query.kind is None else query.kind.value),
        ("code = ?", None if query.code is None else query.code.value),
        ("exchange = ?", query.exchange),
        ("purpose = ?", None if query.purpose is None else query.purpose.value),
        ("time >= ?", query.since),
        ("time < ?", query.until),
        ("idx > ?", query.after),
        ("idx < ?", query.before),
    ]
    used = [(condition, value) for condition, value in conditions if value is not None]
    where = " AND ".join(condition for condition, _ in used) or "1"
    # Every part of this text is a literal of this module; what was asked for is bound.
    newest = f"SELECT idx FROM facts WHERE {where} ORDER BY idx DESC LIMIT ?"  # noqa: S608
    limit = -1 if query.limit is None else query.limit
    statement = f"SELECT idx, leaf FROM ({newest}) LEFT JOIN entries USING (idx) ORDER BY idx"  # noqa: S608
    return statement, (*(value for _, value in used), limit)
