"""A rule counts what it says, per actor, on a clock that nobody can set back."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.alerting import DISORDER_MS, Hours, LogClock, Raised, Rule, Seen, Watch
from gateway.domain.questions import Question, ask

HOUR = 3_600_000
START = 1_780_000_000_000
ALL = frozenset(range(7))


def rule(count: int = 1, within: int = 0, quiet: int = 0, **more: object) -> Rule:
    return Rule("r", "says", ask(["kind=intent"], 0), count, within=within, quiet=quiet, **more)  # type: ignore[arg-type]


def seen(index: int, time: int, actor: str = "a", kind: str = "intent", patients: int = 0) -> Seen:
    return Seen(index, time, actor, frozenset({f"kind={kind}", f"actor={actor}"}), patients)


def utc(milliseconds: int) -> tuple[int, int]:
    days, rest = divmod(milliseconds // 60_000, 1440)
    return rest, (days + 3) % 7


def raised(rules: Sequence[Rule], records: Sequence[Seen]) -> list[tuple[int, int]]:
    watch = Watch(rules, utc)
    return [(each.record, each.count) for record in records for each in watch.feed(record)]


def test_a_rule_without_a_count_is_set_off_by_each_record_that_answers() -> None:
    records = [seen(0, START), seen(1, START, kind="refusal"), seen(2, START + 1)]
    assert raised([rule()], records) == [(0, 1), (2, 1)]


def test_a_count_is_of_one_actor_within_the_time() -> None:
    records = [seen(n, START + n * 1000, actor="ab"[n % 2]) for n in range(8)]
    assert raised([rule(3, within=HOUR)], records) == [(4, 3), (5, 3), (6, 3), (7, 3)]
    assert raised([rule(3, within=4000)], records) == []
    assert raised([rule(3, within=4001)], records) == [(4, 3), (5, 3), (6, 3), (7, 3)]


def test_after_an_alert_there_is_quiet_for_the_same_actor_alone() -> None:
    records = [seen(n, START + n * HOUR // 2, actor="ab"[n % 2]) for n in range(8)]
    assert [index for index, _ in raised([rule(quiet=2 * HOUR)], records)] == [0, 1, 4, 5]


def test_an_alert_sets_off_no_alert() -> None:
    everything = Rule("r", "says", Question())
    assert raised([everything], [seen(0, START, kind="alert"), seen(1, START)]) == [(1, 1)]


def test_patients_are_counted_as_the_records_say() -> None:
    records = [seen(n, START + n, patients=patients) for n, patients in enumerate((3, 0, 4, 5))]
    assert raised([rule(10, within=HOUR, of_patients=True)], records) == [(3, 12)]


@pytest.mark.parametrize(
    ("hours", "minute", "day", "holds"),
    [
        (Hours(360, 1200, ALL), 359, 0, False),
        (Hours(360, 1200, ALL), 360, 0, True),
        (Hours(360, 1200, ALL), 1200, 0, False),
        (Hours(360, 1200, frozenset({0})), 700, 1, False),
        (Hours(1320, 360, ALL), 1400, 6, True),
        (Hours(1320, 360, ALL), 100, 6, True),
        (Hours(1320, 360, ALL), 700, 6, False),
        (Hours(1320, 360, frozenset({4})), 100, 5, True),
        (Hours(1320, 360, frozenset({4})), 100, 4, False),
    ],
)
def test_hours_may_go_over_midnight(hours: Hours, minute: int, day: int, *, holds: bool) -> None:
    assert hours.hold(minute, day) is holds


def test_only_what_is_outside_of_the_hours_is_unusual() -> None:
    monday_noon = 1_780_315_200_000
    rules = [rule(outside=Hours(360, 1200, frozenset({0, 1, 2, 3, 4})))]
    records = [seen(n, monday_noon + n * 6 * HOUR) for n in range(4)]
    assert [index for index, _ in raised(rules, records)] == [2]


def test_a_clock_that_is_set_back_hides_nobody() -> None:
    times = [START, START + 1000, START + 2000 - 5 * HOUR, START + 3000 - 5 * HOUR]
    records = [seen(n, time) for n, time in enumerate(times)]
    assert raised([rule(4, within=10_000)], records) == [(3, 4)]


def test_a_clock_that_leaps_ahead_and_comes_back_goes_on_from_there() -> None:
    clock = LogClock()
    assert clock.at(START) == START
    assert clock.at(START + 100 * HOUR) == START + 100 * HOUR
    assert clock.at(START + 1) == START + 100 * HOUR
    assert clock.at(START + HOUR) == START + 101 * HOUR - 1


@given(st.lists(st.integers(0, 10**9), min_size=1))
def test_the_log_s_time_never_goes_back(times: list[int]) -> None:
    clock = LogClock()
    shown = [clock.at(time) for time in times]
    assert shown == sorted(shown)


@given(st.lists(st.integers(0, DISORDER_MS), min_size=1, max_size=50))
def test_a_little_disorder_moves_the_clock_no_further_than_the_latest(times: list[int]) -> None:
    clock = LogClock()
    assert [clock.at(START + time) for time in times][-1] == START + max(times)


def plainly(rules: Sequence[Rule], records: Sequence[Seen]) -> list[tuple[str, int]]:
    """What `Watch` says, by looking at all records again for each record."""
    clock = LogClock()
    at = [clock.at(record.time) for record in records]
    found: list[tuple[str, int]] = []
    for each in rules:
        last: dict[str, int] = {}
        for place, record in enumerate(records):
            if not each.when.holds(record.terms, record.time):
                continue
            total = sum(
                1
                for other, time in zip(records[: place + 1], at, strict=False)
                if other.actor == record.actor
                and each.when.holds(other.terms, other.time)
                and (each.count == 1 or time > at[place] - each.within)
            )
            quiet = at[place] - last.get(record.actor, -(2**62)) < each.quiet
            if total >= each.count and not quiet:
                last[record.actor] = at[place]
                found.append((each.id, record.index))
    return sorted(found)


RECORDS = st.lists(
    st.tuples(
        st.integers(-2 * DISORDER_MS, 3 * DISORDER_MS),
        st.sampled_from("ab"),
        st.sampled_from(["intent", "refusal", "access"]),
    ),
    max_size=60,
)


@given(made=RECORDS, split=st.integers(0, 60), forgetting=st.booleans())
def test_a_watch_says_what_a_plain_count_says_also_when_it_begins_again(
    made: list[tuple[int, str, str]], split: int, *, forgetting: bool
) -> None:
    time = START
    records = []
    for index, (step, actor, kind) in enumerate(made):
        time += step
        records.append(seen(index, time, actor, kind))
    rules = [
        Rule("many", "", ask(["kind=intent"], 0), 3, within=8 * DISORDER_MS, quiet=DISORDER_MS),
        Rule("few", "", ask(["kind=refusal", "kind=access"], 0), quiet=4 * DISORDER_MS),
        Rule("mine", "", ask(["actor=b"], 0), 2, within=2 * DISORDER_MS),
    ]
    watch = Watch(rules, utc)
    fired: dict[tuple[str, str], Raised] = {}
    found = []
    for place, record in enumerate(records):
        if place == split:
            again = Watch(rules, utc)
            for before in records[:split]:
                again.feed(before)
            again.replace_fired(fired.values())
            watch = again
        if forgetting:
            watch.forget()
        for each in watch.feed(record):
            fired[each.rule, each.actor] = each
            found.append((each.rule, each.record))
    assert sorted(found) == plainly(rules, records)
