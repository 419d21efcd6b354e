"""Findings grow to whole words."""

from __future__ import annotations

import pytest

from gateway.detection.spans import grow
from gateway.domain.entities import AGE, LOCATION, PERSON, EntityType
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
