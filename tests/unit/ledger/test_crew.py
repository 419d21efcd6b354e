"""With processes that help, the verdict on a log is that of one which reads it alone."""

from __future__ import annotations

import multiprocessing
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw
import pytest

from gateway.domain.canonical import encode
from gateway.domain.merkle import Frontier, leaf_hash
from gateway.domain.records import Record, Refusal
from gateway.ledger import (
    Derived,
    LedgerError,
    Place,
    SqliteLedger,
    VerificationError,
    VerificationReport,
    crew,
    verifier,
    verify,
)
from gateway.ledger.crew import Crew, jobs_for
from gateway.ledger.keys import load_key
from gateway.ledger.publickeys import read_vkey
from gateway.ledger.stretches import Stretch, examine
from tests.fakes.ledger import admin, intent, outcome, refusal

STRETCH = 256
SIZE = 2_100
"""Eight stretches, and a rest that is no whole one."""

Change = Callable[[Place], None]


def records() -> list[Record]:
    """Most exchanges end at once; one of ten is open for a stretch and a half."""
    found: list[Record] = [admin("a0")]
    late: list[tuple[int, str]] = []
    number = 0
    while len(found) < SIZE:
        name = f"x{number}"
        if late and late[0][0] <= len(found):
            found.append(outcome(late.pop(0)[1]))
        elif number % 10 == 0:
            found.append(intent(name))
            late.append((len(found) + 384, name))
        elif number % 10 == 1:
            found.append(refusal(name))
        else:
            found += [intent(name), outcome(name)]
        number += 1
    return found[:SIZE]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Place:
    root = tmp_path_factory.mktemp("log")
    place = Place(root / "ledger", root / "keys", "ward-1")
    with SqliteLedger.open_for_serving(place, now_ms=lambda: 1) as ledger:
        for record in records():
            ledger.append_blocking(record)
    return place


@pytest.fixture
def copy(whole: Place, tmp_path: Path) -> Place:
    shutil.copytree(whole.directory, tmp_path / "ledger")
    return Place(tmp_path / "ledger", whole.keys, whole.node)


@pytest.fixture(autouse=True)
def short_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "STRETCH", STRETCH)


class Inline(Crew):
    """The same work without the processes, which take a second to start."""

    good = 0

    @contextmanager
    def examined(
        self, db: apsw.Connection, first: int, size: int
    ) -> Iterator[Iterator[Stretch | None]]:
        if self.jobs == 1:
            yield iter(())
            return
        stretches = self.stretches(db, first, size)
        yield (self._counted(examine(db, self.what, at, at + STRETCH)) for at in stretches)

    @staticmethod
    def _counted(stretch: Stretch | None) -> Stretch | None:
        Inline.good += stretch is not None
        return stretch


@pytest.fixture
def inline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifier, "Crew", Inline)
    monkeypatch.setattr(Inline, "good", 0)


def verdict(
    place: Place, jobs: int, derived: Derived | None = None
) -> tuple[str, int | None] | VerificationReport:
    key = read_vkey(place.directory / "ledger.vkey")
    try:
        return verify(place.directory, key, derived=derived or Derived(), jobs=jobs)
    except VerificationError as error:
        return str(error), error.index


# -- what can be done to a log


def sql(*statements: str) -> Change:
    def change(place: Place) -> None:
        db = apsw.Connection(str(place.directory / "ledger.db"))
        with db:
            for statement in statements:
                db.execute(statement)
        db.close()

    return change


def rewritten(edit: Callable[[list[bytes]], object]) -> Change:
    """Change the leaves as whoever has the key can: with a proper head."""

    def change(place: Place) -> None:
        db = apsw.Connection(str(place.directory / "ledger.db"))
        leaves = [leaf for (leaf,) in db.execute("SELECT leaf FROM entries ORDER BY idx")]
        edit(leaves)
        frontier = Frontier()
        frontier.extend([leaf_hash(leaf) for leaf in leaves])
        root = frontier.root()
        signed = load_key(place.keys, place.node).checkpoint(len(leaves), root)
        with db:
            db.execute("DELETE FROM entries")
            db.execute("DELETE FROM checkpoints")
            db.executemany("INSERT INTO entries VALUES (?, ?)", enumerate(leaves))
            db.execute(
                "UPDATE head SET size = ?, frontier = ?, root = ?, checkpoint = ?",
                (len(leaves), frontier.to_bytes(), root, signed),
            )
        db.close()
        (place.directory / "checkpoint").unlink(missing_ok=True)

    return change


def put(at: int, *others: Record) -> Change:
    """Put records in place of the next refusals, which nothing before or after them depends on."""

    def edit(leaves: list[bytes]) -> None:
        index = at
        for record in others:
            index = refused(index)
            leaves[index] = encode(record)

    return rewritten(edit)


def again(of: Record) -> Change:
    """Put a record of the log once more, soon after."""
    return put(records().index(of), of)


def refused(at: int) -> int:
    return next(n for n, each in enumerate(records()) if n > at and isinstance(each, Refusal))


def flipped(path: str, at: int = 40) -> Change:
    def change(place: Place) -> None:
        file = place.directory / path
        raw = bytearray(file.read_bytes())
        raw[at] ^= 1
        file.write_bytes(raw)

    return change


def removed(path: str) -> Change:
    return lambda place: (place.directory / path).unlink()


def with_a_torn_partial(place: Place) -> None:
    folder = place.directory / "tile/0/003.p"
    folder.mkdir()
    (folder / "7").write_bytes(b"no hashes at all")


DONE: dict[str, Change] = {
    "a leaf changed": sql(
        "UPDATE entries SET leaf = CAST(replace(CAST(leaf AS TEXT), '\"time\":', '\"time\":1') "
        "AS BLOB) WHERE idx = 700"
    ),
    "two leaves changed": sql("UPDATE entries SET leaf = x'00' WHERE idx IN (900, 1500)"),
    "the first leaf gone": sql("DELETE FROM entries WHERE idx = 0"),
    "a leaf gone": sql("DELETE FROM entries WHERE idx = 1000"),
    "the last leaf gone": sql("DELETE FROM entries WHERE idx = 2099"),
    "a leaf too many": sql("INSERT INTO entries SELECT 2105, leaf FROM entries WHERE idx = 1"),
    "a leaf before the first": sql("INSERT INTO entries SELECT -3, leaf FROM entries LIMIT 1"),
    "leaves swapped": sql(
        "UPDATE entries SET idx = -9 WHERE idx = 600",
        "UPDATE entries SET idx = 600 WHERE idx = 1400",
        "UPDATE entries SET idx = 1400 WHERE idx = -9",
    ),
    "a row of the index changed": sql("UPDATE facts SET actor = 'someone' WHERE idx = 1200"),
    "what an outcome asked for changed": sql(
        "UPDATE facts SET actor = 'someone' WHERE kind = 'outcome' AND exchange = 'x30'"
    ),
    "a row of the index without an actor": sql(
        "UPDATE facts SET actor = NULL WHERE kind = 'outcome' AND exchange = 'x30'"
    ),
    "a row of the index gone": sql("DELETE FROM facts WHERE idx = 300"),
    "an outcome's row gone": sql("DELETE FROM facts WHERE kind = 'outcome' AND exchange = 'x30'"),
    "a row of the index too many": sql(
        "INSERT INTO facts SELECT 2101, kind, exchange, time, actor, action, purpose, "
        "model, code FROM facts WHERE idx = 1"
    ),
    "an open exchange hidden": sql("DELETE FROM open_exchanges"),
    "a kept checkpoint gone bad": sql(
        "UPDATE checkpoints SET checkpoint = x'00' WHERE size = (SELECT max(size) FROM "
        "checkpoints WHERE size < 1500)"
    ),
    "a tile of hashes changed": flipped("tile/0/002"),
    "a bundle changed": flipped("tile/entries/004"),
    "a tile gone": removed("tile/0/005"),
    "a bundle gone": removed("tile/entries/001"),
    "a tile above changed": flipped("tile/1/000.p/8"),
    "a partial tile torn": with_a_torn_partial,
    "the checkpoint changed": flipped("checkpoint", 30),
    "an intent twice": put(1600, intent("x30")),
    "an intent twice, soon": again(intent("x32")),
    "an intent twice, still open": put(200, intent("x30")),
    "an intent twice, still open, and ended": put(300, intent("x90"), outcome("x90")),
    "a refusal of what has an intent": put(1600, refusal("x2")),
    "an outcome twice": put(1600, outcome("x2")),
    "an outcome twice, soon": again(outcome("x32")),
    "an outcome twice, soon, of an intent long before": again(outcome("x30")),
    "an outcome before its intent": put(400, outcome("x900")),
    "an outcome before its intent, taken up again": put(400, outcome("x30")),
    "a leaf not canonical": rewritten(
        lambda leaves: leaves.__setitem__(777, leaves[777].replace(b":", b": ", 1))
    ),
}


@pytest.mark.usefixtures("inline")
@pytest.mark.parametrize("change", DONE.values(), ids=DONE.keys())
def test_whatever_is_done_to_a_log_the_verdict_is_the_same(copy: Place, change: Change) -> None:
    change(copy)
    assert isinstance(verdict(copy, jobs=1), tuple)
    # Without what is derived as well, which also gives most changes of a leaf away.
    for derived in (Derived(), Derived(index=False, tiles=False)):
        assert verdict(copy, 2, derived) == verdict(copy, 1, derived)


@pytest.mark.usefixtures("inline")
@pytest.mark.parametrize("index", [True, False])
@pytest.mark.parametrize("tiles", [True, False])
def test_of_a_whole_log_every_stretch_is_examined_by_others(
    whole: Place, *, index: bool, tiles: bool
) -> None:
    derived = Derived(index=index, tiles=tiles)
    assert verdict(whole, 2, derived) == verdict(whole, 1, derived)
    assert Inline.good == SIZE // STRETCH


@pytest.mark.parametrize(
    "name", ["a leaf changed", "what an outcome asked for changed", "a bundle changed"]
)
def test_with_processes_as_well(copy: Place, name: str) -> None:
    DONE[name](copy)
    alone = verdict(copy, jobs=1)
    assert isinstance(alone, tuple)
    assert verdict(copy, jobs=2) == alone


def test_a_whole_log_is_whole_with_two_processes(whole: Place) -> None:
    steps: list[tuple[int, int]] = []
    key = read_vkey(whole.directory / "ledger.vkey")
    report = verify(whole.directory, key, jobs=2, progress=lambda *step: steps.append(step))
    assert report == verdict(whole, jobs=1)
    stretches = range(STRETCH, SIZE, STRETCH)
    assert steps == [*((done, SIZE) for done in stretches), (SIZE, SIZE)]
    assert multiprocessing.active_children() == []


def test_a_process_that_dies_is_an_error_that_says_what_to_do(whole: Place) -> None:
    def kill(done: int, size: int) -> None:
        for child in multiprocessing.active_children():
            child.kill()
            child.join()

    key = read_vkey(whole.directory / "ledger.vkey")
    with pytest.raises(LedgerError, match="try again with `--jobs 1`") as error:
        verify(whole.directory, key, jobs=2, progress=kill)
    assert not isinstance(error.value, VerificationError)
    assert multiprocessing.active_children() == []


def test_what_the_others_do_not_see_any_more_is_read_here(
    whole: Place, copy: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As where the oldest records are dropped after this one took its snapshot.
    sql("DELETE FROM entries WHERE idx < 512")(copy)
    uri = f"file:{copy.directory / 'ledger.db'}?mode=ro"
    monkeypatch.setattr(verifier, "Crew", lambda _, what, jobs: Crew(uri, what, jobs))
    assert verdict(whole, jobs=2) == verdict(whole, jobs=1)


def test_one_job_and_a_small_log_start_no_process(
    whole: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: str) -> None:
        raise AssertionError("a process is started")

    monkeypatch.setattr(crew, "get_context", refuse)
    key = read_vkey(whole.directory / "ledger.vkey")
    for jobs in (1, None):
        assert verify(whole.directory, key, jobs=jobs).size == SIZE
    with pytest.raises(AssertionError):
        verify(whole.directory, key, jobs=2)


def test_a_large_log_is_worth_the_cores_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {*range(3)})
    assert jobs_for(crew.SMALL - 1) == 1
    assert jobs_for(crew.SMALL) == 3
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {*range(64)})
    assert jobs_for(10_000_000) == 8
