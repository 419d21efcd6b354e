"""Two verifiers that share no code refuse the same logs: ours, and the one in Go."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import apsw
import pytest

from gateway.domain.merkle import leaf_hash
from gateway.domain.notes import Note, parse_note
from gateway.domain.records import AdminAct
from gateway.domain.tiles import Tile, TileName, Tiles
from gateway.ledger import Place, SqliteLedger
from gateway.ledger.keys import SigningKey, origin_of
from gateway.ledger.rotation import add_key, end_key
from gateway.ledger.signatures import new_signer
from tests.fakes.ledger import admin
from tests.fakes.verifiers import RefusedError, Verifier, build, needs_go, ours, theirs

SIZE = 700


@pytest.fixture(scope="module", params=["ours", pytest.param("go", marks=needs_go)])
def verifier(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Verifier:
    return ours if request.param == "ours" else theirs(build(tmp_path_factory.mktemp("go")))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Place:
    root = tmp_path_factory.mktemp("log")
    place = Place(root / "ledger", root / "keys", "ward-1")
    for start in range(0, SIZE, 100):  # Partial tiles of several sizes are published.
        with SqliteLedger.open_for_serving(place, now_ms=lambda: 1) as ledger:
            for n in range(start, start + 100):
                ledger.append_blocking(admin(f"a{n}"))
    return place


@pytest.fixture
def log(whole: Place, tmp_path: Path) -> Path:
    return shutil.copytree(whole.directory, tmp_path / "ledger")


def flip(path: Path, at: int = 9) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def test_a_log_of_ours_is_whole(log: Path, verifier: Verifier) -> None:
    verifier(log, log / "ledger.vkey", None)


def test_a_log_whose_key_is_replaced_is_whole_all_the_way(
    whole: Place, tmp_path: Path, verifier: Verifier
) -> None:
    root = shutil.copytree(whole.directory.parent, tmp_path / "log")
    place = Place(root / "ledger", root / "keys", whole.node)
    vkey, first = place.directory / "ledger.vkey", root / "first.vkey"
    shutil.copy(vkey, first)

    def record(act: AdminAct, _: str) -> None:
        with SqliteLedger.open_for_recording(place) as ledger:
            ledger.append_blocking(admin(f"rotation-{act}"))

    new = add_key(place, record)
    record(AdminAct.KEY_CREATED, "")
    second = root / "second.vkey"
    second.write_text(f"{new.encode()}\n", encoding="utf-8")
    for either in (vkey, first, second):
        verifier(place.directory, either)
    end_key(place, record)
    record(AdminAct.KEY_REVOKED, "")
    verifier(place.directory, vkey)
    with pytest.raises(RefusedError):
        verifier(place.directory, first)


def test_more_signatures_under_the_checkpoint_disturb_nobody(
    whole: Place, log: Path, verifier: Verifier
) -> None:
    witness, second = new_signer("witness.example/w", 4), new_signer(origin_of(whole.node), 6)
    note = parse_note((log / "checkpoint").read_bytes())
    lines = (witness.line(note.text, 1), second.line(note.text, 1))
    (log / "checkpoint").write_bytes(Note(note.text, (*note.signatures, *lines)).encode())
    verifier(log, log / "ledger.vkey")


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257])
def test_a_log_of_any_size_is_whole(tmp_path: Path, verifier: Verifier, size: int) -> None:
    place = Place(tmp_path / "ledger", tmp_path / "keys", "ward-1")
    with SqliteLedger.open_for_serving(place, now_ms=lambda: 1) as ledger:
        for n in range(size):
            ledger.append_blocking(admin(f"a{n}"))
    verifier(place.directory, place.directory / "ledger.vkey", None)


@pytest.mark.parametrize(
    "name",
    [
        "tile/entries/000",
        "tile/entries/001",
        "tile/entries/002.p/188",
        "tile/0/000",
        "tile/0/002.p/188",
        "tile/1/000.p/2",
        "checkpoint",
    ],
)
def test_a_flipped_bit_is_found(log: Path, verifier: Verifier, name: str) -> None:
    flip(log / name)
    with pytest.raises(RefusedError):
        verifier(log, log / "ledger.vkey", None)


def test_a_flipped_length_is_found(log: Path, verifier: Verifier) -> None:
    flip(log / "tile/entries/001", 0)
    with pytest.raises(RefusedError):
        verifier(log, log / "ledger.vkey", None)


@pytest.mark.parametrize("name", ["tile/entries/000", "tile/entries/002.p/188", "tile/0/001"])
@pytest.mark.parametrize("cut", [1, 100, 10_000_000])
def test_a_truncated_file_is_found(log: Path, verifier: Verifier, name: str, cut: int) -> None:
    content = (log / name).read_bytes()
    (log / name).write_bytes(content[: max(0, len(content) - cut)])
    with pytest.raises(RefusedError):
        verifier(log, log / "ledger.vkey", None)


@pytest.mark.parametrize("name", ["tile/entries/000", "tile/0/001", "tile/1/000.p/2"])
def test_bytes_after_the_end_are_found(log: Path, verifier: Verifier, name: str) -> None:
    with (log / name).open("ab") as file:
        file.write(b"\0\0")
    with pytest.raises(RefusedError):
        verifier(log, log / "ledger.vkey", None)


@pytest.mark.parametrize("name", ["tile/entries/001", "tile/0/001", "checkpoint"])
def test_a_file_that_is_gone_is_found(log: Path, verifier: Verifier, name: str) -> None:
    (log / name).unlink()
    if name == "checkpoint":  # Ours has it from the database.
        shutil.rmtree(log / "tile")
        (log / "ledger.db").unlink()
    with pytest.raises(RefusedError):
        verifier(log, log / "ledger.vkey", None)


@pytest.mark.parametrize("number", [0, 300, SIZE - 1])
def test_a_forged_entry_with_forged_tiles_is_found(
    log: Path, verifier: Verifier, number: int
) -> None:
    """Every bundle and tile agrees with every other; only the signed root does not."""
    db = apsw.Connection(str(log / "ledger.db"))
    forged = db.execute("SELECT leaf FROM entries WHERE idx = ?", (number,)).get.replace(
        b"key:1", b"key:2"
    )
    db.execute("UPDATE entries SET leaf = ? WHERE idx = ?", (forged[:-1] + b" }", number))
    leaves = [leaf for (leaf,) in db.execute("SELECT leaf FROM entries ORDER BY idx")]
    db.close()
    write(log, leaves)
    with pytest.raises(RefusedError):
        verifier(log, log / "ledger.vkey", None)


def test_a_forged_level_0_tile_under_true_upper_tiles_is_found(
    log: Path, verifier: Verifier
) -> None:
    """What Go's own reader of tiles accepted before 0.40: the entry and its leaf tile forged."""
    bundle = (log / "tile/entries/001").read_bytes()
    length = int.from_bytes(bundle[:2], "big")
    entry = bundle[2 : 2 + length].replace(b"a", b"b", 1)
    (log / "tile/entries/001").write_bytes(bundle[:2] + entry + bundle[2 + length :])
    tile = (log / "tile/0/001").read_bytes()
    (log / "tile/0/001").write_bytes(leaf_hash(entry) + tile[32:])
    with pytest.raises(RefusedError):
        verifier(log, log / "ledger.vkey", None)


def test_a_log_that_another_key_signed_is_refused(
    log: Path, tmp_path: Path, verifier: Verifier
) -> None:
    for name in (origin_of("ward-1"), origin_of("ward-2")):
        other = SigningKey(name, bytes(32))
        (tmp_path / "other.vkey").write_text(other.vkey.encode() + "\n")
        with pytest.raises(RefusedError):
            verifier(log, tmp_path / "other.vkey", None)


def test_a_partial_tile_may_be_gone_when_the_full_one_is_there(
    whole: Place, tmp_path: Path, verifier: Verifier
) -> None:
    """The checkpoint of an earlier size is still served by the full tile (tlog-tiles, partial)."""
    place = Place(tmp_path / "ledger", whole.keys, whole.node)
    shutil.copytree(whole.directory, place.directory)
    with SqliteLedger.open_for_serving(place, now_ms=lambda: 1) as ledger:
        older = (place.directory / "checkpoint").read_bytes()
        for n in range(100):
            ledger.append_blocking(admin(f"more{n}"))
    assert not (place.directory / "tile/0/002.p").exists()
    (place.directory / "checkpoint").write_bytes(older)
    verifier(place.directory, place.directory / "ledger.vkey", None)


def write(log: Path, leaves: list[bytes]) -> None:
    shutil.rmtree(log / "tile")
    tiles = Tiles()
    full = tiles.extend(leaves, [leaf_hash(leaf) for leaf in leaves])
    for tile in [*full, *tiles.partial()]:
        put(log, tile)
        if tile.name.width < 256:
            continue
        put(log, Tile(TileName(tile.name.level, tile.name.index, 255), tile.parts[:255]))


def put(log: Path, tile: Tile) -> None:
    path = log / tile.name.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(tile.content())


@needs_go
def test_go_takes_the_hashes_of_what_was_dropped_and_no_others(tmp_path: Path) -> None:
    from tests.unit.ledger.test_retention import NOW, Recorder, quarter, retention, write_log

    place = write_log(tmp_path, iter([*quarter("2020Q1", 300), *quarter("2026Q3", 100)]))
    retention(place).drop(Recorder(place))
    go = build(tmp_path)
    with SqliteLedger.open_for_serving(place, now_ms=lambda: NOW):
        pass  # Publishes the newest head.

    def said(*dropped: str) -> str:
        vkey = place.directory / "ledger.vkey"
        ended = subprocess.run(
            [go, *dropped, place.directory, vkey], check=False, capture_output=True, text=True
        )
        return ended.stdout + ended.stderr

    assert said("-dropped", "512").endswith(": whole\n")
    assert "no such file" in said()
    assert "usage" in said("-dropped", "100")
    assert "more were dropped" in said("-dropped", "102400")
    tile = place.directory / "tile" / "0" / "001"
    content = bytearray(tile.read_bytes())
    content[40] ^= 1
    tile.write_bytes(content)
    assert "do not have the root" in said("-dropped", "512")
