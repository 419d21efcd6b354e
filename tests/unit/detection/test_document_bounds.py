"""What reads a whole document takes time in proportion to it, however hostile it is."""

from __future__ import annotations

import time

import pytest

from gateway.detection.allowed import is_harmless
from gateway.detection.dictionary import Dictionary
from gateway.detection.dictionary_file import EMPTY, Mark
from gateway.detection.dictionary_load import load
from gateway.detection.known import Known
from gateway.detection.merging import merge
from gateway.detection.propagation import propagate
from gateway.domain.entities import (
    DATE_OF_BIRTH,
    MEDICAL_RECORD_NUMBER,
    PERSON,
    PHONE_NUMBER,
    STREET_ADDRESS,
)
from gateway.domain.findings import Finding
from gateway.domain.person_names import mention
from gateway.domain.persons import Persons

SIZE = 8_000
BUDGET = 5.0
"""Seconds of CPU time for 8,000 characters; quadratic work would take far more."""
KNOWN = (
    Known(PERSON, "Margaret Thornton"),
    Known(PERSON, "王小明"),
    Known(PHONE_NUMBER, "617-555-0142"),
    Known(MEDICAL_RECORD_NUMBER, "4471902"),
    Known(STREET_ADDRESS, "12 Elm Street"),
    Known(DATE_OF_BIRTH, "1961-03-04"),
)
UNITS = (
    *(
        "a",
        "Thornton",
        "Thornton ",
        "Thornton-",
        "Thronton ",
        "M. ",
        "M.T.",
        "Mrs M. ",
        "王",
        "王小明",
    ),
    *("4471902", "447 19 02 ", "4 4 7 1 9 0 2 ", "12 Elm ", "12 Elm Street, ", "ending in 1902 "),
    *("3/4/1961 ", "4 March ", "1961", "'", "-", " ", "\n", "\u0301", "Dr. ", "Dr. Anna ", "x, "),
)


@pytest.mark.parametrize("unit", UNITS, ids=repr)
def test_a_repeated(unit: str) -> None:
    text = (unit * SIZE)[:SIZE]
    content = load(EMPTY, b"k" * 32, b"Margaret Thornton", Mark.STAFF, skip_bad=False).content
    begun = time.process_time()
    found = [*propagate([text], [[]], KNOWN)[0], *Dictionary(content, b"k" * 32).find(text)]
    found += [
        Finding(start, min(start + 7, SIZE), entity, 0.6, "tagger.x")
        for start in range(0, SIZE, 9)
        for entity in (PERSON, STREET_ADDRESS, PHONE_NUMBER)
    ]
    whole = merge(found, text, is_harmless)
    Persons().meet([mention(text, each.start, each.end) for each in whole])
    assert time.process_time() - begun < BUDGET
