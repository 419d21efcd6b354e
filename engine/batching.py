"""Which waiting jobs run together. Pure: plain data in, ids out.

CTranslate2 forwards at once only as many prompt tokens as the shortest prompt of a batch has, and
decodes the rest of the longer ones token by token: a batch costs as many extra steps as its
longest prompt is longer than its shortest. So a batch spans few lengths. Sampling options hold for
a whole batch, so a batch has one kind. The oldest job is in the next batch, always: nobody starves.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Waiting:
    """A job as far as batching cares. `arrival` orders jobs; no two are equal."""

    arrival: int
    prompt_tokens: int
    max_tokens: int
    options: Hashable
    """Jobs with equal options can run together."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one batch."""

    max_batch: int = 32
    max_tokens: int = 65_536
    """Positions that a batch may come to occupy: rows times the longest prompt and reply in it.
    A single job is never too large for it."""
    square: float = 0.0
    """What a row's prompt takes besides, in positions for each pair of its own: attention over a
    long prompt outweighs its keys and values."""
    spread: int = 32
    """Extra steps that are always worth it: a batch of two replies of this length gains as much."""
    ratio: float = 1.25
    """How much longer the longest prompt may be than the shortest, past `spread`."""


def choose(waiting: Sequence[Waiting], limits: Limits, free: int = 1) -> tuple[int, ...]:
    """Return the arrivals of the jobs that run next, oldest first; empty if none waits.

    `free` counts the replicas that could take a batch now, this one included: jobs that could run
    together are shared out among them.
    """
    if not waiting:
        return ()
    oldest = min(waiting, key=lambda job: job.arrival)
    alike = sorted(
        (job for job in waiting if job.options == oldest.options),
        key=lambda job: (job.prompt_tokens, job.arrival),
    )
    window = _widest(alike, oldest, limits)
    # The oldest of all is the oldest of the window too.
    window.sort(key=lambda job: job.arrival)
    room = min(limits.max_batch, -(-len(window) // max(free, 1)))
    chosen: list[int] = []
    longest = reply = 0
    for job in window:
        longer, further = max(longest, job.prompt_tokens), max(reply, job.max_tokens)
        row = longer + further + limits.square * longer * longer
        if chosen and row * (len(chosen) + 1) > limits.max_tokens:
            continue
        chosen.append(job.arrival)
        longest, reply = longer, further
        if len(chosen) >= room:
            break
    return tuple(chosen)


def together(shortest: int, longest: int, limits: Limits) -> bool:
    """Whether prompts of these two lengths may be in one batch."""
    return longest - shortest <= max(limits.spread, int(shortest * (limits.ratio - 1)))


def _widest(alike: list[Waiting], oldest: Waiting, limits: Limits) -> list[Waiting]:
    """Return the most jobs, of neighbouring lengths, that may run with `oldest`."""
    place = alike.index(oldest)
    best: list[Waiting] = [oldest]
    end = place
    for start in range(place + 1):
        if not together(alike[start].prompt_tokens, oldest.prompt_tokens, limits):
            continue
        end = max(end, place)
        while end + 1 < len(alike) and together(
            alike[start].prompt_tokens, alike[end + 1].prompt_tokens, limits
        ):
            end += 1
        if end + 1 - start > len(best):
            best = alike[start : end + 1]
    return best
