"""`limits.yaml` is read whole or not at all, and of what fits a caller the lowest number holds."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.exchange import Assurance, Caller
from gateway.domain.limits import RATES, Bound, LimitTable, Rate
from gateway.policy.limits import FILE, read_limits
from gateway.policy.problems import PolicyError
from gateway.policy.release import build

GOOD = b"""
each_caller:
  everyone: {requests_per_minute: 600}
  roles:
    researcher: {tokens_per_hour: 5000, requests_per_minute: 60}
    clinician: {patients_per_hour: 40}
  groups:
    pilot: {requests_per_minute: 30}
  callers:
    "key:abcdefghij": {requests_per_minute: 1000}
departments:
  icu: {tokens_per_month: 900}
"""


def caller(*roles: str, groups: tuple[str, ...] = (), name: str = "key:abcdefghij") -> Caller:
    return Caller(name, "ward", frozenset(roles), frozenset(groups), "ward", Assurance.API_KEY)


def told(table: LimitTable, who: Caller) -> dict[str, int]:
    return {f"{each.holder} {each.rate}": each.most for each in table.bounds(who)}


def test_the_lowest_number_that_fits_holds() -> None:
    table = read_limits(FILE, GOOD)
    assert told(table, caller()) == {"key:abcdefghij requests_per_minute": 600}
    assert told(table, caller("researcher", "clinician", groups=("pilot",))) == {
        "key:abcdefghij patients_per_hour": 40,
        "key:abcdefghij requests_per_minute": 30,
        "key:abcdefghij tokens_per_hour": 5000,
    }
    assert told(table, caller(groups=("icu", "pilot"))) == {
        "department:icu tokens_per_month": 900,
        "key:abcdefghij requests_per_minute": 30,
    }


def test_a_caller_counts_for_the_first_of_its_groups() -> None:
    assert caller(groups=("pilot", "icu")).department == "icu"
    assert caller().department is None


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (b"", None, ""),
        (b"[a]", 1, "mapping"),
        (b"everyone: {requests_per_minute: 1}", 1, "unknown key `everyone`"),
        (b"each_caller: {}", 1, ""),
        (b"each_caller:\n  everyone: {}", 2, ""),
        (b"each_caller:\n  everyone: {request_per_minute: 1}", 2, "did you mean"),
        (b"each_caller:\n  everyone: {patients_per_day: 1}", 2, "is no limit"),
        (b"each_caller:\n  everyone: {requests_per_minute: 0}", 2, "out of range"),
        (b"each_caller:\n  everyone: {requests_per_minute: 1.5}", 2, "whole number"),
        (b"each_caller:\n  everyone: {requests_per_minute: -1}", 2, "whole number"),
        (b"each_caller:\n  everyone: {patients_per_hour: 100001}", 2, "out of range"),
        (b"each_caller:\n  roles:\n    Chief: {requests_per_minute: 1}", 3, "role, group"),
        (b"departments:\n  icu: 7", 2, "mapping"),
        (
            b"departments:\n  icu: {requests_per_day: 1}\n  icu: {requests_per_day: 2}",
            3,
            "a second time",
        ),
        (b"departments: &a\n  icu: {requests_per_day: 1}", 1, ""),
    ],
)
def test_what_is_not_understood_is_an_error_with_its_line(
    text: bytes, line: int | None, words: str
) -> None:
    with pytest.raises(PolicyError) as raised:
        read_limits(FILE, text)
    (problem,) = raised.value.problems
    assert problem.file == FILE
    assert words in problem.message
    if words:
        assert problem.line == line


def test_the_file_is_part_of_the_release_and_may_be_absent(files: dict[str, bytes]) -> None:
    without = build({name: data for name, data in files.items() if name != FILE})
    release = build({**files, FILE: GOOD})
    assert without.digest != release.digest
    assert without.limits.bounds(caller("researcher")) == ()
    assert release.limits.bounds(caller("researcher"))


numbers = st.dictionaries(st.sampled_from(list(RATES.values())), st.integers(1, 9), max_size=3)
named = st.dictionaries(st.sampled_from(["a", "b", "c"]), numbers, max_size=3)
tables = st.builds(LimitTable, numbers, named, named, named, named)
names = st.frozensets(st.sampled_from(["a", "b", "c"]))


@given(tables, names, names, st.sampled_from(["a", "b", "c"]), numbers)
def test_one_line_more_never_allows_more(
    table: LimitTable,
    roles: frozenset[str],
    groups: frozenset[str],
    line: str,
    more: Mapping[Rate, int],
) -> None:
    who = Caller("a", "a", roles, groups, "a", Assurance.API_KEY)
    merged = {
        rate: min(table.roles.get(line, {}).get(rate, most), most) for rate, most in more.items()
    }
    wider = LimitTable(
        table.everyone,
        {**table.roles, line: {**table.roles.get(line, {}), **merged}},
        table.groups,
        table.callers,
        table.departments,
    )

    def most(bounds: tuple[Bound, ...]) -> dict[tuple[str, Rate], int]:
        return {(each.holder, each.rate): each.most for each in bounds}

    before, after = most(table.bounds(who)), most(wider.bounds(who))
    assert before.keys() <= after.keys()
    assert all(after[key] <= before[key] for key in before)


def test_every_limit_has_a_name_that_can_be_written() -> None:
    lines = b"each_caller:\n  everyone:\n" + b"".join(f"    {name}: 1\n".encode() for name in RATES)
    assert read_limits(FILE, lines).everyone == dict.fromkeys(RATES.values(), 1)
    assert all(str(rate) == name for name, rate in itertools.chain(RATES.items()))
