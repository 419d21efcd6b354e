"""What a question says of a word that it does not know."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.questions import FIELDS, QuestionError, ask


def said(word: str) -> str:
    with pytest.raises(QuestionError) as caught:
        ask([word], 0)
    return str(caught.value)


@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        *(
            ("actro", "actor"),
            ("actr", "actor"),
            ("autor", "actor"),
            ("acter", "actor"),
            ("abuot", "about"),
        ),
        *(("kinds", "kind"), ("enitity", "entity"), ("departmnet", "department")),
        *(("staus", "status"), ("exchnage", "exchange"), ("akt", "act")),
    ],
)
def test_a_slip_of_the_finger_is_told_the_field_that_was_meant(slip: str, meant: str) -> None:
    assert said(f"{slip}=x") == f"word 1: there is no such field; did you mean {meant}?"


@pytest.mark.parametrize(
    "word",
    "patient name mrn user who whom result outcome after from to time foo a zzz bed".split(),  # noqa: SIM905
)
def test_a_word_that_is_near_no_field_is_told_none(word: str) -> None:
    assert said(f"{word}=x") == "word 1: there is no such field"


def test_a_value_is_told_the_nearest_of_its_field() -> None:
    assert "did you mean intent?" in said("kind=inten")
    assert "did you mean" not in said("kind=margaret")


@given(st.text(max_size=40))
def test_whatever_is_asked_is_never_quoted(word: str) -> None:
    if word in FIELDS or "=" in word:
        return
    told = said(f"{word}=x").removeprefix("word 1: there is no such field")
    assert told in {"", *(f"; did you mean {name}?" for name in FIELDS)}
