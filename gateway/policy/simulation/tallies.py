"""Counts with examples, in tables that stay small however long the log is."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

K = TypeVar("K", bound=Hashable)

EXAMPLES: Final = 5
"""Records that stand for all of a group: the first ones in the log."""
MAX_GROUPS: Final = 20_000
"""Of one table. What comes after is counted together, so that memory is bounded."""


@dataclass(slots=True)
class Tally:
    """How many records are alike in something, and which ones came first."""

    records: int = 0
    findings: int = 0
    """Of one entity type, in these records; 0 where nothing of the kind is counted."""
    most: int = 0
    """The highest number seen, where it is a limit that bites."""
    examples: list[int] = field(default_factory=list)
    """Indices in the log."""

    def add(self, index: int, *, findings: int = 0, value: int = 0) -> None:
        """Count one record."""
        self.records += 1
        self.findings += findings
        self.most = max(self.most, value)
        if len(self.examples) < EXAMPLES:
            self.examples.append(index)


class Table(Generic[K]):
    """Tallies by key. The keys that came first keep their rows; `others` counts the rest."""

    __slots__ = ("_rows", "_size", "others")

    def __init__(self, size: int = MAX_GROUPS) -> None:
        self._rows: dict[K, Tally] = {}
        self._size = size
        self.others = Tally()

    def __getitem__(self, key: K) -> Tally:
        """Return the tally to count a record of `key` in."""
        found = self._rows.get(key)
        if found is None:
            if len(self._rows) >= self._size:
                return self.others
            found = self._rows[key] = Tally()
        return found

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[tuple[K, Tally]]:
        """Yield the rows, most records first; equal ones in the order of their keys."""
        yield from sorted(
            self._rows.items(), key=lambda row: (-row[1].records, tuple(map(str, _parts(row[0]))))
        )


def _parts(key: Hashable) -> tuple[object, ...]:
    return key if isinstance(key, tuple) else (key,)
