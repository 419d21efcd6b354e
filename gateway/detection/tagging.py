"""What a tagger says of a text, as findings: its types by our names, ages read, shapes looked at.

Rule: what a tagger calls a contact or an id is of no exact type, and has at most the score `VAGUE`:
where a rule finds the same characters, the rule knows better, and its type is the one that counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, Protocol

from gateway.detection.vocabulary import is_word
from gateway.domain.entities import (
    AGE,
    AGE_OVER_89,
    DATE_TIME,
    EMAIL_ADDRESS,
    FAX_NUMBER,
    LOCATION,
    ORGANIZATION,
    OTHER_ID,
    PERSON,
    PHONE_NUMBER,
    POSTCODE,
    STREET_ADDRESS,
    URL,
    USERNAME,
    EntityType,
)
from gateway.domain.findings import Finding

RECOGNIZER: Final = "tagger"
VAGUE: Final = 0.5
_SURE: Final = 0.8
"""From here on an everyday word in small letters is a name all the same: "rose called"."""
_LIKELY: Final = 0.4
"""Below this any other word in small letters is none where capitals stand in a sentence around."""
_AROUND: Final = 80
_CAPITALISED: Final = re.compile(r"[a-zà-ÿ],?[ ](?:[A-ZÀ-ÖØ-Þ][a-zà-ÿ]{2})")
_LAST_LATIN: Final = "\u024f"
_LEAST: Final = 0.01
"""Presidio drops a result with a score of 0 and says nothing; what a tagger names is a finding."""


class Tag(Protocol):
    """Something named in a text: characters `start` to `end`, what it is, and how sure."""

    @property
    def start(self) -> int: ...  # noqa: D102
    @property
    def end(self) -> int: ...  # noqa: D102
    @property
    def label(self) -> str: ...  # noqa: D102
    @property
    def score(self) -> float: ...  # noqa: D102


class Tagger(Protocol):
    """A token classifier. The detector owns it: it closes what it was given."""

    async def tag_soon(self, texts: Sequence[str]) -> Sequence[Sequence[Tag]]:
        """Return the tags of each text, in the order of the texts; disjoint and in order.

        Many calls may run at once, and what they ask is computed together. Raises on any failure:
        a part of an answer is none. Cancelling the call drops what has not run.
        """
        ...

    @property
    def healthy(self) -> bool:
        """Whether it can answer."""
        ...

    def close(self) -> None:
        """End its threads. Calls that wait fail."""
        ...


_SHORTER: Final = re.compile(
    r"[\s-]{0,2}(?:minutes?|min|hours?|hrs?|days?|weeks?|wks?|months?|mos?|mths?|tage?n?|wochen?|"
    r"monate?n?|stunden?|jours?|semaines?|mois|heures?|d[ií]as?|semanas?|mes(?:es)?|horas?)\b"
    r"|[\s-]{0,2}(?:个月|小时|分钟|[天日周月])",
    re.IGNORECASE,
)
"""Units of age that are no years."""
_NUMBER: Final = re.compile(r"(?<![\d.,])\d{1,3}(?!\d)")
_IN_WORDS: Final = re.compile(
    r"ninet(?:y|ie)|nonagen|centenar|hundred|neunzig|hundert|noventa|\bcien|quatre[\s-]?vingts?[\s-]?dix"
    r"|nonante|\bcent(?:\b|enaire)|九十|百",
    re.IGNORECASE,
)
_OLDEST_COMMON: Final = 89
_AFTER: Final = 16
"""Characters behind an age in which its unit may stand."""
_WEB: Final = re.compile(r"https?://|www\.|[^\s@]{1,200}\.[a-z]{2,12}(?:/|\Z)", re.IGNORECASE)
_EMAIL: Final = re.compile(r"[^\s@]{1,200}@[^\s@]{1,200}\.[^\s@.]{2,40}")
_LEAST_DIGITS: Final = 3
_NO_PHONE: Final = re.compile(r"(?!0|86|49|33|34|44)\d{12,}")
"""Digits in a row that are too many for a telephone number without the code of a country."""
_DOSES: Final = re.compile(r"\d{1,3}(?:-\d{1,3}){2,3}")
"""How much is taken in the morning, at noon, in the evening and at night: "18-0-12"."""
_REGISTER: Final = (
    r"(?:(?<![A-Za-z0-9])(?:PMID|PMCID|NCT|DOI|ISBN|ISSN|ISRCTN|EudraCT|ICD|LOINC|SNOMED|CPT|NDC|ATC|CAS|RRID|PZN|GTIN|Zulassungs(?:nummer|-?Nr))|国药准字)(?:-?10)?(?:编码|代码)?"
    r"[-\s:#.(]{0,4}"
)
_PUBLIC: Final = re.compile(_REGISTER + r"[A-Z]{0,3}\d", re.IGNORECASE)
_PUBLIC_BEFORE: Final = re.compile(_REGISTER + r"\Z", re.IGNORECASE)
"""Registers that are public: of articles, trials, codes and substances, not of patients."""
_ICD: Final = re.compile(r"[A-TV-Z]\d[0-9AB]\.\d{1,2}[A-Z]?[-!*+]?")
"""A disease in ICD-10 and its national editions, with the dot that rooms and wards do not have."""
_POSTCODE: Final = re.compile(
    r"(?:[A-Z]{1,3}-)?\d{4,6}(?:-\d{3,4})?|\d{2} \d{3}|\d{4} ?[A-Z]{2}"
    r"|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|[A-Z]\d[A-Z] ?\d[A-Z]\d"
)
_FAX: Final = re.compile(r"fax|传真", re.IGNORECASE)
_BEFORE: Final = 16
"""Characters before a number in which its label may stand."""


def _age(text: str, tag: Tag) -> EntityType:
    """Return over 89 where a number of 90 years or more is read (45 CFR 164.514(b)(2)(i)(C))."""
    value = text[tag.start : tag.end]
    for number in _NUMBER.finditer(value):
        after = text[tag.start + number.end() : tag.end + _AFTER]
        if int(number[0]) > _OLDEST_COMMON and not _SHORTER.match(after):
            return AGE_OVER_89
    spelt = _IN_WORDS.search(value)
    if spelt and not _SHORTER.search(text[tag.start + spelt.end() : tag.end + _AFTER]):
        return AGE_OVER_89
    return AGE


def _contact(text: str, tag: Tag) -> EntityType:
    value = text[tag.start : tag.end]
    if _EMAIL.search(value):
        return EMAIL_ADDRESS
    if _WEB.search(value):
        return URL
    if "@" in value and sum(char.isdigit() for char in value) < _LEAST_DIGITS:
        return USERNAME
    if _NO_PHONE.fullmatch(value):
        return OTHER_ID
    return FAX_NUMBER if _FAX.search(text[max(0, tag.start - _BEFORE) : tag.end]) else PHONE_NUMBER


def _is_public(text: str, tag: Tag) -> bool:
    """Say whether a number is a disease's, or of a public register that it names or follows."""
    if _ICD.fullmatch(text, tag.start, tag.end):
        return True
    before = text[max(0, tag.start - _BEFORE) : tag.start]
    return bool(_PUBLIC.match(text, tag.start, tag.end) or _PUBLIC_BEFORE.search(before))


def _is_dosage(text: str, tag: Tag) -> bool:
    """Say whether what may be a date holds a nought where no date has one."""
    value = text[tag.start : tag.end]
    return _DOSES.fullmatch(value) is not None and "0" in value.split("-")


def _always(entity: EntityType) -> Callable[[str, Tag], EntityType]:
    return lambda _text, _tag: entity


def _street(text: str, tag: Tag) -> EntityType:
    # The tagger learns streets and post codes as one kind; a post code has a form of its own.
    return POSTCODE if _POSTCODE.fullmatch(text, tag.start, tag.end) else STREET_ADDRESS


_TYPES: Final[dict[str, Callable[[str, Tag], EntityType]]] = {
    "PERSON": _always(PERSON),
    "LOCATION": _always(LOCATION),
    "ORGANIZATION": _always(ORGANIZATION),
    "STREET_ADDRESS": _street,
    "DATE_TIME": _always(DATE_TIME),
    "AGE": _age,
    "CONTACT": _contact,
    "ID": _always(OTHER_ID),
}
LABELS: Final = frozenset(_TYPES)
"""What a tagger may say. Weights that say anything else are not for this gateway."""
ENTITIES: Final = (
    *(PERSON, LOCATION, ORGANIZATION, STREET_ADDRESS, POSTCODE, DATE_TIME, AGE, AGE_OVER_89),
    *(EMAIL_ADDRESS, URL, USERNAME, FAX_NUMBER, PHONE_NUMBER, OTHER_ID),
)
_VAGUE: Final = frozenset({"CONTACT", "ID"})
_NAMING: Final = frozenset({"PERSON", "LOCATION", "ORGANIZATION"})


def _is_everyday(text: str, tag: Tag) -> bool:
    """Say whether a doubtful tag is a word in small letters, and no name: "is", "celador".

    Who writes a name small writes others so, too: among capitals the tagger has to be surer.
    """
    value = text[tag.start : tag.end]
    if tag.score >= _SURE or tag.label not in _NAMING or not value.islower():
        return False
    if is_word(value):
        return True
    if tag.label == "LOCATION" or not value.isalpha() or value[0] > _LAST_LATIN:
        return False
    around = text[max(0, tag.start - _AROUND) : tag.end + _AROUND]
    return tag.score < _LIKELY and _CAPITALISED.search(around) is not None


def _is_nobodys(text: str, tag: Tag) -> bool:
    """Say whether what the tagger found identifies nobody by its form."""
    match tag.label:
        case "ID":
            return _is_public(text, tag)
        case "DATE_TIME":
            return _is_dosage(text, tag)
        case _:
            return _is_everyday(text, tag)


def findings(text: str, tags: Iterable[Tag]) -> Iterator[Finding]:
    """Yield a finding for each tag of `text` that may identify.

    `KeyError` for a label that is none of `LABELS`, `ValueError` for a tag that makes no sense.
    """
    for tag in tags:
        if not (0 <= tag.start < tag.end <= len(text) and 0 <= tag.score <= 1):
            raise ValueError("a tag lies in its text, and its score is a probability")
        if _is_nobodys(text, tag):
            continue
        entity = _TYPES[tag.label](text, tag)
        score = max(min(tag.score, VAGUE) if tag.label in _VAGUE else tag.score, _LEAST)
        yield Finding(tag.start, tag.end, entity, score, f"{RECOGNIZER}.{tag.label.lower()}")
