"""What follows the log: the search index and the alerts take up records after they are durable.

One thread reads the log beside the writer, from where each follower stopped, and never makes an
exchange wait. What a follower cannot do now it does later; a gateway that starts again goes on
where the last one was.
"""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, Protocol

import apsw

from gateway import logs
from gateway.domain.errors import LedgerUnavailable
from gateway.ledger import store
from gateway.ledger.errors import LedgerError
from gateway.ledger.pace import Breathe, Pace

EVERY_SECONDS: Final = 1.0
"""How often it is asked whether there are more records."""


class Follows(Protocol):
    """Takes up a log step by step."""

    name: str
    """For log lines."""

    def step(self, size: int, breathe: Breathe) -> bool:
        """Do a bounded piece of work on a log of `size` records; return whether there is more."""
        ...

    def close(self) -> None:
        """Let go of what is open."""
        ...


class Begins(Protocol):
    """Makes a follower over a connection that reads the log."""

    def __call__(self, db: apsw.Connection, breathe: Breathe, /) -> Follows:
        """Raise `LedgerError` or `apsw.Error` if it cannot begin now; it is called again."""
        ...


class Follower:
    """The thread. `begin` are the followers, each of which fails and goes on alone."""

    def __init__(self, directory: Path, begin: Sequence[Begins]) -> None:
        self._path = directory / store.DATABASE
        self._begin = begin
        self._wake = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="ledger-follower", daemon=True)

    @asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        """Follow while the context lasts."""
        self.start()
        try:
            yield
        finally:
            self.close()

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def close(self) -> None:
        """End the thread, after the step it is at."""
        with self._wake:
            self._closed = True
            self._wake.notify_all()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        pace = Pace(self._wait)
        running = [_One(self._path, begin, pace.breathe) for begin in self._begin]
        try:
            while not self._closed:
                pace.begin()
                more = [one.step() for one in running]
                pace.rest()
                if not any(more):
                    self._wait(EVERY_SECONDS)
        finally:
            for one in running:
                one.close()

    def _wait(self, seconds: float) -> None:
        with self._wake:
            self._wake.wait_for(lambda: self._closed, seconds)


class _One:
    """One follower, opened when it can be, and again after it failed."""

    def __init__(self, path: Path, begin: Begins, breathe: Breathe) -> None:
        self._path = path
        self._begin = begin
        self._breathe = breathe
        self._db: apsw.Connection | None = None
        self._follows: Follows | None = None
        self._delayed = False

    def step(self) -> bool:
        try:
            if self._db is None:
                self._db = apsw.Connection(str(self._path), flags=apsw.SQLITE_OPEN_READONLY)
                self._db.set_busy_timeout(store.BUSY_MS)
            if self._follows is None:
                self._follows = self._begin(self._db, self._breathe)
            more = self._follows.step(store.read_head(self._db).size, self._breathe)
        except (apsw.Error, LedgerError, LedgerUnavailable, OSError, ValueError) as error:
            if not self._delayed:
                self._delayed = True
                logs.alarm("follower_delayed", error=type(error).__name__, place=self._name())
            self.close()
            return False
        except Exception as error:  # noqa: BLE001 - without this thread nobody would be alerted
            logs.unexpected(error)
            self.close()
            return False
        self._delayed = False
        return more

    def close(self) -> None:
        follows, self._follows = self._follows, None
        if follows is not None:
            follows.close()
        if self._db is not None:
            self._db.close()
            self._db = None

    def _name(self) -> str:
        return "" if self._follows is None else self._follows.name
