"""Findings grow to whole words."""

from __future__ import annotations

import pytest

from gateway.detection.spans import grow, tidy
from gateway.domain.entities import AGE, LOCATION, PERSON, PHONE_NUMBER, EntityType
from gateway.domain.findings import Finding


@pytest.mark.parametrize(
    ("text", "part", "whole", "entity"),
    [
        ("Dr Tanaka-Sato came", "Tanaka", "Tanaka-Sato", PERSON),
        ("Dr Tanaka-Sato came", "Sato", "Tanaka-Sato", PERSON),
        ("Thornton's chart", "Thorn", "Thornton", PERSON),
        ("O'Brien left", "Brien", "O'Brien", PERSON),
        ("at St. Luke's now", "St. Luke", "St. Luke's", LOCATION),
        ("an 87-year-old", "87", "87", AGE),
        ("王小明来了", "王小明", "王小明", PERSON),
        ("x Lee- y", "Lee", "Lee", PERSON),
    ],
)
def test_a_finding_grows_to_its_whole_word(
    text: str, part: str, whole: str, entity: EntityType
) -> None:
    start = text.index(part)
    grown = grow(Finding(start, start + len(part), entity), text)
    assert text[grown.start : grown.end] == whole


def test_growth_is_bounded() -> None:
    grown = grow(Finding(500_000, 500_001, PERSON), "a" * 1_000_000)
    assert grown.end - grown.start < 1_000


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("(07700 900482)", "07700 900482"),
        ("07700 900482)", "07700 900482"),
        ("(0421 5550199", "0421 5550199"),
        ("(203) 555-0148", "(203) 555-0148"),
        ("(203)", "203"),
        ("(h)  01599 555 0142", "01599 555 0142"),
        ("(privat) +49 30 5550123", "+49 30 5550123"),
    ],
)
def test_a_number_keeps_its_own_brackets_and_loses_those_around_it(text: str, value: str) -> None:
    tidied = tidy(Finding(0, len(text), PHONE_NUMBER), text)
    assert tidied is not None
    assert text[tidied.start : tidied.end] == value
