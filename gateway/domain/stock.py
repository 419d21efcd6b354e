"""The names and places that surrogates are chosen from. Data, handed in; nothing here reads a file.

A list is asked with a keyed number and a test, and answers with the first word from there that
passes: so the same value gets the same word without any memory, as long as nothing is in its way.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from gateway.domain.safeharbor import STATES


class Kind(StrEnum):
    """What a list of a culture holds."""

    FEMALE = "female"
    MALE = "male"
    FAMILY = "family"


_SCRIPTS: Final = (
    ("han", 0x3400, 0x9FFF),
    ("hangul", 0xAC00, 0xD7AF),
    ("kana", 0x3040, 0x30FF),
    ("cyrillic", 0x0400, 0x052F),
    ("greek", 0x0370, 0x03FF),
    ("greek", 0x1F00, 0x1FFF),
    ("hebrew", 0x0590, 0x05FF),
    ("arabic", 0x0600, 0x06FF),
    ("devanagari", 0x0900, 0x097F),
    ("latin", 0x0041, 0x024F),
    ("latin", 0x1E00, 0x1EFF),
)
_NEUTRAL: Final = {
    "han": "zh",
    "kana": "ja",
    "hangul": "ko",
    "cyrillic": "ru",
    "greek": "el",
    "hebrew": "he",
    "arabic": "ar",
    "devanagari": "hi",
}
"""Whose names stand for one of the script that no list knows."""
_LETTERS: Final = (
    (frozenset("ğış"), "tr"),
    (frozenset("łżźśćąęń"), "pl"),
    (frozenset("řěůčšž"), "cs"),
    (frozenset("åøæ"), "sv"),
    (frozenset("ñ"), "es"),
    (frozenset("ãõ"), "pt"),
    (frozenset("ßäöü"), "de"),
    (frozenset("èêëçîôœ"), "fr"),
    (frozenset("őű"), "hu"),
)


def script_of(word: str) -> str:
    """Return the script of the first letter of `word`; empty where there is none that is known."""
    for char in word:
        if char.isalpha():
            code = ord(char)
            return next((name for name, low, high in _SCRIPTS if low <= code <= high), "")
    return ""


def plain(word: str) -> str:
    """Return `word` without case and accents: what two spellings of a name share."""
    if word.isascii() and word.isalnum():
        return word.lower()
    parts = unicodedata.normalize("NFKD", word.casefold())
    return "".join(char for char in parts if char.isalnum())


def _size(word: str) -> int:
    """Return the length class: the number of characters up to 3, then short, middle, long."""
    length = len(word)
    if script_of(word) in {"han", "hangul", "kana"}:
        return length
    return 10 + (length > 4) + (length > 7)  # noqa: PLR2004


@dataclass(frozen=True, slots=True, repr=False)
class Stock:
    """The lists of an installation. `names` by culture and kind, `cities` by country."""

    names: Mapping[str, Mapping[Kind, tuple[str, ...]]] = field(default_factory=dict)
    cities: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    """Each city with the state that it is in; the country's code where no state is known."""
    streets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    city_names: Mapping[str, tuple[str, ...]] = field(init=False)
    """The cities of each country, without more."""
    city_in: Mapping[str, str] = field(init=False)
    """City in small letters to the state or country that it is in."""
    country_of: Mapping[str, str] = field(init=False)
    _known: Mapping[str, tuple[tuple[str, Kind], ...]] = field(init=False)
    _sized: Mapping[tuple[str, Kind | None], Mapping[int, tuple[str, ...]]] = field(init=False)

    def __post_init__(self) -> None:
        """Build what is looked up."""
        known: dict[str, list[tuple[str, Kind]]] = {}
        for culture, kinds in self.names.items():
            for kind, names in kinds.items():
                for name in names:
                    known.setdefault(plain(name), []).append((culture, kind))
        within: dict[str, str] = {}
        country_of: dict[str, str] = {}
        for country, cities in self.cities.items():
            for city, state in cities:
                within.setdefault(city.casefold(), state)
                country_of.setdefault(city.casefold(), country)
        object.__setattr__(self, "_known", {name: tuple(found) for name, found in known.items()})
        object.__setattr__(self, "_sized", _by_size(self.names))
        object.__setattr__(
            self,
            "city_names",
            {country: tuple(name for name, _ in found) for country, found in self.cities.items()},
        )
        object.__setattr__(self, "city_in", within)
        object.__setattr__(self, "country_of", country_of)

    def __bool__(self) -> bool:
        return bool(self.names)

    def kinds(self, word: str) -> tuple[tuple[str, Kind], ...]:
        """Return the lists that `word` is on: culture and kind."""
        return self._known.get(plain(word), ())

    def culture(self, words: Sequence[str], fallback: str) -> str:
        """Return the culture that most of `words` are of; `fallback` for Latin letters alone."""
        script = next((found for word in words if (found := script_of(word))), "latin")
        if script != "latin":
            return _NEUTRAL.get(script, fallback)
        votes: dict[str, int] = {}
        for word in {plain(word): word for word in words}:
            for culture in {culture for culture, _ in self.kinds(word)}:
                votes[culture] = votes.get(culture, 0) + 2 + (culture == fallback)
        letters = set("".join(words).casefold())
        for hints, culture in _LETTERS:
            if letters & hints:
                votes[culture] = votes.get(culture, 0) + 3 + (culture == fallback)
        if not votes:
            return fallback
        return max(sorted(votes), key=votes.__getitem__)

    def gender(self, words: Sequence[str]) -> Kind | None:
        """Return the gender of the given names `words`, where the lists agree on it."""
        for word in words:
            kinds = {kind for _, kind in self.kinds(word)} - {Kind.FAMILY}
            if len(kinds) == 1:
                return kinds.pop()
        return None

    def choose(
        self, culture: str, kind: Kind | None, like: str, number: int, free: Callable[[str], bool]
    ) -> str | None:
        """Return a name of the kind, of the length class of `like`; `None` if none is free.

        Without a kind it is a given name of either gender.
        """
        sized = self._sized.get((culture, kind), {})
        size = _size(like)
        return first_free(sized.get(size, ()), number, free) or (
            first_free([name for names in sized.values() for name in names], number, free)
        )


def _by_size(
    names: Mapping[str, Mapping[Kind, tuple[str, ...]]],
) -> dict[tuple[str, Kind | None], dict[int, tuple[str, ...]]]:
    sized: dict[tuple[str, Kind | None], dict[int, tuple[str, ...]]] = {}
    for culture, kinds in names.items():
        given = (*kinds.get(Kind.FEMALE, ()), *kinds.get(Kind.MALE, ()))
        for kind, words in (*kinds.items(), (None, given)):
            rows: dict[int, list[str]] = {}
            for word in words:
                rows.setdefault(_size(word), []).append(word)
            sized[culture, kind] = {size: tuple(row) for size, row in rows.items()}
    return sized


def first_free(words: Sequence[str], number: int, free: Callable[[str], bool]) -> str | None:
    """Return the first of `words` from `number` on, round and round, that is free."""
    for step in range(len(words)):
        word = words[(number + step) % len(words)]
        if free(word):
            return word
    return None


def read_names(lines: Sequence[str]) -> dict[str, dict[Kind, tuple[str, ...]]]:
    """Return the names in `culture kind: word word…` lines."""
    names: dict[str, dict[Kind, tuple[str, ...]]] = {}
    for head, _, rest in (line.partition(": ") for line in lines if line and line[0] != "#"):
        culture, _, kind = head.partition(" ")
        names.setdefault(culture, {})[Kind(kind)] = tuple(rest.split())
    return names


def read_cities(lines: Sequence[str]) -> dict[str, tuple[tuple[str, str], ...]]:
    """Return the cities in `country: city|city state|…` lines."""
    return {
        country: tuple(_placed(city, country) for city in rest.split("|"))
        for country, _, rest in (line.partition(": ") for line in lines if line and line[0] != "#")
    }


def _placed(city: str, country: str) -> tuple[str, str]:
    for state in STATES if country == "us" else ():
        if city.endswith(f" {state}"):
            return city.removesuffix(f" {state}"), state
    return city, country


def read_streets(lines: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the names of streets in `language: word word…` lines."""
    return {
        language: tuple(rest.split())
        for language, _, rest in (line.partition(": ") for line in lines if line and line[0] != "#")
    }


NO_STOCK: Final = Stock()
"""Without lists there are no surrogates of names and places: they are replaced."""
