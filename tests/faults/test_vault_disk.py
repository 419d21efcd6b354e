"""The vault on a disk that fails: no record of what is not kept, no key left of what was shredded.

The path of two requests whose texts are kept, and of a shredding, is a list of writes, syncs and
truncations. Each of them fails; then the power goes, and what was promised is compared with what is
certainly left.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gateway.clock import SystemClock
from gateway.domain import entities
from gateway.domain.errors import Code, ExchangeError, LedgerUnavailable
from gateway.domain.policy import Keep
from gateway.domain.records import Intent, Outcome, Status
from gateway.ledger import LedgerError, SqliteLedger, Tuning, read_ledger
from gateway.ledger.sealing import SqliteVault, VaultPlace, reading
from gateway.pipeline import Pipeline
from tests.fakes.exchange import NAME, World, ask, read, submission
from tests.fakes.policy import profile
from tests.fakes.powerloss import Crash, Image, Medium
from tests.fakes.recording import recording
from tests.fakes.vaults import NOW, Node, about, fill, patient_of
from tests.faults.test_every_write import FAULTS, Disk, Forwarded, NotingEngine

NUMBER = "48210377"
TEXT = f"{NAME}, MRN {NUMBER}, has a cough"
REQUESTS = 2


@dataclass(frozen=True, slots=True)
class Answered:
    exchange: str


@dataclass(frozen=True, slots=True)
class Shredded:
    """Somebody was told that it is done."""


@dataclass
class Run:
    medium: Medium
    codes: list[Code | None] = field(default_factory=list)
    refused: Exception | None = None
    exits: list[str] = field(default_factory=list)


class Scene:
    """A node with some texts in its vault, from which every run begins."""

    def __init__(self, root: Path) -> None:
        self.root = root
        first = Node(root / "first")
        fill(first, [about(NUMBER), about("99120455")])
        self.wrapped = first.wrapped()
        self.fingerprint = patient_of(NUMBER)
        self.keys = root / "keys"
        shutil.move(first.root / "keys", self.keys)
        below = list(first.root.rglob("*"))
        relative = {path: path.relative_to(first.root).as_posix() for path in below}
        self.image = Image(
            {name: path.read_bytes() for path, name in relative.items() if path.is_file()},
            frozenset(name for path, name in relative.items() if path.is_dir()),
        )

    def node(self, root: Path) -> Moved:
        return Moved(root, keys=self.keys)

    def run(self, life: Callable[[Moved, Medium, str, Run], None], disk: Disk) -> Run:
        medium = Medium(self.root / "life", self.image)
        run = Run(medium)
        try:
            with recording(medium) as vfs:
                medium.ask = disk.ask
                life(self.node(medium.root), medium, vfs, run)
            self._check(medium, run)
        finally:
            shutil.rmtree(medium.root)
        return run

    def _check(self, medium: Medium, run: Run) -> None:
        crash = Crash(medium)
        crash.advance(len(medium.events))
        cut = self.root / "cut"
        crash.image(_Worst()).restore(cut)
        try:
            node = self.node(cut)
            shredded = Shredded() in crash.notes
            if shredded:
                assert self._left(cut) == [], run
            with node.serving():
                pass
            self._check_promises(node, crash.notes, run)
            if shredded:
                assert self._left(cut) == [], run
        finally:
            shutil.rmtree(cut)

    def _check_promises(self, node: Moved, notes: list[object], run: Run) -> None:
        with read_ledger(node.place.directory) as ledger:
            for note in notes:
                match note:
                    case Forwarded(receipt):
                        intent = ledger.exchange(receipt.exchange)[0].record
                        assert isinstance(intent, Intent), run
                        assert intent.sealed, run
                        assert reading.open_payload(node.vault_place, receipt.exchange).request
                    case Answered(exchange):
                        outcome = ledger.exchange(exchange)[1].record
                        assert isinstance(outcome, Outcome), run
                        assert outcome.status is Status.COMPLETED
                        assert reading.open_payload(node.vault_place, exchange).reply, run
                        found = reading.exchanges_about(
                            node.vault_place, patient_of_world(), None, 9
                        )
                        assert exchange in found, run

    def _left(self, root: Path) -> list[bytes]:
        """Return what is still there of the shredded patient's: keys, and the fingerprint."""
        node = self.node(root)
        whole = b"".join(path.read_bytes() for path in root.rglob("*") if path.is_file())
        living = node.wrapped()
        return [each for each in {*self.wrapped - living, self.fingerprint} if each in whole]


@dataclass
class Moved(Node):
    """A node whose secret keys lie elsewhere, on a disk that does not fail."""

    keys_at: Path = field(default_factory=Path)

    def __init__(self, root: Path, *, keys: Path) -> None:
        super().__init__(root)
        self.keys_at = keys

    @property
    def place(self):  # type: ignore[no-untyped-def]  # noqa: ANN201
        from gateway.ledger import Place

        return Place(self.root / "ledger" / "ward-1", self.keys_at, "ward-1")

    @property
    def vault_place(self) -> VaultPlace:
        return VaultPlace(self.root / "state", self.place.directory, self.keys_at / "vault.key")


class _Worst(random.Random):
    """The chance that nothing is kept that was not synced."""

    def random(self) -> float:
        return 0.5

    def choice(self, seq):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        return seq[0]


def patient_of_world() -> bytes:
    from gateway.domain.subjects import patient
    from tests.fakes.exchange import SUBJECT_KEY

    return patient(SUBJECT_KEY, NUMBER)


def serve(node: Moved, medium: Medium, vfs: str, run: Run) -> None:
    """Answer two requests, whose texts are kept."""
    tuning = Tuning(vfs=vfs, on_fatal=run.exits.append)
    try:
        with (
            SqliteLedger.open_for_serving(node.place, now_ms=lambda: NOW, tuning=tuning) as ledger,
            SqliteVault.open_for_serving(
                node.vault_place, now_ms=lambda: NOW, tuning=tuning
            ) as vault,
        ):
            asyncio.run(_requests(ledger, vault, run))
    except (LedgerError, LedgerUnavailable) as error:
        run.refused = error


async def _requests(ledger: SqliteLedger, vault: SqliteVault, run: Run) -> None:
    world = World()
    world.detector.script = {NAME: entities.PERSON, NUMBER: entities.MEDICAL_RECORD_NUMBER}
    world.decider.profiles = {"treatment": profile(keep=Keep.ALL)}
    world.engine = NotingEngine(medium=run.medium)
    world.ledger = ledger  # type: ignore[assignment]
    world.vault = vault  # type: ignore[assignment]
    world.clock = SystemClock()  # type: ignore[assignment]
    pipeline = Pipeline(world.parts(), stall_timeout=5.0, max_exchanges=8)
    for _ in range(REQUESTS):
        channel = pipeline.start(submission(ask(TEXT)))
        reply = await read(channel)
        if reply.error is None:
            run.medium.note(Answered(channel.exchange))
        run.codes.append(None if reply.error is None else reply.error.code)
    await pipeline.drain(0)


def shred(node: Moved, medium: Medium, vfs: str, run: Run) -> None:
    """Shred a patient; whoever does it tries again until it is done, or never."""
    shredder = node.shredder(vfs=vfs)
    tuning = Tuning(vfs=vfs, on_fatal=run.exits.append)
    try:
        order = shredder.of_patient("order-1", patient_of(NUMBER))
        with SqliteLedger.open_for_recording(node.place, tuning=tuning) as ledger:
            ledger.append_blocking(order.record("key:x", 5))
        shredder.carry_out(order)
    except ExchangeError as error:  # Also of a ledger that takes no record.
        run.codes.append(error.code)
    except LedgerError as error:
        run.refused = error
    else:
        medium.note(Shredded())


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    memory = Path("/dev/shm")  # noqa: S108 - a directory of its own in there
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        yield Scene(Path(name))


def attempt(
    scene: Scene, life: Callable[[Moved, Medium, str, Run], None], number: int, fault: str
) -> Run:
    disk = Disk(number, fault)
    try:
        run = scene.run(life, disk)
    except BaseException as error:
        where = dict(enumerate(zip(disk.operations, disk.paths, strict=True))).get(number)
        error.add_note(f"operation {number}, {where}: {fault}")
        raise
    assert set(run.codes) <= {None, Code.AUDIT_UNAVAILABLE}
    return run


def operations(scene: Scene, life: Callable[[Moved, Medium, str, Run], None]) -> list[str]:
    disk = Disk()
    run = scene.run(life, disk)
    assert run.codes in ([None] * REQUESTS, [])
    paths = {path.rpartition("/")[2] for path in disk.paths}
    assert {"vault-keys.db-wal", "vault-seals.db-wal"} <= paths
    return disk.operations


@pytest.mark.parametrize("life", [serve, shred])
def test_a_fault_at_any_operation_breaks_no_promise(
    scene: Scene, life: Callable[[Moved, Medium, str, Run], None]
) -> None:
    """A stratified sample: each operation fails in one way, another one each time."""
    chance = random.Random()  # noqa: S311 - which fault is no secret
    kinds = operations(scene, life)
    some = sorted(chance.sample(range(len(kinds)), min(len(kinds), 60)))
    runs = [attempt(scene, life, n, chance.choice(list(FAULTS[kinds[n]]))) for n in some]
    assert any(run.refused or run.exits or Code.AUDIT_UNAVAILABLE in run.codes for run in runs)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("life", [serve, shred])
def test_every_fault_at_every_operation_breaks_no_promise(
    scene: Scene, life: Callable[[Moved, Medium, str, Run], None]
) -> None:
    kinds = operations(scene, life)
    for number, kind in enumerate(kinds):
        for fault in FAULTS[kind]:
            attempt(scene, life, number, fault)
