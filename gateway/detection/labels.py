"""What stands before a number and says what it is: "MRN", "Nº Col.", "Vers.-Nr.", "手机".

A vocabulary instead of patterns, so that five languages cost no more than one. Words are kept as
`fold` leaves them: small, without accents; dots, hyphens and spaces part them. A strong label needs
nothing beside it; a weak one is a word of prose too, and counts with "no.", "ID", "#" or a colon.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final, NamedTuple

from gateway.detection.label_words import CHINESE, GAPS, NO_COMPOUND, NUMBERS, STRONG, THINGS, WEAK
from gateway.domain.entities import (
    AGE,
    DATE_OF_BIRTH,
    FAX_NUMBER,
    LICENSE_NUMBER,
    OTHER_ID,
    PHONE_NUMBER,
    POSTCODE,
    EntityType,
)

_MOST_BETWEEN: Final = 6
_LONGEST: Final = 5
"""Words of the longest label."""
_REACH: Final = 72
"""Characters before a number where its label is sought."""
_TOKEN: Final = re.compile(r"(?<!\d)[^\W\d_]++(?!\d)|[#№]")
_PARTING: Final = frozenset(" \t\n\r:=*_\"'`|(#№[]<>),;.\\/{}+°-")
_NEAR: Final = 10
"""Characters of the longest gap between a label and its number, or between two words of one."""
_MARKS: Final = frozenset(":=#№|")
_RELATED: Final = frozenset("=<>")
"""What stands behind a count: "N > 1500" says how many, and not which."""
_SHORTEST_COMPOUND: Final = 5
_SHORTEST_ENDING: Final = 3
"""Letters that a word has more of which ends in "nr": an INR is a result."""
_COMPOUND: Final = ("nummer", "nr", "kennung", "nummern")
_CJK: Final = "\u2e7f"
_CJK_GAP: Final = "为是:号码系如下的"
_ACCENTS: Final[dict[int, str]] = {
    code: base.lower()
    for code in (*range(0xC0, 0x250), *range(0x1E00, 0x1F00))
    if len(base := unicodedata.normalize("NFD", chr(code))[0]) == 1 and base.isascii()
} | {ord("ß"): "s"}


_NO_NUMBERS: Final = frozenset({AGE, DATE_OF_BIRTH, FAX_NUMBER, PHONE_NUMBER, POSTCODE})


class Label(NamedTuple):
    """What the words before a number say that it is."""

    entity: EntityType
    end: int
    """Where the label's last word ends."""
    counted: bool
    """Whether a word or sign said that a number comes."""
    generic: bool = False
    """Whether nothing but that was said."""

    @property
    def of_a_number(self) -> bool:
        """Whether it says what is identified, and so not how somebody is reached or how old."""
        return not self.generic and self.entity not in _NO_NUMBERS


def fold(text: str) -> str:
    """Return `text` in small letters without accents, of the same length."""
    lowered = text.lower()
    if lowered.isascii():
        return lowered
    if len(lowered) != len(text):
        lowered = "".join(low if len(low := char.lower()) == 1 else char for char in text)
    return lowered.translate(_ACCENTS)


def _vocabulary() -> dict[str, tuple[EntityType, bool]]:
    words: dict[str, tuple[EntityType, bool]] = {}
    for strong, source in ((False, WEAK), (True, STRONG)):
        for entity, phrases in source.items():
            for phrase in re.split(r"[;\n]", phrases):
                if phrase.strip():
                    words[fold(phrase.strip())] = (entity, strong)
    return words


_WORDS: Final = _vocabulary()
_IDEOGRAPHS: Final = {word: entity for entity, words in CHINESE.items() for word in words.split()}
_ENDS: Final = frozenset(phrase.rsplit(" ", 1)[-1] for phrase in _WORDS)


_NUMBERED: Final = ("cvv2", "cvc2")
"""Labels that end in a digit, and are the same without it."""


class _Word(NamedTuple):
    """A word before a number, `folded[start:end]`, and what parts it from what comes after."""

    text: str
    start: int
    end: int
    gap: str


def _previous(folded: str, end: int, limit: int) -> _Word | None:
    """Return the word right before `end`; None where something else stands there, or nothing."""
    last = end
    while last > limit and folded[last - 1] in _PARTING:
        last -= 1
    if end - last > _NEAR:
        return None
    if folded.endswith(_NUMBERED, limit, last):
        return _Word(folded[last - 4 : last - 1], last - 4, last, folded[last:end])
    first = last
    while first > limit and folded[first - 1].isalpha():
        first -= 1
    if first == last:
        return None
    if folded[last - 1] < _CJK and (
        folded[first - 1 : first].isdigit() or folded[last : last + 1].isdigit()
    ):
        return None  # Letters of the number, or of another: "3o" is no label.
    return _Word(folded[first:last], first, last, folded[last:end])


def before(folded: str, start: int, *, counted: bool = False) -> Label | None:
    """Return the label of the number that begins at `start` of the folded text, or None.

    `counted` says that it is a number whatever stands before: a weak label is enough. Words are
    read from right to left: most numbers have none before them that could be a label's.
    """
    limit = start - _REACH if start > _REACH else 0
    word = _previous(folded, start, limit)
    number_word = False
    for _ in range(_MOST_BETWEEN):
        if word is None:
            break
        if not _MARKS.isdisjoint(word.gap):
            counted = True
            number_word = number_word or "#" in word.gap or "№" in word.gap
        text = word.text
        if text.endswith("nr") and len(text) > _SHORTEST_COMPOUND:
            text = text[:-2] + "nummer"
        if text[-1] > _CJK:
            entity = _ideographs(text)
            return Label(entity, word.end, counted=True) if entity is not None else None
        if text in _ENDS and not (text == "dl" and folded[word.start - 1] == "/"):
            found = _phrase(folded, text, word, limit)
            if found is not None and (found[1] or counted):
                return Label(found[0], word.end, counted=counted)
        if text in NUMBERS and not (text == "n" and not _RELATED.isdisjoint(word.gap)):
            counted = number_word = True
        elif text not in GAPS:
            return _compound(word) or _told(word, number_word=number_word)
        word = _previous(folded, word.start, limit)
    return Label(OTHER_ID, start, counted=True, generic=True) if number_word else None


def _compound(word: _Word) -> Label | None:
    """Return the label that a word is by its end: "Fallakten-nummer", "MartínezNºCol"."""
    if word.text.endswith("nocol"):
        return Label(LICENSE_NUMBER, word.end, counted=True)
    if (
        len(word.text) > _SHORTEST_ENDING
        and word.text.endswith(_COMPOUND)
        and word.text not in NO_COMPOUND
    ):
        return Label(OTHER_ID, word.end, counted=True)
    return None


def _told(word: _Word, *, number_word: bool) -> Label | None:
    """Return the label that "no." or "#" is after a word that is none: not after "Table"."""
    if not number_word or word.text in THINGS:
        return None
    return Label(OTHER_ID, word.end, counted=True, generic=True)


def _phrase(folded: str, phrase: str, word: _Word, limit: int) -> tuple[EntityType, bool] | None:
    """Return what the longest label that ends with `phrase` means, and whether it is strong."""
    best = _WORDS.get(phrase)
    for _ in range(_LONGEST - 1):
        first = _previous(folded, word.start, limit)
        if first is None:
            break
        word = first
        phrase = f"{word.text} {phrase}"
        best = _WORDS.get(phrase, best)
    return best


def _ideographs(word: str) -> EntityType | None:
    """Return what a label at the end of running Chinese means."""
    for end in range(len(word), max(0, len(word) - 3), -1):
        for length in range(8, 1, -1):
            entity = _IDEOGRAPHS.get(word[max(0, end - length) : end])
            if entity is not None:
                return entity
        if word[end - 1] not in _CJK_GAP:
            return None
    return None


def is_label(text: str) -> bool:
    """Say whether `text` is the label of a number and nothing else: "Tlf", "Mobil", "NHS No"."""
    found = _WORDS.get(" ".join(_TOKEN.findall(fold(text))))
    return found is not None and found[1]


_AFTER: Final = re.compile(r"[ ]?[(\[][ ]?([^()\n\d]{2,30})[)\]]")


def after(folded: str, end: int) -> EntityType | None:
    """Return what "(MRN)" right after a number says that it is, or None."""
    match = _AFTER.match(folded, end)
    if match is None:
        return None
    found = _WORDS.get(" ".join(_TOKEN.findall(match[1])))
    return found[0] if found is not None and found[1] else None
