"""A watchman over computations: one that stands still is given up, so nobody waits for it for ever.

The thread that stands still cannot be ended; its replica counts as lost until it moves again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from math import inf
from typing import Final

_JOIN: Final = 30.0
"""Seconds that threads get to end, all of them together."""


class Run:
    """One computation of one thread."""

    __slots__ = ("given_up", "over", "seconds", "since")

    def __init__(self, seconds: float, over: Callable[[], None]) -> None:
        self.seconds = seconds
        self.over = over
        self.since = time.monotonic()
        self.given_up = False

    def moved(self) -> None:
        """Say that it goes on: its time begins anew."""
        self.since = time.monotonic()

    @property
    def due(self) -> float:
        """When it is given up."""
        return self.since + self.seconds


class Watch:
    """Watches over so many threads, from `watching` to the end of the block."""

    def __init__(self, threads: int, name: str) -> None:
        self._count = threads
        self._changed = threading.Condition()
        self._runs: set[Run] = set()
        self._closed = False
        self._looks = inf
        """When the watchman looks next."""
        self._watchman = threading.Thread(target=self._watch, name=name, daemon=True)
        self._watchman.start()

    @property
    def lost(self) -> bool:
        """Whether every thread stands still."""
        with self._changed:
            return sum(run.given_up for run in self._runs) >= self._count

    @property
    def any_lost(self) -> bool:
        """Whether a thread stands still."""
        with self._changed:
            return any(run.given_up for run in self._runs)

    @contextmanager
    def watching(self, seconds: float, over: Callable[[], None]) -> Iterator[Run]:
        """Call `over`, on the watchman's thread, if the block stands still for so many seconds."""
        run = Run(seconds, over)
        with self._changed:
            self._runs.add(run)
            # He is woken for what is due before he looks again, and sleeps through the rest.
            if run.due < self._looks:
                self._changed.notify()
        try:
            yield run
        finally:
            with self._changed:
                self._runs.remove(run)

    def join(self, threads: Iterable[threading.Thread]) -> bool:
        """Join `threads` and the watchman; return whether all have ended within some time."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._watchman.join()
        until = time.monotonic() + (0.0 if self.any_lost else _JOIN)
        ended = True
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))
            ended = ended and not thread.is_alive()
        return ended

    def _watch(self) -> None:
        while True:
            with self._changed:
                if self._closed:
                    return
                now = time.monotonic()
                late = [run for run in self._runs if run.due <= now and not run.given_up]
                for run in late:
                    run.given_up = True
                if not late:
                    self._looks = min(
                        (run.due for run in self._runs if not run.given_up), default=inf
                    )
                    self._changed.wait(None if self._looks == inf else self._looks - now)
            for run in late:
                with suppress(Exception):  # Whoever it is told to ends no watch.
                    run.over()
