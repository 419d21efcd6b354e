"""Recognizers that a client brings in its request: patterns, lists of words, words of context."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from gateway.domain.entities import EntityType
from gateway.domain.findings import Finding
from gateway.presidio.expressions import Expression, Words

BOOST: Final = 0.35
LEAST_WITH_CONTEXT: Final = 0.4
BEFORE: Final = 5
"""Presidio's defaults: a word of context among the five words before a match adds to its score."""
_WORD: Final = re.compile(r"[^\W_]{1,64}")
_REACH: Final = 400
"""Characters before a match in which its words of context are sought."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One expression or list of words, and the score of a match."""

    name: str = field(repr=False)
    expression: Expression | Words
    score: float


@dataclass(frozen=True, slots=True)
class AdHoc:
    """One recognizer of a client. Its names are the client's own words."""

    name: str = field(repr=False)
    entity: EntityType = field(repr=False)
    patterns: tuple[Pattern, ...]
    context: tuple[str, ...] = field(default=(), repr=False)

    def find(self, text: str, around: tuple[str, ...]) -> Iterator[Finding]:
        """Yield what it finds; `around` are words that the request says stand near."""
        for pattern in self.patterns:
            for start, end in pattern.expression.spans(text):
                score = self._score(pattern.score, text, start, around)
                if score > 0:
                    yield Finding(start, end, self.entity, score, self.name)

    def _score(self, score: float, text: str, start: int, around: tuple[str, ...]) -> float:
        if not self.context:
            return score
        near = _WORD.findall(text[max(0, start - _REACH) : start])[-BEFORE:]
        surrounding = {word.lower() for word in (*near, *around)}
        if not any(any(word.lower() in each for each in surrounding) for word in self.context):
            return score
        return min(1.0, max(score + BOOST, LEAST_WITH_CONTEXT))
