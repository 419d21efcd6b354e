"""A search answers what a scan of all records would, whatever of the log is indexed by then."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import apsw
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.domain.questions import Question, ask
from gateway.domain.records import (
    Alert,
    Intent,
    Outcome,
    Record,
    Review,
    ReviewState,
    kind_of,
)
from gateway.ledger import Place, read_ledger, store
from gateway.ledger.readonly import open_snapshot
from gateway.ledger.search.gathering import Gatherer, differing
from gateway.ledger.search.index import SearchIndex, read_index
from gateway.ledger.search.postings import (
    BLOCK,
    FULL,
    all_of,
    any_of,
    falling,
    pack,
    unpack,
    unpack_common,
)
from gateway.ledger.search.search import MAX_EXAMINED, Search
from tests.fakes.ledger import intent
from tests.fakes.logs import ACTORS, START, append_all, some_records

COUNT = 3 * BLOCK + 700
RECORDS = some_records(7, COUNT)
WHOM = b"w" * 32


ABOUT = sorted({record.exchange for record in RECORDS[::7]}, reverse=True)


class SomeSubjects:
    """`Subjects` over a list: the exchange of every seventh record is about one patient."""

    def find(self, fingerprint: bytes, before: str | None, limit: int) -> Sequence[str]:
        if fingerprint != WHOM:
            return []
        return [each for each in ABOUT if before is None or each < before][:limit]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    root = tmp_path_factory.mktemp("log")
    place = Place(root / "ledger", root / "keys", "ward-1")
    append_all(place, RECORDS)
    for blocks in range(4):
        gather(place, root / f"search-{blocks}.db", blocks)
    return place


def gather(place: Place, path: Path, blocks: int | None = None) -> None:
    with read_ledger(place.directory) as reader, open_snapshot(place.directory) as db:
        index = SearchIndex.open(path, reader.vkey.name)
        gatherer = Gatherer(db, index)
        while (blocks is None or index.blocks < blocks) and gatherer.step(reader.checkpoint.size):
            pass
        index.close()


def searching(place: Place, blocks: int, work: Callable[[Search], object]) -> None:
    with (
        read_ledger(place.directory) as reader,
        read_index(place.directory.parent / f"search-{blocks}.db", reader.vkey.name) as index,
    ):
        assert index is not None
        assert index.blocks == blocks
        work(Search(reader, index, SomeSubjects()))


# -- the oracle: a scan in plain Python, over the records and not over their leaves

INTENTS = {record.exchange: record for record in RECORDS if isinstance(record, Intent)}


def reviews() -> dict[int, ReviewState]:
    said: dict[int, ReviewState] = {}
    for index, record in enumerate(RECORDS):
        if isinstance(record, Alert):
            said.setdefault(index, ReviewState.OPEN)
        elif isinstance(record, Review) and record.state is not None:
            said[record.record] = record.state
    return said


STATES = reviews()
WHOSE = set(ABOUT)


def values(record: Record, field: str) -> set[str]:
    """What a record says for a field, and what its exchange's intent says."""
    if field == "kind":
        return {kind_of(record).value}
    if field == "about":
        return {str(record.record)} if isinstance(record, Alert | Review) else set()
    if field == "alert":
        return {record.rule} if isinstance(record, Alert) else set()
    if field == "says":
        return {record.state.value} if isinstance(record, Review) and record.state else set()
    said: set[str] = set()
    if field == "rule":
        said |= set(getattr(record, "rules", ()))
    elif field == "entity":
        counts = getattr(record, "findings", None) or {}
        said |= {name for name, count in counts.items() if count}
    elif value := getattr(record, field, None):
        said.add(str(value))
    if isinstance(record, Outcome):
        said |= values(INTENTS[record.exchange], field)
    return said


def scan(words: Sequence[str], question: Question) -> list[int]:
    wanted: dict[str, set[str]] = {}
    for word in words:
        name, _, value = word.partition("=")
        if name not in {"since", "until", "exchange", "review"}:
            wanted.setdefault(name, set()).add(value)
    return [
        index
        for index, record in reversed(list(enumerate(RECORDS)))
        if all(values(record, name) & either for name, either in wanted.items())
        and (question.since is None or record.time >= question.since)
        and (question.until is None or record.time < question.until)
        and (question.exchange is None or record.exchange == question.exchange)
        and (question.review is None or STATES.get(index) is question.review)
        and (question.subject is None or record.exchange in WHOSE)
    ]


WORDS = st.lists(
    st.one_of(
        st.sampled_from([f"actor={actor}" for actor in (*ACTORS, "key:nobody", "os:root")]),
        st.sampled_from([f"kind={kind}" for kind in ("intent", "outcome", "refusal", "alert")]),
        st.sampled_from(
            [
                *("purpose=TREAT", "purpose=HRESCH", "purpose=BTG"),
                *("entity=PERSON", "entity=US_SSN", "entity=AGE"),
                *("rule=ward", "rule=night", "model=small", "profile=research"),
                *("code=policy_denied", "code=engine_failed", "status=lost", "status=completed"),
                *("release=" + "e" * 64, "release=" + "c" * 64, "action=embed"),
                *("act=key_created", "access=reidentify", "grant=grant-1", "target=patient"),
                *("alert=night", "says=escalated", "about=17", "client=client-bb"),
            ]
        ),
    ),
    max_size=5,
)
TIMES = st.none() | st.integers(START - 1000, START + COUNT * 65_000)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    words=WORDS,
    since=TIMES,
    until=TIMES,
    review=st.none() | st.none() | st.sampled_from(list(ReviewState)),
    exchange=st.none() | st.none() | st.sampled_from(["x000001", "x000002", "x004000", "nope"]),
    subject=st.none() | st.none() | st.just(WHOM),
    blocks=st.integers(0, 3),
    size=st.integers(50, 900),
)
def test_a_search_answers_what_a_scan_of_all_records_would(
    place: Place,
    words: list[str],
    since: int | None,
    until: int | None,
    review: ReviewState | None,
    exchange: str | None,
    subject: bytes | None,
    blocks: int,
    size: int,
) -> None:
    asked = ask(words, 0)
    question = Question(asked.wanted, since, until, exchange, review, subject)
    expected = scan(words, question)

    def work(search: Search) -> None:
        found = []
        before: int | None = None
        while True:
            page = search.page(question, size, before)
            assert len(page.records) <= size
            found += [logged.index for logged in page.records]
            if page.next is None:
                break
            assert before is None or page.next < before
            before = page.next
        assert found == expected

    searching(place, blocks, work)


def test_where_a_review_stands_is_what_was_said_last(place: Place) -> None:
    def work(search: Search) -> None:
        for index in range(0, COUNT, 13):
            assert search.review_of(index) == STATES.get(index)

    for blocks in range(4):
        searching(place, blocks, work)


@pytest.mark.parametrize("state", list(ReviewState))
def test_a_review_that_the_index_does_not_know_of_yet_counts(
    place: Place, state: ReviewState
) -> None:
    question = Question(review=state)
    expected = scan([], question)

    def work(search: Search) -> None:
        assert [logged.index for logged in search.pages(question)] == expected

    for blocks in range(4):
        searching(place, blocks, work)


def test_paging_neither_skips_nor_repeats_while_records_arrive(tmp_path: Path) -> None:
    place = Place(tmp_path / "ledger", tmp_path / "keys", "ward-1")
    append_all(place, [intent(f"a{number}") for number in range(40)])
    found: list[int] = []
    before: int | None = None
    for turn in range(10):
        append_all(place, [intent(f"b{turn}")])
        with read_ledger(place.directory) as reader:
            page = Search(reader, None).page(ask(["kind=intent"], 0), 7, before)
        found += [logged.index for logged in page.records]
        before = page.next
        if before is None:
            break
    assert found == list(range(40, -1, -1))


def test_a_page_that_finds_little_ends_early_and_says_where_to_go_on(place: Place) -> None:
    with read_ledger(place.directory) as reader:
        search = Search(reader, None)
        page = search.page(ask(["actor=key:nobody"], 0), 10)
        assert page.records == ()
        assert page.next is None or page.next == COUNT - MAX_EXAMINED


def test_an_index_of_another_log_is_not_asked(place: Place, tmp_path: Path) -> None:
    other = Place(tmp_path / "ledger", tmp_path / "keys", "ward-2")
    append_all(other, [intent("only")])
    with (
        read_ledger(other.directory) as reader,
        read_index(place.directory.parent / "search-3.db", reader.vkey.name) as index,
    ):
        assert index is None


def test_an_index_of_a_log_that_was_put_back_is_not_asked_and_made_again(tmp_path: Path) -> None:
    place = Place(tmp_path / "ledger", tmp_path / "keys", "ward-1")
    append_all(place, some_records(1, BLOCK + 3))
    path = tmp_path / "search.db"
    gather(place, path)
    for file in (tmp_path / "ledger").glob("ledger.db*"):
        file.unlink()
    (tmp_path / "ledger" / "checkpoint").unlink()
    (tmp_path / "ledger" / "ledger.vkey").unlink()
    for tile in sorted((tmp_path / "ledger" / "tile").rglob("*"), reverse=True):
        tile.unlink() if tile.is_file() else tile.rmdir()
    again = some_records(2, BLOCK + 3)
    append_all(place, again)
    question = ask(["actor=key:bb"], 0)
    expected = [
        index
        for index, record in reversed(list(enumerate(again)))
        if getattr(record, "actor", None) == "key:bb"
        or (
            isinstance(record, Outcome)
            and any(
                isinstance(each, Intent)
                and each.exchange == record.exchange
                and each.actor == "key:bb"
                for each in again
            )
        )
    ]
    for covered in (0, BLOCK):
        with (
            read_ledger(place.directory) as reader,
            read_index(path, reader.vkey.name) as index,
        ):
            search = Search(reader, index)
            assert search.covered == covered
            assert [logged.index for logged in search.pages(question)] == expected
        gather(place, path)


def test_a_file_that_is_no_index_is_named(tmp_path: Path) -> None:
    path = tmp_path / "search.db"
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(store.LedgerError, match=r"remove it, and it is made again"):
        SearchIndex.open(path, "anyone")


def test_two_that_gather_at_once_add_each_block_once(place: Place, tmp_path: Path) -> None:
    path = tmp_path / "search.db"
    with read_ledger(place.directory) as reader, open_snapshot(place.directory) as db:
        origin = reader.vkey.name
        one, two = SearchIndex.open(path, origin), SearchIndex.open(path, origin)
        first, second = Gatherer(db, one), Gatherer(db, two)
        while first.step(COUNT) | second.step(COUNT):
            pass
        assert one.blocks == two.blocks == 3
        one.close()
        two.close()


def test_the_index_holds_its_terms_once_and_can_list_them(place: Place) -> None:
    path = place.directory.parent / "search-3.db"
    with read_ledger(place.directory) as reader, read_index(path, reader.vkey.name) as index:
        assert index is not None
        actors = {f"actor={actor}" for actor in (*ACTORS, "key:auditor", "os:root")}
        assert set(index.terms("actor=", 100)) == actors


@pytest.mark.parametrize(
    ("change", "block"),
    [
        ("SELECT 1", None),
        ("DELETE FROM posting WHERE block = 1 AND term = 2", 1),
        ("UPDATE posting SET places = x'0000' WHERE block = 2 AND term = 3", 2),
        ("UPDATE block SET latest = latest - 1 WHERE number = 0", 0),
        ("UPDATE term SET term = 'actor=key:other' WHERE term = 'actor=key:aa'", 0),
        ("UPDATE review SET state = 'explained' WHERE state = 'open'", 2),
    ],
)
def test_an_index_that_was_changed_is_found(
    place: Place, tmp_path: Path, change: str, block: int | None
) -> None:
    path = tmp_path / "search.db"
    gather(place, path)
    with apsw.Connection(str(path)) as db:
        db.execute(change).fetchall()
    with (
        read_ledger(place.directory) as reader,
        read_index(path, reader.vkey.name) as index,
    ):
        assert index is not None
        assert differing(reader.connection, index) == block


@given(st.sets(st.integers(0, BLOCK - 1)))
def test_places_are_unpacked_as_they_were_packed(places: set[int]) -> None:
    assert sorted(falling(unpack(pack(sorted(places)))), reverse=True) == sorted(
        places, reverse=True
    )


@given(st.lists(st.sets(st.integers(0, BLOCK - 1)), min_size=1, max_size=4), st.integers(0, 2))
def test_what_several_have_in_common_is_their_intersection(
    several: list[set[int]], dense: int
) -> None:
    wide = set(range(0, BLOCK, 3))  # Stored as bits, and the others mostly as places.
    sets = [each | wide if at < dense else each for at, each in enumerate(several)]
    stored = [pack(sorted(each)) for each in sets]
    assert set(falling(unpack_common(stored))) == set.intersection(*sets)


BLOCKS = st.dictionaries(st.integers(0, 30), st.integers(1, FULL))


def rows(blocks: dict[int, int]) -> Iterator[tuple[int, int]]:
    return iter(sorted(blocks.items(), reverse=True))


@given(st.lists(BLOCKS, min_size=1, max_size=4))
def test_all_and_any_of_blocks_are_intersection_and_union(sources: list[dict[int, int]]) -> None:
    numbers = sorted({number for source in sources for number in source}, reverse=True)
    every, some = {}, {}
    for number in numbers:
        every[number], some[number] = FULL, 0
        for source in sources:
            every[number] &= source.get(number, 0)
            some[number] |= source.get(number, 0)
    assert list(all_of([rows(each) for each in sources])) == [
        (number, bits) for number, bits in every.items() if bits
    ]
    assert list(any_of([rows(each) for each in sources])) == list(some.items())


def test_the_log_is_read_beside_a_writer(place: Place) -> None:
    with apsw.Connection(
        str(place.directory / store.DATABASE), flags=apsw.SQLITE_OPEN_READONLY
    ) as db:
        assert store.read_head(db).size == COUNT
