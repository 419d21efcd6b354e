"""Which system prompts stay in the model's memory."""

from __future__ import annotations

from engine.beginnings import Beginnings
from engine.job import Beginning


def of(caller: object, words: object, tokens: int = 400) -> Beginning:
    return Beginning(caller, repr(words).encode(), tokens)


def test_a_beginning_is_kept_from_its_second_batch_on() -> None:
    beginnings = Beginnings(1_000)
    ward = of("ann", "ward")
    assert not beginnings.use(ward, 400)
    assert ward.name not in beginnings
    assert beginnings.use(ward, 400)
    assert ward.name in beginnings


def test_what_is_kept_never_takes_more_than_its_budget() -> None:
    beginnings = Beginnings(1_000)
    kept = 0
    for name in range(50):
        beginnings.use(of("ann", name), 300)
        kept += beginnings.use(of("ann", name), 300)
    assert kept == 3


def test_with_no_budget_nothing_is_kept() -> None:
    beginnings = Beginnings(0)
    assert not any(beginnings.use(of("ann", "ward"), 1) for _ in range(5))


def test_many_beginnings_that_never_come_again_do_not_fill_memory() -> None:
    beginnings = Beginnings(0)
    for name in range(5_000):
        beginnings.use(of("ann", name), 10)
    assert len(beginnings._uses) <= 1_024


def test_a_caller_never_finds_the_state_that_another_has_made() -> None:
    beginnings = Beginnings(1_000)
    assert [beginnings.use(of("ann", "ward"), 400) for _ in range(3)] == [False, True, True]
    # As if nobody had asked it before: the second is computed, and used from the third on.
    assert [beginnings.use(of("bob", "ward"), 400) for _ in range(3)] == [False, False, True]
