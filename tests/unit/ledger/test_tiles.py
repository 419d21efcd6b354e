"""The published files: whole, made of the leaves alone, and anything else in them is found."""

from __future__ import annotations

import shutil
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from gateway.domain.errors import LedgerUnavailable
from gateway.domain.merkle import leaf_hash
from gateway.domain.tiles import Tiles
from gateway.ledger import (
    Derived,
    LedgerDamaged,
    LedgerError,
    Place,
    SqliteLedger,
    VerificationError,
    read_ledger,
    store,
    verify,
)
from gateway.ledger.publickeys import read_vkey
from gateway.ledger.readonly import open_snapshot
from tests.fakes.ledger import admin

SIZE = 600


def _until(what: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def fill(place: Place, start: int, end: int) -> None:
    with SqliteLedger.open_for_serving(place, now_ms=lambda: 1) as ledger:
        calls = [
            threading.Thread(target=ledger.append_blocking, args=[admin(f"a{n}")])
            for n in range(start, end)
        ]
        for call in calls:
            call.start()
        for call in calls:
            call.join()


def files(place: Place) -> dict[str, bytes]:
    top = place.directory / "tile"
    return {
        path.relative_to(place.directory).as_posix(): path.read_bytes()
        for path in top.rglob("*")
        if path.is_file()
    }


def expected(place: Place) -> dict[str, bytes]:
    """The tiles of the log as it is in SQLite."""
    tiles = Tiles()
    with open_snapshot(place.directory) as db:
        leaves = [leaf for chunk in store.read_leaves(db) for _, leaf in chunk]
    full = tiles.extend(leaves, [leaf_hash(leaf) for leaf in leaves])
    return {tile.name.path: tile.content() for tile in [*full, *tiles.partial()]}


def check(place: Place) -> None:
    assert verify(place.directory, read_vkey(place.directory / "ledger.vkey")).tiles


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Place:
    root = tmp_path_factory.mktemp("tiles")
    place = Place(root / "ledger", root / "keys", "ward-1")
    fill(place, 0, SIZE)
    return place


@pytest.fixture
def copy(whole: Place, tmp_path: Path) -> Place:
    shutil.copytree(whole.directory, tmp_path / "ledger")
    return Place(tmp_path / "ledger", whole.keys, whole.node)


def test_a_log_has_its_tiles_and_nothing_beside_them(whole: Place) -> None:
    found = files(whole)
    assert expected(whole).items() <= found.items()
    assert set(found) - set(expected(whole)) <= {  # Partial tiles of earlier checkpoints.
        name
        for name in found
        if ".p/" in name and name.startswith(("tile/0/002.p", "tile/1", "tile/entries/002.p"))
    }
    assert not list((whole.directory / "tile").rglob(".*"))
    check(whole)


def test_bundles_are_as_private_as_the_database(whole: Place) -> None:
    mode = (whole.directory / "tile/entries/000").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_partial_tiles_go_when_the_full_one_is_there(tmp_path: Path) -> None:
    place = Place(tmp_path / "ledger", tmp_path / "keys", "ward-1")
    fill(place, 0, 10)
    assert (place.directory / "tile/entries/000.p/10").exists()
    fill(place, 10, 300)
    assert not (place.directory / "tile/entries/000.p").exists()
    assert not (place.directory / "tile/0/000.p").exists()
    check(place)


@pytest.mark.parametrize(
    "gone", ["tile", "tile/0/001", "tile/entries/000", "tile/1", "tile/0/002.p"]
)
def test_what_is_missing_is_found_and_written_again_at_the_next_start(
    copy: Place, gone: str
) -> None:
    path = copy.directory / gone
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
    if gone == "tile":
        key = read_vkey(copy.directory / "ledger.vkey")
        assert not verify(copy.directory, key).tiles
    else:
        with pytest.raises(VerificationError, match="is missing or torn: start the gateway"):
            check(copy)
    steps: list[tuple[int, int]] = []
    SqliteLedger.open_for_serving(
        copy, now_ms=lambda: 1, progress=lambda *step: steps.append(step)
    ).close()
    assert steps[-1] == (SIZE, SIZE)
    assert expected(copy).items() <= files(copy).items()
    check(copy)


@pytest.mark.parametrize("name", ["tile/0/000", "tile/entries/001", "tile/0/002.p/88"])
@pytest.mark.parametrize("left", [0, 1, 100])
@pytest.mark.parametrize("zeros", [0, 50])
def test_a_torn_file_is_written_again(copy: Place, name: str, left: int, zeros: int) -> None:
    path = copy.directory / name
    path.write_bytes(path.read_bytes()[:left] + bytes(zeros))
    with pytest.raises(VerificationError, match="missing or torn"):
        check(copy)
    SqliteLedger.open_for_serving(copy, now_ms=lambda: 1).close()
    check(copy)


@pytest.mark.parametrize(
    "name",
    [
        "tile/0/000",
        "tile/0/002.p/88",
        "tile/1/000.p/2",
        "tile/entries/001",
        "tile/entries/002.p/88",
    ],
)
def test_a_file_that_says_something_else_is_an_error_that_says_what_to_do(
    copy: Place, name: str
) -> None:
    path = copy.directory / name
    content = bytearray(path.read_bytes())
    content[40] ^= 1
    path.write_bytes(content)
    key = read_vkey(copy.directory / "ledger.vkey")
    with pytest.raises(VerificationError, match=f"{name} is not what the log says"):
        verify(copy.directory, key)
    assert not verify(copy.directory, key, derived=Derived(tiles=False)).tiles
    for _ in range(2):
        with pytest.raises(LedgerDamaged, match=f"{name} is not what the log says.*remove"):
            SqliteLedger.open_for_serving(copy, now_ms=lambda: 1)
    assert path.read_bytes() == content  # What somebody did stays there as evidence.
    path.unlink()
    SqliteLedger.open_for_serving(copy, now_ms=lambda: 1).close()
    check(copy)


def test_a_longer_file_is_not_a_torn_one(copy: Place) -> None:
    with (copy.directory / "tile/0/000").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(VerificationError, match="is not what the log says"):
        check(copy)


def test_tiles_of_more_records_than_the_log_has_are_found(copy: Place) -> None:
    shutil.copy(copy.directory / "tile/0/000", copy.directory / "tile/0/003")
    with pytest.raises(VerificationError, match="of a log of 1024 records, and this one has 600"):
        check(copy)
    with pytest.raises(LedgerDamaged, match="an older backup was restored"):
        SqliteLedger.open_for_serving(copy, now_ms=lambda: 1)


def test_no_tile_is_made_of_leaves_that_are_not_what_was_signed(copy: Place) -> None:
    shutil.rmtree(copy.directory / "tile")
    db = apsw.Connection(str(copy.directory / "ledger.db"))
    db.execute("UPDATE entries SET leaf = x'00' WHERE idx = 3")
    db.close()
    with pytest.raises(LedgerError):
        SqliteLedger.open_for_serving(copy, now_ms=lambda: 1)
    assert not (copy.directory / "tile").exists()


def test_leaves_that_change_right_after_their_commit_are_not_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.ledger.publisher.PUBLISH_SECONDS", 2.0)
    place = Place(tmp_path / "ledger", tmp_path / "keys", "ward-1")
    with SqliteLedger.open_for_serving(place, now_ms=lambda: 1) as ledger:
        # The empty log is published at once, the record two seconds later.
        _until((place.directory / "checkpoint").exists)
        ledger.append_blocking(admin("a"))
        db = apsw.Connection(str(place.directory / "ledger.db"))
        db.execute("UPDATE entries SET leaf = CAST(leaf || x'0a' AS BLOB)")
        db.close()
        _until(lambda: not ledger.ready())
        with pytest.raises(LedgerUnavailable):  # Nobody builds on it.
            ledger.append_blocking(admin("b"))
    assert b"\n0\n" in (place.directory / "checkpoint").read_bytes()


def test_a_recording_beside_or_without_a_gateway_publishes_too(tmp_path: Path) -> None:
    place = Place(tmp_path / "ledger", tmp_path / "keys", "ward-1")
    with SqliteLedger.open_for_recording(place) as alone:
        alone.append_blocking(admin("first"))
    check(place)
    assert expected(place) == files(place)
    with SqliteLedger.open_for_serving(place, now_ms=lambda: 1) as gateway:
        for n in range(5):
            gateway.append_blocking(admin(f"a{n}"))
            with SqliteLedger.open_for_recording(place) as beside:
                beside.append_blocking(admin(f"b{n}"))
    check(place)
    assert b"\n11\n" in (place.directory / "checkpoint").read_bytes()


def test_a_recording_on_a_log_without_its_tiles_leaves_them_to_the_gateway(copy: Place) -> None:
    before = (copy.directory / "checkpoint").read_bytes()
    shutil.rmtree(copy.directory / "tile")
    with SqliteLedger.open_for_recording(copy) as beside:
        beside.append_blocking(admin("b"))
    assert (copy.directory / "checkpoint").read_bytes() == before
    SqliteLedger.open_for_serving(copy, now_ms=lambda: 1).close()
    check(copy)


def test_what_a_killed_process_was_writing_is_cleared_at_the_next_start(copy: Place) -> None:
    aside = copy.directory / "tile/0/.003.0123456789abcdef"
    aside.write_bytes(b"half")
    check(copy)
    SqliteLedger.open_for_serving(copy, now_ms=lambda: 1).close()
    assert not aside.exists()


@pytest.mark.parametrize("damage", ["none", "gone", "forged", "torn", "unpublished"])
def test_a_proof_holds_whatever_the_tiles_are(copy: Place, damage: str) -> None:
    """Tiles only make it fast: what they say is believed if it leads to the signed root."""
    top = copy.directory / "tile"
    match damage:
        case "gone":
            shutil.rmtree(top)
        case "forged":
            (top / "0/000").write_bytes(bytes(8192))
            (top / "1/000.p/2").write_bytes(bytes(64))
        case "torn":
            (top / "0/001").write_bytes(b"x")
        case "unpublished":
            shutil.rmtree(top / "0/002.p")
            shutil.rmtree(top / "1")
        case _:
            pass
    with read_ledger(copy.directory) as reader:
        for index in (0, 1, 255, 256, 511, 512, SIZE - 1):
            logged = reader.at(index)
            assert logged is not None
            assert reader.prove(logged).index == index


def test_a_proof_reads_few_files_and_few_leaves(
    whole: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    real = store.read_span

    def counting(db: apsw.Connection, start: int, end: int) -> list[bytes]:
        read.append(end - start)
        return real(db, start, end)

    monkeypatch.setattr(store, "read_span", counting)
    with read_ledger(whole.directory) as reader:
        logged = reader.at(300)
        assert logged is not None
        reader.prove(logged)
    assert read == []
