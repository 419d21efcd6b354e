"""All numbers of a text in one pass: dates, ages, telephone numbers, identifiers, postcodes.

At each number the questions come in this order, and the first answer holds: is it a birth date, or
another date; an age; what does the label before it say; what do its check digits or its form say;
is it grouped as a telephone number; is it long enough to be somebody's number in any case.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gateway.detection import ages, dates, labels, phones, shapes
from gateway.detection.units import Unit, units
from gateway.domain.entities import (
    ACCOUNT_NUMBER,
    AGE,
    AGE_OVER_89,
    BIOMETRIC_ID,
    CREDIT_CARD,
    DATE_OF_BIRTH,
    DATE_TIME,
    DEVICE_ID,
    FAX_NUMBER,
    HEALTH_PLAN_NUMBER,
    IBAN_CODE,
    IP_ADDRESS,
    LICENSE_NUMBER,
    MEDICAL_RECORD_NUMBER,
    NATIONAL_ID,
    OTHER_ID,
    PASSPORT,
    PHONE_NUMBER,
    PHOTO_ID,
    POSTCODE,
    US_SSN,
    VEHICLE_ID,
    EntityType,
)
from gateway.domain.findings import Finding

ENTITIES: Final = (
    ACCOUNT_NUMBER, AGE, AGE_OVER_89, BIOMETRIC_ID, CREDIT_CARD, DATE_OF_BIRTH, DATE_TIME, DEVICE_ID,
    FAX_NUMBER, HEALTH_PLAN_NUMBER, IBAN_CODE, IP_ADDRESS, LICENSE_NUMBER, MEDICAL_RECORD_NUMBER,
    NATIONAL_ID, OTHER_ID, PASSPORT, PHONE_NUMBER, PHOTO_ID, POSTCODE, US_SSN, VEHICLE_ID,
)  # fmt: skip
_NAMES: Final[dict[EntityType, str]] = {
    MEDICAL_RECORD_NUMBER: "label.mrn",
    US_SSN: "label.ssn",
    HEALTH_PLAN_NUMBER: "label.health_plan",
    NATIONAL_ID: "label.national_id",
    PASSPORT: "label.passport",
    LICENSE_NUMBER: "label.license",
    VEHICLE_ID: "label.vehicle",
    DEVICE_ID: "label.device",
    ACCOUNT_NUMBER: "label.account",
    CREDIT_CARD: "label.card",
    IBAN_CODE: "label.iban",
    BIOMETRIC_ID: "label.biometric",
    PHOTO_ID: "label.photo",
    OTHER_ID: "label.other",
}
_LABELLED_SCORE: Final = 0.9
_GENERIC_SCORE: Final = 0.6
_LEAST_LABELLED: Final = 3
"""Digits of a labelled number; four where nothing but the label says so."""
_LEAST_PHONE: Final = 5
_LEAST_LONG: Final = 7
_LEAST_GROUPED: Final = 8
_DECIMAL: Final = re.compile(r"9{1,4}[.,]9{1,3}|9{1,3}(?:[.,]9{3})+(?:[.,]9{1,2})?")
_PREFIX: Final = re.compile(r"(?<![0-9A-Za-z])[A-Za-z]{1,4}[ -]\Z")
_MEASURE: Final = re.compile(
    r"[ ]?(?:%|°|mg|mcg|µg|ug|g\b|kg|ml|dl|l\b|cm|mm|mmhg|mmol|meq|iu\b|ui\b|ie\b|bpm|lpm|years?|yrs?|y/?o\b|days?|weeks?|months?|hours?|hrs?|h\b"
    r"|min\b|ans\b|anos\b|dias\b|meses\b|semanas\b|jours\b|mois\b|jahre\b|tage\b|wochen\b|monate\b|times\b|veces\b|fois\b|x\b|岁|天|个|次|毫|克|月|周)"
)
_NOT_ID: Final = re.compile(
    r"9{1,3}(?:aa|AA)|9{1,4}[-/]?(?:a{1,6}|A)(?:[-/]a{1,5})?|9{1,2}[./]9{1,2}(?:[./]99(?:99)?)?|9{1,3}[-/]9{1,3}"
)
_RANGE: Final = re.compile(r"([0-9]{2,7})-([0-9]{2,7})")
_HYPHENATED: Final = re.compile(r"[0-9]{2,8}(?:-[0-9]{2,8}){1,4}(?![0-9A-Za-z/\-]|[.,][0-9])")
_HASHED: Final = re.compile(
    r"[ ]?(?=(?:[A-Za-z\-]{0,5}[0-9]){3})[0-9A-Za-z_]{1,20}(?:-[0-9A-Za-z_]{1,12}){0,3}"
)
_PLATE: Final = re.compile(
    r"(?=[0-9A-ZÄÖÜ \-]{0,9}[0-9])[0-9A-ZÄÖÜ]{1,4}[ \-·]?[0-9A-Z]{1,4}(?:[ \-]?[0-9A-Z]{1,4})?(?![0-9A-Za-z])"
)
_POSTCODE: Final = re.compile(
    r"(?:[A-Z]{1,2}-)?[0-9]{3}[ ]?[0-9]{2}(?:-[0-9]{3,4})?(?![0-9])|[0-9]{5}-[0-9]{3,4}|[0-9]{3,6}(?![0-9])"
    r"|[A-Za-z][A-Za-z0-9]{1,3}(?:[ -]?[0-9][A-Za-z0-9]{1,2})?|[0-9][0-9A-Za-z\-]{1,9}"
)
_TOWN: Final = re.compile(r"[ ](?:\(?[A-ZÄÖÜÉÈÁÍÓÚÑÇ][a-zäöüßéèêáíóúñç]{2,}|[A-Z]{4,})")
_BEFORE_TOWN: Final = re.compile(
    r"(?:[,.;)]|\n|^|-|\d[a-z]?[ºo]?\b[,.]?|s/n\b|·|\||wohnhaft(?: in)?|wh\.?:?|aus|in|a|en|de|von|cedex|str\.?|strasse|anschrift:?|adresse ?:|direccion:?)[ ]{0,3}\Z"
)
_STREET: Final = re.compile(
    r"(?:\b(?:rue|avenue|av|boulevard|bd|place|chemin|quai|passage|allee|impasse|cours|route|square|calle|c/|avda|avenida|plaza|pza|paseo|ronda|camino|carretera|ctra|travesia|glorieta)\b\.?|(?:strasse|strsse|strse|str\.|weg|platz|gasse|allee|ring|damm|ufer|promenade)\b)[^\n;:]{0,40}[ ,.\n]{1,4}\Z"
)
_NO_TOWN: Final = frozenset(
    ["leukozyten", "thrombozyten", "erythrozyten", "leucocitos", "plaquetas", "hematies", "leucocytes", "plaquettes", "zellen", "einheiten", "patienten", "personen", "euro", "euros", "dollar", "dollars", "kopien", "copies", "units", "patients", "cells", "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december", "januar", "februar", "mai", "juni", "juli", "oktober", "dezember", "uhr"]
)
_AND: Final = re.compile(r"[ ]?(?:/|,|;|y|o|u|e|und|oder|or|and|et|ou|bzw\.?)[ ]?")
_PHONE_WORDS: Final = re.compile(
    r"phone|call|cell|tel|mobil|pager|contact|fax|reach|dial|text|number|ruf|nummer|movil|手机|电话"
)
_LOCAL: Final = re.compile(r"[2-9][0-9]{2}-[0-9]{4}(?![0-9A-Za-z/\-]|[.,][0-9])")
_YEARS: Final = re.compile(r"[0-9]{1,3}[ ]?(?:anos|ans|jahre|years|岁)")
_MISREAD: Final = re.compile(
    r"[0-9][.\- ]?[OoIlSB][0-9OoIlSB.\- ]|(?<![A-Za-z])[OoIlSB][0-9]|[0-9][OoIlSB](?![A-Za-z])"
)
_LONE: Final = 2


@dataclass(frozen=True, slots=True)
class Numbers:
    """The pass over a text's numbers. `reference_year` is this year, for the guess at birth dates."""

    reference_year: int
    entities: tuple[EntityType, ...] = ENTITIES
    name: str = "numbers"

    def find(self, text: str) -> Iterator[Finding]:
        """Yield the findings in `text`."""
        folded = labels.fold(text)
        written = list(self._written(folded))
        yield from (each for each, _ in written)
        taken = [(each.start, each.end) for each, _ in written]
        yield from _Pass(text, folded, self.reference_year, taken).run()
        for phone in phones.spelt(folded):
            yield Finding(phone.start, phone.end, PHONE_NUMBER, phone.score, "contact.phone_spelt")
        for start, end, entity in ages.spelt(folded):
            yield Finding(start, end, entity, 0.8, "age.words")

    def _written(self, folded: str) -> Iterator[tuple[Finding, bool]]:
        for hit in dates.written(folded):
            for finding in _dated(folded, hit, self.reference_year):
                yield finding, True


def _dated(folded: str, hit: dates.Hit, reference_year: int) -> Iterator[Finding]:
    """Yield a date as what it is: a birth date by its label or its age, and a date."""
    label = labels.before(folded, hit.start)
    if label is not None and label.entity == DATE_OF_BIRTH:
        yield Finding(hit.start, hit.end, DATE_OF_BIRTH, 0.95, "birth.labelled")
        return
    yield Finding(hit.start, hit.end, DATE_TIME, hit.score, f"date.{hit.form}")
    if dates.is_old(folded[hit.start : hit.end], reference_year):
        yield Finding(hit.start, hit.end, DATE_OF_BIRTH, 0.5, f"birth.old_{hit.form}")


class _Pass:
    """One text's units, in order, and how far what was found reaches."""

    def __init__(
        self, text: str, folded: str, reference_year: int, taken: list[tuple[int, int]]
    ) -> None:
        self._text = text
        self._folded = folded
        self._year = reference_year
        self._taken = sorted(taken)
        self._next_taken = 0
        self._units = list(units(text))
        self._rows = _rows(self._units)
        self._done = 0
        self._last: Finding | None = None

    def run(self) -> Iterator[Finding]:
        """Yield the findings, in order."""
        index = 0
        while index < len(self._units):
            unit = self._units[index]
            if unit.start < self._done or self._written(unit):
                index += 1
                continue
            found = self._at(index) or self._again(index)
            for finding in found:
                self._done = max(self._done, finding.end)
                self._last = finding
            yield from found
            index += 1

    def _again(self, index: int) -> list[Finding]:
        """Return a second age after a first: "de 67 y 62 años"."""
        unit, last = self._units[index], self._last
        if last is None or last.entity not in {AGE, AGE_OVER_89} or unit.digits > 3:  # noqa: PLR2004 - years of age
            return []
        if not _AND.fullmatch(self._folded, last.end, unit.start):
            return []
        match = _YEARS.match(self._folded, unit.start)
        told = ages.labelled(self._folded, unit.start) if match else None
        return [Finding(unit.start, told[0], told[1], 0.7, "age.again")] if told else []

    def _written(self, unit: Unit) -> bool:
        """Say whether a date that names its month has this unit."""
        while (
            self._next_taken < len(self._taken) and self._taken[self._next_taken][1] <= unit.start
        ):
            self._next_taken += 1
        return (
            self._next_taken < len(self._taken)
            and self._taken[self._next_taken][0] < unit.end
            and unit.end <= self._taken[self._next_taken][1]
        )

    def _at(self, index: int) -> list[Finding]:
        unit, text, folded = self._units[index], self._text, self._folded
        shape = unit.shape
        first = shape[0] == "9"
        joined = index + 1 < len(self._units) and self._units[index + 1].joined
        label = self._label(unit)
        if label is not None and label.entity == DATE_OF_BIRTH:
            hit = dates.birth(folded, unit.start)
            if hit:
                return [_finding(hit, DATE_OF_BIRTH, "birth.labelled", 0.95)]
        if first:
            hit = dates.numeric(folded, unit.start, shape)
            if hit:
                return list(_dated(folded, hit, self._year))
        if first and (unit.digits <= 3 or shape[1:3] == "9-" or shape[2:3] == "-"):  # noqa: PLR2004 - years of age
            age = self._age(unit, label)
            if age is not None:
                return [age]
        if label is not None:
            found = self._labelled(index, label)
            if found is not None:
                return [found]
        if unit.digits <= _LONE and not joined and shape.isdigit():
            return []
        return self._unlabelled(index, label)

    def _label(self, unit: Unit) -> labels.Label | None:
        if _DECIMAL.fullmatch(unit.shape):
            return None
        label = labels.before(self._folded, unit.start)
        if label is None:
            prefix = _PREFIX.search(self._text, max(0, unit.start - 6), unit.start)
            if prefix is not None:
                # "policy XEA 883": letters of the number say that a number comes.
                label = labels.before(self._folded, prefix.start(), counted=prefix[0].isupper())
        return label

    def _age(self, unit: Unit, label: labels.Label | None) -> Finding | None:
        found = ages.at(self._text, self._folded, unit.start)
        if found is not None:
            end, entity, form, score = found
            return Finding(unit.start, end, entity, score, f"age.{form}")
        if label is not None and label.entity == AGE:
            told = ages.labelled(self._folded, unit.start)
            if told is not None:
                return Finding(unit.start, told[0], told[1], 0.8, "age.labelled")
        return None

    # With a label.

    def _labelled(self, index: int, label: labels.Label) -> Finding | None:
        unit = self._units[index]
        match label.entity:
            case "AGE" | "DATE_OF_BIRTH":
                return None
            case "PHONE_NUMBER" | "FAX_NUMBER":
                return self._called(index, label.entity)
            case "POSTCODE":
                match = _POSTCODE.match(self._text, unit.start)
                if match is None:
                    return None
                return _finding(match, POSTCODE, "postcode.labelled", 0.85)
            case "VEHICLE_ID":
                plate = self._plate(unit, label)
                if plate is not None:
                    return plate
            case _:
                pass
        return self._identified(index, label)

    def _called(self, index: int, entity: EntityType) -> Finding | None:
        found = phones.labelled(self._text, self._units, index, self._done, _LEAST_PHONE)
        if found is None:
            return None
        name = "contact.fax" if entity == FAX_NUMBER else "contact.phone_labelled"
        return Finding(found[0].start, found[0].end, entity, 0.9, name)

    def _plate(self, unit: Unit, label: labels.Label) -> Finding | None:
        # The letters of a plate may stand before its first digit: "B-AB 1234", "LS AB 123".
        start = (
            label.end
            + len(self._text[label.end : unit.start])
            - len(self._text[label.end : unit.start].lstrip(" :#=.-\t*|\"'(\n"))
        )
        match = _PLATE.match(self._text, start) or _PLATE.match(self._text, unit.start)
        if match is None or match.end() < unit.end or sum(map(str.isalnum, match[0])) < 4:  # noqa: PLR2004 - the shortest plate
            return None
        if unit.digits == len(unit.word) and unit.digits <= _LONE:
            return None
        return _finding(match, VEHICLE_ID, "label.vehicle", 0.8)

    def _identified(self, index: int, label: labels.Label) -> Finding | None:
        unit, text = self._units[index], self._text
        if label.entity == IBAN_CODE or unit.shape[:4] == "AA99":
            end = shapes.iban(text, unit.start)
            if end is not None:
                return Finding(unit.start, end, IBAN_CODE, 0.95, "label.iban")
        shaped = shapes.at(text, unit, loose=False)
        end, digits = unit.end, unit.digits
        if shaped is not None and shaped[0] > end:
            end = shaped[0]
            digits = sum(map(str.isdigit, text[unit.start : end]))
        else:
            end, digits = self._groups(index)
        if _NOT_ID.fullmatch(unit.shape) and end == unit.end:
            return None
        least = _LEAST_LABELLED if label.counted and not label.generic else _LEAST_LABELLED + 1
        if digits < least or (label.generic and not shapes.private(self._folded, unit.start, end)):
            return None
        if (
            digits == 4
            and unit.shape == "9999"
            and not label.counted
            and unit.word[:2] in {"19", "20"}
        ):
            return None
        if end == unit.end and _MEASURE.match(self._folded, end):
            return None
        start = self._opening(unit)
        entity = label.entity
        if label.generic:
            phone = phones.shaped(text, unit, self._done, self._rows[index])
            if phone is not None:
                return Finding(
                    phone.start, phone.end, PHONE_NUMBER, phone.score, "contact.phone_labelled"
                )
            if shaped is not None:
                entity = shaped[1].entity
        score = _GENERIC_SCORE if label.generic else _LABELLED_SCORE
        return Finding(start, end, entity, score, _NAMES.get(entity, "label.other"))

    def _opening(self, unit: Unit) -> int:
        """Return where an identifier begins whose first digit is in `unit`: at its letters, its "#"."""
        start = unit.start
        prefix = _PREFIX.search(self._text, max(self._done, start - 5), start)
        if prefix is not None and labels.before(self._folded, prefix.start(), counted=True):
            start = prefix.start()
        return start - 1 if start > self._done and self._text[start - 1] == "#" else start

    def _groups(self, index: int) -> tuple[int, int]:
        """Return where the groups end that make one identifier with unit `index`, and their digits."""
        end, digits = self._units[index].end, self._units[index].digits
        for at in range(index + 1, min(len(self._units), index + 17)):
            unit = self._units[at]
            gap = self._text[end : unit.start]
            if gap not in {" ", "-", " - ", "/", "."} or any(c in unit.shape for c in "a.,:/"):
                break
            if unit.digits + digits > 26 or _MEASURE.match(self._folded, unit.end):  # noqa: PLR2004 - the longest identifier
                break
            if dates.numeric(self._folded, unit.start, unit.shape):
                break
            end, digits = unit.end, digits + unit.digits
        return end, digits

    # Without one.

    def _unlabelled(self, index: int, label: labels.Label | None) -> list[Finding]:
        unit, text, folded = self._units[index], self._text, self._folded
        told = labels.after(folded, unit.end)
        if told is not None and unit.digits >= _LEAST_LABELLED and told in _NAMES:
            return [Finding(unit.start, unit.end, told, 0.9, _NAMES[told] + "_after")]
        if unit.shape[:4].upper() == "AA99":
            end = shapes.iban(text, unit.start)
            if end is not None:
                return [Finding(unit.start, end, IBAN_CODE, 0.95, "id.iban")]
        found = self._shaped(unit, self._rows[index])
        if found is not None:
            return [found]
        return self._phone(index, label) or self._postcode(unit) or self._long(index)

    def _shaped(self, unit: Unit, row: int) -> Finding | None:
        text = self._text
        before = text[unit.start - 1] if unit.start else " "
        if before in ".-/" and unit.start > 1 and text[unit.start - 2].isalnum():
            return None
        shaped = shapes.at(text, unit, loose=False)
        if shaped is not None:
            end, form = shaped
            counted = form.entity not in {IP_ADDRESS, POSTCODE} and not shapes.private(
                self._folded, unit.start, end
            )
            if not counted and (
                row <= 5 or " " not in text[unit.start : end] or form.name.startswith("nir")
            ):
                prefix = (
                    "postcode."
                    if form.entity == POSTCODE
                    else "contact."
                    if form.entity == IP_ADDRESS
                    else "id."
                )
                return Finding(unit.start, end, form.entity, form.score, prefix + form.name)
        back = shapes.behind(text, unit)
        if back is not None:
            start, end, name, entity = back
            return Finding(start, end, entity, 0.85, f"id.{name}")
        return None

    def _phone(self, index: int, label: labels.Label | None) -> list[Finding]:
        unit, text = self._units[index], self._text
        if (
            self._last is not None
            and self._last.entity in {PHONE_NUMBER, FAX_NUMBER}
            and unit.digits > _LEAST_LABELLED
            and _AND.fullmatch(self._folded, self._last.end, unit.start)
        ):
            again = self._called(index, self._last.entity)
            if again is not None:
                return [again]
        row = self._rows[index]
        if _MISREAD.search(text, max(0, unit.start - 1), unit.end + 12):
            phone = phones.mangled(text, unit, self._done)
            if phone is not None:
                return [
                    Finding(
                        phone.start, phone.end, PHONE_NUMBER, phone.score, "contact.phone_mangled"
                    )
                ]
        if _ahead(self._units, index) >= _LEAST_GROUPED and (unit.shape[0] == "9"):
            phone = phones.shaped(text, unit, self._done, row)
            if (
                phone is not None
                and not _MEASURE.match(self._folded, phone.end)
                and shapes.private(self._folded, phone.start, phone.end)
            ):
                return [
                    Finding(
                        phone.start,
                        phone.end,
                        PHONE_NUMBER,
                        phone.score,
                        f"contact.phone_{phone.form}",
                    )
                ]
        local = _LOCAL.match(text, unit.start)
        if local and _PHONE_WORDS.search(self._folded, max(0, unit.start - 60), unit.start):
            end = phones.with_extension(text, local.end())
            return [Finding(unit.start, end, PHONE_NUMBER, 0.4, "contact.phone_local")]
        return []

    def _postcode(self, unit: Unit) -> list[Finding]:
        if unit.shape not in {"99999", "9999", "99", "999"}:
            return []
        text, start, end = self._text, unit.start, unit.end
        if unit.shape in {"99", "999"}:
            split = re.compile(r"[0-9]{2}[ ][0-9]{3}(?![0-9])").match(text, start)
            if split is None:
                return []
            end = split.end()
        town = _TOWN.match(text, end)
        if _STREET.search(self._folded, max(0, start - 60), start):
            return [Finding(start, end, POSTCODE, 0.6, "postcode.after_street")]
        if town is None or self._folded[town.start() + 1 : town.end()].strip("(") in _NO_TOWN:
            return []
        if unit.shape == "9999" and unit.word[:2] in {"19", "20"}:
            return []
        before = _BEFORE_TOWN.search(self._folded, max(0, start - 24), start)
        if before is None or (
            unit.shape == "9999" and before[0][:1] not in {",", "\n", "", "·", "|"}
        ):
            return []
        return [Finding(start, end, POSTCODE, 0.5, "postcode.before_town")]

    def _long(self, index: int) -> list[Finding]:
        unit, text, folded = self._units[index], self._text, self._folded
        hashed = (
            _HASHED.match(text, unit.start)
            if unit.start and "#" in text[max(0, unit.start - 2) : unit.start]
            else None
        )
        if (
            hashed
            and unit.digits >= _LEAST_LABELLED
            and not text[max(0, unit.start - 3) : unit.start - 1].strip(" #").isalnum()
        ):
            return [Finding(unit.start, max(hashed.end(), unit.end), OTHER_ID, 0.5, "id.hashed")]
        if unit.digits < 4 or not shapes.private(folded, unit.start, unit.end):  # noqa: PLR2004 - shorter is nobody's
            return []
        before = text[unit.start - 1] if unit.start else " "
        if before in ".,/-" and unit.start > 1 and text[unit.start - 2].isalnum():
            return []
        found = shapes.at(text, unit, loose=True)
        if found is not None:
            return [
                Finding(
                    unit.start, found[0], found[1].entity, found[1].score, f"id.{found[1].name}"
                )
            ]
        match = _HYPHENATED.match(text, unit.start)
        if match and _is_number(match[0]):
            return [_finding(match, OTHER_ID, "id.digits_hyphenated", 0.4)]
        return []


def _is_number(value: str) -> bool:
    """Say whether hyphenated digits are somebody's number: no range, no calendar date, no dose."""
    parts = value.split("-")
    if sum(map(len, parts)) < _LEAST_LONG or len(set(parts)) == 1:
        return False
    if len(parts) == 2:  # noqa: PLR2004 - a range has two ends
        low, high = int(parts[0]), int(parts[1])
        return high < low or (len(parts[1]) > len(parts[0]) + 2 and high % 100 != 0)
    return True


def _finding(
    hit: dates.Hit | re.Match[str], entity: EntityType, name: str, score: float
) -> Finding:
    if isinstance(hit, dates.Hit):
        return Finding(hit.start, hit.end, entity, score, name)
    return Finding(hit.start(), hit.end(), entity, score, name)


def _rows(all_units: list[Unit]) -> list[int]:
    """Return for each unit how many stand side by side with it."""
    rows = [1] * len(all_units)
    first = 0
    for index in range(1, len(all_units) + 1):
        if index == len(all_units) or not all_units[index].joined:
            rows[first:index] = [index - first] * (index - first)
            first = index
    return rows


def _ahead(all_units: list[Unit], index: int) -> int:
    """Return the digits of unit `index` and of up to seven that are joined to it."""
    digits = all_units[index].digits
    for unit in all_units[index + 1 : index + 8]:
        if not unit.joined:
            break
        digits += unit.digits
    return digits
