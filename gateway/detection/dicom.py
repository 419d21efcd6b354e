"""A header of DICOM printed as text: "(0010,0010) PN [Phan^Thi]", "(0010,0010) ... PN: 'Phan^Thi'".

What an element holds is said by its tag (PS3.6), and by its value representation where that means
one thing only (PS3.5, 6.2). Which elements identify somebody is PS3.15, table E.1-1.
"""

from __future__ import annotations

import re
from typing import Final

from gateway.detection.rules import Check, Rule, Rules
from gateway.domain.entities import (
    AGE,
    AGE_OVER_89,
    DATE_OF_BIRTH,
    DATE_TIME,
    DEVICE_ID,
    LOCATION,
    MEDICAL_RECORD_NUMBER,
    ORGANIZATION,
    OTHER_ID,
    PERSON,
    PHONE_NUMBER,
    STREET_ADDRESS,
    EntityType,
)

_CUE: Final = "(00"
"""What every element that stands in a dump begins with: its group is a small number."""
_ANY: Final = r"[0-9A-Fa-f]{4},[ ]?[0-9A-Fa-f]{4}"
_NAME: Final = r"[ ](?:[^\n\[\]\"(]{0,60}[ ])?"
"""What stands before the representation: nothing, or the element's name, as pydicom prints it."""
_VALUE: Final = (
    r":?[ ]{1,4}(?:#[ ]?[0-9]{1,6}[ ])?[\['\"]"
    r"(?P<value>(?<=\[)[^\]\n]{1,400}(?=\])|(?<=['\"])[^'\"\n]{1,400}(?=['\"]))"
)
_PUBLIC: Final = "1.2.840.10008."
"""The root of what the standard itself names: transfer syntaxes, classes (PS3.5, 9)."""


def _rule(
    name: str,
    entity: EntityType,
    *,
    tags: str = _ANY,
    representation: str = "[A-Z]{2}",
    check: Check | None = None,
) -> Rule:
    pattern = rf"\((?:{tags})\){_NAME}(?:{representation}){_VALUE}"
    return Rule(f"label.dicom_{name}", entity, re.compile(pattern), 0.9, check, (_CUE,))


def _is_somebodys(match: re.Match[str]) -> bool:
    return not match["value"].startswith(_PUBLIC)


def _is_common(match: re.Match[str]) -> bool:
    return not _is_old(match)


def _is_old(match: re.Match[str]) -> bool:
    """Say whether an age string ("091Y") is one of 90 years and more."""
    return match["value"][:3] > "089" and match["value"].endswith("Y")


RULES: Final[Rules] = (
    _rule("name", PERSON, representation="PN"),
    _rule("birth", DATE_OF_BIRTH, tags=r"0010,[ ]?003[02]"),
    _rule("date", DATE_TIME, representation="D[AT]"),
    _rule("age", AGE, representation="AS", check=_is_common),
    _rule("age_old", AGE_OVER_89, representation="AS", check=_is_old),
    _rule("uid", OTHER_ID, representation="UI", check=_is_somebodys),
    _rule("mrn", MEDICAL_RECORD_NUMBER, tags=r"0010,[ ]?(?:0020|100[012])"),
    # Accession number, study id, admission, orders and requests of a procedure.
    _rule(
        "number",
        OTHER_ID,
        tags=r"0008,[ ]?0050|0020,[ ]?0010|0038,[ ]?(?:0010|0060)|0010,[ ]?1090"
        r"|0040,[ ]?(?:0009|1001|2016|2017|0253)",
    ),
    _rule("device", DEVICE_ID, tags=r"0018,[ ]?(?:1000|1002|700A|700a)|0008,[ ]?1010"),
    _rule("institution", ORGANIZATION, tags=r"0008,[ ]?(?:0080|1040)|0040,[ ]?0241"),
    _rule("address", STREET_ADDRESS, tags=r"0008,[ ]?0081|0010,[ ]?1040|0008,[ ]?0092"),
    _rule("phone", PHONE_NUMBER, tags=r"0010,[ ]?2154|0008,[ ]?0094|0040,[ ]?2010"),
    _rule("place", LOCATION, tags=r"0010,[ ]?215[02]|0038,[ ]?(?:0300|0400)"),
)
"""Tags: PS3.6, table 6-1."""
