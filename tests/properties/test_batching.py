"""Laws of batch formation."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.batching import Limits, Waiting, choose, together

jobs = st.lists(
    st.builds(
        Waiting,
        arrival=st.integers(0, 10_000),
        prompt_tokens=st.integers(1, 4_000),
        max_tokens=st.integers(1, 2_000),
        options=st.sampled_from(["greedy", "warm"]),
    ),
    max_size=40,
    unique_by=lambda job: job.arrival,
)
limits = st.builds(
    Limits,
    max_batch=st.integers(1, 40),
    max_tokens=st.integers(1, 100_000),
    spread=st.integers(0, 100),
    ratio=st.floats(1, 3),
)
free = st.integers(1, 8)


def picked(waiting: list[Waiting], limits: Limits, free: int) -> list[Waiting]:
    by_arrival = {job.arrival: job for job in waiting}
    return [by_arrival[arrival] for arrival in choose(waiting, limits, free)]


@given(jobs, limits, free)
def test_the_oldest_job_is_in_the_next_batch(
    waiting: list[Waiting], limits: Limits, free: int
) -> None:
    chosen = choose(waiting, limits, free)
    if waiting:
        assert chosen[0] == min(job.arrival for job in waiting)
    else:
        assert chosen == ()


@given(jobs, limits, free)
def test_a_batch_has_one_kind_of_options(waiting: list[Waiting], limits: Limits, free: int) -> None:
    assert len({job.options for job in picked(waiting, limits, free)}) <= 1


@given(jobs, limits, free)
def test_the_longest_prompt_costs_few_steps_past_the_shortest(
    waiting: list[Waiting], limits: Limits, free: int
) -> None:
    lengths = [job.prompt_tokens for job in picked(waiting, limits, free)]
    if lengths:
        assert together(min(lengths), max(lengths), limits)
        assert max(lengths) <= max(min(lengths) + limits.spread, min(lengths) * limits.ratio)


@given(jobs, limits, free)
def test_a_batch_keeps_its_bounds_unless_it_is_one_job(
    waiting: list[Waiting], limits: Limits, free: int
) -> None:
    batch = picked(waiting, limits, free)
    assert len(batch) <= limits.max_batch
    if len(batch) > 1:
        positions = max(job.prompt_tokens for job in batch) + max(job.max_tokens for job in batch)
        assert positions * len(batch) <= limits.max_tokens


@given(jobs, limits, free)
def test_no_job_is_chosen_twice_and_none_is_invented(
    waiting: list[Waiting], limits: Limits, free: int
) -> None:
    chosen = choose(waiting, limits, free)
    assert len(set(chosen)) == len(chosen)
    assert set(chosen) <= {job.arrival for job in waiting}


@given(jobs, limits, free, st.randoms(use_true_random=False))
def test_the_order_in_which_jobs_are_listed_never_matters(
    waiting: list[Waiting], limits: Limits, free: int, random: object
) -> None:
    shuffled = list(waiting)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert choose(shuffled, limits, free) == choose(waiting, limits, free)


@given(jobs, limits, free)
def test_taking_batches_one_after_another_serves_every_job(
    waiting: list[Waiting], limits: Limits, free: int
) -> None:
    rest, turns = list(waiting), 0
    while rest:
        chosen = set(choose(rest, limits, free))
        rest = [job for job in rest if job.arrival not in chosen]
        turns += 1
        assert turns <= len(waiting)


def test_a_short_prompt_does_not_slow_seven_long_ones() -> None:
    # DESIGN.md: seven of 372 tokens and one of 24 took three times as long as eight of 372.
    waiting = [Waiting(index, 372, 32, "greedy") for index in range(7)]
    waiting.append(Waiting(7, 24, 32, "greedy"))
    assert choose(waiting, Limits()) == tuple(range(7))


def test_the_window_of_lengths_moves_to_where_most_jobs_are() -> None:
    lengths = [100, 70, 72, 74, 120]
    waiting = [Waiting(index, length, 9, "greedy") for index, length in enumerate(lengths)]
    assert choose(waiting, Limits()) == (0, 1, 2, 3)


def test_free_replicas_share_what_waits() -> None:
    waiting = [Waiting(index, 50, 9, "greedy") for index in range(9)]
    assert len(choose(waiting, Limits(), free=2)) == 5
