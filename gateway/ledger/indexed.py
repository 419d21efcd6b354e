"""Do the derived tables say what the leaves say? A search must not hide or invent a record.

Many rows are compared at once, as text: SQLite writes what it has, this module what the leaves
say. A row is its columns that are not NULL, with a separator between them, and before them a number
that tells which row it is, which columns are NULL and whether all others are of the type that they
have to be. A row is nothing where a column is NULL that never may be. No text of a leaf holds that
separator or a line feed; so with as many rows as leaves, no other rows have the same text. The
schema is not relied on: who changes a row can change that too.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

import apsw
from msgspec import UNSET, UnsetType

from gateway.ledger.errors import VerificationError
from gateway.ledger.leaves import (
    AccessLeaf,
    AdminLeaf,
    AlertLeaf,
    DifferenceLeaf,
    Leaf,
    RefusalLeaf,
    ReviewLeaf,
)

_SEPARATOR: Final = "\x1f"
_MAY_BE_NULL: Final = ("actor", "action", "purpose", "model", "code")
_FLAGS: Final = 1 << len(_MAY_BE_NULL) + 1
"""One for each of these, and one for types: what a row's number is multiplied by."""
_NULL: Final = {name: 1 << bit for bit, name in enumerate(_MAY_BE_NULL)}
# Numbers sort before texts and those before blobs, which costs less to ask than `typeof`. A time
# that is no integer is written otherwise, or is text.
_TYPES: Final = " OR ".join(
    ("time >= ''", *(f"{name} < '' OR {name} >= x''" for name in ("kind", "exchange", *_NULL)))
)
_NULLS: Final = " + ".join(f"({name} IS NULL) * {bit}" for name, bit in _NULL.items())
_ALWAYS: Final = " || char(31) || ".join(
    (
        f"(idx * {_FLAGS} + {_NULLS} + coalesce({_TYPES}, 0) * {_FLAGS // 2})",
        *("kind", "exchange", "time"),
    )
)
_ROW: Final = (
    f"SELECT idx, {_ALWAYS} || "  # noqa: S608
    "concat_ws(char(31), '', actor, action, purpose, model, code) AS row "
    "FROM facts WHERE idx >= ? AND idx < ? ORDER BY idx"
)
# As bytes: what somebody changed need not be UTF-8.
_ROWS: Final = f"SELECT count(*), CAST(group_concat(row, char(10)) AS BLOB) FROM ({_ROW})"  # noqa: S608
_EACH: Final = f"SELECT idx, CAST(row AS BLOB) FROM ({_ROW})"  # noqa: S608 - constants
_ASKED: Final = "SELECT concat_ws(char(31), actor, action, purpose, model) FROM facts WHERE idx = ?"
_INDEXED: Final = "PRAGMA integrity_check(facts)"
_OPEN: Final = "SELECT CAST(exchange AS BLOB), idx FROM open_exchanges"

_NO_CODE: Final = _NULL["code"]

Asked = tuple[int, str]
"""Number of an intent, and what it asked for: what its row and that of its outcome both say."""


class IndexCheck:
    """Walks the table of facts in step with the leaves."""

    def __init__(self, db: apsw.Connection) -> None:
        self._db = db
        self._first = self._size = 0
        self._open: dict[str, Asked] = {}
        self._wrong: int | None = None

    @property
    def good(self) -> bool:
        """Whether no row so far is anything else than its leaf says."""
        return self._wrong is None

    @property
    def open(self) -> Mapping[str, Asked]:
        """The exchanges whose outcome is still to come."""
        return self._open

    def skip(self, first: int, open_then: Mapping[str, Asked] | None = None) -> None:
        """Begin at number `first`: what was before it was dropped, or somebody else compares it."""
        self._first = self._size = first
        self._open = dict(open_then or {})

    def holds(self, asked: Mapping[str, str]) -> bool:
        """Return whether those intents asked for what the index says that they did."""
        nothing = 0, ""
        return all(self._open.get(each, nothing)[1] == text for each, text in asked.items())

    def take(self, end: int, asked: Mapping[str, str], left: Mapping[str, Asked]) -> None:
        """Go on at number `end`: what is before it somebody else has compared, and it `holds`."""
        for exchange in asked:
            del self._open[exchange]
        self._open.update(left)
        self._size = end

    def compare(self, leaves: Sequence[Leaf]) -> None:
        """Compare the next rows with the next leaves, and remember the first that differs."""
        start, end = self._size, self._size + len(leaves)
        expected = [self._row(index, leaf) for index, leaf in enumerate(leaves, start)]
        self._size = end
        if self._wrong is not None:
            return
        rows = (len(leaves), "\n".join(expected).encode())
        if self._db.execute(_ROWS, (start, end)).fetchone() != rows:
            found = dict(self._db.execute(_EACH, (start, end)))
            each = enumerate(map(str.encode, expected), start)
            self._wrong = next((index for index, row in each if found.get(index) != row), start)

    def finish(self) -> None:
        """Raise `VerificationError` if anything differed, once the leaves are known to be whole."""
        if self._wrong is not None:
            raise VerificationError(
                "the search index is not what the log says; the log itself is whole",
                index=self._wrong,
            )
        more = "SELECT 1 FROM facts WHERE idx < ? OR idx >= ? LIMIT 1"
        if self._db.execute(more, (self._first, self._size)).fetchone() is not None:
            raise VerificationError("the search index has more records than the log")
        expected = {exchange.encode(): index for exchange, (index, _) in self._open.items()}
        if dict(self._db.execute(_OPEN)) != expected:
            raise VerificationError("the table of open exchanges is not what the log says")
        # A search goes through SQLite's indexes, and the comparison above past them: an index
        # that lacks some rows would hide their records.
        if self._db.execute(_INDEXED).fetchall() != [("ok",)]:
            raise VerificationError(
                "SQLite's own indexes are not what the search index says, so a search may hide "
                "records; the log itself is whole"
            )

    def _row(self, index: int, leaf: Leaf) -> str:
        # Once for each record of ten million: what most are comes first, and makes one string.
        number = index * _FLAGS
        if leaf.kind == "intent":
            asked = _SEPARATOR.join((leaf.actor, leaf.action, leaf.purpose, leaf.model))
            self._open[leaf.exchange] = index, asked
            number += _NO_CODE
            return f"{number}\x1fintent\x1f{leaf.exchange}\x1f{leaf.time}\x1f{asked}"
        if leaf.kind == "outcome":
            _, asked = self._open.pop(leaf.exchange, (0, ""))
            nulls, code = (_NO_CODE, "") if leaf.code is UNSET else (0, f"\x1f{leaf.code.value}")
            number += nulls
            return f"{number}\x1foutcome\x1f{leaf.exchange}\x1f{leaf.time}\x1f{asked}{code}"
        values = [None if value is UNSET else value for value in _values(leaf)]
        number += sum(
            bit for bit, value in zip(_NULL.values(), values, strict=True) if value is None
        )
        there = [value for value in values if value is not None]
        return _SEPARATOR.join([str(number), leaf.kind, leaf.exchange, str(leaf.time), *there])


def asked_before(
    db: apsw.Connection, leaves: Sequence[Leaf], closed: Collection[str], start: int
) -> dict[str, str]:
    """Return what the rows of outcomes say that was asked for, where the intent came earlier.

    That may be a lie, and is to be compared with the intent. `leaves` begin with number `start`.
    """
    return {
        leaf.exchange: str(db.execute(_ASKED, (index,)).get)
        for index, leaf in enumerate(leaves, start)
        if leaf.kind == "outcome" and leaf.exchange in closed
    }


def _values(
    leaf: RefusalLeaf | AdminLeaf | AccessLeaf | ReviewLeaf | AlertLeaf | DifferenceLeaf,
) -> tuple[str | UnsetType, ...]:
    """Return what the columns that may be NULL hold."""
    match leaf:
        case RefusalLeaf():
            return leaf.actor, leaf.action, leaf.purpose, leaf.model, leaf.code
        case AdminLeaf():
            return leaf.actor, leaf.act, UNSET, UNSET, UNSET
        case AccessLeaf():
            return leaf.actor, leaf.access, leaf.purpose, UNSET, leaf.code
        case ReviewLeaf():
            state = "comment" if leaf.state is UNSET else leaf.state
            return leaf.actor, state, UNSET, UNSET, UNSET
        case AlertLeaf():
            return leaf.actor, leaf.rule, UNSET, UNSET, UNSET
        case DifferenceLeaf():
            return UNSET, UNSET, UNSET, UNSET, leaf.code
