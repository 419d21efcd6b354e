"""Do the derived tables say what the leaves say? A search must not hide or invent a record.

Many rows are compared at once, as text: SQLite writes what it has, this module what the leaves
say. A row is its columns as SQLite's `quote` writes them, so that types count too, with a separator
between them. No text of a leaf holds that separator or a line feed, and inside of a text a
quotation mark is doubled: no other rows have the same text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import apsw
from msgspec import UnsetType

from gateway.ledger.errors import VerificationError
from gateway.ledger.leaves import (
    AccessLeaf,
    AdminLeaf,
    AlertLeaf,
    DifferenceLeaf,
    IntentLeaf,
    Leaf,
    OutcomeLeaf,
    RefusalLeaf,
    ReviewLeaf,
)

_SEPARATOR: Final = "\x1f"
_ROW: Final = (
    "SELECT idx, concat_ws(char(31), idx, quote(kind), quote(exchange), quote(time), quote(actor), "
    "quote(action), quote(purpose), quote(model), quote(code)) AS row "
    "FROM facts WHERE idx >= ? AND idx < ? ORDER BY idx"
)
# As bytes: what somebody changed need not be UTF-8.
_ROWS: Final = f"SELECT CAST(group_concat(row, char(10)) AS BLOB) FROM ({_ROW})"  # noqa: S608
_EACH: Final = f"SELECT idx, CAST(row AS BLOB) FROM ({_ROW})"  # noqa: S608 - constants
_OPEN: Final = "SELECT CAST(exchange AS BLOB), idx FROM open_exchanges"
_BETWEEN: Final = f"'{_SEPARATOR}'"
_NOBODY: Final = _SEPARATOR.join(["NULL"] * 4)


class IndexCheck:
    """Walks the table of facts in step with the leaves."""

    def __init__(self, db: apsw.Connection) -> None:
        self._db = db
        self._first = self._size = 0
        self._open: dict[str, tuple[int, str]] = {}
        self._wrong: int | None = None

    def skip(self, first: int) -> None:
        """Begin at number `first`: what was before it was dropped, and so were its rows."""
        self._first = self._size = first

    def compare(self, leaves: Sequence[Leaf]) -> None:
        """Compare the next rows with the next leaves, and remember the first that differs."""
        start, end = self._size, self._size + len(leaves)
        expected = [self._row(index, leaf) for index, leaf in enumerate(leaves, start)]
        self._size = end
        if self._wrong is not None:
            return
        if self._db.execute(_ROWS, (start, end)).get != "\n".join(expected).encode():
            found = dict(self._db.execute(_EACH, (start, end)))
            rows = enumerate(map(str.encode, expected), start)
            self._wrong = next((index for index, row in rows if found.get(index) != row), start)

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

    def _row(self, index: int, leaf: Leaf) -> str:
        code = "NULL"
        match leaf:
            case IntentLeaf():
                subject = _texts(leaf.actor, leaf.action, leaf.purpose, leaf.model)
                self._open[leaf.exchange] = (index, subject)
            case OutcomeLeaf():
                _, subject = self._open.pop(leaf.exchange, (0, _NOBODY))
                code = _text(leaf.code)
            case RefusalLeaf():
                known = (_text(leaf.purpose), _text(leaf.model))
                subject = _SEPARATOR.join((_texts(leaf.actor, leaf.action), *known))
                code = _texts(leaf.code)
            case AdminLeaf():
                subject = _SEPARATOR.join((_texts(leaf.actor, leaf.act), "NULL", "NULL"))
            case AccessLeaf():
                purpose = _text(leaf.purpose)
                subject = _SEPARATOR.join((_texts(leaf.actor, leaf.access), purpose, "NULL"))
                code = _text(leaf.code)
            case ReviewLeaf():
                state = "comment" if isinstance(leaf.state, UnsetType) else leaf.state
                subject = _SEPARATOR.join((_texts(leaf.actor, state), "NULL", "NULL"))
            case AlertLeaf():
                subject = _SEPARATOR.join((_texts(leaf.actor, leaf.rule), "NULL", "NULL"))
            case DifferenceLeaf():
                subject, code = _NOBODY, _text(leaf.code)
        exchange = leaf.exchange
        if "'" in exchange:
            exchange = exchange.replace("'", "''")
        # Several times for each record of ten million: one string, and few calls.
        return f"{index}\x1f'{leaf.kind}'\x1f'{exchange}'\x1f{leaf.time}\x1f{subject}\x1f{code}"


def _texts(*texts: str) -> str:
    """Return columns that hold texts."""
    joined = _BETWEEN.join(texts)
    if joined.count("'") != 2 * (len(texts) - 1):
        joined = _BETWEEN.join(text.replace("'", "''") for text in texts)
    return f"'{joined}'"


def _text(value: str | UnsetType) -> str:
    return "NULL" if isinstance(value, UnsetType) else _texts(value)
