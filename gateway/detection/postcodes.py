"""Postcodes of plain digits: after their label, after a street, before a town (§ 164.514(b)(2)(i)(B)).

Those with a form of their own (ZIP+4, British, Canadian, "A-9011") are in `shapes.py`.
"""

# ruff: noqa: E501 - a pattern cut to a hundred columns is read worse than a long one

from __future__ import annotations

import re
from typing import Final

from gateway.detection.label_words import NO_TOWNS
from gateway.detection.reading import Reading
from gateway.detection.vocabulary import is_word
from gateway.domain.entities import POSTCODE
from gateway.domain.findings import Finding

_LABELLED: Final = re.compile(
    r"(?:[A-Za-z][0-9]{2}|[Dd]6[Ww])[ ]?(?=[A-Za-z0-9]{0,3}[0-9])[A-Za-z0-9]{4}(?![A-Za-z0-9])"
    r"|(?:[A-Z]{1,2}-)?[0-9]{3}[ ]?[0-9]{2}(?:-[0-9]{3,4})?(?![0-9])|[0-9]{5}-[0-9]{3,4}|[0-9]{3,6}(?![0-9])"
    r"|[A-Za-z][A-Za-z0-9]{1,3}(?:[ -]?[0-9][A-Za-z0-9]{1,2})?|[0-9][0-9A-Za-z\-]{1,9}"
)
_SPLIT: Final = re.compile(r"[0-9]{2}[ ][0-9]{3}(?![0-9])")
_TOWN: Final = re.compile(r"[ ](?:\(?[A-ZÄÖÜÉÈÁÍÓÚÑÇ][a-zäöüßéèêáíóúñç]{2,}|[A-Z]{4,})")
_BEFORE_TOWN: Final = re.compile(
    r"(?:[,.;)]|\n|^|-|\d[a-z]?[ºo]?\b[,.]?|s/n\b|·|\||wohnhaft(?: in)?|wh\.?:?|aus|in|a|en|de|von|cedex|str\.?|strasse|anschrift:?|adresse ?:|direccion:?)[ ]{0,3}\Z"
)
_STREET: Final = re.compile(
    r"(?:\b(?:rue|avenue|av|boulevard|bd(?![ ]?[0-9])|place|chemin|quai|passage|allee|impasse|cours|route|square|calle|c/|avda|avenida|plaza|pza|paseo|ronda|camino|carretera|ctra|travesia|glorieta)\b\.?"
    r"|(?:strasse|strsse|strse|str\.|weg|platz|gasse|allee|ring|damm|ufer|promenade)\b)[^\n;:]{0,40}[ ,.\n]{1,4}\Z"
)
_TIME: Final = re.compile(r"(?:[01][0-9]|2[0-3])[0-5][0-9]\Z")
_REST: Final = re.compile(
    r"[\w'-]{0,24}(?:[ /](?:[a-zäöü]{2,3}[ ])?[^\Wa-zäöüß\d_][\w'.-]{1,24}){0,3}[ \t\r)]{0,3}(?=[\n,;|(]|\Z)"
)
_LINE: Final = frozenset([",", "\n", "", "·", "|"])
"""What stands before a postcode of four digits: elsewhere it is a year or a result."""


def labelled(reading: Reading, index: int) -> Finding | None:
    """Return the postcode at unit `index`, whose label was seen."""
    match = _LABELLED.match(reading.text, reading.units[index].start)
    if match is None:
        return None
    return Finding(match.start(), match.end(), POSTCODE, 0.85, "postcode.labelled")


def unlabelled(reading: Reading, index: int) -> Finding | None:
    """Return the postcode at unit `index` that its place in an address gives away."""
    unit = reading.units[index]
    start, end = unit.start, unit.end
    if unit.shape == "99":
        split = _SPLIT.match(reading.text, start)
        end = split.end() if split else start
    elif unit.shape not in {"99999", "9999"} or (unit.shape == "9999" and unit.word[0] == "0"):
        return None  # "0905 Nakamura to bedside" begins with a time.
    if end == start:
        return None
    # "the route and what is latest 2023": a year, where no town follows it.
    is_year = unit.shape == "9999" and unit.word[:2] in {"19", "20"}
    if (not is_year or _TOWN.match(reading.text, end)) and _STREET.search(
        reading.folded, max(0, start - 60), start
    ):
        return Finding(start, end, POSTCODE, 0.6, "postcode.after_street")
    if _before_town(reading, index, end):
        return Finding(start, end, POSTCODE, 0.5, "postcode.before_town")
    return None


def _before_town(reading: Reading, index: int, end: int) -> bool:
    unit, folded = reading.units[index], reading.folded
    town = _TOWN.match(reading.text, end)
    if town is None or folded[town.start() + 1 : town.end()].strip("(") in NO_TOWNS:
        return False
    before = _BEFORE_TOWN.search(folded, max(0, unit.start - 24), unit.start)
    if before is None:
        return False
    if unit.shape != "9999":
        return True
    if unit.word[:2] in {"19", "20"} or before[0][:1] not in _LINE:
        return False
    # "1180 Wien" is where somebody lives, "1430 Checked drain" what was done at half past two.
    return not _TIME.match(unit.word) or _is_alone(reading.text, town)


def _is_alone(text: str, town: re.Match[str]) -> bool:
    """Say whether a line holds no more than a town, and no words of a note."""
    return _REST.match(text, town.end()) is not None and not is_word(town[0].strip(" ("))
