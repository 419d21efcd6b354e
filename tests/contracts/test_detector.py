"""What every `ports.Detector` and `ports.OutputScanner` keeps, the fakes too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gateway.detection.detector import PresidioDetector
from gateway.detection.scanner import ShapeScanner
from gateway.domain.entities import PERSON, US_SSN
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.ports import Detector, OutputScanner
from gateway.domain.text import RawText
from gateway.weights import open_detector
from tests.fakes.detector import FakeDetector, FakeScanner
from tests.fakes.tagger import FakeTag, FakeTagger

SCRIPT = {"Thornton": PERSON, "078-05-1120": US_SSN}
NOTE = "Mrs Thornton, SSN 078-05-1120, is well."


@pytest.fixture(scope="module")
def presidio() -> Iterator[PresidioDetector]:
    detector = open_detector(2025)
    yield detector
    detector.close()


@pytest.fixture(params=["fake", "presidio"])
def detector(request: pytest.FixtureRequest, presidio: PresidioDetector) -> Detector:
    return presidio if request.param == "presidio" else FakeDetector(SCRIPT)


def _breaks(text: str, *_: object) -> list[object]:
    """Do what a recognizer does on a bad day."""
    raise ValueError(f"cannot read {text}")


TAGGERS = {
    "raises": FakeTagger(error=ValueError(f"cannot read {NOTE}")),
    "hangs": FakeTagger(hangs=True),
    "is closed": FakeTagger(closed=True),
    "leaves a text out": FakeTagger(missing=1),
    "says what nobody knows": FakeTagger({"Thornton": "PLANET"}),
    "is out of the text": FakeTagger(always=(FakeTag(0, 10_000, "PERSON"),)),
}


@pytest.fixture(params=["fake", "rules break", *TAGGERS])
def broken(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Detector]:
    if request.param == "fake":
        fake = FakeDetector(SCRIPT)
        fake.break_down()
        yield fake
        return
    tagger = TAGGERS.get(request.param, FakeTagger())
    real = PresidioDetector(reference_year=2025, tagger=tagger, timeout=0.2)
    if request.param == "rules break":
        monkeypatch.setattr(real._rules, "analyze", _breaks)
    yield real
    real.close()


@pytest.fixture(params=["fake", "shapes"])
def scanner(request: pytest.FixtureRequest) -> OutputScanner:
    return ShapeScanner() if request.param == "shapes" else FakeScanner(SCRIPT)


async def test_each_text_gets_its_findings_in_the_order_of_the_texts(detector: Detector) -> None:
    found = await detector.detect([RawText("all well"), RawText(NOTE), RawText("")])
    assert len(found) == 3
    assert found[0] == ()
    assert found[2] == ()
    assert {NOTE[each.start : each.end] for each in found[1]} >= {"Thornton", "078-05-1120"}


async def test_no_texts_have_no_findings(detector: Detector) -> None:
    assert list(await detector.detect([])) == []


async def test_findings_are_in_the_order_of_their_offsets(detector: Detector) -> None:
    (found,) = await detector.detect([RawText(NOTE * 3)])
    assert list(found) == sorted(found)


async def test_findings_lie_within_their_text(detector: Detector) -> None:
    (found,) = await detector.detect([RawText(NOTE)])
    assert all(0 <= each.start < each.end <= len(NOTE) for each in found)


async def test_the_same_texts_have_the_same_findings(detector: Detector) -> None:
    texts = [RawText(NOTE), RawText("Thornton again")]
    assert list(await detector.detect(texts)) == list(await detector.detect(texts))


async def test_a_failure_fails_the_whole_call(broken: Detector) -> None:
    with pytest.raises(ExchangeError) as raised:
        await broken.detect([RawText(NOTE)])
    assert raised.value.code is Code.DETECTION_FAILED


async def test_an_error_does_not_quote_the_text(broken: Detector) -> None:
    with pytest.raises(ExchangeError) as raised:
        await broken.detect([RawText(NOTE)])
    error = raised.value
    assert "Thornton" not in f"{error}{error.message}{error.args}{error.__cause__!r}"
    assert error.__suppress_context__ or error.__context__ is None


def test_a_scanner_finds_what_has_a_form(scanner: OutputScanner) -> None:
    found = scanner.scan(NOTE)
    assert "078-05-1120" in {NOTE[each.start : each.end] for each in found}
    assert list(found) == sorted(found)


def test_a_scanner_finds_nothing_in_nothing(scanner: OutputScanner) -> None:
    assert list(scanner.scan("")) == []
