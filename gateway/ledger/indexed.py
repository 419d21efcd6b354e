"""Do the derived tables say what the leaves say? A search must not hide or invent a record."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

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

_Row = tuple[int | str | None, ...]
_Subject = tuple[str | None, str | None, str | None, str | None]
_NOBODY: _Subject = (None, None, None, None)


class IndexCheck:
    """Walks the table of facts in step with the leaves."""

    def __init__(self, db: apsw.Connection) -> None:
        self._db = db
        self._facts = db.execute(
            "SELECT idx, kind, exchange, time, actor, action, purpose, model, code "
            "FROM facts ORDER BY idx"
        )
        self._open: dict[str, tuple[int, _Subject]] = {}
        self._wrong: int | None = None

    def compare(self, leaves: Sequence[tuple[int, Leaf]]) -> None:
        """Compare the next rows with the next leaves, and remember the first that differs."""
        expected = [self._row(index, leaf) for index, leaf in leaves]
        found = list(islice(self._facts, len(expected)))
        if found == expected or self._wrong is not None:
            return
        for position, row in enumerate(expected):
            if found[position : position + 1] != [row]:
                self._wrong = leaves[position][0]
                return

    def finish(self) -> None:
        """Raise `VerificationError` if anything differed, once the leaves are known to be whole."""
        if self._wrong is not None:
            raise VerificationError(
                "the search index is not what the log says; the log itself is whole",
                index=self._wrong,
            )
        if next(self._facts, None) is not None:
            raise VerificationError("the search index has more records than the log")
        expected = {exchange: index for exchange, (index, _) in self._open.items()}
        if dict(self._db.execute("SELECT exchange, idx FROM open_exchanges")) != expected:
            raise VerificationError("the table of open exchanges is not what the log says")

    def _row(self, index: int, leaf: Leaf) -> _Row:  # noqa: PLR0911 - one row for each kind
        exchange, time = leaf.exchange, leaf.time
        match leaf:
            case IntentLeaf():
                subject: _Subject = (leaf.actor, leaf.action, leaf.purpose, leaf.model)
                self._open[exchange] = (index, subject)
                return (index, "intent", exchange, time, *subject, None)
            case OutcomeLeaf():
                _, subject = self._open.pop(exchange, (0, _NOBODY))
                return (index, "outcome", exchange, time, *subject, _set(leaf.code))
            case RefusalLeaf():
                subject = (leaf.actor, leaf.action, _set(leaf.purpose), _set(leaf.model))
                return (index, "refusal", exchange, time, *subject, leaf.code)
            case AdminLeaf():
                return (index, "admin", exchange, time, leaf.actor, leaf.act, None, None, None)
            case AccessLeaf():
                subject = (leaf.actor, leaf.access, _set(leaf.purpose), None)
                return (index, "access", exchange, time, *subject, _set(leaf.code))
            case ReviewLeaf():
                subject = (leaf.actor, _set(leaf.state) or "comment", None, None)
                return (index, "review", exchange, time, *subject, None)
            case AlertLeaf():
                return (index, "alert", exchange, time, leaf.actor, leaf.rule, None, None, None)
            case DifferenceLeaf():
                return (index, "difference", exchange, time, *_NOBODY, _set(leaf.code))


def _set(value: str | UnsetType) -> str | None:
    return None if isinstance(value, UnsetType) else value
