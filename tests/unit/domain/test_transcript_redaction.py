"""What was heard is redacted as one text and cut again as it was cut: nothing falls between."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import redaction as module
from gateway.domain.entities import PERSON, PHONE_NUMBER
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.exchange import Conversation, Message, Role, Segment, Transcript, Word
from gateway.domain.findings import Finding
from gateway.domain.policy import Operator, Rule
from gateway.domain.redaction import Secrets, redact, redact_transcript, spoken
from gateway.domain.text import RawText, RedactedText
from tests.fakes.policy import profile

SECRETS = Secrets(b"p" * 32, b"h" * 32)
NAME = "Margaret Thornton"
REMOVES = profile(PERSON=Rule(Operator.REPLACE), PHONE_NUMBER=Rule(Operator.MASK, keep_last=2))


def segment(start: float, *words: str) -> Segment[RawText]:
    timed = tuple(
        Word(start + index, start + index + 1, RawText(word)) for index, word in enumerate(words)
    )
    return Segment(start, start + len(words), RawText("".join(words)), timed)


def transcript(*segments: Segment[RawText]) -> Transcript[RawText]:
    return Transcript(segments, "en", 60.0)


def find(heard: Transcript[RawText], *words: str) -> tuple[Finding, ...]:
    text = spoken(heard).reveal()
    return tuple(
        Finding(match.start(), match.end(), PERSON if word[0].isalpha() else PHONE_NUMBER)
        for word in words
        for match in re.finditer(re.escape(word), text)
    )


def redacted(
    heard: Transcript[RawText], *words: str, by: object = REMOVES
) -> Transcript[RedactedText]:
    return redact_transcript(heard, [find(heard, *words)], by, SECRETS, "key:x")[0]  # type: ignore[arg-type]


def texts(heard: Transcript[RedactedText]) -> list[str]:
    return [each.text.for_engine() for each in heard.segments]


def words(heard: Transcript[RedactedText]) -> list[tuple[str, float, float]]:
    return [
        (word.text.for_engine(), word.start, word.end)
        for each in heard.segments
        for word in each.words
    ]


def test_a_name_leaves_its_stand_in_in_the_text_and_in_its_words() -> None:
    heard = transcript(
        segment(0, " I", " saw", " Margaret", " Thornton", ",", " who", " is", " well")
    )
    cleaned = redacted(heard, NAME)
    assert texts(cleaned) == [" I saw [PERSON], who is well"]
    assert words(cleaned)[2] == (" [PERSON],", 2, 5)
    assert [word for word, _, _ in words(cleaned)] == [
        " I", " saw", " [PERSON],", " who", " is", " well",
    ]  # fmt: skip


def test_a_name_that_two_segments_share_survives_in_neither() -> None:
    heard = transcript(segment(0, " I", " saw", " Margaret"), segment(5, " Thornton", " today"))
    cleaned = redacted(heard, NAME)
    assert texts(cleaned) == [" I saw [PERSON]", " today"]
    assert (cleaned.segments[1].start, cleaned.segments[1].end) == (5, 7)
    assert not any(part in repr(words(cleaned)) for part in NAME.split())


def test_a_segment_of_which_nothing_is_left_lends_its_time() -> None:
    heard = transcript(
        segment(0, " Dear", " Margaret"), segment(5, " Thornton"), segment(8, " Hello")
    )
    cleaned = redacted(heard, NAME)
    assert texts(cleaned) == [" Dear [PERSON]", " Hello"]
    assert (cleaned.segments[0].start, cleaned.segments[0].end) == (0, 6)


def test_a_mask_is_as_long_as_what_it_hides_wherever_the_words_end() -> None:
    heard = transcript(segment(0, " Call", " 617", "-", "555", "-", "0142", " now"))
    cleaned = redacted(heard, "617-555-0142")
    assert texts(cleaned) == [" Call **********42 now"]
    assert [word for word, _, _ in words(cleaned)] == [" Call", " **********42", " now"]


def test_what_is_left_of_a_word_stays_with_its_time() -> None:
    heard = transcript(segment(0, " Thornton", "'s", " wound"))
    cleaned = redacted(heard, "Thornton")
    assert texts(cleaned) == [" [PERSON]'s wound"]
    assert words(cleaned) == [(" [PERSON]", 0, 1), ("'s", 1, 2), (" wound", 2, 3)]


def test_segments_without_white_space_between_them_are_still_two_words() -> None:
    heard = transcript(Segment(0, 1, RawText("Good")), Segment(1, 2, RawText("morning")))
    assert spoken(heard).reveal() == "Good morning"


def test_one_person_has_one_stand_in_and_nothing_is_restored() -> None:
    heard = transcript(segment(0, " Margaret", " Thornton"), segment(3, " Margaret", " Thornton"))
    stands_in = profile(PERSON=Rule(Operator.PSEUDONYM))
    first, second = texts(redacted(heard, NAME, by=stands_in))
    assert first == second
    assert re.fullmatch(r" PERSON_\d{3}", first)


def test_what_is_blocked_or_named_by_no_rule_refuses_the_transcript() -> None:
    heard = transcript(segment(0, " Margaret", " Thornton"))
    for by in (profile(PERSON=Rule(Operator.BLOCK)), replace(REMOVES, entities={})):
        with pytest.raises(ExchangeError) as caught:
            redacted(heard, NAME, by=by)
        assert caught.value.code is Code.ENTITY_BLOCKED


@pytest.mark.parametrize("findings", [[], [(), ()], [(Finding(0, 999, PERSON),)]])
def test_findings_that_do_not_fit_are_a_failure(findings: Sequence[tuple[Finding, ...]]) -> None:
    with pytest.raises(ExchangeError) as caught:
        redact_transcript(transcript(segment(0, " Hello")), findings, REMOVES, SECRETS, "key:x")
    assert caught.value.code is Code.DETECTION_FAILED


def test_words_that_are_not_the_text_are_a_failure_and_are_not_quoted() -> None:
    strange = Segment(0.0, 1.0, RawText(" Hello"), (Word(0.0, 1.0, RawText(" Margaret")),))
    with pytest.raises(ValueError, match="words of a segment") as caught:
        spoken(transcript(strange))
    assert "Margaret" not in str(caught.value)


said = st.text("ab MT,.", max_size=8)


@given(
    st.lists(st.lists(said, max_size=6), max_size=5),
    st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)), max_size=6),
)
def test_however_it_was_cut_together_it_is_the_redacted_whole(
    parts: list[list[str]], places: list[tuple[int, int]]
) -> None:
    heard = transcript(*(segment(10 * index, *part) for index, part in enumerate(parts)))
    whole = spoken(heard).reveal()
    findings = tuple(
        Finding(start, min(start + length, len(whole)), PERSON)
        for start, length in places
        if start < len(whole)
    )
    cleaned, counts = redact_transcript(heard, [findings], REMOVES, SECRETS, "key:x")
    message = Message(Role.USER, (RawText(whole),))
    expected = redact(Conversation((message,)), [findings], REMOVES, SECRETS, "key:x")
    assert counts == expected.counts
    [text] = expected.conversation.texts()
    assert "".join("".join(texts(cleaned)).split()) == "".join(text.for_engine().split())
    for each in cleaned.segments:
        if each.words:
            assert "".join(word.text.for_engine() for word in each.words) == each.text.for_engine()


def test_what_cutting_a_transcript_costs_grows_as_its_length_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks = 0
    within = module._Piece.within

    def counted(piece: module._Piece, start: int, end: int, reach: int) -> str:
        nonlocal looks
        looks += 1
        return within(piece, start, end, reach)

    monkeypatch.setattr(module._Piece, "within", counted)

    def cost(times: int) -> int:
        nonlocal looks
        looks = 0
        redacted(transcript(*(segment(each, " saw", " Margaret") for each in range(times))), "Mar")
        return looks

    assert 0 < cost(400) < 5 * cost(100)
