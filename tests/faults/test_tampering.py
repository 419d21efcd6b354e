"""Whatever is done to a log of a thousand records, both verifiers find it.

They are given a public key and the last checkpoint that a witness saw, and share no code. A log is
changed byte by byte; records are dropped, swapped, doubled, cut off; the log is put back, forked,
forged, by someone who can write to all files and, for a fork, by someone who has the key as well.
"""

from __future__ import annotations

import random
import shutil
import string
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import apsw
import pytest

from gateway.domain.errors import LedgerUnavailable
from gateway.domain.merkle import leaf_hash
from gateway.domain.tiles import Tile, TileName, Tiles
from gateway.ledger import LedgerError, Place, SqliteLedger, Tuning, store
from gateway.ledger.readonly import open_snapshot
from tests.fakes.ledger import admin, intent, outcome, refusal
from tests.fakes.verifiers import RefusedError, Verifier, build, needs_go, ours, theirs

SIZE = 1_000
SAMPLE = 150
"""Bytes that `make test` changes, of each kind of file and for each verifier."""
PARTS = range(4)
"""Every n-th byte, beginning with another: what changes all of them can share them out."""

Leaves = list[bytes]


@dataclass(frozen=True)
class Evidence:
    """A log as it was written, what it was earlier, and what a witness has."""

    place: Place
    earlier: Path
    """A copy of its directory when it had 900 records."""
    vkey: Path
    witnessed: Path
    """The checkpoint of all records, elsewhere."""


@pytest.fixture(scope="module")
def memory() -> Iterator[Path]:
    parent = Path("/dev/shm")  # noqa: S108 - a directory of its own in there
    with tempfile.TemporaryDirectory(dir=parent if parent.is_dir() else None) as name:
        yield Path(name)


@pytest.fixture(scope="module")
def evidence(memory: Path) -> Evidence:
    place = Place(memory / "ledger", memory / "keys", "ward-1")
    append(place, range(900))
    shutil.copytree(place.directory, memory / "earlier")
    append(place, range(900, SIZE))
    for name in ("ledger.vkey", "checkpoint"):
        shutil.copy(place.directory / name, memory / f"witness-{name}")
    return Evidence(
        place, memory / "earlier", memory / "witness-ledger.vkey", memory / "witness-checkpoint"
    )


def append(place: Place, numbers: range, mark: str = "") -> None:
    with SqliteLedger.open_for_serving(place, now_ms=lambda: 1) as ledger:
        for n in numbers:
            match n % 50:  # Mostly short ones: every byte of them is changed once.
                case 0:
                    ledger.append_blocking(intent(f"{mark}{n}"))
                case 1:
                    ledger.append_blocking(outcome(f"{mark}{n - 1}"))
                case 2:
                    ledger.append_blocking(refusal(f"{mark}{n}"))
                case _:
                    ledger.append_blocking(admin(f"{mark}{n}"))


@pytest.fixture(scope="module", params=["ours", pytest.param("go", marks=needs_go)])
def verifier(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Verifier:
    return ours if request.param == "ours" else theirs(build(tmp_path_factory.mktemp("go")))


@pytest.fixture
def log(evidence: Evidence, memory: Path) -> Iterator[Path]:
    """A copy to do things to."""
    yield shutil.copytree(evidence.place.directory, memory / "copy")
    shutil.rmtree(memory / "copy")


def test_the_log_as_it_was_written_is_whole(
    evidence: Evidence, log: Path, verifier: Verifier
) -> None:
    verifier(log, evidence.vkey, evidence.witnessed)
    verifier(evidence.earlier, evidence.vkey, None)


# -- every byte


def files(log: Path, kind: str) -> list[Path]:
    match kind:
        case "checkpoint":
            return [log / "checkpoint"]
        case "bundles":
            return sorted(each for each in (log / "tile/entries").rglob("*") if is_published(each))
        case _:
            found = (each for level in "01" for each in (log / "tile" / level).rglob("*"))
            return sorted(each for each in found if is_published(each))


def is_published(path: Path) -> bool:
    """Return whether the published checkpoint needs a tile: not the narrower ones before it."""
    return path.is_file() and (".p/" not in str(path) or path.name in {"232", "3"})


def is_found(
    change: Callable[[], object], check: Callable[[], None], undo: Callable[[], object]
) -> bool:
    change()
    try:
        check()
    except RefusedError:
        return True
    else:
        return False
    finally:
        undo()


T = TypeVar("T")
Choice = Callable[[list[T]], list[T]]
"""Which bytes are changed."""


def some(places: list[T]) -> list[T]:
    chance = random.Random()  # noqa: S311 - which byte is no secret
    return chance.sample(places, min(SAMPLE, len(places)))


def every(part: int) -> Choice[T]:
    return lambda places: places[part :: len(PARTS)]


def missed(
    log: Path, evidence: Evidence, verifier: Verifier, kind: str, choice: Choice[tuple[Path, int]]
) -> list[str]:
    """Change one bit of each byte that is chosen; return those that nobody noticed."""
    chance = random.Random()  # noqa: S311 - which bit is no secret
    places = choice([(file, at) for file in files(log, kind) for at in range(file.stat().st_size)])
    assert places
    unnoticed = []
    for file, at in places:
        bit = 1 << chance.randrange(8)

        def flip(file: Path = file, at: int = at, bit: int = bit) -> None:
            with file.open("r+b") as opened:
                opened.seek(at)
                byte = opened.read(1)[0]
                opened.seek(at)
                opened.write(bytes([byte ^ bit]))

        if not is_found(flip, lambda: verifier(log, evidence.vkey, evidence.witnessed), flip):
            unnoticed.append(f"{file.relative_to(log)} byte {at} bit {bit}")
    return unnoticed


@pytest.mark.parametrize("kind", ["checkpoint", "bundles", "hashes"])
def test_a_sample_of_changed_bytes_is_found(
    log: Path, evidence: Evidence, verifier: Verifier, kind: str
) -> None:
    assert missed(log, evidence, verifier, kind, some) == []


@pytest.mark.parametrize("bit", [1, 2])
def test_a_bit_of_a_signature_that_means_nothing_is_found_too(
    log: Path, evidence: Evidence, verifier: Verifier, bit: int
) -> None:
    """68 bytes are 90 letters and a third of one: two bits of the last one are nobody's."""
    alphabet = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"
    path = log / "checkpoint"
    signed = path.read_text()
    assert signed.endswith("=\n")
    assert not signed.endswith("==\n")
    last = alphabet[alphabet.index(signed[-3]) ^ bit]
    path.write_text(f"{signed[:-3]}{last}=\n")
    with pytest.raises(RefusedError):
        verifier(log, evidence.vkey, evidence.witnessed)
    path.write_text(signed)


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("kind", ["bundles", "hashes", "checkpoint"])
def test_every_changed_byte_is_found(
    log: Path, evidence: Evidence, verifier: Verifier, kind: str, part: int
) -> None:
    assert missed(log, evidence, verifier, kind, every(part)) == []


TABLES = {
    "leaves": "SELECT 'entries', 'leaf', idx, leaf FROM entries",
    "head": "SELECT 'head', 'frontier', 0, frontier FROM head UNION ALL "
    "SELECT 'head', 'root', 0, root FROM head UNION ALL "
    "SELECT 'head', 'checkpoint', 0, checkpoint FROM head",
    "history": "SELECT 'checkpoints', 'checkpoint', size, checkpoint FROM checkpoints",
}
KEYS = {"entries": "idx", "head": "id", "checkpoints": "size"}


Cell = tuple[str, str, int, bytes, int]
"""Table, column, key and content, and which byte of it."""


def missed_in_database(log: Path, evidence: Evidence, kind: str, choice: Choice[Cell]) -> list[str]:
    chance = random.Random()  # noqa: S311 - which bit is no secret
    db = apsw.Connection(str(log / "ledger.db"))
    db.pragma("synchronous", 0)
    places = choice(
        [
            (table, column, key, value, at)
            for table, column, key, value in db.execute(TABLES[kind])
            for at in range(len(value))
        ]
    )
    assert places
    unnoticed = []
    for table, column, key, value, at in places:
        changed = value[:at] + bytes([value[at] ^ 1 << chance.randrange(8)]) + value[at + 1 :]
        statement = f"UPDATE {table} SET {column} = ? WHERE {KEYS[table]} = ?"  # noqa: S608

        def put(content: bytes, statement: str = statement, key: int = key) -> None:
            db.execute(statement, (content, key))

        found = is_found(
            lambda: put(changed),  # noqa: B023 - called at once
            lambda: ours(log, evidence.vkey, evidence.witnessed),
            lambda: put(value),  # noqa: B023 - as above
        )
        if not found:
            unnoticed.append(f"{table}.{column} {key} byte {at}")
    db.close()
    return unnoticed


@pytest.mark.parametrize("kind", TABLES)
def test_a_sample_of_changed_bytes_in_the_database_is_found(
    log: Path, evidence: Evidence, kind: str
) -> None:
    assert missed_in_database(log, evidence, kind, some) == []


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("kind", TABLES)
def test_every_changed_byte_in_the_database_is_found(
    log: Path, evidence: Evidence, kind: str, part: int
) -> None:
    assert missed_in_database(log, evidence, kind, every(part)) == []


# -- records, and all that is derived from them


def rewrite(log: Path, change: Callable[[Leaves], Leaves]) -> None:
    """Give a log other records, and every tile the hashes of these: only signatures stay."""
    db = apsw.Connection(str(log / "ledger.db"))
    leaves = change([leaf for (leaf,) in db.execute("SELECT leaf FROM entries ORDER BY idx")])
    with db:
        db.execute("DELETE FROM entries")
        db.executemany("INSERT INTO entries VALUES (?, ?)", enumerate(leaves))
    db.close()
    shutil.rmtree(log / "tile")
    tiles = Tiles()
    full = tiles.extend(leaves, [leaf_hash(leaf) for leaf in leaves])
    for tile in [*full, *tiles.partial()]:
        put(log, tile)
        for width in {232, 3} if tile.name.width == 256 else set():
            put(log, Tile(TileName(tile.name.level, tile.name.index, width), tile.parts[:width]))


def put(log: Path, tile: Tile) -> None:
    path = log / tile.name.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(tile.content())


def swapped(at: int, other: int) -> Callable[[Leaves], Leaves]:
    def swap(leaves: Leaves) -> Leaves:
        leaves[at], leaves[other] = leaves[other], leaves[at]
        return leaves

    return swap


def forged(at: int) -> Callable[[Leaves], Leaves]:
    def forge(leaves: Leaves) -> Leaves:
        leaves[at] = leaves[at].replace(b'"os:root"', b'"os:nero"')
        return leaves

    return forge


CHANGES = {
    "nothing": lambda leaves: leaves,
    "the first record dropped": lambda leaves: leaves[1:],
    "one in the middle dropped": lambda leaves: leaves[:400] + leaves[401:],
    "the last one dropped": lambda leaves: leaves[:-1],
    "a hundred cut off": lambda leaves: leaves[:-100],
    "all cut off": lambda _: [],
    "two neighbours swapped": swapped(255, 256),
    "the first and the last swapped": swapped(3, 999),
    "one doubled": lambda leaves: [*leaves[:500], leaves[499], *leaves[500:]],
    "one doubled in place of the next": lambda leaves: [*leaves[:500], leaves[499], *leaves[501:]],
    "one more at the end": lambda leaves: [*leaves, leaves[-1]],
    "the first forged": forged(3),
    "one in the middle forged": forged(511),
    "the last forged": forged(999),
}


@pytest.mark.parametrize("change", CHANGES)
def test_records_that_were_changed_with_all_their_tiles_are_found(
    evidence: Evidence, log: Path, verifier: Verifier, change: str
) -> None:
    rewrite(log, CHANGES[change])
    if change == "nothing":  # The control: what is done to the files is not what is found.
        verifier(log, evidence.vkey, evidence.witnessed)
        return
    with pytest.raises(RefusedError):
        verifier(log, evidence.vkey, evidence.witnessed)


def test_an_earlier_state_of_the_whole_directory_is_found(
    evidence: Evidence, verifier: Verifier
) -> None:
    verifier(evidence.earlier, evidence.vkey, None)  # Every signature in it is true.
    with pytest.raises(RefusedError, match="records"):
        verifier(evidence.earlier, evidence.vkey, evidence.witnessed)


def test_an_earlier_checkpoint_over_the_present_log_hides_nothing(
    evidence: Evidence, log: Path, verifier: Verifier
) -> None:
    shutil.copy(evidence.earlier / "checkpoint", log / "checkpoint")
    if verifier is ours:  # The database has its own head.
        verifier(log, evidence.vkey, evidence.witnessed)
        return
    with pytest.raises(RefusedError, match="proves 1000 records, and the log has 900"):
        verifier(log, evidence.vkey, evidence.witnessed)


@pytest.mark.parametrize("shared", [0, 900])
def test_a_fork_by_someone_who_has_the_key_is_found(
    evidence: Evidence, memory: Path, verifier: Verifier, shared: int
) -> None:
    fork = Place(memory / "fork", evidence.place.keys, evidence.place.node)
    try:
        if shared:
            shutil.copytree(evidence.earlier, fork.directory)
        append(fork, range(shared, SIZE + 50), mark="other-")
        verifier(fork.directory, evidence.vkey, None)
        with pytest.raises(RefusedError):
            verifier(fork.directory, evidence.vkey, evidence.witnessed)
    finally:
        shutil.rmtree(fork.directory)


# -- the database as a file


def damaged(whole: bytes, chance: random.Random) -> bytes:
    """Return a file with a bit flipped, a sector or a page of zeros, or its end cut off."""
    content, at = bytearray(whole), chance.randrange(len(whole))
    match chance.randrange(6):
        case 0:
            size = 512
            content[at - at % size : at - at % size + size] = bytes(size)
        case 1:
            size = 4096
            content[at - at % size : at - at % size + size] = bytes(size)
        case 2:
            del content[at:]
        case _:
            content[at] ^= 1 << chance.randrange(8)
    return bytes(content)


def leaves_of(directory: Path) -> Leaves:
    with open_snapshot(directory) as db:
        return [leaf for chunk in store.read_leaves(db) for _, leaf in chunk]


def check_damage(evidence: Evidence, log: Path, rounds: int) -> None:
    """Damage the file; verifying, starting and reading either refuse it or find all as it was."""
    seed = random.SystemRandom().getrandbits(32)
    chance = random.Random(seed)  # noqa: S311 - which byte is no secret
    whole, leaves = (log / "ledger.db").read_bytes(), leaves_of(log)
    place = Place(log, evidence.place.keys, evidence.place.node)
    refused = 0
    for number in range(rounds):
        content = damaged(whole, chance)
        said = []
        for what in ("verify", "serve"):
            for file in log.glob("ledger.db*"):
                file.unlink()
            (log / "ledger.db").write_bytes(content)
            try:
                if what == "verify":
                    ours(log, evidence.vkey, evidence.witnessed)
                else:
                    SqliteLedger.open_for_serving(place, now_ms=lambda: 1, tuning=STOPS).close()
                assert leaves_of(log)[: len(leaves)] == leaves, f"seed {seed}, number {number}"
            except (RefusedError, LedgerError, LedgerUnavailable) as error:
                said.append(str(error))
        assert all(said)
        refused += bool(said)
    assert refused


STOPS = Tuning(on_fatal=lambda _: None)


def test_a_database_that_is_damaged_is_refused_or_holds_what_it_held(
    evidence: Evidence, log: Path
) -> None:
    check_damage(evidence, log, 60)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_thousands_of_damages_to_the_database_are_refused_or_change_nothing(
    evidence: Evidence, log: Path
) -> None:
    check_damage(evidence, log, 5_000)
