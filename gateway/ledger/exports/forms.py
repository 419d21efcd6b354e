"""What an export can look like, and its lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Final

import msgspec

from gateway.ledger.errors import LedgerError
from gateway.ledger.exports import proofs, syslog, tables
from gateway.ledger.exports.balp import problems
from gateway.ledger.exports.elements import NOTHING, Disclosed, Origin
from gateway.ledger.exports.events import Event, events, readable
from gateway.ledger.exports.fhir import audit_event
from gateway.ledger.query import LedgerReader, LoggedRecord


class Form(StrEnum):
    """The form of an export."""

    FHIR = "fhir"
    """AuditEvents, one to a line."""
    BUNDLE = "bundle"
    """The same, as one Bundle."""
    NDJSON = "ndjson"
    """Records with their proofs, to be checked offline."""
    CSV = "csv"
    HTML = "html"
    SYSLOG = "syslog"
    """RFC 5424, each message after its length (RFC 5425)."""


MEDIA: Final = {
    Form.FHIR: "application/fhir+ndjson",
    Form.BUNDLE: "application/fhir+json",
    Form.NDJSON: "application/x-ndjson",
    Form.CSV: "text/csv; charset=utf-8",
    Form.HTML: "text/html; charset=utf-8",
    Form.SYSLOG: "application/octet-stream",
}
Tell = Callable[[Event], Disclosed]
"""Says what may be told of an event beyond its leaf."""


def nothing(_: Event) -> Disclosed:
    """Tell no more than the leaf does."""
    return NOTHING


def lines(
    form: Form,
    reader: LedgerReader,
    records: Iterator[LoggedRecord],
    origin: Origin,
    tell: Tell = nothing,
) -> Iterator[bytes]:
    """Yield the lines of an export. Raises `LedgerError` where a record cannot be told."""
    match form:
        case Form.FHIR:
            for event in events(reader, records):
                yield encoded(event, origin, tell(event)) + b"\n"
        case Form.BUNDLE:
            yield from _bundle(events(reader, records), origin, tell)
        case Form.NDJSON:
            yield from proofs.lines_of(reader, records)
        case Form.CSV:
            yield from tables.csv_lines(events(reader, records))
        case Form.HTML:
            yield tables.page_of(events(reader, records), origin, reader.checkpoint)
        case Form.SYSLOG:
            for logged in readable(records):
                yield syslog.framed(syslog.message(logged, origin.node))


def encoded(event: Event, origin: Origin, more: Disclosed = NOTHING) -> bytes:
    """Return the JSON of an event; `LedgerError` if it does not hold what it claims."""
    written = msgspec.json.encode(audit_event(event, origin, more))
    if found := problems(msgspec.json.decode(written)):
        raise LedgerError(
            f"record {event.index} does not become an AuditEvent ({found[0]}): nothing was "
            "exported; this is a mistake of the program, tell who maintains it"
        )
    return written


def _bundle(told: Iterator[Event], origin: Origin, tell: Tell) -> Iterator[bytes]:
    """Yield a Bundle of the type `collection`, an entry to a line."""
    yield b'{"resourceType":"Bundle","type":"collection","entry":[\n'
    comma = b""
    for event in told:
        resource = encoded(event, origin, tell(event))
        name = msgspec.json.decode(resource)["id"]
        yield comma + b'{"fullUrl":"urn:uuid:%b","resource":%b}' % (name.encode(), resource)
        comma = b",\n"
    yield b"\n]}\n"
