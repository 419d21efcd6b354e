"""What the language model gets wrong in clinical text, and what is left of its entities after that."""

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
_WORD: Final = re.compile(r"[^\W_](?:[^\W_]|['\-.&](?=[^\W_]))*")
_PLACE_WORDS: Final = frozenset("new south north east west united states central saint st great san santa los las el city lake port fort mount".split())
_ACRONYM: Final = re.compile(r"[A-Z0-9&/\-]{1,6}s?\Z")


def keep(text: str, start: int, end: int, label: str) -> Iterator[tuple[int, int]]:
    """Yield the part of an entity that may identify, in offsets of `text`, or nothing.

    Everyday and clinical words at either end are cut off; an entity of nothing else is dropped.
    """
    line_end = text.find("\n", start, end)
    if line_end >= 0:
        yield from keep(text, start, line_end, label)
        yield from keep(text, line_end + 1, end, label)
        return
    value = text[start:end]
    if label == "DATE_TIME":
        if _DATE.search(value):
            yield start, end
        return
    words = list(_WORD.finditer(value))
    idle = _idle_in_place if label == "LOCATION" else _idle
    while words and idle(words[0][0]):
        words = words[1:]
    while words and _idle(words[-1][0]) and label == "PERSON":
        words = words[:-1]
    if not words or all(_idle(word[0]) for word in words) and len(words) == 1:
        return
    if words[0][0][0].islower() and not _lower_name(label, words):
        return
    if label in {"ORGANIZATION", "PERSON"} and all(_ACRONYM.match(word[0]) or _idle(word[0]) for word in words):
        return
    first, last = words[0].start(), words[-1].end()
    core = words[-1][0].lower().removesuffix("'s")
    if core in EPONYMS and EPONYM_NOUNS.match(text, start + last):
        return
    if len(words) > 1 and words[0][0].lower().removesuffix("'s") in EPONYMS and EPONYM_NOUNS.match(value, words[0].end()):
        return
    yield start + first, start + last


def _lower_name(label: str, words: list[re.Match[str]]) -> bool:
    """Say whether words without a capital may be a name: typed in haste, or dictated."""
    if label == "PERSON":
        return words[0][0].lower() in GIVEN_NAMES
    return label == "LOCATION" and any(word[0][0].isupper() for word in words)


def _idle_in_place(word: str) -> bool:
    return word.lower() not in _PLACE_WORDS and _idle(word)


def _idle(word: str) -> bool:
    return is_word(word) or not any(char.isalpha() for char in word)
