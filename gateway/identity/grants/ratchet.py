"""A time that never goes back, so that a clock set back does not make a grant longer.

It is the highest of three: the clock, the highest time that was ever written down, and the time at
which this process began plus what has passed since by a clock that nobody can set.
"""

from __future__ import annotations

import time
from collections.abc import Callable


class Ratchet:
    """Not safe to use from several threads at once: whoever owns it has a lock."""

    def __init__(
        self,
        now_ms: Callable[[], int],
        monotonic_ms: Callable[[], int] = lambda: time.monotonic_ns() // 1_000_000,
    ) -> None:
        self._now_ms = now_ms
        self._monotonic_ms = monotonic_ms
        self._began = now_ms()
        self._began_at = monotonic_ms()

    def now(self, written: int) -> int:
        """Return milliseconds since the Unix epoch, never less than `written`."""
        passed = self._monotonic_ms() - self._began_at
        now = max(self._now_ms(), self._began + passed, written)
        # From the highest time on, too, it goes at the pace of the clock that nobody can set.
        self._began = max(self._began, now - passed)
        return now
