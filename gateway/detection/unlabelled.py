"""Numbers that no word stands before: by their check digits, their form, or their length alone."""

from __future__ import annotations

import re
from typing import Final

from gateway.detection import labels, phones, postcodes, shapes
from gateway.detection.labelled import LEAST, NAMES
from gateway.detection.reading import Reading
from gateway.domain.entities import IBAN_CODE, IP_ADDRESS, OTHER_ID, POSTCODE
from gateway.domain.findings import Finding

_LEAST_LONG: Final = 7
"""Digits of a hyphenated number: shorter ones are ranges."""
_LEAST_LOOSE: Final = 4
_LONGEST_ROW: Final = 5
"""Numbers side by side: a longer row is of a table, and grouped digits in it are results."""
_TOPICS: Final = {POSTCODE: "postcode.", IP_ADDRESS: "contact."}
_HYPHENATED: Final = re.compile(r"[0-9]{2,8}(?:-[0-9]{2,8}){1,4}(?![0-9A-Za-z/\-]|[.,][0-9])")
_HASHED: Final = re.compile(
    r"[ ]?(?=(?:[A-Za-z\-]{0,5}[0-9]){3})[0-9A-Za-z_]{1,20}(?:-[0-9A-Za-z_]{1,12}){0,3}"
)
_HASH: Final = re.compile(r"(?<![0-9A-Za-z&#])#[ ]?\Z")
_RANGE_ENDS: Final = 2


def unlabelled(reading: Reading, index: int) -> list[Finding]:
    """Return what the number at unit `index` is without a label before it: nothing, most often."""
    unit, text = reading.units[index], reading.text
    told = labels.after(reading.folded, unit.end)
    if told in NAMES and unit.digits >= LEAST:
        return [Finding(unit.start, unit.end, told, 0.9, NAMES[told] + "_after")]
    iban = shapes.iban(text, unit.start)
    if iban is not None:
        return [Finding(unit.start, iban, IBAN_CODE, 0.95, "id.iban")]
    found = _shaped(reading, index)
    if found:
        return found
    last = (
        phones.unlabelled(reading, index)
        or postcodes.unlabelled(reading, index)
        or _long(reading, index)
    )
    return [last] if last is not None else []


def _shaped(reading: Reading, index: int) -> list[Finding]:
    unit = reading.units[index]
    if reading.inside(unit):
        return []
    found = [
        Finding(
            unit.start, end, form.entity, form.score, _TOPICS.get(form.entity, "id.") + form.name
        )
        for end, form in shapes.every(reading.text, unit)
        if _fits(reading, index, end, form)
    ]
    if found:
        return found
    back = shapes.behind(reading.text, unit)
    if back is None:
        return []
    start, end, name, entity = back
    return [Finding(start, end, entity, 0.85, f"id.{name}")]


def _fits(reading: Reading, index: int, end: int, form: shapes.Form) -> bool:
    """Say whether what has the form of an identifier is one here: no count, no row of a table."""
    if form.entity in _TOPICS:
        return True
    start = reading.units[index].start
    value = reading.text[start:end]
    if " " in value and reading.rows[index] > _LONGEST_ROW and not form.name.startswith("nir"):
        return False
    if form.name == "nhs" and "-" in value and phones.with_extension(reading.text, end) > end:
        return False  # A number with an extension is a telephone's, whatever its digits say.
    return shapes.private(reading.folded, start, end)


def _long(reading: Reading, index: int) -> Finding | None:
    """Return a number that is somebody's by its "#", its letters and digits, or its length."""
    unit, text = reading.units[index], reading.text
    if unit.digits >= LEAST and _HASH.search(text, max(0, unit.start - 3), unit.start):
        hashed = _HASHED.match(text, unit.start)
        if hashed is not None:
            return Finding(unit.start, max(hashed.end(), unit.end), OTHER_ID, 0.5, "id.hashed")
    if unit.digits < _LEAST_LOOSE or reading.inside(unit):
        return None
    if not shapes.private(reading.folded, unit.start, unit.end):
        return None
    found = shapes.at(text, unit, loose=True)
    if found is not None:
        end, form = found
        return Finding(unit.start, end, form.entity, form.score, f"id.{form.name}")
    match = _HYPHENATED.match(text, unit.start)
    if match and _is_number(match[0]):
        return Finding(match.start(), match.end(), OTHER_ID, 0.4, "id.digits_hyphenated")
    return None


def _is_number(value: str) -> bool:
    """Say whether hyphenated digits are somebody's number: no range, no dose."""
    parts = value.split("-")
    if sum(map(len, parts)) < _LEAST_LONG or len(set(parts)) == 1:
        return False
    if len(parts) == _RANGE_ENDS:
        low, high = parts
        return int(high) < int(low) or (len(high) > len(low) + 2 and not high.endswith("00"))
    return True
