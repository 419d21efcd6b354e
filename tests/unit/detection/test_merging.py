"""Findings of several recognizers become one: disjoint, whole, typed by a written rule."""

from __future__ import annotations

import random as chance
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.detection.merging import merge
from gateway.domain import entities as e
from gateway.domain.entities import EntityType
from gateway.domain.findings import Finding


def found(text: str, *said: tuple[str, EntityType, float, str]) -> list[Finding]:
    findings = []
    for words, entity, score, recognizer in said:
        start = text.index(words)
        findings.append(Finding(start, start + len(words), entity, score, recognizer))
    return findings


def merged(text: str, *said: tuple[str, EntityType, float, str]) -> list[tuple[str, EntityType]]:
    return [(text[each.start : each.end], each.entity) for each in merge(found(text, *said), text)]


def test_a_part_of_a_name_and_the_whole_are_one() -> None:
    text = "Patient Margaret Thornton-Hale, aged"
    assert merged(
        text,
        ("Margaret", e.PERSON, 0.4, "name.given"),
        ("Thornton", e.PERSON, 0.95, "tagger"),
    ) == [("Margaret Thornton-Hale", e.PERSON)]


@pytest.mark.parametrize(
    ("text", "words", "left"),
    [
        ("saw Mrs. Thornton's son", "Mrs. Thornton's", "Thornton"),
        ("saw Dr. med. Anna Berg, MD today", "Dr. med. Anna Berg, MD", "Anna Berg"),
        ("Name: Anna Berg\nDOB", "Name: Anna Berg\n", "Anna Berg"),
        ("by (Anna Berg).", "(Anna Berg).", "Anna Berg"),
        ("by Anna B. now", "Anna B.", "Anna B."),
        ("by John Berg Jr. now", "John Berg Jr.", "John Berg Jr."),
        ('"Anna Berg", she', '"Anna Berg",', "Anna Berg"),
        ("Anna Bergs\n", "Anna Bergs\n", "Anna Bergs"),
    ],
)
def test_titles_labels_degrees_and_punctuation_stay_outside(
    text: str, words: str, left: str
) -> None:
    assert merged(text, (words, e.PERSON, 0.9, "tagger")) == [(left, e.PERSON)]


def test_a_title_alone_is_nobody() -> None:
    assert merged("the Mrs. came", ("Mrs.", e.PERSON, 0.9, "tagger")) == []


@pytest.mark.parametrize(
    ("text", "words", "entity", "left"),
    [
        ("MRN: 4471902, in", "MRN: 4471902,", e.MEDICAL_RECORD_NUMBER, "4471902"),
        ("call (617) 555-0142.", "(617) 555-0142.", e.PHONE_NUMBER, "(617) 555-0142"),
        ("DOB: 3/4/1961;", "DOB: 3/4/1961;", e.DATE_OF_BIRTH, "3/4/1961"),
        ("mac AA:BB:CC:DD:EE:FF x", "AA:BB:CC:DD:EE:FF", e.MAC_ADDRESS, "AA:BB:CC:DD:EE:FF"),
    ],
)
def test_a_number_stands_without_its_label(
    text: str, words: str, entity: EntityType, left: str
) -> None:
    assert merged(text, (words, entity, 0.9, "tagger")) == [(left, entity)]


def test_a_number_with_a_checksum_is_more_than_an_id() -> None:
    text = "number 943 476 5919 given"
    assert merged(
        text,
        ("943 476 5919", e.OTHER_ID, 0.97, "tagger"),
        ("943 476 5919", e.NATIONAL_ID, 0.9, "id.nhs"),
    ) == [("943 476 5919", e.NATIONAL_ID)]


def test_the_longer_of_two_kinds_of_name_has_both_whole() -> None:
    text = "at Thornton Memorial Hospital today"
    assert merged(
        text,
        ("Thornton", e.PERSON, 0.6, "tagger"),
        ("Thornton Memorial Hospital", e.ORGANIZATION, 0.6, "facility.form"),
    ) == [("Thornton Memorial Hospital", e.ORGANIZATION)]


def test_what_a_stronger_finding_leaves_of_a_weaker_one_stays_found() -> None:
    text = "Margaret Thornton 617-555-0142 called"
    assert merged(
        text,
        ("Margaret Thornton 617-555-0142", e.PERSON, 0.7, "tagger"),
        ("617-555-0142", e.PHONE_NUMBER, 0.8, "contact.phone"),
    ) == [("Margaret Thornton", e.PERSON), ("617-555-0142", e.PHONE_NUMBER)]


def test_no_word_is_cut_in_two() -> None:
    text = "see MX_4471902@north.example for"
    assert merged(
        text,
        ("4471902@north.example", e.EMAIL_ADDRESS, 1.0, "contact.email"),
        ("MX_4471902", e.OTHER_ID, 0.4, "id.mixed"),
    ) == [("MX_4471902@north.example", e.EMAIL_ADDRESS)]


def test_the_rest_of_a_word_goes_with_its_beginning() -> None:
    text = "aged87 and"
    assert merged(
        text, ("aged", e.PERSON, 1.0, "structured.x"), ("aged87", e.OTHER_ID, 0.9, "id.mixed")
    ) == [("aged87", e.PERSON)]


def test_of_two_findings_that_differ_in_nothing_else_the_likelier_wins() -> None:
    text = "to Quandahl now"
    assert merged(
        text, ("Quandahl", e.PERSON, 0.6, "name.given"), ("Quandahl", e.STREET_ADDRESS, 0.7, "x")
    ) == [("Quandahl", e.STREET_ADDRESS)]


def test_a_date_that_may_be_a_birth_date_is_one() -> None:
    text = "on 3/4/1961 in"
    assert merged(
        text,
        ("3/4/1961", e.DATE_TIME, 0.85, "date.numeric"),
        ("3/4/1961", e.DATE_OF_BIRTH, 0.5, "birth.old_numeric"),
    ) == [("3/4/1961", e.DATE_OF_BIRTH)]


@pytest.mark.parametrize(
    ("text", "parts", "whole"),
    [
        ("Thornton, Margaret, 61", ("Thornton", "Margaret"), ["Thornton, Margaret"]),
        ("Margaret Thornton", ("Margaret", "Thornton"), ["Margaret Thornton"]),
        ("Miller, Sato and", ("Miller", "Sato"), ["Miller", "Sato"]),
        ("Anna Berg, John Dahl", ("Anna Berg", "John Dahl"), ["Anna Berg", "John Dahl"]),
        ("Anna Berg\nJohn Dahl", ("Anna Berg", "John Dahl"), ["Anna Berg", "John Dahl"]),
        ("Anna, John", ("Anna", "John"), ["Anna", "John"]),
    ],
)
def test_parts_of_one_name_are_joined_and_two_names_are_not(
    text: str, parts: tuple[str, ...], whole: list[str]
) -> None:
    said = [(part, e.PERSON, 0.7, "tagger") for part in parts]
    assert [words for words, _ in merged(text, *said)] == whole


def test_parts_of_one_address_are_joined() -> None:
    text = "at 12 Elm Street,\n  Apt 4, Boston"
    said = [(part, e.STREET_ADDRESS, 0.7, "tagger") for part in ("12 Elm Street", "Apt 4")]
    assert merged(text, *said) == [("12 Elm Street,\n  Apt 4", e.STREET_ADDRESS)]


def test_a_state_is_part_of_its_place_and_another_city_is_not() -> None:
    said = [(part, e.LOCATION, 0.7, "tagger") for part in ("Boston", "MA", "Chicago")]
    assert [words for words, _ in merged("Boston, MA, Chicago", *said)] == ["Boston, MA", "Chicago"]


def test_a_field_of_a_payload_stays_as_it_is() -> None:
    text = "PID|1||4471902^^^X||Thornton^Margaret"
    field = ("Thornton^Margaret", e.PERSON, 1.0, "structured.hl7")
    assert merged(text, field, ("X||Thornton", e.ORGANIZATION, 0.9, "tagger")) == [
        ("X", e.ORGANIZATION),
        ("Thornton^Margaret", e.PERSON),
    ]


def test_harmless_words_are_dropped_only_where_nothing_else_speaks_for_them() -> None:
    text = "Xanax was given"

    def drug(text: str, start: int, end: int) -> bool:
        return text[start:end] == "Xanax"

    tagged = Finding(0, 5, e.PERSON, 0.99, "tagger")
    titled = Finding(0, 5, e.PERSON, 0.9, "name.titled")
    assert merge([tagged], text, drug) == ()
    assert [each.entity for each in merge([tagged, titled], text, drug)] == [e.PERSON]


def test_a_part_of_what_is_harmless_is_no_name_either() -> None:
    text = "Babinski-Zeichen Quandahl, Quandahl"

    def allowed(text: str, start: int, end: int) -> bool:
        return text[start:end] == "Babinski-Zeichen Quandahl"

    whole = Finding(0, 25, e.PERSON, 0.9, "tagger")
    part = Finding(17, 25, e.PERSON, 0.4, "name.given")
    other = Finding(27, 35, e.PERSON, 0.4, "name.given")
    assert merge([whole, part, other], text, allowed) == (other,)


TEXT = "Dr. Anna Berg-Sato, 12 Elm St., a87-year b@c.de MRN: 44-71 王小明来了 x'y's (Li) Jr."
SPANS = st.lists(
    st.builds(
        lambda start, length, entity, score, recognizer: Finding(
            start, min(start + length, len(TEXT)), entity, score, recognizer
        ),
        st.integers(0, len(TEXT) - 1),
        st.integers(1, 14),
        st.sampled_from(
            [e.PERSON, e.LOCATION, e.PHONE_NUMBER, e.DATE_TIME, e.AGE, e.DATE_OF_BIRTH, e.OTHER_ID]
        ),
        st.sampled_from([0.3, 0.6, 0.9]),
        st.sampled_from(["tagger", "name.titled", "label.mrn"]),
    ),
    max_size=7,
)


@example(
    [
        Finding(52, 66, e.PERSON, 0.3, "tagger"),
        Finding(58, 66, e.LOCATION, 0.3, "tagger"),
    ],
    chance.Random(0),  # noqa: S311 - an order is no secret
)
@given(SPANS, st.randoms(use_true_random=False))
def test_merging_is_disjoint_whole_and_blind_to_order(findings: list[Finding], random) -> None:  # noqa: ANN001
    shuffled = list(findings)
    random.shuffle(shuffled)
    whole = merge(findings, TEXT)
    assert whole == merge(shuffled, TEXT)
    assert whole == merge(whole, TEXT)
    assert all(one.end <= two.start for one, two in pairwise(whole))
    covered = {place for each in whole for place in range(each.start, each.end)}
    outside = [
        TEXT[place]
        for each in findings
        for place in range(each.start, each.end)
        if place not in covered and TEXT[place].isalnum()
    ]
    # Titles, labels and the genitive are no part of a value; nothing else may stay behind.
    assert set(outside) <= set("DrMRNs")
