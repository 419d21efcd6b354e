"""Drugs, devices and people who stand for a disease are no patients."""

from __future__ import annotations

import pytest

from gateway.detection.allowed import is_harmless
from gateway.detection.merging import merge
from gateway.domain.entities import PERSON
from gateway.domain.findings import Finding


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
