"""The way back restores what the caller holds already, and nothing else. All names are invented."""

from __future__ import annotations

import pytest

from gateway.domain.reidentify import restored
from gateway.domain.text import RawText

MEANINGS = {
    "PERSON_123": RawText("Margaret Thornton"),
    "MRN_456": RawText("482103"),
    "Ilse Quandahl": RawText("Helen Okonkwo"),
}


@pytest.mark.parametrize(
    ("text", "whole", "count"),
    [
        ("PERSON_123 has MRN_456.", "Margaret Thornton has 482103.", 2),
        ("person_123's wife", "Margaret Thornton's wife", 1),
        ("seen by Ilse Quandahl", "seen by Helen Okonkwo", 1),
        ("PERSON_999 is of another exchange", "PERSON_999 is of another exchange", 0),
        ("Call 555-0142.", "Call 555-0142.", 0),
        ("", "", 0),
    ],
)
def test_stand_ins_of_the_exchange_are_restored(text: str, whole: str, count: int) -> None:
    assert restored(RawText(text), MEANINGS) == (RawText(whole), count)


def test_without_meanings_a_text_returns_as_it_is() -> None:
    assert restored(RawText("PERSON_123"), {}) == (RawText("PERSON_123"), 0)
