"""A finding is moved whole, and many are sorted by one key."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.entities import DATE_TIME, OTHER_ID, PERSON
from gateway.domain.findings import Finding, in_order
from gateway.domain.places import Layer, Place, Writing

XML: Place = (Layer(Writing.XML),)
places = st.sampled_from([(), XML, (*XML, Layer(Writing.CELL, "|"))])
findings = st.builds(
    lambda start, length, entity, score, recognizer, place: Finding(
        start, start + length, entity, score, recognizer, place
    ),
    st.integers(0, 3),
    st.integers(1, 3),
    st.sampled_from([PERSON, DATE_TIME]),
    st.sampled_from([0.5, 0.9]),
    st.sampled_from(["name.titled", "tagger.person"]),
    places,
)


@given(st.lists(findings))
def test_the_key_sorts_as_findings_compare(some: list[Finding]) -> None:
    assert sorted(some, key=in_order) == sorted(some)


def test_the_same_of_other_characters_keeps_all_that_is_said_of_it() -> None:
    within = (Finding(1, 2, PERSON),)
    found = Finding(3, 9, OTHER_ID, 0.7, "structured.file", XML, within)
    assert found.at(4, 6) == Finding(4, 6, OTHER_ID, 0.7, "structured.file", XML, within)
    assert found.at(3, 9) is found
    with pytest.raises(ValueError, match="at least one character"):
        found.at(6, 6)
