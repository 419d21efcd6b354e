"""What one text of an exchange reveals is found in the others."""

from __future__ import annotations

import time

import pytest

from gateway.detection import propagation
from gateway.detection.birth_dates import days_of
from gateway.detection.known import Known
from gateway.detection.merging import merge
from gateway.detection.propagation import propagate
from gateway.domain.entities import (
    DATE_OF_BIRTH,
    MEDICAL_RECORD_NUMBER,
    PERSON,
    PHONE_NUMBER,
    STREET_ADDRESS,
    EntityType,
)
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.findings import Finding

HEADER = "Patient: Ilse Thornton MRN 4471902"
NAME = Finding(9, 22, PERSON, 0.85, "name.labelled")
NUMBER = Finding(27, 34, MEDICAL_RECORD_NUMBER, 0.95, "label.mrn")


def _found_in(text: str) -> list[str]:
    _, there = propagate([HEADER, text], [[NAME, NUMBER], []])
    return [text[each.start : each.end] for each in there]


def test_a_surname_is_found_in_a_later_text() -> None:
    assert _found_in("Thornton's fever is gone") == ["Thornton"]


def test_a_given_name_of_four_letters_is_found_too() -> None:
    assert _found_in("tell Ilse so") == ["Ilse"]


def test_a_number_is_found_without_its_label() -> None:
    assert _found_in("see 4471902 again") == ["4471902"]


def test_a_part_of_a_longer_number_is_not_the_number() -> None:
    assert _found_in("see 44719021") == []


def test_a_name_in_small_letters_or_inside_a_word_is_left() -> None:
    assert _found_in("thornton, Thorntonville") == []


def test_an_eponym_is_left() -> None:
    parkinson = "Patient: Ann Parkinson"
    _, there = propagate(
        [parkinson, "Parkinson's disease"], [[Finding(9, 22, PERSON, 0.85, "name.labelled")], []]
    )
    assert there == []


def test_a_weak_finding_is_not_sought_elsewhere() -> None:
    weak = Finding(9, 22, PERSON, 0.4, "name.pair")
    assert propagate([HEADER, "Thornton"], [[weak], []]) == [[], []]


def test_more_needles_than_can_be_sought_fail_the_exchange(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(propagation, "MOST", 1)
    with pytest.raises(ExchangeError) as raised:
        propagate([HEADER], [[NAME, NUMBER]])
    assert raised.value.code is Code.DETECTION_FAILED


def _known(text: str, *known: tuple[EntityType, str]) -> list[str]:
    (there,) = propagate([text], [[]], [Known(entity, value) for entity, value in known])
    return [text[each.start : each.end] for each in merge(there, text)]


def _margaret(text: str) -> list[str]:
    return _known(text, (PERSON, "Margaret Thornton"))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("MARGARET THORNTON", ["MARGARET THORNTON"]),
        ("margaret thornton has a fever. The rest is Fine.", ["margaret thornton"]),
        ("Thornton, Margaret", ["Thornton, Margaret"]),
        ("THORNTON, Margaret A.", ["THORNTON, Margaret"]),
        ("M. Thornton said", ["M. Thornton"]),
        ("M Thornton said", ["M Thornton"]),
        ("Thornton M. said", ["Thornton M."]),
        ("Thorntons Befund, Margarets Mutter", ["Thorntons", "Margarets"]),
        ("Thornton's and Thornton\u2019s", ["Thornton", "Thornton"]),
        ("Th\u00f3rnton came", ["Th\u00f3rnton"]),
        ("Mrs M. came, then Frau T. left", ["M.", "T."]),
        ("M.T. is well, so is M. T.", ["M.T.", "M. T."]),
        ("Ask Thronton and Margret Thornton", ["Thronton", "Margret Thornton"]),
        ("i saw thornton today", ["thornton"]),
        ("And thornton's labs? Mrs X came.", ["thornton"]),
        ("Thronton again.", ["Thronton"]),
        ("Thornton-Hale", ["Thornton-Hale"]),
        ('JSON: {"name": "Thornton"}', ["Thornton"]),
    ],
)
def test_a_known_person_is_found_in_every_form(text: str, found: list[str]) -> None:
    assert _margaret(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "The U.S. and I.V. fluids at 8 a.m.",
        "Mrs K. came, J.T. left",
        "the thorn of a Thornbush",
        "Threshold and Marginal values",
        "She saw the thornton river",
        "Visit by thornton at Mercy today",
        "vitamin M, grade T, type T. Nothing",
    ],
)
def test_what_is_like_a_known_person_is_left(text: str) -> None:
    assert _margaret(text) == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Peter Ward", "Ward round, Ward 7. The ward is full."),
        ("Anna Stone", "Stone in the left kidney. Stone clearance."),
        ("Klaus Herz", "Herz und Lunge unauff\u00e4llig. Das Herz ist gro\u00df."),
        ("Klaus Schulte", "Die Schulter links. Schulter frei."),
        ("John Thornton", "takes St. John's wort, lives in Saint John"),
        ("Klaus Schulte", "an rechter Schulter links"),
        ("Jane Xanax", "Xanax 1 mg"),
        ("Ann Parkinson", "Parkinson's disease, Parkinson tremor"),
        ("Ali Kim", "ALI and KIM scores"),
        ("Grace Young", "Young patients. Grace period."),
        ("Maria Blanco", "el paciente, Blanco de ojo. blanco"),
    ],
)
def test_a_name_that_is_a_word_too_is_not_sought_alone(name: str, text: str) -> None:
    assert _known(text, (PERSON, name)) == []


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("Peter Ward", "Peter Ward and Ward, Peter", ["Peter Ward", "Ward, Peter"]),
        ("Peter Ward", "P. Ward came", ["P. Ward"]),
        ("Grace Young", "grace young came", ["grace young"]),
        ("Li Wang", "Li Wang, then Wang", ["Li Wang", "Wang"]),
    ],
)
def test_in_company_a_name_that_is_a_word_is_found(name: str, text: str, found: list[str]) -> None:
    assert _known(text, (PERSON, name)) == found


@pytest.mark.parametrize(
    ("entity", "value", "text", "found"),
    [
        (MEDICAL_RECORD_NUMBER, "4471902", "MRN 447-19-02", ["447-19-02"]),
        (MEDICAL_RECORD_NUMBER, "447 19 02", "see 4471902.", ["4471902"]),
        (MEDICAL_RECORD_NUMBER, "MX-4471902", "see mx4471902", ["mx4471902"]),
        (PHONE_NUMBER, "617-555-0142", "(617) 555 0142", ["617) 555 0142"]),
        (PHONE_NUMBER, "617-555-0142", "+1 617.555.0142", ["1 617.555.0142"]),
        (PHONE_NUMBER, "+49 30 901820555", "030 / 901820555", ["030 / 901820555"]),
        (STREET_ADDRESS, "12 Elm Street", "12 ELM STREET and 12 Elm\nStreet", None),
        (MEDICAL_RECORD_NUMBER, "4471902", "ending in 1902, x1902, 1902", ["1902"]),
        (MEDICAL_RECORD_NUMBER, "4471902", "last four digits: 1902", ["1902"]),
        # The last four of a longer number, and four in the middle of one.
        (MEDICAL_RECORD_NUMBER, "4471902", "ending in 551902, ending in 19025", []),
        (MEDICAL_RECORD_NUMBER, "12345", "12 345 of 12345", ["12345"]),
        (DATE_OF_BIRTH, "3/4/1961", "April 3, 1961", ["April 3, 1961"]),
        (DATE_OF_BIRTH, "1961-03-04", "04.03.61 and 4. M\u00e4rz 1961", None),
        (DATE_OF_BIRTH, "4 mars 1961", "19610304, 03/04/1961", None),
        (DATE_OF_BIRTH, "1961-03-04", "1961\u5e743\u67084\u65e5", ["1961\u5e743\u67084\u65e5"]),
        (DATE_OF_BIRTH, "1961-03-04", "5.3.1961, 1961", []),
    ],
)
def test_a_known_number_is_found_however_it_is_written(
    entity: EntityType, value: str, text: str, found: list[str] | None
) -> None:
    there = _known(text, (entity, value))
    if found is None:
        assert len(there) == 2
    else:
        assert there == found


def test_a_chinese_name_is_found_within_a_sentence() -> None:
    text = "今天王小明来了,王先生说没事。王国的王小。欧阳先生"
    assert _known(text, (PERSON, "王小明")) == ["王小明", "王"]


def test_a_name_that_two_independent_recognizers_found_is_sought() -> None:
    text = "Ilse Quandahl came. Quandahl left."
    one = Finding(0, 13, PERSON, 0.6, "name.given_pair")
    two = Finding(0, 13, PERSON, 0.6, "tagger")
    assert propagate([text], [[one]]) == [[]]
    assert any(each.start == 20 for each in propagate([text], [[one, two]])[0])


def test_a_name_whose_parts_are_two_fields_is_sought_whole() -> None:
    text = "given: Peter Ward\n\n"
    fields = [
        Finding(7, 12, PERSON, 1.0, "structured.fhir"),
        Finding(13, 17, PERSON, 1.0, "structured.fhir"),
    ]
    found = propagate([text, "Ward, Peter went to the Ward"], [fields, []])[1]
    assert {(each.start, each.end) for each in found} == {(0, 4), (6, 11)}


def test_a_birth_date_may_be_read_in_two_orders() -> None:
    assert {(1961, 3, 4), (1961, 4, 3), (61, 3, 4)} <= days_of("3/4/1961")
    assert days_of("no date, 99/99/9999") == frozenset()


def test_a_long_text_and_many_people_take_little_time() -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    known = [Known(PERSON, f"Xa{a}o{b}er Qu{b}an{a}dahl") for a in letters for b in letters]
    text = "Patient Quandahl Thronton came 4471902 12.3.1961 M.T. to Ward. " * 2_000
    begun = time.process_time()
    propagate([text], [[]], known)
    assert time.process_time() - begun < 5


def test_nothing_that_is_sought_is_shown() -> None:
    known = Known(PERSON, "Margaret Thornton")
    assert "hornton" not in repr(known)
