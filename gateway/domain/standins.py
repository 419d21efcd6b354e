"""Stand-ins that look like what they stand for, and the way back: surrogates, dates, sealed values.

A pseudonym is known by its shape wherever a model writes it. These have no shape of their own, so
the reply is searched for each of them, word by word: the longest first, whole words only, in any
case (but one word alone is none in small letters, where it was issued with a capital), with an
inflection behind. What the caller wrote himself is never one: a stand-in is issued only if none of
its words is in his texts.
"""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NoReturn

_UNPARTED: Final = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\ud7af\U00020000-\U0003ffff"
"""Scripts that do not part their words: each character is a word here."""
_TOKEN: Final = re.compile(rf"[{_UNPARTED}]|[^\W_{_UNPARTED}]+|\s+|.", re.DOTALL)
_ALIKE: Final = str.maketrans(
    dict(zip(range(0xFF01, 0xFF5F), range(0x21, 0x7F), strict=True))
    | dict.fromkeys(map(ord, "\u2018\u2019\u02bc"), "'")
    | dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013"), "-")
)
"""Marks that models write one for another, and full-width forms. Never changes the length."""
_ALONE: Final = re.compile(f"[{_UNPARTED}]")
_ENDINGS: Final = ("s", "es")
_JOINTS: Final = frozenset("./-:,")
_Phrase = tuple[str, ...]
"""The words of a stand-in, folded."""


def folded(token: str) -> str:
    """Return what two ways of writing one word have in common."""
    return " " if token.isspace() else token.translate(_ALIKE).casefold()


def runs_on(char: str) -> bool:
    """Say whether `char` beside a stand-in would be one word with it, and so hide it."""
    return char.isalnum() and _ALONE.match(char) is None


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

    __slots__ = ("_begins", "_exact", "_first", "_lengths", "_longest", "_new", "_next")

    def __init__(self) -> None:
        self._exact: dict[str, str] = {}
        self._first: dict[_Phrase, str] = {}
        self._lengths: dict[str, list[int]] = {}
        """How many words the phrases have that begin with a word, the most first."""
        self._begins: list[str] = []
        """The words that phrases begin with, sorted."""
        self._next: dict[_Phrase, list[str]] = {}
        """What goes on behind the beginning of a phrase, sorted."""
        self._longest = 0
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

    def meanings(self) -> dict[str, str]:
        """Return what each stand-in leads back to."""
        return dict(self._exact)

    def leads(self, stand_in: str) -> bool:
        """Say whether `stand_in` leads back to something."""
        return stand_in in self._exact

    def find(self, text: str, start: int = 0) -> list[Place]:
        """Return the stand-ins in `text` that begin at `start` or later, in order, disjoint."""
        self._learn()
        return list(self._places(text, start))

    def pending(self, text: str) -> int:
        """Return from where on the end of `text` may still become a stand-in; its length if not."""
        self._learn()
        words = tokens(text)
        for index in range(max(0, len(words) - self._longest), len(words)):
            if words[index].text in self._lengths and self._may_go_on(words[index:]):
                return words[index].start
        if words and _begins_with(self._begins, words[-1].text):
            # A word that is cut, or that goes on: nobody else holds one of another script.
            return words[-1].start
        return len(text)

    def _learn(self) -> None:
        """Make what is looked up: not while a request waits to be sent."""
        for stand_in in self._new:
            phrase = tuple(token.text for token in tokens(stand_in))
            if phrase in self._first:
                continue
            self._first[phrase] = stand_in
            self._longest = max(self._longest, len(phrase))
            if phrase[0] not in self._lengths:
                insort(self._begins, phrase[0])
            lengths = self._lengths.setdefault(phrase[0], [])
            if len(phrase) not in lengths:
                lengths.append(len(phrase))
                lengths.sort(reverse=True)
            for place in range(1, len(phrase)):
                following = self._next.setdefault(phrase[:place], [])
                at = bisect_left(following, phrase[place])
                if following[at : at + 1] != [phrase[place]]:
                    following.insert(at, phrase[place])
        self._new.clear()

    def _may_go_on(self, words: list[Token]) -> bool:
        """Say whether a phrase begins with `words`, of which the last may be cut."""
        if len(words) == 1:
            return (words[0].text,) in self._next
        following = self._next.get(tuple(word.text for word in words[:-1]), [])
        said = words[-1].text
        if _begins_with(following, said):
            return True
        # Or an inflection has begun behind it, which may prove to be another word.
        return any(said[:-cut] in following for cut in (1, 2) if _begins_ending(said[-cut:]))

    def _places(self, text: str, start: int) -> Iterator[Place]:
        words = tokens(text)
        index = 0
        while index < len(words):
            word = words[index]
            found = self._at(text, words, index) if word.start >= start else None
            if found is None:
                index += 1
                continue
            yield found
            while index < len(words) and words[index].start < found.end:
                index += 1

    def _at(self, text: str, words: list[Token], index: int) -> Place | None:
        """Return the longest stand-in that begins at a word, if one does.

        Names that stand in by themselves go before a longer one that is written otherwise: two
        findings on two lines are not the one that was on one.
        """
        first = words[index].text
        alone = first.isalpha() and text[words[index].start : words[index].end] in self._exact
        for length in self._lengths.get(first, ()):
            said = tuple(word.text for word in words[index : index + length])
            if length > 1 and len(said) == length:
                written = text[words[index].start : words[index + length - 1].end]
                if alone and said in self._first and written not in self._exact:
                    continue
                for last in _stems(said[-1]):
                    if place := self._place(text, words, index, (*said[:-1], last)):
                        return place
        for stem in _stems(first):
            if place := self._place(text, words, index, (stem,)):
                return place
        return None

    def _place(self, text: str, words: list[Token], index: int, phrase: _Phrase) -> Place | None:
        if phrase not in self._first or _in_number(text, phrase, words, index):
            return None
        start = words[index].start
        last = words[index + len(phrase) - 1]
        # Folding may lengthen a word ("Weiß"), an ending it does not.
        end = last.end - (len(last.text) - len(phrase[-1]))
        stand_in, written = self._first[phrase], text[start:end]
        if stand_in.isalpha() and written.islower() and not stand_in.islower():
            # "read" is what a model writes for other reasons than "Read", who is somebody.
            return Place(start, end, self._exact[written]) if written in self._exact else None
        return Place(start, end, self._original(phrase, text[start:end]))

    def _original(self, phrase: _Phrase, written: str) -> str:
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


def _begins_with(words: list[str], start: str) -> bool:
    """Say whether one of `words`, which are sorted, begins with `start` or is it."""
    at = bisect_left(words, start)
    return at < len(words) and words[at].startswith(start)


def _stems(word: str) -> Iterator[str]:
    """Yield `word`, and it without what inflects it."""
    yield word
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) > len(ending) and word.isalpha():
            yield word.removesuffix(ending)


def _begins_ending(letters: str) -> bool:
    return any(ending.startswith(letters) for ending in _ENDINGS)


def _in_number(text: str, phrase: _Phrase, words: list[Token], index: int) -> bool:
    """Say whether the phrase is a part of a longer number: 3/4 in 3/4/2019 is no date of ours.

    A full-width comma parts two numbers, as between an age and a date in Chinese.
    """
    after = index + len(phrase)
    if phrase[-1][-1].isdigit() and after + 1 < len(words):
        mark, number = text[words[after].start], words[after + 1].text
        if mark in _JOINTS and number[0].isdigit():
            return True
    if phrase[0][0].isdigit() and index > 1:
        mark, number = text[words[index - 1].start], words[index - 2].text
        return mark in _JOINTS and number[-1].isdigit()
    return False
