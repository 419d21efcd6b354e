"""The one thread that writes: takes everything queued, one transaction, one fsync, then answers.

Group commit without linger: while an fsync runs, the next group gathers. The frontier is read from
the head row inside each transaction, so nothing that is kept in memory can differ from the disk,
and other processes may append to the same log. What outsiders may copy is the publisher's.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import apsw

from gateway import logs
from gateway.domain.errors import LedgerUnavailable
from gateway.domain.merkle import Frontier, leaf_hash
from gateway.domain.ports import Receipt
from gateway.domain.records import Record, RecordOrderError
from gateway.ledger import store
from gateway.ledger.admission import Admission
from gateway.ledger.answers import Waiter, deliver
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
STALL_SECONDS: Final = 5.0
"""A commit that takes longer than this makes the ledger not ready."""
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


class Writer:
    """Owns the connection from `start` to the end of the thread."""

    def __init__(
        self, log: OpenLog, publication: Publication, *, queue: int, on_fatal: OnFatal
    ) -> None:
        self._db = log.db
        self._file = InPlace(log.directory / store.DATABASE)
        self._told = False
        self._key = log.key
        self._trusted = log.head
        self._limit = queue
        self._on_fatal = on_fatal
        self._queue: deque[Entry] = deque()
        self._group: list[Entry] = []
        self._wake = threading.Condition()
        self._closed = False
        self._healthy = True
        self._probe = False
        self._busy_since: float | None = None
        self._kept = (time.monotonic(), 0)
        self._wal_pages = 0
        log.db.set_wal_hook(self._on_wal)
        self._publisher = Publisher(publication, self._die)
        self._thread = threading.Thread(target=self._run, name="ledger", daemon=True)

    def start(self) -> None:
        """Start the thread, and the publisher's."""
        self._publisher.start()
        self._publisher.offer(self._trusted)
        self._thread.start()

    def submit(self, entry: Entry) -> None:
        """Queue an entry; `LedgerUnavailable` at once if there is no room, or no writer."""
        with self._wake:
            if self._closed or len(self._queue) >= self._limit:
                raise LedgerUnavailable
            self._queue.append(entry)
            self._wake.notify()

    def ready(self) -> bool:
        """Return whether the last transaction succeeded and none hangs; ask for a try if not."""
        with self._wake:
            if self._closed or not self._thread.is_alive() or self._publisher.damaged:
                return False
            since = self._busy_since
            if since is not None and time.monotonic() - since > STALL_SECONDS:
                return False
            if not self._healthy:
                self._probe = True
                self._wake.notify()
            return self._healthy

    def close(self) -> None:
        """Write what is queued, publish the checkpoint, and end the thread."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join()

    # -- the thread

    def _run(self) -> None:
        try:
            while self._step():
                pass
            self._finish()
        except BaseException as error:  # noqa: BLE001 - whatever it is, nothing is written any more
            reason = str(error) if isinstance(error, FatalError) else type(error).__name__
            self._die(reason)

    def _die(self, reason: str) -> None:
        with self._wake:
            self._closed, self._healthy = True, False
            left = [*self._group, *self._queue]
            self._queue.clear()
        try:
            # Before anyone is answered: no one may act on what is not known.
            self._on_fatal(reason)
        finally:
            deliver([(entry.waiter, LedgerUnavailable()) for entry in left])
            self._publisher.close(None)  # What is not known to be durable is not published.

    def _step(self) -> bool:
        """Wait for something to do and do it; return whether there may be more."""
        with self._wake:
            while not (self._queue or self._closed or self._probe):
                self._wake.wait()
            group = list(self._queue)
            self._queue.clear()
            probe, self._probe = self._probe, False
            more = not self._closed
            self._busy_since = time.monotonic() if group or probe else None
        if group or probe:
            self._commit(group)
            with self._wake:
                self._busy_since = None
                more = more or bool(self._queue)
        self._move_pages()
        return more

    def _commit(self, group: list[Entry]) -> None:
        """Write a group and answer everyone in it. An empty group tries whether writing works."""
        answers: list[tuple[Waiter[Receipt], Receipt | Exception]]
        self._group = group
        try:
            answers = self._write(group)
        except (apsw.Error, LedgerDamaged):
            self._healthy = False
            answers = [(entry.waiter, LedgerUnavailable()) for entry in group]
        else:
            self._healthy = True
        self._group = []
        deliver(answers)

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
