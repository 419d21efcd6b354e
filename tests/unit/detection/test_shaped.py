"""Whatever has a form is found in each form that is supported, and what looks like it is not."""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path

import pytest

from gateway.detection import contact
from gateway.detection.numbers import Numbers
from gateway.detection.rules import find
from gateway.detection.view import view_of
from gateway.domain import entities as e
from gateway.domain.findings import Finding
from tests.fakes import identifiers
from tests.fakes.identifiers import AGES, BARE, BIRTHS, SENTENCES, Form

FEW = 300
MANY = 100_000
NUMBERS = Numbers(2026)
SAME = {
    e.DATE_TIME: {e.DATE_TIME, e.DATE_OF_BIRTH},
    e.AGE: {e.AGE},
    e.PHONE_NUMBER: {e.PHONE_NUMBER, e.FAX_NUMBER, e.OTHER_ID, e.CREDIT_CARD, e.NATIONAL_ID}
    | {e.HEALTH_PLAN_NUMBER, e.LICENSE_NUMBER},
}
"""A bare run of nine to eleven digits may be a telephone number, and other things as well."""


def _found(text: str) -> list[tuple[int, int, Finding]]:
    view = view_of(text)
    found = [*NUMBERS.find(view.text), *find(contact.RULES, view.text)]
    return [(*view.original(each.start, each.end), each) for each in found]


def _covers(text: str, value: str, entities: Iterable[str] | None) -> bool:
    start = text.index(value)
    end = start + len(value)
    seen = set()
    for first, last, finding in _found(text):
        if first < end and start < last and (entities is None or finding.entity in entities):
            seen |= set(range(first, last))
    return all(index in seen for index in range(start, end) if text[index].isalnum())


def _missed(form: Form, times: int) -> list[str]:
    chance = random.Random(form.name)  # noqa: S311 - the same numbers in every run
    entities = SAME.get(form.entity, {form.entity})
    missed = []
    for _ in range(times):
        value = form.make(chance)
        text = chance.choice(SENTENCES).format(value)
        if not _covers(text, value, entities):
            missed.append(text)
    return missed


@pytest.mark.parametrize("form", BARE, ids=lambda form: form.name)
def test_a_shaped_identifier_is_found_without_a_label(form: Form) -> None:
    assert _missed(form, FEW) == []


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("form", BARE, ids=lambda form: form.name)
def test_a_hundred_thousand_of_a_form_are_found(form: Form) -> None:
    of_its_type = sum(other.entity == form.entity for other in BARE)
    assert _missed(form, -(-MANY // of_its_type))[:10] == []


LABELS = list(identifiers.labels())
JOINED = {
    "strong": (
        "{}: {}", "{} {}", "{}:{}", "{} is {}", "{} #{}", "{}\t{}", "| {} | {} |", '"{}": "{}"',
        "**{}:** {}", "{} no. {}",
    ),
    "weak": (
        "{}: {}", "{} no. {}", "{} #{}", "{} number {}", "{} nr. {}", "{} n° {}", "{} nº {}",
        "{} ID: {}",
    ),
    "chinese": ("{}:{}", "{}{}", "{}为{}", "{}是{}", "{}: {}", "患者{}:{}"),
}  # fmt: skip
OTHER_VALUES = frozenset(
    {e.DATE_OF_BIRTH, e.AGE, e.POSTCODE, e.IBAN_CODE, e.VEHICLE_ID, e.PHONE_NUMBER, e.FAX_NUMBER}
)
"""Types whose labelled values have forms of their own."""


def _cased(chance: random.Random, label: str) -> str:
    return chance.choice([label, label.upper(), label.title()])


def _unlabelled(times: int) -> list[str]:
    chance = random.Random(11)  # noqa: S311 - the same numbers in every run
    missed = []
    numbers = [each for each in LABELS if each[0] not in OTHER_VALUES]
    for index in range(times):
        entity, label, kind = numbers[index % len(numbers)]
        value = identifiers.value(chance)
        text = chance.choice(JOINED[kind]).format(_cased(chance, label), value)
        if not _covers(text, value, None):
            missed.append(f"{entity}: {text}")
    return missed


def test_a_number_after_its_label_is_found_whatever_it_looks_like() -> None:
    assert _unlabelled(len(LABELS) * 4) == []


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_hundred_thousand_labelled_numbers_are_found() -> None:
    assert _unlabelled(MANY)[:10] == []


PHONES = [form for form in BARE if form.entity == e.PHONE_NUMBER and "spelt" not in form.name]


@pytest.mark.parametrize("entity", [e.PHONE_NUMBER, e.FAX_NUMBER])
def test_a_telephone_number_after_its_label_has_its_type(entity: e.EntityType) -> None:
    chance = random.Random(5)  # noqa: S311 - the same numbers in every run
    missed = []
    for of, label, kind in LABELS:
        if of != entity:
            continue
        value = chance.choice(PHONES).make(chance)
        joined = JOINED[kind] if kind != "weak" else JOINED["weak"][:1]
        text = chance.choice(joined).format(_cased(chance, label), value)
        if not _covers(text, value, {e.PHONE_NUMBER, e.FAX_NUMBER}):
            missed.append(text)
    assert missed == []


@pytest.mark.parametrize("form", BIRTHS)
def test_a_birth_date_after_its_label_is_one(form: str) -> None:
    chance = random.Random(form)  # noqa: S311 - the same dates in every run
    missed = []
    for _ in range(FEW):
        text = identifiers.birth(chance, form)
        digits = text[next(i for i, char in enumerate(text) if char.isdigit()) :]
        if not _covers(text, digits, {e.DATE_OF_BIRTH}):
            missed.append(text)
    assert missed == []


@pytest.mark.parametrize("form", AGES)
def test_an_age_over_89_is_told_from_one_under(form: str) -> None:
    for age in range(18, 120):
        text = chance_sentence(form.format(age))
        wanted = e.AGE_OVER_89 if age > 89 else e.AGE
        types = {each.entity for _, _, each in _found(text)} & {e.AGE, e.AGE_OVER_89}
        assert types == {wanted}, text


def chance_sentence(value: str) -> str:
    return f"x {value}."


def test_results_doses_and_codes_are_not_taken() -> None:
    chance = random.Random(3)  # noqa: S311 - the same lines in every run
    characters, taken = 0, []
    for _ in range(3000):
        text = identifiers.nobodys(chance)
        characters += len(text)
        taken += [text[start:end] for start, end, _ in _found(text)]
    assert len(taken) <= characters / 10_000, taken[:20]


WITHOUT = sorted((Path(__file__).parents[2] / "vectors" / "recognizers" / "without").glob("*.txt"))


@pytest.mark.parametrize("path", WITHOUT, ids=lambda path: path.stem)
def test_clinical_text_without_anybody_in_it_is_left_alone(path: Path) -> None:
    text = path.read_text()
    taken = [text[start:end] for start, end, _ in _found(text)]
    assert len(taken) <= len(text) / 1000, taken


@pytest.mark.parametrize("form", identifiers.PLATES)
def test_a_number_plate_after_its_label_is_found_whole(form: str) -> None:
    chance = random.Random(form)  # noqa: S311 - the same plates in every run
    missed = []
    for label in (
        "license plate",
        "Kennzeichen",
        "plate no.",
        "matrícula",
        "immatriculation",
        "车牌号",
    ):
        for _ in range(FEW // 10):
            value = identifiers.plate(chance, form)
            text = f"{label}: {value}"
            if not _covers(text, value, {e.VEHICLE_ID}):
                missed.append(text)
    assert missed == []
