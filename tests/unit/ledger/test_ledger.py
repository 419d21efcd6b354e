"""Opening, refusing to open, closing, and several who write to one log."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from gateway import logs
from gateway.domain.errors import LedgerUnavailable
from gateway.domain.merkle import EMPTY_ROOT
from gateway.domain.records import RecordOrderError
from gateway.ledger import (
    KeyFileError,
    LedgerDamaged,
    LedgerError,
    LedgerForeign,
    LedgerInUse,
    Place,
    SqliteLedger,
    Tuning,
    read_ledger,
    store,
    verify,
)
from tests.fakes.ledger import admin, intent, outcome


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "data" / "ledger" / "ward-1", tmp_path / "data" / "keys", "ward-1")


def serve(place: Place, **more: object) -> SqliteLedger:
    return SqliteLedger.open_for_serving(place, now_ms=lambda: 42, **more)  # type: ignore[arg-type]


@pytest.fixture
def ledger(place: Place) -> Iterator[SqliteLedger]:
    with serve(place) as opened:
        yield opened


def test_a_new_log_is_empty_signed_and_whole(place: Place, ledger: SqliteLedger) -> None:
    assert ledger.ready()
    assert verify(place.directory, ledger.vkey).size == 0
    assert (place.directory / "ledger.vkey").read_text() == ledger.vkey.encode() + "\n"


def test_a_full_disk_that_names_no_file_is_told_with_the_directory(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store, "connect", full)
    with pytest.raises(LedgerError, match=rf"{place.directory} cannot be used: No space left"):
        serve(place)


def test_nobody_else_may_read_the_log(place: Place, ledger: SqliteLedger) -> None:
    assert (place.directory / "ledger.db").stat().st_mode & 0o777 == 0o600
    assert place.directory.stat().st_mode & 0o777 == 0o700


def test_what_was_acknowledged_is_there_after_closing(place: Place) -> None:
    with serve(place) as ledger:
        receipts = [ledger.append_blocking(admin(f"a{n}")) for n in range(5)]
    with serve(place) as ledger:
        assert ledger.append_blocking(admin("a5")).index == 5
    with read_ledger(place.directory) as reader:
        assert [reader.at(r.index).record.exchange for r in receipts] == [  # type: ignore[union-attr]
            r.exchange for r in receipts
        ]
        assert reader.checkpoint.size == 6


def test_closing_writes_what_is_queued_and_publishes_the_checkpoint(place: Place) -> None:
    ledger = serve(place)
    calls = [
        threading.Thread(target=ledger.append_blocking, args=[admin(f"a{n}")]) for n in range(9)
    ]
    for call in calls:
        call.start()
    for call in calls:
        call.join()
    ledger.close()
    ledger.close()
    assert sorted(p.name for p in place.directory.iterdir()) == [
        "checkpoint",
        "ledger.db",
        "ledger.vkey",
        "serving.lock",
        "tile",
    ]
    report = verify(place.directory, ledger.vkey)
    assert (report.size, report.published) == (9, 9)


async def test_a_closed_ledger_is_unavailable_at_once(place: Place) -> None:
    ledger = serve(place)
    ledger.close()
    assert not ledger.ready()
    with pytest.raises(LedgerUnavailable):
        await ledger.append(admin("a"))


def test_a_second_gateway_is_refused(place: Place, ledger: SqliteLedger) -> None:
    with pytest.raises(LedgerInUse, match="another gateway"):
        serve(place)
    assert ledger.ready()


def test_an_administrator_may_record_beside_a_running_gateway(
    place: Place, ledger: SqliteLedger
) -> None:
    ledger.append_blocking(intent("x1"))
    with SqliteLedger.open_for_recording(place) as other:
        assert other.append_blocking(admin("a")).index == 1
    assert ledger.append_blocking(outcome("x1")).index == 2
    assert verify(place.directory, ledger.vkey).counts["admin"] == 1


def test_recording_neither_settles_what_runs_nor_takes_the_lock(place: Place) -> None:
    with SqliteLedger.open_for_recording(place) as first:
        first.append_blocking(intent("x1"))
        with SqliteLedger.open_for_recording(place) as second:
            second.append_blocking(admin("a"))
        assert verify(place.directory, first.vkey).open == 1


def test_a_start_settles_what_an_end_left_open(place: Place) -> None:
    with serve(place) as ledger:
        for n in range(3):
            ledger.append_blocking(intent(f"x{n}"))
        ledger.append_blocking(outcome("x1"))
    with serve(place) as ledger:
        assert ledger.lost == 2
        with pytest.raises(RecordOrderError):
            ledger.append_blocking(outcome("x0"))
    with serve(place) as ledger:
        assert ledger.lost == 0
    report = verify(place.directory, ledger.vkey)
    assert (report.size, report.open, report.lost) == (6, 0, 2)


def test_a_start_reports_its_progress(place: Place) -> None:
    with serve(place) as ledger:
        for n in range(3):
            ledger.append_blocking(admin(f"a{n}"))
    seen: list[tuple[int, int]] = []
    with serve(place, progress=lambda *step: seen.append(step)):
        assert seen == [(3, 3)]


def test_the_log_of_another_node_is_refused(place: Place, ledger: SqliteLedger) -> None:
    ledger.close()
    other = Place(place.directory, place.keys.with_name("other"), "ward-2")
    with pytest.raises(KeyFileError, match="is gone"):
        serve(other)
    SqliteLedger.open_for_recording(
        Place(place.directory.with_name("ward-2"), other.keys, "ward-2")
    ).close()
    with pytest.raises(LedgerForeign, match="the log of intramural/ward-1, not of"):
        serve(other)


def test_a_log_that_another_key_signed_is_refused(place: Place, ledger: SqliteLedger) -> None:
    ledger.close()
    elsewhere = Place(place.directory.with_name("b"), place.keys.with_name("b"), "ward-1")
    SqliteLedger.open_for_recording(elsewhere).close()
    with pytest.raises(LedgerForeign, match="another key"):
        serve(Place(place.directory, elsewhere.keys, "ward-1"))


def test_a_log_without_its_key_is_refused_and_no_key_is_made(
    place: Place, ledger: SqliteLedger
) -> None:
    ledger.close()
    shutil.rmtree(place.keys)
    with pytest.raises(KeyFileError, match="restore it from its backup"):
        serve(place)
    assert not place.keys.exists()


def test_a_log_that_disappeared_is_not_begun_anew(place: Place, ledger: SqliteLedger) -> None:
    ledger.close()
    (place.directory / "ledger.db").unlink()
    with pytest.raises(LedgerDamaged, match="is gone"):
        serve(place)


def test_a_public_key_that_someone_exchanged_is_noticed(place: Place, ledger: SqliteLedger) -> None:
    ledger.close()
    (place.directory / "ledger.vkey").write_text("another+key\n")
    with pytest.raises(LedgerForeign, match="find out who changed"):
        serve(place)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM entries WHERE idx = 2",
        "DELETE FROM entries WHERE idx = 1",
        "INSERT INTO entries VALUES (3, x'00')",
        "INSERT INTO entries VALUES (-3, x'00')",
        "UPDATE entries SET leaf = x'00' WHERE idx = 0",
        "DELETE FROM head",
        "UPDATE head SET size = 2",
        "UPDATE open_exchanges SET idx = 0",
        "UPDATE open_exchanges SET exchange = 'y'",
        "PRAGMA user_version = 2",
        "PRAGMA application_id = 7",
    ],
)
def test_a_log_that_is_not_what_was_signed_does_not_start(place: Place, statement: str) -> None:
    with serve(place) as ledger:
        ledger.append_blocking(admin("a0"))
        ledger.append_blocking(intent("x1"))
        ledger.append_blocking(admin("a1"))
    db = apsw.Connection(str(place.directory / "ledger.db"))
    db.execute(statement)
    db.close()
    for _ in range(2):  # Nothing of the refusal stays behind: the second says the same.
        with pytest.raises(LedgerError):
            serve(place)


@pytest.mark.parametrize(
    "statements",
    [
        ["UPDATE head SET size = 0, frontier = x''"],
        ["UPDATE head SET checkpoint = x'00'"],
        ["UPDATE head SET root = zeroblob(32)"],
        ["DELETE FROM head"],
        # Back to the signed head of the empty log: true signatures, and yet a fork.
        [
            "DELETE FROM entries",
            "DELETE FROM facts",
            "UPDATE head SET checkpoint = (SELECT checkpoint FROM checkpoints WHERE size = 0)",
            f"UPDATE head SET size = 0, frontier = x'', root = x'{EMPTY_ROOT.hex()}'",  # noqa: S608
        ],
    ],
)
def test_a_head_that_changes_under_a_running_writer_stops_it(
    place: Place, ledger: SqliteLedger, statements: list[str]
) -> None:
    ledger.append_blocking(admin("a0"))
    db = apsw.Connection(str(place.directory / "ledger.db"))
    with db:
        for statement in statements:
            db.execute(statement)
    for n in range(2):
        with pytest.raises(LedgerUnavailable):
            ledger.append_blocking(admin(f"b{n}"))
    assert not ledger.ready()
    db.close()


def test_appends_may_come_from_several_event_loops_and_threads(
    place: Place, ledger: SqliteLedger
) -> None:
    indices: list[int] = []

    async def one_loop(name: str) -> None:
        receipts = await asyncio.gather(*(ledger.append(admin(f"{name}-{n}")) for n in range(100)))
        indices.extend(receipt.index for receipt in receipts)

    threads = [threading.Thread(target=asyncio.run, args=[one_loop(f"loop{n}")]) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(indices) == list(range(400))


def test_a_loop_that_closed_meanwhile_does_not_stop_the_writer(ledger: SqliteLedger) -> None:
    async def leave() -> None:
        for n in range(50):
            task = asyncio.ensure_future(ledger.append(admin(f"gone-{n}")))
            await asyncio.sleep(0)
            task.cancel()

    for _ in range(5):
        loop = asyncio.new_event_loop()
        loop.run_until_complete(leave())
        loop.close()
    assert ledger.append_blocking(admin("after")).index == 250
    assert ledger.ready()


async def test_a_full_queue_answers_at_once(place: Place) -> None:
    with serve(place, tuning=Tuning(queue=4)) as ledger:
        blocker = apsw.Connection(str(place.directory / "ledger.db"))
        blocker.execute("BEGIN IMMEDIATE")
        calls = [asyncio.create_task(ledger.append(admin("first")))]
        await asyncio.sleep(0.1)  # The writer took the first and waits for the other process.
        calls += [asyncio.create_task(ledger.append(admin(f"a{n}"))) for n in range(6)]
        done, waiting = await asyncio.wait(calls, timeout=0.2)
        assert len(done) == 2
        assert len(waiting) == 5
        for call in done:
            assert isinstance(call.exception(), LedgerUnavailable)
        blocker.execute("ROLLBACK")
        blocker.close()
        assert [(await call).index for call in calls if call in waiting] == list(range(5))


CHILD = """
import sys
from pathlib import Path
from gateway.ledger import Place, SqliteLedger
from tests.fakes.ledger import admin, intent, outcome
data, name = Path(sys.argv[1]), sys.argv[2]
with SqliteLedger.open_for_recording(Place(data / "ledger", data / "keys", "ward-1")) as ledger:
    for n in range(60):
        ledger.append_blocking(intent(f"{name}-{n}"))
        ledger.append_blocking(admin(f"{name}-a{n}"))
        ledger.append_blocking(outcome(f"{name}-{n}"))
"""


class BusyAtFirst:
    """A connection to a database that other processes are making, too: busy without waiting."""

    def __init__(self, times: int) -> None:
        self.times = times

    def pragma(self, name: str, value: str) -> None:
        self.times -= 1
        if self.times >= 0:
            raise apsw.BusyError(f"{name}={value}")


def test_a_database_that_is_being_made_by_others_is_asked_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store._set(BusyAtFirst(3), "journal_mode", "wal")
    monkeypatch.setattr(store, "BUSY_MS", 20)
    with pytest.raises(apsw.BusyError):
        store._set(BusyAtFirst(1000), "journal_mode", "wal")


def test_several_processes_make_and_share_one_log(tmp_path: Path) -> None:
    children = [
        subprocess.Popen([sys.executable, "-c", CHILD, str(tmp_path), f"p{n}"]) for n in range(4)
    ]
    assert [child.wait(timeout=60) for child in children] == [0] * 4
    place = Place(tmp_path / "ledger", tmp_path / "keys", "ward-1")
    with serve(place) as ledger:
        report = verify(place.directory, ledger.vkey)
    assert (report.size, report.open) == (4 * 60 * 3, 0)
    assert report.published is not None


def test_a_damaged_database_file_does_not_start(place: Place) -> None:
    with serve(place) as ledger:
        for n in range(200):
            ledger.append_blocking(admin(f"a{n}"))
    path = place.directory / "ledger.db"
    content = bytearray(path.read_bytes())
    content[4096:16384] = bytes(12288)
    path.write_bytes(content)
    with pytest.raises(LedgerDamaged):
        serve(place)
    path.write_bytes(b"nothing" * 1000)
    with pytest.raises(LedgerError):
        serve(place)


def test_a_directory_that_cannot_be_made_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(LedgerError, match="cannot be used"):
        serve(Place(tmp_path / "file" / "ledger", tmp_path / "keys", "ward-1"))


def test_a_commit_is_synced_and_pages_move_only_when_the_writer_says(
    place: Place, ledger: SqliteLedger
) -> None:
    db = ledger._writer._db
    assert db.pragma("journal_mode") == "wal"
    assert db.pragma("synchronous") == 2
    assert db.pragma("wal_autocheckpoint") == 0


def test_a_file_system_that_cannot_keep_the_promise_is_refused(place: Place) -> None:
    with pytest.raises(LedgerError, match="local file system"):
        serve(place, tuning=Tuning(vfs="unix-none"))


def test_the_write_ahead_log_does_not_grow_for_ever(
    place: Place, ledger: SqliteLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.ledger.writer.WAL_PAGES", 50)
    for n in range(300):
        ledger.append_blocking(admin(f"a{n}"))
    assert (place.directory / "ledger.db-wal").stat().st_size < 100 * 4096


@pytest.mark.parametrize("part", ["ledger.db", "ledger.db-wal"])
@pytest.mark.parametrize("replaced", [False, True], ids=["gone", "replaced"])
def test_a_log_whose_file_is_not_in_its_place_takes_no_record_until_it_is_back(
    place: Place, ledger: SqliteLedger, part: str, *, replaced: bool
) -> None:
    ledger.append_blocking(admin("before"))
    file, aside = place.directory / part, place.directory / "aside"
    file.rename(aside)
    if replaced:
        shutil.copy(aside, file)  # As whoever restores a backup under a gateway that runs.
    with pytest.raises(LedgerUnavailable):
        ledger.append_blocking(admin("lost"))
    assert not ledger.ready()
    aside.replace(file)
    assert ledger.append_blocking(admin("after")).index == 1
    assert ledger.ready()
    assert verify(place.directory, ledger.vkey).size == 2


def test_that_the_log_is_not_in_its_place_is_said_once(
    place: Place, ledger: SqliteLedger, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure(style="json", level="warning")
    file, aside = place.directory / "ledger.db", place.directory / "aside"
    for _ in range(2):
        file.rename(aside)
        for _ in range(3):
            with pytest.raises(LedgerUnavailable):
                ledger.append_blocking(admin("lost"))
        aside.replace(file)
        ledger.append_blocking(admin("after"))
    assert capsys.readouterr().err.count("ledger_replaced") == 2
