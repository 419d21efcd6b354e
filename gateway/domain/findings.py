"""What detection found: offsets, type and score, never text, so a finding may be logged."""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from typing import Final

from gateway.domain.entities import EntityType
from gateway.domain.places import Place


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """`text[start:end]` is an `entity`, with `score` in 0..1, said by `recognizer`."""

    start: int
    end: int
    entity: EntityType
    score: float = 1.0
    recognizer: str = ""
    place: Place = ()
    """How the value is written there: what stands in for it is written alike."""
    within: tuple[Finding, ...] = ()
    """Where the value is a text of its own that had to be decoded (an attachment): what was found
    in it, in its offsets. Then it is these that are treated, and the whole is encoded again."""

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise ValueError("a finding covers at least one character")

    def at(self, start: int, end: int) -> Finding:
        """Return the same of the characters `start` to `end`."""
        if (start, end) == (self.start, self.end):
            return self
        return Finding(
            start, end, self.entity, self.score, self.recognizer, self.place, self.within
        )


in_order: Final = attrgetter("start", "end", "entity", "score", "recognizer", "place", "within")
"""The key that sorts findings as they compare, which is asked once of each."""


Findings = tuple[Finding, ...]
"""The findings of one text, in the order of their offsets."""
