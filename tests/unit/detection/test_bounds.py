"""A hostile text costs no more than an honest one of its length."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from gateway.detection.detector import PresidioDetector
from gateway.detection.recognizers import topics
from gateway.detection.scanner import ShapeScanner
from gateway.detection.view import view_of
from gateway.detection.windows import SIZE
from gateway.domain.text import RawText
from gateway.weights import open_detector

UNITS = [
    "a", "A", "1", " ", "\n", "(", ":", "@", "#",
    "!", "%", "中", "1 ", "1-", "1/", "1.", "12 ", "A1",
    "a.", "a:", "a@", "b.", "x-", "::1", "W.", "W. ", "A ",
    "Ab ", "Ab-", "A'", "ab ", ", Ab", "John Smith ", "JohnSmith", "St. ", "St. Mary ",
    "name: ", "mrn ", "id number ", "number ", " is", " of", " de", "Apt 1\n", "Line\n",
    "Apt 1 ", "1 Ab ", "1 ab ", "Jan ", "Jan 1 ", "2024-", "born ", "seen at ", "male ",
    "license ", "fax no ", "12 ab ab ab ", "to Ab Ab Ab ", "a b.", "address: 1 ", "University of ",
    "ninety ", "dr ",    "\\u0041", "\u200b",
]  # fmt: skip
BUDGET = 1.0
"""Seconds that one rule may take for one window of 10,000 characters; an honest one takes 5 ms."""


@pytest.fixture(scope="module")
def detector() -> Iterator[PresidioDetector]:
    detector = open_detector(2025)
    yield detector
    detector.close()


@pytest.mark.parametrize("unit", UNITS, ids=repr)
def test_no_rule_is_slow_on_a_repeated(unit: str) -> None:
    text = view_of((unit * SIZE)[:SIZE]).text
    for rules in topics(2025).values():
        for rule in rules:
            begun = time.perf_counter()
            for _ in rule.find(text.lower() if rule.lowered else text):
                pass
            assert time.perf_counter() - begun < BUDGET, rule.name


@pytest.mark.parametrize("unit", ["1", "a", "(", "Ab "])
async def test_a_long_line_is_done_in_bounded_time(detector: PresidioDetector, unit: str) -> None:
    text = (unit * 200_000)[:200_000]
    begun = time.perf_counter()
    await detector.detect([RawText(text)])
    assert time.perf_counter() - begun < 60


@pytest.mark.slow
@pytest.mark.parametrize("unit", ["1", "a", "1 ", "(", "a b "])
async def test_a_megabyte_of_one_line_is_done_in_bounded_time(
    detector: PresidioDetector, unit: str
) -> None:
    text = (unit * 1_000_000)[:1_000_000]
    begun = time.perf_counter()
    await detector.detect([RawText(text)])
    assert time.perf_counter() - begun < 150


def test_the_scanner_takes_microseconds() -> None:
    scanner = ShapeScanner()
    text = ("The wound is dry and the patient walks well, call 410-555-0199 on doubt. " * 5)[:300]
    scanner.scan(text)
    best = min(_timed(scanner, text) for _ in range(50))
    assert best < 0.001


def _timed(scanner: ShapeScanner, text: str) -> float:
    begun = time.perf_counter()
    scanner.scan(text)
    return time.perf_counter() - begun
