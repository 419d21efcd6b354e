"""What one text of an exchange reveals is sought in all of them: people, numbers, birth dates.

Only what is sure is sought: what a title, a label, a check digit or a structured field names, what
has a high score, and names that two independent recognizers found. Rule: everything is sought in
one pass. More values than `MOST` fail the exchange: to look for some would be to leak the others.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Final

from gateway.detection.evidence import insists, is_structured
from gateway.detection.known import Known
from gateway.detection.name_search import NameSearch
from gateway.detection.number_search import NumberSearch
from gateway.domain.entities import (
    AGE,
    AGE_OVER_89,
    DATE_OF_BIRTH,
    DATE_TIME,
    LOCATION,
    ORGANIZATION,
    PERSON,
    POSTCODE,
    STREET_ADDRESS,
)
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.findings import Finding, in_order
from gateway.domain.person_names import Mention, mention

MOST: Final = 20_000
"""Different words and numbers that are sought in one exchange."""
_SURE: Final = 0.7
_SURE_NAME: Final = 0.9
"""Least score of a whole name for which nothing but a recognizer speaks."""
_SURE_WORD: Final = 0.98
"""and of one word of a name, which is sought elsewhere from here on,"""
_LEAST_WORD: Final = 4
"""if it has as many letters."""
_SECONDED: Final = 0.5
"""Least score of each of two recognizers that found one name independently."""
_FIELD_GAP: Final = 3
_NEVER: Final = frozenset({DATE_TIME, AGE, AGE_OVER_89, POSTCODE})
"""Types whose values are shared by many things."""
_BY_FIELD_ONLY: Final = frozenset({DATE_OF_BIRTH, LOCATION, ORGANIZATION})
_IN_FULL: Final = frozenset({STREET_ADDRESS})


def propagate(
    texts: Sequence[str], found: Sequence[Sequence[Finding]], known: Iterable[Known] = ()
) -> list[list[Finding]]:
    """Return for each text the further places of what any text revealed. Linear in the texts."""
    names, numbers = NameSearch(), NumberSearch()
    for value in known:
        if value.entity == PERSON:
            names.add(Mention(value.value))
        elif value.entity not in _NEVER:
            numbers.add(value.entity, value.value)
        _check(names, numbers)
    for text, findings in zip(texts, found, strict=True):
        for start, end in _names_in_fields(text, findings):
            names.add(mention(text, start, end))
        for finding in _seeds(text, findings):
            if finding.entity == PERSON:
                names.add(mention(text, finding.start, finding.end))
            else:
                numbers.add(finding.entity, text[finding.start : finding.end])
            _check(names, numbers)
    return [[*names.find(text), *numbers.find(text)] for text in texts]


def _check(names: NameSearch, numbers: NumberSearch) -> None:
    if len(names) + len(numbers) > MOST:
        raise ExchangeError(
            Code.DETECTION_FAILED,
            f"The request holds more than {MOST} different names and numbers, so nothing was sent "
            "to a model. Send it in parts.",
        )


def _seeds(text: str, findings: Sequence[Finding]) -> Iterator[Finding]:
    """Yield the findings that are sure enough to be sought elsewhere."""
    likely = sorted(
        (each for each in findings if each.entity == PERSON and each.score >= _SECONDED),
        key=in_order,
    )
    for each in findings:
        if each.entity == PERSON:
            if _is_sure_name(each, text) or _seconded(each, likely):
                yield each
        elif each.entity not in _NEVER and each.score >= _SURE and _is_telling(each):
            yield each


def _names_in_fields(text: str, findings: Sequence[Finding]) -> Iterator[tuple[int, int]]:
    """Yield the whole names of which structured fields hold the parts, one beside the other."""
    parts = sorted(
        (each for each in findings if each.entity == PERSON and is_structured(each)), key=in_order
    )
    start = end = 0
    for each in parts:
        if end and text[end : each.start].strip(" \t,") == "" and each.start - end <= _FIELD_GAP:
            end = each.end
            yield start, end
        else:
            start, end = each.start, each.end


def _is_sure_name(finding: Finding, text: str) -> bool:
    if finding.score >= _SURE and insists(finding):
        return True
    name = text[finding.start : finding.end]
    if " " in name:
        return finding.score >= _SURE_NAME
    # One word alone may be any word: it is sought where the tagger has no doubt at all.
    return finding.score >= _SURE_WORD and len(name) >= _LEAST_WORD and name[0].isupper()


def _is_telling(finding: Finding) -> bool:
    """Say whether the value means the same wherever it stands: a city or a date does not."""
    if finding.entity in _BY_FIELD_ONLY:
        return insists(finding)
    return finding.entity not in _IN_FULL or finding.score > _SURE


def _seconded(finding: Finding, others: Sequence[Finding]) -> bool:
    """Say whether a recognizer of another family found the same characters."""
    if finding.score < _SECONDED:
        return False
    index = bisect_left(others, finding.start, key=attrgetter("start"))
    family = _family(finding)
    while index < len(others) and others[index].start == finding.start:
        if others[index].end == finding.end and _family(others[index]) != family:
            return True
        index += 1
    return False


def _family(finding: Finding) -> str:
    return finding.recognizer.partition(".")[0]
