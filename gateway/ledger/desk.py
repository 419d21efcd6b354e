"""What an auditor does at one log: search it, see a record with its proof, review it.

Everything here blocks, and opens a state of the log of its own. Who may, and the record that
somebody looked, come before: `looked` makes that record, and `before` its index keeps it out of
its own answer.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from gateway.domain.errors import Code, ExchangeError
from gateway.domain.ports import Clock
from gateway.domain.questions import Question
from gateway.domain.records import Access, AccessAct, Kind, Review, ReviewState
from gateway.domain.reviewing import check_review
from gateway.ledger.notes import Notes
from gateway.ledger.pace import Breathe, Pace, no_rest
from gateway.ledger.query import LedgerReader, LoggedRecord, read_ledger
from gateway.ledger.search.index import read_index
from gateway.ledger.search.search import Search, Subjects
from gateway.ledger.shown import leaf_as_json, proof_as_json, record_as_json

INDEX_FILE: Final = "search.db"
NOTES_FILE: Final = "notes.db"
DEFAULT_LIMIT: Final = 100
MAX_LIMIT: Final = 1000
_HISTORY: Final = 10_000
PATIENT: Final = "patient"
"""The target of a search that named somebody: who it was is not recorded."""


@dataclass(frozen=True, slots=True)
class Who:
    """Who looks: a caller, or a login of the operating system at the command line."""

    id: str
    client: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One page of an answer, the newest record first."""

    records: tuple[bytes, ...]
    """Each as JSON, on a line."""
    next: int | None
    """Ask again before this index; `None`: there is no more."""
    size: int
    """Records in the log."""
    indexed: int
    """Records in the search index; the rest was read."""


@dataclass(frozen=True, slots=True)
class Desk:
    """One log, its search index, and what was written about its records."""

    log: Path
    index: Path
    notes: Notes
    subjects: Subjects | None = None
    _turn: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def page(
        self, question: Question, limit: int, before: int | None, breathe: Breathe = no_rest
    ) -> Answer:
        """Return up to `limit` records below `before`. Raises `LedgerError`."""
        with self.opened() as (_, search):
            found = search.find(question, limit, before, breathe)
            reviews = search.reviews_of([index for index, _ in found.leaves])
            shown = tuple(
                leaf_as_json(index, leaf, reviews.get(index)) for index, leaf in found.leaves
            )
            return Answer(shown, found.next, search.size, search.covered)

    def pages(self, question: Question, before: int | None) -> Iterator[Answer]:
        """Yield the whole answer, at a pace that leaves the writer its time. Raises `LedgerError`.

        No state of the log is held open between two pages.
        """
        pace = Pace()
        while True:
            pace.begin()
            answer = self.page(question, MAX_LIMIT, before, pace.breathe)
            pace.rest()
            yield answer
            if answer.next is None:
                return
            before = answer.next

    def record(self, index: int) -> dict[str, Any] | None:
        """Return a record with the proof that the log holds it. Raises `LedgerError`."""
        with self.opened() as (reader, search):
            logged = reader.at(index)
            if logged is None:
                return None
            return {**_shown(search, logged), "proof": proof_as_json(reader.prove(logged))}

    def history(self, index: int) -> list[dict[str, Any]] | None:
        """Return what was said about a record, the oldest first; `None` if there is no record.

        Raises `LedgerError`.
        """
        about = Question(wanted=((f"kind={Kind.REVIEW}",), (f"about={index}",)))
        with self.opened() as (reader, search):
            if reader.at(index) is None:
                return None
            found: list[dict[str, Any]] = []
            before: int | None = None
            while len(found) < _HISTORY:
                page = search.page(about, MAX_LIMIT, before)
                found += [self._said(logged) for logged in page.records]
                if (before := page.next) is None:
                    break
            return found[::-1]

    def review(
        self, who: Who, clock: Clock, index: int, state: ReviewState | None, comment: str
    ) -> Review:
        """Return the record of a review, its comment kept already; whoever calls this appends it.

        Raises `ExchangeError` if the review may not be, or `LedgerError`.
        """
        with self._turn:
            with self.opened() as (reader, search):
                logged = reader.at(index)
                if logged is None:
                    raise ExchangeError(Code.NOT_FOUND, "There is no such record.")
                step = (search.review_of(index), state)
                check_review(logged.record, _actor(reader, index), who.id, step, comment)
            return Review(
                exchange=clock.new_id(),
                time=clock.now_ms(),
                actor=who.id,
                record=index,
                state=state,
                sealed=self.notes.keep(index, comment) if comment else None,
            )

    @contextmanager
    def opened(self) -> Iterator[tuple[LedgerReader, Search]]:
        """Yield one state of the log, and what searches it. Raises `LedgerError`."""
        with (
            read_ledger(self.log) as reader,
            read_index(self.index, reader.vkey.name) as index,
        ):
            yield reader, Search(reader, index, self.subjects)

    def _said(self, logged: LoggedRecord) -> dict[str, Any]:
        shown = record_as_json(logged)
        if (digest := shown.get("sealed")) is not None:
            shown["comment"] = self.notes.read(shown["record"], digest)
        return shown


def looked(who: Who, clock: Clock, target: str, act: AccessAct = AccessAct.SEARCH) -> Access:
    """Return the record that somebody looks; it is durable before anything is shown."""
    return Access(
        exchange=clock.new_id(),
        time=clock.now_ms(),
        actor=who.id,
        client=who.client,
        access=act,
        target=target,
    )


def as_lines(answer: Answer) -> bytes:
    """Return the records of a page as NDJSON."""
    return b"".join(record + b"\n" for record in answer.records)


def _shown(search: Search, logged: LoggedRecord) -> dict[str, Any]:
    shown = record_as_json(logged)
    state = search.review_of(logged.index)
    return shown if state is None else {**shown, "review": state.value}


def _actor(reader: LedgerReader, index: int) -> str | None:
    row = reader.connection.execute("SELECT actor FROM facts WHERE idx = ?", (index,)).fetchone()
    return None if row is None else row[0]
