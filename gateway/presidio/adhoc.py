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

    def matches(self, text: str) -> Iterator[Match]:
        """Yield where its patterns match, whatever the score."""
        for pattern in self.patterns:
            for start, end in pattern.expression.spans(text):
                yield Match(start, end, pattern.score, self)


@dataclass(frozen=True, slots=True)
class Match:
    """`text[start:end]` as one pattern matches it, before any context is looked at."""

    start: int
    end: int
    score: float
    by: AdHoc


class Context:
    """Which words of context stand near a match. Each word of the texts is compared once.

    Without that a request of some ten thousand words would keep a thread for minutes.
    """

    __slots__ = ("_around", "_asked", "_terms")

    def __init__(self, ad_hoc: AdHoc, around: tuple[str, ...]) -> None:
        """`around` are words that the request says stand near all of its texts."""
        self._terms = tuple({term.lower() for term in ad_hoc.context})
        self._asked: dict[str, bool] = {}
        self._around = any(self._names(word.lower()) for word in set(around))

    def finding(self, match: Match, text: str) -> Finding | None:
        """Return what a match amounts to; None where its score is 0."""
        score = match.score
        if self._around or self._near(text, match.start):
            score = min(1.0, max(score + BOOST, LEAST_WITH_CONTEXT))
        if score <= 0:
            return None
        return Finding(match.start, match.end, match.by.entity, score, match.by.name)

    def _near(self, text: str, start: int) -> bool:
        if not self._terms:
            return False
        near = _WORD.findall(text[max(0, start - _REACH) : start])[-BEFORE:]
        return any(self._names(word.lower()) for word in near)

    def _names(self, word: str) -> bool:
        if (known := self._asked.get(word)) is None:
            known = self._asked[word] = any(term in word for term in self._terms)
        return known
