"""A record counts once, whoever counts; limits hold across a crash; a bill is exact."""

from __future__ import annotations

import csv
import io
import random
import threading
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.canonical import encode
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.exchange import CacheStatus
from gateway.domain.limits import DEPARTMENT, RATES, Bound
from gateway.domain.records import Outcome, Record, Refusal, Status
from gateway.limiter import Limiter
from gateway.prices import Price, UsageSettings
from gateway.usage.report import By, as_csv, period, report
from gateway.usage.store import BATCH, UsageError, UsageStore, all_of
from tests.fakes.ledger import admin, intent, outcome, refusal

NOON = 1_790_856_000_000
"""12:00 on the first of October 2026, in milliseconds."""
HOUR = 3_600_000


class Log:
    """Records as a ledger holds them, without one."""

    def __init__(self, *records: Record) -> None:
        self.records = list(records)

    def read(self, first: int, most: int) -> Sequence[tuple[int, bytes, Record]]:
        found = list(enumerate(self.records))[first : first + most]
        return [(index, encode(record), record) for index, record in found]


def exchange(
    name: str,
    time: int = NOON,
    *,
    actor: str = "key:a",
    department: str | None = "icu",
    **more: object,
) -> list[Record]:
    asked = replace(intent(name, time=time), actor=actor, department=department)
    return [asked, replace(outcome(name, time=time), **more)]  # type: ignore[arg-type]


def counted(folder: Path, log: Log, most: int = BATCH) -> UsageStore:
    store = UsageStore(folder / "state" / "usage.db")
    for _ in all_of(log.read, store, most):
        pass
    return store


def total(store: UsageStore, by: By = By.ACTOR) -> dict[str, tuple[int, int, int, int]]:
    lines = report(store.rows(0, 10**9), by, UsageSettings())
    return {
        line.name: (line.requests, line.refusals, line.prompt_tokens, line.completion_tokens)
        for line in lines
    }


def test_what_was_used_is_summed_up_by_whatever_is_asked(tmp_path: Path) -> None:
    log = Log(
        *exchange("1"),
        *exchange("2", actor="key:b", department=None, cache=CacheStatus.HIT, audio_ms=1500),
        replace(refusal("3"), actor="key:a", department="icu"),
        admin("4"),
        *exchange("5", status=Status.FAILED, code=Code.ENGINE_FAILED, finish_reason=None),
    )
    store = counted(tmp_path, log)
    assert total(store) == {
        "key:a": (2, 1, 426, 128),
        "key:b": (1, 0, 213, 64),
        "total": (3, 1, 639, 192),
    }
    assert total(store, By.DEPARTMENT).keys() == {"icu", "(none)", "total"}
    (line,) = report(store.rows(0, 10**9), By.MODEL, UsageSettings())
    assert (line.failures, line.cache_hits, line.audio_seconds) == (1, 1, 2)


def test_a_record_counts_once_however_often_and_in_what_steps_it_is_counted(
    tmp_path: Path,
) -> None:
    log = Log()
    for number in range(10):
        log.records += exchange(str(number))
        store = counted(tmp_path, log, most=3)
        store.close()
    store = counted(tmp_path, log)
    assert total(store)["key:a"][0] == 10


def test_many_that_count_at_once_count_once(tmp_path: Path) -> None:
    log = Log(*(each for number in range(100) for each in exchange(str(number))))
    counted(tmp_path, Log()).close()
    threads = [threading.Thread(target=counted, args=(tmp_path, log, 7)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert total(counted(tmp_path, log)) == {"key:a": (100, 0, 21300, 6400)}


def test_a_count_that_breaks_off_counts_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log(*(each for number in range(10) for each in exchange(str(number))))
    store = UsageStore(tmp_path / "usage.db")
    written = store._write

    def breaks(*arguments: object) -> None:
        written(*arguments)  # type: ignore[arg-type]
        raise OSError

    assert store.count(log.read, 4)
    monkeypatch.setattr(store, "_write", breaks)
    with pytest.raises(UsageError):
        store.count(log.read, 4)
    monkeypatch.undo()
    for _ in all_of(log.read, store):
        pass
    assert total(store)["key:a"][0] == 10


def test_of_another_log_nothing_that_was_counted_is_left(tmp_path: Path) -> None:
    counted(tmp_path, Log(*exchange("1"), *exchange("2"))).close()
    assert total(counted(tmp_path, Log(*exchange("3", actor="key:b"))))["key:b"][0] == 1
    assert "key:a" not in total(counted(tmp_path, Log(*exchange("3", actor="key:b"))))


def test_a_record_that_was_dropped_when_its_time_was_over_harms_nothing(tmp_path: Path) -> None:
    log = Log(*exchange("1"), *exchange("2"))
    full = log.read

    def read(first: int, most: int) -> Sequence[tuple[int, bytes, Record]]:
        return [each for each in full(first, most + 1) if each[0] != 0][:most]

    store = UsageStore(tmp_path / "usage.db")
    for _ in all_of(read, store):
        pass
    assert total(store)["key:a"][0] == 1


def test_a_damaged_file_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "usage.db").write_bytes(b"nonsense" * 1000)
    with pytest.raises(UsageError, match="remove it"):
        UsageStore(tmp_path / "usage.db")


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    counted(tmp_path, Log(*exchange("1")))
    for path in (tmp_path / "state").iterdir():
        assert path.stat().st_mode & 0o077 == 0


def test_the_last_use_is_that_of_a_request_also_of_one_that_was_refused(tmp_path: Path) -> None:
    log = Log(
        *exchange("1", NOON),
        replace(refusal("2"), actor="key:a", time=NOON + 5),
        *exchange("3", NOON - HOUR),
    )
    assert counted(tmp_path, log).last_use() == {"key:a": NOON + 5}


# What limits ask.


def bound(name: str, most: int, holder: str = "key:a") -> Bound:
    return Bound(holder, RATES[name], most)


def limiter(store: UsageStore, now: int) -> Limiter:
    seconds = now / 1000
    return Limiter(lambda holder, rate: store.history(holder, rate, seconds), lambda: seconds)


@pytest.mark.parametrize("holder", ["key:a", f"{DEPARTMENT}icu"])
@pytest.mark.parametrize("span", ["hour", "day", "month"])
def test_requests_and_tokens_of_before_a_restart_count(
    tmp_path: Path, span: str, holder: str
) -> None:
    store = counted(tmp_path, Log(*exchange("1"), *exchange("2")))
    again = limiter(store, NOON + 60_000)
    requests = bound(f"requests_per_{span}", 3, holder)
    again.admit([requests])
    with pytest.raises(ExchangeError):
        again.admit([requests])
    tokens = bound(f"tokens_per_{span}", 2 * 277 + 10, holder)
    again.admit([tokens]).reserve(10, [])
    with pytest.raises(ExchangeError):
        again.admit([tokens]).reserve(1, [])


def test_what_is_over_counts_no_more(tmp_path: Path) -> None:
    log = Log(*exchange("1", NOON - 13 * HOUR), *exchange("2", NOON - 2 * HOUR))
    store = counted(tmp_path, log)
    again = limiter(store, NOON)
    for name, used in (("hour", 0), ("day", 1), ("month", 1)):
        for _ in range(5 - used):
            again.admit([bound(f"requests_per_{name}", 5)])
        with pytest.raises(ExchangeError):
            again.admit([bound(f"requests_per_{name}", 5)])


def test_a_lost_exchange_counts_as_what_was_set_aside_for_it(tmp_path: Path) -> None:
    asked = replace(intent("1", time=NOON), actor="key:a", department="icu", reserved=900)
    store = counted(tmp_path, Log(asked, Outcome("1", NOON, Status.LOST)))
    again = limiter(store, NOON)
    again.admit([bound("tokens_per_hour", 1000)]).reserve(100, [])
    with pytest.raises(ExchangeError):
        again.admit([bound("tokens_per_hour", 1000)]).reserve(1, [])
    assert total(store)["key:a"] == (1, 0, 0, 0)


def test_patients_of_before_a_restart_count_though_nobody_knows_who_they_were(
    tmp_path: Path,
) -> None:
    asked = replace(intent("1", time=NOON), actor="key:a", patients=7)
    store = counted(tmp_path, Log(asked, outcome("1", time=NOON)))
    again = limiter(store, NOON + 1000)
    hourly = bound("patients_per_hour", 8)
    again.admit([hourly]).reserve(0, [b"p" * 32])
    with pytest.raises(ExchangeError):
        again.admit([hourly]).reserve(0, [b"q" * 32])


def test_a_limits_own_refusals_do_not_use_it_up(tmp_path: Path) -> None:
    refused = replace(refusal("1"), time=NOON, actor="key:a", profile="treatment")
    log = Log(
        replace(refused, code=Code.RATE_LIMITED),
        replace(refused, exchange="2", code=Code.QUOTA_EXCEEDED),
        replace(refused, exchange="3", code=Code.ENTITY_BLOCKED),
        replace(refused, exchange="4", code=Code.POLICY_DENIED, profile=None),
    )
    again = limiter(counted(tmp_path, log), NOON)
    again.admit([bound("requests_per_day", 2)])
    with pytest.raises(ExchangeError):
        again.admit([bound("requests_per_day", 2)])


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 80 * HOUR), st.booleans()), max_size=30))
def test_the_history_is_what_a_plain_sum_says(
    tmp_path_factory: pytest.TempPathFactory, asks: list[tuple[int, bool]]
) -> None:
    records: list[Record] = []
    for number, (age, mine) in enumerate(sorted(asks, reverse=True)):
        records += exchange(str(number), NOON - age, actor="key:a" if mine else "key:b")
    store = counted(tmp_path_factory.mktemp("usage"), Log(*records))
    for name, length in (("hour", 1), ("day", 12)):
        found = store.history("key:a", RATES[f"requests_per_{name}"], NOON / 1000)
        exact = sum(mine and age < length * HOUR for age, mine in asks)
        told = sum(amount for second, amount in found if second * 1000 >= NOON - length * HOUR)
        assert told >= exact
        slack = sum(mine and abs(age - length * HOUR) <= HOUR for age, mine in asks)
        assert told <= exact + slack
    store.close()


# What it costs.

PRICES = msgspec.convert(
    {
        "currency": "CHF",
        "prices": {
            "small": {"prompt": "0.1", "completion": "0.3"},
            "*": {"prompt": "1.005", "audio_minute": "0.6"},
        },
    },
    UsageSettings,
)


def test_a_cost_is_exact_however_small_its_parts(tmp_path: Path) -> None:
    asked = [
        each
        for number in range(1000)
        for each in exchange(str(number), prompt_tokens=1, completion_tokens=1)
    ]
    log = Log(*(replace(each, model="small") if hasattr(each, "model") else each for each in asked))
    (line,) = report(counted(tmp_path, log).rows(0, 10**9), By.CLIENT, PRICES)
    assert line.cost == "0.4000"
    assert Price(audio_minute="0.6").of(0, 0, 1500) == Decimal("0.015")


def test_without_a_price_nothing_is_said_of_cost_and_what_used_nothing_is_free(
    tmp_path: Path,
) -> None:
    log = Log(*exchange("1"), replace(refusal("2"), actor="key:b"))
    lines = report(counted(tmp_path, log).rows(0, 10**9), By.ACTOR, UsageSettings())
    assert {line.name: line.cost for line in lines} == {
        "key:a": None,
        "key:b": "0.0000",
        "total": None,
    }


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"currency": "euro"}, "three capital"),
        ({"prices": {"m": {"prompt": 0.1}}}, "prompt"),
        ({"prices": {"m": {"prompt": "-1"}}}, "prompt"),
        ({"prices": {"m": {"prompt": "1e3"}}}, "prompt"),
        ({"prices": {"m": {"output": "1"}}}, "output"),
    ],
)
def test_prices_are_decimal_numbers_in_quotes(bad: dict[str, object], words: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=words):
        msgspec.convert(bad, UsageSettings)


def test_a_table_opens_in_a_spreadsheet_and_runs_nothing(tmp_path: Path) -> None:
    records = [
        replace(each, client='=HYPERLINK("x",1)') if hasattr(each, "client") else each
        for each in exchange("1")
    ]
    lines = report(counted(tmp_path, Log(*records)).rows(0, 10**9), By.CLIENT, PRICES)
    text = as_csv(lines, By.CLIENT, "CHF")
    heading, row = list(csv.reader(io.StringIO(text)))
    assert heading[0] == "client"
    assert heading[-1] == "cost_CHF"
    assert row[0] == '\'=HYPERLINK("x",1)'
    assert text.endswith("\r\n")


def test_a_period_is_of_whole_days() -> None:
    assert period("2026-09-30", "2026-09-30", NOON) == (NOON // HOUR - 36, NOON // HOUR - 12)
    begin, end = period(None, None, NOON)
    assert (begin, end) == (NOON // HOUR - 12, NOON // HOUR + 12)


@pytest.mark.parametrize(
    ("first", "last"),
    [("2026-02-30", None), ("26-02-01", None), ("today", None), ("2026-10-02", "2026-10-01")],
)
def test_a_day_is_one_of_the_calendar(first: str, last: str | None) -> None:
    with pytest.raises(ValueError, match=r"a day is|the last day"):
        period(first, last, NOON)


def test_an_oracle_agrees(tmp_path: Path) -> None:
    chance = random.Random(3)  # noqa: S311 - no secret
    expected: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    records: list[Record] = []
    waiting: list[Record] = []
    for number in range(800):
        actor = f"key:{chance.randrange(5)}"
        if chance.random() < 0.2:
            records.append(replace(refusal(str(number)), actor=actor, time=NOON + number))
            expected[actor][1] += 1
        else:
            first, last = exchange(str(number), NOON + number, actor=actor)
            records.append(first)
            waiting.append(last)
            for index, amount in ((0, 1), (2, 213), (3, 64)):
                expected[actor][index] += amount
        chance.shuffle(waiting)
        while waiting and chance.random() < 0.5:
            records.append(waiting.pop())
    found = total(counted(tmp_path, Log(*records, *waiting)))
    found.pop("total")
    assert found == {actor: tuple(sums) for actor, sums in expected.items()}
    assert not any(isinstance(each, Refusal) for each in waiting)
