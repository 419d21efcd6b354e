"""Each operation on the disk fails once, in each way: no engine sees what is not durably recorded.

The path of two requests, from the opening of the log to its end, is a list of writes, truncations,
syncs, names. For every one of them: it fails and is lost, it fails and was done all the same, half
of it is done. Whatever the callers and the engine had been told when the power went right then has
to be in what is certainly left, and what is left has to be whole.
"""

from __future__ import annotations

import asyncio
import errno
import random
import shutil
import tempfile
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import apsw
import pytest

from gateway.domain.errors import Code, LedgerUnavailable
from gateway.domain.exchange import Event
from gateway.domain.merkle import leaf_hash
from gateway.domain.ports import Prompt, Receipt
from gateway.domain.records import Outcome, Status
from gateway.ledger import LedgerError, Place, SqliteLedger, Tuning, read_ledger, verify
from gateway.pipeline import Pipeline
from tests.fakes.engine import FakeEngine
from tests.fakes.exchange import World, ask, read, submission
from tests.fakes.ledger import admin
from tests.fakes.powerloss import Crash, Fault, Image, Medium
from tests.fakes.recording import recording

NODE = "ward-1"
REQUESTS = 2

_WRITES = {
    "no space": Fault(errno.ENOSPC, apsw.SQLITE_FULL),
    "an error": Fault(errno.EIO, apsw.SQLITE_IOERR_WRITE),
    "an error, and written": Fault(errno.EIO, apsw.SQLITE_IOERR_WRITE, done=1.0),
    "a short write": Fault(errno.ENOSPC, apsw.SQLITE_FULL, done=0.5),
}
_SYNCS = {
    "not synced": Fault(errno.EIO, apsw.SQLITE_IOERR_FSYNC),
    "an error, and synced": Fault(errno.EIO, apsw.SQLITE_IOERR_FSYNC, done=1.0),
}
FAULTS: dict[str, dict[str, Fault]] = {
    "write": _WRITES,
    "sync": _SYNCS,
    "truncate": {
        "not cut": Fault(errno.EIO, apsw.SQLITE_IOERR_TRUNCATE),
        "an error, and cut": Fault(errno.EIO, apsw.SQLITE_IOERR_TRUNCATE, done=1.0),
    },
    "open": {"not opened": Fault(errno.EMFILE, apsw.SQLITE_CANTOPEN)},
    "delete": {
        "not deleted": Fault(errno.EIO, apsw.SQLITE_IOERR_DELETE),
        "an error, and deleted": Fault(errno.EIO, apsw.SQLITE_IOERR_DELETE, done=1.0),
    },
    "replace": {"no space": Fault(errno.ENOSPC, apsw.SQLITE_FULL)},
    "link": {"no space": Fault(errno.ENOSPC, apsw.SQLITE_FULL)},
    "mkdir": {"no space": Fault(errno.ENOSPC, apsw.SQLITE_FULL)},
}


@dataclass(frozen=True, slots=True)
class Forwarded:
    """An engine is shown a text under this receipt."""

    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Answered:
    """A caller has the end of a reply."""

    exchange: str


@dataclass
class NotingEngine(FakeEngine):
    """Notes on the medium when it is given something."""

    medium: Medium | None = None

    async def generate(self, prompt: Prompt, receipt: Receipt) -> AsyncGenerator[Event, None]:
        assert self.medium is not None
        self.medium.note(Forwarded(receipt))
        async for event in super().generate(prompt, receipt):
            yield event


@dataclass
class Disk:
    """Counts the operations, and lets one of them fail."""

    number: int | None = None
    """Which one; `None`: none."""
    fault: str = ""
    operations: list[str] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)

    def ask(self, kind: str, path: str) -> Fault | None:
        self.operations.append(kind)
        self.paths.append(path)
        if len(self.operations) - 1 != self.number:
            return None
        return FAULTS[kind].get(self.fault)


@dataclass
class Run:
    """What became of the requests."""

    medium: Medium
    codes: list[Code | None] = field(default_factory=list)
    """Of each request; `None` is a reply that ended well."""
    refused: Exception | None = None
    """Why the ledger did not open."""
    exits: list[str] = field(default_factory=list)


def serve(medium: Medium, keys: Path, disk: Disk) -> Run:
    run = Run(medium)
    with recording(medium) as vfs:
        medium.ask = disk.ask
        place = Place(medium.root / "ledger", keys, NODE)
        tuning = Tuning(vfs=vfs, on_fatal=run.exits.append)
        try:
            ledger = SqliteLedger.open_for_serving(place, now_ms=lambda: 2, tuning=tuning)
        except (LedgerError, LedgerUnavailable) as error:
            run.refused = error
            return run
        try:
            asyncio.run(_requests(ledger, run))
        finally:
            ledger.close()
    return run


async def _requests(ledger: SqliteLedger, run: Run) -> None:
    world = World()
    world.engine = NotingEngine(medium=run.medium)
    world.ledger = ledger  # type: ignore[assignment]
    pipeline = Pipeline(world.parts(), stall_timeout=5.0, max_exchanges=8)
    for _ in range(REQUESTS):
        channel = pipeline.start(submission(ask("How is the patient?")))
        reply = await read(channel)
        if reply.error is None:
            run.medium.note(Answered(channel.exchange))
        run.codes.append(None if reply.error is None else reply.error.code)
    await pipeline.drain(0)


class Scene:
    """A log with some records on it, from which every run begins."""

    def __init__(self, root: Path) -> None:
        self.root, self.keys = root, root / "keys"
        place = Place(root / "first" / "ledger", self.keys, NODE)
        with SqliteLedger.open_for_serving(place, now_ms=lambda: 1) as ledger:
            for n in range(3):
                ledger.append_blocking(admin(f"a{n}"))
            self.vkey = ledger.vkey
        below = list((root / "first").rglob("*"))
        relative = {path: path.relative_to(root / "first").as_posix() for path in below}
        self._image = Image(
            {name: path.read_bytes() for path, name in relative.items() if path.is_file()},
            frozenset(name for path, name in relative.items() if path.is_dir()),
        )

    def run(self, disk: Disk) -> Run:
        """Serve with this disk, check what became of it, and leave nothing behind."""
        medium = Medium(self.root / "life", self._image)
        try:
            run = serve(medium, self.keys, disk)
            # As it stands, for a process that starts next on the same machine.
            self._check(medium.root, medium, len(medium.events), run)
            told = [n for n, event in enumerate(medium.events) if _is_promise(event)]
            if told:
                self._check_crash(medium, told[-1] + 1, run)
            self._check_crash(medium, len(medium.events), run)
        finally:
            shutil.rmtree(medium.root)
        return run

    def _check_crash(self, medium: Medium, at: int, run: Run) -> None:
        crash = Crash(medium)
        crash.advance(at)
        directory = self.root / "cut"
        crash.image(_Worst()).restore(directory)
        try:
            self._check(directory, medium, at, run)
        finally:
            shutil.rmtree(directory)

    def _check(self, root: Path, medium: Medium, at: int, run: Run) -> None:
        crash = Crash(medium)
        crash.advance(at)
        place = Place(root / "ledger", self.keys, NODE)
        with SqliteLedger.open_for_serving(place, now_ms=lambda: 3):
            pass
        verify(place.directory, self.vkey)
        with read_ledger(place.directory) as reader:
            records = [reader.at(index) for index in range(3 + 2 * REQUESTS + 2)]
        hashes = [None if each is None else leaf_hash(each.leaf) for each in records]
        settled = {
            each.record.exchange
            for each in records
            if each is not None
            and isinstance(each.record, Outcome)
            and each.record.status is Status.COMPLETED
        }
        for note in crash.notes:
            match note:
                case Forwarded(receipt):
                    assert hashes[receipt.index] == receipt.leaf_hash, run
                case Answered(exchange):
                    assert exchange in settled, run


class _Worst(random.Random):
    """The chance that nothing is kept that was not synced."""

    def random(self) -> float:
        return 0.5

    def choice(self, seq):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        return seq[0]


def _is_promise(event: object) -> bool:
    return isinstance(getattr(event, "what", None), Forwarded | Answered)


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    memory = Path("/dev/shm")  # noqa: S108 - a directory of its own in there
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        yield Scene(Path(name))


def every(scene: Scene) -> tuple[Disk, list[tuple[int, str]]]:
    """Return the operations of a run in which nothing fails, and all that can go wrong with it."""
    disk = Disk()
    run = scene.run(disk)
    assert run.codes == [None] * REQUESTS
    # Threads take turns: some runs have an operation more.
    return disk, [(n, fault) for n, kind in enumerate(disk.operations) for fault in FAULTS[kind]]


def attempt(scene: Scene, number: int, fault: str) -> Run:
    disk = Disk(number, fault)
    try:
        run = scene.run(disk)
    except BaseException as error:
        where = dict(enumerate(zip(disk.operations, disk.paths, strict=True))).get(number)
        error.add_note(f"operation {number}, {where}: {fault}")
        raise
    assert set(run.codes) <= {None, Code.AUDIT_UNAVAILABLE}
    assert run.refused is not None or len(run.codes) == REQUESTS
    return run


def test_the_path_of_a_request_has_writes_and_syncs_of_every_file(scene: Scene) -> None:
    disk, _ = every(scene)
    done = {
        (kind, path.rpartition("/")[2])
        for kind, path in zip(disk.operations, disk.paths, strict=True)
    }
    for expected in (
        ("write", "ledger.db-wal"),
        ("sync", "ledger.db-wal"),
        ("write", "ledger.db"),
        ("sync", "ledger.db"),
        ("replace", "checkpoint"),
        ("sync", "ledger"),
    ):
        assert expected in done


@pytest.mark.timeout(600)
def test_a_fault_at_any_operation_forwards_nothing_that_is_not_recorded(scene: Scene) -> None:
    """A stratified sample: each operation fails in one way, another one each time."""
    disk, _ = every(scene)
    chance = random.Random()  # noqa: S311 - which fault is no secret
    runs = [
        attempt(scene, number, chance.choice(list(FAULTS[kind])))
        for number, kind in enumerate(disk.operations)
    ]
    assert any(run.refused for run in runs)
    assert any(run.exits for run in runs)
    assert any(Code.AUDIT_UNAVAILABLE in run.codes for run in runs)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_every_fault_at_every_operation_forwards_nothing_that_is_not_recorded(scene: Scene) -> None:
    _, faults = every(scene)
    runs = [attempt(scene, number, fault) for number, fault in faults]
    assert len(runs) > 300
