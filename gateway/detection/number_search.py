"""Numbers and addresses that are known, sought in a text however they are grouped and cased.

A value is what its letters and digits are: "617-555-0142" is found as "(617) 555 0142" and as
"+1 617.555.0142". Its last four digits are found only behind words that say so. A birth date is
found in every written order. Rule: linear in the text, whatever the number of values.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate
from typing import Final

from gateway.detection.birth_dates import Day, days_in, days_of
from gateway.domain.entities import (
    DATE_OF_BIRTH,
    FAX_NUMBER,
    LOCATION,
    ORGANIZATION,
    PHONE_NUMBER,
    EntityType,
)
from gateway.domain.findings import Finding
from gateway.domain.person_names import fold

_SCORE: Final = 0.7
_LEAST: Final = 5
"""Letters and digits of a value that is sought; one as short as that only in one piece."""
_LEAST_GROUPED: Final = 7
_LONGEST: Final = 64
_MOST_GROUPS: Final = 12
_TOKEN: Final = re.compile(r"[^\W_]+")
_PLAIN_TOKEN: Final = re.compile(r"[a-z0-9]+")
"""The same in small letters of ASCII, where it is told faster."""
_GAP: Final = re.compile(r"[ .,\-/()+:#@_\t]{1,3}|,?[ ]?\n[ \t]{0,2}")
_DIGITS: Final = re.compile(r"\D+")
_TAIL: Final = 4
_TAILS: Final = re.compile(r"[0-9]{4}(?![0-9])")
_CALLED_LAST: Final = re.compile(
    r"(?:\b(?:end(?:ing|s)(?: in| with)?|last (?:four|4)(?: digits)?(?: of \w{1,20}){0,2}"
    r"|endet auf|endziffern|letzten? (?:vier|4)(?: ziffern| stellen)?|terminad[oa] en"
    r"|últim[oa]s (?:cuatro|4)(?: dígitos| cifras)?|se terminant par|finissant par"
    r"|(?:quatre|4) derniers(?: chiffres)?)|尾号|后四位"
    r"|[x*\u2022#]{2,8}[- ]?(?:[x*\u2022#]{2,4}[- ]?)?)"
    r"(?:[ ]?(?:is|are|ist|sind|es|son|est|sont|:|=|为|是))?[ ]{0,2}\Z",
    re.IGNORECASE,
)
_REACH: Final = 90
"""Characters before four digits that may say that they are the last of a number."""
_COUNTRIES: Final = ("1", "44", "49", "33", "34", "86", "43", "41", "39", "31", "32")
_NATIONAL: Final = 9
"""Digits of a telephone number that may stand without its country's."""


class NumberSearch:
    """The numbers, addresses and birth dates of one exchange, as they are sought. Never shown."""

    __slots__ = ("_birth", "_prefixes", "_tails", "_values")

    def __init__(self) -> None:
        self._values: dict[str, EntityType] = {}
        self._prefixes: set[str] = set()
        self._tails: dict[str, EntityType] = {}
        self._birth: set[Day] = set()

    def __repr__(self) -> str:
        return f"<NumberSearch {len(self)} values>"

    def __len__(self) -> int:
        """Return how many values are sought."""
        return len(self._values) + len(self._birth)

    def add(self, entity: EntityType, value: str) -> None:
        """Seek `value`, unless it is too short to be told from chance."""
        if entity == DATE_OF_BIRTH:
            self._birth |= days_of(value)
            return
        tokens = [fold(token) for token in _TOKEN.findall(value)]
        whole = "".join(tokens)
        if not _LEAST <= len(whole) <= _LONGEST:
            return
        digits = _DIGITS.sub("", whole)
        if not digits and entity not in {LOCATION, ORGANIZATION} and len(tokens) == 1:
            return
        grouped = len(whole) >= _LEAST_GROUPED
        for form in _forms(entity, whole, digits):
            self._values.setdefault(form, entity)
            # Short ones are found in one piece only: "12 345" is two numbers.
            if grouped:
                self._prefixes.update(accumulate(form))
        if len(digits) >= _LEAST_GROUPED:
            self._tails.setdefault(digits[-_TAIL:], entity)

    def find(self, text: str) -> Iterator[Finding]:
        """Yield where in `text` one of the values is."""
        if self._values:
            yield from self._whole(text)
        if self._tails:
            for match in _TAILS.finditer(text):
                entity = self._tails.get(match[0])
                start, end = match.span()
                if entity is not None and _CALLED_LAST.search(text, max(0, start - _REACH), start):
                    yield Finding(start, end, entity, _SCORE, "propagated.last_four")
        if self._birth:
            for start, end, days in days_in(text):
                if not days.isdisjoint(self._birth):
                    yield Finding(start, end, DATE_OF_BIRTH, _SCORE, "propagated.birth")

    def _whole(self, text: str) -> Iterator[Finding]:
        if text.isascii():
            tokens = list(_PLAIN_TOKEN.finditer(text.lower()))
            folded = [token[0] for token in tokens]
        else:
            tokens = list(_TOKEN.finditer(text))
            folded = [fold(token[0]) for token in tokens]
        for first, begun in enumerate(folded):
            if begun not in self._prefixes and begun not in self._values:
                continue
            entity = self._values.get(begun)
            end = tokens[first].end() if entity is not None else 0
            if begun in self._prefixes:
                joined = begun
                for last in range(first + 1, min(first + _MOST_GROUPS, len(tokens))):
                    joined += folded[last]
                    if joined not in self._prefixes or not _GAP.fullmatch(
                        text, tokens[last - 1].end(), tokens[last].start()
                    ):
                        break
                    if (found := self._values.get(joined)) is not None:
                        entity, end = found, tokens[last].end()
            if entity is not None and _is_cased(entity, text[tokens[first].start()]):
                yield Finding(tokens[first].start(), end, entity, _SCORE, "propagated.number")


def _is_cased(entity: EntityType, first: str) -> bool:
    return entity not in {LOCATION, ORGANIZATION} or not first.islower()


def _forms(entity: EntityType, whole: str, digits: str) -> set[str]:
    forms = {whole}
    if entity in {PHONE_NUMBER, FAX_NUMBER} and len(digits) >= _NATIONAL:
        forms.add(digits)
        bare = digits.removeprefix("00")
        for country in _COUNTRIES:
            rest = bare.removeprefix(country)
            if rest != bare and len(rest) >= _NATIONAL:
                forms |= {rest, "0" + rest, bare, "00" + bare}
        national = digits.lstrip("0")
        forms |= {country + national for country in _COUNTRIES if len(national) >= _NATIONAL}
    return forms
