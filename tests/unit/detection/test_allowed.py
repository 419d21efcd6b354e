"""Drugs, devices and people who stand for a disease are no patients."""

from __future__ import annotations

from importlib.resources import files

import pytest

from gateway.detection.allowed import is_harmless
from gateway.detection.first_names import FIRST_NAMES
from gateway.detection.merging import merge
from gateway.detection.word_lists import DRUGS, EPONYMS_ALONE, EVERYDAY, PRODUCTS, TERMS
from gateway.domain.entities import PERSON
from gateway.domain.findings import Finding
from gateway.domain.person_names import fold


def harmless(text: str, words: str) -> bool:
    start = text.index(words)
    return is_harmless(text, start, start + len(words))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("takes Xanax at night", "Xanax"),
        ("on Augmentin and Ventolin", "Augmentin"),
        ("Elranatamab, Zolpidem", "Zolpidem"),
        ("Pembrolizumab 200 mg", "Pembrolizumab"),
        ("history of Parkinson", "Parkinson"),
        ("Crohn's flare", "Crohn's"),
        ("Wilson's disease", "Wilson"),
        ("Morbus Wilson", "Wilson"),
        ("enfermedad de Wilson", "Wilson"),
        ("maladie de Wilson", "Wilson"),
        ("Babinski-Zeichen negativ", "Babinski-Zeichen"),
        ("Wells score of 4", "Wells"),
        ("Jackson-Pratt drain", "Jackson-Pratt"),
        ("a Foley was placed", "Foley"),
        ("técnica de Lichtenstein", "Lichtenstein"),
        ("manœuvre de Lasègue", "Lasègue"),
        ("bombas Alaris y Braun", "Braun"),
        ("生产企业:辉瑞", "辉瑞"),
        ("Guillain-Barré syndrome", "Guillain-Barré"),
        ("Signs of Dalrymple, Young, Stellwag and Joffroy", "Young"),
        ("Murphy's sign", "Murphy"),
        ("two Allis clamps", "Allis"),
        ("Chassaignac below", "Chassaignac"),
    ],
)
def test_what_only_looks_like_a_name_is_harmless(text: str, words: str) -> None:
    assert harmless(text, words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Wilson was seen", "Wilson"),
        ("Mr Murphy came", "Murphy"),
        ("Wilson Thornton", "Wilson Thornton"),
        ("Anna Parkinson came", "Anna Parkinson"),
        ("Thornton's disease", "Thornton"),
        ("Zyx", "Zyx"),
        ("la técnica Braun llamó", "Braun"),
        ("la hija de Lichtenstein", "Lichtenstein"),
        ("Murphy, Kelly and Young had the shift", "Kelly"),
        ("Young, Stellwag neg.", "Young"),
        ("Dr Dalrymple, Young, Stellwag and Joffroy", "Young"),
        ("Young's scan", "Young"),
    ],
)
def test_a_person_is_not(text: str, words: str) -> None:
    assert not harmless(text, words)


def test_a_patient_with_the_name_of_a_disease_stays_found_behind_a_title() -> None:
    text = "Mr Parkinson has Parkinson's disease"
    said = Finding(3, 12, PERSON, 0.9, "name.titled")
    guess = Finding(17, 26, PERSON, 0.99, "tagger.person")
    found = merge([said, guess, Finding(3, 12, PERSON, 0.9, "tagger.person")], text, is_harmless)
    assert [(each.start, each.end) for each in found] == [(3, 12)]


def test_no_list_that_silences_holds_what_people_are_called() -> None:
    lines = files("gateway.lists").joinpath("names.txt").read_text(encoding="utf-8").splitlines()
    called = {
        fold(name)
        for line in lines
        if not line.startswith("#")
        for name in line.partition(":")[2].split()
    }
    for words in (DRUGS, PRODUCTS, TERMS, EPONYMS_ALONE, EVERYDAY):
        assert len(words) > 50
        # A disease and a saw that every hospital has.
        assert words & (called | FIRST_NAMES) <= {"raynaud", "gigli"}
