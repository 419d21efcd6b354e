"""Tags as findings: types, ages, the shapes of contacts, and whose type counts."""

from __future__ import annotations

import pytest

from gateway.detection.frame import LANGUAGE, NoPipeline
from gateway.detection.recognizers import TaggerRecognizer, tags_analyzer
from gateway.detection.tagging import VAGUE, findings
from gateway.domain.entities import (
    AGE,
    AGE_OVER_89,
    EMAIL_ADDRESS,
    FAX_NUMBER,
    KNOWN,
    OTHER_ID,
    PHONE_NUMBER,
    URL,
    USERNAME,
    EntityType,
)
from tests.fakes.tagger import FakeTag


def typed(text: str, value: str, label: str) -> EntityType:
    start = text.index(value)
    [found] = findings(text, [FakeTag(start, start + len(value), label)])
    assert (found.start, found.end) == (start, start + len(value))
    return found.entity


@pytest.mark.parametrize(
    ("text", "value", "over"),
    [
        ("a 92-year-old man", "92-year-old", True),
        ("aged 90", "90", True),
        ("aged 89", "89", False),
        ("a man of 104 years", "104", True),
        ("94岁女性", "94岁", True),
        ("91 años", "91 años", True),
        ("95 Jahre alt", "95", True),
        ("95 Tage alt", "95", False),
        ("an infant of 96 days", "96", False),
        ("90 weeks old", "90 weeks old", False),
        ("100个月", "100", False),
        ("7 months", "7 months", False),
        ("in her nineties", "nineties", True),
        ("ninety-two years old", "ninety-two", True),
        ("neunzigjährig", "neunzigjährig", True),
        ("quatre-vingt-dix ans", "quatre-vingt-dix ans", True),
        ("九十岁", "九十岁", True),
        ("middle-aged", "middle-aged", False),
        ("a child", "a child", False),
        ("born 1990", "1990", False),
        ("2 1/2 years", "2 1/2 years", False),
    ],
)
def test_an_age_over_89_is_one_where_ninety_years_or_more_are_read(
    text: str, value: str, *, over: bool
) -> None:
    assert typed(text, value, "AGE") == (AGE_OVER_89 if over else AGE)


@pytest.mark.parametrize(
    ("text", "value", "entity"),
    [
        ("write to anna@ward.example", "anna@ward.example", EMAIL_ADDRESS),
        ("see https://ward.example/a", "https://ward.example/a", URL),
        ("see ward.example", "ward.example", URL),
        ("call 555 0142", "555 0142", PHONE_NUMBER),
        ("Tel. 0341/97-12", "0341/97-12", PHONE_NUMBER),
        ("Fax: 0341/97-12", "0341/97-12", FAX_NUMBER),
        ("传真 0341-9712", "0341-9712", FAX_NUMBER),
        ("pager five five", "five five", PHONE_NUMBER),
        ("a@b", "a@b", USERNAME),
        ("follow @annaward", "@annaward", USERNAME),
    ],
)
def test_a_contact_has_the_type_of_its_shape(text: str, value: str, entity: EntityType) -> None:
    assert typed(text, value, "CONTACT") == entity


def test_an_id_is_one_of_no_exact_type_and_gives_way_to_every_rule() -> None:
    assert typed("no 4711-A", "4711-A", "ID") == OTHER_ID
    for label in ("ID", "CONTACT"):
        [found] = findings("no 4711-A", [FakeTag(3, 9, label, 0.99)])
        assert found.score == VAGUE
    [unsure] = findings("no 4711-A", [FakeTag(3, 9, "ID", 0.2)])
    assert unsure.score == 0.2


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("PMID 12345678", "12345678"),
        ("PMID: 12345678", "PMID: 12345678"),
        ("NCT01234567", "NCT01234567"),
        ("(ICD-10 E11.9)", "10 E11.9"),
        ("doi:10.1000/182", "10.1000/182"),
    ],
)
def test_a_number_of_a_public_register_identifies_nobody(text: str, value: str) -> None:
    start = text.index(value)
    assert list(findings(text, [FakeTag(start, start + len(value), "ID")])) == []
    assert list(findings(text, [FakeTag(start, start + len(value), "PERSON")]))


@pytest.mark.parametrize("code", ["J18.9", "E11.90", "I50.13G", "S72.01!", "C7A.0"])
def test_the_code_of_a_disease_identifies_nobody(code: str) -> None:
    assert list(findings(f"Dx {code}.", [FakeTag(3, 3 + len(code), "ID")])) == []


@pytest.mark.parametrize("dose", ["18-0-12", "1-0-0-1", "0-0-20"])
def test_a_dosage_is_no_date(dose: str) -> None:
    assert list(findings(f"Drug {dose}", [FakeTag(5, 5 + len(dose), "DATE_TIME")])) == []


@pytest.mark.parametrize("date", ["18-10-12", "2024-10-02", "1-2-20", "10.0.12"])
def test_a_date_is_no_dosage(date: str) -> None:
    assert list(findings(f"Seen {date}", [FakeTag(5, 5 + len(date), "DATE_TIME")]))


@pytest.mark.parametrize(
    ("digits", "entity"),
    [("123456789012", OTHER_ID), ("491715550198", PHONE_NUMBER), ("017155501983", PHONE_NUMBER)],
)
def test_more_digits_than_a_telephone_number_has_are_an_id(digits: str, entity: EntityType) -> None:
    [found] = findings(digits, [FakeTag(0, len(digits), "CONTACT")])
    assert found.entity == entity


@pytest.mark.parametrize("value", ["C14", "B2", "E118.90", "J18.987", "AJ18.9"])
def test_what_only_looks_like_the_code_of_a_disease_is_found(value: str) -> None:
    assert list(findings(f"no {value}.", [FakeTag(3, 3 + len(value), "ID")]))


def test_a_label_that_nobody_knows_is_an_error() -> None:
    with pytest.raises(KeyError):
        list(findings("Mars", [FakeTag(0, 4, "PLANET")]))


@pytest.mark.parametrize(
    "tag",
    [
        FakeTag(0, 9, "PERSON"),
        FakeTag(-1, 3, "PERSON"),
        FakeTag(3, 3, "PERSON"),
        FakeTag(0, 3, "PERSON", float("nan")),
        FakeTag(0, 3, "PERSON", 1.5),
    ],
)
def test_a_tag_that_makes_no_sense_is_an_error(tag: FakeTag) -> None:
    with pytest.raises(ValueError, match="probability"):
        tags_analyzer().analyze("Ann Lee", [tag])


def test_a_tag_is_a_finding_however_unsure() -> None:
    [found] = tags_analyzer().analyze("Ann Lee", [FakeTag(0, 7, "PERSON", 0.0)])
    assert (found.start, found.end) == (0, 7)


def test_presidio_passes_tags_on_as_a_recognizer_found_them() -> None:
    text = "Anna, 92, of Ward 4"
    tags = [FakeTag(0, 4, "PERSON", 0.7), FakeTag(6, 8, "AGE"), FakeTag(13, 19, "LOCATION", 0.31)]
    found = tags_analyzer().analyze(text, tags)
    assert sorted(found) == sorted(findings(text, tags))
    assert {each.recognizer for each in found} == {"tagger.person", "tagger.age", "tagger.location"}
    assert tags_analyzer().analyze(text) == []


def test_every_type_that_the_tagger_may_find_is_said_beforehand() -> None:
    recognizer = TaggerRecognizer()
    assert set(recognizer.supported_entities) <= KNOWN
    assert recognizer.supported_language == LANGUAGE


def test_a_tagger_without_its_tags_is_an_error_and_not_an_empty_answer() -> None:
    class Strange:
        entities = ()

    with pytest.raises(TypeError):
        TaggerRecognizer().analyze("Anna", [], Strange())  # type: ignore[arg-type]


def test_no_language_is_assumed_and_none_is_loaded() -> None:
    pipeline = NoPipeline()
    assert pipeline.get_supported_languages() == [LANGUAGE] == ["mul"]
    assert pipeline.get_supported_entities() == []
    [(text, artifacts)] = pipeline.process_batch(["患者 Anna"], LANGUAGE)
    assert (text, artifacts.entities, artifacts.lemmas) == ("患者 Anna", [], [])


@pytest.mark.parametrize(
    ("value", "label", "score", "found"),
    [
        # An everyday word in small letters that the tagger only suspects is none.
        ("seen", "PERSON", 0.5, False),
        ("then", "LOCATION", 0.79, False),
        ("home", "ORGANIZATION", 0.3, False),
        # Sure of it, it is a name: "rose called", in a text without capitals.
        ("rose", "PERSON", 0.8, True),
        # Anything that says more than an everyday word does is left to the tagger.
        ("Seen", "PERSON", 0.5, True),
        ("SEEN", "PERSON", 0.5, True),
        ("thornton", "PERSON", 0.2, True),
        ("seen rose", "PERSON", 0.3, True),
        ("may", "DATE_TIME", 0.3, True),
        ("home", "STREET_ADDRESS", 0.3, True),
    ],
)
def test_a_doubtful_everyday_word_in_small_letters_is_no_name(
    value: str, label: str, score: float, *, found: bool
) -> None:
    text = f"she was {value} today"
    made = list(findings(text, [FakeTag(8, 8 + len(value), label, score)]))
    assert bool(made) is found


@pytest.mark.parametrize(
    ("text", "score", "found"),
    [
        # Who writes "Josemi" does not write "celador" for somebody called so.
        ("Nos dijo el celador, un tal Josemi", 0.39, False),
        ("Nos dijo el celador, un tal Josemi", 0.4, True),
        ("nos dijo el celador, un tal josemi", 0.3, True),
    ],
)
def test_a_doubtful_word_in_small_letters_among_capitals_is_no_name(
    text: str, score: float, *, found: bool
) -> None:
    assert bool(list(findings(text, [FakeTag(12, 19, "PERSON", score)]))) is found
