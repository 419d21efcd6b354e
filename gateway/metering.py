"""Counts use off the path of requests: what is durable in the ledger is counted a moment later.

At the start everything is counted before anyone is served, so a limit of an hour, a day or a month
holds across a restart and a crash. A count that fails is tried again, and stops nobody; a limit
that cannot be looked up refuses.
"""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Final

import apsw

from gateway import logs
from gateway.domain.canonical import decode
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.limits import Rate
from gateway.domain.ports import Clock
from gateway.domain.records import Record
from gateway.identity.keys import EXPIRES_SOON_MS, State
from gateway.identity.store import KeyStore, KeyStoreError
from gateway.ledger.errors import LedgerError
from gateway.ledger.pace import Pace
from gateway.ledger.query import LedgerReader, read_ledger
from gateway.settings import Settings
from gateway.usage.store import BATCH, DATABASE, UsageError, UsageStore, all_of

EVERY_SECONDS: Final = 5.0
_DAY: Final = 86_400.0
AT_A_TIME: Final = 128
"""Records of one batch beside the writer: some milliseconds."""


def open_usage(state: Path) -> UsageStore:
    """Open the counts of an installation. Raises `UsageError`."""
    return UsageStore(state / DATABASE)


def catch_up(
    ledger: Path, store: UsageStore, say: Callable[[], None] = lambda: None, most: int = BATCH
) -> None:
    """Count all that is in the log; `say` is called after each batch. `LedgerError`, `UsageError`.

    A log that is not begun yet has nothing to count.
    """
    if not ledger.is_dir():
        return
    with read_ledger(ledger) as reader:
        for _ in all_of(partial(records_of, reader), store, most):
            say()


def records_of(reader: LedgerReader, first: int, most: int) -> list[tuple[int, bytes, Record]]:
    """Return the next records as `usage.store.Read`."""
    found = reader.connection.execute(
        "SELECT idx, leaf FROM entries WHERE idx >= ? AND leaf IS NOT NULL ORDER BY idx LIMIT ?",
        (first, most),
    )
    return [(int(index), bytes(leaf), decode(bytes(leaf))) for index, leaf in found]


class Meter:
    """The thread that counts, and that says once a day which keys end soon."""

    def __init__(self, ledger: Path, store: UsageStore, keys: KeyStore, clock: Clock) -> None:
        self._ledger = ledger
        self.store = store
        self._keys = keys
        self._clock = clock
        self._ends = threading.Event()
        self._pace = Pace(self._ends.wait)
        self._delayed = False
        self._thread = threading.Thread(target=self._run, name="usage", daemon=True)

    def history(self, holder: str, rate: Rate) -> Sequence[tuple[int, int]]:
        """Return what `holder` used before this process counted it (`limiter.History`)."""
        try:
            return self.store.history(holder, rate, time.time())
        except UsageError:
            logs.alarm("usage_unavailable")
            raise ExchangeError(
                Code.POLICY_UNAVAILABLE,
                "What was used so far cannot be looked up, so a limit cannot be kept. Try again "
                "later; the operator can run `intramural doctor`.",
            ) from None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Count while the context lasts."""
        self._thread.start()
        try:
            yield
        finally:
            self._ends.set()
            self._thread.join()

    def step(self) -> None:
        """Count once. What fails is said once, and tried again."""
        try:
            self._pace.begin()
            catch_up(self._ledger, self.store, self._check, AT_A_TIME)
        except _Ends:
            return
        except (UsageError, LedgerError, apsw.Error, OSError, ValueError) as error:
            if not self._delayed:
                logs.alarm("usage_delayed", error=type(error).__name__)
            self._delayed = True
        else:
            self._delayed = False

    def warn(self) -> None:
        """Say how many keys end soon, if any do."""
        now = self._clock.now_ms()
        try:
            keys = self._keys.all_keys()
        except KeyStoreError:
            return  # Each request says so.
        ending = [
            key
            for key in keys
            if key.state(now) is State.ACTIVE and key.grant.expires - now < EXPIRES_SOON_MS
        ]
        if ending:
            logs.alarm("keys_expire_soon", count=len(ending))

    def _check(self) -> None:
        if self._ends.is_set():
            raise _Ends
        self._pace.rest()

    def _run(self) -> None:
        warned = -_DAY
        while not self._ends.is_set():
            if time.monotonic() - warned >= _DAY:
                warned = time.monotonic()
                self.warn()
            self.step()
            self._ends.wait(EVERY_SECONDS)


@contextmanager
def open_meter(settings: Settings, keys: KeyStore, clock: Clock) -> Iterator[Meter]:
    """Yield a meter that has counted all that there is. Raises `UsageError` or `LedgerError`."""
    store = open_usage(settings.state)
    try:
        catch_up(settings.ledger, store)
        yield Meter(settings.ledger, store, keys, clock)
    finally:
        store.close()


class _Ends(Exception):  # noqa: N818 - reads as a state
    """The process ends: what is left is counted at the next start."""
