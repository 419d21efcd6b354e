"""Identifiers that a word before them gives away: "MRN", "policy no.", "Nº Col.", "住院号".

With a label the number is a finding even if its check digit fails or its form is odd, since typing
errors are PHI too (45 CFR 164.514(b)(2)(i)(G)-(M), (P)-(R)).
"""

from __future__ import annotations

import re
from typing import Final

from gateway.detection import dates, labels, phones, postcodes, shapes
from gateway.detection.reading import MEASURE, Reading
from gateway.detection.units import Unit
from gateway.domain.entities import (
    ACCOUNT_NUMBER,
    BIOMETRIC_ID,
    CREDIT_CARD,
    DEVICE_ID,
    HEALTH_PLAN_NUMBER,
    IBAN_CODE,
    LICENSE_NUMBER,
    MEDICAL_RECORD_NUMBER,
    NATIONAL_ID,
    OTHER_ID,
    PASSPORT,
    PHOTO_ID,
    US_SSN,
    VEHICLE_ID,
    EntityType,
)
from gateway.domain.findings import Finding

NAMES: Final[dict[EntityType, str]] = {
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
"""The recognizer of each type whose labels are sought."""
LEAST: Final = 3
"""Digits of a labelled number; four where nothing but the label says so."""
_SCORE: Final = 0.9
_GENERIC_SCORE: Final = 0.6
_MOST_GROUPS: Final = 17
_MOST_DIGITS: Final = 26
_GAPS: Final = frozenset([" ", "-", " - ", "/", "."])
_MONEY: Final = re.compile(r"(?:(?<![A-Z])(?:GBP|EUR|USD|CHF|CAD|AUD|MXN|CNY|RMB)|[$£€¥])[ ]?\Z")
_NOT_ID: Final = re.compile(
    r"9{1,3}(?:aa|AA)|9{1,4}[-/]?(?:a{1,6}|A)(?:[-/]a{1,5})?"
    r"|9{1,2}[./]9{1,2}(?:[./]99(?:99)?)?|9{1,3}[-/]9{1,3}"
    r"|9{1,3}[.,]9{1,2}-9{1,3}[.,]9{1,2}"
)
_CLOCK: Final = re.compile(r"[0-9]{1,2}[:hH][0-9]{2}(?::[0-9]{2})?")
_RANGE: Final = re.compile(r"([0-9]{2,7})-([0-9]{2,7})")
_PLATE: Final = re.compile(
    r"(?=[0-9A-ZÄÖÜ \-]{0,9}[0-9])[0-9A-ZÄÖÜ]{1,4}[ \-·]?[0-9A-Z]{1,4}(?:[ \-]?[0-9A-Z]{1,4})?"
    r"(?![0-9A-Za-z])"
)
_EXTENSIONS: Final = (
    "durchwahl", "dw", "apparat", "poste", "bip", "dect", "pager", "beeper", "busca", "piepser",
    "hausruf", "分机", "分机号", "内线", "内线电话", "短号", "值班电话", "bleep", "bleeps", "blp",
    "pgr", "ascom", "vocera", "spectralink",
    "spok", "extn",
    "pieper", "sucher", "nebenstelle", "nst", "klappe", "kurzwahl",
)  # fmt: skip
"""Labels of numbers within the house, which are short."""
_SECURITY_CODES: Final = (
    "cvv", "cvc", "cvv2", "cvc2", "cvn", "security code", "verification", "verification value",
    "cvv code", "cvc code", "codigo cvv", "prufziffer", "prufnummer", "cryptogramme",
    "cryptogramme visuel", "codigo de seguridad", "安全码",
)  # fmt: skip
"""Labels of the three digits on the back of a card."""
_MEDICINE: Final = re.compile(r"34009[ ]?[0-9]{3}[ ]?[0-9]{3}[ ]?[0-9][ ]?[0-9]")
"""A French medicine by its CIP, which is no card of a Spanish insured person."""
_LEAST_PLATE: Final = 4
_LEAST_OF_CP: Final = 4
_CENTURIES: Final = frozenset(["19", "20"])


def labelled(reading: Reading, index: int, label: labels.Label) -> Finding | None:
    """Return what `label` says that the number at unit `index` is, if it can be that."""
    match label.entity:
        case "AGE" | "DATE_OF_BIRTH":
            return None
        case "PHONE_NUMBER" | "FAX_NUMBER":
            inside = reading.folded.endswith(_EXTENSIONS, 0, label.end)
            least = phones.LEAST_EXTENSION if inside else phones.LEAST
            if reading.folded.endswith(("ext", "extension"), 0, label.end):
                least = phones.LEAST_EXTENSION + 1  # "extension 120" is of a joint.
                unit = reading.units[index]
                if (
                    "-" in unit.shape
                    or unit.word[:2] in _CENTURIES
                    or MEASURE.match(reading.folded, unit.end)
                ):
                    return None  # "extension 0-120", "ext 4500 mL"
            return phones.called(reading, index, label.entity, least)
        case "POSTCODE":
            found = postcodes.labelled(reading, index)
            # "1 cp 3x/j" is a tablet, "CP B7" a class.
            is_short = found is not None and found.end - found.start < _LEAST_OF_CP
            return None if is_short and reading.folded.endswith("cp", 0, label.end) else found
        case "VEHICLE_ID":
            return _plate(reading, index, label) or _identified(reading, index, label)
        case _:
            return _identified(reading, index, label)


def _plate(reading: Reading, index: int, label: labels.Label) -> Finding | None:
    # The letters of a plate may stand before its first digit: "B-AB 1234", "LS AB 123".
    unit, text = reading.units[index], reading.text
    if text[label.end] == "-":
        return None  # "auto-PEEP 1"
    own = reading.lettered(unit)
    match = _PLATE.match(text, own[0] if own and own[1] == label else unit.start)
    if match is None or match.end() < unit.end:
        return None
    if sum(map(str.isalnum, match[0])) < _LEAST_PLATE:
        return None
    return Finding(match.start(), match.end(), VEHICLE_ID, 0.8, "label.vehicle")


def _identified(reading: Reading, index: int, label: labels.Label) -> Finding | None:
    unit = reading.units[index]
    if reading.folded.startswith("icd-", label.end - 3):
        return None  # A code of a disease, as in "ICD-O 8500/3", and no defibrillator's.
    iban = shapes.iban(reading.text, unit.start)
    if iban is not None:
        return Finding(unit.start, iban, IBAN_CODE, 0.95, "label.iban")
    shaped = shapes.at(reading.text, unit, loose=False)
    if shaped is not None and shaped[0] > unit.end:
        end = shaped[0]
        digits = sum(map(str.isdigit, reading.text[unit.start : end]))
    else:
        end, digits = _groups(reading, index)
    if reading.folded.startswith("cip", label.end - 3) and _MEDICINE.match(
        reading.text, unit.start
    ):
        return None
    if digits < _least(reading, label) or (end == unit.end and _no_id(reading, unit, label)):
        return None
    if not label.generic:
        start = _opening(reading, unit)
        return Finding(start, end, label.entity, _SCORE, NAMES.get(label.entity, "label.other"))
    return _generic(reading, index, end, shaped[1].entity if shaped else OTHER_ID)


def _generic(reading: Reading, index: int, end: int, entity: EntityType) -> Finding | None:
    """Return the number after a mere "no.": its form says what it is, if anything does."""
    unit = reading.units[index]
    if not shapes.private(reading.folded, unit.start, end):
        return None
    phone = phones.shaped(reading.text, unit, reading.done, reading.rows[index])
    if phone is not None:
        return phones.finding(phone, "contact.phone_labelled")
    start = _opening(reading, unit)
    return Finding(start, end, entity, _GENERIC_SCORE, NAMES.get(entity, "label.other"))


def _least(reading: Reading, label: labels.Label) -> int:
    if label.entity == CREDIT_CARD and reading.folded.endswith(_SECURITY_CODES, 0, label.end):
        return LEAST
    return LEAST if label.counted and not label.generic else LEAST + 1


def _no_id(reading: Reading, unit: Unit, label: labels.Label) -> bool:
    """Say whether one unit after a label is a measure, a year, a dose or a range."""
    if _CLOCK.fullmatch(unit.word) or _NOT_ID.fullmatch(unit.shape):
        return True
    if MEASURE.match(reading.folded, unit.end):
        return True
    if _MONEY.search(reading.text, max(0, unit.start - 5), unit.start):
        return True
    if unit.shape == "9999" and not label.counted and unit.word[:2] in _CENTURIES:
        return True
    ends = _RANGE.fullmatch(unit.word) if label.generic else None
    return ends is not None and int(ends[1]) < int(ends[2])


def _opening(reading: Reading, unit: Unit) -> int:
    """Return where an identifier begins whose first digit is in `unit`: at its letters or "#"."""
    start = unit.start
    own = reading.lettered(unit)
    if own is not None:
        start = own[0]
    return start - 1 if start > reading.done and reading.text[start - 1] == "#" else start


def _groups(reading: Reading, index: int) -> tuple[int, int]:
    """Return where the groups end that make one identifier with unit `index`, and their digits."""
    end, digits = reading.units[index].end, reading.units[index].digits
    for unit in reading.units[index + 1 : index + _MOST_GROUPS]:
        if reading.text[end : unit.start] not in _GAPS or any(c in unit.shape for c in "a.,:/"):
            break
        if unit.digits + digits > _MOST_DIGITS or MEASURE.match(reading.folded, unit.end):
            break
        if dates.numeric(reading.folded, unit.start, unit.shape):
            break
        end, digits = unit.end, digits + unit.digits
    return end, digits
