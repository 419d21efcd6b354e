"""The queue before an encoder, and the threads that run it; the embedder and the tagger share it.

The unit is a row, one text or one window of it; a job is the rows of one request. An encoder's time
is arithmetic, so what a batch gains is small and what padding costs is not: rows run together only
where they are nearly as long. Jobs take turns, so that one with a thousand rows does not keep one
with a single row waiting.
"""

from __future__ import annotations

import threading
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from functools import partial
from typing import Final, Protocol

import numpy as np

from engine.decoder import Array
from engine.errors import EngineClosed, EngineError, EngineFailed, Overloaded
from engine.watch import Watch

MAX_TOKENS: Final = 256
"""Positions of one batch, padding included; a single row is never too long for it. Enough to spread
what a call costs over short rows, and the Python around it, which each call finds pushed out of the
core's cache; what lies between two layers of more than this leaves that of 2 MiB. Measured on the
shipped tagger with many notes waiting, CPU time of a note: against 128 some 8 % less, most of it
Python's, against 384 and 512 4 to 10 % less."""
SPREAD: Final = 8
RATIO: Final = 1.125
"""How much longer the longest row of a batch may be than its shortest: in tokens, or as a ratio."""
FEW: Final = 8
"""Rows of a small job. The last quarter of the queue is for such: who sends long texts without end
fills the rest, and keeps nobody out."""
_STILL: Final = 60.0
"""Seconds after which a batch is given up, a thousand times what it takes."""

Row = Sequence[int]
Reduce = Callable[[Array], Array]
"""From the hidden states of a row, `[tokens, hidden]`, to what is kept of them."""


class Network(Protocol):
    """What runs a batch (`ct2.EncoderReplicas`)."""

    def states(self, rows: Sequence[Row]) -> Array:
        """Return the last hidden states, `[rows, longest, hidden]`."""
        ...

    def close(self) -> None:
        """Free the memory. Nothing runs, and nothing will."""
        ...


class _Job:
    """The rows of one request, those that wait sorted by length, and what became of the others."""

    __slots__ = ("future", "lengths", "missing", "order", "reduce", "results", "rows")

    def __init__(self, rows: Sequence[Row], reduce: Reduce) -> None:
        self.rows = rows
        self.reduce = reduce
        self.order = sorted(range(len(rows)), key=lambda index: len(rows[index]))
        self.lengths = [len(rows[index]) for index in self.order]
        self.results: list[Array | None] = [None] * len(rows)
        self.missing = len(rows)
        self.future: Future[list[Array]] = Future()

    def __repr__(self) -> str:
        return f"<_Job {len(self.rows)} rows>"

    def take(self, start: int, count: int) -> list[int]:
        """Take so many waiting rows from `start` on, and return their numbers."""
        taken = self.order[start : start + count]
        del self.order[start : start + count], self.lengths[start : start + count]
        return taken


_Batch = list[tuple[_Job, int]]


class EncoderWorkers:
    """The queue and the threads. `submit` never blocks on a computation."""

    def __init__(
        self, network: Network, *, replicas: int, queue: int, still: float = _STILL
    ) -> None:
        """`queue` counts rows that may wait, its last quarter those of small jobs.

        A single job is never too large for an empty queue.
        """
        self._network = network
        self._still = still
        self._watch = Watch(replicas, "encoder-watch")
        self._capacity = queue
        self._changed = threading.Condition()
        self._line: list[_Job] = []
        self._running: dict[int, _Batch] = {}
        self._closed = False
        self._cancelled = False
        """Whether a job may be in the line that its owner has cancelled."""
        self._threads = [
            threading.Thread(target=self._serve, name=f"encoder-{index}", daemon=True)
            for index in range(replicas)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def waiting(self) -> int:
        """How many rows wait."""
        with self._changed:
            return sum(len(job.order) for job in self._line)

    @property
    def healthy(self) -> bool:
        """Whether a replica is left that does not stand still."""
        return not self._closed and not self._watch.lost

    def submit(self, rows: Sequence[Row], reduce: Reduce) -> Future[list[Array]]:
        """Queue rows; the future gets what `reduce` makes of each, in their order.

        Raises `Overloaded` at once where there is no room, `EngineFailed` where every replica
        stands still, or `EngineClosed`. The future fails with an `EngineError`; cancelling it takes
        out of the queue what has not run.
        """
        job = _Job(rows, reduce)
        if not rows:
            job.future.set_result([])
            return job.future
        with self._changed:
            if self._closed:
                raise EngineClosed
            if self._watch.lost:
                raise EngineFailed
            self._drop_ended()
            room = self._capacity - sum(len(waiting.order) for waiting in self._line)
            if len(rows) > FEW:
                room -= self._capacity // 4
            if self._line and len(rows) > room:
                raise Overloaded
            self._line.append(job)
            self._changed.notify_all()
        job.future.add_done_callback(self._ended)
        return job.future

    def close(self) -> None:
        """Fail what waits and what runs, and join the threads, for a while. May be called twice."""
        with self._changed:
            self._closed = True
            jobs = [*self._line, *(job for batch in self._running.values() for job, _ in batch)]
            self._line.clear()
            self._changed.notify_all()
        for job in jobs:
            _fail(job, EngineClosed())
        if self._watch.join(self._threads):
            self._network.close()
        # A replica that stands still ends with the process; nobody waits for it.

    def _serve(self) -> None:
        while not self._closed:
            batch: _Batch = []
            try:
                batch = self._take()
                if batch:
                    with self._watch.watching(self._still, partial(self._give_up, batch)):
                        self._run(batch)
            except BaseException:  # noqa: BLE001 - the thread goes on; its jobs are told
                self._fail_with(batch)
            finally:
                with self._changed:
                    self._running.pop(threading.get_ident(), None)

    def _fail_with(self, batch: _Batch) -> None:
        """Fail the jobs of a batch; where none was formed, all: forming it would fail again."""
        with self._changed:
            jobs = [job for job, _ in batch] or list(self._line)
            self._line = [job for job in self._line if job not in jobs]
        for job in jobs:
            _fail(job, EngineFailed())

    def _give_up(self, batch: _Batch) -> None:
        self._fail_with(batch)
        if self._watch.lost:
            self._fail_with([])  # Nobody would come for what waits.

    def _take(self) -> _Batch:
        """Wait for rows and return a batch, formed now; empty when closing."""
        with self._changed:
            self._drop_ended()
            while not self._line and not self._closed:
                self._changed.wait()
                self._drop_ended()
            if self._closed:
                return []
            batch = choose(self._line)
            # The next batch begins with the next job; this one goes to the end of the line.
            first = self._line.pop(0)
            self._line.append(first)
            self._line = [job for job in self._line if job.order]
            self._running[threading.get_ident()] = batch
            return batch

    def _drop_ended(self) -> None:
        # Asked before each batch, of all that wait: so it is the owners who say that they are gone.
        if self._cancelled:
            self._cancelled = False
            self._line = [job for job in self._line if not job.future.done()]

    def _ended(self, future: Future[list[Array]]) -> None:
        if future.cancelled():
            self._cancelled = True

    def _run(self, batch: _Batch) -> None:
        states = self._network.states([job.rows[index] for job, index in batch])
        for (job, index), state in zip(batch, states, strict=True):
            result = job.reduce(state[: len(job.rows[index])])
            with self._changed:
                job.results[index] = result
                job.missing -= 1
                done = job.missing == 0
            if done:
                with suppress(InvalidStateError):  # Its owner cancelled it in this moment.
                    job.future.set_result([each for each in job.results if each is not None])


def choose(line: Sequence[_Job]) -> _Batch:
    """Take the rows that run next out of `line`: of the first job, and of others what is as long.

    The longest row of the first job is among them. Every job in `line` has a row that waits.
    """
    first, leader = line[0], line[0].lengths[-1]
    room = max(1, MAX_TOKENS // leader)
    alike = len(first.lengths) - bisect_left(first.lengths, _shortest(leader))
    if alike >= room:
        # It fills a batch by itself, so none of the others is looked at.
        return [(first, index) for index in first.take(len(first.order) - room, room)]
    reach = max(leader + SPREAD, int(leader * RATIO))
    longest = max(
        job.lengths[end - 1] for job in line if (end := bisect_right(job.lengths, reach)) > 0
    )
    shortest = _shortest(longest)
    room = max(1, MAX_TOKENS // longest)
    batch: _Batch = []
    for job in line:
        end = bisect_right(job.lengths, longest)
        start = max(bisect_left(job.lengths, shortest), end - room)
        taken = job.take(start, max(0, end - start))
        batch += [(job, index) for index in taken]
        room -= len(taken)
        if room <= 0:
            break
    return batch


def _shortest(longest: int) -> int:
    """Return the length of the shortest row that runs together with one of `longest` tokens."""
    return min(longest - SPREAD, int(longest / RATIO))


def _fail(job: _Job, error: EngineError) -> None:
    with suppress(InvalidStateError):
        job.future.set_exception(error)


def pooled(states: Array) -> Array:
    """Return the mean of the states of all tokens, `[hidden]`, scaled to length one."""
    mean = states.mean(axis=0, dtype=np.float32)
    result: Array = mean / max(float(np.linalg.norm(mean)), 1e-12)
    return result
