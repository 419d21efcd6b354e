"""The queue and the threads, over a network that fails and waits as it is told."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from engine.batching import Limits, Priority
from engine.costs import Costs
from engine.errors import CallerBusy, EngineClosed, EngineFailed, Overloaded
from engine.job import NOBODY, Beginning, Event, Finished, Job, Reason, Sampling, Standing, Text
from engine.report import BatchReport
from engine.stream import TextStream
from engine.worker import Workers

END = 0
TABLE = [b"", *[chr(96 + index).encode() for index in range(1, 27)]]
GREEDY = Sampling(0.0, 1.0)
LIMITS = Limits()


@dataclass
class Step:
    batch_id: int
    token_id: int
    is_last: bool = False


@dataclass
class FakeNetwork:
    """Replies to each row with the tokens that its prompt names; `gate` holds it up."""

    gate: threading.Event = field(default_factory=threading.Event)
    failures: list[BaseException] = field(default_factory=list)
    batches: list[list[list[str]]] = field(default_factory=list)
    steps: list[tuple[int, int]] = field(default_factory=list)
    closed: bool = False
    forgets: bool = False
    takes: float = 0.0
    beginnings: list[tuple[list[str], bool]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.gate.set()

    def generate(
        self,
        prompts: list[list[str]],
        *,
        max_length: int,
        end_tokens: list[int],
        temperature: float,
        top_p: float,
        on_step: Callable[[Step], bool],
        beginning: Sequence[str] = (),
        keep: bool = False,
    ) -> None:
        self.batches.append(prompts)
        self.beginnings.append((list(beginning), keep))
        self.gate.wait(10)
        time.sleep(self.takes)
        if self.failures:
            raise self.failures.pop(0)
        if self.forgets:
            return
        rows = {row: [int(token) for token in prompt] for row, prompt in enumerate(prompts)}
        for step in range(max_length):
            for row in list(rows):
                token = rows[row][step] if step < len(rows[row]) else END
                self.steps.append((row, token))
                if on_step(Step(row, token)) or token == END:
                    del rows[row]

    def close(self) -> None:
        self.closed = True


class Inbox:
    def __init__(self) -> None:
        self.events: list[Event] = []
        self.over = threading.Event()

    def __call__(self, event: Event) -> None:
        self.events.append(event)
        if not isinstance(event, Text):
            self.over.set()

    @property
    def text(self) -> str:
        return "".join(event.text for event in self.events if isinstance(event, Text))

    @property
    def last(self) -> Event:
        assert self.over.wait(5), "the job never ended"
        return self.events[-1]


def job(
    tokens: list[int],
    listener: Callable[[Event], None],
    max_tokens: int = 20,
    stop: tuple[str, ...] = (),
    sampling: Sampling = GREEDY,
    standing: Standing = NOBODY,
    beginning: Beginning | None = None,
) -> Job:
    return Job(
        [str(token) for token in tokens],
        max_tokens=max_tokens,
        sampling=sampling,
        end_tokens=frozenset([END]),
        stream=TextStream(TABLE, stop),
        listener=listener,
        standing=standing,
        beginning=beginning,
    )


@pytest.fixture
def network() -> FakeNetwork:
    return FakeNetwork()


def working(
    network: FakeNetwork,
    *,
    replicas: int = 1,
    queue: int = 3,
    limits: Limits = LIMITS,
    **more: Any,
) -> Workers:
    return Workers(
        network,
        end_tokens=[END],
        replicas=replicas,
        queue=queue,
        limits=limits,
        costs=Costs(),
        **more,
    )


@pytest.fixture
def workers(network: FakeNetwork) -> Iterator[Workers]:
    workers = working(network)
    yield workers
    network.gate.set()
    workers.close()


def busy(network: FakeNetwork, workers: Workers) -> Inbox:
    """Occupy the one replica until the gate opens."""
    network.gate.clear()
    inbox = Inbox()
    workers.submit(job([1], inbox))
    deadline = time.monotonic() + 5
    while not network.batches and time.monotonic() < deadline:
        time.sleep(0.001)
    return inbox


def test_a_job_gets_its_text_and_its_end(workers: Workers) -> None:
    inbox = Inbox()
    workers.submit(job([8, 9], inbox))
    assert inbox.last == Finished(Reason.STOP, 2, 2)
    assert inbox.text == "hi"


def test_the_end_token_is_in_no_count(workers: Workers) -> None:
    inbox = Inbox()
    workers.submit(job([END], inbox))
    assert inbox.last == Finished(Reason.STOP, 1, 0)


def test_rows_of_one_batch_end_at_their_own_lengths(network: FakeNetwork, workers: Workers) -> None:
    held = busy(network, workers)
    short, long = Inbox(), Inbox()
    workers.submit(job([1, 2, 3, 4], short, max_tokens=2))
    workers.submit(job([1, 2, 3, 4], long, max_tokens=3))
    network.gate.set()
    assert short.last == Finished(Reason.LENGTH, 4, 2)
    assert long.last == Finished(Reason.LENGTH, 4, 3)
    assert (short.text, long.text) == ("ab", "abc")
    assert isinstance(held.last, Finished)
    assert len(network.batches) == 2


def test_a_stop_string_ends_its_row_and_counts_its_tokens(workers: Workers) -> None:
    inbox = Inbox()
    workers.submit(job([1, 2, 3, 4, 5], inbox, stop=("cd",)))
    assert inbox.last == Finished(Reason.STOP, 5, 4)
    assert inbox.text == "ab"


def test_tokens_told_with_the_text_add_up(workers: Workers) -> None:
    inbox = Inbox()
    workers.submit(job([3, 4, 1], inbox, stop=("cdx",)))
    assert inbox.last == Finished(Reason.STOP, 3, 3)
    assert sum(event.tokens for event in inbox.events if isinstance(event, Text)) == 3


def test_one_job_too_many_is_refused_at_once(network: FakeNetwork, workers: Workers) -> None:
    held = busy(network, workers)
    for _ in range(3):
        workers.submit(job([1], Inbox()))
    with pytest.raises(Overloaded):
        workers.submit(job([1], Inbox()))
    assert not held.over.is_set(), "it was refused only when something had ended"


def test_a_cancelled_job_leaves_the_queue_and_is_never_run(
    network: FakeNetwork, workers: Workers
) -> None:
    held = busy(network, workers)
    jobs = [job([1], Inbox()) for _ in range(3)]
    for each in jobs:
        workers.submit(each)
    workers.cancel(jobs[1])
    workers.submit(job([2], last := Inbox()))
    network.gate.set()
    assert isinstance(last.last, Finished)
    assert isinstance(held.last, Finished)
    assert sum(len(batch) for batch in network.batches) == 4


def test_a_cancelled_row_ends_at_its_next_step_and_frees_the_replica(
    network: FakeNetwork, workers: Workers
) -> None:
    endless = Inbox()
    running = job([1] * 1000, endless, max_tokens=1000)
    network.gate.clear()
    workers.submit(running)
    while not network.batches:
        time.sleep(0.001)
    workers.cancel(running)
    network.gate.set()
    after = Inbox()
    workers.submit(job([5], after))
    assert isinstance(after.last, Finished)
    assert len(network.steps) < 10
    assert endless.events == []


@pytest.mark.parametrize("failure", [RuntimeError("out of memory"), SystemExit(1), MemoryError()])
def test_a_failing_batch_fails_its_jobs_and_the_thread_goes_on(
    failure: BaseException, network: FakeNetwork, workers: Workers
) -> None:
    network.failures.append(failure)
    first, second = Inbox(), Inbox()
    workers.submit(job([1], first))
    assert isinstance(first.last, EngineFailed)
    workers.submit(job([1], second))
    assert isinstance(second.last, Finished)


def test_a_batch_that_ends_without_ending_its_rows_fails_them(
    network: FakeNetwork, workers: Workers
) -> None:
    network.forgets = True
    inbox = Inbox()
    workers.submit(job([1], inbox))
    assert isinstance(inbox.last, EngineFailed)


def test_a_listener_that_fails_ends_its_own_row_alone(
    network: FakeNetwork, workers: Workers
) -> None:
    def broken(_: Event) -> None:
        raise RuntimeError("its event loop is closed")

    held = busy(network, workers)
    neighbour = Inbox()
    workers.submit(job([1, 2, 3], broken))
    workers.submit(job([1, 2, 3], neighbour))
    network.gate.set()
    assert neighbour.last == Finished(Reason.STOP, 3, 3)
    assert isinstance(held.last, Finished)


def test_a_failure_while_choosing_a_batch_fails_what_waits(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> tuple[int, ...]:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr("engine.worker.choose", broken)
        inbox = Inbox()
        workers.submit(job([1], inbox))
        assert isinstance(inbox.last, EngineFailed)
    after = Inbox()
    workers.submit(job([1], after))
    assert isinstance(after.last, Finished)


def test_closing_fails_what_waits_and_joins_the_threads(
    network: FakeNetwork, workers: Workers
) -> None:
    held = busy(network, workers)
    waiting = Inbox()
    workers.submit(job([1], waiting))
    threading.Timer(0.05, network.gate.set).start()
    workers.close()
    assert isinstance(waiting.last, EngineClosed)
    assert isinstance(held.last, EngineClosed)
    assert network.closed
    assert not any(thread.is_alive() for thread in workers._threads)
    with pytest.raises(EngineClosed):
        workers.submit(job([1], Inbox()))


def test_jobs_of_unequal_sampling_never_share_a_batch(
    network: FakeNetwork, workers: Workers
) -> None:
    busy(network, workers)
    inboxes = [Inbox(), Inbox()]
    workers.submit(job([1], inboxes[0]))
    workers.submit(job([1], inboxes[1], sampling=Sampling(0.7, 1.0)))
    network.gate.set()
    assert all(isinstance(inbox.last, Finished) for inbox in inboxes)
    assert [len(batch) for batch in network.batches] == [1, 1, 1]


def test_jobs_that_come_at_once_share_a_batch(network: FakeNetwork, workers: Workers) -> None:
    inboxes = [Inbox() for _ in range(3)]
    for inbox in inboxes:
        workers.submit(job([1], inbox))
    assert all(isinstance(inbox.last, Finished) for inbox in inboxes)
    assert len(network.batches) <= 2


def test_a_caller_has_no_more_jobs_in_flight_than_it_may(
    network: FakeNetwork, workers: Workers
) -> None:
    ward = Standing("ward", max_in_flight=2)
    held = busy(network, workers)
    first = Inbox()
    workers.submit(job([1], first, standing=ward))
    gone = job([1], Inbox(), standing=ward)
    workers.submit(gone)
    with pytest.raises(CallerBusy):
        workers.submit(job([1], Inbox(), standing=ward))
    workers.submit(job([1], other := Inbox(), standing=Standing("lab", max_in_flight=2)))
    workers.cancel(gone)
    workers.submit(job([1], second := Inbox(), standing=ward))
    network.gate.set()
    for inbox in (held, first, second, other):
        assert isinstance(inbox.last, Finished)
    workers.submit(job([1], after := Inbox(), standing=ward))
    assert isinstance(after.last, Finished)


def test_batch_work_goes_after_what_came_later_and_is_read_along(
    network: FakeNetwork, workers: Workers
) -> None:
    held = busy(network, workers)
    batch = Standing(priority=Priority.BATCH)
    workers.submit(job([2], night := Inbox(), standing=batch, sampling=Sampling(0.5, 1.0)))
    workers.submit(job([3], ward := Inbox()))
    network.gate.set()
    assert all(isinstance(inbox.last, Finished) for inbox in (held, ward, night))
    assert network.batches == [[["1"]], [["3"]], [["2"]]]


def test_a_batch_waits_for_jobs_that_are_known_to_come(
    network: FakeNetwork, workers: Workers
) -> None:
    inboxes = [Inbox() for _ in range(3)]
    with workers.expecting():
        for inbox in inboxes:
            workers.submit(job([1], inbox, max_tokens=200))
            time.sleep(0.015)  # Longer than jobs of one moment are apart.
    assert all(isinstance(inbox.last, Finished) for inbox in inboxes)
    assert [len(batch) for batch in network.batches] == [3]


def test_a_batch_does_not_wait_long_for_a_job_that_never_comes(
    network: FakeNetwork, workers: Workers
) -> None:
    with workers.expecting():
        workers.submit(job([1], inbox := Inbox()))
        assert isinstance(inbox.last, Finished)


def test_two_who_ask_again_as_soon_as_they_are_answered_come_to_run_together(
    network: FakeNetwork, workers: Workers
) -> None:
    network.takes = 0.4

    def ask(turns: int) -> None:
        for _ in range(turns):
            with workers.expecting():
                workers.submit(job([1], inbox := Inbox()))
            assert isinstance(inbox.last, Finished)
            time.sleep(0.02)  # Longer than jobs of one moment are apart.

    first, second = (threading.Thread(target=ask, args=(turns,)) for turns in (7, 6))
    first.start()
    time.sleep(0.2)
    second.start()
    for thread in (first, second):
        thread.join(30)
    sizes = [len(batch) for batch in network.batches]
    assert sizes[0] == 1
    assert max(sizes) == 2


def test_a_beginning_that_jobs_share_is_given_once_and_kept_when_it_comes_again(
    network: FakeNetwork,
) -> None:
    beginning = Beginning("ward", b"system", 400)
    workers = working(network, kept_tokens=1_000)
    for _ in range(3):
        held = busy(network, workers)
        inboxes = [Inbox(), Inbox()]
        for inbox in inboxes:
            workers.submit(job([*[5] * 400, 7], inbox, beginning=beginning))
        network.gate.set()
        assert all(isinstance(inbox.last, Finished) for inbox in (held, *inboxes))
        assert network.batches[-1] == [["7"], ["7"]]
        network.batches.clear()  # `busy` looks for the next.
    workers.close()
    shared = [(len(tokens), keep) for tokens, keep in network.beginnings if tokens]
    assert shared == [(400, False), (400, True), (400, True)]


def test_what_became_of_a_batch_is_reported(network: FakeNetwork) -> None:
    reports: list[BatchReport] = []
    workers = working(network, observe=reports.append)
    workers.submit(job([1, 2], inbox := Inbox()))
    assert isinstance(inbox.last, Finished)
    workers.close()
    [report] = reports
    assert (report.rows, report.prompt_tokens, report.tokens) == (1, 2, 2)
    assert report.first is not None
    assert report.formed <= report.first <= report.ended
    assert report.predicted > 0


def test_an_observer_that_fails_ends_no_thread(network: FakeNetwork) -> None:
    def broken(_: BatchReport) -> None:
        raise RuntimeError("its log is closed")

    workers = working(network, observe=broken)
    for _ in range(2):
        workers.submit(job([1], inbox := Inbox()))
        assert isinstance(inbox.last, Finished)
    workers.close()


def test_a_job_that_nobody_times_is_reported_without_times(network: FakeNetwork) -> None:
    reports: list[BatchReport] = []
    workers = working(network, observe=reports.append)
    workers.submit(job([1, 2], inbox := Inbox()))
    assert isinstance(inbox.last, Finished)
    workers.close()
    assert reports[0].timings == ()


def test_a_batch_that_stands_still_is_given_up_and_its_replica_counts_as_lost(
    network: FakeNetwork,
) -> None:
    workers = working(network, still=0.5)  # Less, and a busy machine would stand still too.
    network.gate.clear()
    workers.submit(job([1], inbox := Inbox()))
    assert isinstance(inbox.last, EngineFailed)
    assert not workers.healthy
    network.gate.set()
    deadline = time.monotonic() + 5
    while not workers.healthy and time.monotonic() < deadline:
        time.sleep(0.001)
    workers.submit(job([1], after := Inbox()))
    assert isinstance(after.last, Finished)
    assert workers.healthy
    workers.close()


def test_where_no_replica_moves_nobody_waits(network: FakeNetwork) -> None:
    workers = working(network, limits=Limits(max_batch=1), still=1.0)
    network.gate.clear()
    inboxes = [Inbox(), Inbox(), Inbox()]
    for inbox in inboxes:
        workers.submit(job([1], inbox))
    assert all(isinstance(inbox.last, EngineFailed) for inbox in inboxes)
    with pytest.raises(EngineFailed):
        workers.submit(job([1], Inbox()))
    network.gate.set()
    workers.close()


def test_closing_does_not_wait_for_ever_for_a_batch_that_stands_still(
    network: FakeNetwork,
) -> None:
    workers = working(network, still=0.1)
    held = busy(network, workers)
    assert not workers.close()
    assert isinstance(held.last, EngineClosed)
    assert not network.closed
    network.gate.set()


def test_a_replica_that_stands_still_is_left_no_share_of_the_work(network: FakeNetwork) -> None:
    workers = working(network, replicas=2, queue=9, still=0.05)
    held = busy(network, workers)
    assert isinstance(held.last, EngineFailed)
    assert workers.healthy
    assert workers._others() == []
    network.gate.set()
    workers.close()


def test_no_job_shows_its_prompt() -> None:
    beginning = Beginning("ward", b"17", 17)
    assert "17" not in repr(job([17, 17], Inbox(), beginning=beginning))
    assert "ward" not in repr(beginning)
