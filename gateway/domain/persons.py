"""Which surfaces of an exchange are one person: "Margaret Thornton", "Mrs Thornton", "M. Thornton".

The contract of `Persons.meet`:
- Give it the mentions of one text at a time, in the order of the conversation. It answers with one
  `Person` for each. Mentions with equal `identity` are one person; an identity is a value to be
  keyed and hashed, never to be shown.
- What a text was told stays true: later texts change no answer, so a longer history gives the same
  identities to what went before. Within one text the full names come first, wherever they stand.
- A name is a person already met if it says less or more of the same: a part of its words in their
  order, initials for words, other case, accents, umlauts spelt out, a German genitive, one slip in
  a family name whose given names agree. Two names of which neither is part of the other are two
  people, also with one family name.
- What fits several people is resolved by title and gender where that leaves one ("Mrs Thornton"
  beside Margaret and John), and else is a person of its own: never a guess. "Dr Thornton" is the
  Margaret Thornton only if she was called a doctor too.
- Where a history is shortened from its middle, a person may be met first under another form of the
  name, and is then given another identity; never that of somebody else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.domain.person_names import (
    Gender,
    Mention,
    Name,
    given_gender_of,
    is_given,
    parse,
)

_MANY: Final = 64
"""People who share a word: with more of them none is chosen, so that time stays bounded."""
_SLIP_FAMILY: Final = 6
"""Letters of a family name in which one slip is forgiven beside an equal given name,"""
_SLIP_ALONE: Final = 8
"""and of one that stands alone, of somebody who was named in full."""
_LONGEST: Final = 32
"""Letters of a word in which slips are sought."""
_STEM: Final = 3
_LAST_ALPHABETIC: Final = "\u2e7f"
_Word = tuple[str, str]
"""A word folded, and with its umlauts spelt out."""
_Same = Callable[[_Word, _Word], bool]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody, as far as the texts up to now have told. `given` and `family` are folded words."""

    identity: str = field(repr=False)
    gender: Gender | None = None
    given: frozenset[str] = field(default=frozenset(), repr=False)
    family: frozenset[str] = field(default=frozenset(), repr=False)


@dataclass(slots=True, repr=False, eq=False)
class _Known:
    """One person as met so far: `words` is the fullest name."""

    identity: str
    words: tuple[str, ...]
    spelt: tuple[str, ...]
    suffix: str
    gender: Gender | None
    doctor: bool
    titled: bool
    """Whether a title said the gender; a title outweighs what a given name suggests."""

    def person(self) -> Person:
        """Return what is known."""
        return Person(self.identity, self.gender, *_given_and_family(self.words))


def _given_and_family(words: tuple[str, ...]) -> tuple[frozenset[str], frozenset[str]]:
    # A Chinese name of one character is no initial.
    full = {word for word in words if len(word) > 1 or word > _LAST_ALPHABETIC}
    if len(words) == 1:
        alone = frozenset(full)
        return (alone, frozenset()) if is_given(words[0]) else (frozenset(), alone)
    last = full & set(words[-1:])
    return frozenset(full - last), frozenset(last)


class Persons:
    """The people of one exchange. Never shown; it lives no longer than its exchange."""

    __slots__ = ("_answers", "_by_initial", "_by_slip", "_by_word", "_identities")

    def __init__(self) -> None:
        self._answers: dict[tuple[tuple[str, ...], str, Gender | None, bool], _Known] = {}
        self._by_word: defaultdict[str, list[_Known]] = defaultdict(list)
        self._by_initial: defaultdict[str, list[_Known]] = defaultdict(list)
        self._by_slip: defaultdict[str, list[_Known]] = defaultdict(list)

        self._identities: set[str] = set()

    def __repr__(self) -> str:
        return f"<Persons {len(self._answers)} names>"

    def meet(self, mentions: Sequence[Mention]) -> tuple[Person, ...]:
        """Return who each of `mentions`, all of one text, is. See above."""
        names = [parse(each) for each in mentions]
        told: dict[int, _Known] = {}
        for index in sorted(range(len(names)), key=lambda index: (_rank(names[index]), index)):
            told[index] = self._who(names[index])
        return tuple(told[index].person() for index in range(len(names)))

    def _who(self, name: Name) -> _Known:
        key = (name.words, name.suffix, name.gender, name.doctor)
        known = self._answers.get(key)
        if known is None:
            known, clear = self._find(name)
            if known is None:
                known = self._found(name, apart=not clear)
            else:
                self._learn(known, name)
            self._answers[key] = known
        return known

    def _find(self, name: Name) -> tuple[_Known | None, bool]:
        """Return who it is, or nobody; and whether that is clear, or several may be meant."""
        near = _distinct(self._near(name))
        if len(near) > _MANY:
            return None, False
        for same in (_equal, _genitive):
            candidates = [each for each in near if _is_part(name, each, same)]
            if candidates:
                return _only(name, candidates)
        slips = [each for each in _distinct(self._slipped(name)) if _slip(name, each)]
        return _only(name, slips) if len(slips) <= _MANY else (None, False)

    def _near(self, name: Name) -> Iterator[_Known]:
        full = [word for word in (*name.words, *name.spelt) if len(word) > 1]
        for word in full:
            for form in _stems(word):
                yield from self._by_word.get(form, ())
        if not full:
            yield from self._by_initial.get("".join(name.words), ())

    def _slipped(self, name: Name) -> Iterator[_Known]:
        if name.words and len(name.words[-1]) >= _SLIP_FAMILY:
            for shape in shapes(name.words[-1]):
                yield from self._by_slip.get(shape, ())

    def _found(self, name: Name, *, apart: bool) -> _Known:
        """Meet somebody new. One who is `apart` could be several: no other name is theirs."""
        identity = " ".join((*name.words, name.suffix)).strip()
        if len(name.words) < 2 or all(len(word) == 1 for word in name.words):  # noqa: PLR2004
            # "Mr Thornton" and "Mrs Thornton" are not to be one in any shortened history.
            identity += f"|{name.gender or ''}{'d' if name.doctor else ''}"
        if apart:
            identity += "|?"
        while identity in self._identities:
            identity += "|+"
        self._identities.add(identity)
        known = _Known(
            identity,
            name.words,
            name.spelt,
            name.suffix,
            name.gender or _gender_of(name.words),
            name.doctor,
            titled=name.gender is not None,
        )
        if not apart:
            self._index(known)
        return known

    def _learn(self, known: _Known, name: Name) -> None:
        if name.gender is not None:
            known.gender, known.titled = name.gender, True
        known.doctor |= name.doctor
        known.suffix = known.suffix or name.suffix
        if _fullness(name.words) > _fullness(known.words):
            known.words, known.spelt = name.words, name.spelt
            if not known.titled:
                known.gender = _gender_of(name.words) or known.gender
            self._index(known)

    def _index(self, known: _Known) -> None:
        for word in {stem for each in (*known.words, *known.spelt) for stem in _stems(each)}:
            self._by_word[word].append(known)
        letters = "".join(word[0] for word in known.words)
        for initials in {letters, letters[:1], letters[-1:], letters[:1] + letters[-1:]}:
            self._by_initial[initials].append(known)
        if known.words and len(known.words[-1]) >= _SLIP_FAMILY:
            for shape in shapes(known.words[-1]):
                self._by_slip[shape].append(known)


def _distinct(people: Iterable[_Known]) -> list[_Known]:
    return list({id(each): each for each in people}.values())


def _stems(word: str) -> tuple[str, ...]:
    return (word, word[:-1]) if word.endswith("s") and len(word) > _STEM else (word,)


def _rank(name: Name) -> tuple[int, int]:
    """Return the order within a text: full names first, the most telling before the others."""
    full, initials = _fullness(name.words)
    return -full, -initials


def _fullness(words: tuple[str, ...]) -> tuple[int, int]:
    full = sum(len(word) > 1 for word in words)
    return full, len(words) - full


def _gender_of(words: tuple[str, ...]) -> Gender | None:
    """Return what the first given name says, if it does."""
    return given_gender_of(words[0]) if words else None


def _only(name: Name, candidates: list[_Known]) -> tuple[_Known | None, bool]:
    """Return the one candidate whom `name` can mean, and whether it is clear who or that nobody."""
    gender = name.gender or (_gender_of(name.words) if len(name.words) > 1 else None)
    possible = [each for each in candidates if _allowed(name, gender, each)]
    parts = possible if all(len(each.words) == 1 for each in possible) else []
    for narrower in (
        possible,
        # "Margaret" and "Thornton" came from two fields: the whole name is the family name's.
        [each for each in parts if len(name.words) > 1 and each.words == name.words[-1:]],
        [each for each in possible if gender is not None and each.gender is gender],
        [each for each in possible if len(name.words) > 1 and each.words == name.words],
    ):
        if len(narrower) == 1:
            return narrower[0], True
    return None, not possible


def _allowed(name: Name, gender: Gender | None, known: _Known) -> bool:
    """Say whether nothing speaks against it: gender, suffix, a doctor's title."""
    if gender is not None and known.gender is not None and gender is not known.gender:
        return False
    if name.suffix and known.suffix and name.suffix != known.suffix:
        return False
    if min(len(name.words), len(known.words)) > 1 or name.doctor == known.doctor:
        return True
    # A patient is not their doctor because they share a name; "Thornton" alone may be either.
    return known.doctor and name.gender is None


def _is_part(name: Name, known: _Known, same: _Same) -> bool:
    """Say whether one name is the other less some words; initials stand for words."""
    ours = list(zip(name.words, name.spelt, strict=True))
    theirs = list(zip(known.words, known.spelt, strict=True))
    if not ours or not theirs:
        return False
    if all(len(word) == 1 for word in name.words):
        said, letters = "".join(name.words), "".join(word[0] for word in known.words)
        return said == letters or (
            any(len(word) > 1 for word in known.words)
            and said in {letters[:1] + letters[-1:], letters[:1], letters[-1:]}
        )
    short, long = (ours, theirs) if len(ours) <= len(theirs) else (theirs, ours)
    # "Thornton Margaret" without a comma is the same name as well.
    whole = len(short) > 1 and all(len(word) > 1 for word, _ in short)
    return _aligned(short, long, same) or (whole and _aligned(short[::-1], long, same))


def _aligned(short: Sequence[_Word], long: Sequence[_Word], same: _Same) -> bool:
    """Say whether `short` is in `long` in its order, with one whole word in common at least."""
    place = 0
    shared = False
    for index, word in enumerate(short):
        while place < len(long):
            other = long[place]
            place += 1
            if len(word[0]) == 1 or len(other[0]) == 1:
                # The initial of a first name is not that of a second one.
                met = word[0][0] == other[0][0] and (index == 0) == (place == 1)
            else:
                met = same(word, other)
                shared |= met
            if met:
                break
        else:
            return False
    return shared


def _equal(one: _Word, two: _Word) -> bool:
    return one[0] == two[0] or one[1] == two[0] or one[0] == two[1]


def _genitive(one: _Word, two: _Word) -> bool:
    return _equal(one, two) or any(
        f"{a}s" == b or a == f"{b}s" for a, b in zip(one, two, strict=True)
    )


def _slip(name: Name, known: _Known) -> bool:
    """Say whether the family names differ in one slip, and the given names not at all."""
    ours, theirs = name.words[-1], known.words[-1]
    alone = len(name.words) == 1
    if min(len(ours), len(theirs)) < (_SLIP_ALONE if alone else _SLIP_FAMILY) or is_given(ours):
        return False
    if len(known.words) == 1 or (not alone and name.words[0] != known.words[0]):
        return False
    if len(name.words) > 2 and len(known.words) > 2 and name.words[:-1] != known.words[:-1]:  # noqa: PLR2004
        return False
    return ours[0] == theirs[0] and is_one_slip(ours, theirs)


def is_one_slip(one: str, two: str) -> bool:
    """Say whether one letter was left out, added or changed, or two neighbours swapped."""
    if len(one) > len(two):
        one, two = two, one
    if one == two or len(two) - len(one) > 1:
        return False
    first = next((i for i, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), len(one))
    if len(one) < len(two):
        return one[first:] == two[first + 1 :]
    swapped = one[first : first + 2] == two[first : first + 2][::-1]
    return one[first + 1 :] == two[first + 1 :] or (
        swapped and one[first + 2 :] == two[first + 2 :]
    )


def shapes(word: str) -> set[str]:
    """Return `word` and what is left without one letter: words one slip apart share one."""
    if len(word) > _LONGEST:
        return {word}
    return {word, *(word[:index] + word[index + 1 :] for index in range(len(word)))}
