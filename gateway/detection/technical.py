"""What belongs to programs and to books: packages, versions, files, ports, numbered chapters.

A tagger takes the dots, colons and digits of such things for an address, a telephone number or a
date. Rule: their form or the word before them tells; what could as well be somebody's stays.
"""

# ruff: noqa: E501 - a pattern cut to a hundred columns is read worse than a long one

from __future__ import annotations

import re
from typing import Final

from gateway.detection.label_words import GAPS
from gateway.domain.entities import (
    DATE_TIME,
    LOCATION,
    ORGANIZATION,
    OTHER_ID,
    PERSON,
    PHONE_NUMBER,
    URL,
    USERNAME,
    EntityType,
)

_VERSION: Final = r"[\"'^~=v]{0,3}[0-9]{1,3}(?:\.[0-9]{1,3}){1,2}(?:[-.+](?i:alpine|alpha|beta|rc|dev|post|slim|snapshot|release|final|bookworm|jre|jdk)[\w.]{0,12})?"
_PROGRAM: Final = re.compile(
    r"(?:java|javax|jakarta|kotlin|scala|android|django|numpy|torch|asyncio)(?:\.\w{1,40}){1,8}"
    r"|(?:org|com|net|io)\.[a-z][\w$]{1,30}(?:\.[\w$<>]{1,40}){0,7}(?:\.[A-Z][\w$]{0,40}|\.(?:main|run|init|call|get|invoke))"
    rf"|@?[\w.-]{{1,40}}(?:/[\w.-]{{1,40}})?@{_VERSION}"
    r"|[\w$-]{1,40}\.(?:java|jsx?|tsx?|cpp|kt|php|xsd|xsl|ya?ml|toml|ini|conf|cfg|sql)(?::[0-9]{1,6}){0,2}"
    r"|[\w$-]{1,40}\.(?:py|cc|go|rs|rb|cs|sh|swift)(?::[0-9]{1,6}){1,2}"
    r"|x86(?:[_-]64)?|[0-9]{2,5}:[0-9]{2,5}"
)
"""A package and its class, a package of npm, a file and its line, a processor, a port and its map."""
_VERSIONED: Final = re.compile(rf"(?:\w{{1,20}}[:=])?{_VERSION}")
_EXTENSION: Final = re.compile(r"[0-9]{2}\.[0-9]{2}")
"""What a version could be, and a telephone within a French house is: "poste 66.43"."""
_MOST_DIGITS: Final = 5
"""Digits of a version: more may be a telephone number with its dots."""
_CONTACTS: Final = frozenset({PHONE_NUMBER, URL, USERNAME})
_NAMING: Final = frozenset({PERSON, LOCATION, ORGANIZATION})
_ATTRIBUTE: Final = re.compile(r"[a-z]{1,12}\.[a-z]{1,20}_[a-z_]{1,30}")
"""What a program asks of a variable: "s.room_id"."""
_NUMBERED: Final = re.compile(r"[0-9]{1,3}(?:[.-][0-9]{1,3}){0,3}[a-z]?")
_NUMBERED_BEFORE: Final = re.compile(
    r"\b(?:empfehlung|statement|kapitel|kap|abschnitt|tabelle|tab|abbildung|abb|ziffer|leitsatz|anhang|anlage|section|sect|chapter|table|figure|fig|recommendation|appendix|annex"
    r"|cap[ií]tulo|secci[oó]n|apartado|tabla|figura|anexo|recomendaci[oó]n|chapitre|tableau|annexe|recommandation|paragraphe|article|art[ií]culo|version|versi[oó]n|release)s?[.:]?[ ]{1,2}\Z"
    r"|(?:§|[表图第])[ ]?\Z",
    re.IGNORECASE,
)
_YEAR: Final = re.compile(r"(?:19|20)[0-9]{2}")
_EDITION_AFTER: Final = re.compile(
    r"[ ](?:\w{2,8}[ ])?(?:guideli|recommend|criteri|edition|revision|consensus|Leitlin|Kriteri|Klassif)"
)
_SIZE: Final = re.compile(r"[3-8]'[ ]?(?:1[01]|[0-9])(?:\"|'')?")
"""How tall somebody is, in feet and inches: "5'11"."""
_ERROR: Final = re.compile(r"0x[0-9A-Fa-f]{4,8}")
"""What a program failed with, or where."""
_MEDICINE: Final = re.compile(r"34009[ ]?[0-9]{3}[ ]?[0-9]{3}[ ]?[0-9][ ]?[0-9]")
"""A French medicine by its code, CIP13."""
_COUNTED: Final = re.compile(
    r"[ ]{1,2}(?:patient|patienten|pacientes|participants|participantes|teilnehmer|subjects|sujets|sujetos|f[aä]lle|cases|casos|cas\b|women|men\b|adults|children|niños|enfants|kinder|例|名患者)",
    re.IGNORECASE,
)
"""Who took part in a study, and nobody's number: "2246 Patienten"."""


def is_technical(entity: EntityType, value: str, before: str, after: str) -> bool:
    """Say whether `value`, which stands between `before` and `after`, is of a program or a book."""
    if entity in _CONTACTS:
        return _is_of_a_program(value)
    if entity in _NAMING:
        return _ATTRIBUTE.fullmatch(value) is not None
    if entity == DATE_TIME and (_SIZE.fullmatch(value) or _is_an_edition(value, after)):
        return True
    if entity == OTHER_ID and (
        _ERROR.fullmatch(value)
        or _MEDICINE.fullmatch(value)
        or (value.isdigit() and _COUNTED.match(after))
    ):
        return True
    numbered = entity in {DATE_TIME, OTHER_ID} and _NUMBERED.fullmatch(value)
    return bool(numbered) and _NUMBERED_BEFORE.search(before) is not None


def _is_an_edition(value: str, after: str) -> bool:
    """Say whether a year is the one of a guideline: "the 2023 guidelines"."""
    return _YEAR.fullmatch(value) is not None and _EDITION_AFTER.match(after) is not None


def _is_of_a_program(value: str) -> bool:
    if _PROGRAM.fullmatch(value) or value.lower() in GAPS:
        return True
    digits = sum(map(str.isdigit, value))
    return (
        digits <= _MOST_DIGITS
        and _VERSIONED.fullmatch(value) is not None
        and not _EXTENSION.fullmatch(value)
    )
