"""Group commit: one thread takes all that waits, commits it together, and then answers.

Without linger: while an fsync runs, the next group gathers. Whoever waits is answered once,
whatever happens; where durability is unknown, nobody before the process has been told to end.
"""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from typing import Final, Generic, TypeVar

from gateway.domain.errors import LedgerUnavailable
from gateway.ledger.answers import Waiter, deliver
from gateway.ledger.failures import FatalError
from gateway.ledger.publisher import OnFatal

STALL_SECONDS: Final = 5.0
"""A commit that takes longer than this makes whoever waits for it not ready."""

J = TypeVar("J")
"""What waits to be committed."""
A = TypeVar("A")
"""What each of them is answered."""


class Committer(ABC, Generic[J, A]):
    """The queue and the thread. What a group is, and how it is committed, says who inherits."""

    _failures: tuple[type[Exception], ...]
    """What leaves everything as it was: the group is refused, and the next one is tried."""

    def __init__(self, name: str, *, queue: int, on_fatal: OnFatal) -> None:
        self._limit = queue
        self._on_fatal = on_fatal
        self._queue: deque[J] = deque()
        self._group: list[J] = []
        self._wake = threading.Condition()
        self._closed = False
        self._healthy = True
        self._probe = False
        self._busy_since: float | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Start the thread, which from here to its end owns what it writes to."""
        self._thread.start()

    def submit(self, job: J) -> None:
        """Queue a job; `LedgerUnavailable` at once if there is no room, or nobody to do it."""
        with self._wake:
            if self._closed or len(self._queue) >= self._limit:
                raise LedgerUnavailable
            self._queue.append(job)
            self._wake.notify()

    def ready(self) -> bool:
        """Return whether the last transaction succeeded and none hangs; ask for a try if not."""
        with self._wake:
            if self._closed or not self._thread.is_alive():
                return False
            since = self._busy_since
            if since is not None and time.monotonic() - since > STALL_SECONDS:
                return False
            if not self._healthy:
                self._probe = True
                self._wake.notify()
            return self._healthy

    def close(self) -> None:
        """Commit what is queued, and end the thread."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join()

    @abstractmethod
    def _waiter(self, job: J) -> Waiter[A]:
        """Return who waits for a job."""

    @abstractmethod
    def _write(self, group: list[J]) -> list[tuple[Waiter[A], A | Exception]]:
        """Commit a group and return what to answer. An empty one tries whether writing works.

        Raises one of `_failures` where nothing was committed, and `FatalError` where nobody knows.
        """

    @abstractmethod
    def _move_pages(self, *, everything: bool = False) -> None:
        """Move pages from the write-ahead log into the database, if there are many."""

    @abstractmethod
    def _finish(self) -> None:
        """Let go of what the thread owns: all that was queued is committed."""

    def _dead(self) -> None:
        """Let go of what nobody may use any more, after everybody was answered."""

    # -- the thread

    def _run(self) -> None:
        try:
            while self._step():
                pass
            self._finish()
        except BaseException as error:  # noqa: BLE001 - whatever it is, nothing is written any more
            self._die(str(error) if isinstance(error, FatalError) else type(error).__name__)

    def _die(self, reason: str) -> None:
        with self._wake:
            self._closed, self._healthy = True, False
            left = [*self._group, *self._queue]
            self._queue.clear()
        try:
            # Before anyone is answered: no one may act on what is not known.
            self._on_fatal(reason)
        finally:
            deliver([(self._waiter(job), LedgerUnavailable()) for job in left])
            self._dead()

    def _step(self) -> bool:
        """Wait for something to do and do it; return whether there may be more."""
        with self._wake:
            while not (self._queue or self._closed or self._probe):
                self._wake.wait()
            group = list(self._queue)
            self._queue.clear()
            probe, self._probe = self._probe, False
            more = not self._closed
            self._busy_since = time.monotonic() if group or probe else None
        if group or probe:
            self._commit(group)
            with self._wake:
                self._busy_since = None
                more = more or bool(self._queue)
        self._move_pages()
        return more

    def _commit(self, group: list[J]) -> None:
        """Commit a group and answer everyone in it."""
        answers: list[tuple[Waiter[A], A | Exception]]
        self._group = group
        try:
            answers = self._write(group)
        except self._failures:
            self._healthy = False
            answers = [(self._waiter(job), LedgerUnavailable()) for job in group]
        else:
            self._healthy = True
        self._group = []
        deliver(answers)
