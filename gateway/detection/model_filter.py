"""What the language model gets wrong in clinical text, and what is left of its entities."""

# ruff: noqa: E501 - a pattern cut to a hundred columns is read worse than a long one

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.detection.given_names import GIVEN_NAMES
from gateway.detection.vocabulary import EPONYM_NOUNS, EPONYMS, is_word

_DATE: Final = re.compile(
    r"\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b[^a-z]*\d|\d[^a-z]{0,3}(?:st|nd|rd|th)?[ ](?:of )?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)|"
    r"\d{1,4}[/.\-]\d{1,2}[/.\-]\d{1,4}",
    re.IGNORECASE,
)
_LINE: Final = re.compile(r"[^\n]+")
_WORD: Final = re.compile(r"[^\W_](?:[^\W_]|['\-.&](?=[^\W_]))*")
_PLACE_WORDS: Final = frozenset(
    [
        "new",
        "south",
        "north",
        "east",
        "west",
        "united",
        "states",
        "central",
        "saint",
        "st",
        "great",
        "san",
        "santa",
        "los",
        "las",
        "el",
        "city",
        "lake",
        "port",
        "fort",
        "mount",
    ]
)
_ACRONYM: Final = re.compile(r"[A-Z0-9&/\-]{1,6}s?\Z")


def keep(text: str, start: int, end: int, label: str) -> Iterator[tuple[int, int]]:
    """Yield the parts of an entity that may identify, in offsets of `text`; of each line one at most.

    Everyday and clinical words at either end are cut off; a line of nothing else is dropped.
    """
    for line in _LINE.finditer(text, start, end):
        if label == "DATE_TIME":
            if _DATE.search(line[0]):
                yield line.span()
            continue
        words = _telling(line[0], label)
        if words and not _misled(line[0], words, label):
            first, last = words[0].start(), words[-1].end()
            if not EPONYM_NOUNS.match(text, line.start() + last) or _core(words[-1]) not in EPONYMS:
                yield line.start() + first, line.start() + last


def _telling(value: str, label: str) -> list[re.Match[str]]:
    """Return the words of `value` less the everyday ones at its ends."""
    words = list(_WORD.finditer(value))
    idle = _idle_in_place if label == "LOCATION" else _idle
    while words and idle(words[0][0]):
        words = words[1:]
    while words and label == "PERSON" and _idle(words[-1][0]):
        words = words[:-1]
    return words


def _misled(value: str, words: list[re.Match[str]], label: str) -> bool:
    """Say whether the model took an acronym, a common word or an eponym for a name."""
    if len(words) == 1 and _idle(words[0][0]):
        return True
    if words[0][0][0].islower() and not _lower_name(label, words):
        return True
    if label != "LOCATION" and all(_ACRONYM.match(word[0]) or _idle(word[0]) for word in words):
        return True
    return (
        len(words) > 1
        and _core(words[0]) in EPONYMS
        and EPONYM_NOUNS.match(value, words[0].end()) is not None
    )


def _core(word: re.Match[str]) -> str:
    return word[0].lower().removesuffix("'s")


def _lower_name(label: str, words: list[re.Match[str]]) -> bool:
    """Say whether words without a capital may be a name: typed in haste, or dictated."""
    if label == "PERSON":
        return words[0][0].lower() in GIVEN_NAMES
    return label == "LOCATION" and any(word[0][0].isupper() for word in words)


def _idle_in_place(word: str) -> bool:
    return word.lower() not in _PLACE_WORDS and _idle(word)


def _idle(word: str) -> bool:
    return is_word(word) or not any(char.isalpha() for char in word)
