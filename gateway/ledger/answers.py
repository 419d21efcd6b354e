"""How the writer's answers reach those who wait, on any event loop or thread, or who left.

A client that goes away cancels the future that waits for the fsync. Setting its result would raise
in the writer's thread and hang every later request, so nothing here can raise.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass

from gateway.domain.ports import Receipt

Answer = Receipt | Exception


@dataclass(frozen=True, slots=True)
class LoopWaiter:
    """Someone who awaits on an event loop."""

    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Receipt]


@dataclass(frozen=True, slots=True)
class ThreadWaiter:
    """Someone who blocks a thread."""

    future: Future[Receipt]


Waiter = LoopWaiter | ThreadWaiter


def deliver(answers: Sequence[tuple[Waiter, Answer]]) -> None:
    """Hand out answers, waking each event loop once. Whoever is gone is passed over."""
    loops: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Receipt], Answer]]]
    loops = defaultdict(list)
    for waiter, answer in answers:
        match waiter:
            case LoopWaiter(loop, future):
                loops[loop].append((future, answer))
            case ThreadWaiter(future):
                _settle(future, answer)
    for loop, settled in loops.items():
        try:
            loop.call_soon_threadsafe(_settle_all, settled)
        except RuntimeError:
            continue  # The loop is closed; nobody there waits any more.


def _settle_all(settled: Sequence[tuple[asyncio.Future[Receipt], Answer]]) -> None:
    # This runs on the loop, and so does a cancellation: nothing can come between test and set.
    for future, answer in settled:
        if not future.done():
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)


def _settle(future: Future[Receipt], answer: Answer) -> None:
    try:
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)
    except InvalidStateError:
        return  # Cancelled; the record stays written.
