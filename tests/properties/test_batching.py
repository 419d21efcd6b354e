"""Laws of batch formation."""

from __future__ import annotations

from itertools import combinations, pairwise
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from engine.batching import Batch, Busy, Limits, Priority, Waiting, choose, linger
from engine.costs import Costs, Row

COSTS = Costs()


@st.composite
def waiting_jobs(draw: st.DrawFn, largest: int = 40) -> list[Waiting]:
    def job(arrival: int) -> Waiting:
        shared = draw(st.sampled_from([None, "ward", "lab"]))
        tokens = {None: 0, "ward": 30, "lab": 200}[shared]
        return Waiting(
            arrival,
            tokens + draw(st.integers(1, 3) | st.integers(1, 2_000)),
            draw(st.integers(1, 2_000)),
            draw(st.sampled_from(["greedy", "warm"])),
            expected=draw(st.none() | st.integers(1, 300)),
            priority=draw(st.sampled_from(Priority)),
            waited=draw(st.floats(0, 100)),
            shared=shared,
            shared_tokens=tokens,
            kept=shared == "lab",
        )

    arrivals = draw(st.lists(st.integers(0, 10_000), max_size=largest, unique=True))
    return [job(arrival) for arrival in arrivals]


jobs = waiting_jobs()
limits = st.builds(
    Limits,
    max_batch=st.integers(1, 40),
    max_tokens=st.integers(1, 100_000),
)
others = st.lists(st.builds(Busy, rows=st.integers(0, 32), seconds=st.floats(0, 20)), max_size=3)


def picked(waiting: list[Waiting], batch: Batch) -> list[Waiting]:
    by_arrival = {job.arrival: job for job in waiting}
    return [by_arrival[arrival] for arrival in batch.arrivals]


def _may_run(batch: list[Waiting]) -> bool:
    lengths = {job.prompt_tokens for job in batch}
    return 1 not in lengths or lengths == {1}


def seconds(batch: list[Waiting]) -> float:
    return COSTS.seconds([Row(job.prompt_tokens, job.reply) for job in batch])


@given(jobs, limits, others, st.integers(0, 40))
def test_a_free_replica_is_given_work_while_there_is_any(
    waiting: list[Waiting], limits: Limits, others: list[Busy], expected: int
) -> None:
    chosen = choose(waiting, limits, COSTS, others, expected=expected).arrivals
    assert bool(chosen) == bool(waiting)


@given(jobs, limits, others)
def test_a_batch_has_one_kind_of_options(
    waiting: list[Waiting], limits: Limits, others: list[Busy]
) -> None:
    chosen = picked(waiting, choose(waiting, limits, COSTS, others))
    assert len({job.options for job in chosen}) <= 1


@given(jobs, limits, others)
def test_a_beginning_is_shared_by_all_of_a_batch_or_by_none(
    waiting: list[Waiting], limits: Limits, others: list[Busy]
) -> None:
    batch = choose(waiting, limits, COSTS, others)
    if batch.shared_tokens:
        chosen = picked(waiting, batch)
        assert len({job.shared for job in chosen}) == 1
        assert {job.shared_tokens for job in chosen} == {batch.shared_tokens}
        assert all(job.prompt_tokens > batch.shared_tokens for job in chosen)


@given(jobs, limits, others)
def test_a_batch_keeps_its_bounds_unless_it_is_one_job(
    waiting: list[Waiting], limits: Limits, others: list[Busy]
) -> None:
    batch = picked(waiting, choose(waiting, limits, COSTS, others))
    assert len(batch) <= limits.max_batch
    if len(batch) > 1:
        positions = max(job.prompt_tokens for job in batch) + max(job.max_tokens for job in batch)
        assert positions * len(batch) <= limits.max_tokens


@given(jobs, limits, others, st.integers(0, 40))
def test_no_job_is_chosen_twice_and_none_is_invented(
    waiting: list[Waiting], limits: Limits, others: list[Busy], expected: int
) -> None:
    chosen = choose(waiting, limits, COSTS, others, expected=expected).arrivals
    assert list(chosen) == sorted(set(chosen))
    assert set(chosen) <= {job.arrival for job in waiting}


@given(jobs, limits, others, st.randoms(use_true_random=False))
def test_the_order_in_which_jobs_are_listed_never_matters(
    waiting: list[Waiting], limits: Limits, others: list[Busy], random: Random
) -> None:
    shuffled = list(waiting)
    random.shuffle(shuffled)
    assert (
        choose(shuffled, limits, COSTS, others).arrivals
        == choose(waiting, limits, COSTS, others).arrivals
    )


@given(jobs, limits)
def test_taking_batches_one_after_another_serves_every_job(
    waiting: list[Waiting], limits: Limits
) -> None:
    rest = list(waiting)
    while rest:
        chosen = set(choose(rest, limits, COSTS).arrivals)
        assert chosen
        rest = [job for job in rest if job.arrival not in chosen]


@given(jobs, limits, others)
def test_who_waited_too_long_the_longest_is_in_the_next_batch(
    waiting: list[Waiting], limits: Limits, others: list[Busy]
) -> None:
    overdue = {
        job.arrival: late
        for job in waiting
        if (late := job.waited - limits.patience[job.priority]) > 0
    }
    if overdue:
        worst = max(overdue.values())
        chosen = choose(waiting, limits, COSTS, others).arrivals
        assert any(overdue.get(arrival) == worst for arrival in chosen)


@given(jobs, limits, others)
def test_batch_work_alone_never_goes_before_an_interactive_job_unless_it_waited_too_long(
    waiting: list[Waiting], limits: Limits, others: list[Busy]
) -> None:
    chosen = picked(waiting, choose(waiting, limits, COSTS, others))
    if any(job.priority is Priority.INTERACTIVE for job in waiting):
        assert any(
            job.priority is Priority.INTERACTIVE or job.waited > limits.patience[Priority.BATCH]
            for job in chosen
        )


@given(waiting_jobs(7), st.integers(1, 7))
def test_no_other_cuts_of_the_jobs_by_length_cost_less(
    waiting: list[Waiting], max_batch: int
) -> None:
    alike = [Waiting(job.arrival, job.prompt_tokens, job.max_tokens, "greedy") for job in waiting]
    limits = Limits(max_batch=max_batch, max_tokens=10**9)
    rest, total = list(alike), 0.0
    while rest:
        batch = choose(rest, limits, COSTS)
        total += batch.seconds
        rest = [job for job in rest if job.arrival not in batch.arrivals]
    ordered = sorted(alike, key=lambda job: (job.prompt_tokens, job.reply))
    places = range(1, len(ordered))
    for cuts in (each for count in places for each in combinations(places, count)):
        ends = [0, *cuts, len(ordered)]
        parts = [ordered[a:b] for a, b in pairwise(ends)]
        if all(len(part) <= max_batch and _may_run(part) for part in parts):
            assert total <= sum(seconds(part) for part in parts) * 1.000_001


@given(waiting_jobs(30))
def test_what_a_batch_is_said_to_take_is_what_the_cost_model_says(waiting: list[Waiting]) -> None:
    batch = choose(waiting, Limits(), COSTS)
    chosen = picked(waiting, batch)
    if chosen and not batch.shared_tokens:
        assert abs(batch.seconds - seconds(chosen)) <= 1e-6 * batch.seconds


@given(jobs, st.integers(0, 40), limits, others)
def test_nobody_is_waited_for_where_nobody_comes_and_never_for_long(
    waiting: list[Waiting], expected: int, limits: Limits, others: list[Busy]
) -> None:
    wait = linger(waiting, expected, limits, COSTS, others)
    assert 0 <= wait <= 0.5
    if not waiting or not expected or len(waiting) >= limits.max_batch:
        assert wait == 0


def test_a_short_prompt_does_not_slow_seven_long_ones() -> None:
    # DESIGN.md: seven of 372 tokens and one of 24 took three times as long as eight of 372.
    waiting = [Waiting(index, 372, 32, "greedy") for index in range(7)]
    waiting.append(Waiting(7, 24, 32, "greedy"))
    assert set(choose(waiting, Limits(), COSTS).arrivals) in ({*range(7)}, {7})


@given(jobs, limits, others)
def test_a_prompt_of_one_token_runs_with_no_longer_one(
    waiting: list[Waiting], limits: Limits, others: list[Busy]
) -> None:
    # CTranslate2 would tell the rest of the longer prompts as their replies.
    batch = choose(waiting, limits, COSTS, others)
    lengths = {job.prompt_tokens - batch.shared_tokens for job in picked(waiting, batch)}
    assert 1 not in lengths or lengths == {1}


def test_jobs_that_cost_less_together_run_together() -> None:
    waiting = [Waiting(index, 50 + index, 64, "greedy") for index in range(16)]
    assert len(choose(waiting, Limits(), COSTS).arrivals) == 16


def test_a_long_system_prompt_that_several_share_is_forwarded_once() -> None:
    waiting = [
        Waiting(index, 700 + index, 16, "greedy", shared="ward", shared_tokens=600)
        for index in range(4)
    ]
    batch = choose(waiting, Limits(), COSTS)
    assert (len(batch.arrivals), batch.shared_tokens) == (4, 600)


def test_a_beginning_that_one_job_has_is_not_forwarded_apart_unless_it_is_kept() -> None:
    alone = Waiting(0, 700, 16, "greedy", shared="ward", shared_tokens=600)
    known = Waiting(0, 700, 16, "greedy", shared="ward", shared_tokens=600, kept=True)
    assert choose([alone], Limits(), COSTS).shared_tokens == 0
    assert choose([known], Limits(), COSTS).shared_tokens == 600


def test_free_replicas_share_what_waits() -> None:
    waiting = [Waiting(index, 50, 90, "greedy") for index in range(9)]
    assert len(choose(waiting, Limits(), COSTS, [Busy()]).arrivals) == 5


def test_free_replicas_share_what_is_on_its_way_with_what_waits() -> None:
    waiting = [Waiting(index, 50, 90, "greedy") for index in range(20)]
    assert len(choose(waiting, Limits(), COSTS, [Busy()], expected=12).arrivals) == 16
    assert len(choose(waiting, Limits(), COSTS, [Busy()], expected=40).arrivals) == 20


def test_a_replica_that_is_busy_for_long_with_much_is_not_counted_on() -> None:
    waiting = [Waiting(index, 50, 90, "greedy") for index in range(9)]
    assert len(choose(waiting, Limits(), COSTS, [Busy(16, 60.0)]).arrivals) == 9


def test_a_batch_is_shared_only_where_half_of_it_would_end_no_later_for_waiting() -> None:
    waiting = [Waiting(index, 50, 90, "greedy") for index in range(14)]
    saved = seconds(waiting) - seconds(waiting[:7])
    soon, later = Busy(7, 0.9 * saved), Busy(7, 1.1 * saved)
    assert len(choose(waiting, Limits(), COSTS, [soon]).arrivals) == 7
    assert len(choose(waiting, Limits(), COSTS, [later]).arrivals) == 14


def test_a_batch_waits_for_jobs_on_their_way_until_it_has_its_share_of_them() -> None:
    waiting = [Waiting(index, 50, 90, "greedy") for index in range(4)]
    assert linger(waiting, 12, Limits(), COSTS, [Busy()]) > 0
    assert linger(waiting, 4, Limits(), COSTS, [Busy()]) == 0
