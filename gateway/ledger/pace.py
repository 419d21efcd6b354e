"""How work beside the writer takes turns with it: short bursts, and rests that are longer.

Threads of one process share Python's lock. The writer gives it back and takes it again some dozen
times for a group of records, and behind a thread that goes on computing each time costs it up to
`sys.getswitchinterval()`. What nobody waits for works a little, and rests.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

BURST: Final = 0.002
"""Seconds of work between two rests."""
REST: Final = 3.0
"""Rest for so many times as long as the work took."""
LONGEST: Final = 0.5
"""Seconds of one rest."""

Breathe = Callable[[], None]
"""Called often by long work, between two pieces of it: the moment to rest, where it is time."""


def no_rest() -> None:
    """Go on: somebody waits for it, or nobody else is there."""


class Pace:
    """The work and the rests of one task, from `begin` on.

    Time is that of the clock on the wall: where the work has to wait for its turn itself, others
    have much to do, and it rests for that too.
    """

    def __init__(self, sleep: Callable[[float], object] = time.sleep) -> None:
        self._sleep = sleep
        self.begin()

    def begin(self) -> None:
        """Take up work after a time of none."""
        self._since = time.monotonic()

    def breathe(self) -> None:
        """Rest if it is time."""
        if time.monotonic() - self._since >= BURST:
            self.rest()

    def rest(self) -> None:
        """Rest for what was worked since the last rest, however little."""
        self._sleep(min(LONGEST, (time.monotonic() - self._since) * REST))
        self.begin()
