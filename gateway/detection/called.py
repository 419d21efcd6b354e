"""How somebody is called, where a tagger took in too much or too little around a name or a date."""

# ruff: noqa: E501 - a pattern cut to a hundred columns is read worse than a long one

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from gateway.detection import dates
from gateway.detection.nobodys_words import HAN_KIN
from gateway.detection.ordinary import is_ordinary
from gateway.domain.entities import DATE_TIME, PERSON, STREET_ADDRESS
from gateway.domain.findings import Finding

_LAST_LATIN: Final = "\u024f"
_KIN_OF: Final = re.compile(
    r"(?:(?:su|la|el|mi|sa|son|ma|mon|her|his|my)[ ])?(?:hij[oa]|herman[oa]|sobrin[oa]|abuel[oa]|tí[oa]|niet[oa]|espos[oa]|marido|madre|padre|suegr[oa]|cuñad[oa]"
    r"|fille|fils|mère|père|épouse|mari|frère|sœur|nièce|neveu|tante|oncle"
    r"|daughter|son|wife|husband|mother|father|sister|brother|niece|nephew|aunt|uncle)[ ](?=[A-ZÀ-ÖØ-Þ])"
)
"""What somebody is to the patient, in small letters before the name: "sobrina Ainhoa"."""
_ENSEMBLE: Final = re.compile(
    r"(?<=\w)[ ](?:Orchestra|Choir|Band|Quartet|Ensemble|Trio|Orchester|Chor|Orquesta|Coro|Orchestre|Chœur)\Z"
)
"""Who is called after somebody, and is somebody else: "Hall Orchestra"."""
_CAPITALS: Final = re.compile(r"[^\W\d_a-zß-öø-ÿ]{3,24}(?:-[^\W\d_a-zß-öø-ÿ]{2,24}){0,2}")
_GIVEN_AFTER: Final = re.compile(
    r"[ ]([A-ZÀ-ÖØ-Þ][a-zß-öø-ÿ]{2,20}(?:-[A-ZÀ-ÖØ-Þ][a-zß-öø-ÿ]{2,20})?)(?=[ ]{2}|[ \t]{0,4}(?:[\n,;|(/]|\Z))"
)
"""A given name behind a family name in capitals, where its column or line ends."""
_FAMILIAR: Final = "老小阿"
"""What colleagues put before a surname: one word with it."""
_HOUSE_BEFORE: Final = re.compile(
    r"(?<![^\s(])[0-9]{1,4}[ ]?(?:bis|ter|quater|[A-Da-d])?(?:,[ ]?|[ ])\Z"
)
_LONGEST_HOUSE: Final = 14
_HAN_DAY: Final = re.compile(r"[今明后昨前][天日晚早]")


def as_said(text: str, finding: Finding) -> Finding:
    """Return a date with its day of the week, and a person as called.

    "10.9." in "Mi 10.9." is the whole; "其夫毕建国" is 毕建国, 谭 in "老谭" is 老谭, and "sobrina
    Ainhoa" is Ainhoa.
    """
    if finding.entity == DATE_TIME and text[finding.start].isdigit():
        return replace(finding, start=dates.with_weekday(text, finding.start))
    if finding.entity == STREET_ADDRESS:
        return replace(finding, start=_house(text, finding.start, finding.end))
    if finding.entity != PERSON:
        return finding
    start, end = _called(text, finding.start, finding.end)
    return finding.at(start, end)


def _house(text: str, start: int, end: int) -> int:
    """Return where a street begins whose house stands before it: "12 bis, venelle des Lices"."""
    if not text[start].isalpha() or any(map(str.isdigit, text[start:end])):
        return start
    house = _HOUSE_BEFORE.search(text, max(0, start - _LONGEST_HOUSE), start)
    return start if house is None else house.start()


def _called(text: str, start: int, end: int) -> tuple[int, int]:
    if text[start] > _LAST_LATIN:
        return _called_in_han(text, start, end), end
    if (kin := _KIN_OF.match(text, start, end)) is not None:
        return kin.end(), end
    if (ensemble := _ENSEMBLE.search(text, start, end)) is not None:
        return start, ensemble.start()
    if _CAPITALS.fullmatch(text, start, end):
        given = _GIVEN_AFTER.match(text, end)
        if given is not None and not is_ordinary(given[1]) and not is_ordinary(text[start:end]):
            return start, given.end()
    return start, end


def _called_in_han(text: str, start: int, end: int) -> int:
    """Return where a Chinese name begins."""
    if end - start == 1 and start and text[start - 1] in _FAMILIAR:
        return start - 1
    day = _HAN_DAY.match(text, start, end)
    if day is not None and day.end() < end:
        return day.end()
    kin = HAN_KIN.match(text, start, end)
    return kin.end() if kin is not None and end - kin.end() > 1 else start
