"""The one thread that keeps: takes all that waits, commits both databases side by side, answers.

The two databases are synced at the same time, so that an exchange waits for one fsync and not for
two; what only one of them took was promised to nobody, and the next start sweeps it
(`sweeping.py`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

import apsw

from gateway.domain.epochs import epoch_of
from gateway.domain.payloads import Part
from gateway.domain.records import RecordOrderError
from gateway.domain.subjects import Subjects
from gateway.ledger import store
from gateway.ledger.answers import Waiter
from gateway.ledger.committing import Committer
from gateway.ledger.failures import FatalError, is_fsync, is_retryable, name_of
from gateway.ledger.publisher import OnFatal
from gateway.ledger.sealing import envelope, keystore, sealstore
from gateway.ledger.sealing.envelope import ERASED, SealError
from gateway.ledger.writer import WAL_PAGES

_KEPT_KEYS: Final = 4096
"""Unwrapped keys of patients that are remembered, by what they are wrapped as."""


@dataclass(frozen=True, slots=True)
class Job:
    """One part that waits to be kept. `packed` is `None` where only the index is to know."""

    exchange: str
    part: Part
    subjects: Subjects = field(repr=False)
    packed: bytes | None = field(repr=False)
    waiter: Waiter[str | None]


Answer = tuple[Waiter[str | None], str | Exception | None]


class Keeper(Committer[Job, str | None]):
    """Owns both connections from `start` to the end of the thread."""

    _failures = (apsw.Error, SealError)

    def __init__(  # noqa: PLR0913 - what one thread owns
        self,
        keys: apsw.Connection,
        seals: apsw.Connection,
        master: bytes,
        now_ms: Callable[[], int],
        *,
        queue: int,
        on_fatal: OnFatal,
    ) -> None:
        super().__init__("vault", queue=queue, on_fatal=on_fatal)
        self._keys = keys
        self._seals = seals
        self._master = master
        self._now_ms = now_ms
        self._pages = [0, 0]
        self._open_keys: dict[bytes, bytes] = {}
        self._version: int | None = None
        keys.set_wal_hook(lambda _db, _name, pages: self._note(0, pages))
        seals.set_wal_hook(lambda _db, _name, pages: self._note(1, pages))
        self._beside = ThreadPoolExecutor(1, "vault-seals")

    # -- the thread

    def _waiter(self, job: Job) -> Waiter[str | None]:
        return job.waiter

    def _finish(self) -> None:
        self._move_pages(everything=True)
        self._keys.close()
        self._seals.close()
        self._beside.shutdown(wait=False)

    def _dead(self) -> None:
        self._beside.shutdown(wait=False)

    def _write(self, group: list[Job]) -> list[Answer]:
        try:
            self._keys.execute("BEGIN IMMEDIATE")
            answers, sealed = self._plan(group)
            if sealed or not group:
                self._seals.execute("BEGIN IMMEDIATE")
                sealstore.add(self._seals, sealed)
        except apsw.Error as error:
            self._roll_back(error)
            raise
        except BaseException:
            store.roll_back(self._keys)
            store.roll_back(self._seals)
            raise
        other = self._beside.submit(_commit, self._seals) if self._seals.in_transaction else None
        failed = [_commit(self._keys), None if other is None else other.result()]
        failures = [each for each in failed if each is not None]
        for failure in failures:
            if not is_retryable(failure):
                raise FatalError(f"a commit failed: {name_of(failure)}") from failure
        if failures:
            self._roll_back(failures[0])
            raise failures[0]
        return answers

    def _roll_back(self, error: apsw.Error) -> None:
        if is_fsync(error):
            raise FatalError(f"an fsync failed: {name_of(error)}") from error
        try:
            store.roll_back(self._keys)
            store.roll_back(self._seals)
        except apsw.Error as second:
            raise FatalError(f"a rollback failed: {name_of(second)}") from second

    def _plan(self, group: list[Job]) -> tuple[list[Answer], list[tuple[int, bytes]]]:
        """Index and seal each job, or say why not."""
        self._forget_if_changed()
        answers: list[Answer] = []
        sealed: list[tuple[int, bytes]] = []
        epoch = self._epoch() if any(job.packed is not None for job in group) else None
        for job in group:
            number = keystore.numbered(self._keys, job.exchange)
            kept = keystore.kept_parts(self._keys, number)
            if job.part is Part.REPLY and kept.get(Part.REQUEST) == ERASED:
                # What this answers was shredded meanwhile: then it is not kept either.
                answers.append((job.waiter, None))
                continue
            patients = keystore.index(self._keys, number, job.subjects)
            if job.packed is None or epoch is None:
                answers.append((job.waiter, None))
                continue
            part = keystore.part_id(number, job.part)
            if job.part in kept:
                answers.append((job.waiter, RecordOrderError("a part of an exchange is kept once")))
                continue
            sealed.append((part, self._seal(job, part, epoch, patients)))
            answers.append((job.waiter, hashlib.sha256(sealed[-1][1]).hexdigest()))
        return answers, sealed

    def _seal(self, job: Job, part: int, epoch: tuple[int, bytes], subjects: list[int]) -> bytes:
        patients = [self._patient(subject, epoch) for subject in subjects]
        patients.sort()
        keys = [key for _, key in patients]
        under = envelope.wrapping_key(keys, epoch[1], job.exchange, job.part)
        key = envelope.new_key()
        ids = [each for each, _ in patients]
        keystore.add_part(self._keys, part, epoch[0], ids, envelope.wrap(under, key))
        return envelope.seal(key, job.exchange, job.part, job.packed or b"")

    def _epoch(self) -> tuple[int, bytes]:
        """Return number and key of this epoch, made if there is none, or none any more."""
        name = epoch_of(self._now_ms())
        row = keystore.epoch_row(self._keys, name)
        if row is not None:
            return row[0], self._unwrapped(self._master, row[1])
        key = envelope.new_key()
        return keystore.add_epoch(self._keys, name, envelope.wrap(self._master, key)), key

    def _patient(self, subject: int, epoch: tuple[int, bytes]) -> tuple[int, bytes]:
        row = keystore.patient_key(self._keys, subject, epoch[0])
        if row is not None:
            return row[0], self._unwrapped(epoch[1], row[1])
        key = envelope.new_key()
        wrapped = envelope.wrap(epoch[1], key)
        return keystore.add_patient_key(self._keys, subject, epoch[0], wrapped), key

    def _unwrapped(self, under: bytes, wrapped: bytes) -> bytes:
        """Return a key. Remembered by its wrapped form, which is gone when it is shredded."""
        key = self._open_keys.get(wrapped)
        if key is None:
            key = envelope.unwrap(under, wrapped)
            if len(self._open_keys) >= _KEPT_KEYS:
                self._open_keys.clear()
            self._open_keys[wrapped] = key
        return key

    def _forget_if_changed(self) -> None:
        """Let go of every open key once another connection has written: it may have erased one."""
        version = self._keys.pragma("data_version")
        if version != self._version:
            self._open_keys.clear()
            self._version = version

    def _note(self, which: int, pages: int) -> int:
        self._pages[which] = pages
        return apsw.SQLITE_OK

    def _move_pages(self, *, everything: bool = False) -> None:
        """Move pages from the write-ahead logs into the databases, where there are many."""
        mode = apsw.SQLITE_CHECKPOINT_TRUNCATE if everything else apsw.SQLITE_CHECKPOINT_PASSIVE
        for which, db in enumerate((self._keys, self._seals)):
            if self._pages[which] < WAL_PAGES and not everything:
                continue
            try:
                db.wal_checkpoint(mode=mode)
            except apsw.Error as error:
                if is_fsync(error):
                    raise FatalError(f"an fsync failed: {name_of(error)}") from error
            self._pages[which] = 0


def _commit(db: apsw.Connection) -> apsw.Error | None:
    try:
        db.execute("COMMIT")
    except apsw.Error as error:
        return error
    return None
