"""The numbers of a text: a unit is a word with a digit, and what is tightly joined to it.

Most rules about numbers would otherwise cross the whole text, each for itself and for each of five
languages. Here one pass finds the few places where a number is, and every rule asks only there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

_UNIT: Final = re.compile(
    r"[0-9][0-9A-Za-z]{0,63}+(?:(?:[-/_]|[.:](?=[0-9])|,(?=[0-9]{1,3}(?![0-9A-Za-z])))[0-9A-Za-z]{1,64}+){0,24}"
)
# A comma parts thousands and decimals; before four digits it ends a number, and a year may follow.
_ALNUM: Final = frozenset("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_TIGHT: Final = frozenset("-_/")
_LEFT: Final = 16
"""Characters that a unit reaches back over the letters before its first digit."""
_SHAPE: Final = str.maketrans(
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", "9" * 10 + "a" * 26 + "A" * 26
)
_LABEL: Final = re.compile(r"(?i:cv[vc]2):(?=[0-9])")
"""A label that ends in a digit, so that the number behind it would be a part of it."""
_JOINS: Final = re.compile(r"[ ]{1,2}[(]?|[ ]?[-/.][ ]?|[ ]?[)][ ]?[-/]?[ ]?|[(]")
"""What may part the groups of one number."""


class Unit(NamedTuple):
    """A word with a digit: `text[start:end]`."""

    start: int
    end: int
    word: str
    shape: str
    """`word` with 9 for each digit, A and a for each letter of a to z."""
    digits: int
    joined: bool
    """Whether only a gap that numbers are grouped by parts it from the unit before."""


def units(text: str) -> Iterator[Unit]:
    """Yield the units of `text`, in order and disjoint."""
    done = 0
    for match in _UNIT.finditer(text):
        start, end = match.span()
        if (start and text[start - 1] in _ALNUM) or (
            start > 1 and text[start - 1] in _TIGHT and text[start - 2] in _ALNUM
        ):
            start = _reach(text, start, max(done, start - _LEFT))
        label = _LABEL.match(text, start, end)
        if label is not None:
            start = label.end()
        word = text[start:end]
        shape = word.translate(_SHAPE)
        gap = text[done:start] if start - done <= 4 else "...."  # noqa: PLR2004 - no gap is longer
        joined = done > 0 and _JOINS.fullmatch(gap) is not None
        yield Unit(start, end, word, shape, shape.count("9"), joined)
        done = end


def _reach(text: str, start: int, limit: int) -> int:
    """Return where the word begins that ends before `start`, with what is tightly joined to it."""
    while start > limit:
        before = text[start - 1]
        if before in _ALNUM:
            start -= 1
        elif before in _TIGHT and start - 1 > limit and text[start - 2] in _ALNUM:
            start -= 2
        else:
            break
    return start


def rows(all_units: list[Unit]) -> list[int]:
    """Return for each unit how many stand side by side with it."""
    lengths = [1] * len(all_units)
    first = 0
    for index in range(1, len(all_units) + 1):
        if index == len(all_units) or not all_units[index].joined:
            lengths[first:index] = [index - first] * (index - first)
            first = index
    return lengths


def ahead(all_units: list[Unit], index: int) -> int:
    """Return the digits of unit `index` and of up to seven that are joined to it."""
    digits = all_units[index].digits
    for unit in all_units[index + 1 : index + 8]:
        if not unit.joined:
            break
        digits += unit.digits
    return digits
