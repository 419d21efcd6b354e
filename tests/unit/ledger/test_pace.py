"""Work beside the writer rests longer than it works, and goes on at once where nobody waits."""

from __future__ import annotations

import threading
import time

import pytest

from gateway.ledger.pace import BURST, LONGEST, REST, Pace


class Clock:
    """The processor time of each thread, as a test says it is."""

    def __init__(self) -> None:
        self.used = threading.local()

    def thread_time(self) -> float:
        return float(getattr(self.used, "seconds", 100.0))

    def work(self, seconds: float) -> None:
        self.used.seconds = self.thread_time() + seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(time, "thread_time", made.thread_time)
    return made


def test_a_burst_is_followed_by_a_rest_in_proportion_to_it(clock: Clock) -> None:
    rests: list[float] = []
    working = Pace(rests.append)
    for _ in range(3):
        clock.work(2 * BURST)
        working.breathe()
    assert rests == pytest.approx([2 * BURST * REST] * 3)


def test_pieces_of_work_add_up_until_it_is_time_to_rest(clock: Clock) -> None:
    rests: list[float] = []
    working = Pace(rests.append)
    for _ in range(7):
        clock.work(BURST * 0.4)
        working.breathe()
    assert rests == pytest.approx([BURST * 1.2 * REST] * 2)


def test_what_is_left_of_a_burst_is_rested_for_at_the_end(clock: Clock) -> None:
    rests: list[float] = []
    working = Pace(rests.append)
    clock.work(BURST / 8)
    working.rest()
    assert rests == pytest.approx([BURST / 8 * REST])


def test_no_rest_is_longer_than_people_wait(clock: Clock) -> None:
    rests: list[float] = []
    working = Pace(rests.append)
    clock.work(60)
    working.breathe()
    assert rests == [LONGEST]


def test_another_threads_time_is_not_counted(clock: Clock) -> None:
    rests: list[float] = []
    working = Pace(rests.append)

    def elsewhere() -> None:
        clock.work(1000)
        working.breathe()
        clock.work(2 * BURST)
        working.breathe()

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert rests == pytest.approx([2 * BURST * REST])
