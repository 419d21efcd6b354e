"""How work beside the writer takes turns with it: short bursts, and rests that are longer.

Threads of one process share Python's lock. The writer gives it back and takes it again some dozen
times for a group of records, and behind a thread that goes on computing each time costs it up to
`sys.getswitchinterval()`. What nobody waits for works a little, and rests.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

BURST: Final = 0.002
"""Seconds of processor time between two rests."""
REST: Final = 3.0
"""Rest for so many times as long as the work took: a quarter of a core, at most."""
LONGEST: Final = 0.5
"""Seconds of one rest."""

Breathe = Callable[[], None]
"""Called often by long work, between two pieces of it: the moment to rest, where it is time."""


def no_rest() -> None:
    """Go on: somebody waits for it, or nobody else is there."""


class Pace:
    """The work and the rests of one task, which may go from thread to thread, but not be in two."""

    def __init__(self, sleep: Callable[[float], object] = time.sleep) -> None:
        self._sleep = sleep
        self._begin()

    def breathe(self) -> None:
        """Rest if it is time."""
        if self._worked() >= BURST:
            self.rest()

    def rest(self) -> None:
        """Rest for what was worked since the last rest, however little."""
        self._sleep(min(LONGEST, self._worked() * REST))
        self._begin()

    def _begin(self) -> None:
        self._thread = threading.get_ident()
        self._since = time.thread_time()

    def _worked(self) -> float:
        if threading.get_ident() != self._thread:
            self._begin()  # The clock of another thread says nothing about this one.
        return time.thread_time() - self._since
