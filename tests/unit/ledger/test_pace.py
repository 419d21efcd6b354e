"""Work beside the writer rests longer than it works, and no longer than people wait."""

from __future__ import annotations

import time

import pytest

from gateway.ledger.pace import BURST, LONGEST, REST, Pace


class Clock:
    """A clock on the wall, which a test moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.rests: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.rests.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(time, "monotonic", made.monotonic)
    return made


def test_a_burst_is_followed_by_a_rest_in_proportion_to_it(clock: Clock) -> None:
    pace = Pace(clock.sleep)
    for _ in range(3):
        clock.now += 2 * BURST
        pace.breathe()
    assert clock.rests == pytest.approx([2 * BURST * REST] * 3)


def test_pieces_of_work_add_up_until_it_is_time_to_rest(clock: Clock) -> None:
    pace = Pace(clock.sleep)
    for _ in range(7):
        clock.now += 0.4 * BURST
        pace.breathe()
    assert clock.rests == pytest.approx([1.2 * BURST * REST] * 2)


def test_what_is_left_of_a_burst_is_rested_for_at_the_end(clock: Clock) -> None:
    pace = Pace(clock.sleep)
    clock.now += BURST / 8
    pace.rest()
    assert clock.rests == pytest.approx([BURST / 8 * REST])


def test_no_rest_is_longer_than_people_wait(clock: Clock) -> None:
    pace = Pace(clock.sleep)
    clock.now += 60
    pace.breathe()
    assert clock.rests == [LONGEST]


def test_a_time_without_work_is_not_rested_for(clock: Clock) -> None:
    pace = Pace(clock.sleep)
    clock.now += 60
    pace.begin()
    pace.breathe()
    assert clock.rests == []
