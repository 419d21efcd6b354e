"""What was kept does not show itself, and does not leave the process. All texts are invented."""

from __future__ import annotations

import pickle

import pytest

from gateway.domain.payloads import Payload, Words, is_exchange
from gateway.domain.text import RawText

SECRET = "Margaret Thornton"
WORDS = Words((RawText("PERSON_1"),), (RawText(SECRET),), {"PERSON_1": RawText(SECRET)})


@pytest.mark.parametrize(
    ("name", "good"),
    [
        ("01a20304-7b52-7472-8905-d490b606cf43", True),
        ("01a20304-7b52-4472-8905-d490b606cf43", False),
        ("01A20304-7B52-7472-8905-D490B606CF43", False),
        (SECRET, False),
        ("", False),
    ],
)
def test_only_an_id_of_ours_is_an_exchange(name: str, *, good: bool) -> None:
    assert is_exchange(name) is good


@pytest.mark.parametrize("held", [WORDS, Payload("x", WORDS, None)])
def test_what_was_kept_is_not_printed_and_not_pickled(held: object) -> None:
    assert SECRET not in f"{held!r} {held}"
    with pytest.raises(TypeError):
        pickle.dumps(held)


def test_words_are_true_where_something_was_kept() -> None:
    assert WORDS
    assert not Words()


def test_a_payload_knows_the_stand_ins_of_both_parts() -> None:
    reply = Words(pseudonyms={"PERSON_2": RawText("Helen Okonkwo")})
    assert set(Payload("x", WORDS, reply).pseudonyms) == {"PERSON_1", "PERSON_2"}
    assert set(Payload("x", None, reply).pseudonyms) == {"PERSON_2"}
    assert not Payload("x", None, None).pseudonyms
