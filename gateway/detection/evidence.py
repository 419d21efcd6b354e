"""How much a finding weighs: what the rules of merging, of propagation and of allow-lists ask.

A finding insists where something beside the words themselves says what they are: a title, a label,
a structured field, a check digit, the site's dictionary. No list of harmless words silences it.
"""

from __future__ import annotations

from typing import Final

from gateway.domain.entities import (
    AGE,
    AGE_OVER_89,
    CREDIT_CARD,
    DATE_OF_BIRTH,
    DATE_TIME,
    LOCATION,
    ORGANIZATION,
    OTHER_ID,
    PERSON,
    PHONE_NUMBER,
    POSTCODE,
    STREET_ADDRESS,
    EntityType,
)
from gateway.domain.findings import Finding

SURE: Final = 0.85
"""Least score of a finding with a label, a title or a checksum of its own,"""
FIRM: Final = 0.55
"""and of one that is more likely than not."""
_INSISTENT: Final = (
    "name.titled",
    "name.labelled",
    "name.credential",
    "name.said",
    "name.cjk",
    "address.",
    "birth.labelled",
    "label.",
    "dictionary.",
    "structured.",
    "propagated.",
)
_STRUCTURED: Final = "structured."
TEXTUAL: Final = frozenset({PERSON, ORGANIZATION, LOCATION, STREET_ADDRESS})
"""Types that are words, and are bounded by nothing but their meaning."""
TIMES: Final = frozenset({DATE_OF_BIRTH, DATE_TIME})
AGES: Final = frozenset({AGE, AGE_OVER_89})
_KINDS: Final = {
    **dict.fromkeys(TEXTUAL, 1),
    POSTCODE: 1,
    **dict.fromkeys(TIMES, 2),
    **dict.fromkeys(AGES, 3),
}
_EXACTNESS: Final = {CREDIT_CARD: 1, PHONE_NUMBER: 1, OTHER_ID: 2, ORGANIZATION: 1, LOCATION: 2}
"""Among types of one kind that say the same of the same characters: what is not here is exact.

A card's one check digit fits one number in ten, and telephone numbers have hardly a form.
"""


def insists(finding: Finding) -> bool:
    """Say whether something beside its words says what the finding is."""
    return finding.recognizer.startswith(_INSISTENT)


def is_structured(finding: Finding) -> bool:
    """Say whether a structured payload named it: a field of FHIR or HL7 v2, a column."""
    return finding.recognizer.startswith(_STRUCTURED)


def is_weak(finding: Finding) -> bool:
    """Say whether words alone make it a finding, so that an allow-list may silence it."""
    return finding.entity in TEXTUAL and not insists(finding)


def level(finding: Finding) -> int:
    """Return 0 for a structured field, 1 for sure, 2 for firm, 3 for weak.

    Words that only look like a name, and whatever only the tagger says, are firm at best.
    """
    if is_structured(finding):
        return 0
    guessed = finding.recognizer.startswith("tagger") or is_weak(finding)
    if finding.score >= SURE and not guessed:
        return 1
    return 2 if finding.score >= FIRM else 3


def rank(finding: Finding) -> tuple[int, int, int, int, float, str, str, int]:
    """Return what orders findings that overlap, the strongest first. No two different are equal.

    How sure it is; then its kind (a number or address of the net before words, these before dates,
    these before ages); then the longer; then the more exact type; then the higher score.
    """
    return (
        level(finding),
        _KINDS.get(finding.entity, 0),
        finding.start - finding.end,
        _EXACTNESS.get(finding.entity, 0),
        -finding.score,
        finding.entity,
        finding.recognizer,
        finding.start,
    )


def same_type(one: EntityType, two: EntityType) -> EntityType | None:
    """Return what two overlapping findings are together, if they are the same sort of thing.

    A date that may be a birth date is one, and so with ages over 89: the stricter rule holds.
    """
    if one == two:
        return one
    for strict, sort in ((DATE_OF_BIRTH, TIMES), (AGE_OVER_89, AGES)):
        if one in sort and two in sort:
            return strict
    return None
