"""Which system prompts stay in the model's memory."""

from __future__ import annotations

from engine.beginnings import Beginnings


def test_a_beginning_is_kept_from_its_second_batch_on() -> None:
    beginnings = Beginnings(1_000)
    assert not beginnings.use("ward", 400)
    assert "ward" not in beginnings
    assert beginnings.use("ward", 400)
    assert "ward" in beginnings


def test_what_is_kept_never_takes_more_than_its_budget() -> None:
    beginnings = Beginnings(1_000)
    kept = 0
    for name in range(50):
        beginnings.use(name, 300)
        kept += beginnings.use(name, 300)
    assert kept == 3


def test_with_no_budget_nothing_is_kept() -> None:
    beginnings = Beginnings(0)
    assert not any(beginnings.use("ward", 1) for _ in range(5))


def test_many_beginnings_that_never_come_again_do_not_fill_memory() -> None:
    beginnings = Beginnings(0)
    for name in range(5_000):
        beginnings.use(name, 10)
    assert len(beginnings._uses) <= 1_024
