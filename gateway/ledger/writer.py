"""The one thread that writes: takes everything queued, one transaction, one fsync, then answers.

The frontier is read from the head row inside each transaction, so nothing that is kept in memory
can differ from the disk, and other processes may append to the same log. What outsiders may copy is
the publisher's.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import apsw

from gateway import logs
from gateway.domain.merkle import Frontier, leaf_hash
from gateway.domain.ports import Receipt
from gateway.domain.records import Record, RecordOrderError
from gateway.ledger import store
from gateway.ledger.admission import Admission
from gateway.ledger.answers import Waiter
from gateway.ledger.committing import Committer
from gateway.ledger.errors import LedgerDamaged
from gateway.ledger.failures import FatalError, is_fsync, is_retryable, name_of
from gateway.ledger.head import check_continues, check_head
from gateway.ledger.inplace import InPlace
from gateway.ledger.keys import SigningKeys
from gateway.ledger.publisher import OnFatal, Publication, Publisher
from gateway.ledger.store import Batch, Head

HISTORY_SECONDS: Final = 1.0
HISTORY_RECORDS: Final = 1024
"""A signed checkpoint is kept for ever about this often, whichever comes first."""
WAL_PAGES: Final = 1000
"""Pages in the write-ahead log from which on they are moved into the database."""
FATAL_STATUS: Final = 70
"""Exit status after an fsync error (EX_SOFTWARE of sysexits.h)."""


def exit_process(reason: str) -> None:
    """End the process at once. After a failed fsync nobody knows what the disk holds."""
    sys.stderr.write(f"intramural: the ledger stopped: {reason}\n")
    sys.stderr.flush()
    os._exit(FATAL_STATUS)


@dataclass(frozen=True, slots=True)
class OpenLog:
    """A log that was opened and believed: `head` is what `key` signed last."""

    directory: Path
    db: apsw.Connection
    key: SigningKeys
    head: Head


@dataclass(frozen=True, slots=True)
class Entry:
    """A record that waits to be written."""

    record: Record
    leaf: bytes
    waiter: Waiter[Receipt]


class Writer(Committer[Entry, Receipt]):
    """Owns the connection from `start` to the end of the thread."""

    _failures = (apsw.Error, LedgerDamaged)

    def __init__(
        self, log: OpenLog, publication: Publication, *, queue: int, on_fatal: OnFatal
    ) -> None:
        super().__init__("ledger", queue=queue, on_fatal=on_fatal)
        self._db = log.db
        self._file = InPlace(log.directory / store.DATABASE)
        self._told = False
        self._key = log.key
        self._trusted = log.head
        self._kept = (time.monotonic(), 0)
        self._wal_pages = 0
        log.db.set_wal_hook(self._on_wal)
        self._publisher = Publisher(publication, self._die)

    def start(self) -> None:
        """Start the thread, and the publisher's."""
        self._publisher.start()
        self._publisher.offer(self._trusted)
        super().start()

    def ready(self) -> bool:
        """Return whether records can be written, and nothing that was published is in doubt."""
        return not self._publisher.damaged and super().ready()

    # -- the thread

    def _waiter(self, job: Entry) -> Waiter[Receipt]:
        return job.waiter

    def _dead(self) -> None:
        self._publisher.close(None)  # What is not known to be durable is not published.

    def _write(self, group: list[Entry]) -> list[tuple[Waiter[Receipt], Receipt | Exception]]:
        db = self._db
        if self._publisher.damaged:
            raise LedgerDamaged("the records that were committed are not what was signed")
        self._check_place()
        try:
            db.execute("BEGIN IMMEDIATE")
            self._key = self._key.fresh()
            head = self._trust(store.read_head(db))
            batch, answers = self._plan(group, head.size)
            frontier = Frontier.from_bytes(head.size, head.frontier)
            frontier.extend([a.leaf_hash for _, a in answers if isinstance(a, Receipt)])
            root = frontier.root()
            signed = self._key.checkpoint(frontier.size, root)
            new = Head(frontier.size, frontier.to_bytes(), root, signed)
            store.write_batch(db, batch, new)
            kept = self._keep(new)
        except apsw.Error as error:
            self._roll_back(error)
            raise
        except BaseException:
            store.roll_back(db)
            raise
        try:
            db.execute("COMMIT")
        except apsw.Error as error:
            if not is_retryable(error):
                raise FatalError(f"a commit failed: {name_of(error)}") from error
            self._roll_back(error)
            raise
        self._trusted, self._kept = new, kept
        self._publisher.offer(new)
        return answers

    def _check_place(self) -> None:
        """Raise `LedgerDamaged` where the log's file is not what stands under its name."""
        holds = self._file.holds()
        if not holds and not self._told:
            logs.alarm("ledger_replaced")
        self._told = not holds
        if not holds:
            raise LedgerDamaged("another file stands where the log was, or none")

    def _roll_back(self, error: apsw.Error) -> None:
        if is_fsync(error):
            raise FatalError(f"an fsync failed: {name_of(error)}") from error
        try:
            store.roll_back(self._db)
        except apsw.Error as second:
            raise FatalError(f"a rollback failed: {name_of(second)}") from second

    def _trust(self, head: Head) -> Head:
        """Return `head`, which another process may have written, if it continues the last one."""
        if head != self._trusted:
            check_head(head, self._key.trusted)
            check_continues(self._db, self._trusted, head)
            self._trusted = head
        return head

    def _plan(
        self, group: list[Entry], size: int
    ) -> tuple[Batch, list[tuple[Waiter[Receipt], Receipt | Exception]]]:
        """Give each record its place, or the reason why it may not be written."""
        admission = Admission(self._db)
        answers: list[tuple[Waiter[Receipt], Receipt | Exception]] = []
        for entry in group:
            index = size + len(admission.batch.leaves)
            try:
                admission.admit(entry.record, entry.leaf, index)
            except RecordOrderError as error:
                answers.append((entry.waiter, error))
            else:
                receipt = Receipt(entry.record.exchange, index, leaf_hash(entry.leaf))
                answers.append((entry.waiter, receipt))
        return admission.batch, answers

    def _keep(self, head: Head) -> tuple[float, int]:
        """Add to the history if it is time; return when and at which size that was last done."""
        now = time.monotonic()
        when, size = self._kept
        if now - when < HISTORY_SECONDS and head.size - size < HISTORY_RECORDS:
            return self._kept
        store.keep_checkpoint(self._db, head)
        return now, head.size

    def _on_wal(self, _db: apsw.Connection, _name: str, pages: int) -> int:
        self._wal_pages = pages
        return apsw.SQLITE_OK

    def _move_pages(self, *, everything: bool = False) -> None:
        """Move pages from the write-ahead log into the database, if there are many."""
        if self._wal_pages < WAL_PAGES and not everything:
            return
        mode = apsw.SQLITE_CHECKPOINT_TRUNCATE if everything else apsw.SQLITE_CHECKPOINT_PASSIVE
        try:
            self._db.wal_checkpoint(mode=mode)
        except apsw.Error as error:
            if is_fsync(error):
                raise FatalError(f"an fsync failed: {name_of(error)}") from error
            # The records are durable in the write-ahead log; the next commit tries again.
        self._wal_pages = 0

    def _finish(self) -> None:
        try:
            with store.transaction(self._db):
                head = self._trust(store.read_head(self._db))
                store.keep_checkpoint(self._db, head)
        except (apsw.Error, LedgerDamaged) as error:
            if is_fsync(error):
                raise FatalError("an fsync failed at the end") from error
            # The head carries a signed checkpoint anyway; the history is a convenience.
        self._publisher.close(self._trusted)
        self._move_pages(everything=True)
        self._db.close()
