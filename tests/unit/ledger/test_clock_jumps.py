"""A clock that jumps back changes what records say, not their order or what a search finds."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.ledger import Place, Query, SqliteLedger, read_ledger, verify
from tests.fakes.ledger import intent, outcome

HOUR = 3_600_000
NOON = 1_780_000_000_000
TIMES = [NOON, NOON + HOUR, NOON - 24 * HOUR, NOON + 2 * HOUR, NOON - 24 * HOUR + 1]
"""It jumps back by a day, is set right, and jumps again."""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path / "ledger", tmp_path / "keys", "ward-1")
    with SqliteLedger.open_for_serving(place, now_ms=lambda: 1) as ledger:
        for number, time in enumerate(TIMES):
            ledger.append_blocking(intent(f"x{number}", time=time))
            ledger.append_blocking(outcome(f"x{number}", time=time - 5))
        assert verify(place.directory, ledger.vkey).size == 2 * len(TIMES)
    return place


def test_records_stay_in_the_order_in_which_they_were_written(place: Place) -> None:
    with read_ledger(place.directory) as reader:
        found = [(logged.index, logged.record.time) for logged in reader.walk()]
    times = [time for each in TIMES for time in (each, each - 5)]
    assert sorted(found) == list(enumerate(times))


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        (NOON, None, {"x0", "x1", "x3"}),
        (None, NOON - HOUR, {"x2", "x4"}),
        (NOON - 24 * HOUR, NOON - 24 * HOUR + 1, {"x2"}),
        (NOON + 3 * HOUR, None, set()),
    ],
)
def test_a_search_by_time_finds_every_record_that_says_so_wherever_it_stands(
    place: Place, since: int | None, until: int | None, expected: set[str]
) -> None:
    with read_ledger(place.directory) as reader:
        found = list(reader.search(Query(since=since, until=until, limit=None)))
    assert {each.record.exchange for each in found if each.record.time in TIMES} == expected
    assert [each.index for each in found] == sorted(each.index for each in found)


def test_what_a_start_settles_after_a_jump_is_later_in_the_log_and_earlier_by_its_time(
    place: Place,
) -> None:
    with SqliteLedger.open_for_serving(place, now_ms=lambda: 1) as ledger:
        ledger.append_blocking(intent("open", time=NOON))
    with SqliteLedger.open_for_serving(place, now_ms=lambda: NOON - 24 * HOUR) as ledger:
        assert ledger.lost == 1
        verify(place.directory, ledger.vkey)
    with read_ledger(place.directory) as reader:
        first, second = reader.exchange("open")
    assert (first.index, second.index) == (10, 11)
    assert second.record.time < first.record.time
