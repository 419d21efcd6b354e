"""Another name for a person: of the same culture, script, gender and form, the same everywhere.

Each word of a name has its own stand-in, so that "Margaret Thornton", "Mrs Thornton" and
"THORNTON, M." become "Helen Ashford", "Mrs Ashford" and "ASHFORD, H.", and a family stays one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from gateway.domain.keyed import Keyed
from gateway.domain.language import Language
from gateway.domain.person_names import Gender, Part, fold, parts
from gateway.domain.persons import Person, is_one_slip
from gateway.domain.stock import Kind, Stock, script_of

_POSSESSIVE: Final = re.compile(r"['\u2019][sS]?\Z")
_GENITIVES: Final = ("s", "es")
_KINDS: Final = {Gender.FEMALE: Kind.FEMALE, Gender.MALE: Kind.MALE}
_INITIALS: Final = "ABCDEFGHJKLMNPRSTW"
_CULTURES: Final = {
    Language.GERMAN: "de",
    Language.FRENCH: "fr",
    Language.SPANISH: "es",
}
_DEGREES: Final = re.compile(
    r"md|do|rn|np|pac?|phd|pharmd|dds|dmd|fac[cps]|mbbs|mbchb|frc[ps]|mrcp|[mb]sc"
)
_NOBODY: Final = Person("")
_WORDS_TOO: Final = (
    "agudo ante benigno borde cadenas campos carina clara curry dada dass date del do don durante "
    "ernst frank han jade julio jung le list long luna mai max maxima maximo mora noble pall "
    "paredes penny pero pilar post rama read severo son song"
)
_ALSO_WORDS: Final = frozenset(_WORDS_TOO.split())
"""Names of the lists that a model also writes as words ("dolor agudo"): they stand in for nobody,
or the patient's name would come back there. Folded."""


class NameSurrogates:
    """The stand-ins of words of names in one exchange; `free` says whether a word may be one."""

    def __init__(
        self, keyed: Keyed, stock: Stock, language: Language | None, free: Callable[[str], bool]
    ) -> None:
        self._keyed = keyed
        self._stock = stock
        self._fallback = _CULTURES.get(language, "en") if language else "en"
        self._free = free
        self._words: dict[str, str] = {}
        self._used: set[str] = set()
        self.fresh: list[tuple[str, str]] = []
        """Words and their originals that were chosen since somebody last took them out."""

    def surrogate(self, surface: str, person: Person | None) -> str | None:
        """Return another name in the form of `surface`; `None` if the lists have none left."""
        who = person or _NOBODY
        found = parts(surface, who.given, who.family)
        if not found:
            return None
        words = [surface[start:end] for start, end, _ in found]
        culture = self._stock.culture(
            [*words, *sorted(who.given), *sorted(who.family)], self._fallback
        )
        pieces = []
        place = 0
        for start, end, part in found:
            new = self._part(surface[start:end], part, who, culture)
            if new is None:
                return None
            pieces += [surface[place:start], new]
            place = end
        return "".join([*pieces, surface[place:]])

    def word(self, run: str) -> str | None:
        """Return the stand-in of a word of somebody's name, if it is one: for addresses of mail."""
        return self._words.get(fold(run))

    def any_word(self, value: str, like: str) -> str | None:
        """Return a family name for `value`, which is nobody's: a street's or a firm's."""
        culture = self._stock.culture([like], self._fallback)
        return self._word(f"|{value}", like, Kind.FAMILY, culture)

    def _part(self, word: str, part: Part, who: Person, culture: str) -> str | None:
        match part:
            case Part.PARTICLE | Part.OTHER:
                return word
            case Part.GIVEN_INITIAL | Part.FAMILY_INITIAL:
                return self._initial(word, part, who, culture)
            case _ if word.isupper() and _DEGREES.fullmatch(fold(word)):
                return word
            case Part.GIVEN | Part.FAMILY:
                possessive = _POSSESSIVE.search(word)
                stem, rest = (
                    (word, "")
                    if possessive is None
                    else (
                        word[: possessive.start()],
                        possessive[0],
                    )
                )
                known = who.given if part is Part.GIVEN else who.family
                folded, ending = _stem(fold(stem), known)
                if ending:
                    stem, rest = stem[: -len(ending)], stem[-len(ending) :] + rest
                kind = self._kind(who) if part is Part.GIVEN else Kind.FAMILY
                new = self._word(folded, stem, kind, culture)
                return None if new is None else in_case_of(stem, new) + rest

    def _kind(self, who: Person) -> Kind | None:
        if who.gender is not None:
            return _KINDS[who.gender]
        return self._stock.gender(sorted(who.given))

    def _word(self, folded: str, like: str, kind: Kind | None, culture: str) -> str | None:
        known = self._words.get(folded)
        if known is not None or not folded:
            return known
        if kind is None:
            kind = self._stock.gender([like])
        number = self._keyed.number("name", folded)
        han = script_of(like) == "han"

        def free(name: str) -> bool:
            # A Chinese name is of characters that any text holds: there the whole is looked at.
            return (
                fold(name) != folded
                and fold(name) not in _ALSO_WORDS
                and fold(name) not in self._used
                and (han or self._free(name))
            )

        new = self._stock.choose(culture, kind, like, number, free)
        if new is None:
            return None
        self._words[folded] = new
        self._used.add(fold(new))
        if not han:
            self.fresh.append((in_case_of(like, new), like))
        return new

    def _initial(self, word: str, part: Part, who: Person, culture: str) -> str:
        letter = fold(word)
        names = who.given if part is Part.GIVEN_INITIAL else who.family
        for name in sorted(names):
            if name.startswith(letter):
                kind = self._kind(who) if part is Part.GIVEN_INITIAL else Kind.FAMILY
                new = self._word(name, name, kind, culture)
                if new is not None:
                    return in_case_of(word, new[0])
        if script_of(word) != "latin":
            return word
        letters = _INITIALS.replace(letter.upper(), "")
        return in_case_of(word, letters[self._keyed.number("initial", letter) % len(letters)])


def _stem(folded: str, known: frozenset[str]) -> tuple[str, str]:
    """Return the word of a person's name that `folded` is, and the ending that it has besides.

    A slip ("Thorntn") is the name that it was meant to be.
    """
    if folded in known:
        return folded, ""
    for ending in _GENITIVES:
        if folded.endswith(ending) and folded.removesuffix(ending) in known:
            return folded.removesuffix(ending), ending
    slips = [name for name in sorted(known) if len(name) > 3 and is_one_slip(folded, name)]  # noqa: PLR2004
    return (slips[0], "") if len(slips) == 1 else (folded, "")


def in_case_of(word: str, new: str) -> str:
    """Return `new` in capitals, small letters or as it is, as `word` is written."""
    if word.isupper() and len(word) > 1:
        return new.upper()
    return new.lower() if word.islower() else new[:1].upper() + new[1:]


def variations(name: str) -> Iterator[str]:
    """Yield slips of `name`, for another spelling of a name whose stand-in has been given away."""
    longest = max(re.findall(r"[^\W\d_]+", name), key=len, default="")
    place = name.find(longest)
    for index in range(len(longest) - 2, 1, -1):
        yield name[: place + index] + name[place + index + 1 :]
