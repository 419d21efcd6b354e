"""No limit lets one too many through, whoever asks when, and what it says of the wait is true."""

from __future__ import annotations

import random
import sys
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.errors import Code, ExchangeError
from gateway.domain.limits import RATES, Bound, Measure, Rate, Span
from gateway.limiter import Limiter, MonotoneWall

NOON = datetime(2026, 9, 30, 12, 0, tzinfo=UTC).timestamp()


class Clock:
    def __init__(self, now: float = NOON) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def bound(name: str, most: int, holder: str = "key:a") -> Bound:
    return Bound(holder, RATES[name], most)


def refused(limiter: Limiter, *bounds: Bound) -> ExchangeError:
    with pytest.raises(ExchangeError) as raised:
        limiter.admit(bounds)
    return raised.value


def patient(number: int) -> bytes:
    return number.to_bytes(32, "big")


@pytest.mark.parametrize("span", Span)
def test_the_last_request_passes_and_one_more_does_not(span: Span) -> None:
    limiter, three = Limiter(now=Clock()), bound(f"requests_per_{span}", 3)
    for _ in range(3):
        limiter.admit([three])
    error = refused(limiter, three)
    quota = span in {Span.DAY, Span.MONTH}
    assert error.code is (Code.QUOTA_EXCEEDED if quota else Code.RATE_LIMITED)
    assert error.retry_after is not None
    assert "3 requests" in error.message


def test_without_a_bound_nothing_is_counted() -> None:
    limiter = Limiter()
    held = limiter.admit([])
    held.reserve(10**15, [patient(1)])
    held.settle(1)
    assert (held.reserved, held.patients, limiter._tallies) == (0, 0, {})


def test_a_request_counts_under_all_of_its_bounds_or_under_none() -> None:
    limiter = Limiter(now=Clock())
    own, shared = bound("requests_per_minute", 9), bound("requests_per_day", 1, "department:icu")
    limiter.admit([own, shared])
    for _ in range(20):
        assert refused(limiter, own, shared).code is Code.QUOTA_EXCEEDED
    for _ in range(8):
        limiter.admit([own])
    assert refused(limiter, own).code is Code.RATE_LIMITED


def test_two_callers_of_a_department_share_its_quota_and_not_their_own() -> None:
    limiter = Limiter(now=Clock())
    shared = bound("requests_per_day", 3, "department:icu")
    mine, yours = (bound("requests_per_minute", 2, each) for each in ("key:a", "key:b"))
    limiter.admit([mine, shared])
    limiter.admit([mine, shared])
    assert "Your limit" in refused(limiter, mine, shared).message
    limiter.admit([yours, shared])
    assert "Your department's limit" in refused(limiter, yours, shared).message


@pytest.fixture
def restless() -> Iterator[None]:
    """Let Python change threads wherever it can: else a missing lock is hardly ever noticed."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("restless")
@pytest.mark.parametrize("threads", [64] * 4)
def test_of_many_at_once_exactly_the_limit_passes(threads: int) -> None:
    limiter = Limiter(now=Clock())
    bounds = [bound("requests_per_minute", 400), bound("tokens_per_hour", 6000)]
    passed, start = [], threading.Barrier(threads)

    def one() -> None:
        start.wait()
        for _ in range(8):
            try:
                limiter.admit(bounds).reserve(30, [])
            except ExchangeError:
                continue
            passed.append(1)

    workers = [threading.Thread(target=one) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(passed) == 6000 // 30


def test_what_was_not_used_is_given_back_once() -> None:
    limiter, hourly = Limiter(now=Clock()), bound("tokens_per_hour", 100)
    first = limiter.admit([hourly])
    first.reserve(100, [])
    assert first.reserved == 100
    with pytest.raises(ExchangeError):
        limiter.admit([hourly]).reserve(1, [])
    first.settle(40)
    first.settle(0)
    second = limiter.admit([hourly])
    with pytest.raises(ExchangeError):
        second.reserve(61, [])
    limiter.admit([hourly]).reserve(60, [])


def test_what_an_engine_took_beyond_the_reserve_counts_too() -> None:
    limiter, hourly = Limiter(now=Clock()), bound("tokens_per_hour", 100)
    held = limiter.admit([hourly])
    held.reserve(10, [])
    held.settle(95)
    with pytest.raises(ExchangeError):
        limiter.admit([hourly]).reserve(6, [])


def test_who_is_refused_tokens_has_not_used_a_request() -> None:
    limiter = Limiter(now=Clock())
    bounds = [bound("requests_per_minute", 1), bound("tokens_per_hour", 10)]
    with pytest.raises(ExchangeError):
        limiter.admit(bounds).reserve(11, [])
    limiter.admit(bounds).reserve(10, [])


def test_more_than_the_whole_limit_is_no_matter_of_waiting() -> None:
    limiter = Limiter(now=Clock())
    with pytest.raises(ExchangeError) as raised:
        limiter.admit([bound("tokens_per_hour", 10)]).reserve(11, [])
    assert (raised.value.code, raised.value.retry_after) == (Code.LIMIT_EXCEEDED, None)


def test_a_patient_counts_once_an_hour_however_often_it_is_touched() -> None:
    clock = Clock()
    limiter, hourly = Limiter(now=clock), [bound("patients_per_hour", 2)]
    for number in (1, 2, 1, 2, 1):
        held = limiter.admit(hourly)
        held.reserve(0, [patient(number)])
    assert held.patients == 0
    with pytest.raises(ExchangeError) as raised:
        limiter.admit(hourly).reserve(0, [patient(1), patient(3)])
    assert raised.value.code is Code.RATE_LIMITED
    clock.now += float(raised.value.retry_after or 0)
    newcomer = limiter.admit(hourly)
    newcomer.reserve(0, [patient(3)])
    assert newcomer.patients == 1


def test_the_wait_is_long_enough_and_a_second_less_is_not() -> None:
    chance = random.Random(7)  # noqa: S311 - no secret
    for span in Span:
        for _ in range(40):
            clock = Clock(NOON + chance.random() * 10**6)
            limiter, some = Limiter(now=clock), bound(f"tokens_per_{span}", 100)
            while True:
                clock.now += chance.random() * 3
                amount = chance.randrange(1, 40)
                try:
                    limiter.admit([some]).reserve(amount, [])
                except ExchangeError as error:
                    wait = error.retry_after or 0
                    break
            if wait > 1:
                clock.now += wait - 1.001
                with pytest.raises(ExchangeError):
                    limiter.admit([some]).reserve(amount, [])
                clock.now += 1.001
            else:
                clock.now += wait
            limiter.admit([some]).reserve(amount, [])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 40), st.integers(1, 5)), max_size=60), st.integers(1, 12))
def test_no_minute_holds_more_than_its_limit(asks: Sequence[tuple[float, int]], most: int) -> None:
    clock = Clock()
    limiter, some = Limiter(now=clock), bound("tokens_per_minute", most)
    passed: list[tuple[float, int]] = []
    for pause, amount in asks:
        clock.now += pause
        try:
            limiter.admit([some]).reserve(amount, [])
        except ExchangeError:
            continue
        passed.append((clock.now, amount))
    for end, _ in passed:
        assert sum(amount for when, amount in passed if end - 60 < when <= end) <= most


def test_a_quota_begins_anew_with_the_calendar() -> None:
    clock = Clock()
    limiter = Limiter(now=clock)
    daily, monthly = bound("requests_per_day", 1), bound("requests_per_month", 2)
    limiter.admit([daily, monthly])
    error = refused(limiter, daily, monthly)
    assert error.retry_after == 12 * 3600
    clock.now += error.retry_after  # The first of October.
    limiter.admit([daily, monthly])
    clock.now += 86_400
    limiter.admit([daily, monthly])
    clock.now += 86_400
    error = refused(limiter, daily, monthly)
    assert clock.now + (error.retry_after or 0) == datetime(2026, 11, 1, tzinfo=UTC).timestamp()


def test_what_was_used_before_the_start_counts() -> None:
    used = {
        Rate(Measure.TOKENS, Span.HOUR): [(int(NOON) - 3700, 500), (int(NOON) - 60, 70)],
        Rate(Measure.REQUESTS, Span.DAY): [(int(NOON) - 86_400, 50), (int(NOON) - 60, 2)],
    }
    limiter = Limiter(lambda holder, rate: used[rate] if holder == "key:a" else (), Clock())
    bounds = [bound("requests_per_day", 4), bound("tokens_per_hour", 100)]
    limiter.admit(bounds).reserve(30, [])
    with pytest.raises(ExchangeError):
        limiter.admit(bounds).reserve(1, [])
    limiter.admit([bounds[0]])
    assert refused(limiter, bounds[0]).code is Code.QUOTA_EXCEEDED


def test_a_use_that_could_not_be_looked_up_is_looked_up_again() -> None:
    found: list[Sequence[tuple[int, int]]] = [[(int(NOON) - 60, 4)]]

    def history(_holder: str, _rate: Rate) -> Sequence[tuple[int, int]]:
        if found:
            return found.pop()
        raise ExchangeError(Code.POLICY_UNAVAILABLE, "Not now.")

    limiter, daily = Limiter(history, Clock()), bound("requests_per_day", 4)
    known = found.pop()
    for _ in range(3):
        assert refused(limiter, daily).code is Code.POLICY_UNAVAILABLE
    found.append(known)
    assert refused(limiter, daily).code is Code.QUOTA_EXCEEDED


def test_who_has_used_nothing_lately_is_forgotten() -> None:
    clock = Clock()
    limiter = Limiter(now=clock)
    for number in range(3000):
        limiter.admit([bound("requests_per_minute", 1, f"key:{number}")])
        clock.now += 1
    assert len(limiter._tallies) < 2200


def test_setting_the_clock_resets_nothing() -> None:
    wall, monotonic = Clock(NOON), Clock(100)
    moment = MonotoneWall(wall, monotonic)
    wall.now -= 10**6
    monotonic.now += 5
    assert moment() == NOON + 5
