"""Answering a question: the newest records first, a page at a time, in bounded work.

The index names candidates; what it does not cover yet is read from the log itself. Each candidate's
leaf is read and asked again, so the index can hide nothing that it does not cover, and invents
nothing. A page ends where it is full or where `MAX_EXAMINED` records were read that did not answer;
`Page.next` then says where to go on. Records that come meanwhile are newer than any page.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, takewhile
from typing import Final, Protocol

import msgspec

from gateway.domain.questions import Question
from gateway.domain.records import ReviewState
from gateway.ledger import store
from gateway.ledger.errors import LedgerDamaged, VerificationError
from gateway.ledger.leaves import AlertLeaf, Leaf, ReviewLeaf, read_leaf, read_leaves
from gateway.ledger.pace import Breathe, no_rest
from gateway.ledger.query import LedgerReader, LoggedRecord
from gateway.ledger.search.gathering import Terms, continues, note
from gateway.ledger.search.index import SearchIndex
from gateway.ledger.search.postings import BLOCK, Blocks, all_of, any_of, as_blocks, falling

MAX_EXAMINED: Final = 8 * BLOCK
"""Records that a page reads without finding them to be asked for, before it ends early."""
_CHUNK: Final = 256
_EXCHANGES: Final = 1000
_PAGE: Final = 500
_FACTS: Final = frozenset({"actor", "kind", "code", "model", "purpose"})
"""Fields that are columns of the table of facts as well, by the same name."""


class Subjects(Protocol):
    """Which exchanges are about whom, by a keyed fingerprint (`domain.subjects`)."""

    def find(self, fingerprint: bytes, before: str | None, limit: int) -> Sequence[str]:
        """Return the ids of up to `limit` exchanges, those older than `before`, newest first."""
        ...


@dataclass(frozen=True, slots=True)
class Page:
    """Some records that answer, the newest first."""

    records: tuple[LoggedRecord, ...]
    next: int | None
    """Ask again before this index; `None`: these were the last."""


@dataclass(frozen=True, slots=True)
class Found:
    """A `Page` of records as they are written: pairs of index and leaf, each canonical."""

    leaves: tuple[tuple[int, bytes], ...]
    next: int | None


class Search:
    """Answers from one state of the log."""

    def __init__(
        self, reader: LedgerReader, index: SearchIndex | None, subjects: Subjects | None = None
    ) -> None:
        self._reader = reader
        self._db = reader.connection
        self._size = reader.checkpoint.size
        self._index = index
        if index is not None and not continues(self._db, index, self._size):
            self._index = None
        self._subjects = subjects
        self._first = reader.first  # The index may tell of records that were dropped since.
        self._covered = 0 if self._index is None else self._index.blocks * BLOCK
        self._said: dict[int, ReviewState] | None = None
        self._whose: tuple[bytes, list[int]] | None = None

    @property
    def size(self) -> int:
        """How many records there are."""
        return self._size

    @property
    def covered(self) -> int:
        """How many records from the first on are in the index; the others are read."""
        return self._covered

    def page(self, question: Question, limit: int, before: int | None = None) -> Page:
        """Return up to `limit` records with an index below `before` that answer `question`."""
        found = self.find(question, limit, before)
        return Page(tuple(self._reader.logged(*each) for each in found.leaves), found.next)

    def find(
        self,
        question: Question,
        limit: int,
        before: int | None = None,
        breathe: Breathe = no_rest,
    ) -> Found:
        """Do as `page`, and leave the records as they are written."""
        top = self._size if before is None else min(before, self._size)
        terms = Terms(self._db)
        found: list[tuple[int, bytes]] = []
        examined = 0
        there = takewhile(lambda index: index >= self._first, self._candidates(question, top))
        size = min(_CHUNK, limit)
        while chunk := list(islice(there, size)):
            for place, (index, raw, leaf) in enumerate(self._read(chunk), 1):
                if _answers(question, terms, index, leaf):
                    found.append((index, raw))
                else:
                    examined += 1
                if len(found) == limit or examined == MAX_EXAMINED:
                    # Whoever asks for more reads that one, and is told of it if it is damaged.
                    after = chunk[place] if place < len(chunk) else next(there, None)
                    return Found(tuple(found), None if after is None else after + 1)
            size = _CHUNK
            breathe()
        return Found(tuple(found), None)

    def pages(self, question: Question, before: int | None = None) -> Iterator[LoggedRecord]:
        """Yield every record below `before` that answers, the newest first."""
        top: int | None = self._size if before is None else before
        while top is not None:
            page = self.page(question, _PAGE, top)
            yield from page.records
            top = page.next

    def review_of(self, record: int) -> ReviewState | None:
        """Return where the review of a record stands; `None`: nobody ever asked for one."""
        return self.reviews_of([record]).get(record)

    def reviews_of(self, records: Sequence[int]) -> dict[int, ReviewState]:
        """Return where reviews stand, of those records for which somebody ever asked for one."""
        said = self._overlay()
        found = {} if self._index is None else self._index.reviews_of(records)
        found.update((record, said[record]) for record in records if record in said)
        return found

    # -- candidates: indices that may answer, falling

    def _candidates(self, question: Question, top: int) -> Iterator[int]:
        named = self._named(question, top)
        if named:
            recent = all_of([as_blocks(_down_to(each, self._covered)) for each in named])
            yield from _indices(recent, top)
            named = self._named(question, min(top, self._covered))
        else:
            yield from self._recent(question, top)
        yield from self._indexed(question, min(top, self._covered), named)

    def _recent(self, question: Question, top: int) -> Iterable[int]:
        """Return what may answer of the records that the index does not cover.

        The table of facts knows some of what is asked for, in every record of the log. An
        administrative act's purpose is not in it.
        """
        conditions: list[str] = []
        values: list[str] = []
        for either in question.wanted:
            column, _, _ = either[0].partition("=")
            if column in _FACTS:
                marks = ", ".join("?" * len(either))
                more = " OR kind = 'admin'" if column == "purpose" else ""
                conditions.append(f" AND ({column} IN ({marks}){more})")
                values += [term.partition("=")[2] for term in either]
        if not conditions:
            return range(top - 1, self._covered - 1, -1)
        rows = self._db.execute(
            "SELECT idx FROM facts WHERE idx >= ? AND idx < ?"  # noqa: S608 - names of this module
            + "".join(conditions)
            + " ORDER BY idx DESC",
            (self._covered, top, *values),
        )
        return (index for (index,) in rows)

    def _indexed(self, question: Question, top: int, named: list[Iterator[int]]) -> Iterator[int]:
        index = self._index
        if index is None or top == 0:
            return
        newest, when = (top - 1) // BLOCK, (question.since, question.until)
        together = [either[0] for either in question.wanted if len(either) == 1]
        sources: list[Blocks] = [as_blocks(each) for each in named]
        sources += (
            any_of([index.answering(term, newest) for term in either])
            for either in question.wanted
            if len(either) > 1
        )
        if together:
            sources.append(index.meeting(together, newest, *when))
        elif when != (None, None) or not sources:
            sources.append(index.between(newest, *when))
        yield from _indices(all_of(sources), top)

    def _named(self, question: Question, top: int) -> list[Iterator[int]]:
        """Return the indices below `top` for each condition that names its records one by one."""
        named: list[Iterator[int]] = []
        if question.subject is not None:
            named.append(self._about(question.subject, top))
        if question.exchange is not None:
            named.append(self._of_exchange(question.exchange, top))
        if question.review is not None:
            named.append(self._reviewed(question.review, top))
        return named

    def _about(self, fingerprint: bytes, top: int) -> Iterator[int]:
        if self._whose is None or self._whose[0] != fingerprint:
            self._whose = (fingerprint, self._records_about(fingerprint))
        # Ids and indices have not the same order: an exchange that began first may end last.
        yield from (index for index in self._whose[1] if index < top)

    def _records_about(self, fingerprint: bytes) -> list[int]:
        found: list[int] = []
        before: str | None = None
        while self._subjects is not None:
            some = self._subjects.find(fingerprint, before, _EXCHANGES)
            found += self._of_exchanges(some)
            if len(some) < _EXCHANGES:
                break
            before = some[-1]
        found.sort(reverse=True)
        return found

    def _of_exchange(self, exchange: str, top: int) -> Iterator[int]:
        rows = self._db.execute(
            "SELECT idx FROM facts WHERE exchange = ? AND idx < ? ORDER BY idx DESC",
            (exchange, top),
        )
        for (index,) in rows:
            yield index

    def _of_exchanges(self, exchanges: Sequence[str]) -> list[int]:
        """Return the indices of all their records, in one step of SQLite."""
        rows = self._db.execute(
            "SELECT idx FROM json_each(?) CROSS JOIN facts ON exchange = value",
            (msgspec.json.encode(exchanges).decode(),),
        )
        return [index for (index,) in rows]

    def _reviewed(self, state: ReviewState, top: int) -> Iterator[int]:
        said = self._overlay()
        recent = sorted((each for each in said if each < top and said[each] is state), reverse=True)
        older = () if self._index is None else self._index.reviewed(state, top)
        place = 0
        for record in older:
            if record in said:
                continue
            while place < len(recent) and recent[place] > record:
                yield recent[place]
                place += 1
            yield record
        yield from recent[place:]

    def _overlay(self) -> dict[int, ReviewState]:
        """Return what reviews and alerts say that the index does not cover yet."""
        if self._said is None:
            self._said = {}
            rows = self._db.execute(
                "SELECT idx, leaf FROM facts JOIN entries USING (idx) "
                "WHERE idx >= ? AND idx < ? AND kind IN ('review', 'alert') ORDER BY idx",
                (self._covered, self._size),
            )
            for index, raw in rows:
                leaf = read_leaf(raw)
                if isinstance(leaf, ReviewLeaf | AlertLeaf):
                    note(self._said, index, leaf)
        return self._said

    # -- reading

    def _read(self, indices: Sequence[int]) -> Iterable[tuple[int, bytes, Leaf]]:
        """Return records with their leaves, every one canonical, in as few steps as can be."""
        try:
            raws = store.read_some(self._db, indices)
            return zip(indices, raws, read_leaves(raws), strict=True)
        except (LedgerDamaged, ValueError):
            return self._read_each(indices)

    def _read_each(self, indices: Sequence[int]) -> Iterator[tuple[int, bytes, Leaf]]:
        """Yield as `_read`, up to the record at which something is wrong, and say what."""
        for index in indices:
            raw = self._db.execute("SELECT leaf FROM entries WHERE idx = ?", (index,)).get
            if raw is None:
                raise VerificationError("the search index names it, and it is missing", index=index)
            try:
                leaf = read_leaf(raw)
            except ValueError as error:
                raise VerificationError(str(error), index=index) from None
            yield index, raw, leaf


def _answers(question: Question, terms: Terms, index: int, leaf: Leaf) -> bool:
    if question.exchange is not None and leaf.exchange != question.exchange:
        return False
    if not question.wanted:
        return question.holds(frozenset(), leaf.time)
    try:
        said = terms.of(leaf)
    except ValueError as error:
        raise VerificationError(f"its intent: {error}", index=index) from None
    return question.holds(frozenset(said), leaf.time)


def _indices(blocks: Blocks, top: int) -> Iterator[int]:
    for number, bits in blocks:
        first = number * BLOCK
        for place in falling(bits):
            if first + place < top:
                yield first + place


def _down_to(indices: Iterator[int], bottom: int) -> Iterator[int]:
    for index in indices:
        if index < bottom:
            return
        yield index
