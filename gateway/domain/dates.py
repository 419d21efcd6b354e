"""Dates as they are written: read, moved by a number of days, and written again in the same form.

Rule: a surface is read whole or not at all. Where a word or digit is left over that is part of no
date, nothing is said about it, and whoever asked has to replace it.
"""

# ruff: noqa: E501 - a pattern cut to a hundred columns is read worse than a long one

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from gateway.domain.language import Language
from gateway.domain.months import MONTHS, WEEKDAYS

_MONTH_DAYS: Final = 30.436875
_YEAR_DAYS: Final = 365.2425
_PIVOT: Final = 50
"""Two-digit years from here on are of the twentieth century."""
_NO_YEAR: Final = 2001
_MAX: Final = 120
"""Characters of a surface that is read: no date is longer."""

_APOSTROPHES: Final = "'\u2019"
_M: Final = rf"(?P<month>{MONTHS.pattern})(?P<dot>\.?)"
_DAY: Final = r"(?P<day>3[01]|[12]\d|0?[1-9])"
_TH: Final = r"(?P<th>st|nd|rd|th|er|ero|\.|º|°|ª)?"
_Y: Final = r"(?P<year>(?:1[6-9]|20|21)\d\d|['\u2019]?\d\d)"
_Y4: Final = r"(?P<year>(?:1[6-9]|20|21)\d\d)"
_S: Final = r"[ \t\u00a0\-/.,]{1,3}"
_OF: Final = r"(?:(?:of|de|del|the|d['\u2019]) ?)?"
_FORMS: Final = tuple(
    (re.compile(rf"(?<![\w]){pattern}(?:(?=T\d)|(?![^\W_]))", re.IGNORECASE), "<month>" in pattern)
    for pattern in (
        # Year first: ISO 8601 and its relatives; 2019年3月5日.
        rf"{_Y4}(?P<sep>\s?[-/.]\s?|\s)(?P<m>1[0-2]|0?[1-9])(?P=sep){_DAY}",
        rf"{_Y4}\s?年\s?(?P<m>1[0-2]|0?[1-9])\s?月\s?{_DAY}\s?[日号號]",
        # Day or month first, in digits: which one is decided by the caller.
        rf"(?P<one>\d{{1,2}})(?P<sep>\s?[-/.]\s?|\s)(?P<two>\d{{1,2}})(?P=sep){_Y}",
        # In words.
        rf"{_DAY}{_TH}{_S}{_OF}{_M}{_S}{_OF}{_Y}",
        rf"{_DAY}{_M}{_Y}",
        rf"{_M}{_S}(?:the )?{_DAY}{_TH}{_S}(?:of )?{_Y}",
        # Without a day.
        rf"{_Y4}\s?年\s?(?P<m>1[0-2]|0?[1-9])\s?月",
        rf"{_M}{_S}{_OF}{_Y}",
        rf"{_Y4}{_S}{_M}",
        rf"(?P<m>1[0-2]|0?[1-9])\s?[-/.]\s?{_Y4}",
        rf"{_Y4}[-/.](?P<m>1[0-2]|0[1-9])",
        # Without a year.
        rf"(?P<m>1[0-2]|0?[1-9])\s?月\s?{_DAY}\s?[日号號]",
        rf"{_DAY}{_TH}{_S}{_OF}{_M}",
        rf"{_DAY}{_M}",
        rf"{_M}{_S}(?:the )?{_DAY}{_TH}",
        r"(?P<one>\d{1,2})(?P<sep>[-/.])(?P<two>\d{1,2})\.?",
        # One thing alone.
        rf"{_Y4}\s?年?",
        _M,
        r"(?P<m>1[0-2]|0?[1-9])\s?月",
    )
)
_COMPACT: Final = re.compile(r"(?<!\d)(\d{8})(?=(?:[0-2]\d[0-5]\d(?:[0-5]\d)?)?(?!\d))")
_SPACED: Final = re.compile(r"\d(?: \d){7}\Z")
_WEEKDAY: Final = re.compile(
    rf"(?<!\w)(?P<weekday>{WEEKDAYS.pattern})(?![^\W_\d])(?!\w)|(?P<cjk>星期[一二三四五六日]|周[一二三四五六日])",
    re.IGNORECASE,
)
# What may stand around dates and says nothing of them: times of day, joints, and little words.
_FILLER: Final = re.compile(
    r"(?:T?[0-2]?\d[:h][0-5]\d(?:[:][0-5]\d(?:[.,]\d{1,6})?)?[ ]?(?:Z\b|[+\-][01]\d:?\d\d|[ap]\.?m\b\.?|uhr\b|h\b|hrs?\b)?"
    r"|[0-2]?\d ?(?:[ap]\.?m\b\.?|uhr\b|h\b|hrs?\b)|\b(?:on|the|of|at|in|from|to|and|until|till|between|den|dem|der|am|im|um|vom|bis|zum|und|von|le|les|du|au|et|à|en|el|los|de|del|al|y|hasta|desde|a|date|dated|since|seit|early|late|mid|début|fin|year|jahr|jahre|année|año|anfang|mitte|ende)\b"
    r"|[\s,;.()\[\]\-\u2013/:'|·]|[至到在年])+",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Reading:
    """How to read what is ambiguous, decided once for a conversation."""

    day_first: bool
    language: Language | None
    year: int = _NO_YEAR
    """Of a day without a year."""


@dataclass(frozen=True, slots=True)
class Written:
    """One date in a surface, from `start` to `end`. `month` and `day` are `None` if not written."""

    start: int
    end: int
    year: int | None
    month: int | None
    day: int | None
    match: re.Match[str]
    day_first: bool


def reading_of(surfaces: Iterable[str], language: Language | None) -> Reading:
    """Return how to read `surfaces`, the dates of one conversation in their order.

    Of 3/4/2019 the others tell which is the day: one of them has a number over 12. If none does,
    English writes the month first.
    """
    votes: Counter[bool] = Counter()
    year = None
    for surface in surfaces:
        for match in re.finditer(r"(?<!\d)(\d{1,2})[/\-](\d{1,2})[/\-](\d{2,4})", surface[:_MAX]):
            one, two = int(match[1]), int(match[2])
            if one > 12 >= two:  # noqa: PLR2004 - months
                votes[True] += 1
            elif two > 12 >= one:  # noqa: PLR2004
                votes[False] += 1
        if year is None and (full := re.search(r"(?<!\d)(?:19|20)\d\d(?!\d)", surface[:_MAX])):
            year = int(full[0])
    day_first = votes[True] > votes[False] or (
        votes[True] == votes[False] and language not in {None, Language.ENGLISH}
    )
    return Reading(day_first, language, year or _NO_YEAR)


def read(surface: str, reading: Reading) -> list[Written] | None:
    """Return the dates of `surface` in their order, or `None` if it holds anything else."""
    if len(surface) > _MAX:
        return None
    found: list[Written] = []
    left = surface
    has_letters = any(map(str.isalpha, surface))
    for pattern, has_name in _FORMS:
        if has_name and not has_letters:
            continue
        for match in pattern.finditer(left):
            written = None if _may_be_day(match) else _written(match, surface, reading)
            if written is not None:
                found.append(written)
                left = _without(left, match)
        if not any(map(str.isalnum, left)):
            break
    left = _WEEKDAY.sub(lambda match: "\n" * len(match[0]), left)
    if left.strip() and _FILLER.fullmatch(left) is None:
        return None
    return sorted(found, key=lambda each: each.start)


def _without(text: str, match: re.Match[str]) -> str:
    # As long as before: the offsets of what is found later stay those of the surface.
    return text[: match.start()] + "\n" * (match.end() - match.start()) + text[match.end() :]


def _written(match: re.Match[str], surface: str, reading: Reading) -> Written | None:
    """Return the date that `match` is, if the calendar has it."""
    groups = match.groupdict()
    year = _full_year(groups["year"]) if groups.get("year") else None
    month = day = None
    day_first = reading.day_first
    if groups.get("month"):
        month = MONTHS.place(groups["month"]) + 1
    elif groups.get("m"):
        month = int(groups["m"])
    if groups.get("day"):
        day = int(groups["day"])
    if groups.get("one"):
        one, two = int(groups["one"]), int(groups["two"])
        if year is None and two > 31:  # noqa: PLR2004 - no day: a month and a short year, 02/33
            month, year = one, _full_year(groups["two"])
        else:
            day_first = _day_first(one, two, groups["sep"], reading)
            day, month = (one, two) if day_first else (two, one)
    if month is not None and not 1 <= month <= 12:  # noqa: PLR2004
        return None
    if day is not None and month is not None:
        try:
            # 29 February without a year is a day of some year.
            date(2000 if year is None else year, month, day)
        except ValueError:
            return None
    elif month is None and surface[match.end() : match.end() + 1] == ":":
        return None
    return Written(match.start(), match.end(), year, month, day, match, day_first)


def _may_be_day(match: re.Match[str]) -> bool:
    """Say whether the short year is likelier a day: March 12 is no month of 2012."""
    groups = match.groupdict()
    if not groups.get("month") or not groups.get("year") or groups.get("day"):
        return False
    between = match.string[match.end("month") : match.start("year")]
    return (
        match.start("month") < match.start("year")
        and len(groups["year"]) == 2  # noqa: PLR2004 - digits of a short year
        and 1 <= int(groups["year"]) <= 31  # noqa: PLR2004 - days
        and not any(map(str.isalpha, between))
    )


def _day_first(one: int, two: int, separator: str, reading: Reading) -> bool:
    if "." in separator or one > 12 >= two:  # noqa: PLR2004 - months
        return True
    return reading.day_first and not two > 12  # noqa: PLR2004


def _full_year(digits: str) -> int:
    number = int(digits.lstrip(_APOSTROPHES))
    if len(digits.lstrip(_APOSTROPHES)) > 2:  # noqa: PLR2004 - digits of a short year
        return number
    return number + (1900 if number >= _PIVOT else 2000)


def shift(surface: str, days: int, reading: Reading) -> str | None:
    """Return `surface` with each date moved by `days`, in the form that it has.

    A day moves by the days, a month without a day by the months that they round to, a year alone
    by the years: so intervals stay at each precision. Weekdays move along. `None` if it cannot be
    read, if it holds nothing to move, if a day would stay what it is (12/31 moved by a year), or if the calendar ends (the years 1 and 9999).
    """
    if (compact := _compact(surface, days, reading)) is not None:
        return compact
    found = read(surface, reading)
    if found is None:
        return None
    try:
        pieces = []
        place = 0
        for written in found:
            pieces += [_weekdays(surface[place : written.start], days, reading)]
            new = _moved(written, days, reading)
            if written.day is not None and new == surface[written.start : written.end]:
                return None
            pieces += [new]
            place = written.end
        pieces.append(_weekdays(surface[place:], days, reading))
    except (OverflowError, ValueError):
        return None
    moved = "".join(pieces)
    if not found and moved == surface:
        return None
    return moved


def years(surface: str, reading: Reading) -> list[int | None] | None:
    """Return the year of each date in `surface`; `None` if it cannot be read."""
    digits = _digits(surface)
    if digits is not None:
        day = _compact_date(digits, reading)
        return None if day is None else [day[0].year]
    found = read(surface, reading)
    return None if not found else [written.year for written in found]


def are_years(surface: str, reading: Reading) -> bool:
    """Say whether `surface` tells years, and nothing smaller."""
    return all(written.month is None for written in read(surface, reading) or ())


def _weekdays(text: str, days: int, reading: Reading) -> str:
    def moved(match: re.Match[str]) -> str:
        word = match[0]
        return WEEKDAYS.like(word, WEEKDAYS.place(word) + days, reading.language)

    return _WEEKDAY.sub(moved, text)


def _moved(written: Written, days: int, reading: Reading) -> str:
    if written.month is None:
        assert written.year is not None  # noqa: S101 - a form has a month or a year
        new = date(written.year + round(days / _YEAR_DAYS), 1, 1)
        return _rendered(written, new, reading)
    year = written.year if written.year is not None else reading.year
    if written.day is None:
        months = year * 12 + written.month - 1 + round(days / _MONTH_DAYS)
        return _rendered(written, date(months // 12, months % 12 + 1, 1), reading)
    if written.year is None and (written.month, written.day) == (2, 29):
        year = 2000  # Any leap year: the others do not have the day.
    return _rendered(
        written, date(year, written.month, written.day) + timedelta(days=days), reading
    )


def _rendered(written: Written, new: date, reading: Reading) -> str:
    """Write `new` into the places of the match, each as wide as it was."""
    match = written.match
    groups = match.groupdict()
    first, second = (new.day, new.month) if written.day_first else (new.month, new.day)
    if written.day is None and groups.get("one"):
        first, second = new.month, new.year % 100
    wide = _is_wide(match)
    values: dict[str, Callable[[str], str]] = {
        "year": lambda old: _year_like(old, new.year),
        "m": lambda _: _digits_of(new.month, wide=wide),
        "day": lambda _: _digits_of(new.day, wide=wide),
        "one": lambda _: _digits_of(first, wide=wide),
        "two": lambda _: _digits_of(second, wide=wide),
        "month": lambda old: MONTHS.like(old, new.month - 1, reading.language),
        "th": lambda old: _ordinal(old, new.day),
    }
    pieces = []
    place = match.start()
    for name in sorted((name for name in groups if groups[name]), key=match.start):
        if name in values:
            pieces += [match.string[place : match.start(name)], values[name](groups[name])]
            place = match.end(name)
    return "".join([*pieces, match.string[place : match.end()]])


def _is_wide(match: re.Match[str]) -> bool:
    """Say whether days and months have two digits always: 05.03. does, 5.3. and 5 March do not.

    15/12 does not tell; in digits alone two are the likelier, beside words one.
    """
    groups = match.groupdict()
    parts = [part for name in ("m", "day", "one", "two") if (part := groups.get(name))]
    if any(part[0] == "0" for part in parts):
        return True
    in_words = groups.get("month") is not None or "月" in match[0]
    return not in_words and all(len(part) > 1 for part in parts)


def _digits_of(number: int, *, wide: bool) -> str:
    return f"{number:02d}" if wide else str(number)


def _year_like(old: str, year: int) -> str:
    mark = old[: len(old) - len(old.lstrip(_APOSTROPHES))]
    return mark + (f"{year % 100:02d}" if len(old) - len(mark) == 2 else f"{year:04d}")  # noqa: PLR2004


def _ordinal(old: str, day: int) -> str:
    if old.lower() not in {"st", "nd", "rd", "th"}:
        return old if old.lower() not in {"er", "ero"} or day == 1 else ""
    end = "th" if 11 <= day <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")  # noqa: PLR2004
    return end.upper() if old.isupper() else end


def _digits(surface: str) -> str | None:
    """Return the eight digits of a date without separators, or with a space after each."""
    if _SPACED.match(surface):
        return surface.replace(" ", "")
    match = _COMPACT.match(surface)
    rest = surface[8:]
    return match[1] if match and (not rest or rest.isdigit()) else None


def _compact_date(digits: str, reading: Reading) -> tuple[date, str] | None:
    """Return the date and the order in which its eight digits stand."""
    orders = ("ymd", "dmy" if reading.day_first else "mdy", "mdy" if reading.day_first else "dmy")
    for order in orders:
        place = 0
        parts: dict[str, int] = {}
        for part in order:
            width = 4 if part == "y" else 2
            parts[part] = int(digits[place : place + width])
            place += width
        try:
            if 1800 <= parts["y"] <= 2199:  # noqa: PLR2004 - what a record can mean
                return date(parts["y"], parts["m"], parts["d"]), order
        except ValueError:
            continue
    return None


def _compact(surface: str, days: int, reading: Reading) -> str | None:
    digits = _digits(surface)
    found = None if digits is None else _compact_date(digits, reading)
    if found is None:
        return None
    try:
        new = found[0] + timedelta(days=days)
    except OverflowError:
        return None
    parts = {"y": f"{new.year:04d}", "m": f"{new.month:02d}", "d": f"{new.day:02d}"}
    moved = "".join(parts[part] for part in found[1])
    return " ".join(moved) if " " in surface else moved + surface[8:]
