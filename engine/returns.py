"""How many of those who were just answered will ask again at once. Pure.

An agent or a loop asks again as soon as it is answered; somebody who reads does not. Where all rows
of a batch end together, those who ask again are some milliseconds behind a replica that takes what
waits at that moment: without a thought of them, as many clients as a batch has rows take turns in
twice as many batches, each half as large, and each waits for one batch more than it would.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_WINDOW: Final = 0.15
"""Share of a batch's own time within which who asks asks again."""
_WINDOW_MOST: Final = 0.5
"""Seconds of the same."""
_MEMORY: Final = 0.3
"""How much the newest batch counts."""


@dataclass(slots=True)
class Returns:
    """Counts who asks after a batch ended, and says how many more are to be expected now."""

    share: float = 0.0
    """Of the rows that ended, how many asked again at once; 0 before any was seen."""
    _rows: int = 0
    _came: int = 0
    _until: float = 0.0

    def ended(self, rows: int, seconds: float, now: float) -> None:
        """Note that a batch of `rows`, which took `seconds`, ended at `now`."""
        self._settle(now)
        self._rows += rows
        self._until = max(self._until, now + min(_WINDOW * seconds, _WINDOW_MOST))

    def came(self, now: float) -> None:
        """Note that somebody asks."""
        self._settle(now)
        self._came += bool(self._rows)

    def expected(self, now: float) -> int:
        """Return how many of those who were answered have not asked again and probably will."""
        self._settle(now)
        return max(0, round(self.share * self._rows) - self._came)

    def _settle(self, now: float) -> None:
        if self._rows and now > self._until:
            self.share += _MEMORY * (min(1.0, self._came / self._rows) - self.share)
            self._rows = self._came = 0
