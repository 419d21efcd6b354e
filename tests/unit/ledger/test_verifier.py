"""Every way to quietly change the log is found, and the first thing wrong is named."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import apsw
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.domain.canonical import encode
from gateway.domain.merkle import Frontier, leaf_hash
from gateway.domain.notes import VerifierKey
from gateway.domain.records import Outcome, Record, Status
from gateway.ledger import (
    Derived,
    LedgerError,
    Place,
    SqliteLedger,
    VerificationError,
    read_ledger,
    readonly,
    verify,
)
from gateway.ledger.keys import SigningKey, load_key
from gateway.ledger.publickeys import read_vkey
from tests.fakes.ledger import admin, intent, outcome, photograph, refusal

SIZE = 12


def records() -> Iterator[Record]:
    yield admin("a0")
    for n in range(4):
        yield intent(f"x{n}")
        yield outcome(f"x{n}")
    yield refusal("r0")
    yield intent("open")
    yield admin("a1")


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


def key_of(place: Place) -> VerifierKey:
    return read_vkey(place.directory / "ledger.vkey")


def change(place: Place, *statements: str | tuple[str, tuple[object, ...]]) -> None:
    db = apsw.Connection(str(place.directory / "ledger.db"))
    with db:
        for statement in statements:
            if isinstance(statement, str):
                db.execute(statement)
            else:
                db.execute(statement[0], statement[1])  # type: ignore[arg-type]
    db.close()


def found(place: Place, match: str, **more: bytes) -> VerificationError:
    with pytest.raises(VerificationError, match=match) as error:
        verify(place.directory, key_of(place), **more)  # type: ignore[arg-type]
    return error.value


def resign(place: Place, key: SigningKey, leaves: list[bytes]) -> None:
    """Write a log of these leaves with a proper head, as whoever has the key can."""
    frontier = Frontier()
    frontier.extend([leaf_hash(leaf) for leaf in leaves])
    root = frontier.root()
    change(
        place,
        "DELETE FROM entries",
        "DELETE FROM checkpoints",
        *(
            ("INSERT INTO entries VALUES (?, ?)", (index, leaf))
            for index, leaf in enumerate(leaves)
        ),
        (
            "UPDATE head SET size = ?, frontier = ?, root = ?, checkpoint = ?",
            (len(leaves), frontier.to_bytes(), root, key.checkpoint(len(leaves), root)),
        ),
    )
    (place.directory / "checkpoint").unlink(missing_ok=True)


def test_a_whole_log_is_reported_with_its_numbers(whole: Place) -> None:
    report = verify(whole.directory, key_of(whole))
    assert (report.size, report.open, report.lost) == (SIZE, 1, 0)
    found = {kind: count for kind, count in report.counts.items() if count}
    assert found == {"intent": 5, "outcome": 4, "refusal": 1, "admin": 2}
    assert report.published == SIZE
    assert report.history >= 2
    assert report.older is None


def test_progress_ends_at_the_size_of_the_log(whole: Place) -> None:
    seen: list[tuple[int, int]] = []
    verify(whole.directory, key_of(whole), progress=lambda *step: seen.append(step))
    assert seen[-1] == (SIZE, SIZE)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=60,
)
@given(data=st.data())
def test_any_changed_byte_of_any_leaf_is_found(
    whole: Place, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    root = tmp_path_factory.mktemp("flip")
    shutil.copytree(whole.directory, root / "ledger")
    place = Place(root / "ledger", whole.keys, whole.node)
    index = data.draw(st.integers(0, SIZE - 1))
    with read_ledger(place.directory) as reader:
        leaf = bytearray(reader.at(index).leaf)  # type: ignore[union-attr]
    at = data.draw(st.integers(0, len(leaf) - 1))
    leaf[at] ^= data.draw(st.integers(1, 255))
    change(place, ("UPDATE entries SET leaf = ? WHERE idx = ?", (bytes(leaf), index)))
    found(place, r".")
    with pytest.raises(LedgerError):
        SqliteLedger.open_for_serving(place, now_ms=lambda: 1)


@pytest.mark.parametrize(
    ("statements", "match"),
    [
        (["DELETE FROM entries WHERE idx = 5"], "record 5: it is missing"),
        (["DELETE FROM entries WHERE idx = 0"], "record 0: it is missing"),
        (["DELETE FROM entries WHERE idx = 11"], "record 11: it is missing"),
        (["DELETE FROM entries WHERE idx > 3"], "record 4: it is missing"),
        (["DELETE FROM entries"], "record 0: it is missing"),
        (["INSERT INTO entries SELECT 12, leaf FROM entries WHERE idx = 0"], "record 12: it is no"),
        (["INSERT INTO entries SELECT -1, leaf FROM entries WHERE idx = 0"], "record 0"),
        (["INSERT INTO entries SELECT 99, leaf FROM entries WHERE idx = 0"], "not covered"),
        (
            [
                "UPDATE entries SET idx = 99 WHERE idx = 0",
                "UPDATE entries SET idx = 0 WHERE idx = 11",
                "UPDATE entries SET idx = 11 WHERE idx = 99",
            ],
            "another root",
        ),
        (["UPDATE entries SET leaf = (SELECT leaf FROM entries WHERE idx = 1) WHERE idx = 3"], "."),
        (["DELETE FROM head"], "does not have one signed head"),
        (["UPDATE head SET size = 11"], "not what was signed"),
        (["UPDATE head SET root = zeroblob(32)"], "not what was signed"),
        (["UPDATE head SET frontier = zeroblob(64)"], "not what was signed"),
        (["UPDATE head SET frontier = x''"], "not what was signed"),
        (
            ["UPDATE head SET checkpoint = (SELECT checkpoint FROM checkpoints WHERE size = 0)"],
            "not what was signed",
        ),
        (["UPDATE head SET checkpoint = x'00'"], "not what was signed"),
        (["UPDATE checkpoints SET size = 7 WHERE size = 0"], "of another log"),
        (["UPDATE checkpoints SET checkpoint = x'00' WHERE size = 0"], "kept checkpoint of size 0"),
        (
            ["INSERT INTO checkpoints SELECT 500, checkpoint FROM head"],
            "kept checkpoint of size 500",
        ),
        (["UPDATE facts SET actor = 'somebody' WHERE idx = 4"], "record 4: the search index"),
        (["DELETE FROM facts WHERE idx = 4"], "record 4: the search index"),
        (["INSERT INTO facts SELECT 12, kind, 'y', 1, '', '', '', '', '' FROM facts"], "."),
        (["DELETE FROM open_exchanges"], "open exchanges"),
        (["INSERT INTO open_exchanges VALUES ('x1', 3)"], "open exchanges"),
        (["DROP TABLE entries"], "cannot be read"),
    ],
)
def test_a_changed_database_is_found(copy: Place, statements: list[str], match: str) -> None:
    if "SELECT 12, kind" in statements[0]:
        statements = [statements[0] + " WHERE idx = 0"]
    change(copy, *statements)
    found(copy, match)


@pytest.mark.parametrize(
    "changed",
    [
        "actor = CAST(actor AS BLOB)",
        "time = CAST(time AS BLOB)",
        "kind = CAST(kind AS BLOB)",
        "actor = actor || char(31) || action, action = NULL",
        "model = NULL, purpose = purpose || char(31) || coalesce(model, '')",
        "code = ''",
        "kind = NULL, exchange = kind || char(31) || exchange",
        "exchange = NULL, kind = kind || char(31) || exchange",
        "time = NULL, exchange = exchange || char(31) || time",
        "idx = idx - 1",
        "idx = idx + 0.5",
    ],
)
def test_a_row_that_only_looks_like_what_the_leaf_says_is_found(copy: Place, changed: str) -> None:
    # Without STRICT, a column takes what a search would not find by it.
    change(
        copy,
        "CREATE TABLE loose AS SELECT * FROM facts",
        "DROP TABLE facts",
        "ALTER TABLE loose RENAME TO facts",
        f"UPDATE facts SET {changed} "  # noqa: S608 - what this test changes
        "WHERE idx = (SELECT min(idx) FROM facts WHERE kind = 'intent')",
    )
    found(copy, "the search index is not")


@pytest.mark.parametrize(
    ("name", "on", "without"),
    [
        ("facts_by_actor", "facts (actor)", "actor <> 'key-4f2a91c0'"),
        ("facts_by_exchange", "facts (exchange)", "exchange <> 'x1'"),
        ("facts_by_time", "facts (time)", "idx <> 3"),
    ],
)
def test_a_record_that_only_the_indexes_of_sqlite_hide_from_a_search_is_found(
    copy: Place, name: str, on: str, without: str
) -> None:
    database = str(copy.directory / "ledger.db")

    def declared_as(sql: str) -> None:
        db = apsw.Connection(database)
        db.pragma("writable_schema", 1)
        db.execute("UPDATE sqlite_schema SET sql = ? WHERE name = ?", (sql, name))
        db.close()

    # Made without some rows, and then said to be made of all of them.
    declared_as(f"CREATE INDEX {name} ON {on} WHERE {without}")
    change(copy, "REINDEX")
    declared_as(f"CREATE INDEX {name} ON {on}")
    found(copy, "SQLite's own indexes are not")


def test_a_log_cut_back_to_an_older_state_contradicts_its_published_checkpoint(
    whole: Place, tmp_path: Path
) -> None:
    place = Place(tmp_path / "ledger", whole.keys, whole.node)
    with SqliteLedger.open_for_serving(place, now_ms=lambda: 1) as ledger:
        ledger.append_blocking(admin("a0"))
    earlier = tmp_path / "earlier"
    shutil.copytree(place.directory, earlier)
    with SqliteLedger.open_for_serving(place, now_ms=lambda: 1) as ledger:
        ledger.append_blocking(admin("a1"))
    with read_ledger(place.directory) as reader:
        saved = reader.signed_checkpoint
    shutil.copy(earlier / "ledger.db", place.directory / "ledger.db")
    found(place, "published checkpoint proves 2 records, and the log has 1")
    with pytest.raises(LedgerError, match="proves that it had 2"):
        SqliteLedger.open_for_serving(place, now_ms=lambda: 1)
    # The tiles are not signed, and yet whoever puts the log back has to think of them too.
    shutil.copy(earlier / "checkpoint", place.directory / "checkpoint")
    found(place, r"tile/entries/000.p/2 is of a log of 2 records, and this one has 1")
    with pytest.raises(LedgerError, match="records were removed from its end"):
        SqliteLedger.open_for_serving(place, now_ms=lambda: 1)
    # The whole directory put back: every signature in it is true, and only the outside knows.
    shutil.rmtree(place.directory / "tile")
    assert verify(place.directory, key_of(place)).size == 1
    found(place, "older checkpoint proves 2 records", older=saved)


def cut_back(place: Place, size: int, checkpoint: bytes) -> None:
    """Do what anyone who may write to the directory can do: no key is needed."""
    with read_ledger(place.directory) as reader:
        leaves = [reader.at(index).leaf for index in range(size)]  # type: ignore[union-attr]
    frontier = Frontier()
    frontier.extend([leaf_hash(leaf) for leaf in leaves])
    change(
        place,
        *(
            (f"DELETE FROM {table} WHERE {column} >= ?", (limit,))  # noqa: S608
            for table, column, limit in (
                ("entries", "idx", size),
                ("facts", "idx", size),
                ("open_exchanges", "idx", size),
                ("checkpoints", "size", size + 1),
            )
        ),
        (
            "UPDATE head SET size = ?, frontier = ?, root = ?, checkpoint = ?",
            (size, frontier.to_bytes(), frontier.root(), checkpoint),
        ),
    )


def test_a_log_cut_back_to_a_kept_checkpoint_contradicts_what_was_published_or_saved(
    whole: Place, tmp_path: Path
) -> None:
    place = Place(tmp_path / "ledger", whole.keys, whole.node)
    with SqliteLedger.open_for_serving(place, now_ms=lambda: 1) as ledger:
        ledger.append_blocking(admin("a0"))
    with read_ledger(place.directory) as reader:
        kept = reader.signed_checkpoint
    with SqliteLedger.open_for_serving(place, now_ms=lambda: 1) as ledger:
        ledger.append_blocking(admin("a1"))
    with read_ledger(place.directory) as reader:
        saved = reader.signed_checkpoint
    cut_back(place, 1, kept)
    found(place, "published checkpoint proves 2 records")
    (place.directory / "checkpoint").unlink()
    found(place, "of a log of 2 records, and this one has 1")
    shutil.rmtree(place.directory / "tile")
    assert verify(place.directory, key_of(place)).size == 1  # Only the outside knows better.
    found(place, "older checkpoint proves 2 records", older=saved)


def test_a_log_that_continues_a_saved_checkpoint_is_whole(whole: Place) -> None:
    with read_ledger(whole.directory) as reader:
        saved = reader.signed_checkpoint
    assert verify(whole.directory, key_of(whole), saved).older == SIZE


def test_a_log_rewritten_with_the_key_contradicts_a_saved_checkpoint(copy: Place) -> None:
    with read_ledger(copy.directory) as reader:
        saved = reader.signed_checkpoint
    leaves = [encode(record) for record in records()]
    leaves[0] = encode(admin("another"))
    resign(copy, load_key(copy.keys, copy.node), [*leaves, encode(admin("more"))])
    found(copy, "older checkpoint of size 12 has another root", older=saved)


@pytest.mark.parametrize(
    ("history", "match"),
    [
        ([outcome("x")], "record 0: an outcome without an open intent"),
        ([intent("x"), outcome("x"), outcome("x")], "record 2: an outcome without an open intent"),
        ([intent("x"), intent("x")], "record 1: its exchange has an intent"),
        ([intent("x"), outcome("x"), intent("x")], "record 2: its exchange has an intent"),
        ([intent("x"), refusal("x")], "record 1: its exchange has an intent"),
        ([refusal("x"), intent("x"), outcome("x")], "record 1: its exchange has an intent"),
        ([refusal("x"), refusal("x")], "record 1: its exchange has an intent"),
        ([refusal("x"), outcome("x")], "record 1: an outcome without an open intent"),
    ],
)
def test_an_impossible_exchange_is_found_though_properly_signed(
    copy: Place, history: list[Record], match: str
) -> None:
    resign(copy, load_key(copy.keys, copy.node), [encode(record) for record in history])
    with pytest.raises(VerificationError, match=match):
        verify(copy.directory, key_of(copy), derived=Derived(index=False))


@pytest.mark.parametrize(
    "leaf", [b"", b"{}", encode(admin("a")) + b" ", encode(admin("a")).replace(b":1}", b":2}")]
)
def test_a_leaf_that_is_not_canonical_is_found_though_properly_signed(
    copy: Place, leaf: bytes
) -> None:
    resign(copy, load_key(copy.keys, copy.node), [encode(admin("b")), leaf])
    found(copy, "record 1: a leaf")


def test_lost_outcomes_are_counted(copy: Place) -> None:
    with SqliteLedger.open_for_serving(copy, now_ms=lambda: 7) as ledger:
        assert ledger.lost == 1
    report = verify(copy.directory, key_of(copy))
    assert (report.open, report.lost, report.size) == (0, 1, SIZE + 1)
    with read_ledger(copy.directory) as reader:
        assert reader.exchange("open")[1].record == Outcome("open", 7, Status.LOST)


def test_another_key_does_not_verify_this_log(copy: Place) -> None:
    other = SigningKey("intramural/ward-1", bytes(32)).vkey
    with pytest.raises(VerificationError, match="no signature by intramural/ward-1"):
        verify(copy.directory, other)


def forge(raw: bytes) -> bytes:
    """Return the note with another signature under the same name and key id."""
    text, line = raw.split(b"\n\n")
    return text + b"\n\n" + line[:40] + (b"AAAA" if line[40:44] != b"AAAA" else b"BBBB") + line[44:]


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (forge, "file checkpoint: the signature by intramural/ward-1 is wrong"),
        (lambda _: b"", "file checkpoint"),
        (lambda _: b"\xff", "file checkpoint"),
        (lambda raw: raw.replace(b"\n12\n", b"\n11\n"), "file checkpoint: the signature"),
        (lambda raw: raw.replace(b"ward-1", b"ward-2"), "file checkpoint: there is no signature"),
    ],
)
def test_a_forged_checkpoint_file_is_found(
    copy: Place, content: Callable[[bytes], bytes], match: str
) -> None:
    path = copy.directory / "checkpoint"
    path.write_bytes(content(path.read_bytes()))
    found(copy, match)
    with pytest.raises(LedgerError):
        SqliteLedger.open_for_serving(copy, now_ms=lambda: 1)


def test_a_checkpoint_of_a_fork_is_found(copy: Place) -> None:
    key = load_key(copy.keys, copy.node)
    (copy.directory / "checkpoint").write_bytes(key.checkpoint(3, bytes(32)))
    found(copy, "published checkpoint of size 3 has another root")
    with pytest.raises(LedgerError, match="before number 3"):
        SqliteLedger.open_for_serving(copy, now_ms=lambda: 1)


def test_the_log_can_be_verified_while_it_grows(copy: Place) -> None:
    with SqliteLedger.open_for_serving(copy, now_ms=lambda: 1) as ledger:
        for n in range(40):
            ledger.append_blocking(admin(f"more-{n}"))
            assert verify(copy.directory, key_of(copy)).size == SIZE + 2 + n


@pytest.mark.parametrize("busy", [False, True], ids=["closed", "in use"])
def test_a_read_only_copy_can_be_verified(copy: Place, tmp_path: Path, *, busy: bool) -> None:
    archive = tmp_path / "archive"
    with SqliteLedger.open_for_serving(copy, now_ms=lambda: 1) as ledger:
        ledger.append_blocking(admin("more"))
        if busy:
            photograph(copy.directory, archive)
            (archive / "ledger.db-shm").unlink()
    if not busy:
        shutil.copytree(copy.directory, archive)
    before = sorted(path.name for path in archive.iterdir())
    for path in archive.iterdir():
        path.chmod(stat.S_IRUSR)
    archive.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        assert verify(archive, key_of(copy)).size == SIZE + 2
        if os.geteuid() != 0:
            assert sorted(path.name for path in archive.iterdir()) == before
    finally:
        archive.chmod(stat.S_IRWXU)


@pytest.mark.parametrize("busy", [False, True], ids=["closed", "in use"])
def test_where_sqlite_cannot_lock_every_record_is_read_all_the_same(
    copy: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, busy: bool
) -> None:
    """What read-only media do to a user that is not root, as the tests may be."""
    archive, opened = tmp_path / "archive", []
    with SqliteLedger.open_for_serving(copy, now_ms=lambda: 1) as ledger:
        ledger.append_blocking(admin("more"))
        if busy:
            photograph(copy.directory, archive)
    if not busy:
        shutil.copytree(copy.directory, archive)
    connect = readonly._connect

    def only_elsewhere(uri: str) -> apsw.Connection:
        opened.append(uri)
        if str(archive) in uri and "immutable" not in uri:
            raise apsw.CantOpenError
        return connect(uri)

    monkeypatch.setattr(readonly, "_connect", only_elsewhere)
    assert verify(archive, key_of(copy)).size == SIZE + 2
    assert ("immutable" in opened[-1]) is not busy


def test_where_there_is_no_log_there_is_nothing_to_verify(tmp_path: Path, whole: Place) -> None:
    with pytest.raises(LedgerError, match="there is no log"):
        verify(tmp_path, key_of(whole))
    (tmp_path / "ledger.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(LedgerError, match="not a database"):
        verify(tmp_path, key_of(whole))
