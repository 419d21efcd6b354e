import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import entities as e
from gateway.domain.findings import Finding
from gateway.domain.guard import MAX_HOLD, Encoding, StreamGuard, _Quoted
from gateway.domain.policy import Invented, Limits, Operator, Profile, Rule
from gateway.domain.pseudonyms import Pseudonyms


class PhoneScanner:
    """Finds `555-nnnn`, and an address, like the real one but in two lines."""

    calls = 0

    def scan(self, text: str) -> list[Finding]:
        self.calls += 1
        return [
            Finding(*match.span(), e.PHONE_NUMBER if match[0][0].isdigit() else e.EMAIL_ADDRESS)
            for match in re.finditer(r"(?<!\d)\d{3}[- ]\d{4}(?!\d)|[a-z.]+@[a-z.]+[a-z]", text)
        ]


def profile(
    *, restore: bool = True, invented: Invented = Invented.REPLACE, keep_phones: bool = False
) -> Profile:
    rules = {e.PERSON: Rule(Operator.PSEUDONYM), e.EMAIL_ADDRESS: Rule(Operator.PSEUDONYM)}
    if keep_phones:
        rules[e.PHONE_NUMBER] = Rule(Operator.KEEP)
    return Profile("test", 1, rules, restore, invented, Limits(1000, 100))


def issued() -> tuple[Pseudonyms, str, str]:
    pseudonyms = Pseudonyms(b"k" * 32)
    return (
        pseudonyms,
        pseudonyms.stand_in(e.PERSON, "Anna Berg"),
        pseudonyms.stand_in(e.PERSON, "Carl Dahl"),
    )


def run(guard: StreamGuard, pieces: list[str]) -> str:
    return "".join([*(guard.feed(piece) for piece in pieces), guard.finish()])


def cut(text: str, places: list[int]) -> list[str]:
    edges = [0, *sorted(place % (len(text) + 1) for place in places), len(text)]
    return [text[one:two] for one, two in itertools.pairwise(edges)]


@given(st.lists(st.integers(0, 500), max_size=12))
def test_a_reply_is_the_same_however_the_stream_was_cut(places: list[int]) -> None:
    pseudonyms, anna, carl = issued()
    reply = (
        f"{anna} met {carl}'s nurse. [{anna}] said: call 555 0142, or 555-0199; write to "
        f"someone@example.org ({carl.lower()}). 患者{anna}说 [PERSON_000] **{carl}**, {anna}"
    )
    expected = (
        "Anna Berg met Carl Dahl's nurse. Anna Berg said: call [PHONE], or [PHONE]; write to "
        "[EMAIL] (Carl Dahl). 患者Anna Berg说 [PERSON_000] **Carl Dahl**, Anna Berg"
    )
    guard = StreamGuard(pseudonyms, profile(), PhoneScanner())
    assert run(guard, cut(reply, places)) == expected
    assert (guard.restored, guard.invented) == (7, 3)


def test_every_single_split_of_a_pseudonym_is_restored() -> None:
    pseudonyms, anna, _ = issued()
    reply = f"So {anna} rests."
    for place in range(len(reply) + 1):
        guard = StreamGuard(pseudonyms, profile(), PhoneScanner())
        assert run(guard, [reply[:place], reply[place:]]) == "So Anna Berg rests."


def test_a_pseudonym_that_the_model_invented_is_not_restored() -> None:
    pseudonyms, anna, _ = issued()
    number = (int(anna[7:10]) + 1) % 1000
    invented = f"[PERSON_{number:03d}]"
    guard = StreamGuard(pseudonyms, profile(), PhoneScanner())
    assert run(guard, [f"{invented} PERSON_99 PERSON_{anna[7:10]}7"]) == (
        f"{invented} PERSON_99 PERSON_{anna[7:10]}7"
    )
    assert guard.restored == 0


def test_nothing_is_restored_where_the_profile_does_not_say_so() -> None:
    pseudonyms, anna, _ = issued()
    guard = StreamGuard(pseudonyms, profile(restore=False), PhoneScanner())
    assert run(guard, [f"{anna} rests"]) == f"{anna} rests"


def test_what_was_restored_is_not_scanned_and_masked_again() -> None:
    pseudonyms = Pseudonyms(b"k" * 32)
    phone = pseudonyms.stand_in(e.PHONE_NUMBER, "555-0142")
    guard = StreamGuard(pseudonyms, profile(), PhoneScanner())
    assert run(guard, ["Call ", phone, " now"]) == "Call 555-0142 now"
    assert guard.invented == 0


@pytest.mark.parametrize(
    ("invented", "expected"),
    [(Invented.REPLACE, "Call [PHONE] now"), (Invented.MASK, "Call ******** now")],
)
def test_an_identifier_that_the_model_invented_is_treated(
    invented: Invented, expected: str
) -> None:
    guard = StreamGuard(Pseudonyms(b"k"), profile(invented=invented), PhoneScanner())
    assert run(guard, ["Call 555", "-01", "42 now"]) == expected
    assert guard.invented == 1


def test_a_blocked_invention_ends_the_reply_before_it() -> None:
    guard = StreamGuard(Pseudonyms(b"k"), profile(invented=Invented.BLOCK), PhoneScanner())
    assert run(guard, ["Call 555-0142 now", " and more"]) == "Call "
    assert guard.blocked
    assert guard.feed("x") == ""
    assert guard.reason(None).value == "content_filter"


def test_a_type_that_the_profile_keeps_passes() -> None:
    guard = StreamGuard(Pseudonyms(b"k"), profile(keep_phones=True), PhoneScanner())
    assert run(guard, ["Call 555-0142 now"]) == "Call 555-0142 now"


def test_streaming_stays_streaming_word_by_word() -> None:
    guard = StreamGuard(Pseudonyms(b"k"), profile(), PhoneScanner())
    released = [guard.feed(piece) for piece in ("The ", "patient ", "is ", "well ")]
    assert released == ["The ", "patient ", "is ", "well "]


def test_text_without_anything_that_could_identify_is_not_even_scanned() -> None:
    scanner = PhoneScanner()
    run(StreamGuard(Pseudonyms(b"k"), profile(), scanner), ["The patient ", "is well."])
    assert scanner.calls == 0


@pytest.mark.parametrize("run_of", ["x", "7", "七", "A B ", "1 2 ", "[", "_", "@"])
def test_no_stream_is_held_back_for_long(run_of: str) -> None:
    guard = StreamGuard(Pseudonyms(b"k"), profile(), PhoneScanner())
    fed, released = 0, 0
    for _ in range(400):
        fed += len(run_of)
        released += len(guard.feed(run_of))
        assert fed - released <= MAX_HOLD + 8


def test_a_pseudonym_that_the_reply_was_cut_in_is_left_out() -> None:
    for length in range(1, 11):
        pseudonyms, anna, _ = issued()
        guard = StreamGuard(pseudonyms, profile(), PhoneScanner())
        reply = guard.feed(f"So {anna[:length]}") + guard.finish(cut_short=True)
        expected = {10: "So Anna Berg", 7: "So ", 8: "So ", 9: "So "}
        assert reply == expected.get(length, f"So {anna[:length]}")
    guard = StreamGuard(issued()[0], profile(), PhoneScanner())
    assert guard.feed("see TABLE_1") + guard.finish(cut_short=True) == "see TABLE_1"


def test_long_arguments_of_a_call_are_read_a_few_times_however_much_in_them_is_invented(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read: list[int] = []
    after = _Quoted.after

    def noted(at: _Quoted, text: str) -> _Quoted:
        read.append(len(text))
        return after(at, text)

    monkeypatch.setattr(_Quoted, "after", noted)
    numbers = [f"555-{number:04d}" for number in range(500)]
    text = '{"inside": "' + ", ".join(numbers) + '", "not": [' + ", ".join(numbers) + "]}"
    guard = StreamGuard(issued()[0], profile(), PhoneScanner())
    said = guard.aside(text, Encoding.JSON)
    assert (guard.invented, said.count('"[PHONE]"'), said.count("[PHONE], ")) == (1000, 500, 499)
    assert sum(read) <= 4 * len(text)  # When it comes, when it ends, and as it leaves.
