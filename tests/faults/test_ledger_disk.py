"""Every durable write fails both ways: it is lost, or it persisted though it reported failure."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import apsw
import pytest

from gateway.domain.errors import LedgerUnavailable
from gateway.ledger import Place, SqliteLedger, Tuning, verify
from tests.fakes.ledger import admin, intent, outcome, photograph

_names = count()


@dataclass
class Disk:
    """What a disk does next. Counts the writes to the write-ahead log and the syncs of any file."""

    write_error: Callable[[], Exception] | None = None
    sync_error: Callable[[], Exception] | None = None
    skip: int = 0
    """How many of them still succeed."""
    spare_wal: bool = False
    """Whether only syncs of the database itself fail."""
    persist: bool = False
    """Whether what fails is done all the same."""
    gate: threading.Event | None = None
    """Syncs wait until it is set."""
    hits: int = 0
    writes: int = 0
    reasons: list[str] = field(default_factory=list)

    def due(self, error: Callable[[], Exception] | None) -> bool:
        if error is None:
            return False
        self.skip -= 1
        self.hits += self.skip < 0
        return self.skip < 0

    def repair(self) -> None:
        self.write_error = self.sync_error = None


class FaultyFile(apsw.VFSFile):
    def __init__(self, disk: Disk, filename: object, flags: list[int]) -> None:
        super().__init__("", filename, flags)  # type: ignore[arg-type]
        self.disk = disk
        self.is_wal = bool(flags[0] & apsw.SQLITE_OPEN_WAL)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - SQLite's name
        failing = self.is_wal and self.disk.due(self.disk.write_error)
        self.disk.writes += self.is_wal
        if not failing or self.disk.persist:
            super().xWrite(data, offset)
        if failing:
            assert self.disk.write_error is not None
            raise self.disk.write_error()

    def xSync(self, flags: int) -> None:  # noqa: N802 - SQLite's name
        if self.disk.gate is not None:
            self.disk.gate.wait(10)
        spared = self.disk.spare_wal and self.is_wal
        failing = not spared and self.disk.due(self.disk.sync_error)
        if not failing or self.disk.persist:
            super().xSync(flags)
        if failing:
            assert self.disk.sync_error is not None
            raise self.disk.sync_error()


class FaultyVFS(apsw.VFS):
    def __init__(self, disk: Disk) -> None:
        self.name = f"faulty-{next(_names)}"
        self.disk = disk
        super().__init__(self.name, "")

    def xOpen(self, name: object, flags: list[int]) -> FaultyFile:  # noqa: N802 - SQLite's name
        return FaultyFile(self.disk, name, flags)


def full() -> Exception:
    return coded(apsw.SQLITE_FULL)


def write_error() -> Exception:
    return coded(apsw.SQLITE_IOERR_WRITE)


def sync_error() -> Exception:
    return coded(apsw.SQLITE_IOERR_FSYNC)


def coded(code: int) -> Exception:
    error = apsw.exception_for(code)  # As SQLite's own VFS would report it.
    assert error.extendedresult == code  # type: ignore[attr-defined]
    return error


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "ledger", tmp_path / "keys", "ward-1")


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture
def ledger(place: Place, disk: Disk) -> Iterator[SqliteLedger]:
    vfs = FaultyVFS(disk)
    tuning = Tuning(vfs=vfs.name, on_fatal=disk.reasons.append)
    opened = SqliteLedger.open_for_serving(place, now_ms=lambda: 1, tuning=tuning)
    opened.append_blocking(admin("before"))
    try:
        yield opened
    finally:
        disk.repair()
        opened.close()
        del vfs


@pytest.mark.parametrize("persist", [False, True], ids=["lost", "persisted"])
@pytest.mark.parametrize("error", [full, write_error])
@pytest.mark.parametrize("skip", range(6))
def test_a_full_disk_refuses_and_the_ledger_goes_on_when_there_is_space(
    place: Place,
    disk: Disk,
    ledger: SqliteLedger,
    error: Callable[[], Exception],
    skip: int,
    *,
    persist: bool,
) -> None:
    disk.write_error, disk.skip, disk.persist = error, skip, persist
    refused = []
    for n in range(3):
        try:
            ledger.append_blocking(intent(f"x{n}"))
        except LedgerUnavailable:
            refused.append(n)
    assert disk.hits
    assert refused
    assert not ledger.ready()
    disk.repair()
    deadline = time.monotonic() + 10
    while not ledger.ready():  # Asking is enough: the writer tries again by itself.
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert disk.reasons == []
    for n in range(3):
        if n in refused:
            ledger.append_blocking(intent(f"x{n}"))
        ledger.append_blocking(outcome(f"x{n}"))
    assert verify(place.directory, ledger.vkey).size == 7


@pytest.mark.parametrize("persist", [False, True], ids=["lost", "persisted"])
def test_an_fsync_error_ends_the_process(
    place: Place, disk: Disk, ledger: SqliteLedger, *, persist: bool
) -> None:
    disk.sync_error, disk.persist = sync_error, persist
    with pytest.raises(LedgerUnavailable):
        ledger.append_blocking(intent("x"))
    assert len(disk.reasons) == 1
    assert "SQLITE_IOERR_FSYNC" in disk.reasons[0]
    assert not ledger.ready()
    with pytest.raises(LedgerUnavailable):
        ledger.append_blocking(admin("later"))
    # Whether or not it reached the disk, the next process finds a log that is whole.
    disk.repair()
    ledger.close()
    with SqliteLedger.open_for_serving(place, now_ms=lambda: 2) as again:
        report = verify(place.directory, again.vkey)
    assert report.open == 0
    assert report.counts["intent"] == again.lost


@pytest.mark.parametrize("code", ["SQLITE_IOERR_DIR_FSYNC", "SQLITE_IOERR_CLOSE", "SQLITE_CORRUPT"])
def test_a_commit_whose_end_is_unknown_ends_the_process(
    disk: Disk, ledger: SqliteLedger, code: str
) -> None:
    disk.sync_error = lambda: coded(getattr(apsw, code))
    with pytest.raises(LedgerUnavailable):
        ledger.append_blocking(intent("x"))
    assert len(disk.reasons) == 1


def test_an_fsync_error_while_pages_are_moved_ends_the_process(
    disk: Disk, ledger: SqliteLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk.sync_error, disk.spare_wal = sync_error, True
    ledger.append_blocking(admin("a"))
    monkeypatch.setattr("gateway.ledger.writer.WAL_PAGES", 1)
    with suppress(LedgerUnavailable):  # The pages of the record before may be moved first.
        ledger.append_blocking(admin("b"))
    deadline = time.monotonic() + 10
    while not disk.reasons:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert not ledger.ready()


async def test_everyone_who_waits_when_the_writer_dies_is_told(
    disk: Disk, ledger: SqliteLedger
) -> None:
    disk.sync_error = sync_error
    calls = [asyncio.create_task(ledger.append(intent(f"x{n}"))) for n in range(50)]
    results = await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), 10)
    assert all(isinstance(result, LedgerUnavailable) for result in results)


def test_a_bug_in_the_writer_ends_the_process_and_leaves_nobody_waiting(
    disk: Disk, ledger: SqliteLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("gateway.ledger.store.write_batch", broken)
    with pytest.raises(LedgerUnavailable):
        ledger.append_blocking(admin("a"))
    ledger._writer._thread.join(5)
    assert disk.reasons == ["ZeroDivisionError"]
    assert not ledger.ready()


def test_another_process_that_never_commits_makes_appends_fail_and_not_hang(
    place: Place, ledger: SqliteLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger._writer._db.set_busy_timeout(100)
    blocker = apsw.Connection(str(place.directory / "ledger.db"))
    blocker.execute("BEGIN IMMEDIATE")
    with pytest.raises(LedgerUnavailable):
        ledger.append_blocking(admin("a"))
    blocker.execute("ROLLBACK")
    blocker.close()
    assert ledger.append_blocking(admin("b")).index == 1
    assert ledger.ready()


async def test_clients_that_leave_while_the_disk_is_slow_do_not_stop_the_writer(
    place: Place, disk: Disk, ledger: SqliteLedger
) -> None:
    """A peer's failure: cancelling the wait for an fsync killed the flusher and hung everything."""
    gate = disk.gate = threading.Event()
    leaving = [asyncio.create_task(ledger.append(intent(f"x{n}"))) for n in range(10)]
    await asyncio.sleep(0.1)
    more = [asyncio.create_task(ledger.append(intent(f"y{n}"))) for n in range(10)]
    await asyncio.sleep(0)
    for call in [*leaving, *more[:5]]:
        call.cancel()
    await asyncio.sleep(0)
    gate.set()
    receipts = await asyncio.wait_for(asyncio.gather(*more[5:]), 10)
    assert [receipt.index for receipt in receipts] == [16, 17, 18, 19, 20]
    assert ledger.ready()
    for name in ("x0", "y0", "y9"):
        await asyncio.wait_for(ledger.append(outcome(name)), 10)


def test_a_commit_that_hangs_makes_the_ledger_not_ready(
    disk: Disk, ledger: SqliteLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = disk.gate = threading.Event()
    monkeypatch.setattr("gateway.ledger.committing.STALL_SECONDS", 0.05)
    call = threading.Thread(target=ledger.append_blocking, args=[admin("a")])
    call.start()
    deadline = time.monotonic() + 8  # The gate opens by itself after ten seconds.
    while ledger.ready():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    gate.set()
    call.join()
    assert ledger.ready()


def test_a_checkpoint_file_that_cannot_be_written_stops_nothing(
    place: Place, ledger: SqliteLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("gateway.ledger.publisher.PUBLISH_SECONDS", 0.01)
    monkeypatch.setattr("gateway.ledger.published.replace_file", no_space)
    for n in range(5):
        ledger.append_blocking(admin(f"a{n}"))
        time.sleep(0.02)
    assert ledger.ready()
    assert verify(place.directory, ledger.vkey).size == 6


@pytest.mark.parametrize("persist", [False, True], ids=["lost", "persisted"])
@pytest.mark.parametrize("error", [full, write_error])
@pytest.mark.parametrize("skip", range(8))
def test_a_power_cut_right_after_a_refusal_leaves_a_whole_log(
    place: Place,
    disk: Disk,
    ledger: SqliteLedger,
    error: Callable[[], Exception],
    skip: int,
    *,
    persist: bool,
) -> None:
    disk.write_error, disk.skip, disk.persist = error, skip, persist
    acknowledged = 1  # The record of the fixture.
    with suppress(LedgerUnavailable):
        for n in range(4):
            ledger.append_blocking(intent(f"x{n}"))
            acknowledged += 1
    crashed = place.directory.with_name("crashed")
    photograph(place.directory, crashed)
    (crashed / "ledger.db-shm").unlink()
    with SqliteLedger.open_for_serving(
        Place(crashed, place.keys, place.node), now_ms=lambda: 2
    ) as again:
        report = verify(crashed, again.vkey)
    # One more at most: it was written, its caller was told that it may not be, and it is lost.
    assert report.counts["admin"] + report.counts["intent"] in {acknowledged, acknowledged + 1}
    assert report.lost == report.counts["intent"]
