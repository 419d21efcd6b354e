"""Calls of tools are restored and scanned as the words of a reply are, and stay JSON."""

from __future__ import annotations

import json
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import entities as e
from gateway.domain.calling import Calls, guarded, said
from gateway.domain.findings import Finding
from gateway.domain.guard import Encoding, StreamGuard
from gateway.domain.policy import Invented
from gateway.domain.pseudonyms import Pseudonyms
from gateway.domain.tools import ToolCall
from tests.unit.domain.test_guard import PhoneScanner, profile, run

NAME = 'Anna "Annie" Berg\nof Dahl'
PHONE = "555-0142"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from(["ANNA", PHONE]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def call(arguments: str, name: str = "find") -> list[ToolCall[str]]:
    return [ToolCall("1", name, arguments)]


def arguments(calls: Calls | None) -> str:
    assert calls is not None
    [one] = calls.calls
    return one.arguments


def guard_of(
    pseudonyms: Pseudonyms | None = None,
    invented: Invented = Invented.REPLACE,
    encoding: Encoding = Encoding.TEXT,
) -> StreamGuard:
    known = pseudonyms or Pseudonyms(b"k")
    return StreamGuard(known, profile(invented=invented), PhoneScanner(), encoding=encoding)


def test_a_restored_value_is_written_as_a_string_of_json_has_it() -> None:
    pseudonyms = Pseudonyms(b"k" * 32)
    anna = pseudonyms.stand_in(e.PERSON, NAME)
    guard = guard_of(pseudonyms)
    told = arguments(guarded(call(json.dumps({"who": anna, anna: [1, "x"]})), guard))
    assert json.loads(told) == {"who": NAME, NAME: [1, "x"]}
    assert guard.restored == 2


def test_an_invented_number_leaves_a_word_in_quotation_marks() -> None:
    guard = guard_of()
    told = arguments(guarded(call(f'{{"phone": {PHONE}, "say": "call {PHONE}"}}'), guard))
    assert json.loads(told) == {"phone": "[PHONE]", "say": "call [PHONE]"}
    assert guard.invented == 2


def test_a_part_of_a_number_that_is_taken_out_leaves_json() -> None:
    class Digits:
        """Takes seven digits for a phone number, whatever stands before them."""

        def scan(self, text: str) -> list[Finding]:
            found = re.finditer(r"[0-9]{7}", text)
            return [Finding(*each.span(), e.PHONE_NUMBER) for each in found]

    guard = StreamGuard(Pseudonyms(b"k"), profile(), Digits())
    sent = '{"ids": [-5550142, true, null, 1.5], "5550142": "is 5550142"}'
    assert json.loads(arguments(guarded(call(sent), guard))) == {
        "ids": ["-[PHONE]", True, None, 1.5],
        "[PHONE]": "is [PHONE]",
    }


class Records:
    """Takes what stands behind `mrn` for a number, and seven digits for a phone number."""

    def scan(self, text: str) -> list[Finding]:
        labelled = re.finditer(r'(?<=mrn": )[0-9]+|(?<=mrn": ")[0-9]+', text)
        found = [Finding(*each.span(), e.MEDICAL_RECORD_NUMBER) for each in labelled]
        phones = re.finditer(r"[0-9]{7}", text)
        return found + [Finding(*each.span(), e.PHONE_NUMBER) for each in phones]


def test_what_is_written_anew_is_counted_once() -> None:
    pseudonyms = Pseudonyms(b"k" * 32)
    anna = pseudonyms.stand_in(e.PERSON, NAME)
    guard = StreamGuard(pseudonyms, profile(), Records())
    sent = json.dumps({"who": anna, "id": -5550142})
    assert json.loads(arguments(guarded(call(sent), guard))) == {"who": NAME, "id": "-[PHONE]"}
    assert (guard.restored, guard.invented) == (1, 1)


def test_what_is_written_anew_is_still_known_by_its_key() -> None:
    guard = StreamGuard(Pseudonyms(b"k"), profile(), Records())
    sent = '{"id": -5550142, "mrn": 48, "other": {"mrn": "49"}, "in": [{"mrn": 50}, 51]}'
    assert json.loads(arguments(guarded(call(sent), guard))) == {
        "id": "-[PHONE]",
        "mrn": "[MRN]",
        "other": {"mrn": "[MRN]"},
        "in": [{"mrn": "[MRN]"}, 51],
    }
    assert guard.invented == 4


def test_a_name_of_a_tool_comes_back_as_the_client_knows_it() -> None:
    pseudonyms = Pseudonyms(b"k" * 32)
    anna = pseudonyms.stand_in(e.PERSON, "find_anna")
    calls = guarded(call("{}", anna), guard_of(pseudonyms))
    assert calls is not None
    assert calls.calls[0].name == "find_anna"
    assert "find_anna" in said(calls.calls)
    assert "find_anna" not in repr(calls)


def test_calls_of_a_reply_that_is_blocked_do_not_leave() -> None:
    guard = guard_of(invented=Invented.BLOCK)
    assert guarded(call(f'{{"phone": "{PHONE}"}}'), guard) is None
    assert guard.blocked


def test_no_calls_are_none() -> None:
    assert guarded([], guard_of()) is None


@pytest.mark.parametrize("broken", ["", "{", "no JSON", f'"{PHONE}, ', "[" * 20_000])
def test_arguments_that_are_no_json_are_treated_all_the_same(broken: str) -> None:
    assert PHONE not in arguments(guarded(call(broken), guard_of()))


@given(value=st.dictionaries(st.text(), JSON, max_size=3))
def test_what_was_json_is_json_afterwards(value: dict[str, object]) -> None:
    pseudonyms = Pseudonyms(b"k" * 32)
    anna = pseudonyms.stand_in(e.PERSON, NAME)
    sent = json.dumps(value).replace("ANNA", anna)
    told = arguments(guarded(call(sent), guard_of(pseudonyms)))
    assert isinstance(json.loads(told), dict)
    assert PHONE not in told


@given(st.lists(st.integers(0, 120), max_size=6))
def test_a_reply_in_json_stays_json_wherever_its_stream_is_cut(places: list[int]) -> None:
    pseudonyms = Pseudonyms(b"k" * 32)
    anna = pseudonyms.stand_in(e.PERSON, NAME)
    reply = f'{{"who": "\\"{anna}\\"", "phone": {PHONE}, "note": "\\\\ or {PHONE}"}}'
    cuts = sorted({0, *(min(place, len(reply)) for place in places), len(reply)})
    pieces = [reply[start:end] for start, end in pairwise(cuts)]
    guard = guard_of(pseudonyms, encoding=Encoding.JSON)
    assert json.loads(run(guard, pieces)) == {
        "who": f'"{NAME}"',
        "phone": "[PHONE]",
        "note": "\\ or [PHONE]",
    }
