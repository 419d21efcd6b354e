"""Stand-ins that look like what they stand for, and the way back: surrogates, dates, sealed values.

A pseudonym is known by its shape wherever a model writes it. These have no shape of their own, so
the reply is searched for each of them, word by word: the longest first, whole words only, in any
case, with an inflection behind. What the caller wrote himself is never one: a stand-in is issued
only if none of its words is in his texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NoReturn

_UNPARTED: Final = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\ud7af\U00020000-\U0003ffff"
"""Scripts that do not part their words: each character is a word here."""
_TOKEN: Final = re.compile(rf"[{_UNPARTED}]|[^\W_{_UNPARTED}]+|\s+|.", re.DOTALL)
_SPACES: Final = re.compile(r"\s+")
_ALIKE: Final = str.maketrans(
    dict(zip(range(0xFF01, 0xFF5F), range(0x21, 0x7F), strict=True))
    | dict.fromkeys(map(ord, "\u2018\u2019\u02bc"), "'")
    | dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013"), "-")
)
"""Marks that models write one for another, and full-width forms. Never changes the length."""
_ENDINGS: Final = ("s", "es")
_JOINTS: Final = frozenset("./-:,")


def folded(token: str) -> str:
    """Return what two ways of writing one word have in common."""
    return " " if token.isspace() else token.translate(_ALIKE).casefold()


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a mark or white space, from `start` to `end`."""

    start: int
    end: int
    text: str


def tokens(text: str) -> list[Token]:
    """Return `text` cut into words, marks and white space."""
    return [Token(*match.span(), folded(match[0])) for match in _TOKEN.finditer(text)]


@dataclass(frozen=True, slots=True)
class Place:
    """`text[start:end]` of a reply is a stand-in, and `original` goes there."""

    start: int
    end: int
    original: str

    def __repr__(self) -> str:
        return f"<Place {self.start} to {self.end}>"


class StandIns:
    """The stand-ins of one exchange that have no shape. Never shown, never pickled."""

    __slots__ = ("_begins", "_exact", "_first", "_new")

    def __init__(self) -> None:
        self._exact: dict[str, str] = {}
        self._first: dict[tuple[str, ...], str] = {}
        self._begins: dict[str, list[tuple[str, ...]]] = {}
        self._new: list[str] = []

    def __repr__(self) -> str:
        return f"<StandIns {len(self._exact)}>"

    def __len__(self) -> int:
        return len(self._exact)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a re-identification map is not to be pickled")

    def add(self, stand_in: str, original: str) -> bool:
        """Let `stand_in` lead back to `original`; say no if it leads somewhere else already."""
        known = self._exact.setdefault(stand_in, original)
        if known != original:
            return False
        self._new.append(stand_in)
        return True

    def leads(self, stand_in: str) -> bool:
        """Say whether `stand_in` leads back to something."""
        return stand_in in self._exact

    def _learn(self) -> None:
        """Make what is looked up: not while a request waits to be sent."""
        for stand_in in self._new:
            phrase = tuple(token.text for token in tokens(stand_in))
            if phrase not in self._first:
                self._first[phrase] = stand_in
                rows = self._begins.setdefault(phrase[0], [])
                rows.append(phrase)
                rows.sort(key=len, reverse=True)
        self._new.clear()

    def find(self, text: str, start: int = 0) -> list[Place]:
        """Return the stand-ins in `text` that begin at `start` or later, in order, disjoint."""
        self._learn()
        return list(self._places(text, start))

    def pending(self, text: str) -> int:
        """Return from where on the end of `text` may still become a stand-in; its length if not."""
        self._learn()
        words = tokens(text)
        for index, word in enumerate(words):
            length = len(words) - index
            for phrase in self._begins.get(word.text, ()):
                if 1 < len(phrase) >= length and _may_go_on(phrase, words, index, length):
                    return word.start
        return len(text)

    def _places(self, text: str, start: int) -> Iterator[Place]:
        words = tokens(text)
        index = 0
        while index < len(words):
            word = words[index]
            found = None
            if word.start >= start:
                found = self._at(text, words, index)
            if found is None:
                index += 1
                continue
            yield found
            while index < len(words) and words[index].start < found.end:
                index += 1

    def _at(self, text: str, words: list[Token], index: int) -> Place | None:
        first = words[index].text
        for key in (first, *(first.removesuffix(end) for end in _ENDINGS if first.endswith(end))):
            for phrase in self._begins.get(key, ()):
                end = _end(phrase, words, index)
                if end is not None and not _in_number(phrase, words, index):
                    start = words[index].start
                    return Place(start, end, self._original(phrase, text[start:end]))
        return None

    def _original(self, phrase: tuple[str, ...], written: str) -> str:
        exact = self._exact.get(written)
        if exact is not None:
            return exact
        stand_in = self._first[phrase]
        original = self._exact[stand_in]
        if written.isupper() and not stand_in.isupper():
            return original.upper()
        if written.islower() and not stand_in.islower():
            return original.lower()
        return original


def _agree(phrase: tuple[str, ...], words: list[Token], index: int, count: int) -> bool:
    return all(phrase[step] == words[index + step].text for step in range(count))


def _may_go_on(phrase: tuple[str, ...], words: list[Token], index: int, length: int) -> bool:
    """Say whether the last `length` words are how `phrase` begins; the last of them may be cut."""
    if not _agree(phrase, words, index, length - 1):
        return False
    meant, said = phrase[length - 1], words[-1].text
    if meant.startswith(said):
        return True
    ending = said.removeprefix(meant)
    return length == len(phrase) and any(each.startswith(ending) for each in _ENDINGS)


def _end(phrase: tuple[str, ...], words: list[Token], index: int) -> int | None:
    """Return where `phrase` ends if it stands at `index`, without an inflection behind it."""
    if index + len(phrase) > len(words) or not _agree(phrase, words, index, len(phrase) - 1):
        return None
    last, said = phrase[-1], words[index + len(phrase) - 1]
    if said.text == last:
        return said.end
    if last.isalpha() and said.text.startswith(last) and said.text[len(last) :] in _ENDINGS:
        return said.start + len(last)
    return None


def _in_number(phrase: tuple[str, ...], words: list[Token], index: int) -> bool:
    """Say whether the phrase is a part of a longer number: 3/4 in 3/4/2019 is no date of ours."""
    after = index + len(phrase)
    if phrase[-1][-1].isdigit() and after + 1 < len(words):
        mark, number = words[after].text, words[after + 1].text
        if mark in _JOINTS and number[0].isdigit():
            return True
    if phrase[0][0].isdigit() and index > 1:
        mark, number = words[index - 1].text, words[index - 2].text
        return mark in _JOINTS and number[-1].isdigit()
    return False
