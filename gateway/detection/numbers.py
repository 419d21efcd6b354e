"""All numbers of a text in one pass: dates, ages, telephone numbers, identifiers, postcodes.

At each number the questions come in this order, and the first answer holds: is it a telephone
number with letters read for digits; a birth date; another date; an age; what the label before it
says; what its check digits or its form say; a telephone number by its grouping; a postcode by its
place; a number so long that it is somebody's in any case.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gateway.detection import ages, dates, labels, phones, shapes, spelt_dates, written_dates
from gateway.detection.labelled import NAMES, labelled
from gateway.detection.reading import Reading
from gateway.detection.units import Unit
from gateway.detection.unlabelled import unlabelled
from gateway.domain.entities import (
    AGE,
    AGE_OVER_89,
    DATE_OF_BIRTH,
    DATE_TIME,
    FAX_NUMBER,
    IP_ADDRESS,
    PHONE_NUMBER,
    POSTCODE,
    EntityType,
)
from gateway.domain.findings import Finding

ENTITIES: Final = tuple(
    sorted(
        {AGE, AGE_OVER_89, DATE_OF_BIRTH, DATE_TIME, FAX_NUMBER, IP_ADDRESS, PHONE_NUMBER, POSTCODE}
        | set(NAMES)
    )
)
_AND: Final = re.compile(r"[ ]?(?:/|,|;|y|o|u|e|und|oder|or|and|et|ou)[ ]?")
_YEARS: Final = re.compile(r"[0-9]{1,3}[ ]?(?:anos|ans|jahre|years|岁)")
_UNDATED: Final = frozenset(
    ["partial", "partial_heading", "partial_year", "month_year", "relative", "season"]
)
"""Forms without a day, a month or a year, which are no birthday."""
_LONE: Final = 2
"""Digits of a number that by itself is nobody's."""
_LONGEST_AGE: Final = 3


@dataclass(frozen=True, slots=True)
class Numbers:
    """The pass over a text's numbers; `reference_year` is this year, to guess at birth dates."""

    reference_year: int
    entities: tuple[EntityType, ...] = ENTITIES

    def find(self, text: str) -> Iterator[Finding]:
        """Yield the findings in `text`, those of one kind in order."""
        folded = labels.fold(text)
        reading = Reading(text, folded, self.reference_year)
        named = [
            finding for hit in written_dates.written(folded) for finding in _dated(reading, hit)
        ]
        yield from named
        yield from _in_order(reading, sorted((each.start, each.end) for each in named))
        for phone in phones.spelt(folded):
            yield phones.finding(phone, "contact.phone_spelt")
        for start, end, entity in ages.spelt(folded):
            yield Finding(start, end, entity, 0.8, "age.words")


def _in_order(reading: Reading, taken: list[tuple[int, int]]) -> Iterator[Finding]:
    """Yield what the units are, but for those of a date that names its month (`taken`)."""
    next_taken = 0
    for index, unit in enumerate(reading.units):
        while next_taken < len(taken) and taken[next_taken][1] <= unit.start:
            next_taken += 1
        if next_taken < len(taken):
            start, end = taken[next_taken]
            if start < unit.end <= end:
                continue
        if unit.start < reading.done:
            continue
        found = _at(reading, index)
        for finding in found:
            reading.done = max(reading.done, finding.end)
            reading.last = finding
        yield from found


def _at(reading: Reading, index: int) -> list[Finding]:
    unit = reading.units[index]
    if reading.text.startswith("(01)", unit.start - 4):
        return []  # A device's UDI, which `contact.py` reads whole.
    misread = phones.misread(reading, index)
    if misread is not None:
        return [misread]
    label = reading.label(unit)
    found = _date(reading, unit, label)
    if found:
        return found
    answer = _age(reading, unit, label)
    if answer is None and label is not None:
        answer = labelled(reading, index, label)
    if answer is not None:
        return [answer]
    if unit.digits <= _LONE and unit.shape.isdigit():
        joined = index + 1 < len(reading.units) and reading.units[index + 1].joined
        if not joined:
            return []
    return unlabelled(reading, index)


def _date(reading: Reading, unit: Unit, label: labels.Label | None) -> list[Finding]:
    if label is not None and label.entity == DATE_OF_BIRTH:
        hit = dates.birth(reading.folded, unit.start)
        if hit is not None:
            return [Finding(hit.start, hit.end, DATE_OF_BIRTH, 0.95, "birth.labelled")]
    if unit.shape[0] != "9":
        return []
    hit = dates.numeric(reading.folded, unit.start, unit.shape)
    if hit is None or (hit.form == "compact" and shapes.every(reading.text, unit)):
        return []
    return list(_dated(reading, hit))


def _dated(reading: Reading, hit: dates.Hit) -> Iterator[Finding]:
    """Yield a date as what it is: a birth date by its label or its age, and a date."""
    label = labels.before(reading.folded, hit.start)
    if label is not None and label.entity == DATE_OF_BIRTH:
        yield Finding(hit.start, hit.end, DATE_OF_BIRTH, 0.95, "birth.labelled")
        return
    start = dates.with_weekday(reading.text, hit.start)
    yield Finding(start, hit.end, DATE_TIME, hit.score, f"date.{hit.form}")
    date = reading.folded[hit.start : hit.end]
    if hit.form == "boxes":
        date = "{}{}.{}{}.{}{}{}{}".format(*date.split())
    if hit.form not in _UNDATED and (
        dates.is_old(date, reading.year) or spelt_dates.is_of_last_century(date)
    ):
        yield Finding(hit.start, hit.end, DATE_OF_BIRTH, 0.5, f"birth.old_{hit.form}")


def _age(reading: Reading, unit: Unit, label: labels.Label | None) -> Finding | None:
    if unit.shape[0] != "9" or "9" * (_LONGEST_AGE + 1) in unit.shape[: _LONGEST_AGE + 1]:
        return None
    found = ages.at(reading.text, reading.folded, unit.start)
    if found is not None:
        end, entity, form, score = found
        return Finding(unit.start, end, entity, score, f"age.{form}")
    again = _second_age(reading, unit)
    if again or (label is not None and label.entity == AGE):
        told = ages.labelled(reading.folded, unit.start)
        if told is not None:
            name = "age.again" if again else "age.labelled"
            return Finding(unit.start, told[0], told[1], 0.8, name)
    return None


def _second_age(reading: Reading, unit: Unit) -> bool:
    """Say whether `unit` is an age because one was named before: "de 67 y 62 años"."""
    last = reading.last
    return (
        last is not None
        and last.entity in {AGE, AGE_OVER_89}
        and _AND.fullmatch(reading.folded, last.end, unit.start) is not None
        and _YEARS.match(reading.folded, unit.start) is not None
    )
