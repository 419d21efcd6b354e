"""One event for each thing that happened: an exchange's two records are one, told at its end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.domain.records import Intent, Outcome, Record
from gateway.ledger.errors import LedgerError, VerificationError
from gateway.ledger.query import LedgerReader, LoggedRecord


@dataclass(frozen=True, slots=True)
class Event:
    """A record, and the intent that it settles, if that is what it does."""

    index: int
    record: Record
    intent: LoggedRecord | None = None


def events(reader: LedgerReader, records: Iterator[LoggedRecord]) -> Iterator[Event]:
    """Yield what records tell, in their order. Raises `UnknownRecord`.

    An exchange is told where its outcome stands. One that has none yet is told by its intent.
    """
    for logged in readable(records):
        if (event := event_of(reader, logged, whole=True)) is not None:
            yield event


def readable(records: Iterator[LoggedRecord]) -> Iterator[LoggedRecord]:
    """Yield records; raises `UnknownRecord` at one that cannot be read."""
    try:
        yield from records
    except VerificationError as error:
        if error.index is None:
            raise
        raise UnknownRecord(error.index) from None


def event_of(reader: LedgerReader, logged: LoggedRecord, *, whole: bool) -> Event | None:
    """Return what a record tells, or `None` if another record tells it.

    `whole`: an intent without an outcome is told too. A feed does not: it comes again, settled.
    """
    match logged.record:
        case Intent():
            if not whole or _is_settled(reader, logged):
                return None
            return Event(logged.index, logged.record)
        case Outcome():
            return Event(logged.index, logged.record, _intent_of(reader, logged))
        case _:
            return Event(logged.index, logged.record)


def _is_settled(reader: LedgerReader, logged: LoggedRecord) -> bool:
    others = reader.exchange(logged.record.exchange)
    return any(isinstance(other.record, Outcome) for other in others)


def _intent_of(reader: LedgerReader, logged: LoggedRecord) -> LoggedRecord | None:
    """Return the intent of an outcome; `None` where its time was over and it was dropped."""
    for other in reader.exchange(logged.record.exchange):
        if isinstance(other.record, Intent) and other.index < logged.index:
            return other
    return None


class UnknownRecord(LedgerError):  # noqa: N818 - reads as a state
    """A record that this release cannot read: of a kind that came later, or damaged."""

    def __init__(self, index: int) -> None:
        super().__init__(
            f"record {index} is of no kind that this release knows, so nothing is exported: use "
            "the release that wrote it, or a later one; `intramural audit verify` tells damage"
        )
        self.index = index
