"""Days as they are written in five languages, read in every order that they may mean.

"4/3/1961", "03.04.61", "March 4, 1961", "4. März 1961", "19610304", "1961年3月4日". Rule: a date
whose order is unclear means all days that it can mean; who compares decides. Bounded: the forms
have fixed lengths.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

Day = tuple[int, int, int]
"""Year (0 to 99 where two digits were written), month, day."""

_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "january jan januar janner janvier janv enero ene",
            "february feb februar feber fevrier fevr fev febrero",
            "march mar marz mrz mars marzo",
            "april apr avril avr abril abr",
            "may mai mayo",
            "june jun juni juin junio",
            "july jul juli juillet juil julio",
            "august aug aout agosto ago",
            "september sep sept septembre septiembre set",
            "october oct oktober okt octobre octubre",
            "november nov novembre noviembre",
            "december dec dezember dez decembre diciembre dic",
        ),
        start=1,
    )
    for name in names.split()
}
_WORD: Final = r"(?P<month>[^\W\d_]{3,10})"
_FIRST: Final = r"[0-9](?<![\w.\-/].)"
"""A digit where a number begins: what is before it is asked last, since a pattern that begins with
one of few signs is sought much faster. What is read has no other digits (`view.py`)."""
_DAY: Final = rf"(?P<d>{_FIRST}\d?)(?:st|nd|rd|th|er|\.|º)?"
_FORMS: Final = tuple(
    re.compile(rf"{form}(?![\w]|[.\-/]\d)")
    for form in (
        rf"(?P<a>{_FIRST}\d?)(?P<s>[./\- ])(?P<b>\d{{1,2}})(?P=s)(?P<y>\d{{4}}|\d{{2}})",
        rf"(?P<y>{_FIRST}\d{{3}})(?P<s>[./\- ])(?P<m>\d{{1,2}})(?P=s)(?P<d>\d{{1,2}})",
        rf"(?P<y>{_FIRST}\d{{3}})(?P<m>\d{{2}})(?P<d>\d{{2}})",
        rf"(?P<e>{_FIRST}\d)(?P<f>\d{{2}})(?P<y>(?:19|20)\d{{2}})",
        rf"{_DAY}[ \-]{{0,2}}(?:de |of )?{_WORD}\.?[ \-,]{{1,2}}(?:del? )?(?P<y>\d{{4}}|\d{{2}})",
        rf"(?P<y>{_FIRST}\d{{3}})[ \-]{_WORD}\.?[ \-](?P<d>\d{{1,2}})",
    )
)
_MONTH_FIRST: Final = re.compile(
    rf"(?<![\w.\-/]){_WORD}\.?[ \-]{{1,2}}(?P<d>\d{{1,2}})(?:st|nd|rd|th)?[ ,\-]{{1,3}}"
    r"(?P<y>\d{4})(?![\w]|[.\-/]\d)"
)
_DAY_AND_YEAR: Final = re.compile(r"[0-9](?<=[ \-].)[0-9]?(?:st|nd|rd|th)?[ ,\-]{1,3}\d{4}")
"""How all of these end: where no text has it, none of its words is tried."""
_CHINESE: Final = re.compile(r"(?P<y>\d{4})\s?年\s?(?P<m>\d{1,2})\s?月\s?(?P<d>\d{1,2})\s?[日号號]")
_MOST_MONTHS: Final = 12
_MOST_DAYS: Final = 31
_CENTURY: Final = 100


def days_of(surface: str) -> frozenset[Day]:
    """Return every day that a written date may mean, with its year in full and in two digits."""
    days: set[Day] = set()
    for _, _, found in days_in(surface):
        days |= found
    return frozenset(days | {(year % _CENTURY, month, day) for year, month, day in days})


def days_in(text: str) -> Iterator[tuple[int, int, frozenset[Day]]]:
    """Yield `(start, end, days)` of the dates in `text`. Linear in its length."""
    forms = [*_FORMS]
    if _DAY_AND_YEAR.search(text):
        forms.append(_MONTH_FIRST)
    if "年" in text:
        forms.append(_CHINESE)
    for form in forms:
        for match in form.finditer(text):
            days = frozenset(day for day in _read(match) if _is_day(day))
            if days:
                yield *match.span(), days


def _read(match: re.Match[str]) -> Iterator[Day]:
    said = match.groupdict()
    year = int(said["y"])
    if said.get("month") is not None:
        plain = unicodedata.normalize("NFKD", said["month"].lower()).encode("ascii", "ignore")
        month = _MONTHS.get(plain.decode(), 0)
        yield year, month, int(said["d"])
    elif said.get("m") is not None:
        yield year, int(said["m"]), int(said["d"])
    else:
        one, two = int(said.get("a") or said["e"]), int(said.get("b") or said["f"])
        yield year, one, two
        yield year, two, one


def _is_day(day: Day) -> bool:
    _, month, number = day
    return 1 <= month <= _MOST_MONTHS and 1 <= number <= _MOST_DAYS
