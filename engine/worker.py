"""The threads that own a model's replicas, and the bounded queue before them.

A thread never ends because of a job: it fails the jobs of that batch and takes the next. A batch
that stands still is given up by a watchman, and its jobs fail; its replica counts as lost until it
moves again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from typing import Final

from engine.batching import Batch, Busy, Limits, Waiting, choose, linger
from engine.beginnings import Beginnings
from engine.costs import Costs, Row
from engine.errors import CallerBusy, EngineClosed, EngineFailed, Overloaded
from engine.job import Job
from engine.network import Network, Step
from engine.report import BatchReport, Observer
from engine.returns import Returns

_GAP: Final = 0.001
"""Seconds without a new job after which a batch is formed, where none is known to be coming."""
_GAPS: Final = 5
_TYPICAL_REPLY: Final = 128
"""Tokens that a reply is expected to have before any was seen."""
_MEMORY_OF_REPLIES: Final = 0.05
_STILL: Final = 60.0
"""Seconds without a token, past what the cost model expects, after which a batch is given up."""


@dataclass(slots=True)
class _Queued:
    job: Job
    since: float


@dataclass(slots=True)
class _Running:
    """A batch on a replica."""

    jobs: list[Job]
    batch: Batch
    waited: tuple[float, ...]
    formed: float
    first: float | None = None
    moved: float = 0.0
    """When it last gave a token; when it was formed, before."""
    callback: float = 0.0
    given_up: bool = False


class Workers:
    """The queue and the threads. `submit` and `cancel` never block on a computation."""

    def __init__(  # noqa: PLR0913 - wired in one place, `Generator`
        self,
        network: Network,
        *,
        end_tokens: Sequence[int],
        replicas: int,
        queue: int,
        limits: Limits,
        costs: Costs,
        kept_tokens: int = 0,
        observe: Observer = lambda _: None,
        still: float = _STILL,
    ) -> None:
        self._network = network
        self._end_tokens = list(end_tokens)
        self._capacity = queue
        self._limits = limits
        self._costs = costs
        self._beginnings = Beginnings(kept_tokens)
        self._observe = observe
        self._still = still
        self._reply = float(_TYPICAL_REPLY)
        self._returns = Returns()
        self._changed = threading.Condition()
        self._closing = threading.Event()
        self._waiting: dict[int, _Queued] = {}
        self._running: dict[int, _Running] = {}
        self._arrivals = count()
        self._expected = 0
        self._free = 0
        self._closed = False
        self._threads = [
            threading.Thread(target=self._serve, args=(index,), name=f"engine-{index}", daemon=True)
            for index in range(replicas)
        ]
        self._watchman = threading.Thread(target=self._watch, name="engine-watch", daemon=True)
        for thread in (*self._threads, self._watchman):
            thread.start()

    @property
    def waiting(self) -> int:
        """How many jobs wait."""
        return len(self._waiting)

    @property
    def running(self) -> int:
        """How many jobs are in a batch that runs, those that ended before it included."""
        return sum(len(each.jobs) for each in list(self._running.values()))

    @property
    def healthy(self) -> bool:
        """Whether a replica is left that does not stand still."""
        return not self._closed and not self._stuck()

    @contextmanager
    def expecting(self) -> Iterator[None]:
        """Say that a job is on its way, until it is submitted or will not come."""
        with self._changed:
            self._expected += 1
            self._returns.came(time.perf_counter())
        try:
            yield
        finally:
            with self._changed:
                self._expected -= 1
                if not self._expected:
                    self._changed.notify_all()

    def submit(self, job: Job) -> None:
        """Queue a job.

        Raises `Overloaded` at once where the queue is full, `CallerBusy` where its caller has as
        many in flight as it may, `EngineFailed` where no replica moves, or `EngineClosed`.
        """
        standing = job.standing
        with self._changed:
            if self._closed:
                raise EngineClosed
            if self._stuck():
                raise EngineFailed
            # A job that a free worker will take at once does not wait.
            if len(self._waiting) >= self._capacity + self._free:
                raise Overloaded
            most = standing.max_in_flight
            if most is not None and self._jobs_of(standing.caller) >= most:
                raise CallerBusy(most)
            self._waiting[next(self._arrivals)] = _Queued(job, time.perf_counter())
            self._changed.notify()

    def _stuck(self) -> bool:
        lost = sum(each.given_up for each in list(self._running.values()))
        return lost == len(self._threads)

    def _jobs_of(self, caller: Hashable) -> int:
        waiting = [queued.job for queued in self._waiting.values()]
        running = [job for each in self._running.values() for job in each.jobs]
        return sum(not job.done and job.standing.caller == caller for job in (*waiting, *running))

    def cancel(self, job: Job) -> None:
        """Stop a job: it leaves the queue now, or its row ends at the next step."""
        job.done = True
        with self._changed:
            for arrival, queued in self._waiting.items():
                if queued.job is job:
                    del self._waiting[arrival]
                    return

    def close(self) -> bool:
        """Fail what waits and what runs, join the threads, and return whether the memory is free.

        It is not where a replica stands still: that ends with the process. May be called twice.
        """
        self._closing.set()
        with self._changed:
            self._closed = True
            abandoned = [queued.job for queued in self._waiting.values()]
            abandoned += [job for each in self._running.values() for job in each.jobs]
            self._waiting.clear()
            self._changed.notify_all()
        for job in abandoned:
            job.fail(EngineClosed())
        until = time.perf_counter() + self._still
        for thread in (*self._threads, self._watchman):
            thread.join(max(0.0, until - time.perf_counter()))
        if any(thread.is_alive() for thread in self._threads):
            return False
        self._network.close()
        return True

    def _serve(self, replica: int) -> None:
        while not self._closed:
            running: _Running | None = None
            try:
                running = self._take(replica)
                if running is not None:
                    self._run(running)
            except BaseException:  # noqa: BLE001 - the thread goes on; its jobs are told below
                if running is None:
                    self._fail_waiting()
            finally:
                if running is not None:
                    self._end(replica, running)

    def _fail_waiting(self) -> None:
        """Choosing a batch failed, and would fail again: no job may wait for it for ever."""
        with self._changed:
            jobs = [queued.job for queued in self._waiting.values()]
            self._waiting.clear()
        for job in jobs:
            job.fail(EngineFailed())

    def _end(self, replica: int, running: _Running) -> None:
        for job in running.jobs:
            job.fail(EngineFailed())
        with self._changed:
            self._running.pop(replica, None)
            now = time.perf_counter()
            self._returns.ended(len(running.jobs), now - running.formed, now)
            for job in running.jobs:
                self._reply += _MEMORY_OF_REPLIES * (job.generated - self._reply)
        report = BatchReport(
            replica=replica,
            rows=len(running.jobs),
            prompt_tokens=sum(len(job.prompt) for job in running.jobs),
            shared_tokens=running.batch.shared_tokens,
            tokens=sum(job.generated for job in running.jobs),
            predicted=running.batch.seconds,
            waited=running.waited,
            formed=running.formed,
            first=running.first,
            ended=time.perf_counter(),
            callback=running.callback,
            timings=tuple(job.timing for job in running.jobs if job.timing is not None),
        )
        with suppress(Exception):  # Whoever looks on ends no thread.
            self._observe(report)

    def _take(self, replica: int) -> _Running | None:
        """Wait for work and return a batch, formed now; `None` if there is none after all."""
        with self._changed:
            self._free += 1
            try:
                if not self._await_jobs():
                    return None
                batch = choose(
                    self._listed(),
                    self._limits,
                    self._costs,
                    self._others(),
                    expected=self._coming(),
                )
            finally:
                self._free -= 1
            if not batch.arrivals:
                return None  # All of them were cancelled in between.
            now = time.perf_counter()
            queued = [self._waiting.pop(arrival) for arrival in batch.arrivals]
            for gone in [arrival for arrival, each in self._waiting.items() if each.job.done]:
                del self._waiting[gone]
            running = _Running(
                [each.job for each in queued],
                batch,
                tuple(now - each.since for each in queued),
                formed=now,
                moved=now,
            )
            self._running[replica] = running
            if self._waiting:
                self._changed.notify()
            return running

    def _coming(self) -> int:
        """Count the jobs that are announced, and those that will probably be asked for again."""
        return self._expected + self._returns.expected(time.perf_counter())

    def _listed(self) -> list[Waiting]:
        now = time.perf_counter()
        return [
            self._described(arrival, queued.job, now - queued.since)
            for arrival, queued in self._waiting.items()
            if not queued.job.done
        ]

    def _described(self, arrival: int, job: Job, waited: float) -> Waiting:
        beginning = job.beginning
        return Waiting(
            arrival,
            len(job.prompt),
            job.max_tokens,
            job.sampling,
            expected=max(1, round(self._reply)),
            priority=job.standing.priority,
            waited=waited,
            shared=None if beginning is None else beginning.name,
            shared_tokens=0 if beginning is None else beginning.tokens,
            kept=beginning is not None and beginning.name in self._beginnings,
        )

    def _others(self) -> list[Busy]:
        """Describe the other replicas: those that run, and those that are free besides this one."""
        busy = []
        free = len(self._threads) - 1 - len(self._running)
        for each in self._running.values():
            if each.given_up:
                continue  # It stands still, and takes nothing.
            left = [
                Row(len(job.prompt) + job.generated, max(1, self._left(job)))
                for job in each.jobs
                if not job.done
            ]
            busy.append(Busy(len(left), self._costs.remaining(left)))
        return busy + [Busy()] * free

    def _left(self, job: Job) -> int:
        return min(job.max_tokens, max(round(self._reply), job.generated + 8)) - job.generated

    def _await_jobs(self) -> bool:
        """Wait until jobs wait and it pays no longer to wait for more; return whether any do."""
        while not self._waiting and not self._closed:
            self._changed.wait()
        # Requests of one moment come a fraction of a millisecond apart. A batch that left with the
        # first of them would keep a replica from the others for as long as its reply takes.
        patience = _GAPS
        free = time.perf_counter()
        while not self._closed and 0 < len(self._waiting) < self._limits.max_batch:
            before = len(self._waiting)
            now = time.perf_counter()
            expected = self._coming()
            wait = linger(self._listed(), expected, self._limits, self._costs, self._others())
            if self._waiting:
                # What waited while no replica was free did not wait by choice.
                wait -= now - max(free, min(queued.since for queued in self._waiting.values()))
            if wait > 0:
                self._changed.wait(wait)
            elif patience and not expected:
                patience -= 1
                self._changed.wait(_GAP)
                if len(self._waiting) <= before:
                    break
            else:
                break
        return bool(self._waiting) and not self._closed

    def _run(self, running: _Running) -> None:
        jobs, shared = running.jobs, running.batch.shared_tokens
        steps = [job.step for job in jobs]
        sampling = jobs[0].sampling
        clock = time.perf_counter

        def on_step(step: Step) -> bool:
            now = clock()
            if running.first is None:
                running.first = now
            running.moved = now
            over = steps[step.batch_id](step.token_id) or running.given_up
            running.callback += clock() - now
            return over

        self._network.generate(
            [job.prompt[shared:] for job in jobs],
            max_length=max(job.max_tokens for job in jobs),
            end_tokens=self._end_tokens,
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            on_step=on_step,
            beginning=jobs[0].prompt[:shared],
            keep=self._keep(jobs[0], shared),
        )

    def _keep(self, job: Job, shared: int) -> bool:
        if not shared or job.beginning is None:
            return False
        with self._changed:
            return self._beginnings.use(job.beginning, shared)

    def _watch(self) -> None:
        """Give up batches that stand still, so that nobody waits for them for ever."""
        while not self._closing.wait(min(1.0, self._still / 4)):
            now = time.perf_counter()
            if self._stuck():
                self._fail_waiting()
            for running in list(self._running.values()):
                due = running.batch.seconds if running.first is None else 0.0
                if now - running.moved > self._still + 4 * due and not running.given_up:
                    running.given_up = True
                    for job in running.jobs:
                        job.fail(EngineFailed())
