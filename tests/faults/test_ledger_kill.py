"""kill -9: what was acknowledged is there, the log is whole, and what was open becomes lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gateway.domain.merkle import leaf_hash
from gateway.domain.records import Outcome, Status
from gateway.ledger import LedgerInUse, Place, SqliteLedger, read_ledger, verify
from tests.fakes.ledger import admin

CHILD = """
import asyncio, sys
from pathlib import Path
from gateway.ledger import Place, SqliteLedger
from tests.fakes.ledger import intent, outcome

data, name = Path(sys.argv[1]), sys.argv[2]
ledger = SqliteLedger.open_for_serving(
    Place(data / "ledger", data / "keys", "ward-1"), now_ms=lambda: 1
)

async def producer(which):
    n = 0
    while True:
        exchange = f"{name}-{which}-{n}"
        for record in (intent(exchange), outcome(exchange)):
            receipt = await ledger.append(record)
            sys.stdout.write(f"{receipt.index} {receipt.leaf_hash.hex()}\\n")
            sys.stdout.flush()
        n += 1

async def main():
    await asyncio.gather(*(producer(which) for which in range(16)))

asyncio.run(main())
"""


def acknowledged_until_killed(data: Path, name: str, records: int) -> list[tuple[int, str]]:
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(data), name], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    lines = [child.stdout.readline() for _ in range(records)]
    os.kill(child.pid, signal.SIGKILL)
    lines += child.stdout.readlines()  # What was acknowledged before the signal arrived.
    child.wait()
    child.stdout.close()
    whole = [line for line in lines if line.endswith("\n")]
    return [(int(line.split()[0]), line.split()[1]) for line in whole]


def test_every_acknowledged_record_survives_kill_9_again_and_again(tmp_path: Path) -> None:
    place = Place(tmp_path / "ledger", tmp_path / "keys", "ward-1")
    acknowledged: list[tuple[int, str]] = []
    lost = 0
    for run in range(5):
        acknowledged += acknowledged_until_killed(tmp_path, f"run{run}", 150 * (run + 1))
        with SqliteLedger.open_for_serving(place, now_ms=lambda: 99) as ledger:
            lost += ledger.lost
            report = verify(place.directory, ledger.vkey)
        assert report.open == 0
        assert report.counts["intent"] == report.counts["outcome"]
        assert report.lost >= lost
    assert len(acknowledged) >= 150 * 15
    with read_ledger(place.directory) as reader:
        for index, hashed in acknowledged:
            logged = reader.at(index)
            assert logged is not None
            assert leaf_hash(logged.leaf).hex() == hashed


def test_what_was_open_when_the_process_ended_becomes_lost(tmp_path: Path) -> None:
    place = Place(tmp_path / "ledger", tmp_path / "keys", "ward-1")
    code = CHILD.replace("(intent(exchange), outcome(exchange))", "(intent(exchange),)")
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path), "x"], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    child.stdout.readline()
    with pytest.raises(LedgerInUse):
        SqliteLedger.open_for_serving(place, now_ms=lambda: 1)
    child.kill()
    child.stdout.read()
    child.wait()
    child.stdout.close()
    with SqliteLedger.open_for_serving(place, now_ms=lambda: 99) as ledger:
        assert ledger.lost > 0
        report = verify(place.directory, ledger.vkey)
    assert report.lost == report.counts["intent"] == ledger.lost
    with read_ledger(place.directory) as reader:
        last = reader.at(report.size - 1)
    assert last is not None
    assert last.record == Outcome(last.record.exchange, 99, Status.LOST)


def test_an_fsync_error_ends_a_real_process_with_status_70(tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
from gateway.ledger import Place, SqliteLedger, Tuning
from tests.faults.test_ledger_disk import Disk, FaultyVFS, sync_error
from tests.fakes.ledger import admin
disk = Disk()
vfs = FaultyVFS(disk)
data = Path(sys.argv[1])
ledger = SqliteLedger.open_for_serving(
    Place(data / "ledger", data / "keys", "ward-1"), now_ms=lambda: 1, tuning=Tuning(vfs=vfs.name)
)
ledger.append_blocking(admin("a"))
disk.sync_error = sync_error
try:
    ledger.append_blocking(admin("b"))
finally:
    print("alive")
"""
    ended = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 70
    assert ended.stderr.startswith("intramural: the ledger stopped: a commit failed")
    assert ended.stdout == ""


def test_a_process_killed_while_it_waits_gives_the_directory_back(tmp_path: Path) -> None:
    acknowledged_until_killed(tmp_path, "x", 1)
    started = time.monotonic()
    place = Place(tmp_path / "ledger", tmp_path / "keys", "ward-1")
    with SqliteLedger.open_for_serving(place, now_ms=lambda: 1) as ledger:
        ledger.append_blocking(admin("a"))
    assert time.monotonic() - started < 10
