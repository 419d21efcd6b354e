"""Identifiers that their form or check digit gives away, without any word beside them.

Without a label the check digit must hold; with one it need not (`labelled.py`), because a mistyped
number still points at the patient.
"""

# ruff: noqa: E501 - a pattern cut to a hundred columns is read worse than a long one

from __future__ import annotations

import re
from typing import Final

from gateway.detection.rules import Rule, Rules, folded, is_calendar_date
from gateway.domain import checksums
from gateway.domain.checksums import bare
from gateway.domain.entities import (
    CREDIT_CARD,
    DEVICE_ID,
    HEALTH_PLAN_NUMBER,
    IBAN_CODE,
    LICENSE_NUMBER,
    NATIONAL_ID,
    OTHER_ID,
    PHOTO_ID,
    US_SSN,
    VEHICLE_ID,
)

_OPEN: Final = r"(?<![\w.])"
_SHUT: Final = r"(?![\w]|[.,]\d)"
_LEAST_GROUPED: Final = 7
"""Digits of a hyphenated number: shorter ones are ranges."""
_CARD_LENGTHS: Final = range(12, 20)
_CODES: Final = re.compile(
    r"(?:pmid|pmc|nct|doi|snomed(?:[ -]?ct)?|cpt|icd(?:-?\d{1,2})?|loinc|rxnorm|ndc|hcpcs|isbn|issn|rs|ec|cas|umls|atc|orpha|omim|mesh)"
    r"[\s:#(.]{0,3}(?:no\.?|id|code|number)?[\s:#]{0,3}\Z",
    re.IGNORECASE,
)
"""Public code systems: what follows their names is about a thing, not a person."""
_UNITS: Final = re.compile(
    r"[ ]?(?:/|x ?10|cells|mg|mcg|ml|iu\b|units?|copies|steps|patients|people|platelets|per\b|k\b|usd|dollars|eur)",
    re.IGNORECASE,
)


def _card(match: re.Match[str]) -> bool:
    digits = bare(match[0])
    return len(digits) in _CARD_LENGTHS and len(set(digits)) > 1 and checksums.luhn(digits)


def _iban(match: re.Match[str]) -> bool:
    value = bare(match[0])
    return 15 <= len(value) <= 34 and checksums.IBAN.valid(value)  # noqa: PLR2004 - ISO 13616


def _private(match: re.Match[str]) -> bool:
    """Say whether a number is no public code, and no count of something."""
    before = match.string[max(0, match.start() - 16) : match.start()]
    return _CODES.search(before) is None and _UNITS.match(match.string, match.end()) is None


SSN: Final = Rule(
    "id.ssn",
    US_SSN,
    re.compile(rf"{_OPEN}(?<!-)\d{{3}}([-. /])\d{{2}}\1\d{{4}}(?!-?\d)(?!\.\d)"),
    0.85,
)
CARD: Final = Rule(
    "id.card", CREDIT_CARD, re.compile(r"(?<![\w.])\d(?:[ -]?\d){11,18}(?![\w]|[.]\d)"), 0.9, _card
)
IBAN: Final = Rule(
    "id.iban",
    IBAN_CODE,
    re.compile(
        rf"{_OPEN}[A-Za-z]{{2}}\d{{2}}(?:[ -]?[A-Za-z0-9]{{2,4}}){{2,8}}(?:[ -]?[A-Za-z0-9]{{1,3}})?{_SHUT}"
    ),
    0.95,
    _iban,
)
NHS: Final = Rule(
    "id.nhs",
    NATIONAL_ID,
    re.compile(rf"{_OPEN}\d{{3}}[ -]?\d{{3}}[ -]?\d{{4}}{_SHUT}"),
    0.8,
    lambda match: checksums.NHS.valid(bare(match[0])),
)
MBI: Final = Rule(
    "id.medicare_mbi",
    HEALTH_PLAN_NUMBER,
    re.compile(
        rf"{_OPEN}[1-9][AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d-?[AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d-?[AC-HJKMNP-RT-Y]{{2}}\d{{2}}{_SHUT}"
    ),
    0.9,
)
UUID: Final = Rule(
    "id.uuid",
    OTHER_ID,
    re.compile(r"(?<!\w)[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}(?!\w)"),
    0.9,
    cues=("-",),
)
DIGITS: Final = Rule(
    "id.digits", OTHER_ID, re.compile(r"(?<![\w.,])#?\d{7,40}(?!\w|[.,]\d)"), 0.45, _private
)

SHAPED: Final[Rules] = (SSN, CARD, IBAN, NHS, MBI, UUID)
RULES: Final[Rules] = (
    *SHAPED,
    DIGITS,
    Rule(
        "id.digits_hyphenated",
        OTHER_ID,
        re.compile(r"(?<![\w.,/\-])#?\d{2,8}(?:-\d{2,8}){1,4}(?![\w/\-]|[.,]\d)"),
        0.4,
        lambda match: (
            len(bare(match[0])) >= _LEAST_GROUPED
            and not is_calendar_date(match[0])
            and _private(match)
        ),
    ),
    Rule(
        "id.letters_digits",
        OTHER_ID,
        re.compile(
            r"(?<![\w./\-])#?(?!COVID|SARS|NCT|PMID|PMC|ICD|CPT|HCPCS|NDC|ISO|HTTP|RFC|LOINC|GSE|CVE|LY|GSK)[A-Z]{1,6}-?\d{4,15}(?:-?[A-Z0-9]{1,8}){0,2}(?!\w)"
        ),
        0.4,
        _private,
    ),
    Rule(
        "id.digits_letters",
        OTHER_ID,
        re.compile(r"(?<![\w./\-])\d{4,12}-[A-Z]{1,5}(?:-?\d{1,8})?(?!\w)"),
        0.4,
        _private,
    ),
    Rule(
        "id.mixed",
        OTHER_ID,
        re.compile(
            r"(?<![\w./\-])(?!NCT|PMC|PMID)(?=(?:[A-Z]{0,12}\d){4})(?=[A-Z0-9]{0,24}[A-Z])[A-Z0-9]{9,25}(?![\w\-])"
        ),
        0.4,
        _private,
    ),
    Rule(
        "id.hashed",
        OTHER_ID,
        re.compile(r"(?<![\w&])#[ ]?(?=(?:[A-Za-z\-]{0,5}\d){3})\w{1,20}(?:-\w{1,12}){0,3}\b"),
        0.5,
    ),
    Rule(
        "id.dea",
        LICENSE_NUMBER,
        re.compile(rf"{_OPEN}[ABCDEFGHJKLMPRSTUXabcdefghjklmprstux][A-Za-z9]\d{{7}}{_SHUT}"),
        0.8,
        lambda match: checksums.DEA.valid(match[0].upper()),
    ),
    Rule(
        "id.npi",
        LICENSE_NUMBER,
        re.compile(rf"{_OPEN}[12]\d{{9}}{_SHUT}"),
        0.7,
        lambda match: checksums.NPI.valid(match[0]),
    ),
    Rule(
        "id.vin",
        VEHICLE_ID,
        re.compile(r"(?<!\w)[A-HJ-NPR-Z0-9]{17}(?!\w)"),
        0.9,
        lambda match: checksums.VIN.valid(match[0]),
    ),
    Rule(
        "id.udi",
        DEVICE_ID,
        re.compile(
            r"\(01\)[ ]?\d{14}(?:[ ]?\((?:10|11|17|21|240)\)[ ]?[A-Za-z0-9./\-]{1,20}){0,4}"
        ),
        0.95,
        cues=("(01)",),
    ),
    folded(
        "id.photo_file",
        PHOTO_ID,
        r"(?<![\w/])[\w\-]{1,60}(?:[ ][\w\-]{1,20})?\.(?:jpe?g|png|tiff?|heic|bmp|gif|dcm|dicom|raw|webp|mp4|mov)\b",
        0.6,
        cues=(".",),
    ),
    Rule(
        "id.dni",
        NATIONAL_ID,
        re.compile(r"(?<!\w)[XYZ\d]\d{7}-?[A-Z](?!\w)"),
        0.85,
        lambda match: checksums.DNI.valid(bare(match[0])),
    ),
    Rule(
        "id.nir",
        NATIONAL_ID,
        re.compile(
            rf"{_OPEN}[12][ ]?\d{{2}}[ ]?(?:0[1-9]|1[0-2]|[2-9]\d)[ ]?(?:\d{{2}}|2[AB])[ ]?\d{{3}}[ ]?\d{{3}}[ ]?\d{{2}}{_SHUT}"
        ),
        0.9,
        lambda match: checksums.NIR.valid(bare(match[0])),
    ),
    Rule(
        "id.resident",
        NATIONAL_ID,
        re.compile(
            r"(?<!\d)[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?![\dXx])"
        ),
        0.95,
        lambda match: checksums.RESIDENT.valid(match[0].upper()),
    ),
    Rule(
        "id.german_tax",
        NATIONAL_ID,
        re.compile(rf"{_OPEN}[1-9]\d[ ]?\d{{3}}[ ]?\d{{3}}[ ]?\d{{3}}{_SHUT}"),
        0.7,
        lambda match: checksums.TAX_ID.valid(bare(match[0])),
    ),
    Rule(
        "id.german_health",
        HEALTH_PLAN_NUMBER,
        re.compile(r"(?<!\w)[A-Z]\d{9}(?!\w)"),
        0.9,
        lambda match: checksums.KVNR.valid(match[0]),
    ),
    Rule(
        "id.nino",
        NATIONAL_ID,
        re.compile(
            r"(?<!\w)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z][ ]?\d{2}[ ]?\d{2}[ ]?\d{2}[ ]?[A-D](?!\w)"
        ),
        0.85,
    ),
    Rule("id.dsn", OTHER_ID, re.compile(r"(?<![\w-])\d{1,3}(?:\.\d{1,6}){5,20}(?!\w)"), 0.4),
)
