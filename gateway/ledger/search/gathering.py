"""From the leaves of a log to the blocks of its search index, one after another."""

from __future__ import annotations

from typing import Final

import apsw

from gateway.domain.merkle import HASH_SIZE, leaf_hash
from gateway.domain.questions import inherited, terms_of
from gateway.domain.records import Kind, ReviewState
from gateway.ledger import store
from gateway.ledger.dropped import first_record
from gateway.ledger.leaves import (
    AlertLeaf,
    IntentLeaf,
    Leaf,
    OutcomeLeaf,
    ReviewLeaf,
    read_leaf,
    read_leaves,
)
from gateway.ledger.pace import Breathe, no_rest
from gateway.ledger.search.index import Block, SearchIndex
from gateway.ledger.search.postings import BLOCK

_TOGETHER: Final = 128
"""Records between two moments at which the writer may have its turn."""
_MOST_OPEN: Final = 65_536
"""Intents whose terms are kept until their outcome comes; one that is not kept is read again."""


class Terms:
    """Returns what a record answers to, its exchange's intent included."""

    def __init__(self, db: apsw.Connection) -> None:
        self._db = db
        self._open: dict[str, list[str]] = {}

    def of(self, leaf: Leaf) -> list[str]:
        """Return the terms of a record. Cheapest where records come in the order of the log."""
        kind = Kind(leaf.kind)
        terms = terms_of(kind, leaf)
        if isinstance(leaf, IntentLeaf):
            if len(self._open) >= _MOST_OPEN:
                self._open.clear()
            self._open[leaf.exchange] = inherited(terms)
        elif isinstance(leaf, OutcomeLeaf):
            more = self._open.pop(leaf.exchange, None)
            terms += self._asked(leaf.exchange) if more is None else more
        return terms

    def _asked(self, exchange: str) -> list[str]:
        row = self._db.execute(
            "SELECT leaf FROM facts JOIN entries USING (idx) "
            "WHERE exchange = ? AND kind = 'intent' LIMIT 1",
            (exchange,),
        ).fetchone()
        return [] if row is None else inherited(terms_of(Kind.INTENT, read_leaf(row[0])))


class Gatherer:
    """Keeps an index up with its log: `step` adds one block, if there is a whole one.

    `db` is a connection that reads the log outside of any transaction.
    """

    name = "search"

    def __init__(self, db: apsw.Connection, index: SearchIndex) -> None:
        self._db = db
        self._index = index
        self._terms = Terms(db)
        self._checked = False

    def step(self, size: int, breathe: Breathe = no_rest) -> bool:
        """Add the next block of a log of `size` records; return whether there was one.

        Raises `LedgerError` or `apsw.Error`. An index of another log is emptied first.
        """
        if not self._checked:
            if not continues(self._db, self._index, size):
                self._index.empty()
            self._checked = True
        number = self._index.blocks
        if (number + 1) * BLOCK > size:
            return False
        if not self._index.add(gathered(self._db, self._terms, number, breathe)):
            self._checked = False
        return True

    def close(self) -> None:
        """Close the index."""
        self._index.close()


def gathered(db: apsw.Connection, terms: Terms, number: int, breathe: Breathe = no_rest) -> Block:
    """Return what the index has to say of a block."""
    start = number * BLOCK
    first = max(start, first_record(db))
    if first >= start + BLOCK:
        return Block(number, bytes(HASH_SIZE), 0, 0)  # All of it was dropped.
    raws = store.read_span(db, first, start + BLOCK)
    leaves: list[Leaf] = []
    for some in range(0, len(raws), _TOGETHER):
        leaves += read_leaves(raws[some : some + _TOGETHER])
        breathe()
    times = [leaf.time for leaf in leaves]
    block = Block(number, leaf_hash(raws[-1]), min(times), max(times))
    places = block.places
    for place, leaf in enumerate(leaves, first - start):
        for term in terms.of(leaf):
            known = places.get(term)
            if known is None:
                places[term] = [place]
            elif known[-1] != place:
                known.append(place)
        if isinstance(leaf, AlertLeaf | ReviewLeaf):
            note(block.reviews, start + place, leaf)
        if place % _TOGETHER == 0:
            breathe()
    return block


def differing(db: apsw.Connection, index: SearchIndex) -> int | None:
    """Return the first block of which the index says something else than the log; `None`: none.

    Compares where the reviews stand as well; if only they differ, that is the last block.
    """
    terms = Terms(db)
    reviews: dict[int, ReviewState] = {}
    # Of records that were dropped the index says what it did, and nothing contradicts it.
    dropped = first_record(db)
    for number in range(-(-dropped // BLOCK), index.blocks):
        block = gathered(db, terms, number)
        reviews.update(block.reviews)
        if not index.says(block):
            return number
    said = index.reviews()
    same = reviews.items() <= said.items() if dropped else reviews == said
    return None if same else index.blocks - 1


def note(reviews: dict[int, ReviewState], index: int, leaf: AlertLeaf | ReviewLeaf) -> None:
    """Take down what one record says of where a review stands. An alert begins as open."""
    if isinstance(leaf, AlertLeaf):
        reviews.setdefault(index, ReviewState.OPEN)
    elif isinstance(leaf.state, ReviewState):
        reviews[leaf.record] = leaf.state


def continues(db: apsw.Connection, index: SearchIndex, size: int) -> bool:
    """Say whether the log goes on from what the index covers: it may have been put back."""
    covered = index.blocks * BLOCK
    if covered == 0:
        return True
    if covered > size:
        return False
    row = db.execute("SELECT leaf FROM entries WHERE idx = ?", (covered - 1,)).fetchone()
    return row is not None and leaf_hash(row[0]) == index.last
