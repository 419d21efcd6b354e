"""What is remembered of texts that come again: for whom, how much, and what stays as it is."""

from __future__ import annotations

import pickle
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.detection.detector import PresidioDetector
from gateway.detection.remembered import LEAST, Remembered
from gateway.domain.entities import PERSON
from gateway.domain.errors import ExchangeError
from gateway.domain.findings import Finding
from gateway.domain.text import RawText
from gateway.weights import open_detector
from tests.fakes.tagger import FakeTagger

NOTE = "Seen by Dr. Kessler. Margaret Thornton, MRN 4471902, is well and eats again. " * 2
TURNS = [
    NOTE,
    "What does Ms Thornton take? Answer in one sentence, and name the doses as they stand. " * 2,
    "Call her daughter, Ann Thornton, on 617-555-0142, and tell her that her mother is well. " * 2,
]


def _findings(count: int) -> list[Finding]:
    return [Finding(place, place + 1, PERSON, 0.9, "tagger.person") for place in range(count)]


def _texts(*texts: str) -> list[RawText]:
    return [RawText(text) for text in texts]


@pytest.fixture(scope="module")
def real() -> Iterator[PresidioDetector]:
    detector = open_detector(2025)
    yield detector
    detector.close()


@pytest.fixture
def tagger() -> FakeTagger:
    return FakeTagger({"Thornton": "PERSON"})


@pytest.fixture
def detector(tagger: FakeTagger) -> Iterator[PresidioDetector]:
    detector = PresidioDetector(reference_year=2025, tagger=tagger)
    yield detector
    detector.close()


async def test_a_turn_that_comes_again_is_not_looked_at_again(
    detector: PresidioDetector, tagger: FakeTagger
) -> None:
    first = await detector.of("ward").detect(_texts(NOTE))
    again = await detector.of("ward").detect(_texts(NOTE, TURNS[1]))
    assert tagger.calls == [1, 1], "the second time for the new turn alone"
    assert again[0] == first[0]
    await detector.of("ward").detect(_texts(NOTE, TURNS[1]))
    assert tagger.calls == [1, 1]


async def test_another_caller_and_no_caller_wait_as_long_as_if_nobody_had_asked(
    detector: PresidioDetector, tagger: FakeTagger
) -> None:
    await detector.of("ward").detect(_texts(NOTE))
    await detector.of("billing").detect(_texts(NOTE))
    await detector.detect(_texts(NOTE))
    await detector.detect(_texts(NOTE))
    assert tagger.calls == [1, 1, 1, 1]


async def test_what_differs_by_one_character_is_another_text(
    detector: PresidioDetector, tagger: FakeTagger
) -> None:
    for text in (NOTE, NOTE + " ", NOTE.replace("4471902", "4471903"), NOTE.lower()):
        await detector.of("ward").detect(_texts(text))
    assert tagger.calls == [1] * 4


async def test_a_failure_is_not_remembered(detector: PresidioDetector, tagger: FakeTagger) -> None:
    tagger.error = ValueError("on a bad day")
    with pytest.raises(ExchangeError):
        await detector.of("ward").detect(_texts(NOTE))
    tagger.error = None
    (found,) = await detector.of("ward").detect(_texts(NOTE))
    assert found
    assert tagger.calls == [1, 1]


async def test_a_conversation_has_the_findings_that_it_has_without_a_memory(
    real: PresidioDetector,
) -> None:
    for count in range(1, len(TURNS) + 1):
        remembered = await real.of("ward").detect(_texts(*TURNS[:count]))
        assert remembered == await real.detect(_texts(*TURNS[:count]))
    assert remembered == await real.of("ward").detect(_texts(*TURNS))


async def test_what_one_text_reveals_is_sought_in_a_remembered_one(
    detector: PresidioDetector, tagger: FakeTagger
) -> None:
    plain = (
        "Quandahl was seen at noon and again at night; the wound is dry, and she sleeps well. " * 2
    )
    (alone,) = await detector.of("ward").detect(_texts(plain))
    _, beside = await detector.of("ward").detect(_texts("Patient: Ilse Quandahl", plain))
    assert tagger.calls == [1, 1]
    assert not alone
    assert {(each.start, each.end) for each in beside} >= {(0, 8)}


@given(sizes=st.lists(st.integers(0, 60), max_size=40))
def test_no_more_findings_are_kept_than_there_is_room_for(sizes: list[int]) -> None:
    kept = Remembered(most=100)
    for number, size in enumerate(sizes):
        name = kept.name("ward", f"{number:{LEAST}}")
        assert name is not None
        kept.put(name, _findings(size))
        assert kept.get(name) == tuple(_findings(size))
    assert sum(len(found) for found in kept._found.values()) <= 100
    assert kept._size <= 100


def test_what_was_not_used_for_longest_goes_first() -> None:
    kept = Remembered(most=100)
    one, two, three = (kept.name("ward", char * LEAST) or b"" for char in "abc")
    kept.put(one, _findings(40))
    kept.put(two, _findings(40))
    assert kept.get(one) is not None
    kept.put(three, _findings(40))
    assert kept.get(two) is None
    assert kept.get(one) is not None
    kept.put(one, _findings(200))
    assert kept.get(one) is None, "what is larger than all is not kept, and nothing stale is"


def test_a_short_text_is_not_kept() -> None:
    assert Remembered().name("ward", "Mrs Thornton is well") is None


def test_nothing_leads_back_to_a_text_or_out_of_the_process() -> None:
    kept, other = Remembered(), Remembered()
    name = kept.name("ward", NOTE)
    assert name is not None
    assert name != other.name("ward", NOTE), "the key is the process's"
    assert kept.name("war", "d" + NOTE) != name, "whose it is and what it says do not run together"
    kept.put(name, _findings(2))
    assert repr(kept) == "<Remembered 1 texts>"
    with pytest.raises(TypeError):
        pickle.dumps(kept)
