"""An export from the question to its lines: which records, of whom, in which form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from gateway.domain.records import Intent, Outcome, Refusal
from gateway.domain.subjects import patient
from gateway.ledger.errors import LedgerError
from gateway.ledger.exports.elements import NOTHING, Disclosed, Origin
from gateway.ledger.exports.events import Event
from gateway.ledger.exports.forms import Form, lines
from gateway.ledger.exports.queries import Queries, no_queries
from gateway.ledger.pace import Breathe, no_rest
from gateway.ledger.query import LedgerReader, LoggedRecord, Query, read_ledger

_PAGE: Final = 256
WITH_PATIENT: Final = frozenset({Form.FHIR, Form.BUNDLE})
"""Forms that can say whom they are about. A table is titled by who prints it."""


class Index(Protocol):
    """Which exchanges are about whom: `ports.Vault` is one."""

    def find(self, fingerprint: bytes, before: str | None, limit: int) -> Sequence[str]:
        """Return ids of exchanges, the newest first, older than `before`."""
        ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be exported. Times are Unix milliseconds, of the records."""

    form: Form
    since: int | None = None
    until: int | None = None
    number: str | None = field(default=None, repr=False)
    """Of the one patient whose exchanges are wanted."""
    queries: bool = False
    """With the redacted requests of that patient, where they are kept."""

    def __post_init__(self) -> None:
        """Raise `ValueError`, with what to write instead."""
        if self.queries and (self.number is None or self.form not in WITH_PATIENT):
            raise ValueError(
                "redacted requests are exported of one patient, under a grant, and as fhir or "
                "bundle: name the patient and one of the two"
            )

    @property
    def target(self) -> str:
        """How the record of this export names it: never by the patient."""
        if self.number is None:
            return self.form.value
        return f"{self.form.value}:patient" + (":queries" if self.queries else "")


def lines_of(  # noqa: PLR0913, PLR0917 - what is wanted, and where it comes from
    directory: Path,
    node: str,
    wanted: Wanted,
    index: Index | None = None,
    key: bytes | None = None,
    queries: Queries = no_queries,
    breathe: Breathe = no_rest,
) -> Iterator[bytes]:
    """Yield the lines of an export of one state of the log. Raises `LedgerError`.

    `index` and the key of its fingerprints are needed where a patient is asked for. What `queries`
    tells goes into the events about the patient alone: it is asked under a grant for them.
    """
    origin = Origin(node)
    with read_ledger(directory) as reader:
        if wanted.number is None:
            query = Query(since=wanted.since, until=wanted.until, limit=None)
            records = _paced(reader.search(query), breathe)
            yield from lines(wanted.form, reader, records, origin)
            return
        if index is None or key is None:
            raise LedgerError(
                "which exchanges a patient is in cannot be told here: the index is in the data "
                "directory of the gateway, and nowhere else"
            )
        fingerprint = patient(key, wanted.number)
        records = _paced(_about(reader, index, fingerprint, wanted), breathe)

        def tell(event: Event) -> Disclosed:
            about = isinstance(event.record, Intent | Outcome | Refusal)
            if not about or wanted.form not in WITH_PATIENT:
                return NOTHING
            return Disclosed(wanted.number, queries(event) if wanted.queries else None)

        yield from lines(wanted.form, reader, records, origin, tell)


def _paced(records: Iterable[LoggedRecord], breathe: Breathe) -> Iterator[LoggedRecord]:
    for logged in records:
        yield logged
        breathe()


def _about(
    reader: LedgerReader, index: Index, fingerprint: bytes, wanted: Wanted
) -> list[LoggedRecord]:
    """Return the records of a patient's exchanges, in the order of the log."""
    found: dict[int, LoggedRecord] = {}
    before: str | None = None
    while some := index.find(fingerprint, before, _PAGE):
        for exchange in some:
            for logged in reader.exchange(exchange):
                if _within(logged.record.time, wanted):
                    found[logged.index] = logged
        before = some[-1]
    return [found[at] for at in sorted(found)]


def _within(time: int, wanted: Wanted) -> bool:
    after = wanted.since is None or time >= wanted.since
    return after and (wanted.until is None or time < wanted.until)
