"""What detection found: offsets, type and score, never text, so a finding may be logged."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.domain.entities import EntityType


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """`text[start:end]` is an `entity`, with `score` in 0..1, said by `recognizer`."""

    start: int
    end: int
    entity: EntityType
    score: float = 1.0
    recognizer: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise ValueError("a finding covers at least one character")


Findings = tuple[Finding, ...]
"""The findings of one text, in the order of their offsets."""
