"""`/analyze`: what a caller is told is what it asks for; what it brings cannot do harm."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from gateway.domain import entities
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.findings import Finding
from gateway.domain.redaction import Secrets
from gateway.http.presidio_parse import read_analysis
from gateway.presidio.analysis import Analysis, Analyzed
from gateway.presidio.expressions import expression
from tests.fakes.detector import FakeDetector
from tests.fakes.policy import profile

TEXT = "Ilse Quandahl, passport C01X00T47, ward 8B, zip 46802"
DETECTOR = FakeDetector({"Ilse Quandahl": entities.PERSON, "C01X00T47": entities.PASSPORT})
SECRETS = Secrets(b"p" * 32, b"h" * 32)
ZIP = {
    "name": "Zip code Recognizer",
    "supported_language": "en",
    "patterns": [{"name": "zip code (weak)", "regex": r"\b\d{5}(?:-\d{4})?\b", "score": 0.01}],
    "context": ["zip", "code"],
    "supported_entity": "ZIP",
}


def work(**more: object) -> Analysis:
    whole: dict[str, object] = {"text": TEXT, "language": "en"}
    return read_analysis(json.dumps(whole | more).encode())[1]


async def told(**more: object) -> list[tuple[str, str]]:
    analyzed = await work(**more).carry_out(DETECTOR, profile(), SECRETS, "key:x")
    return [(TEXT[each.start : each.end], each.entity) for each in analyzed.findings[0]]


async def test_all_is_told_unless_less_is_asked_for() -> None:
    assert await told() == [("Ilse Quandahl", "PERSON"), ("C01X00T47", "PASSPORT")]


async def test_only_the_types_that_are_asked_for_are_told() -> None:
    assert await told(entities=["PERSON", "CRYPTO"]) == [("Ilse Quandahl", "PERSON")]


async def test_a_type_of_presidio_is_told_under_its_name_where_it_is_asked_for() -> None:
    assert await told(entities=["US_PASSPORT"]) == [("C01X00T47", "US_PASSPORT")]


async def test_a_threshold_above_all_scores_leaves_nothing() -> None:
    detector = FakeDetector({"Ilse": entities.PERSON})
    findings = (Finding(0, 4, entities.PERSON, 0.4),)
    assert list(work(score_threshold=0.5).narrowing.keep(TEXT, findings)) == []
    assert list(work(score_threshold=0.4).narrowing.keep(TEXT, findings)) == list(findings)
    del detector


async def test_allowed_words_are_not_told() -> None:
    assert await told(allow_list=["Ilse Quandahl"]) == [("C01X00T47", "PASSPORT")]
    assert await told(allow_list=["Ilse"]) != [("C01X00T47", "PASSPORT")]
    assert await told(allow_list=["quandahl$"], allow_list_match="regex") == [
        ("C01X00T47", "PASSPORT")
    ]


async def test_the_record_counts_what_was_found_whatever_was_asked_for() -> None:
    asked = work(entities=["PERSON"], score_threshold=1, allow_list=["Ilse Quandahl"])
    analyzed: Analyzed = await asked.carry_out(DETECTOR, profile(), SECRETS, "key:x")
    assert analyzed.findings == ((),)
    assert analyzed.counts == {"PASSPORT": 1, "PERSON": 1}


async def test_a_recognizer_of_the_request_finds_and_its_context_adds_to_the_score() -> None:
    found = await work(ad_hoc_recognizers=[ZIP]).carry_out(DETECTOR, profile(), SECRETS, "key:x")
    (zip_code,) = [each for each in found.findings[0] if each.entity == "ZIP"]
    assert TEXT[zip_code.start : zip_code.end] == "46802"
    assert zip_code.score == 0.4
    alone = work(text="46802", ad_hoc_recognizers=[ZIP], context=["zip"])
    found = await alone.carry_out(FakeDetector(), profile(), SECRETS, "key:x")
    assert found.findings[0][0].score == 0.4
    bare = work(text="46802", ad_hoc_recognizers=[ZIP])
    found = await bare.carry_out(FakeDetector(), profile(), SECRETS, "key:x")
    assert found.findings[0][0].score == 0.01


async def test_listed_words_are_found_whole_and_next_to_each_other() -> None:
    brought = {"supported_entity": "WARD", "deny_list": ["8B", "ward"]}
    assert ("8B", "WARD") in await told(ad_hoc_recognizers=[brought])
    asked = work(text="8B 8B x8B 8Bé (8b)", ad_hoc_recognizers=[brought])
    found = await asked.carry_out(FakeDetector(), profile(), SECRETS, "key:x")
    assert [each.start for each in found.findings[0]] == [0, 3, 15]


@pytest.mark.parametrize("word", ["İbrahim", "KAŞİ", "Straẞe", "\u017fmith", "Σάς", "\u212aelvin"])
async def test_a_listed_word_is_found_whatever_its_letters_become_in_another_case(
    word: str,
) -> None:
    brought = {"supported_entity": "NAME", "deny_list": [word]}
    asked = work(text=f"saw {word} today", ad_hoc_recognizers=[brought])
    found = await asked.carry_out(FakeDetector(), profile(), SECRETS, "key:x")
    assert [(each.start, each.end) for each in found.findings[0]] == [(4, 4 + len(word))]


async def test_a_recognizer_of_another_language_is_not_asked() -> None:
    assert ("46802", "ZIP") not in await told(
        ad_hoc_recognizers=[ZIP | {"supported_language": "de"}]
    )


async def test_findings_that_are_told_never_overlap() -> None:
    brought = {"supported_entity": "NAME_PART", "deny_list": ["Quandahl"]}
    found = await work(ad_hoc_recognizers=[brought]).carry_out(
        DETECTOR, profile(), SECRETS, "key:x"
    )
    first, second = found.findings[0]
    assert first.end <= second.start


async def test_a_recognizer_that_finds_everywhere_is_refused() -> None:
    everywhere = {"supported_entity": "X", "patterns": [{"name": "x", "regex": ".", "score": 1}]}
    asked = work(text="a" * 20_000, ad_hoc_recognizers=[everywhere])
    with pytest.raises(ExchangeError) as caught:
        await asked.carry_out(FakeDetector(), profile(), SECRETS, "key:x")
    assert caught.value.code is Code.LIMIT_EXCEEDED


async def test_an_allow_list_is_among_what_may_take_too_long() -> None:
    wide = {"name": "x", "regex": "(?:.|a)*", "score": 1}
    asked = work(
        text="a" * 100_000,
        ad_hoc_recognizers=[{"supported_entity": "X", "patterns": [wide] * 50}],
        allow_list=["(?:x{1,30}y){20}"],
        allow_list_match="regex",
    )
    with pytest.raises(ExchangeError) as caught:
        await asked.carry_out(FakeDetector(), profile(), SECRETS, "key:x")
    assert caught.value.code is Code.LIMIT_EXCEEDED


async def test_matches_without_a_score_count_among_those_that_a_recognizer_may_have() -> None:
    nowhere = {"supported_entity": "X", "patterns": [{"name": "x", "regex": ".", "score": 0}]}
    asked = work(text="a" * 20_000, ad_hoc_recognizers=[nowhere])
    with pytest.raises(ExchangeError) as caught:
        await asked.carry_out(FakeDetector(), profile(), SECRETS, "key:x")
    assert caught.value.code is Code.LIMIT_EXCEEDED


async def test_a_thousand_words_of_context_cost_nothing_at_each_match() -> None:
    brought = {
        "supported_entity": "X",
        "context": [f"x{number}" for number in range(1000)],
        "patterns": [{"name": "x", "regex": "a", "score": 0.1}],
    }
    around = [f"y{number}" for number in range(1000)]
    asked = work(text="a " * 4000, ad_hoc_recognizers=[brought], context=around)
    begun = time.process_time()
    found = await asked.carry_out(FakeDetector(), profile(), SECRETS, "key:x")
    assert time.process_time() - begun < 5
    assert len(found.findings[0]) == 4000


async def test_recognizers_that_would_take_too_long_are_refused_before_anything_is_read() -> None:
    slow = {"name": "x", "regex": "a{1,900}b", "score": 1}
    detector = FakeDetector()
    brought = {"supported_entity": "X", "patterns": [slow] * 20}
    asked = work(text="a" * 100_000, ad_hoc_recognizers=[brought])
    with pytest.raises(ExchangeError) as caught:
        await asked.carry_out(detector, profile(), SECRETS, "key:x")
    assert caught.value.code is Code.LIMIT_EXCEEDED
    assert detector.calls == 0


@pytest.mark.parametrize("evil", [r"(a+)+$", r"(a|a)*b", r"(.*)(.*)(.*)(.*)x", r"a{1,500}b"])
def test_an_expression_that_would_stop_pythons_matcher_takes_linear_time(evil: str) -> None:
    text = "a" * 50_000 + "!"
    begun = time.thread_time()
    for _ in expression(evil, 0, "regex").spans(text):
        pass
    assert time.thread_time() - begun < 20


@pytest.mark.parametrize(
    "pattern",
    [r"(?<=x)a", r"(a)\1", r"(?=a)b", "(", r"((a{1,999}){1,999}){1,999}", "a" * 1001, "\ud800"],
)
def test_an_expression_that_cannot_run_in_linear_time_is_refused_and_not_quoted(
    pattern: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ExchangeError) as caught:
        expression(pattern, 0, "ad_hoc_recognizers[0].patterns[0].regex")
    assert caught.value.code in {Code.UNSUPPORTED_PARAMETER, Code.INVALID_REQUEST}
    assert pattern not in caught.value.message
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"text": ""}, "No text provided"),
        ({"text": []}, "No text provided"),
        ({"language": None}, "No language provided"),
        ({"language": "xx"}, "No matching recognizers"),
        ({"entities": ["NOTHING_KNOWN"]}, "No matching recognizers"),
        ({"ad_hoc_recognizers": [{"supported_entity": "X"}]}, "patterns or a deny_list"),
        ({"ad_hoc_recognizers": [{"deny_list": ["x"]}]}, "one supported_entity"),
        ({"ad_hoc_recognizers": [ZIP | {"global_regex_flags": 64}]}, "flags besides"),
        ({"allow_list": ["("], "allow_list_match": "regex"}, "linear time"),
        ({"log_decision_process": True}, "Unknown field"),
        (
            {
                "ad_hoc_recognizers": [
                    {
                        "supported_entity": "X",
                        "patterns": [{"name": "x", "regex": "a" * 999, "score": 1}] * 11,
                    }
                ]
            },
            "10000 characters together",
        ),
    ],
)
def test_a_request_that_presidio_could_not_serve_is_refused(
    more: dict[str, Any], says: str
) -> None:
    with pytest.raises(ExchangeError, match=says):
        work(**more)


def test_the_words_of_a_request_do_not_show_when_printed() -> None:
    asked = work(ad_hoc_recognizers=[ZIP], context=["Quandahl"], allow_list=["Quandahl"])
    assert "Quandahl" not in repr(asked)
    assert "ZIP" not in repr(asked)
