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
from typing import Generic, TypeVar

T = TypeVar("T")
"""What is answered: a receipt, or the digest of what was sealed."""


@dataclass(frozen=True, slots=True)
class LoopWaiter(Generic[T]):
    """Someone who awaits on an event loop."""

    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[T]


@dataclass(frozen=True, slots=True)
class ThreadWaiter(Generic[T]):
    """Someone who blocks a thread."""

    future: Future[T]


Waiter = LoopWaiter[T] | ThreadWaiter[T]


def deliver(answers: Sequence[tuple[Waiter[T], T | Exception]]) -> None:
    """Hand out answers, waking each event loop once. Whoever is gone is passed over."""
    loops: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[T], T | Exception]]]
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


def _settle_all(settled: Sequence[tuple[asyncio.Future[T], T | Exception]]) -> None:
    # This runs on the loop, and so does a cancellation: nothing can come between test and set.
    for future, answer in settled:
        if not future.done():
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)


def _settle(future: Future[T], answer: T | Exception) -> None:
    try:
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)
    except InvalidStateError:
        return  # Cancelled; the record stays written.
