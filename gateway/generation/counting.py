"""How many requests of one caller are with an engine that does not know of callers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from gateway.domain.errors import Code, ExchangeError


class InFlight:
    """The counts, by the partition of `Terms`. For one event loop."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def __repr__(self) -> str:
        return f"<InFlight {self._counts.total()}>"

    def __len__(self) -> int:
        """Return how many callers have any."""
        return len(self._counts)

    @contextmanager
    def counted(self, partition: str, bound: int | None) -> Iterator[None]:
        """Count a request while inside; `ExchangeError` with RATE_LIMITED past `bound`."""
        if bound is not None and self._counts[partition] >= bound:
            raise ExchangeError(
                Code.RATE_LIMITED,
                f"{bound} requests of this caller are in the engine, as many as may be.",
            )
        self._counts[partition] += 1
        try:
            yield
        finally:
            self._counts[partition] -= 1
            if not self._counts[partition]:
                del self._counts[partition]
