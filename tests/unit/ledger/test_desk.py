"""A page of an auditor's answer: what canonical leaves say, and nothing of any other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import apsw
import msgspec
import pytest

from gateway.domain.questions import ask
from gateway.domain.records import Alert, Intent, Outcome, Record, Review, ReviewState
from gateway.ledger import Place, VerificationError, store
from gateway.ledger.desk import Desk, as_lines
from gateway.ledger.notes import Notes
from gateway.ledger.query import read_ledger
from gateway.ledger.search.postings import BLOCK
from gateway.ledger.shown import record_as_json
from tests.fakes.logs import append_all, some_records
from tests.unit.ledger.test_search import gather

COUNT = 2 * BLOCK + 300
RECORDS = some_records(11, COUNT)
EVERYTHING = ask([], 0)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    root = tmp_path_factory.mktemp("log")
    place = Place(root / "ledger", root / "keys", "ward-1")
    append_all(place, RECORDS)
    for blocks in range(3):
        gather(place, root / f"search-{blocks}.db", blocks)
    return place


@pytest.fixture(params=[0, 1, 2], ids=lambda blocks: f"{blocks} blocks indexed")
def desk(place: Place, tmp_path: Path, request: pytest.FixtureRequest) -> Desk:
    index = place.directory.parent / f"search-{request.param}.db"
    return Desk(place.directory, index, Notes(tmp_path / "notes.db", tmp_path / "notes.key"))


def reviews(records: Sequence[Record]) -> dict[int, ReviewState]:
    said: dict[int, ReviewState] = {}
    for index, record in enumerate(records):
        if isinstance(record, Alert):
            said.setdefault(index, ReviewState.OPEN)
        elif isinstance(record, Review) and record.state is not None:
            said[record.record] = record.state
    return said


@contextmanager
def spoilt(desk: Desk, leaves: dict[int, bytes | None]) -> Iterator[None]:
    """Change leaves as somebody might who has the file; `None` takes the row."""
    good = {index: leaf_of(desk, index) for index in leaves}
    put(desk, leaves)
    try:
        yield
    finally:
        put(desk, good)


def put(desk: Desk, leaves: Mapping[int, bytes | None]) -> None:
    with apsw.Connection(str(desk.log / store.DATABASE)) as db:
        for index, leaf in leaves.items():
            db.execute("DELETE FROM entries WHERE idx = ?", (index,))
            if leaf is not None:
                db.execute("INSERT INTO entries VALUES (?, ?)", (index, leaf))


def leaf_of(desk: Desk, index: int) -> bytes:
    with apsw.Connection(str(desk.log / store.DATABASE)) as db:
        return bytes(db.execute("SELECT leaf FROM entries WHERE idx = ?", (index,)).get)


def test_what_is_spliced_is_what_reading_and_writing_each_leaf_again_would_give(
    desk: Desk,
) -> None:
    states = reviews(RECORDS)
    with read_ledger(desk.log) as reader:
        whole = [
            msgspec.json.encode(
                record_as_json(logged)
                | ({"review": states[logged.index].value} if logged.index in states else {})
            )
            for logged in reader.walk()
        ]
    pages = list(desk.pages(EVERYTHING, None))
    assert [line for page in pages for line in page.records] == whole[::-1]
    assert b"".join(map(as_lines, pages)) == b"".join(line + b"\n" for line in whole[::-1])


@pytest.mark.parametrize("asked", [[], ["kind=intent", "kind=outcome"], ["since=1970-01-01"]])
@pytest.mark.parametrize(
    "spoil",
    [
        lambda leaf: leaf.replace(b'":', b'": ', 1),
        lambda leaf: leaf + b"\n",
        lambda leaf: leaf[:-1] + b',"zeal":1}',
        lambda leaf: b"\x00" + leaf,
        lambda leaf: leaf.replace(b'"v":', b'"v":1', 1),
        lambda _: b"{}",
        lambda _: b"",
        lambda _: None,
    ],
    ids=["a blank", "a line", "a field", "a zero", "a version", "no record", "nothing", "no row"],
)
def test_a_leaf_that_is_not_canonical_is_refused_by_its_index_when_it_is_reached(
    desk: Desk, asked: list[str], spoil: Callable[[bytes], bytes | None]
) -> None:
    question = ask(asked, 0)
    for place in (COUNT - 40, BLOCK + 7, 5):
        index = next(
            each
            for each in range(place, COUNT)
            if leaf_of(desk, each).find(b'"kind":"intent"') >= 0
        )
        with spoilt(desk, {index: spoil(leaf_of(desk, index))}):
            # Those above it are as good as ever, and say that there is more.
            above = desk.page(EVERYTHING, 5, index + 6)
            assert (len(above.records), above.next) == (5, index + 1)
            with pytest.raises(VerificationError, match=f"record {index}: "):
                desk.page(question, 1000, index + 1)


def test_an_intent_that_is_not_canonical_does_not_answer_for_its_outcome(desk: Desk) -> None:
    outcome = next(
        index for index, record in enumerate(RECORDS) if index > 50 and isinstance(record, Outcome)
    )
    intent = next(
        index
        for index, record in enumerate(RECORDS)
        if isinstance(record, Intent) and record.exchange == RECORDS[outcome].exchange
    )
    with (
        spoilt(desk, {intent: b"{}"}),
        pytest.raises(VerificationError, match=f"record {outcome}: "),
    ):
        desk.page(ask([f"exchange={RECORDS[outcome].exchange}", "purpose=TREAT"], 0), 10, None)


def test_two_leaves_in_one_row_do_not_stand_for_a_row_that_is_gone(desk: Desk) -> None:
    for low in (10, BLOCK - 2, COUNT - 20):
        both = leaf_of(desk, low) + b"\n" + leaf_of(desk, low + 1)
        with (
            spoilt(desk, {low: both, low + 1: None}),
            pytest.raises(VerificationError, match=f"record {low + 1}: "),
        ):
            desk.page(EVERYTHING, 1000, low + 300)
