"""What German, French, Spanish and Chinese documents promise beyond what all documents do."""

# ruff: noqa: S311 - chance that repeats is the point

import random
import re
from collections.abc import Callable
from functools import cache

import pytest

from training import noise
from training.documents import Document, Draft, Span
from training.fillers.base import Cast
from training.fillers.de import in_words as german
from training.fillers.es import in_words as spanish
from training.fillers.fr import in_words as french
from training.fillers.zh_dates import in_words as chinese
from training.generate import fillers, generate, library
from training.lists import words
from training.templates import Slot, parse

LANGUAGES = ("de", "es", "fr", "zh")
TITLES = {
    "de": r"(Dr|Prof|PD|OA|OÄ|Herrn?|Hr|Frau|Fr|Station|Stat|Tel)\b",
    "es": r"(Dra?|Prof|Sra?|Don|Doña|Dña|D\.ª|Hospital de de|NHC|Tel)\b",
    "fr": r"(Dr|Docteur|Pr|Professeur|Mme|Mlle|Monsieur|Madame|IPP|Tél)\b",
    "zh": r"(患者|医生|主任|姓名|住院号)",
}
TITLES_AFTER = r".*(女士|先生|医生|主任|教授|大夫|护士)$"


@cache
def documents(lang: str) -> tuple[Document, ...]:
    return tuple(generate(lang, 500, 21, "train"))


def inside(document: Document, span: Span) -> str:
    return document.text[span.start : span.end]


def filled(lang: str, slot: str, seed: int, split: str = "train") -> tuple[str, str | None]:
    pieces = Cast(fillers(lang, split), random.Random(seed)).fill(slot)
    labelled = [piece for piece in pieces if piece.label]
    return (labelled or list(pieces))[-1]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_each_has_hundreds_of_templates_with_identifiers_and_without(lang: str) -> None:
    books = library(lang, "train")
    known = fillers(lang, "train")
    held = {True: 0, False: 0}
    for group in (*books.kinds.values(), *books.parts.values()):
        for template in group:
            draft = Draft()
            books.write(template, Cast(known, random.Random(1)), draft)
            held[bool(draft.spans)] += 1
    assert held[True] >= 150
    assert held[False] >= 150


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_name_is_without_its_title(lang: str) -> None:
    for document in documents(lang):
        for span in document.spans:
            text = inside(document, span)
            if span.label != "PERSON":
                continue
            assert not re.match(TITLES[lang], text), text
            assert lang != "zh" or not re.match(TITLES_AFTER, text), text


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_label_lies_on_a_drug_or_a_disease(lang: str) -> None:
    entries = [
        word
        for name in ("neg.drug", "neg.disease", "neg.procedure")
        for word in words(f"{lang}/{name}")
        if len(word) >= (4 if lang == "zh" else 9)
    ]
    found = 0
    for document in documents(lang):
        for word in entries:
            at = document.text.find(word)
            if at < 0:
                continue
            found += 1
            touching = [s for s in document.spans if s.start < at + len(word) and at < s.end]
            assert not touching, (word, document.id)
    assert found > 100


@pytest.mark.parametrize("lang", LANGUAGES)
def test_many_types_of_identifiers_occur(lang: str) -> None:
    found = {span.label for document in documents(lang) for span in document.spans}
    assert found >= {
        "PERSON", "LOCATION", "STREET_ADDRESS", "POSTCODE", "DATE_TIME", "DATE_OF_BIRTH", "AGE",
        "PHONE_NUMBER", "EMAIL_ADDRESS", "MEDICAL_RECORD_NUMBER", "HEALTH_PLAN_NUMBER",
        "ORGANIZATION", "NATIONAL_ID", "LICENSE_NUMBER", "DEVICE_ID", "OTHER_ID",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("slot", "shape"),
    [
        ("wardcode", r"[A-Z0-9Ebeno .-]{1,7}|\d (Nord|Süd|West)|3 West"),
        (
            "age.adj",
            r"(\d{1,3}|[A-ZÄÖÜ][a-zäöüß]+)[-\u2013 ]?(jährige?[rns]?|jähr\.|monatiger?|wöchiges)",
        ),
        ("age", r"\d{1,3} ?(Jahren?|J\.?|Monate|Mon\.|Wochen|Tage|Lebenstage)"),
    ],
)
def test_german_wards_and_ages_are_written_as_wards_write_them(slot: str, shape: str) -> None:
    for seed in range(200):
        text, label = filled("de", slot, seed)
        assert label
        assert re.fullmatch(shape, text), text


def test_a_ward_is_its_code_and_a_department_is_nobody() -> None:
    for seed in range(60):
        pieces = Cast(fillers("de", "train"), random.Random(seed)).fill("ward")
        assert pieces[0].label is None
        assert pieces[1].label == "ORGANIZATION"
    plain = [filled("zh", "ward", seed) for seed in range(60)]
    assert any(label is None and text.endswith(("科", "医学科")) for text, label in plain)
    assert any(label and re.search(r"[\d一二三四五六七八九]", text) for text, label in plain)


def test_chinese_names_stand_without_spaces_and_with_their_family_first() -> None:
    known = fillers("zh", "train")
    for seed in range(200):
        scene = Cast(known, random.Random(seed))
        person = scene.person("patient")
        ((whole, _),) = scene.fill("patient.plain")
        assert whole.startswith(person.family)
        assert " " not in whole
        ((family, label),) = scene.fill("patient.surname")
        assert label == "PERSON"
        assert whole.startswith(family)


def test_an_address_of_china_is_a_place_and_a_street() -> None:
    for seed in range(100):
        pieces = Cast(fillers("zh", "train"), random.Random(seed)).fill("address")
        assert [piece.label for piece in pieces if piece.label] == ["LOCATION", "STREET_ADDRESS"]


def test_a_french_house_is_of_a_town_as_french_says_it() -> None:
    known = fillers("fr", "train")
    for seed in range(400):
        ((text, _),) = Cast(known, random.Random(seed)).fill("hospital")
        assert not re.search(r"\b[Dd]e ([AEIOUÉ]|Les? )", text), text


def test_a_resident_id_tells_the_birthday_that_the_document_tells() -> None:
    known = fillers("zh", "train")
    agree = 0
    for seed in range(100):
        scene = Cast(known, random.Random(seed))
        ((number, _),) = scene.fill("nationalid")
        agree += known.birthday(scene).strftime("%Y%m%d") in number
    assert agree > 70


@pytest.mark.parametrize(
    ("say", "expected"),
    [
        (german, {1: "eins", 21: "einundzwanzig", 70: "siebzig", 99: "neunundneunzig"}),
        (french, {21: "vingt et un", 71: "soixante et onze", 78: "soixante dix-huit"}),
        (french, {80: "quatre-vingt", 91: "quatre-vingt onze"}),
        (spanish, {3: "tres", 22: "veintidós", 31: "treinta y uno", 90: "noventa"}),
        (chinese, {3: "三", 10: "十", 12: "十二", 20: "二十", 67: "六十七"}),
    ],
)  # fmt: skip
def test_numbers_are_said_in_the_language(
    say: Callable[[int], str], expected: dict[int, str]
) -> None:
    assert {number: say(number) for number in expected} == expected


@pytest.mark.parametrize("lang", LANGUAGES)
def test_dictation_speaks_its_own_language(lang: str) -> None:
    text = "A: B, C. (D)\n\nE? F; G。H\uff0cI"
    for seed in range(40):
        said, _ = noise.dictated(random.Random(seed), (text, ()), lang)
        assert not re.search(r"\b(period|comma|colon|paragraph|parenthesis)\b", said)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_people_of_evaluation_have_names_of_their_own(lang: str) -> None:
    def names(split: str) -> set[str]:
        known = fillers(lang, split)
        return {
            "".join(piece.text for piece in Cast(known, random.Random(seed)).fill("patient.plain"))
            for seed in range(300)
        }

    assert len(names("train") & names("eval")) <= 6


def test_a_template_of_one_language_may_use_its_own_slots() -> None:
    nodes = list(parse("{{date.loose}} {{patient.last_first}}").body.walk())
    for lang in ("de", "es", "fr"):
        assert all(fillers(lang, "eval").knows(n.name) for n in nodes if isinstance(n, Slot))
