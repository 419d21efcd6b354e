"""A hostile text costs no more than an honest one of its length."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

import pytest

from gateway.detection import contact
from gateway.detection.detector import PresidioDetector
from gateway.detection.numbers import Numbers
from gateway.detection.recognizers import topics
from gateway.detection.rules import Topic, find
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
    "1,", "1:", "1_", "1)", "(1", "+1", "+1 ", "#1", "O1.", "l1 ", "1O", "0 1 ", "01 23 ",
    "DE89 ", "DE89", "A1", "9A9A", "1-a-", "1.1.", "12/", "12/12/", "1 a ", "tel 1 ", "tel: ",
    "no. ", "n° ", "nummer ", "五", "零", "月1", "1月", "1年", "岁1", "身份证号", "京A", "<", "A<",
    "01", "(01)", ".com", "a.com", ".jpg", "a-", "five ", "zero un ", "may ", "may 1", "mar",
    "mars deux ", "mai ", "vingt et ", "neunzehnhundert ", "ersten ersten ", "mayo de mil ",
    "15 avenue 12345 ", "de 30 anos y ", "mg/dl ", "ans ", "30 ans ", "1 - ", "1 / ", "rue ",
    "Я", "я ", "я.", "\u03b1", "\u03c9\u03b4 ",
    "@.", "a.b.", "::", "0:", "00:00:", "00-00-", "001234567", "+12345678",
]  # fmt: skip
BUDGET = 1.0
"""Seconds of the processor that one rule may take for one window of 10,000 characters; an honest
one takes 5 ms."""
TOPICS = topics(2025)
LONG = 50_000
"""Characters of one line in `make test`; in `make test-slow` it is a megabyte."""


@pytest.fixture(scope="module")
def detector() -> Iterator[PresidioDetector]:
    detector = open_detector(2025)
    yield detector
    detector.close()


@pytest.mark.parametrize("unit", UNITS, ids=repr)
def test_no_rule_is_slow_on_a_repeated(unit: str) -> None:
    text = view_of((unit * SIZE)[:SIZE]).text
    for name, finder in TOPICS.items():
        rules = finder.rules if isinstance(finder, Topic) else (finder,)
        for rule in rules:
            begun = time.thread_time()
            for _ in rule.find(text.lower() if getattr(rule, "lowered", False) else text):
                pass
            assert time.thread_time() - begun < BUDGET, getattr(rule, "name", name)


def test_a_row_of_digits_in_no_order_is_read_in_bounded_time() -> None:
    """ "00" begins an international number, and 90 digits behind it can be grouped in many ways."""
    chance = random.Random(3)  # noqa: S311 - the same digits in every run
    text = "".join(chance.choice("0123456789") for _ in range(LONG))
    begun = time.thread_time()
    for _ in Numbers(2025).find(text):
        pass
    assert time.thread_time() - begun < BUDGET * LONG / SIZE


@pytest.mark.slow
@pytest.mark.parametrize("unit", UNITS, ids=repr)
def test_the_numbers_of_a_hostile_megabyte_are_read_in_bounded_time(unit: str) -> None:
    text = view_of((unit * 1_000_000)[:1_000_000]).text
    begun = time.thread_time()
    for _ in Numbers(2025).find(text):
        pass
    for _ in find(contact.RULES, text):
        pass
    assert time.thread_time() - begun < 60


@pytest.mark.parametrize("unit", ["1", "a", "(", "Ab "])
async def test_a_long_line_is_done_in_bounded_time(detector: PresidioDetector, unit: str) -> None:
    text = (unit * LONG)[:LONG]
    begun = time.process_time()
    await detector.detect([RawText(text)])
    assert time.process_time() - begun < 15


@pytest.mark.slow
@pytest.mark.parametrize("unit", ["1", "a", "1 ", "(", "a b "])
async def test_a_megabyte_of_one_line_is_done_in_bounded_time(
    detector: PresidioDetector, unit: str
) -> None:
    text = (unit * 1_000_000)[:1_000_000]
    begun = time.process_time()
    await detector.detect([RawText(text)])
    assert time.process_time() - begun < 300


def test_the_scanner_takes_microseconds() -> None:
    scanner = ShapeScanner()
    text = ("The wound is dry and the patient walks well, call 410-555-0199 on doubt. " * 5)[:300]
    scanner.scan(text)
    best = min(_timed(scanner, text) for _ in range(50))
    assert best < 0.001


def _timed(scanner: ShapeScanner, text: str) -> float:
    begun = time.thread_time()
    scanner.scan(text)
    return time.thread_time() - begun
