"""Identifiers that their form or check digit gives away, without any word beside them.

Without a label the check digit must hold, or the form must be one that nothing else has; with a
label neither need be (`labels.py`), because a mistyped number still points at the patient.
"""

# ruff: noqa: E501 - a pattern cut to a hundred columns is read worse than a long one

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gateway.detection.units import Unit
from gateway.domain import checksums
from gateway.domain.checkdigits import Kind, bare
from gateway.domain.checksums import IBAN_LENGTHS
from gateway.domain.entities import (
    CREDIT_CARD,
    HEALTH_PLAN_NUMBER,
    IP_ADDRESS,
    LICENSE_NUMBER,
    NATIONAL_ID,
    OTHER_ID,
    PASSPORT,
    POSTCODE,
    US_SSN,
    VEHICLE_ID,
    EntityType,
)

_SHUT: Final = r"(?![0-9A-Za-z]|[.,][0-9])"
_LONGEST_SHAPE: Final = 20
_COLUMN: Final = 3
"""Different digits that a column of counts has at most."""


@dataclass(frozen=True, slots=True)
class Form:
    """`pattern` at the beginning of a unit is an `entity`, if `check` holds."""

    name: str
    entity: EntityType
    opening: re.Pattern[str]
    """What the unit's first part looks like: forms with another opening are not tried."""
    pattern: re.Pattern[str]
    score: float
    check: Callable[[re.Match[str]], bool] | None = None


def _dealt(match: re.Match[str]) -> bool:
    """Say whether digits apart are more than a column of counts, which repeats two or three."""
    return len(set(bare(match[0]))) > _COLUMN


def _of(kind: Kind) -> Callable[[re.Match[str]], bool]:
    return lambda match: kind.valid(bare(match[0]))


def _issued(match: re.Match[str]) -> bool:
    digits = bare(match[0])
    return match[1] == "-" or checksums.ssn(digits) or checksums.itin(digits)


def _card(match: re.Match[str]) -> bool:
    digits = bare(match[0])
    return digits[0] in "23456" and checksums.CARD.valid(digits)


def _nass(match: re.Match[str]) -> bool:
    return match[1] != "" or checksums.NASS.valid(bare(match[0]))


def _address(match: re.Match[str]) -> bool:
    try:
        ipaddress.ip_address(match[0])
    except ValueError:
        return False
    return True


def _mixed(match: re.Match[str]) -> bool:
    return not checksums.VIN.valid(match[0])


def _form(  # noqa: PLR0913, PLR0917 - the fields of a form, in their order
    name: str,
    entity: EntityType,
    opening: str,
    pattern: str,
    score: float,
    check: Callable[[re.Match[str]], bool] | None = None,
) -> Form:
    return Form(name, entity, re.compile(opening), re.compile(pattern + _SHUT), score, check)


_NIR_GAPS: Final = 6
"""Blanks of a French number in its seven groups, which nothing else has."""


def _french(match: re.Match[str]) -> bool:
    return match[0].count(" ") >= _NIR_GAPS or _of(checksums.NIR)(match)


FORMS: Final[tuple[Form, ...]] = (
    _form("ssn", US_SSN, "9{3}", r"\d{3}([-. /])\d{2}\1\d{4}(?!-?\d)", 0.85, _issued),
    _form("ipv4", IP_ADDRESS, "9{1,3}", r"(?:\d{1,3}\.){3}\d{1,3}(?!\.\d)", 0.9, _address),
    _form("nhs", NATIONAL_ID, "9{3}|9{10}", r"\d{3}([ -]?)\d{3}\1\d{4}", 0.8, _of(checksums.NHS)),
    _form("medicare_mbi", HEALTH_PLAN_NUMBER, "9A.*", r"[1-9][AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d[- ]?[AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d[- ]?[AC-HJKMNP-RT-Y]{2}\d{2}", 0.9),
    _form("resident", NATIONAL_ID, "9{6}|9{17,18}[Aa]?", r"[1-9]\d{5}[ -]?(?:19|20)\d{2}[ ]?(?:0[1-9]|1[0-2])[ ]?(?:0[1-9]|[12]\d|3[01])[ -]?\d{3}[\dXx]", 0.95, _of(checksums.RESIDENT)),
    _form("resident_old", NATIONAL_ID, "9{15}", r"[1-8]\d{7}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}", 0.6),
    _form("nir", NATIONAL_ID, "9|9{5}.*", r"[1-478]([ .]?)\d{2}\1(?:0[1-9]|1[0-2]|[2-9]\d)\1(?:\d{2}|2[AB])\1\d{3}\1\d{3}[ ./]{0,3}\d{2}", 0.9, _french),
    _form("nir_digits", NATIONAL_ID, "9", r"\d(?: \d){5}(?: [0-9AB])(?: \d){5,9}(?! \d)", 0.6, _dealt),
    _form("german_tax", NATIONAL_ID, "9{2}|9{3}|9{11}", r"[1-9]\d(?:([ ./]?)\d{3}\1\d{3}\1\d{3}|\d[ /]\d{3}[ /]\d{5})", 0.7, _of(checksums.TAX_ID)),
    _form("german_health", HEALTH_PLAN_NUMBER, "A9{9}|A9{3}", r"[A-Z]\d{3}([ ]?)\d{3}\1\d{3}", 0.9, _of(checksums.KVNR)),
    _form("german_pension", NATIONAL_ID, "9{8}A.*|9{8}|9{2}", r"\d{2}[ ]?(?:[0-9]\d)(?:0[1-9]|1[0-2])\d{2}[ ]?[A-Z][ ]?\d{2}[ ]?\d", 0.85, lambda match: " " in match[0] or checksums.PENSION.valid(match[0])),
    _form("identity_card", NATIONAL_ID, "A[A9]{9}", r"[CFGHJKLMNPRTVWXYZ][CFGHJKLMNPRTVWXYZ0-9]{8}\d", 0.85, _of(checksums.IDENTITY_CARD)),
    _form("dni", NATIONAL_ID, "[9A]9{7}[Aa]?|9{2}|A", r"(?:[XYZxyz][- ]?\d{7}|\d{2}\.?\d{3}\.?\d{3})[- ]?[A-Za-z]", 0.85, _of(checksums.DNI)),
    _form("nass", HEALTH_PLAN_NUMBER, "9{2}|9{12}", r"\d{2}([ /-]?)\d{8}\1\d{2}", 0.8, _nass),
    _form("ahv", NATIONAL_ID, "9{3}|9{13}", r"756([. ]?)\d{4}\1\d{4}\1\d{2}", 0.9, lambda match: match[1] != "" or checksums.AHV.valid(match[0])),
    _form("svnr", NATIONAL_ID, "9{4}|9{10}", r"[1-9]\d{3}[ ]?(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-5])\d{2}(?! \d)", 0.7, _of(checksums.SVNR)),
    _form("rijksregister", NATIONAL_ID, "9{2}", r"\d{2}\.(?:0\d|1[0-2])\.\d{2}-\d{3}[.-]\d{2}", 0.9),
    _form("dea", LICENSE_NUMBER, "[Aa][Aa9]9{7}", r"[A-HJ-MPR-UXa-hj-mpr-ux][A-Za-z9]\d{7}", 0.8, _of(checksums.DEA)),
    _form("npi", LICENSE_NUMBER, "9{10}", r"[12]\d{9}", 0.7, _of(checksums.NPI)),
    _form("vin", VEHICLE_ID, "[A9]{17}", r"[A-HJ-NPR-Z0-9]{17}", 0.9, _of(checksums.VIN)),
    _form("card", CREDIT_CARD, "9{4}|9{12,19}", r"(?:\d{4}([ -])\d{4}\1\d{4}\1\d{1,4}(?:\1\d{1,3})?|\d{4}[ -]\d{6}[ -]\d{4,5}|\d{12,19})", 0.9, _card),
    _form("uuid", OTHER_ID, ".*", r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}", 0.9),
    _form("french_plate", VEHICLE_ID, "A{2}", r"[A-HJ-NP-TV-Z]{2}-\d{3}-[A-HJ-NP-TV-Z]{2}", 0.8),
    _form("nino", NATIONAL_ID, "A{2}9{6}A?|A{2}9{2}", r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{2}([ -]?)\d{2}\1\d{2}[ -]?[A-D]", 0.85),
    _form("passport", PASSPORT, "A9[A9]{7}", r"[CFGHJK][0-9][CFGHJKLMNPRTVWXYZ0-9]\d{2}[CFGHJKLMNPRTVWXYZ0-9]\d[CFGHJKLMNPRTVWXYZ0-9]{2}\d?", 0.5, lambda match: any(map(str.isalpha, match[0][1:]))),
    _form("zip_plus_4", POSTCODE, "9{5}", r"\d{5}-\d{4}(?!-)", 0.7),
    _form("country_postcode", POSTCODE, "A{1,2}", r"(?:A-\d{4}|CH-\d{4}|D-\d{5}|F-\d{5}|E-\d{5}|L-\d{4}|B-\d{4}|I-\d{5}|FL-\d{4})(?!-\d)", 0.7),
    _form("uk_postcode", POSTCODE, "A{1,2}9[9A]?", r"(?:[A-PR-UWYZ](?:\d{1,2}|[A-HK-Y]\d{1,2}|\d[A-HJKPS-UW]|[A-HK-Y]\d[ABEHMNPRV-Y]))[ ]\d[ABD-HJLNP-UW-Z]{2}(?!-)", 0.7),
    _form("uk_postcode", POSTCODE, "A{1,2}9[9A]?9A{2}", r"(?:[A-PR-UWYZ](?:\d{1,2}|[A-HK-Y]\d{1,2}|\d[A-HJKPS-UW]|[A-HK-Y]\d[ABEHMNPRV-Y]))\d[ABD-HJLNP-UW-Z]{2}(?!-)", 0.5),
    # Ireland: no letter stands there that another may be taken for; "D6W" is the one exception to its form.
    _form("eircode", POSTCODE, "A9{2}|A9A", r"(?:[AC-FHKNPRTV-Y]\d{2}|D6W)[ ](?=[A-Z\d]{0,3}\d)(?=\d{0,3}[A-Z])[AC-FHKNPRTV-Y\d]{4}(?!-)", 0.7),
    _form("canada_postcode", POSTCODE, "A9A", r"[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z][ -]\d[ABCEGHJ-NPRSTV-Z]\d(?!-)", 0.7),
    _form("canada_postcode", POSTCODE, "a9a", r"[abceghj-nprstvxy]\d[abceghj-nprstv-z] \d[abceghj-nprstv-z]\d(?!-)", 0.5),
)  # fmt: skip
LOOSE: Final[tuple[Form, ...]] = (
    _form("letters_digits", OTHER_ID, "A{1,6}9*.*", r"(?!COVID|SARS|DNA|RNA|HBV|HCV|HIV|CMV|EBV|NCT|PMID|PMC|ICD|CPT|HCPCS|NDC|ISO|HTTP|RFC|LOINC|GSE|CVE|LY|GSK|BAY|BMS|AZD|MK|PF|ISRCTN|ATC|OPS|DRG|DOI|ORPHA|OMIM|RS\d|SNOMED|CAS|EC\d|HGNC|ENS|NM_|NP_|CHEMBL|UPI|MEDI|AMG|ABT|JNJ|TAK|SCH|SB|UK|CP|RO\d|CHIR)(?:[A-Z]{1,6}-?\d{5,15}(?:[-/]?[A-Z0-9]{1,8}){0,2}|[A-Z]{1,6}-?\d{4}(?:[-/][A-Z0-9]{1,8}){1,2}|[A-Z]\d{2}-\d{4,8})", 0.4),
    _form("digits_letters", OTHER_ID, "9{4,12}", r"\d{4,12}-[A-Z]{1,5}(?:-?\d{1,8})?", 0.4),
    _form("mixed", OTHER_ID, "[A9]{9,25}", r"(?!NCT|PMC|PMID|ISRCTN|CHEMBL|ENS|DRKS|DNA|RNA)(?=(?:[A-Z]{0,12}\d){4})(?=[A-Z0-9]{0,24}[A-Z])[A-Z0-9]{9,25}(?![-])", 0.4, _mixed),
    # Not the root of ISO's object identifiers: 2.16.840.1.113883.19.5 is a list of codes.
    _form("dsn", OTHER_ID, "9{1,3}", r"(?!1\.(?:2|3)\.\d|2\.16\.\d)\d{1,3}(?:\.\d{1,6}){5,20}", 0.4),
    _form("digits", OTHER_ID, "9{7,40}", r"\d{7,40}", 0.45),
)  # fmt: skip
_CODES: Final = re.compile(
    r"(?:pmid|pmcid|pmc|nct|doi|snomed(?:[ -]?ct)?|cpt|icd(?:-?\d{1,2})?(?:-?(?:cm|gm|pcs))?|loinc|rxnorm|ndc|hcpcs|isbn(?:-?1[03])?|issn|isrctn|eudract|rs|ec|cas|umls|atc|orpha(?:net)?|omim|mesh|ops|pzn|ref|cat|catalog|code|sct|gtin|article|art|drks|nice|cie(?:-?\d{1,2})?|准字|注册证号|批准文号|loi|decrets?|arretes?|ley|real decreto|directive|ccam|cim(?:-?\d{1,2})?|lpp|cip13|cis)"
    r"[\s:#(.|\]]{0,3}(?:n[o°]?\.?|nr\.?|id|code|number|cat)?[\s:#.]{0,3}\Z"
)
"""Public code systems and laws: what follows their names is about a thing, not a person."""
_COUNTED: Final = re.compile(
    r"[ ]?(?:/(?!\d|/|[ ](?!(?:[µu]?l|ml|mm|kg|h|d|min)\b))|x ?10|\u00d7|10\^|cells|cel|celulas|zellen|mg|mcg|µg|ug|ng|ml|iu\b|ui\b|ie\b|u/|units?|unites|unidades|einheiten|copies|kopien|copias|steps|patients|pacientes|patienten|people|personas|platelets|plaquetas|thrombozyten|leukozyten|leucocit|leucocyt|erythro|hematies|per\b|pro\b|k\b|usd|dollars|eur|€|\$|£|ufc|kbe|cfu|lpk|euros?|millon|million|mio|gy|kcal|kj|log|%|hz|dalton|bp\b|元|万|个|拷贝|单位)"
)


def private(folded: str, start: int, end: int) -> bool:
    """Say whether a number is no public code, and no count of something."""
    if _COUNTED.match(folded, end) is not None:
        return False
    return _CODES.search(folded, start - 18 if start > 18 else 0, start) is None  # noqa: PLR2004 - the longest name


_MEMORY: Final[dict[tuple[str, bool], tuple[Form, ...]]] = {}
_FIRST: Final = re.compile(r"[9Aa]+")
_FULLEST: Final = 4096


def _tried(shape: str, *, loose: bool) -> tuple[Form, ...]:
    """Return the forms that a unit of `shape` may begin."""
    match = _FIRST.match(shape)
    first = match[0][:_LONGEST_SHAPE] if match and match.end() <= _LONGEST_SHAPE else shape[:26]
    tried = _MEMORY.get((first, loose))
    if tried is None:
        tried = tuple(form for form in (LOOSE if loose else FORMS) if form.opening.fullmatch(first))
        if len(_MEMORY) < _FULLEST:
            _MEMORY[first, loose] = tried
    return tried


def at(text: str, unit: Unit, *, loose: bool) -> tuple[int, Form] | None:
    """Return where the identifier that begins at `unit` ends, and its form; or None.

    `loose` tries the forms of other numbers: letters and digits, seven digits and more.
    """
    for form in _tried(unit.shape, loose=loose):
        match = form.pattern.match(text, unit.start)
        if match is not None and (form.check is None or form.check(match)):
            return match.end(), form
    return None


def every(text: str, unit: Unit) -> list[tuple[int, Form]]:
    """Return all strict forms of the identifier that begins at `unit`; they end at the same place.

    Ten digits may be a valid number of two kinds: then both are said, and the stricter treated.
    """
    found: list[tuple[int, Form]] = []
    for form in _tried(unit.shape, loose=False):
        match = form.pattern.match(text, unit.start)
        if match is None or (found and match.end() != found[0][0]):
            continue
        if form.check is None or form.check(match):
            found.append((match.end(), form))
    return found


_IBAN: Final = re.compile(r"[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]){11,30}")


def iban(text: str, start: int) -> int | None:
    """Return where the IBAN that begins at `start` ends, if its check digits hold."""
    length = IBAN_LENGTHS.get(text[start : start + 2].upper())
    match = _IBAN.match(text, start) if length else None
    if match is None:
        return None
    end, count = start, 0
    while end < match.end() and count < (length or 0):
        count += text[end] not in " -"
        end += 1
    value = text[start:end]
    if text[end : end + 1].isalnum() or not checksums.IBAN.valid(bare(value)):
        return None
    # Words may make the check digits right: small letters stand in no group but one of four.
    fours = all(len(group) == 4 for group in re.split("[ -]", value)[:-1])  # noqa: PLR2004 - ISO 13616, 5.3
    return end if fours or value.upper() == value else None


_NINO: Final = re.compile(r"\d{2}[ ]?\d{2}[ ]?\d{2}[ ]?[A-D](?![0-9A-Za-z])")
_NINO_PREFIX: Final = re.compile(r"(?<![0-9A-Za-z])[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] \Z")
_PROVINCES: Final = frozenset("京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领")
_CHINESE_PLATE: Final = re.compile(r"[A-Z][·. ]?[A-Z0-9]{4,5}[A-Z0-9挂学警港澳](?![0-9A-Za-z])")


def behind(text: str, unit: Unit) -> tuple[int, int, str, EntityType] | None:
    """Return an identifier that begins a little before `unit`: a NINO in groups, a Chinese plate."""
    start = unit.start
    if start > 2 and text[start - 1] == " " and unit.shape == "99":  # noqa: PLR2004 - two letters and a space
        match = _NINO.match(text, start)
        if match and _NINO_PREFIX.search(text, start - 3, start):
            return start - 3, match.end(), "nino", NATIONAL_ID
    for back in (1, 2, 3):
        if start >= back and text[start - back] in _PROVINCES:
            match = _CHINESE_PLATE.match(text, start - back + 1)
            if match and match.end() >= unit.end:
                return start - back, match.end(), "chinese_plate", VEHICLE_ID
    return None
