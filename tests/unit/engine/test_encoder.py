"""The queue before an encoder: turns, batches, bounds, and what becomes of jobs that end early."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from concurrent.futures import wait as wait_for

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import EngineClosed, EngineFailed, Overloaded
from engine.encoder import FEW, MAX_TOKENS, RATIO, SPREAD, EncoderWorkers, _Job, choose


class FakeNetwork:
    """Gives each token's own id as its state, and fails or waits where it is told to."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()
        self.fail: BaseException | None = None
        self.closed = False

    def states(self, rows: Sequence[Sequence[int]]) -> np.ndarray:
        self.entered.set()
        assert self.gate.wait(20)
        if self.fail is not None:
            raise self.fail
        self.batches.append([len(row) for row in rows])
        longest = max(map(len, rows))
        states = np.full((len(rows), longest, 1), np.nan, np.float32)
        for index, row in enumerate(rows):
            states[index, : len(row), 0] = row
        return states

    def close(self) -> None:
        self.closed = True


def total(states: np.ndarray) -> np.ndarray:
    return states.sum(axis=0)


def row(length: int, value: int = 1) -> list[int]:
    return [value] * length


@pytest.fixture
def network() -> FakeNetwork:
    return FakeNetwork()


@pytest.fixture
def workers(network: FakeNetwork) -> Iterator[EncoderWorkers]:
    workers = EncoderWorkers(network, replicas=1, queue=20)
    yield workers
    network.gate.set()
    workers.close()
    assert network.closed


def hold(network: FakeNetwork, workers: EncoderWorkers) -> Future[list[np.ndarray]]:
    """Have the one worker stand in a batch until the gate opens."""
    network.gate.clear()
    network.entered.clear()
    first = workers.submit([row(3)], total)
    assert network.entered.wait(20)
    return first


def test_results_come_in_the_order_of_the_rows_and_without_padding(
    workers: EncoderWorkers,
) -> None:
    lengths = [5, 300, 7, 1, 299, 6, 512]
    results = workers.submit([row(length, 2) for length in lengths], total).result(20)
    assert [float(result[0]) for result in results] == [2.0 * length for length in lengths]


def test_rows_of_several_jobs_run_together_where_they_are_as_long(
    network: FakeNetwork, workers: EncoderWorkers
) -> None:
    first = hold(network, workers)
    jobs = [workers.submit([row(length)], total) for length in (60, 10, 61, 12, 400)]
    network.gate.set()
    wait_for([first, *jobs], timeout=20)
    assert sorted(map(sorted, network.batches[1:])) == [[10, 12], [60, 61], [400]]


def test_a_large_job_does_not_keep_a_small_one_waiting(
    network: FakeNetwork, workers: EncoderWorkers
) -> None:
    first = hold(network, workers)
    large = workers.submit([row(500) for _ in range(15)], total)
    small = workers.submit([row(5)], total)
    network.gate.set()
    wait_for([first, large, small], timeout=20)
    assert network.batches.index([5]) <= 2
    assert len(network.batches) == 17


def test_a_full_queue_is_answered_at_once(network: FakeNetwork, workers: EncoderWorkers) -> None:
    first = hold(network, workers)
    waits = workers.submit([row(4)] * 18, total)
    with pytest.raises(Overloaded):
        workers.submit([row(4)] * 3, total)
    assert workers.waiting == 18
    fits = workers.submit([row(4)] * 2, total)
    network.gate.set()
    assert len(wait_for([first, waits, fits], timeout=20).done) == 3


def test_long_texts_without_end_keep_no_short_one_out(
    network: FakeNetwork, workers: EncoderWorkers
) -> None:
    first = hold(network, workers)
    long = [workers.submit([row(4)] * 9, total)]
    with pytest.raises(Overloaded):
        workers.submit([row(4)] * 9, total)
    short = workers.submit([row(4)] * FEW, total)
    network.gate.set()
    assert len(wait_for([first, *long, short], timeout=20).done) == 3


def test_a_single_job_is_never_too_large_for_an_empty_queue(workers: EncoderWorkers) -> None:
    assert len(workers.submit([row(4)] * 200, total).result(20)) == 200


def test_a_job_without_rows_is_done(workers: EncoderWorkers) -> None:
    assert workers.submit([], total).result(0) == []


@pytest.mark.parametrize("failure", [RuntimeError("canary"), SystemExit(1), MemoryError()])
def test_a_batch_that_fails_fails_its_jobs_with_a_code_and_no_other(
    network: FakeNetwork, workers: EncoderWorkers, failure: BaseException
) -> None:
    first = hold(network, workers)
    network.fail = failure
    network.gate.set()
    with pytest.raises(EngineFailed) as caught:
        first.result(20)
    assert "canary" not in str(caught.value)
    network.fail = None
    assert len(workers.submit([row(2)], total).result(20)) == 1


def test_what_else_a_failed_job_has_in_the_queue_does_not_run(
    network: FakeNetwork, workers: EncoderWorkers
) -> None:
    network.gate.clear()
    network.entered.clear()
    job = workers.submit([row(500) for _ in range(10)], total)
    assert network.entered.wait(20)
    network.fail = RuntimeError("broken")
    network.gate.set()
    with pytest.raises(EngineFailed):
        job.result(20)
    network.fail = None
    workers.submit([row(3)], total).result(20)
    assert network.batches == [[3]]


def test_a_result_that_cannot_be_reduced_fails_its_job(workers: EncoderWorkers) -> None:
    def fails(_: np.ndarray) -> np.ndarray:
        raise ValueError("canary")

    with pytest.raises(EngineFailed):
        workers.submit([row(2)], fails).result(20)
    assert len(workers.submit([row(2)], total).result(20)) == 1


def test_a_job_that_was_cancelled_leaves_the_queue(
    network: FakeNetwork, workers: EncoderWorkers
) -> None:
    first = hold(network, workers)
    abandoned = workers.submit([row(9)] * 19, total)
    assert abandoned.cancel()
    kept = workers.submit([row(4)] * 19, total)  # There is room again.
    network.gate.set()
    wait_for([first, kept], timeout=20)
    assert all(9 not in batch for batch in network.batches)


async def test_a_cancelled_task_takes_its_job_along(
    network: FakeNetwork, workers: EncoderWorkers
) -> None:
    first = hold(network, workers)
    future = workers.submit([row(9)], total)
    task = asyncio.ensure_future(asyncio.wrap_future(future))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.sleep(0)
    assert future.cancelled()
    network.gate.set()
    await asyncio.wrap_future(first)
    assert network.batches == [[3]]


def test_a_job_cancelled_while_it_runs_ends_nothing_else(
    network: FakeNetwork, workers: EncoderWorkers
) -> None:
    first = hold(network, workers)
    assert first.cancel()
    network.gate.set()
    assert len(workers.submit([row(2)], total).result(20)) == 1


def test_closing_fails_what_waits_and_what_runs(network: FakeNetwork) -> None:
    workers = EncoderWorkers(network, replicas=1, queue=20)
    running = hold(network, workers)
    waiting = workers.submit([row(4)], total)
    closing = threading.Thread(target=workers.close)
    closing.start()
    for future in (running, waiting):
        with pytest.raises(EngineClosed):
            future.result(20)
    network.gate.set()
    closing.join(20)
    assert network.closed
    with pytest.raises(EngineClosed):
        workers.submit([row(4)], total)
    workers.close()


def test_two_replicas_run_at_the_same_time(network: FakeNetwork) -> None:
    workers = EncoderWorkers(network, replicas=2, queue=20)
    network.gate.clear()
    jobs = [workers.submit([row(400)], total) for _ in range(2)]
    end = time.monotonic() + 20
    while workers.waiting and time.monotonic() < end:
        time.sleep(0.001)
    assert workers.waiting == 0
    network.gate.set()
    wait_for(jobs, timeout=20)
    workers.close()


lines = st.lists(
    st.lists(st.integers(1, MAX_TOKENS), min_size=1, max_size=12), min_size=1, max_size=6
)


@given(lines)
def test_every_row_runs_once_in_batches_within_bounds_and_each_job_gets_its_turn(
    lengths: list[list[int]],
) -> None:
    line = [_Job([row(length) for length in job], total) for job in lengths]
    everything = {(id(job), index) for job in line for index in range(len(job.rows))}
    ran: list[tuple[int, int]] = []
    while line:
        leader, before = line[0], line[0].lengths[-1]
        batch = choose(line)
        sizes = [len(job.rows[index]) for job, index in batch]
        assert any(job is leader and len(job.rows[index]) == before for job, index in batch)
        assert max(sizes) * len(sizes) <= MAX_TOKENS or len(sizes) == 1
        assert max(sizes) - min(sizes) <= max(SPREAD, max(sizes) * (1 - 1 / RATIO) + 1)
        ran += [(id(job), index) for job, index in batch]
        line = [job for job in [*line[1:], leader] if job.order]
    assert len(ran) == len(everything)
    assert set(ran) == everything


def test_a_batch_that_stands_still_is_given_up_with_what_waits_and_closing_waits_for_nobody(
    network: FakeNetwork,
) -> None:
    workers = EncoderWorkers(network, replicas=1, queue=20, still=1.0)
    first = hold(network, workers)
    waits = workers.submit([row(5)], total)
    for future in (first, waits):
        with pytest.raises(EngineFailed):
            future.result(20)
    assert not workers.healthy
    with pytest.raises(EngineFailed):
        workers.submit([row(3)], total)
    workers.close()
    assert not network.closed  # Its memory is in use.
    network.gate.set()


def test_a_replica_that_moves_again_is_no_longer_lost(network: FakeNetwork) -> None:
    workers = EncoderWorkers(network, replicas=1, queue=20, still=0.05)
    first = hold(network, workers)
    with pytest.raises(EngineFailed):
        first.result(20)
    network.gate.set()
    until = time.monotonic() + 20
    while not workers.healthy and time.monotonic() < until:
        time.sleep(0.01)
    assert len(workers.submit([row(3)], total).result(20)) == 1
    workers.close()
    assert network.closed
