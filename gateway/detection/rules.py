"""A rule: one pattern, the entity type it means, and a check that the pattern cannot express.

Every pattern is bounded: no quantifier without an upper limit stands inside another, so that a
hostile megabyte costs no more than an honest one (`tests/unit/detection/test_bounds.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from gateway.domain.entities import EntityType
from gateway.domain.findings import Finding

Check = Callable[[re.Match[str]], bool]


@dataclass(frozen=True, slots=True)
class Rule:
    """`pattern` finds an `entity` in its group `value`, or in the whole match if it has no such group."""

    name: str
    entity: EntityType
    pattern: re.Pattern[str]
    score: float
    check: Check | None = None
    cues: tuple[str, ...] = ()
    """The rule is tried only where the lower-cased text holds one of these; none means always."""

    def find(self, text: str) -> Iterator[Finding]:
        """Yield the findings of this rule in `text`."""
        group = "value" if "value" in self.pattern.groupindex else 0
        check = self.check
        for match in self.pattern.finditer(text):
            start, end = match.span(group)
            if start < end and (check is None or check(match)):
                yield Finding(start, end, self.entity, self.score, self.name)


Rules = tuple[Rule, ...]


def find(rules: Iterable[Rule], text: str) -> Iterator[Finding]:
    """Yield what `rules` find in `text`, in no particular order."""
    lowered = text.lower()
    for rule in rules:
        if not rule.cues or any(cue in lowered for cue in rule.cues):
            yield from rule.find(text)
