"""Which of the five languages a conversation is in, as far as its little words tell.

A guess, used where a surface alone is of two languages ("April", "3/4/2019"). A wrong guess costs
realism, never safety: what cannot be read is replaced whatever the language.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Final


class Language(StrEnum):
    """ISO 639-1."""

    ENGLISH = "en"
    GERMAN = "de"
    FRENCH = "fr"
    SPANISH = "es"
    CHINESE = "zh"


_ENGLISH: Final = (
    "the and of with was is for has to in on at from by he she her his this that patient mrs mr "
    "zip ssn seen born admitted"
)
_GERMAN: Final = (
    "der die das und mit ist wurde war für im am vom bei zur zum den dem des ein eine patientin "
    "herr frau geboren wir nicht auf"
)
_FRENCH: Final = (
    "le la les et est une du des dans pour avec sur au aux ce né née madame monsieur nous patiente "
    "par"
)
_SPANISH: Final = (
    "el los las y con del que se por una para su fue paciente don doña sin años nacido al"
)
_LITTLE: Final = {
    word: language
    for language, words in zip(Language, (_ENGLISH, _GERMAN, _FRENCH, _SPANISH), strict=False)
    for word in words.split()
}
_WORD: Final = re.compile(r"[^\W\d_]{1,12}")
_HAN: Final = re.compile("[\u4e00-\u9fff]")
_ENOUGH: Final = 2000
"""Characters of a text that are looked at: more would not change the answer."""


def language_of(texts: Iterable[str]) -> Language | None:
    """Return the language that most little words of `texts` belong to, or `None` without any."""
    counts = dict.fromkeys(Language, 0)
    for text in texts:
        begin = text[:_ENOUGH].lower()
        if not begin.isascii():
            counts[Language.CHINESE] += len(_HAN.findall(begin)) // 2
        for word in _WORD.findall(begin):
            if word in _LITTLE:
                counts[_LITTLE[word]] += 1
    best = max(counts, key=counts.__getitem__)
    return best if counts[best] else None
