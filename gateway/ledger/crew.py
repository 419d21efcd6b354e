"""Processes that examine stretches of the log, several at a time, for one that reads their results.

Each opens the database itself: to send every leaf would cost the one more than it saves. What each
sees is its own snapshot, so what it says is believed only where it is good and the root is as it
was signed; else the one looks in the snapshot that it took first.
"""

from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Final

import apsw

from gateway.ledger.errors import LedgerError
from gateway.ledger.readonly import open_again
from gateway.ledger.stretches import Examination, Stretch, examine

STRETCH: Final = 8192
"""Leaves in a stretch: whole tiles, and whole reads."""
SMALL: Final = 100_000
"""Records below which a process costs more, about a second, than it saves."""
_MOST: Final = 8
_AHEAD: Final = 2
"""Stretches that each process has been asked for: one in work, one waiting. Bounds the memory."""

_DIED: Final = (
    "a process that verified a part of the log has ended early, for want of memory perhaps: what "
    "it was to check is not verified; try again with `--jobs 1`"
)


@dataclass(frozen=True, slots=True)
class Crew:
    """So many processes, or `None`: as many as the log is worth on the cores there are."""

    uri: str
    """How each opens the database."""
    what: Examination
    jobs: int | None

    @contextmanager
    def examined(
        self, db: apsw.Connection, first: int, size: int
    ) -> Iterator[Iterator[Stretch | None]]:
        """Yield what `examine` says of each whole stretch of the log in `db`, in order.

        Of none if there is but one job, which is the caller's own. Raises `LedgerError` where a
        process does not live to say it.
        """
        stretches = self.stretches(db, first, size)
        jobs = min(jobs_for(size) if self.jobs is None else self.jobs, len(stretches))
        if jobs <= 1:
            yield iter(())
            return
        # Not forked: threads of this process, and its connection to the database, are its own.
        context = get_context("spawn")
        with ExitStack() as stack:
            pipes: list[Connection] = []
            for _ in range(jobs):
                here, there = context.Pipe()
                pipes.append(stack.enter_context(here))
                with there:  # Closed here, or nobody would notice that it is closed over there.
                    process = context.Process(
                        target=_work, args=(there, self.uri, self.what), daemon=True
                    )
                    with _without_interrupts():
                        process.start()
                    stack.callback(_end, process)
            yield _results(pipes, iter(stretches))

    @staticmethod
    def stretches(db: apsw.Connection, first: int, size: int) -> range:
        """Return where each whole stretch begins: none where a record is before the first."""
        if db.execute("SELECT 1 FROM entries WHERE idx < 0 LIMIT 1").get:
            return range(0)
        return range(first, size - STRETCH + 1, STRETCH)


def jobs_for(size: int) -> int:
    """Return how many processes a log of `size` records is worth on the cores there are."""
    return 1 if size < SMALL else min(len(os.sched_getaffinity(0)), _MOST)


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """What starts in here inherits that: Ctrl-C is for the one, whose end is that of the others."""
    resource_tracker.ensure_running()  # Its start would undo what follows.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end(process: BaseProcess) -> None:
    # It only reads: what it holds are locks of the kernel's, which end with it.
    process.kill()
    process.join()


def _results(pipes: Sequence[Connection], starts: Iterator[int]) -> Iterator[Stretch | None]:
    asked: deque[Connection] = deque()
    try:
        for pipe in [*pipes] * _AHEAD:
            _ask(pipe, starts, asked)
        while asked:
            pipe = asked.popleft()
            result = pipe.recv()
            _ask(pipe, starts, asked)
            yield result
    except (EOFError, OSError):
        raise LedgerError(_DIED) from None


def _ask(pipe: Connection, starts: Iterator[int], asked: deque[Connection]) -> None:
    for start in islice(starts, 1):
        pipe.send((start, start + STRETCH))
        asked.append(pipe)


def _work(pipe: Connection, uri: str, what: Examination) -> None:
    """Examine what is asked for until nobody asks any more. Runs in a process of its own."""
    with suppress(EOFError, ConnectionError), open_again(uri) as db:
        while True:
            start, end = pipe.recv()
            pipe.send(examine(db, what, start, end))
