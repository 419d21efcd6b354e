"""What is easily taken for an identifier and is none, rooms that are one, and names of far away."""

# ruff: noqa: S311 - chance that repeats is the point

import random
import re

import pytest

from training.documents import Draft
from training.fillers.base import Cast
from training.fillers.people import culture
from training.generate import fillers, languages, library
from training.templates import Slot

EUROPEAN = ("de", "es", "fr")
UNLABELLED = ("neg.column", "neg.value", "neg.result", "neg.code", "neg.unit", "neg.trade")
# A word for a room, and the number behind it. Operating rooms are nobody's.
ROOM = re.compile(
    r"\b(?:Zi(?:mmer|\.)?|ZNr\.|Zimmer-Nr\.|Raum|[Cc]hambre|Ch\.|[Hh]abitaci[oó]n)"
    r"[ .:]{1,3}(?=[\dA-Z])(?P<number>[\w.]*\d\w*)"
)


@pytest.mark.parametrize("lang", languages())
@pytest.mark.parametrize("slot", UNLABELLED)
def test_a_figure_a_code_or_a_trade_name_has_no_label(lang: str, slot: str) -> None:
    known = fillers(lang, "train")
    for seed in range(50):
        assert all(p.label is None for p in Cast(known, random.Random(seed)).fill(slot))


@pytest.mark.parametrize("lang", EUROPEAN)
def test_a_room_with_its_number_is_labelled_wherever_a_template_has_one(lang: str) -> None:
    books, known = library(lang, "train"), fillers(lang, "train")
    found = 0
    for group in (*books.kinds.values(), *books.parts.values()):
        for template in group:
            draft = Draft()
            books.write(template, Cast(known, random.Random(1)), draft)
            for match in ROOM.finditer(draft.text):
                found += 1
                at = match.start("number")
                assert any(s.start <= at < s.end for s in draft.spans), (template.name, match[0])
    assert found >= (20 if lang == "de" else 1)


@pytest.mark.parametrize("lang", EUROPEAN)
def test_the_number_of_a_room_is_a_place(lang: str) -> None:
    for seed in range(50):
        (piece,) = Cast(fillers(lang, "train"), random.Random(seed)).fill("roomno")
        assert piece.label == "LOCATION"
        assert re.fullmatch(r"[A-Z]?[.\d]+( ?[A-Za-z])?", piece.text), piece.text


def test_the_department_of_a_letter_is_the_letter_alone() -> None:
    for seed in range(50):
        (piece,) = Cast(fillers("de", "train"), random.Random(seed)).fill("unit")
        assert piece.label == "ORGANIZATION"
        assert re.fullmatch(r"[A-E]|[1-4]|I{1,3}|IV", piece.text)


def test_a_guest_has_a_name_of_far_away_in_every_form_and_document() -> None:
    far = culture("train", "own:world")
    for seed in range(50):
        scene = Cast(fillers("de", "train"), random.Random(seed))
        person = scene.person("guest")
        assert person.given.split("-")[0] in {g.split("-")[0] for g in (*far.female, *far.male)}
        (last,) = scene.fill("guest.last_upper")
        assert last == ((person.family or person.given).upper(), "PERSON")
        assert scene.person("guest") is person


def test_training_and_evaluation_share_no_name_of_far_away() -> None:
    train, evaluation = culture("train", "own:world"), culture("eval", "own:world")
    assert set(train.family).isdisjoint(evaluation.family)
    assert set(train.female + train.male).isdisjoint(evaluation.female + evaluation.male)


@pytest.mark.parametrize("lang", languages())
def test_no_code_of_hl7_is_labelled(lang: str) -> None:
    books, known = library(lang, "train"), fillers(lang, "train")
    fields = [t for t in books.kinds["hl7"] if t.name.startswith("hl7/fields")]
    assert fields
    for template in fields:
        for seed in range(10):
            draft = Draft()
            books.write(template, Cast(known, random.Random(seed)), draft)
            inside = {draft.text[s.start : s.end] for s in draft.spans}
            assert not inside & {"SELF", "SPO", "LUT", "PRN", "NM", "mmol/L"}


def test_evaluation_has_none_of_these_slots() -> None:
    """So what the card measures stays what it was; the same seed gives the same documents."""
    for lang in languages():
        books = library(lang, "eval")
        slots = {
            node.name
            for group in (*books.kinds.values(), *books.parts.values())
            for template in group
            for node in template.body.walk()
            if isinstance(node, Slot)
        }
        assert not slots & {*UNLABELLED, "roomno", "unit"}
        assert not any(name.startswith("guest") for name in slots)
