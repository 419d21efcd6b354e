"""A feed: reads the log from where it was, delivers in order, and remembers how far it came.

In a thread of its own beside the gateway, off the path of every exchange. A target that is down is
tried again, less and less often; the log waits for it on the disk and nothing in memory grows.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Final

from gateway import logs
from gateway.domain.records import Kind
from gateway.ledger.errors import LedgerError
from gateway.ledger.exports.elements import Disclosed, Origin, tag_of
from gateway.ledger.exports.events import event_of, readable
from gateway.ledger.exports.forms import encoded
from gateway.ledger.exports.hook import message_of
from gateway.ledger.exports.queries import Queries, no_queries
from gateway.ledger.exports.spool import Spool
from gateway.ledger.exports.syslog import message
from gateway.ledger.exports.targets import DeliveryError, Item, Target
from gateway.ledger.pace import Pace
from gateway.ledger.query import LedgerReader, LoggedRecord, Query, read_ledger

BATCH: Final = 128
"""Records that are in memory at a time."""
WINDOW: Final = 64 * BATCH
"""Records that are looked through at a time for those of one kind."""
POLL_SECONDS: Final = 1.0
FIRST_WAIT: Final = 1.0
LONGEST_WAIT: Final = 300.0
"""Seconds between two tries at a target that is down."""

Render = Callable[[LedgerReader, LoggedRecord], bytes]
"""Returns what a record becomes, or nothing where another record tells it."""
Pick = Callable[[LedgerReader, int], tuple[list[LoggedRecord], int]]
"""Returns the records to deliver from an index on, some at a time, and up to where it looked."""


def every_record(reader: LedgerReader, start: int) -> tuple[list[LoggedRecord], int]:
    """Pick all records."""
    records = list(readable(reader.span(start, start + BATCH)))
    return records, start + len(records)


def alerts_alone(reader: LedgerReader, start: int) -> tuple[list[LoggedRecord], int]:
    """Pick alerts, and pass over the rest without reading it."""
    end = min(start + WINDOW, reader.checkpoint.size)
    asked = Query(kind=Kind.ALERT, after=start - 1, before=end, limit=None)
    records = list(readable(islice(reader.search(asked), BATCH)))
    return records, records[-1].index + 1 if len(records) == BATCH else max(start, end)


def as_events(origin: Origin, queries: Queries = no_queries) -> Render:
    """Render records as AuditEvents, an exchange at its outcome."""

    def render(reader: LedgerReader, logged: LoggedRecord) -> bytes:
        event = event_of(reader, logged, whole=False)
        return b"" if event is None else encoded(event, origin, Disclosed(query=queries(event)))

    return render


def as_alerts(origin: Origin) -> Render:
    """Render alerts as messages to a webhook."""

    def render(_: LedgerReader, logged: LoggedRecord) -> bytes:
        return message_of(logged, origin)

    return render


def as_messages(origin: Origin) -> Render:
    """Render records as syslog messages, each by itself."""

    def render(_: LedgerReader, logged: LoggedRecord) -> bytes:
        return message(logged, origin.node)

    return render


class Feed:
    """One feed. `start` and `stop` it from any thread."""

    def __init__(  # noqa: PLR0913, PLR0917 - its parts
        self,
        name: str,
        directory: Path,
        origin: Origin,
        spool: Spool,
        target: Target,
        render: Render,
        pick: Pick = every_record,
        *,
        from_now: bool = False,
    ) -> None:
        """Make one. With `from_now`, what was there before its first start is not delivered."""
        self.name = name
        self._directory = directory
        self._origin = origin
        self._spool = spool
        self._target = target
        self._render = render
        self._pick = pick
        self._from_now = from_now
        self._stop = threading.Event()
        self._pace = Pace(self._stop.wait)
        self._cursor: int | None = None
        self._failures = 0
        self._thread = threading.Thread(target=self._run, name=f"export-{name}", daemon=True)

    def start(self) -> None:
        """Begin to deliver."""
        self._thread.start()

    def stop(self, seconds: float = 5.0) -> None:
        """End after the delivery that is under way; what is left waits in the log."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(seconds)

    def step(self) -> float:
        """Deliver a batch; return how many seconds to wait before the next."""
        self._pace.begin()
        try:
            if self._cursor is None:
                self._cursor = self._begin()
            start = self._cursor
            items, end = self._read(start)
            for index in self._target.deliver(items) if items else ():
                # A batch that was begun again after a break is behind what had arrived before.
                self._cursor = index + 1
                self._spool.arrived(self.name, self._cursor, _now())
            if end > self._cursor:
                # What was passed over needs no delivery, and is not looked through again.
                self._cursor = end
                self._spool.arrived(self.name, end, _now())
            if items and self._failures:
                logs.event("export_resumed", feed=self.name, count=self._failures)
            self._failures = 0
        except (DeliveryError, LedgerError) as error:
            return self._failed(error)
        return 0.0 if end - start >= BATCH else POLL_SECONDS

    def _begin(self) -> int:
        standing = self._spool.standing(self.name)
        if standing.known or not self._from_now:
            return standing.position
        with read_ledger(self._directory) as reader:
            position = reader.checkpoint.size
        self._spool.arrived(self.name, position, _now())
        return position

    def _read(self, start: int) -> tuple[list[Item], int]:
        # The log is let go before anything is sent: a slow target does not hold its old pages.
        with read_ledger(self._directory) as reader:
            # What was dropped before this feed was set up is told by nobody.
            records, end = self._pick(reader, max(start, reader.first))
            items = [self._item(reader, logged) for logged in records]
        self._pace.rest()
        return items, end

    def _item(self, reader: LedgerReader, logged: LoggedRecord) -> Item:
        content = self._render(reader, logged)
        self._pace.breathe()
        return Item(logged.index, tag_of(self._origin, logged.index).code, content)

    def _failed(self, error: DeliveryError | LedgerError) -> float:
        reason = error.reason if isinstance(error, DeliveryError) else type(error).__name__
        asked = error.wait if isinstance(error, DeliveryError) else 0.0
        if not self._failures:
            logs.alarm("export_delayed", feed=self.name, error=reason)
        self._failures += 1
        with suppress(LedgerError):  # It was logged, and without a position nothing is sent.
            self._spool.failed(self.name, reason, _now())
        self._target.close()
        if self._cursor is not None:
            self._cursor = max(0, self._cursor - self._target.overlap)
        longest = min(LONGEST_WAIT, FIRST_WAIT * (1 << min(self._failures - 1, 16)))
        # Not all gateways of a hospital at the same moment, when their repository is back.
        return max(asked, longest * random.uniform(0.5, 1.0))  # noqa: S311 - no secret

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self._stop.wait(self.step())
        except Exception as error:  # noqa: BLE001 - the gateway serves on; `doctor` says so
            logs.unexpected(error)
        finally:
            self._target.close()
            self._spool.close()


def _now() -> int:
    return time.time_ns() // 1_000_000
