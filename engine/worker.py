"""The threads that own a model's replicas, the bounded queue before them, and the jobs in both.

A job ends exactly once, whatever happens: with a result, with an error, or by its owner's cancel.
A thread never ends because of a job: it fails the jobs of that batch and takes the next.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from itertools import count
from typing import Final, Protocol

from engine.batching import Limits, Waiting, choose
from engine.errors import EngineClosed, EngineError, EngineFailed, Overloaded
from engine.stream import TextStream

_GAP: Final = 0.001
_GAPS: Final = 5
"""Seconds without a new job after which a batch is formed, and how many such gaps at most."""


_NEARLY: Final = 8
"""Tokens before its length limit from which on a row counts as about to end."""


class Reason(StrEnum):
    """Why a reply ended by itself."""

    STOP = "stop"
    """An end token of the model, or a stop string."""
    LENGTH = "length"


@dataclass(frozen=True, slots=True)
class Text:
    """Some text of a reply, and how many tokens the model generated since the last."""

    text: str
    tokens: int

    def __repr__(self) -> str:
        return f"<Text {len(self.text)} characters>"


@dataclass(frozen=True, slots=True)
class Finished:
    """The end of a reply. Tokens as OpenAI counts them: the end token is in neither number.

    `completion_tokens` is what the model generated, with the tokens that spelt a stop string.
    """

    reason: Reason
    prompt_tokens: int
    completion_tokens: int


@dataclass(frozen=True, slots=True)
class Sampling:
    """What holds for a whole batch. `temperature` 0 is greedy."""

    temperature: float
    top_p: float


Event = Text | Finished | EngineError
Listener = Callable[[Event], None]
"""Gets text, then one `Finished` or one error, on a worker's thread. It must not block."""


class StepLike(Protocol):
    """One new token of one row (`ct2.Step`)."""

    batch_id: int
    token_id: int


class Network(Protocol):
    """What runs a batch (`ct2.Replicas`)."""

    def generate(  # noqa: PLR0913 - see ct2.Replicas
        self,
        prompts: list[list[str]],
        *,
        max_length: int,
        end_tokens: list[int],
        temperature: float,
        top_p: float,
        on_step: Callable[[StepLike], bool],
    ) -> None:
        """Call `on_step` for each new token of each row; `True` ends that row."""
        ...

    def close(self) -> None:
        """Free the memory. Nothing runs, and nothing will."""
        ...


class Job:
    """One request in the engine. Its owner calls `cancel`; only its worker calls the rest."""

    __slots__ = (
        "_end_tokens",
        "_generated",
        "_listener",
        "_stream",
        "_told",
        "done",
        "max_tokens",
        "prompt",
        "sampling",
    )

    def __init__(  # noqa: PLR0913 - a job is made in one place, `Generator.submit`
        self,
        prompt: list[str],
        *,
        max_tokens: int,
        sampling: Sampling,
        end_tokens: frozenset[int],
        stream: TextStream,
        listener: Listener,
    ) -> None:
        self.prompt = prompt
        self.max_tokens = max_tokens
        self.sampling = sampling
        self.done = False
        self._end_tokens = end_tokens
        self._stream = stream
        self._listener = listener
        self._generated = 0
        self._told = 0

    def __repr__(self) -> str:
        return f"<Job {len(self.prompt)} tokens>"

    @property
    def generated(self) -> int:
        """How many tokens the model has generated so far."""
        return self._generated

    def step(self, token: int) -> bool:
        """Take one token; return whether the row ends here."""
        if self.done:
            return True
        try:
            return self._step(token)
        except Exception:  # noqa: BLE001 - a failure here ends its own row, not the batch
            self.done = False
            self.fail(EngineFailed())
            return True

    def _step(self, token: int) -> bool:
        if token in self._end_tokens:
            self._finish(Reason.STOP)
            return True
        self._generated += 1
        text = self._stream.push(token)
        if text:
            self._tell(text)
        if self._stream.stopped:
            self._finish(Reason.STOP)
        elif self._generated >= self.max_tokens:
            self._finish(Reason.LENGTH)
        return self.done

    def _tell(self, text: str) -> None:
        self._listener(Text(text, self._generated - self._told))
        self._told = self._generated

    def _finish(self, reason: Reason) -> None:
        if not self._stream.stopped:
            rest = self._stream.finish()
            if self._stream.stopped:
                reason = Reason.STOP
            if rest:
                self._tell(rest)
        self.done = True
        self._listener(Finished(reason, len(self.prompt), self._generated))

    def fail(self, error: EngineError) -> None:
        """End with an error, unless it has ended."""
        if self.done:
            return
        self.done = True
        with suppress(Exception):  # Its owner has gone, and nobody is left to tell.
            self._listener(error)


class Workers:
    """The queue and the threads. `submit` and `cancel` never block on a computation."""

    def __init__(
        self,
        network: Network,
        *,
        end_tokens: Sequence[int],
        replicas: int,
        queue: int,
        limits: Limits,
    ) -> None:
        self._network = network
        self._end_tokens = list(end_tokens)
        self._capacity = queue
        self._limits = limits
        self._changed = threading.Condition()
        self._waiting: dict[int, Job] = {}
        self._running: dict[int, list[Job]] = {}
        self._arrivals = count()
        self._free = 0
        self._closed = False
        self._threads = [
            threading.Thread(target=self._serve, name=f"engine-{index}", daemon=True)
            for index in range(replicas)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def waiting(self) -> int:
        """How many jobs wait."""
        return len(self._waiting)

    @property
    def running(self) -> int:
        """How many jobs are in a batch that runs, those that ended before it included."""
        return sum(len(batch) for batch in list(self._running.values()))

    def submit(self, job: Job) -> None:
        """Queue a job. Raises `Overloaded` at once where the queue is full, or `EngineClosed`."""
        with self._changed:
            if self._closed:
                raise EngineClosed
            # A job that a free worker will take at once does not wait.
            if len(self._waiting) >= self._capacity + self._free:
                raise Overloaded
            self._waiting[next(self._arrivals)] = job
            self._changed.notify()

    def cancel(self, job: Job) -> None:
        """Stop a job: it leaves the queue now, or its row ends at the next step."""
        job.done = True
        with self._changed:
            for arrival, waiting in self._waiting.items():
                if waiting is job:
                    del self._waiting[arrival]
                    return

    def close(self) -> None:
        """Fail what waits and what runs, and join the threads. May be called twice."""
        with self._changed:
            self._closed = True
            abandoned = list(self._waiting.values())
            abandoned += [job for batch in self._running.values() for job in batch]
            self._waiting.clear()
            self._changed.notify_all()
        for job in abandoned:
            job.fail(EngineClosed())
        for thread in self._threads:
            thread.join()
        self._network.close()

    def _serve(self) -> None:
        while not self._closed:
            batch: list[Job] = []
            try:
                batch = self._take()
                if batch:
                    self._run(batch)
            except BaseException:  # noqa: BLE001 - the thread goes on; its jobs are told below
                if not batch:
                    self._fail_waiting()
            finally:
                for job in batch:
                    job.fail(EngineFailed())
                with self._changed:
                    self._running.pop(threading.get_ident(), None)

    def _fail_waiting(self) -> None:
        """Choosing a batch failed, and would fail again: no job may wait for it for ever."""
        with self._changed:
            jobs = list(self._waiting.values())
            self._waiting.clear()
        for job in jobs:
            job.fail(EngineFailed())

    def _take(self) -> list[Job]:
        """Wait for work and return a batch, formed now; empty when closing."""
        with self._changed:
            self._free += 1
            try:
                if not self._await_jobs():
                    return []
                chosen = choose(
                    [
                        Waiting(arrival, len(job.prompt), job.max_tokens, job.sampling)
                        for arrival, job in self._waiting.items()
                        if not job.done
                    ],
                    self._limits,
                    free=self._free + self._finishing(),
                )
            finally:
                self._free -= 1
            batch = [self._waiting[arrival] for arrival in chosen]
            gone = [arrival for arrival, job in self._waiting.items() if job.done]
            for arrival in {*chosen, *gone}:
                del self._waiting[arrival]
            self._running[threading.get_ident()] = batch
            if self._waiting:
                self._changed.notify()
            return batch

    def _finishing(self) -> int:
        """How many replicas have only rows that ended, or nearly so, and will be free in a moment.

        What they could take is left to them: a replica that takes all that waits would run it alone
        while the other stands idle.
        """
        return sum(
            all(job.done or job.max_tokens - job.generated <= _NEARLY for job in batch)
            for batch in self._running.values()
        )

    def _await_jobs(self) -> bool:
        """Wait until jobs wait and no more seem to be coming; return whether there are any."""
        while not self._waiting and not self._closed:
            self._changed.wait()
        # Requests of one moment come a fraction of a millisecond apart. A batch that left with the
        # first of them would keep a replica from the others for as long as its reply takes.
        patience = _GAPS
        while not self._closed and 0 < len(self._waiting) < self._limits.max_batch and patience:
            patience -= 1
            before = len(self._waiting)
            self._changed.wait(_GAP)
            if len(self._waiting) <= before:
                break
        return bool(self._waiting) and not self._closed

    def _run(self, batch: list[Job]) -> None:
        steps = [job.step for job in batch]
        sampling = batch[0].sampling

        def on_step(step: StepLike) -> bool:
            return steps[step.batch_id](step.token_id)

        self._network.generate(
            [job.prompt for job in batch],
            max_length=max(job.max_tokens for job in batch),
            end_tokens=self._end_tokens,
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            on_step=on_step,
        )
