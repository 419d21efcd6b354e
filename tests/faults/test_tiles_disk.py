"""Writing tiles fails in every way: the checkpoint stays the old, true one, and appends go on."""

from __future__ import annotations

import contextlib
import errno
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.domain.errors import LedgerUnavailable
from gateway.ledger import Place, SqliteLedger, Tuning, verify
from gateway.ledger.recovery import read_checkpoint_file
from tests.fakes.ledger import admin
from tests.fakes.logs import append_all

CALLS = ["open", "write", "fsync", "replace"]


class Faulty:
    """`os`, as `gateway.files` sees it, one call of which fails after `skip` good ones."""

    def __init__(self, call: str, number: int, skip: int) -> None:
        self.call, self.number, self.skip = call, number, skip
        self.hits = 0
        self.repaired = False

    def __getattr__(self, name: str) -> object:
        real = getattr(os, name)
        if name != self.call:
            return real

        def failing(*arguments: object, **more: object) -> object:
            self.skip -= 1
            if self.repaired or self.skip >= 0:
                return real(*arguments, **more)
            self.hits += 1
            raise OSError(self.number, os.strerror(self.number), "a file")

        return failing


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "ledger", tmp_path / "keys", "ward-1")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.ledger.publisher.PUBLISH_SECONDS", 0.01)


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("skip", [0, 1, 2, 3, 5])
def test_a_full_disk_delays_the_checkpoint_and_nothing_else(
    place: Place, monkeypatch: pytest.MonkeyPatch, call: str, skip: int
) -> None:
    reasons: list[str] = []
    tuning = Tuning(on_fatal=reasons.append)
    with SqliteLedger.open_for_serving(place, now_ms=lambda: 1, tuning=tuning) as ledger:
        ledger.append_blocking(admin("before"))
        wait_for(lambda: b"\n1\n" in (place.directory / "checkpoint").read_bytes())
        faulty = Faulty(call, errno.ENOSPC, skip)
        monkeypatch.setattr("gateway.files.os", faulty)
        for n in range(300):
            ledger.append_blocking(admin(f"a{n}"))
        wait_for(lambda: faulty.hits > 2)
        # Whatever is published now, its tiles are there.
        verify(place.directory, ledger.vkey)
        assert ledger.ready()
        faulty.repaired = True
        wait_for(lambda: b"\n301\n" in (place.directory / "checkpoint").read_bytes())
        assert reasons == []
        report = verify(place.directory, ledger.vkey)
    assert (report.size, report.published, report.tiles) == (301, 301, True)
    assert not list((place.directory / "tile").rglob(".*"))


@pytest.mark.parametrize("skip", [0, 2, 4])
def test_a_failed_fsync_of_a_tile_ends_the_process(
    place: Place, monkeypatch: pytest.MonkeyPatch, skip: int
) -> None:
    reasons: list[str] = []
    tuning = Tuning(on_fatal=reasons.append)
    with SqliteLedger.open_for_serving(place, now_ms=lambda: 1, tuning=tuning) as ledger:
        ledger.append_blocking(admin("before"))
        wait_for(lambda: b"\n1\n" in (place.directory / "checkpoint").read_bytes())
        faulty = Faulty("fsync", errno.EIO, skip)
        monkeypatch.setattr("gateway.files.os", faulty)
        # The checkpoint is read before the last sync of its directory, which may be what fails.
        acknowledged = 1
        with contextlib.suppress(LedgerUnavailable):
            ledger.append_blocking(admin("a"))
            acknowledged = 2
        wait_for(lambda: reasons)
        assert reasons == ["a published file cannot be synced"]
        assert not ledger.ready()
        faulty.repaired = True
    with SqliteLedger.open_for_serving(place, now_ms=lambda: 1) as again:
        assert acknowledged <= verify(place.directory, again.vkey).size <= 2


def test_a_full_disk_at_the_start_leaves_the_tiles_for_later(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SqliteLedger.open_for_serving(place, now_ms=lambda: 1) as ledger:
        ledger.append_blocking(admin("a"))
    (place.directory / "tile/0/000.p/1").unlink()
    faulty = Faulty("write", errno.ENOSPC, 1)  # The public key is written aside at every start.
    monkeypatch.setattr("gateway.files.os", faulty)
    with SqliteLedger.open_for_serving(place, now_ms=lambda: 1) as ledger:
        ledger.append_blocking(admin("b"))
        faulty.repaired = True
        wait_for(lambda: b"\n2\n" in (place.directory / "checkpoint").read_bytes())
        assert verify(place.directory, ledger.vkey).tiles


CHILD = """
import sys
from pathlib import Path
import gateway.ledger.publisher as publisher
publisher.PUBLISH_SECONDS = 0.0005
from gateway.ledger import Place, SqliteLedger
from tests.fakes.ledger import admin
data, name = Path(sys.argv[1]), sys.argv[2]
ledger = SqliteLedger.open_for_serving(
    Place(data / "ledger", data / "keys", "ward-1"), now_ms=lambda: 1
)
print("up", flush=True)
n = 0
while True:
    ledger.append_blocking(admin(f"{name}-{n}"))
    n += 1
"""


def test_kill_9_while_publishing_leaves_a_checkpoint_whose_tiles_are_there(
    tmp_path: Path, place: Place
) -> None:
    chance = random.Random(7)  # noqa: S311 - when to kill is no secret
    # A tile is full soon, however slow the machine is.
    append_all(place, [admin(f"before-{n}") for n in range(250)])
    for run in range(12):
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(tmp_path), f"run{run}"], stdout=subprocess.PIPE
        )
        assert child.stdout is not None
        assert child.stdout.readline() == b"up\n"
        time.sleep(chance.uniform(0.01, 0.15))
        child.kill()
        child.wait()
        child.stdout.close()
        # Before anyone repairs anything: what was published can be checked from the copy.
        with SqliteLedger.open_for_recording(place) as reading:
            key = reading.vkey
        published = read_checkpoint_file(place.directory, key)
        assert published is not None
        verify(place.directory, key)
        SqliteLedger.open_for_serving(place, now_ms=lambda: 1).close()
        report = verify(place.directory, key)
        assert report.published == report.size
    assert report.size > 256
    assert not list((place.directory / "tile").rglob(".*"))
