"""The bounded channel between an exchange and whoever listens to it.

The exchange belongs to the application: a listener that goes away cancels the generation, never the
record of it, and a listener that is slow holds back its own exchange alone.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from typing import Final, TypeVar

from gateway.domain.calling import Calls
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.exchange import CacheStatus, FinishReason, Transcript, Usage, Vectors
from gateway.domain.text import RedactedText
from gateway.treatment import Treated

T = TypeVar("T")
CAPACITY: Final = 64
"""Pieces of text that wait for a listener before its exchange waits too."""


@dataclass(frozen=True, slots=True)
class Delta:
    """Some more of the reply, for the client's eyes."""

    text: str

    def __repr__(self) -> str:
        return f"<Delta {len(self.text)} characters>"


@dataclass(frozen=True, slots=True)
class Done:
    """The rest of the reply. Its outcome is durable."""

    text: str
    reason: FinishReason
    usage: Usage
    result: Vectors | Transcript[RedactedText] | Treated | Calls | None = None
    """What came instead of text, where that was asked for; calls of tools also after it."""

    def __repr__(self) -> str:
        return f"<Done {self.reason}>"


class Channel:
    """One writer, the exchange; one reader, the connection."""

    def __init__(self, exchange: str, *, stall_timeout: float) -> None:
        self.exchange = exchange
        self.cancelled: Code | None = None
        """Why the work is to stop, once somebody said so."""
        self.cache: CacheStatus | None = None
        """How the reply comes, if the engine does not make it for this exchange."""
        self.expires: int | None = None
        """When the caller's credential ends, where somebody has to replace it (milliseconds)."""
        self._stall_timeout = stall_timeout
        self._waiting: deque[str] = deque()
        self._end: Done | ExchangeError | None = None
        self._readable = asyncio.Event()
        self._writable = asyncio.Event()
        self._on_cancel: Callable[[], object] | None = None

    def cancel(self, code: Code) -> None:
        """Stop the work; what it still has to say can be read. Later calls change nothing."""
        if self.cancelled is not None or self._end is not None:
            return
        self.cancelled = code
        self._waiting.clear()
        self._writable.set()
        if self._on_cancel is not None:
            self._on_cancel()

    def on_cancel(self, call: Callable[[], object]) -> None:
        """Have `call` called when the work is to stop, at once if that was said already."""
        self._on_cancel = call
        if self.cancelled is not None:
            call()

    async def run(self, work: Coroutine[None, None, T]) -> T:
        """Return what `work` comes to; raise the `ExchangeError` of whoever said that it stops."""
        task = asyncio.create_task(work, name="work")
        self.on_cancel(task.cancel)
        try:
            return await task
        except asyncio.CancelledError:
            if self.cancelled is None:
                raise
            raise stopped(self.cancelled) from None

    async def send(self, text: str) -> None:
        """Add to the reply, waiting for room; a listener that stalls for too long has gone away."""
        while len(self._waiting) >= CAPACITY and self.cancelled is None:
            self._writable.clear()
            try:
                async with asyncio.timeout(self._stall_timeout):
                    await self._writable.wait()
            except TimeoutError:
                self.cancel(Code.CLIENT_DISCONNECTED)
        if self.cancelled is None:
            self._waiting.append(text)
            self._readable.set()

    def end(self, end: Done | ExchangeError) -> None:
        """Say the last word. Only the first call counts."""
        if self._end is None:
            self._end = end
        self._readable.set()

    async def events(self) -> AsyncIterator[Delta | Done]:
        """Yield what may be sent, and `Done` last. Raises the `ExchangeError` of a failure."""
        while True:
            await self._readable.wait()
            if self._waiting:
                text = "".join(self._waiting)
                self._waiting.clear()
                self._writable.set()
                yield Delta(text)
            elif self._end is None:
                self._readable.clear()
            elif isinstance(self._end, ExchangeError):
                raise self._end
            else:
                yield self._end
                return


def stopped(code: Code) -> ExchangeError:
    """Return what is said of work that was cancelled for this reason."""
    if code is Code.SHUTTING_DOWN:
        return ExchangeError(code, "The gateway is stopping. Try again shortly.")
    return ExchangeError(code, "The client went away.")
