"""Dates written out in words, as certificates, courts and dictation have them: no digit at all.

"le trois mars mil neuf cent soixante", "am zwölften März neunzehnhundertsechsundvierzig", "elfter
neunter neunzehnhundertzweiundfünfzig", "veintidós de julio de mil novecientos cuarenta y siete".
English has its own forms in `written_dates.py`, and Chinese numerals are there, too. All patterns
read folded text (`labels.fold`), in which "ß" is one "s".
"""

# ruff: noqa: E501 - a pattern cut to a hundred columns is read worse than a long one

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from gateway.detection.dates import Y4

_FR_UNITS: Final = "un|deux|trois|quatre|cinq|six|sept|huit|neuf"
_FR_TEENS: Final = "dix[- ](?:sept|huit|neuf)|dix|onze|douze|treize|quatorze|quinze|seize"
_FR_DAY: Final = (
    rf"(?:premier|{_FR_TEENS}|vingt(?:(?:[- ]et)?[- ](?:{_FR_UNITS}))?|trente(?:[- ]et[- ]un)?"
    rf"|(?:deux|trois|quatre|cinq|six|sept|huit|neuf))"
)
_FR_YEAR: Final = (
    rf"(?:mil(?:le)?[- ]neuf[- ]cents?|dix[- ]neuf[- ]cents?|deux[- ]mil(?:le)?s?)"
    rf"(?:[- ](?:et|{_FR_TEENS}|{_FR_UNITS}|vingts?|trente|quarante|cinquante|soixante|septante|huitante|octante|nonante)(?![a-z])){{0,5}}"
)
_DE_UNITS: Final = "ein|eins|zwei|drei|vier|funf|sechs|sieben|acht|neun"
_DE_TENS: Final = "zwanzig|dreis{1,2}ig|vierzig|funfzig|sechzig|siebzig|achtzig|neunzig"
_DE_TEENS: Final = "zehn|elf|zwolf|dreizehn|vierzehn|funfzehn|sechzehn|siebzehn|achtzehn|neunzehn"
_DE_ORD: Final = (
    rf"(?:(?:erst|zweit|dritt|viert|funft|sechst|siebt|siebent|acht|neunt|(?:{_DE_TEENS})t"
    rf"|(?:(?:{_DE_UNITS})und)?(?:zwanzigst|dreis{{1,2}}igst))(?:e[nrs]?))"
)
_DE_MONTH_ORD: Final = (
    r"(?:erst|zweit|dritt|viert|funft|sechst|siebt|siebent|acht|neunt|zehnt|elft|zwolft)e[nrs]?"
)
_DE_YEAR: Final = rf"(?:(?:acht|neun)zehnhundert|zweitausend)(?:[ ]?(?:und[ ]?)?(?:(?:(?:{_DE_UNITS})[ ]?und[ ]?)?(?:{_DE_TENS})|{_DE_TEENS}|{_DE_UNITS}))?"
_ES_UNITS: Final = "un[oa]?|dos|tres|cuatro|cinco|seis|siete|ocho|nueve"
_ES_TEENS: Final = "diez|once|doce|trece|catorce|quince|dieci(?:seis|siete|ocho|nueve)"
_ES_DAY: Final = (
    rf"(?:primero|{_ES_TEENS}|veinte|veinti(?:{_ES_UNITS})|treinta(?: y un[oa]?)?|uno|{_ES_UNITS})"
)
_ES_YEAR: Final = (
    rf"(?:mil novecientos|dos mil)"
    rf"(?: (?:y|{_ES_TEENS}|veinte|veinti(?:{_ES_UNITS})|treinta|cuarenta|cincuenta|sesenta|setenta|ochenta|noventa|{_ES_UNITS})(?![a-z])){{0,3}}"
)
_DIGITS: Final = r"(?:3[01]|[12][0-9]|0?[1-9])(?:er|\.)?"


class _Writing(NamedTuple):
    """How one language writes a date: its months, what stands before them, and what follows."""

    months: frozenset[str]
    day: re.Pattern[str]
    year: re.Pattern[str]
    digits: re.Pattern[str]
    """The year in digits, behind a day in words."""


def _writing(months: str, day: str, between: str, year: str, before_year: str) -> _Writing:
    return _Writing(
        frozenset(months.split()),
        re.compile(rf"(?<![0-9A-Za-z])(?:(?P<words>{day})|(?P<digits>{_DIGITS})){between}\Z"),
        re.compile(rf"{before_year}{year}(?![0-9A-Za-z])"),
        re.compile(rf"(?:{before_year}|[ ,]{{1,2}}){Y4}"),
    )


_WRITINGS: Final = (
    _writing(
        "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre",
        _FR_DAY,
        r"[ ](?:du mois de |du mois d')?",
        _FR_YEAR,
        r"[ ,]{1,2}(?:de l'an )?",
    ),
    _writing(
        "januar janner februar feber marz maerz april mai juni juli august september oktober november dezember",
        _DE_ORD,
        r"[ ]",
        _DE_YEAR,
        r"[ ,]{1,2}(?:im jahre? )?",
    ),
    _writing(
        "enero febrero marzo abril mayo junio julio agosto septiembre setiembre octubre noviembre diciembre",
        _ES_DAY,
        r"(?: dias?)?(?: del mes)? de ",
        _ES_YEAR,
        r" (?:de|del|del ano) ",
    ),
)
_REACH: Final = 44
"""Characters before a month within which its day is sought: the longest has 31 of them."""
_SPOKEN: Final = re.compile(
    rf"(?<![0-9A-Za-z]){_DE_ORD}[ ]{_DE_MONTH_ORD}[ ]{_DE_YEAR}(?![0-9A-Za-z])"
)
_SPOKEN_CUES: Final = ("zehnhundert", "zweitausend")
_LAST_CENTURY: Final = re.compile(
    r"nineteen[ -]|neunzehnhundert|mil(?:le)?[- ]neuf[- ]cent|dix[- ]neuf[- ]cent|mil novecientos"
)


class Spelt(NamedTuple):
    """A date in words: `text[start:end]`, and whether it names a day of its month."""

    start: int
    end: int
    day: bool


def around(folded: str, start: int, end: int) -> Spelt | None:
    """Return the date in words whose month is `folded[start:end]`; None if no part is in words."""
    month = folded[start:end]
    for writing in _WRITINGS:
        if month not in writing.months:
            continue
        day = writing.day.search(folded, max(0, start - _REACH), start)
        in_words = day is not None and day["words"] is not None
        year = writing.year.match(folded, end) or (
            writing.digits.match(folded, end) if in_words else None
        )
        if year is not None or in_words:
            return Spelt(
                day.start() if day else start, year.end() if year else end, day is not None
            )
    return None


def spoken(folded: str) -> Iterator[tuple[int, int]]:
    """Yield the dates whose month is a number in words, too, as German says them."""
    if any(cue in folded for cue in _SPOKEN_CUES):
        for match in _SPOKEN.finditer(folded):
            yield match.span()


def is_of_last_century(date: str) -> bool:
    """Say whether the year of folded `date` is one of the twentieth century, in words."""
    return _LAST_CENTURY.search(date) is not None
