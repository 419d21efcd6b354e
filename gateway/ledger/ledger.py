"""The port `Ledger` over SQLite: opening it, appending to it, closing it."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Self

import apsw

from gateway.domain.canonical import encode
from gateway.domain.notes import VerifierKey
from gateway.domain.ports import Receipt
from gateway.domain.records import Outcome, Record, Status
from gateway.files import make_directory
from gateway.ledger import store
from gateway.ledger.answers import LoopWaiter, ThreadWaiter
from gateway.ledger.errors import LedgerDamaged, LedgerError, LedgerInUse
from gateway.ledger.head import check_head, check_owner, empty_head
from gateway.ledger.keys import SigningKeys, load_key, load_or_create_key, load_or_create_second
from gateway.ledger.publickeys import VKEY_FILE, ended_beside, publish_keys, publish_second
from gateway.ledger.publisher import OnFatal, Publication, Site
from gateway.ledger.recovery import Progress, recover
from gateway.ledger.store import Head
from gateway.ledger.tiles import TileDiffers
from gateway.ledger.writer import Entry, OpenLog, Writer, exit_process

LOCK_FILE: Final = "serving.lock"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node keeps its log: `directory` for what may be copied, `keys` for the secret."""

    directory: Path
    keys: Path
    node: str
    second_signature: bool = False
    """Whether the published checkpoint bears a signature with ML-DSA-44 too."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """What tests and operators may change about a ledger."""

    queue: int = 4096
    """Records that may wait for the writer; one more is refused at once."""
    on_fatal: OnFatal = exit_process
    """Told why durability is unknown. Must end the process."""
    vfs: str | None = None
    """Name of the SQLite VFS to use, for tests of faults."""


DEFAULT: Final = Tuning()


class SqliteLedger:
    """`ports.Ledger`: a Merkle log in one SQLite database, written by one thread.

    Open it with `open_for_serving` in the gateway and `open_for_recording` elsewhere. Appends may
    come from any event loop or thread.
    """

    def __init__(self, writer: Writer, key: SigningKeys, lock: int | None) -> None:
        self._writer = writer
        self._vkey = key.vkey
        self._lock = lock
        self.lost = 0
        """How many exchanges this start found without an outcome, and settled as lost."""

    @classmethod
    def open_for_serving(
        cls,
        place: Place,
        *,
        now_ms: Callable[[], int],
        progress: Progress | None = None,
        tuning: Tuning = DEFAULT,
    ) -> Self:
        """Take the directory for this process alone, check the whole log, settle what was lost.

        Creates key and log where there are none. Raises a `LedgerError` that says what to do if
        another gateway serves from here, if the log is another's, or if it is not what was signed;
        `LedgerUnavailable` if it cannot be written to.
        """
        with _explained(place):
            lock = _take_lock(place.directory)
        try:
            with _explained(place):
                log = _open(place, tuning)
                try:
                    found = recover(log.db, log.directory, log.key.trusted, progress)
                    publication = Publication(_site(place, log, tuning), found.tiles)
                    _publish(publication, found.head, progress)
                except BaseException:
                    log.db.close()
                    raise
            ledger = cls(_start(log, publication, tuning), log.key, lock)
        except BaseException:
            os.close(lock)
            raise
        try:
            for exchange in found.open_exchanges:
                ledger.append_blocking(
                    Outcome(exchange=exchange, time=now_ms(), status=Status.LOST)
                )
                ledger.lost += 1
        except BaseException:
            ledger.close()
            raise
        return ledger

    @classmethod
    def open_for_recording(cls, place: Place, *, tuning: Tuning = DEFAULT) -> Self:
        """Open beside a running gateway, to record an administrative act. Recovers nothing."""
        with _explained(place):
            log = _open(place, tuning)
        publication = Publication(_site(place, log, tuning), None)
        return cls(_start(log, publication, tuning), log.key, None)

    @property
    def vkey(self) -> VerifierKey:
        """The public key of this log."""
        return self._vkey

    async def append(self, record: Record) -> Receipt:
        """Return once `record` is durable (`ports.Ledger`).

        Raises `LedgerUnavailable`, `RecordOrderError`, or `ValueError` for a record that no leaf
        can hold. A cancelled call leaves its record to be written.
        """
        leaf = encode(record)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Receipt] = loop.create_future()
        self._writer.submit(Entry(record, leaf, LoopWaiter(loop, future)))
        return await future

    def append_blocking(self, record: Record) -> Receipt:
        """Do as `append`, in a thread without an event loop."""
        future: Future[Receipt] = Future()
        self._writer.submit(Entry(record, encode(record), ThreadWaiter(future)))
        return future.result()

    def ready(self) -> bool:
        """Return whether records can be stored, as far as the last transaction tells.

        After a failure each call asks the writer for another try, so a disk that has space again
        is noticed without an exchange having to fail.
        """
        return self._writer.ready()

    def close(self) -> None:
        """Write what is queued, publish the checkpoint, give the directory back. Idempotent."""
        self._writer.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def _explained(place: Place) -> Iterator[None]:
    """Turn what the system says into what an operator can act on."""
    try:
        yield
    except (apsw.CorruptError, apsw.NotADBError, UnicodeDecodeError) as error:
        raise LedgerDamaged(
            f"the database in {place.directory} is damaged ({type(error).__name__}): keep a copy, "
            "and restore the ledger from its backup"
        ) from None
    except apsw.Error as error:
        raise LedgerError(
            f"the database in {place.directory} cannot be used now ({type(error).__name__}): look "
            "at the space on its file system, and at who else has it open"
        ) from None
    except OSError as error:
        # A write that fails does not know its file's name.
        raise LedgerError(
            f"{error.filename or place.directory} cannot be used: {error.strerror}"
        ) from None


def _take_lock(directory: Path) -> int:
    make_directory(directory)
    path = directory / LOCK_FILE
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise LedgerInUse(
            f"another gateway serves from {directory}: stop it, or give this one its own --data"
        ) from None
    return lock


def _site(place: Place, log: OpenLog, tuning: Tuning) -> Site:
    second = load_or_create_second(place.keys, place.node) if place.second_signature else None
    publish_second(place.directory, None if second is None else second.vkey)
    return Site(log.directory, log.key.trusted, tuning.vfs, second)


def _publish(publication: Publication, head: Head, progress: Progress | None) -> None:
    """Write the tiles that are missing, before anyone waits. A full disk gets them later."""
    try:
        publication.publish(head, progress)
    except TileDiffers as error:
        raise LedgerDamaged(str(error)) from None
    except OSError as error:
        if error.errno == errno.EIO:
            raise
    finally:
        publication.close()


def _start(log: OpenLog, publication: Publication, tuning: Tuning) -> Writer:
    writer = Writer(log, publication, queue=tuning.queue, on_fatal=tuning.on_fatal)
    writer.start()
    return writer


def _open(place: Place, tuning: Tuning) -> OpenLog:
    path = place.directory / store.DATABASE
    vkey_file = place.directory / VKEY_FILE
    if vkey_file.exists() and not path.exists():
        raise LedgerDamaged(
            f"{path} is gone, and {vkey_file} says that there was a log: restore it from its backup"
        )
    db = store.connect(path, vfs=tuning.vfs)
    try:
        if store.is_blank(db):
            key = load_or_create_key(place.keys, place.node)
            store.create_schema(db, empty_head(key))
        store.check_version(db)
        key = replace(load_key(place.keys, place.node), ended=ended_beside(place.directory))
        head = store.read_head(db)
        check_owner(head, key.trusted)
        check_head(head, key.trusted)
        publish_keys(place.directory, key.trusted)
    except BaseException:
        db.close()
        raise
    return OpenLog(place.directory, db, key, head)
