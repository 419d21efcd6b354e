"""Events as a table: CSV for spreadsheets, and a page that prints well.

The columns are those of an accounting of disclosures (45 CFR 164.528(b)(2)): when, to whom, what in
brief, and for which purpose; and where to find the record.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple, dataclass, fields

from gateway import __version__
from gateway.domain.notes import Checkpoint
from gateway.domain.records import (
    Access,
    Admin,
    Alert,
    Difference,
    Intent,
    Outcome,
    Refusal,
    Review,
    Status,
    kind_of,
)
from gateway.ledger.exports import codes
from gateway.ledger.exports.elements import Origin, instant
from gateway.ledger.exports.events import Event
from gateway.pages.cells import harmless
from gateway.pages.writing import page


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table, in words."""

    time: str
    event: str
    recipient: str
    client: str
    description: str
    purpose: str
    outcome: str
    exchange: str
    record: str


def row_of(event: Event) -> Row:
    """Return an event in words."""
    record = event.record
    intent = event.intent.record if event.intent is not None else record
    who = getattr(intent, "actor", "gateway")
    client = getattr(intent, "client", "")
    purpose = getattr(intent, "purpose", None)
    description, outcome = _described(event)
    return Row(
        time=instant(record.time),
        event=_kind(event),
        recipient=who,
        client=client,
        description=description,
        purpose="" if purpose is None else purpose.value,
        outcome=outcome,
        exchange=record.exchange,
        record=str(event.index),
    )


def csv_lines(events: Iterable[Event]) -> Iterator[bytes]:
    """Yield the lines of a CSV file (RFC 4180), the names of the columns first."""
    yield _csv([field.name for field in fields(Row)])
    for event in events:
        yield _csv(astuple(row_of(event)))


def page_of(events: Iterable[Event], origin: Origin, checkpoint: Checkpoint) -> bytes:
    """Return a page of its own, with nothing to fetch, that prints on paper or into a PDF."""
    rows = [row_of(event) for event in events]
    return page(
        "disclosures.html",
        rows=rows,
        node=origin.node,
        size=checkpoint.size,
        root=checkpoint.root.hex(),
        version=__version__,
    ).encode()


def _csv(cells: Iterable[str]) -> bytes:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(map(harmless, cells))
    return line.getvalue().encode()


def _kind(event: Event) -> str:
    if isinstance(event.record, Intent | Outcome):
        return "exchange"
    return kind_of(event.record).value


def _described(event: Event) -> tuple[str, str]:  # noqa: PLR0911 - one sentence for each kind
    """Return what happened, and how it ended."""
    match event.record:
        case Intent() as intent:
            return _asked(intent), "open"
        case Outcome() as outcome:
            before = None if event.intent is None else event.intent.record
            asked = _asked(before) if isinstance(before, Intent) else "exchange"
            code = "" if outcome.code is None else f" ({outcome.code.value})"
            heard = "" if not outcome.findings else f"; heard {_counts(outcome.findings)}"
            return asked + heard, outcome.status.value + code
        case Refusal() as refusal:
            return (
                f"{refusal.action.value}: nothing was disclosed",
                f"refused ({refusal.code.value})",
            )
        case Admin() as admin:
            how = "refused" if admin.act in codes.REFUSED else Status.COMPLETED.value
            return f"{admin.act.value} {admin.target}".strip(), how
        case Access() as look:
            said = f"{look.access.value} {look.target}".strip()
            return said, Status.COMPLETED.value if look.code is None else look.code.value
        case Review() as review:
            state = "comment" if review.state is None else review.state.value
            return f"review of record {review.record}", state
        case Alert() as alert:
            return f"{alert.rule}: record {alert.record}, {alert.count} in all", "alert"
        case Difference() as difference:
            return f"candidate {difference.release[:12]} would have decided otherwise", "difference"


def _asked(intent: Intent) -> str:
    found = _counts(intent.findings)
    return f"{intent.action.value} with {intent.model} under {intent.profile}" + (
        f"; treated {found}" if found else "; nothing was found"
    )


def _counts(findings: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {entity}" for entity, count in sorted(findings.items()))
