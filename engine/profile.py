"""Where the time of some jobs went: spans of each job and each batch, and their sums. Pure.

Times are seconds from the first request. The phases of a job follow one another without a gap, so
their sums are the whole; detokenising and callbacks lie inside decoding and are taken out of it.
Numbers only: nothing here has seen a text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from engine.report import BatchReport
from engine.timing import Interval, Timing


class Phase(StrEnum):
    """What a job, or a replica, spends its time on, in the order in which a job meets them."""

    TOKENISE = "tokenise"
    """From text to tokens, before the engine has the job."""
    QUEUE = "queue"
    """Until a batch is formed of it."""
    PREFILL = "prefill"
    """Until its first new token: its prompt is forwarded."""
    DECODE = "decode"
    """The model's steps after that."""
    DETOKENISE = "detokenise"
    """From tokens to text."""
    CALLBACK = "callback"
    """Telling whoever waits for it."""


RUNNING: Final = (Phase.PREFILL, Phase.DECODE, Phase.DETOKENISE, Phase.CALLBACK)
"""What occupies a replica."""
Sums = Mapping[Phase, float]


@dataclass(frozen=True, slots=True)
class Asked:
    """What was noted of one job where it was asked for. Seconds of `time.perf_counter`."""

    tokenise: Interval
    prompt_tokens: int
    tokens: int
    timing: Timing


@dataclass(frozen=True, slots=True)
class Span:
    """A phase from a moment to a moment."""

    phase: Phase
    start: float
    end: float

    @property
    def seconds(self) -> float:
        """How long it was."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class JobProfile:
    """One job. `spans` follow one another; `detokenise` and `callback` lie in the last of them."""

    number: int
    """From 1, in the order of the batches."""
    batch: int
    prompt_tokens: int
    tokens: int
    spans: tuple[Span, ...]
    detokenise: tuple[Span, ...]
    callback: tuple[Span, ...]

    @property
    def start(self) -> float:
        """When it was asked for."""
        return self.spans[0].start

    @property
    def end(self) -> float:
        """When its owner had been told the end."""
        return self.spans[-1].end

    @property
    def first(self) -> float:
        """When its first token came."""
        return self.spans[-1].start

    @property
    def sums(self) -> Sums:
        """Seconds of each phase: together, from `start` to `end`."""
        return _sums(self.spans, self.detokenise, self.callback)


@dataclass(frozen=True, slots=True)
class BatchProfile:
    """One batch."""

    number: int
    """From 1, in the order in which they were formed."""
    replica: int
    """From 1."""
    jobs: tuple[JobProfile, ...]
    spans: tuple[Span, ...]
    predicted: float
    """Seconds that the cost model expected it to take."""

    @property
    def prompt_tokens(self) -> int:
        """Of all its jobs."""
        return sum(job.prompt_tokens for job in self.jobs)

    @property
    def tokens(self) -> int:
        """New tokens of all its jobs."""
        return sum(job.tokens for job in self.jobs)

    @property
    def start(self) -> float:
        """When it was formed."""
        return self.spans[0].start

    @property
    def end(self) -> float:
        """When its replica was free again."""
        return self.spans[-1].end

    @property
    def seconds(self) -> float:
        """What it took."""
        return self.end - self.start

    @property
    def sums(self) -> Sums:
        """Seconds of each phase of the replica's thread: together, from `start` to `end`."""
        return _sums(
            self.spans,
            [span for job in self.jobs for span in job.detokenise],
            [span for job in self.jobs for span in job.callback],
        )


@dataclass(frozen=True, slots=True)
class Profile:
    """What some jobs took together."""

    model: str
    replicas: int
    batches: tuple[BatchProfile, ...]

    @property
    def jobs(self) -> tuple[JobProfile, ...]:
        """Return all jobs, by number."""
        return tuple(job for batch in self.batches for job in batch.jobs)

    @property
    def seconds(self) -> float:
        """From the first request to the end of the last batch."""
        return max(batch.end for batch in self.batches)

    @property
    def tokens(self) -> int:
        """New tokens of all jobs."""
        return sum(job.tokens for job in self.jobs)

    @property
    def of_jobs(self) -> Sums:
        """Seconds of each phase, of all jobs together: what those who waited waited for."""
        return _added([job.sums for job in self.jobs])

    @property
    def of_replicas(self) -> Sums:
        """Seconds of each phase, of all replicas together: what the machine was used for."""
        return _added([batch.sums for batch in self.batches])

    @property
    def idle(self) -> float:
        """Seconds for which replicas had nothing to do, of all together."""
        return self.replicas * self.seconds - sum(batch.seconds for batch in self.batches)


def make_profile(
    model: str, replicas: int, asked: Sequence[Asked], reports: Sequence[BatchReport]
) -> Profile:
    """Return the profile of jobs that all ended, from what their batches reported.

    Raises `ValueError` where a job is in no batch, or has not ended.
    """
    zero = min(each.tokenise[0] for each in asked)
    of = {id(each.timing): each for each in asked}
    batches: list[BatchProfile] = []
    count = 0
    for number, report in enumerate(sorted(reports, key=lambda each: each.formed), 1):
        members = sorted(
            (of.pop(id(timing)) for timing in report.timings), key=lambda each: each.tokenise[0]
        )
        jobs = tuple(
            _job(each, count + index, number, report.formed, zero)
            for index, each in enumerate(members, 1)
        )
        count += len(jobs)
        first = report.ended if report.first is None else report.first
        batches.append(
            BatchProfile(
                number,
                report.replica + 1,
                jobs,
                (
                    Span(Phase.PREFILL, report.formed - zero, first - zero),
                    Span(Phase.DECODE, first - zero, report.ended - zero),
                ),
                report.predicted,
            )
        )
    if of:
        raise ValueError(f"{len(of)} jobs are in no batch")
    return Profile(model, replicas, tuple(batches))


def _job(asked: Asked, number: int, batch: int, formed: float, zero: float) -> JobProfile:
    timing = asked.timing
    if timing.ended is None or not timing.detokenise:
        raise ValueError(f"job {number} has not ended")
    began, tokenised = asked.tokenise
    moments = (began, tokenised, formed, timing.detokenise[0][0], timing.ended)
    phases = (Phase.TOKENISE, Phase.QUEUE, Phase.PREFILL, Phase.DECODE)
    return JobProfile(
        number,
        batch,
        asked.prompt_tokens,
        asked.tokens,
        tuple(
            Span(phase, start - zero, end - zero)
            for phase, start, end in zip(phases, moments, moments[1:], strict=False)
        ),
        _spans(Phase.DETOKENISE, timing.detokenise, zero),
        _spans(Phase.CALLBACK, timing.callback, zero),
    )


def _spans(phase: Phase, intervals: Sequence[Interval], zero: float) -> tuple[Span, ...]:
    return tuple(Span(phase, start - zero, end - zero) for start, end in intervals)


def _sums(spans: Sequence[Span], detokenise: Sequence[Span], callback: Sequence[Span]) -> Sums:
    sums = dict.fromkeys(Phase, 0.0)
    for span in (*spans, *detokenise, *callback):
        sums[span.phase] += span.seconds
    sums[Phase.DECODE] -= sums[Phase.DETOKENISE] + sums[Phase.CALLBACK]
    return sums


def _added(all_sums: Sequence[Sums]) -> Sums:
    return {phase: sum(sums[phase] for sums in all_sums) for phase in Phase}
