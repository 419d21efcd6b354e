"""How many replies one caller may have in the making, where the engine does not know of callers."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turns:
    """Further ones wait, first come first. One event loop uses it."""

    def __init__(self) -> None:
        self._running: Counter[str] = Counter()
        self._waiting: dict[str, deque[asyncio.Event]] = {}

    @asynccontextmanager
    async def turn(self, partition: str, bound: int | None) -> AsyncIterator[None]:
        """Wait for a turn of `partition`, and have it while inside."""
        if bound is not None and (partition in self._waiting or self._running[partition] >= bound):
            await self._wait(partition)
        else:
            self._running[partition] += 1
        try:
            yield
        finally:
            self._pass_on(partition)

    async def _wait(self, partition: str) -> None:
        """Return with the turn of somebody who is done."""
        mine = asyncio.Event()
        queue = self._waiting.setdefault(partition, deque())
        queue.append(mine)
        try:
            await mine.wait()
        except BaseException:
            if mine.is_set():
                self._pass_on(partition)  # It was given in the same moment, and must not be lost.
            else:
                queue.remove(mine)
                self._forget(partition)
            raise

    def _pass_on(self, partition: str) -> None:
        """Give the turn to who waits longest, or give it up."""
        if queue := self._waiting.get(partition):
            queue.popleft().set()
        else:
            self._running[partition] -= 1
        self._forget(partition)

    def _forget(self, partition: str) -> None:
        """Keep nothing of a caller who has nothing here."""
        if not self._waiting.get(partition, True):
            del self._waiting[partition]
        if not self._running[partition]:
            del self._running[partition]
