"""People who are known, sought in a text: whole, in parts, inflected, abbreviated, misspelt.

Rule: a name alone is found where it can hardly be anything else. What is a word, too ("Ward"), a
short form in capitals ("ALI") or an initial needs the rest of the name or a title beside it. Time
is linear in the text and does not depend on how many names are sought.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from gateway.detection.given_names import GIVEN_NAMES
from gateway.detection.ordinary import is_ordinary
from gateway.detection.vocabulary import EPONYM_NOUNS, EPONYMS
from gateway.domain.entities import PERSON
from gateway.domain.findings import Finding
from gateway.domain.person_names import Mention, fold, is_given, is_han, parse
from gateway.domain.persons import is_one_slip, shapes

SURE: Final = 0.7
_LIKELY: Final = 0.6
_LEAST: Final = 3
"""Letters of a name that is sought alone in its usual case,"""
_LEAST_LOUD: Final = 5
"""and in capitals or in small letters, where its neighbours are written otherwise or alike."""
_LEAST_MISSPELT: Final = 7
_LEAST_MISSPELT_BESIDE: Final = 6
_LEAST_FIRST: Final = 8
"""Letters of a misspelt name at the beginning of a sentence, where words have capitals."""
_WORD: Final = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")
_PLAIN_WORD: Final = re.compile(r"[A-Za-z]+(?:'[A-Za-z]+)*")
"""The same in ASCII, where it is told faster."""
_POSSESSIVE: Final = ("'s", "'S", "\u2019s", "'")
_GAP: Final = re.compile(r"[ \t]{1,2}|,[ \t]{0,2}|[ \t]?-[ \t]?|\.[ \t]{0,2}|\n[ \t]{0,2}")
_INITIAL_BEFORE: Final = re.compile(r"(?<![^\W_])(?P<letter>[^\W\d_])\.?[ \t]{0,2}\Z")
_INITIAL_AFTER: Final = re.compile(r",?[ \t]{1,2}(?P<letter>[^\W\d_])(?:\.|(?![\w']))")
_DOTTED: Final = re.compile(
    r"(?<![\w.])(?P<value>(?P<one>[^\W\d_])\.[ ]?(?:[^\W\d_]\.[ ]?)?-?(?P<two>[^\W\d_])\.)(?![\w])"
)
_TITLED_INITIAL: Final = re.compile(
    # Not behind a letter or digit; that is asked last, since a pattern that begins with a letter
    # is sought much faster.
    r"(?:Mrs?|Ms|Miss|Mx|Dr|Prof|Frau|Herrn?|Fr|Hr|Sra?|Srta|Señora?|Mme|Mlle|Madame|"
    r"Monsieur)\.?[ ]{1,2}(?P<value>(?P<one>[^\W\d_])\.?)(?![\w'])"
)
_LONGEST_HAN: Final = 8
_HAN_RUN: Final = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]+")
_HAN_TITLED: Final = re.compile(
    # In 主任医师 (a consultant) nobody is called 任.
    r"(?!(?<=主)任)(?P<family>[\u4e00-\u9fff]{1,2}?)(?:先生|女士|太太|小姐|医生|医师|大夫|主任|教授|护士|某)"
)
_SENTENCE: Final = re.compile(r"(?:\A|[.!?:\n][ \t\"'(\-*>]{0,4})\Z")
_ARTICLE: Final = re.compile(
    r"(?<![^\W_])(?:the|an?|der|die|das|den|dem|des|eine?[mnrs]?|im|am|zur|zum|kein\w{0,2}|el|la|los|"
    r"las|un[ae]?s?|del|al|le|les|du|des|au|aux)[ ]\Z",
    re.IGNORECASE,
)
_AROUND: Final = 200
_STOP: Final = re.compile(r"[.!?\n]")
_SAINT: Final = re.compile(r"(?<![^\W_])(?:Sankt|Saint|Sainte|Santa|San|Ste?\.?)[ -]\Z")
_NEVER: Final = frozenset(
    {
        "us",
        "uk",
        "er",
        "iv",
        "im",
        "po",
        "am",
        "pm",
        "dc",
        "md",
        "do",
        "rn",
        "np",
        "ed",
        "bp",
        "hr",
        "od",
        "os",
        "ou",
        "pr",
        "eg",
        "ie",
        "ca",
        "cf",
        "pa",
        "ba",
        "ma",
        "bs",
        "ms",
        "ua",
    }
)
"""Two dotted letters that are no one's initials."""


@dataclass(slots=True, repr=False, eq=False)
class _Sought:
    """A word of a name: who bears it, and whether it is sought alone."""

    people: set[int] = field(default_factory=set)
    alone: bool = False
    small: bool = False
    """Whether somebody who writes no capitals wrote it: "mr farouk"."""


@dataclass(frozen=True, slots=True, repr=False)
class _Hit:
    start: int
    end: int
    word: str
    people: set[int]
    """Those of the word itself: where thousands bear it, copies for each place fill the memory."""
    alone: bool
    small: bool


class NameSearch:
    """The people of one exchange, as they are sought. Never shown."""

    __slots__ = ("_han", "_han_families", "_initials", "_people", "_said", "_shapes", "_words")

    def __init__(self) -> None:
        self._words: dict[str, _Sought] = {}
        self._shapes: defaultdict[str, set[str]] = defaultdict(set)
        self._initials: defaultdict[str, set[int]] = defaultdict(set)
        self._said: set[str] = set()
        self._people: dict[tuple[str, ...], int] = {}
        self._han: set[str] = set()
        self._han_families: set[str] = set()

    def __repr__(self) -> str:
        return f"<NameSearch {len(self._people)} people>"

    def __len__(self) -> int:
        """Return how many words are sought."""
        return len(self._words) + len(self._han)

    def add(self, said: Mention) -> None:
        """Seek the person whom `said` names."""
        if said.surface in self._said:
            return  # The words of a name are its own, whatever stands around it.
        self._said.add(said.surface)
        name = parse(said)
        if not name.words or name.words in self._people:
            return
        person = self._people[name.words] = len(self._people)
        several = len(name.words) > 1
        if is_han(written := said.surface.strip()):
            if 1 < len(written) <= _LONGEST_HAN:
                self._han.add(written)
            if several or said.after:
                self._han_families.add(name.words[-1])
            return
        for word, spelt in zip(name.words, name.spelt, strict=True):
            if len(word) > 1 or not word.isascii():
                self._add_word(word, spelt, person, small=said.surface.islower())
        letters = "".join(word[0] for word in name.words)
        for initials in {letters, letters[0] + letters[-1]} if several else ():
            self._initials[initials].add(person)
        self._initials[letters[0]].add(person)
        self._initials[letters[-1]].add(person)

    def _add_word(self, word: str, spelt: str, person: int, *, small: bool) -> None:
        forms = {word, spelt}
        alone = len(word) >= _LEAST and not any(map(is_ordinary, forms))
        for form in forms:
            self._seek(form, person, alone=alone)
            self._words[form].small |= small
            # A German genitive: "Thorntons Befund", "Margarets Mutter".
            if alone and len(form) > _LEAST and not is_ordinary(form + "s"):
                self._seek(form + "s", person, alone=True)
        if alone and len(word) >= _LEAST_MISSPELT_BESIDE and word not in EPONYMS:
            for shape in shapes(word):
                self._shapes[shape].add(word)

    def _seek(self, form: str, person: int, *, alone: bool) -> None:
        sought = self._words.setdefault(form, _Sought())
        sought.people.add(person)
        sought.alone |= alone

    def find(self, text: str) -> Iterator[Finding]:
        """Yield where in `text` one of the people is."""
        if not self._people:
            return
        hits, strange = self._hits(text)
        beside = {index for pair in _pairs(hits, text) for index in pair}
        for index, hit in enumerate(hits):
            if index in beside or (hit.alone and self._stands_alone(text, hit)):
                yield self._with_initials(text, hit)
            elif (whole := self._with_initials(text, hit)).end - whole.start > hit.end - hit.start:
                yield whole
        yield from self._misspelt(text, hits, strange)
        if self._han:
            yield from self._in_han(text)
        yield from self._initialled(text)

    def _hits(self, text: str) -> tuple[list[_Hit], list[re.Match[str]]]:
        """Return the words of `text` that are sought, and capitalised ones that are not."""
        hits: list[_Hit] = []
        strange: list[re.Match[str]] = []
        words = self._words
        for match in (_PLAIN_WORD if text.isascii() else _WORD).finditer(text):
            written = match[0]
            low = written.lower()
            known = words.get(low)
            end = match.end()
            if known is None:
                if not low.isascii() or "'" in low:
                    bare = next((low[: -len(s)] for s in _POSSESSIVE if low.endswith(s)), low)
                    known = words.get(fold(bare))
                    end -= len(low) - len(bare)
                if known is None:
                    if written[0].isupper() and len(low) >= _LEAST_MISSPELT_BESIDE:
                        strange.append(match)
                    continue
            hits.append(_Hit(match.start(), end, low, known.people, known.alone, known.small))
        return hits, strange

    def _stands_alone(self, text: str, hit: _Hit) -> bool:
        """Say whether the word, by its case and by what follows, is the name."""
        written = text[hit.start : hit.end]
        if fold(written) in EPONYMS and EPONYM_NOUNS.match(text, hit.end):
            return False
        if _SAINT.search(text, max(0, hit.start - 8), hit.start):
            return False
        if len(written) > 1 and written.isupper():
            return len(written) >= _LEAST_LOUD or _line(text, hit).isupper()
        if written[0].islower():
            # Where nobody writes capitals a name has none: in haste, or dictated.
            return (
                len(written) >= _LEAST_LOUD
                and (hit.small or _is_small(_sentence(text, hit)))
                and not _ARTICLE.search(text, max(0, hit.start - 8), hit.start)
            )
        return True

    def _with_initials(self, text: str, hit: _Hit) -> Finding:
        """Return the hit with the initials beside it that are those of the person."""
        start, end = hit.start, hit.end
        for _ in range(2):
            before = _INITIAL_BEFORE.search(text, max(0, start - 4), start)
            if before is None or not self._is_initial(before["letter"], hit):
                break
            start = before.start()
        after = _INITIAL_AFTER.match(text, end)
        if after is not None and self._is_initial(after["letter"], hit):
            end = after.end()
        return Finding(start, end, PERSON, SURE, "propagated.name")

    def _is_initial(self, letter: str, hit: _Hit) -> bool:
        return letter.isupper() and not hit.people.isdisjoint(
            self._initials.get(fold(letter), frozenset())
        )

    def _in_han(self, text: str) -> Iterator[Finding]:
        """Yield Chinese names: whole wherever they stand, the family's before a title."""
        longest = max(map(len, self._han))
        for run in _HAN_RUN.finditer(text):
            for start in range(run.start(), run.end()):
                for end in range(min(start + longest, run.end()), start + 1, -1):
                    if text[start:end] in self._han:
                        yield Finding(start, end, PERSON, SURE, "propagated.name")
                        break
                else:
                    titled = _HAN_TITLED.match(text, start)
                    if titled and titled["family"] in self._han_families:
                        yield Finding(*titled.span("family"), PERSON, SURE, "propagated.name")

    def _misspelt(
        self, text: str, hits: list[_Hit], strange: Iterable[re.Match[str]]
    ) -> Iterator[Finding]:
        if not self._shapes:
            return
        ends = {hit.end: hit for hit in hits}
        starts = {hit.start: hit for hit in hits}
        seen: dict[str, str | None] = {}
        for match in strange:
            written = match[0]
            if written not in seen:
                seen[written] = self._meant(written)
            meant = seen[written]
            if meant is None:
                continue
            people = self._words[meant].people
            beside = any(
                not hit.people.isdisjoint(people)
                for hit in _neighbours(text, match.start(), match.end(), starts, ends)
            )
            if beside or (
                not _is_given(written)
                and len(meant) >= _LEAST_MISSPELT
                and (
                    len(meant) >= _LEAST_FIRST
                    or not _SENTENCE.search(text, max(0, match.start() - 6), match.start())
                )
                and not _ARTICLE.search(text, max(0, match.start() - 8), match.start())
            ):
                yield Finding(*match.span(), PERSON, _LIKELY, "propagated.misspelt")

    def _meant(self, written: str) -> str | None:
        """Return the name that `written` is but for one slip inside of it, if it is no word."""
        word = fold(written.removesuffix("'s"))
        if is_ordinary(written) or word in EPONYMS:
            return None
        for shape in shapes(word):
            for meant in self._shapes.get(shape, ()):
                if word[0] == meant[0] and is_one_slip(word, meant) and not _is_ending(word, meant):
                    return meant
        return None

    def _initialled(self, text: str) -> Iterator[Finding]:
        for match in _dotted(text):
            letters = fold("".join(char for char in match["value"] if char.isalpha()))
            if match["value"].replace(".", "").replace(" ", "").isupper() and (
                letters in self._initials and letters not in _NEVER
            ):
                yield Finding(*match.span("value"), PERSON, _LIKELY, "propagated.initials")
        for match in _TITLED_INITIAL.finditer(text):
            if (
                match["one"].isupper()
                and fold(match["one"]) in self._initials
                and not text[match.start() - 1 : match.start()].isalnum()
            ):
                yield Finding(*match.span("value"), PERSON, SURE, "propagated.initials")


def _dotted(text: str) -> Iterator[re.Match[str]]:
    """Yield what `_DOTTED` finds; the first dot of it is its second character."""
    done = 0
    dot = text.find(".", 1)
    while dot > 0:
        match = _DOTTED.match(text, dot - 1) if dot > done else None
        if match is not None:
            done = match.end()
            yield match
        dot = text.find(".", dot + 1)


def _is_given(written: str) -> bool:
    """Say whether it is a name of its own: "Margret" alone is not a misspelt "Margaret"."""
    word = fold(written)
    return word in GIVEN_NAMES or is_given(word)


def _pairs(hits: list[_Hit], text: str) -> Iterator[tuple[int, int]]:
    """Yield neighbours in `text` that are different words of one person: the index of each."""
    for index in range(len(hits) - 1):
        one, two = hits[index], hits[index + 1]
        if (
            one.word != two.word
            and two.start - one.end <= 4  # noqa: PLR2004 - the longest gap within a name
            and not one.people.isdisjoint(two.people)
            and _GAP.fullmatch(text, one.end, two.start)
        ):
            yield index, index + 1


def _neighbours(
    text: str, start: int, end: int, starts: dict[int, _Hit], ends: dict[int, _Hit]
) -> Iterator[_Hit]:
    for gap in range(1, 4):
        if (hit := ends.get(start - gap)) and _GAP.fullmatch(text, start - gap, start):
            yield hit
        if (hit := starts.get(end + gap)) and _GAP.fullmatch(text, end, end + gap):
            yield hit


def _is_ending(one: str, two: str) -> bool:
    """Say whether two words differ at their end alone: "Schulte" and "Schulter" are two words."""
    shared = min(len(one), len(two)) - (len(one) == len(two))
    doubled = len(one) != len(two) and max(one, two, key=len)[-1] == min(one, two, key=len)[-1]
    return one[:shared] == two[:shared] and not doubled


def _line(text: str, hit: _Hit) -> str:
    """Return what stands around the hit on its line, bounded."""
    before = text.rfind("\n", max(0, hit.start - _AROUND), hit.start)
    after = text.find("\n", hit.end, hit.end + _AROUND)
    return text[
        before + 1 if before >= 0 else max(0, hit.start - _AROUND) : after
        if after >= 0
        else hit.end + _AROUND
    ]


def _sentence(text: str, hit: _Hit) -> str:
    """Return what stands around the hit in its sentence, bounded."""
    begin = max(0, hit.start - _AROUND)
    for stop in _STOP.finditer(text, begin, hit.start):
        begin = stop.end()
    after = _STOP.search(text, hit.end, hit.end + _AROUND)
    return text[begin : after.start() if after else hit.end + _AROUND]


def _is_small(sentence: str) -> bool:
    """Say whether a sentence has no capital, or its first letter alone."""
    bare = sentence.lstrip()
    return bare[1:] == bare[1:].lower()
