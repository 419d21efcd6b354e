"""Where exchanges run: as many at once as the gateway has places, and never all of one caller.

The last quarter of the places is for callers who hold few: a service that asks without end fills
the others, and finds there that it has to wait.
"""

from __future__ import annotations

from collections import Counter

from gateway.domain.errors import Code, ExchangeError


class Places:
    """The places of one gateway. Used in one event loop."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._kept = count // 4
        self._few = max(1, self._kept // 4)
        self._held: dict[str, str] = {}
        self._of: Counter[str] = Counter()

    def __repr__(self) -> str:
        return f"<Places {len(self._held)} of {self._count}>"

    def enter(self, exchange: str, caller: str) -> None:
        """Take a place for an exchange of `caller`.

        Raises `ExchangeError` with OVERLOADED where there is none, and with RATE_LIMITED where the
        few that are left are for others.
        """
        free = self._count - len(self._held)
        if free <= 0:
            raise ExchangeError(Code.OVERLOADED, "Too many exchanges at once. Try again shortly.")
        if free <= self._kept and self._of[caller] >= self._few:
            raise ExchangeError(
                Code.RATE_LIMITED,
                f"{self._of[caller]} exchanges of this caller are running, and the places that are "
                "left are for others. Wait for one of them to end.",
            )
        self._held[exchange] = caller
        self._of[caller] += 1

    def leave(self, exchange: str) -> None:
        """Give the place of an exchange back, if it has one."""
        caller = self._held.pop(exchange, None)
        if caller is not None:
            self._of[caller] -= 1
            if not self._of[caller]:
                del self._of[caller]
