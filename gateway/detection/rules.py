"""A rule: one pattern, the entity type it means, and a check that the pattern cannot express.

Every pattern is bounded: no quantifier without an upper limit stands inside another, so that a
hostile megabyte costs no more than an honest one (`tests/unit/detection/test_bounds.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from gateway.domain.entities import EntityType
from gateway.domain.findings import Finding

Check = Callable[[re.Match[str]], bool]
_BACK: Final = 90
"""Characters that a rule looks back."""


class Finder(Protocol):
    """What finds something in a text: rules of one topic, or the pass over its numbers."""

    @property
    def entities(self) -> tuple[EntityType, ...]:
        """The types that it finds."""
        ...

    def find(self, text: str) -> Iterator[Finding]:
        """Yield what it finds in `text`, in no particular order."""
        ...


@dataclass(frozen=True, slots=True)
class Rule:
    """`pattern` finds an `entity` in its group `value`, or in the whole match if it has none."""

    name: str
    entity: EntityType
    pattern: re.Pattern[str]
    score: float
    check: Check | None = None
    cues: tuple[str, ...] = ()
    """The rule is tried only where the lower-cased text holds one of these; none means always."""
    lowered: bool = False
    """The pattern is in small letters and reads the lower-cased text."""
    needs: re.Pattern[str] | None = None
    """A cheap pattern: where the text has no match of it, the rule is not tried."""
    back: re.Pattern[str] | None = None
    """What stands before `pattern` and is found with it, in at most `_BACK` characters.

    A pattern that begins with a rare part is sought much faster than one that begins with any word.
    """
    fits: Callable[[str], bool] | None = None
    """A check of the whole finding, where `back` adds to it."""
    begins: Callable[[str], Iterable[int]] | None = None
    """Where in a text a match can begin, in order; told faster than by trying the pattern at each
    character. None of those where one does may be missing."""

    @property
    def entities(self) -> tuple[EntityType, ...]:
        """The types that the rule finds."""
        return (self.entity,)

    def find(self, text: str) -> Iterator[Finding]:
        """Yield the findings of this rule in `text`."""
        if self.needs is not None and self.needs.search(text) is None:
            return
        group = "value" if "value" in self.pattern.groupindex else 0
        check = self.check
        for match in self._matches(text):
            start, end = match.span(group)
            if self.back is not None:
                before = self.back.search(text, max(0, start - _BACK), start)
                if before is None:
                    continue
                start = before.start()
                if self.fits is not None and not self.fits(text[start:end]):
                    continue
            if start < end and (check is None or check(match)):
                yield Finding(start, end, self.entity, self.score, self.name)

    def _matches(self, text: str) -> Iterator[re.Match[str]]:
        """Yield what `pattern` matches in `text`, as `finditer` does."""
        if self.begins is None:
            yield from self.pattern.finditer(text)
            return
        done = 0
        for start in self.begins(text):
            match = self.pattern.match(text, start) if start >= done else None
            if match is not None:
                done = match.end()
                yield match


_KEPT: Final = re.compile(r"\\.|\(\?P[<=]\w+|[^\W\d_]+")


def folded(  # noqa: PLR0913, PLR0917 - the fields of a rule, in their order
    name: str,
    entity: EntityType,
    pattern: str,
    score: float,
    check: Check | None = None,
    cues: tuple[str, ...] = (),
    back: re.Pattern[str] | None = None,
    fits: Callable[[str], bool] | None = None,
) -> Rule:
    """Return a rule that ignores case: `pattern` in small letters, for the text in small letters.

    Same matches as with `re.IGNORECASE`, in half the time: Python's matcher skips a branch by its
    first letter only where letters must be equal.
    """
    small = _KEPT.sub(lambda part: part[0].lower() if part[0][0].isalpha() else part[0], pattern)
    return Rule(
        name, entity, re.compile(small), score, check, cues, lowered=True, back=back, fits=fits
    )


_EQUAL: Final = str.maketrans("\u0130\u0131\u017f\u212a", "iisk")


def caseless(text: str) -> str:
    """Return `text` as a pattern in small letters reads it that ignores case (`re.IGNORECASE`)."""
    return lower(text if text.isascii() else text.translate(_EQUAL))


def lower(text: str) -> str:
    """Return `text` in small letters, of the same length."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    # A few capitals become two characters ("İ"); the offsets must stay.
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)


Rules = tuple[Rule, ...]


def find(rules: Iterable[Rule], text: str) -> Iterator[Finding]:
    """Yield what `rules` find in `text`, in no particular order."""
    lowered, cued = lower(text), caseless(text)
    for rule in rules:
        if not rule.cues or any(map(cued.__contains__, rule.cues)):
            yield from rule.find(lowered if rule.lowered else text)


@dataclass(frozen=True, slots=True)
class Topic:
    """Rules that look at the same text, each where its cues are."""

    rules: Rules

    @property
    def entities(self) -> tuple[EntityType, ...]:
        """The types that the rules find."""
        return tuple(sorted({rule.entity for rule in self.rules}))

    def find(self, text: str) -> Iterator[Finding]:
        """Yield what the rules find in `text`, in no particular order."""
        return find(self.rules, text)
