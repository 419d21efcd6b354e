"""The watchman over computations: what stands still is given up in its time, and he sleeps else."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from engine import watch as module
from engine.watch import Watch


class Clock:
    """The time, and which thread has asked for it how often."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()

    def monotonic(self) -> float:
        self.asked[threading.current_thread().name] += 1
        return time.monotonic()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.fixture
def watch(clock: Clock) -> Iterator[Watch]:
    del clock  # It is there before the watchman is.
    watch = Watch(2, "watchman")
    yield watch
    assert watch.join(())


def test_what_is_due_first_is_given_up_first_whatever_is_watched_already(watch: Watch) -> None:
    given_up = threading.Event()
    with watch.watching(60.0, lambda: None), watch.watching(0.05, given_up.set):
        assert given_up.wait(20)
        assert watch.any_lost
        assert not watch.lost
    assert not watch.any_lost


def test_what_stands_still_after_many_that_did_not_is_given_up(watch: Watch) -> None:
    for _ in range(10):
        with watch.watching(0.2, lambda: None):
            pass
    given_up = threading.Event()
    with watch.watching(0.2, given_up.set):
        assert given_up.wait(20)


def test_the_watchman_sleeps_through_what_is_over_in_time(watch: Watch, clock: Clock) -> None:
    with watch.watching(60.0, lambda: None):
        pass
    for _ in range(100):
        with watch.watching(60.0, lambda: None):
            time.sleep(0.001)  # So that whoever was woken gets his turn.
    assert clock.asked["watchman"] < 10
