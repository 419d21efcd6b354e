"""Whom an exchange is about is told by fingerprints that need a key. All numbers are invented."""

from __future__ import annotations

import pytest

from gateway.domain.entities import MEDICAL_RECORD_NUMBER, NATIONAL_ID, PERSON, PHONE_NUMBER
from gateway.domain.findings import Finding
from gateway.domain.subjects import MOST, Subjects, named, patient, subjects_of
from gateway.domain.text import RawText

KEY = bytes(32)


def finding(text: str, words: str, entity: str) -> Finding:
    start = text.index(words)
    return Finding(start, start + len(words), entity, 1.0)  # type: ignore[arg-type]


@pytest.mark.parametrize("number", ["482103", "48 21 03", "48-21-03", "48.21.03"])
def test_a_number_is_one_patient_however_it_is_written(number: str) -> None:
    assert patient(KEY, number) == patient(KEY, "482103")


@pytest.mark.parametrize("name", ["Margaret Thornton", "THORNTON, Margaret", "margaret  thórnton"])
def test_a_name_is_one_name_in_any_order_and_case(name: str) -> None:
    assert named(KEY, name) == named(KEY, "Margaret Thornton")


def test_another_key_and_another_kind_give_other_fingerprints() -> None:
    assert len({patient(KEY, "4821"), patient(b"x" * 32, "4821"), named(KEY, "4821")}) == 3


def test_numbers_of_patients_and_whole_names_are_subjects_and_nothing_else() -> None:
    text = "Margaret Thornton, MRN 482103, NHS 943 476 5919, phone 555 0142, Thornton"
    found = [
        finding(text, "Margaret Thornton", PERSON),
        finding(text, "482103", MEDICAL_RECORD_NUMBER),
        finding(text, "943 476 5919", NATIONAL_ID),
        finding(text, "555 0142", PHONE_NUMBER),
        Finding(len(text) - 8, len(text), PERSON, 1.0),
    ]
    assert subjects_of([RawText(text)], [found], None, KEY) == Subjects(
        patients=tuple(sorted([patient(KEY, "482103"), patient(KEY, "9434765919")])),
        names=(named(KEY, "Margaret Thornton"),),
    )


def test_the_patient_that_a_caller_states_is_the_one_that_is_found() -> None:
    text = "MRN 482103"
    found = [finding(text, "482103", MEDICAL_RECORD_NUMBER)]
    whole = subjects_of([RawText(text)], [found], "48-2103", KEY)
    assert whole.patients == (patient(KEY, "482103"),)


def test_a_short_number_is_nobody() -> None:
    text = "MRN 12"
    assert not subjects_of(
        [RawText(text)], [[finding(text, "12", MEDICAL_RECORD_NUMBER)]], None, KEY
    ).patients


def test_fingerprints_do_not_show_themselves() -> None:
    assert patient(KEY, "482103").hex() not in repr(Subjects((patient(KEY, "482103"),)))
    assert "patients" not in repr(Subjects((patient(KEY, "482103"),)))


def test_whom_the_caller_names_is_among_them_however_many_others_there_are() -> None:
    numbers = [f"{number:08d}" for number in range(MOST + 40)]
    text = " ".join(numbers)
    found = [finding(text, each, MEDICAL_RECORD_NUMBER) for each in numbers]
    for stated in ("99120455", "48210377", "73310099", numbers[0]):
        about = subjects_of([RawText(text)], [found], stated, KEY)
        assert len(about.patients) == MOST
        assert about.more
        assert patient(KEY, stated) in about.patients
        assert list(about.patients) == sorted(set(about.patients))
        assert about.and_also(Subjects((bytes(32),))) == about


def test_whom_there_is_no_room_for_is_told() -> None:
    few = Subjects(tuple(bytes([n]) * 32 for n in range(3)))
    assert not few.more
    assert not few.and_also(few).more
    many = Subjects(tuple(n.to_bytes(32, "big") for n in range(MOST)))
    assert not many.and_also(Subjects()).more
    assert many.and_also(few).more
    assert many.and_also(few).and_also(Subjects()).more
    named_many = Subjects((), many.patients)
    assert named_many.and_also(Subjects((), few.patients)).more
    assert Subjects(few.patients, more=True) == few
