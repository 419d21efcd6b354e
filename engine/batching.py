"""Which waiting jobs run together, and for how long a batch waits for more of them. Pure.

Jobs are grouped by what CTranslate2 needs them to share (sampling options, a shared beginning) and,
within that, cut into batches of neighbouring prompt lengths so that all of them together take the
least time by the cost model (`costs.py`). Which of these batches runs next is a matter of fairness:
first the one with a job that waited too long, then interactive before batch work, then the one that
serves the most waiting per second of work.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from engine.costs import Costs, Row

_CONSIDERED: Final = 256
"""Jobs that are looked at, the oldest: the work of choosing stays bounded."""
_LINGER: Final = 0.15
"""Share of a batch's own time for which it may be held back, for jobs that are on their way."""
_LINGER_MOST: Final = 0.5
"""Seconds of the same."""
_UNEVEN: Final = 0.2
"""How far, in shares of one replica, a batch may be more than its share of all the work."""


class Priority(IntEnum):
    """How urgent a job is."""

    INTERACTIVE = 0
    """Somebody reads along."""
    BATCH = 1
    """Nobody waits: it runs when nothing interactive does, or when it waited too long."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A job as far as batching cares. `arrival` orders jobs; no two are equal."""

    arrival: int
    prompt_tokens: int
    max_tokens: int
    """Tokens that the reply may still come to."""
    options: Hashable
    """Jobs with equal options can run together."""
    expected: int | None = None
    """Tokens that the reply is expected to come to; `max_tokens` if absent."""
    priority: Priority = Priority.INTERACTIVE
    waited: float = 0.0
    """Seconds in the queue."""
    shared: Hashable = field(default=None, repr=False)
    """Names the beginning of the prompt that other jobs may share; `None` if it has none."""
    shared_tokens: int = 0
    """How many tokens that beginning has; fewer than the prompt."""
    kept: bool = False
    """Whether the model holds the state of that beginning already."""

    @property
    def reply(self) -> int:
        """Tokens that the cost model counts on."""
        return self.max_tokens if self.expected is None else min(self.expected, self.max_tokens)


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one batch, and of patience."""

    max_batch: int = 32
    max_tokens: int = 65_536
    """Positions that a batch may come to occupy: rows times the longest prompt and reply in it.
    A single job is never too large for it."""
    square: float = 0.0
    """What a row's prompt takes besides, in positions for each pair of its own: attention over a
    long prompt outweighs its keys and values."""
    patience: tuple[float, float] = (5.0, 60.0)
    """Seconds after which an interactive job, and one of batch work, goes before all others."""

    def positions(self, prompt: int, reply: int) -> float:
        """Return what a row of a batch with these longest lengths may come to occupy."""
        return prompt + reply + self.square * prompt * prompt


@dataclass(frozen=True, slots=True)
class Busy:
    """What another replica has to do still; nothing if it is free."""

    rows: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Batch:
    """Jobs that run together, by arrival, oldest first."""

    arrivals: tuple[int, ...] = ()
    shared_tokens: int = 0
    """Tokens at the beginning of every prompt that are forwarded once for all; 0 for none."""
    seconds: float = 0.0
    """What it takes, by the cost model."""


def choose(
    waiting: Sequence[Waiting],
    limits: Limits,
    costs: Costs,
    others: Sequence[Busy] = (),
    *,
    expected: int = 0,
) -> Batch:
    """Return the jobs that run next; none if none waits.

    `others` are the other replicas. Where one batch would hold most of the work while another
    replica has, or soon has, nothing to do, it is shared out, and `expected` jobs that are on their
    way with it: they will be the other's.
    """
    if not waiting:
        return Batch()
    considered = sorted(waiting, key=lambda job: _urgency(job, limits))[:_CONSIDERED]
    segments = _partition(considered, limits, costs)
    segment = min(segments, key=lambda each: _rank(each, limits))
    hands = 1
    if others:
        saved = segment.seconds - _share(segment, 2, limits, costs).seconds
        hands += sum(_soon(other, segment, saved) for other in others)
    parts = math.ceil(segment.seconds * hands / _total(segments) - _UNEVEN)
    if parts > 1:
        coming = expected * len(segment.jobs) // len(considered)
        segment = _share(segment, min(parts, len(segment.jobs)), limits, costs, coming)
    return Batch(
        tuple(sorted(job.arrival for job in segment.jobs)), segment.shared, segment.seconds
    )


def linger(
    waiting: Sequence[Waiting],
    expected: int,
    limits: Limits,
    costs: Costs,
    others: Sequence[Busy] = (),
) -> float:
    """Return for how many seconds after the first job came a free replica may wait for more.

    `expected` jobs are on their way: a batch that leaves without them keeps the replica for as long
    as its longest reply takes. The wait is a small part of what the batch takes anyway.
    """
    if not waiting or not expected:
        return 0.0
    hands = 1 + sum(not other.rows for other in others)
    if len(waiting) >= min(limits.max_batch, math.ceil((len(waiting) + expected) / hands)):
        return 0.0
    oldest = sorted(waiting, key=lambda job: job.arrival)[: limits.max_batch]
    rows = [Row(job.prompt_tokens, job.reply) for job in oldest]
    return min(_LINGER * costs.seconds(rows), _LINGER_MOST)


@dataclass(frozen=True, slots=True)
class _Segment:
    jobs: tuple[Waiting, ...]
    shared: int
    seconds: float


def _overdue(job: Waiting, limits: Limits) -> float:
    return max(0.0, job.waited - limits.patience[job.priority])


def _rank(segment: _Segment, limits: Limits) -> tuple[float, bool, float, int]:
    """Order segments: the least is next. The last breaks ties, whatever the order of the list."""
    served = sum(1 + job.waited for job in segment.jobs)
    return (
        -max(_overdue(job, limits) for job in segment.jobs),
        all(job.priority is Priority.BATCH for job in segment.jobs),
        -served / max(segment.seconds, 1e-9),
        min(job.arrival for job in segment.jobs),
    )


def _urgency(job: Waiting, limits: Limits) -> tuple[float, int, int]:
    """Order jobs: who waited too long, then by priority, then by arrival."""
    return (-_overdue(job, limits), job.priority, job.arrival)


def _soon(other: Busy, segment: _Segment, saved: float) -> bool:
    """Return whether half of a segment ends no later for waiting for a replica, or few run there.

    `saved` is by how much half of the segment takes less than all of it.
    """
    return other.seconds <= saved or 4 * other.rows <= len(segment.jobs)


def _share(
    segment: _Segment, parts: int, limits: Limits, costs: Costs, coming: int = 0
) -> _Segment:
    """Return the part of a segment, of neighbouring lengths, that its most urgent job is in.

    It is one of `parts` of the segment and of as many more as are `coming`.
    """
    jobs = sorted(segment.jobs, key=_length)
    size = min(len(jobs), -(-(len(jobs) + coming) // parts))
    first = min(jobs, key=lambda job: _urgency(job, limits))
    start = min(jobs.index(first) // size * size, len(jobs) - size)
    part = jobs[start : start + size]
    rows = [Row(job.prompt_tokens, job.reply) for job in part]
    return _Segment(tuple(part), segment.shared, costs.seconds(rows, segment.shared))


def _partition(jobs: Sequence[Waiting], limits: Limits, costs: Costs) -> list[_Segment]:
    """Return batches that hold all jobs once and take the least time together."""
    kinds: dict[Hashable, list[Waiting]] = defaultdict(list)
    for job in jobs:
        kinds[job.options].append(job)
    segments: list[_Segment] = []
    for alike in kinds.values():
        plain = _cut(alike, 0, limits, costs)
        apart = _by_beginning(alike, limits, costs)
        segments += apart if _total(apart) < _total(plain) else plain
    return segments


def _by_beginning(jobs: list[Waiting], limits: Limits, costs: Costs) -> list[_Segment]:
    """Return batches of jobs that begin alike, and of the rest, each cut for itself."""
    families: dict[Hashable, list[Waiting]] = defaultdict(list)
    for job in jobs:
        families[job.shared].append(job)
    rest = [job for shared, family in families.items() for job in family if shared is None]
    segments: list[_Segment] = []
    for shared, family in families.items():
        if shared is None:
            continue
        if len(family) == 1 and not family[0].kept:
            rest += family
        else:
            segments += _cut(family, family[0].shared_tokens, limits, costs)
    return segments + _cut(rest, 0, limits, costs)


def _total(segments: list[_Segment]) -> float:
    return sum(segment.seconds for segment in segments)


def _length(job: Waiting) -> tuple[int, int, int]:
    """Order jobs by their prompts, and those of equal prompts by their replies."""
    return (job.prompt_tokens, job.reply, job.arrival)


def _cut(jobs: list[Waiting], shared: int, limits: Limits, costs: Costs) -> list[_Segment]:
    """Cut jobs, sorted by length, where it costs least (dynamic programming over the cuts)."""
    jobs = sorted(jobs, key=_length)
    best: list[tuple[float, int]] = [(0.0, 0)]
    best += [(float("inf"), 0)] * len(jobs)
    once = 0.0 if all(job.kept for job in jobs) else costs.prefill * shared
    for start in range(len(jobs)):
        before = best[start][0]
        shortest = jobs[start].prompt_tokens
        longest = total = squares = reach = 0
        for end in range(start, min(len(jobs), start + limits.max_batch)):
            job = jobs[end]
            rows = end + 1 - start
            prompt = job.prompt_tokens
            if shortest - shared == 1 and prompt > shortest:
                # With nothing of it to forward at once, CTranslate2 tells the rest of the longer
                # prompts as if it were their replies.
                break
            reach = max(reach, job.max_tokens)
            if rows > 1 and rows * limits.positions(prompt, reach) > limits.max_tokens:
                break
            steps = prompt - shortest + job.reply
            longest = max(longest, steps)
            total += steps
            squares += steps * steps
            seconds = once + costs.summed(rows, shortest - shared, shared, longest, total, squares)
            if before + seconds < best[end + 1][0]:
                best[end + 1] = (before + seconds, start)
    segments: list[_Segment] = []
    end = len(jobs)
    while end:
        seconds, start = best[end]
        segments.append(_Segment(tuple(jobs[start:end]), shared, seconds - best[start][0]))
        end = start
    return segments
