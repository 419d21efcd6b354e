"""What became of one batch: what the cost model foresaw, and what happened. Numbers only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.timing import Timing


@dataclass(frozen=True, slots=True)
class BatchReport:
    """One batch that ran to its end. Times are seconds of `time.perf_counter`."""

    replica: int
    rows: int
    prompt_tokens: int
    """Of all rows, the shared beginning included."""
    shared_tokens: int
    """Tokens at the beginning of each row that were forwarded once, or not at all."""
    tokens: int
    """New tokens of all rows."""
    predicted: float
    """Seconds that the batch was expected to take."""
    waited: tuple[float, ...]
    """Seconds that each row waited in the queue."""
    formed: float
    """When the batch left the queue."""
    first: float | None
    """When it gave its first token; `None` if it gave none."""
    ended: float
    callback: float
    """Seconds of it in our own code: detokenizing and telling."""
    timings: tuple[Timing, ...] = ()
    """Of those rows that were submitted with one."""

    @property
    def seconds(self) -> float:
        """What it took."""
        return self.ended - self.formed


Observer = Callable[[BatchReport], None]
"""Told of each batch, on a worker's thread. It must not block."""
