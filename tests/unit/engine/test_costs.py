"""The cost model against what DESIGN.md measured, and its fit."""

from __future__ import annotations

import pytest

from engine.costs import Costs, Row, Trial, fit


def test_no_rows_cost_nothing() -> None:
    assert Costs().seconds([]) == Costs().remaining([]) == 0


def test_one_short_prompt_among_long_ones_costs_three_times_as_much() -> None:
    # DESIGN.md, measured facts: 6.7 s for eight prompts of 372 tokens, 19.0 s with one of 24.
    alike = Costs().seconds([Row(372, 32)] * 8)
    mixed = Costs().seconds([Row(372, 32)] * 7 + [Row(24, 32)])
    assert 2 < mixed / alike < 5


def test_a_batch_grows_dearer_with_each_row_token_and_position() -> None:
    base = Costs().seconds([Row(50, 20)])
    assert Costs().seconds([Row(50, 20)] * 2) > base
    assert Costs().seconds([Row(51, 20)]) > base
    assert Costs().seconds([Row(50, 21)]) > base


def test_two_rows_together_cost_less_than_one_after_the_other() -> None:
    assert Costs().seconds([Row(50, 64)] * 2) < 2 * Costs().seconds([Row(50, 64)])


def test_a_shared_beginning_is_paid_once() -> None:
    rows = [Row(600, 8)] * 4
    apart, together = Costs().seconds(rows), Costs().seconds(rows, shared=500)
    assert apart - together == pytest.approx(3 * 500 * Costs().prefill)


def test_what_is_left_of_a_batch_leaves_out_its_prompts() -> None:
    costs = Costs()
    whole = costs.seconds([Row(100, 50)] * 4)
    assert costs.remaining([Row(100, 50)] * 4) == pytest.approx(
        whole - costs.start - 400 * costs.prefill
    )


def test_trials_of_a_known_machine_give_its_costs_back() -> None:
    known = Costs(start=0.01, prefill=0.002, step=0.02, row=0.003, position=0.0)

    def trial(rows: int, prompt: int) -> Trial:
        first = known.start + known.prefill * rows * prompt
        return Trial(rows, prompt, first, known.step + known.row * rows)

    found = fit(trial(1, 8), trial(8, 8), trial(4, 160))
    assert found.step == pytest.approx(known.step)
    assert found.row == pytest.approx(known.row)
    assert found.prefill == pytest.approx(known.prefill, rel=0.02)


def test_the_noise_of_a_busy_machine_never_makes_a_cost_negative() -> None:
    found = fit(Trial(1, 8, 0.5, 0.2), Trial(8, 8, 0.1, 0.01), Trial(4, 160, 0.01, 0.001))
    assert min(found.start, found.prefill, found.step, found.row, found.position) >= 0
    assert found.seconds([Row(10, 10)]) > 0
