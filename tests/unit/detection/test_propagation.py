"""What one text of an exchange reveals is found in the others."""

from __future__ import annotations

import pytest

from gateway.detection import propagation
from gateway.detection.propagation import propagate
from gateway.domain.entities import MEDICAL_RECORD_NUMBER, PERSON
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
