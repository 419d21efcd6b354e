"""One run of an engine with several listeners.

It belongs to all of them and to none: who leaves does not end it while another listens, and when
nobody does, it ends at once. Everything happens in one event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace

from gateway.domain.errors import Code, ExchangeError
from gateway.domain.exchange import End, Piece


class RunFailed(Exception):  # noqa: N818 - reads as a state
    """The run that one listened to ended by `error`."""

    def __init__(self, error: Exception) -> None:
        super().__init__(type(error).__name__)
        self.error = error


class Run:
    """Begins with `start`. `over` is called once: it has ended, or nobody may join it any more."""

    def __init__(self, over: Callable[[], None]) -> None:
        self.pieces: list[Piece] = []
        """What was said so far."""
        self.end: End | None = None
        """There only if the reply is whole."""
        self._over: Callable[[], None] | None = over
        self._error: Exception | None = None
        self._listeners: set[asyncio.Event] = set()
        self._task: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        return f"<Run {len(self.pieces)} pieces, {len(self._listeners)} listeners>"

    def start(self, events: AsyncGenerator[Piece | End, None]) -> None:
        """Take what the engine says, in a task that belongs to no exchange."""
        self._task = asyncio.create_task(self._take(events), name="generation")

    async def listen(self, heard: list[Piece]) -> AsyncGenerator[Piece | End, None]:
        """Yield what the run says past `heard`, and add it there.

        `heard` is what the listener has of an earlier run for the same question. Raises `RunFailed`
        if the run fails, and `ExchangeError(ENGINE_FAILED)` if it does not begin with `heard`.
        """
        again = joined(heard).text
        async with aclosing(self._events()) as events:
            async for event in events:
                text = event.text if isinstance(event, Piece) else ""
                known = min(len(again), len(text))
                if again[:known] != text[:known] or (again and isinstance(event, End)):
                    raise ExchangeError(Code.ENGINE_FAILED, "The engine stopped in mid-reply.")
                again = again[known:]
                if isinstance(event, End):
                    yield event
                elif text[known:]:
                    heard.append(replace(event, text=text[known:]))
                    yield heard[-1]

    async def _events(self) -> AsyncGenerator[Piece | End, None]:
        """Yield what there is so far as one piece, then what comes."""
        news = asyncio.Event()
        self._listeners.add(news)
        count = 0
        try:
            while True:
                pieces, count = self.pieces[count:], len(self.pieces)
                if pieces:
                    yield joined(pieces)
                elif self._over is None:
                    break
                else:
                    news.clear()
                    await news.wait()
            if self._error is not None:
                raise RunFailed(self._error)
            if self.end is not None:
                yield self.end
        finally:
            self._listeners.remove(news)
            if not self._listeners:
                await self._stop()

    async def _take(self, events: AsyncGenerator[Piece | End, None]) -> None:
        end: End | None = None
        try:
            async with aclosing(events):
                async for event in events:
                    match event:
                        case Piece():
                            self.pieces.append(event)
                            self._tell()
                        case End():
                            end = event
            self.end = end
        except Exception as error:  # noqa: BLE001 - told to who began it
            self._error = error
        finally:
            self._tell()  # They look once this step is over; nothing below may leave them waiting.
            self._finish()

    async def _stop(self) -> None:
        """Let nobody join, end the computation if it goes on, and wait until it has ended."""
        self._finish()
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task])

    def _finish(self) -> None:
        over, self._over = self._over, None
        if over is not None:
            over()

    def _tell(self) -> None:
        for news in self._listeners:
            news.set()


def joined(pieces: Sequence[Piece]) -> Piece:
    """Return the pieces as one."""
    if len(pieces) == 1:
        return pieces[0]
    return Piece("".join(piece.text for piece in pieces), sum(piece.tokens for piece in pieces))
