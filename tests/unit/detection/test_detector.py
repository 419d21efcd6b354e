"""What only the real detector promises: long texts, the event loop, JSON, silence."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import threading
import time
from collections.abc import Iterator

import pytest

from gateway.detection.detector import PresidioDetector
from gateway.detection.readable import Reading, reading_of
from gateway.detection.structured.hl7 import Custom
from gateway.detection.windows import SIZE
from gateway.domain.entities import DATE_OF_BIRTH, MEDICAL_RECORD_NUMBER, PERSON
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.text import RawText
from gateway.weights import open_detector
from tests.fakes.tagger import FakeTagger


@pytest.fixture(scope="module")
def detector() -> Iterator[PresidioDetector]:
    detector = open_detector(2025)
    yield detector
    detector.close()


async def _covered(detector: PresidioDetector, text: str) -> set[str]:
    (found,) = await detector.detect([RawText(text)])
    return {text[each.start : each.end] for each in found}


async def test_a_name_in_the_header_is_found_in_a_later_text(detector: PresidioDetector) -> None:
    found = await detector.detect(
        [RawText("Patient: Ilse Quandahl"), RawText("then Quandahl left")]
    )
    assert any(each.entity == PERSON and (each.start, each.end) == (5, 13) for each in found[1])


async def test_findings_past_the_first_window_have_offsets_of_the_text(
    detector: PresidioDetector,
) -> None:
    text = "the wound is dry. " * (2 * SIZE // 18) + "MRN: 4471902" + " it heals." * 900
    (found,) = await detector.detect([RawText(text)])
    assert {
        text[each.start : each.end] for each in found if each.entity == MEDICAL_RECORD_NUMBER
    } == {"4471902"}


async def test_tool_arguments_in_json_are_read(detector: PresidioDetector) -> None:
    text = json.dumps({"note": "Seen by\nDr. Kessler\nDOB: 4/9/1958", "name": "José Quandahl"})
    assert {"Kessler", "4/9/1958"} <= await _covered(detector, text)
    assert any(r"Jos\u00e9 Quandahl" in value for value in await _covered(detector, text))


@pytest.mark.parametrize("end", ["\r\n", "\n", "\u2028"])
async def test_every_line_end_parts_lines(detector: PresidioDetector, end: str) -> None:
    text = f"Name: Ilse Quandahl{end}DOB: 1/2/1950{end}"
    assert {"Ilse Quandahl", "1/2/1950"} <= await _covered(detector, text)


async def test_a_right_to_left_text_with_emoji_keeps_its_offsets(
    detector: PresidioDetector,
) -> None:
    assert "410-555-0199" in await _covered(detector, "שלום 👩‍⚕️ מטופל 410-555-0199 🚑")


async def test_a_full_date_long_ago_counts_as_a_birth_date(detector: PresidioDetector) -> None:
    (found,) = await detector.detect([RawText("on 3/4/1961")])
    assert DATE_OF_BIRTH in {each.entity for each in found}


async def test_the_event_loop_stays_free(detector: PresidioDetector) -> None:
    # The best of three: what keeps the loop here keeps it each time, a busy machine does not.
    assert min([await _longest_pause(detector) for _ in range(3)]) < 0.5


async def _longest_pause(detector: PresidioDetector) -> float:
    """Return the most seconds that something else had to wait while a long text was read."""
    work = asyncio.create_task(detector.detect([RawText("Mrs Thornton is well. " * 2_000)]))
    longest = 0.0
    while not work.done():
        begun = time.perf_counter()
        await asyncio.sleep(0.005)
        longest = max(longest, time.perf_counter() - begun)
    await work
    return longest


async def test_a_text_is_made_readable_beside_the_event_loop_unless_it_is_short(
    detector: PresidioDetector, monkeypatch: pytest.MonkeyPatch
) -> None:
    there: list[bool] = []

    def noted(text: str, custom: Custom) -> Reading:
        there.append(threading.current_thread() is threading.main_thread())
        return reading_of(text, custom)

    monkeypatch.setattr("gateway.detection.detector.reading_of", noted)
    for text in ("Mrs Thornton is well. ", "Mrs Thornton is well. " * 200):
        assert "Mrs Thornton" not in await _covered(detector, text)
    assert there == [True, False]
    there.clear()
    await detector.detect([RawText("a")] * 30)  # Each costs something, however short.
    assert there == [False] * 30


async def test_the_tagger_has_the_text_before_the_rules_keep_the_processor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tagger = FakeTagger({"Quandahl": "PERSON"})
    detector = PresidioDetector(reference_year=2025, tagger=tagger)
    begun: list[int] = []
    monkeypatch.setattr(detector, "_analyze", lambda *_: begun.extend(tagger.calls) or [])
    await detector.detect([RawText("Quandahl")])
    detector.close()
    assert begun == [1]


async def test_where_the_tagger_has_failed_no_more_rules_are_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    full = ExchangeError(Code.OVERLOADED, "Too many texts wait for detection.")
    detector = PresidioDetector(reference_year=2025, tagger=FakeTagger(error=full))
    steps: list[int] = []
    monkeypatch.setattr(detector, "_analyze", lambda *_: steps.append(1) or [])
    with pytest.raises(ExchangeError) as refused:
        await detector.detect([RawText("A cough. " * 10_000)])
    assert refused.value.code is Code.OVERLOADED
    assert len(steps) <= 1
    detector.close()


async def test_a_short_text_overtakes_a_long_one(detector: PresidioDetector) -> None:
    order: list[str] = []

    async def note(name: str, text: str) -> None:
        await detector.detect([RawText(text)])
        order.append(name)

    await asyncio.gather(note("long", "all is well. " * 8_000), note("short", "Mrs Thornton"))
    assert order == ["short", "long"]


async def test_nothing_is_logged(
    detector: PresidioDetector, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("presidio-analyzer").setLevel(logging.CRITICAL)
    await detector.detect([RawText("Patient: Ilse Quandahl, MRN 4471902")])
    assert "Quandahl" not in caplog.text
    assert "4471902" not in caplog.text


async def test_nothing_is_said_of_a_tagger_that_failed_where_the_rules_failed_first(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    detector = PresidioDetector(
        reference_year=2025, tagger=FakeTagger(error=ValueError("Quandahl cannot be read"))
    )

    def fail(*_: object) -> None:
        time.sleep(0.05)
        raise ValueError("rules")

    monkeypatch.setattr(detector, "_analyze", fail)
    with pytest.raises(ExchangeError):
        await detector.detect([RawText("Patient: Ilse Quandahl")])
    gc.collect()
    detector.close()
    assert "Quandahl" not in caplog.text


async def test_all_texts_of_a_request_are_tagged_in_one_call() -> None:
    tagger = FakeTagger({"Quandahl": "PERSON"})
    detector = PresidioDetector(reference_year=2025, tagger=tagger)
    found = await detector.detect([RawText("Quandahl"), RawText(""), RawText("of Quandahl")])
    detector.close()
    assert tagger.calls == [3]
    assert tagger.closed, "the detector owns its tagger"
    assert [len(each) > 0 for each in found] == [True, False, True]


async def test_a_tag_is_in_offsets_of_the_text_as_it_came() -> None:
    tagger = FakeTagger({"Quandahl": "PERSON"})
    detector = PresidioDetector(reference_year=2025, tagger=tagger)
    text = "Q\u200bua\u0301n\uff44ahl and Qu\u200bandahl-\u200bSato"
    (found,) = await detector.detect([RawText(text)])
    detector.close()
    values = {text[each.start : each.end] for each in found if each.entity == PERSON}
    assert "Qu\u200bandahl-\u200bSato" in values


async def test_many_texts_with_few_tags_each_are_read_to_the_last() -> None:
    detector = PresidioDetector(reference_year=2025, tagger=FakeTagger({"zzzz": "ORGANIZATION"}))
    found = await detector.detect([RawText("zzzz and " * (each % 90)) for each in range(120)])
    detector.close()
    assert [len({each.start for each in one}) for one in found] == [e % 90 for e in range(120)]


async def test_many_tags_are_findings_all_of_them() -> None:
    detector = PresidioDetector(reference_year=2025, tagger=FakeTagger({"zzzz": "ORGANIZATION"}))
    text = "zzzz and " * 700
    (found,) = await detector.detect([RawText(text)])
    detector.close()
    assert len({each.start for each in found if each.entity == "ORGANIZATION"}) == 700


@pytest.mark.parametrize("before", [0, 9_300])
@pytest.mark.parametrize("head", ["https://h.example.org/", "www.example.org/", "example.org/"])
async def test_a_long_address_of_the_web_is_found_to_its_end(before: int, head: str) -> None:
    text = "x " * (before // 2) + head + "p/" * 1_500 + "thornton?id=48 and no more"
    detector = PresidioDetector(reference_year=2025, tagger=FakeTagger())
    try:
        [findings] = await detector.detect([RawText(text)])
    finally:
        detector.close()
    [url] = [each for each in findings if each.entity == "URL"]
    assert text[url.start : url.end].startswith(head)
    assert text[url.end :] == " and no more"
