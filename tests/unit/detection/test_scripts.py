"""Words in scripts that detection does not read. All invented."""

# ruff: noqa: RUF001 - letters of other scripts are what is tested

from __future__ import annotations

import pytest

from gateway.detection.recognizers import rules_analyzer, topics
from gateway.detection.scripts import RULES
from gateway.domain.text import RawText
from gateway.settings import Detection
from gateway.weights import open_detector

PARAGRAPHS = [
    "Осмотрена доктором Кузнецовым, дочь Марина живёт в Воронеже.",
    "المريض محمد أحمد العلي أدخل إلى مستشفى الرازي",
    "환자 김민준은 서울성모병원에 입원하였다",
    "रोगी नमिता शर्मा एम्स दिल्ली में भर्ती हुईं",
    "Η ασθενής Ελένη Παπαδοπούλου εισήχθη χθες",
    "החולה יוסי כהן אושפז אתמול בערב",
    "ผู้ป่วย มานี มีใจ เข้ารับการรักษา",
    "პაციენტი ნინო ბერიძე გუშინ მიიღეს",
]


def _visible(text: str) -> str:
    covered = {
        place for rule in RULES for each in rule.find(text) for place in range(each.start, each.end)
    }
    return "".join(sign for place, sign in enumerate(text) if place not in covered)


@pytest.mark.parametrize("text", PARAGRAPHS)
def test_no_word_of_a_script_that_nobody_reads_stays(text: str) -> None:
    assert not any(map(str.isalpha, _visible(f"Told by phone: {text} He agrees.")[15:-11]))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Patient Иванов Иван, geb. 1950", "Иванов Иван"),
        ("El paciente יוסי כהן acude", "יוסי כהן"),
        ("seen with her son 김민준 today", "김민준"),
    ],
)
def test_a_few_words_are_a_name_and_more_are_a_text(text: str, name: str) -> None:
    [finding] = [each for rule in RULES for each in rule.find(text)]
    assert (text[finding.start : finding.end], finding.entity) == (name, "PERSON")
    [long] = [each for rule in RULES for each in rule.find(PARAGRAPHS[1])]
    assert long.entity == "OTHER_ID"


@pytest.mark.parametrize(
    "text",
    [
        "TGF-β and IL-1α, 5 μmol/l, ΔF508, γδ T cells, Ω, ΔΨ",
        "患者 田中さくら さん、ナガサキ病院",
        "Łódź, Đorđe, İzmir, Nguyễn, naïve, ½ tablet, 37 ℃, № 3, ✓",
    ],
)
def test_symbols_and_letters_that_detection_reads_are_none(text: str) -> None:
    assert _visible(text) == text


async def test_a_hospital_may_keep_them() -> None:
    text = f"Bitte übersetzen: {PARAGRAPHS[1]}"
    found = {}
    for chosen in ("find", "keep"):
        detector = open_detector(2026, Detection(other_scripts=chosen))  # type: ignore[arg-type]
        try:
            [findings] = await detector.detect([RawText(text)])
        finally:
            detector.close()
        found[chosen] = sum(each.end - each.start for each in findings)
        assert ("scripts" in detector.recognizers) == (chosen == "find")
    assert found["keep"] < found["find"] == len(PARAGRAPHS[1])


def test_without_them_the_other_rules_are_the_same() -> None:
    assert {*topics(2026)} - {*topics(2026, other_scripts=False)} == {"scripts"}
    text = "Dr. Ann Lee, Иванов Иван"
    names = [
        {
            each.recognizer
            for each in rules_analyzer(topics(2026, other_scripts=chosen)).analyze(text)
        }
        for chosen in (True, False)
    ]
    assert names[0] - names[1] == {"script.name"}
