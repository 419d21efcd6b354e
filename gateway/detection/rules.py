"""A rule: one pattern, the entity type it means, and a check that the pattern cannot express.

Every pattern is bounded: no quantifier without an upper limit stands inside another, so that a
hostile megabyte costs no more than an honest one (`tests/unit/detection/test_bounds.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from gateway.domain.entities import EntityType
from gateway.domain.findings import Finding

Check = Callable[[re.Match[str]], bool]


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

    def find(self, text: str) -> Iterator[Finding]:
        """Yield the findings of this rule in `text`."""
        group = "value" if "value" in self.pattern.groupindex else 0
        check = self.check
        for match in self.pattern.finditer(text):
            start, end = match.span(group)
            if start < end and (check is None or check(match)):
                yield Finding(start, end, self.entity, self.score, self.name)


_KEPT: Final = re.compile(r"\\.|\(\?P[<=]\w+|[^\W\d_]+")


def folded(  # noqa: PLR0913, PLR0917 - the fields of a rule, in their order
    name: str,
    entity: EntityType,
    pattern: str,
    score: float,
    check: Check | None = None,
    cues: tuple[str, ...] = (),
) -> Rule:
    """Return a rule that ignores case: `pattern` in small letters, for the text in small letters.

    Same matches as with `re.IGNORECASE`, in half the time: Python's matcher skips a branch by its
    first letter only where letters must be equal.
    """
    small = _KEPT.sub(lambda part: part[0].lower() if part[0][0].isalpha() else part[0], pattern)
    return Rule(name, entity, re.compile(small), score, check, cues, lowered=True)


def _lower(text: str) -> str:
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    # A few capitals become two characters ("İ"); the offsets must stay.
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)


Rules = tuple[Rule, ...]


def find(rules: Iterable[Rule], text: str) -> Iterator[Finding]:
    """Yield what `rules` find in `text`, in no particular order."""
    lowered = _lower(text)
    for rule in rules:
        if not rule.cues or any(cue in lowered for cue in rule.cues):
            yield from rule.find(lowered if rule.lowered else text)


_CALENDAR: Final = re.compile(
    r"(?:19|20)\d\d([-/.])(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12]\d|3[01])"
    r"|(?:0?[1-9]|[12]\d|3[01])([-/.])(?:0?[1-9]|[12]\d|3[01])\2(?:19|20)\d\d"
)


def is_calendar_date(text: str) -> bool:
    """Say whether `text` is a date in digits, which `dates.py` finds: it is no other number."""
    return _CALENDAR.fullmatch(text) is not None
