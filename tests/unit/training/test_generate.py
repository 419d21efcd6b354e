"""What the generator promises of every document, and that noise keeps offsets right."""

# ruff: noqa: S311 - chance that repeats is the point

import json
import random
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training import noise
from training.documents import LABELS, Document, Draft, Piece, Span
from training.fillers.people import culture
from training.fillers.places import towns
from training.generate import DERIVED, fillers, generate, languages, library, main
from training.lists import words

COUNT = 400


@pytest.fixture(scope="module", params=languages())
def documents(request: pytest.FixtureRequest) -> list[Document]:
    return list(generate(request.param, COUNT, 5, "train"))


def test_spans_are_in_order_apart_and_without_space_at_their_ends(
    documents: list[Document],
) -> None:
    for document in documents:
        for span in document.spans:
            assert 0 <= span.start < span.end <= len(document.text)
            inside = document.text[span.start : span.end]
            assert inside == inside.strip()
            assert span.label in LABELS
        for before, after in pairwise(document.spans):
            assert before.end <= after.start, document.id


def test_a_span_holds_no_title_and_no_label(documents: list[Document]) -> None:
    for document in documents:
        for span in document.spans:
            inside = document.text[span.start : span.end].casefold()
            if span.label == "PERSON" and document.lang == "en":
                assert not inside.startswith(("dr. ", "dr ", "mr. ", "mrs. ", "ms. ")), inside
            if span.label == "MEDICAL_RECORD_NUMBER":
                assert not inside.startswith("mrn:"), inside


def test_the_same_seed_gives_the_same_documents_and_another_gives_others() -> None:
    first = list(generate("en", 20, 3, "train"))
    assert first == list(generate("en", 20, 3, "train"))
    assert first[:5] == list(generate("en", 5, 3, "train"))
    assert {d.text for d in first}.isdisjoint(
        d.text for d in generate("en", 20, 4, "train") if len(d.text) > 80
    )


def test_every_kind_is_made(documents: list[Document]) -> None:
    lang = documents[0].lang
    made = {document.kind for document in documents}
    expected = set(library(lang, "train").kinds) | {
        kind
        for kind, (_, bases, _) in DERIVED.items()
        if set(bases) & set(library(lang, "train").kinds)
    }
    assert made == expected


def test_a_fifth_and_more_of_the_documents_hold_no_identifier_or_one(
    documents: list[Document],
) -> None:
    few = sum(len(document.spans) <= 1 for document in documents)
    assert 0.2 * COUNT < few < 0.6 * COUNT


def test_names_and_towns_of_training_and_evaluation_are_apart() -> None:
    for _, source in fillers("en", "train").cultures:
        train, evaluation = culture("train", source), culture("eval", source)
        if len(train.family) >= 40:
            assert set(train.family).isdisjoint(evaluation.family)
        if len(train.female) >= 40:
            assert set(train.female).isdisjoint(evaluation.female)
    train_towns = {town.name for town in towns("train")["US"]}
    assert train_towns.isdisjoint(town.name for town in towns("eval")["US"])


def test_no_label_lies_on_a_hard_negative() -> None:
    eponyms = sorted(
        {w for name in ("neg.disease", "neg.drug", "neg.sign") for w in words(f"en/{name}")},
        key=len,
    )
    found = 0
    for document in generate("en", 300, 8, "train"):
        for word in eponyms:
            if len(word) < 8 or (at := document.text.find(word)) < 0:
                continue
            found += 1
            end = at + len(word)
            assert not [s for s in document.spans if s.start < end and at < s.end], (
                word,
                document.id,
            )
    assert found > 100


def test_a_person_has_one_name_throughout_a_document() -> None:
    books, known = library("en", "train"), fillers("en", "train")
    from training.fillers.base import Cast
    from training.templates import parse

    template = parse("{{patient.last}} {{patient.last}} {{someone.last}} {{hospital}} {{hospital}}")
    draft = Draft()
    books.write(template, Cast(known, random.Random(2)), draft)
    said = [draft.text[s.start : s.end] for s in draft.spans]
    assert said[0] == said[1] != said[2]
    assert said[3] == said[4]


CHANGES = [
    noise.lower, noise.upper, noise.title, noise.upper_line, noise.ocr, noise.typos, noise.wrapped,
    noise.spaced, noise.one_line, noise.typographic, noise.cut, noise.dictated,
]  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), change=st.sampled_from(CHANGES))
def test_noise_moves_each_span_with_its_text(seed: int, change: noise.Change) -> None:
    rng = random.Random(seed)
    draft = Draft()
    for number in range(rng.randint(1, 12)):
        draft.write(
            (Piece(rng.choice(["Seen by Dr. ", ", aged\n", " (", ") ß ", ": İ ", "\n\n"])),)
        )
        draft.write((Piece(f"Xq{number}z Vwk{number}j", "PERSON"),))
    text, spans = change(rng, (draft.text, draft.spans))
    for span in spans:
        inside = text[span.start : span.end]
        assert inside
        assert inside == inside.strip()
    if change not in {noise.ocr, noise.typos, noise.cut}:
        assert len(spans) == len(draft.spans)
        for before, after in zip(draft.spans, spans, strict=True):
            old = "".join(draft.text[before.start : before.end].split())
            assert "".join(text[after.start : after.end].split()).casefold() == old.casefold()


def test_a_stop_that_is_dictated_is_no_part_of_a_name() -> None:
    text = "Seen by Sergei P. on Monday."
    spans = (Span(8, 17, "PERSON"), Span(21, 27, "DATE_TIME"))
    for seed in range(20):
        said, moved = noise.dictated(random.Random(seed), (text, spans))
        assert [said[s.start : s.end] for s in moved] == ["sergei p", "monday"]


def test_a_cut_leaves_no_half_of_an_identifier() -> None:
    text = "word " * 30 + "Ann Lee" + " word" * 30
    spans = (Span(150, 157, "PERSON"),)
    for seed in range(200):
        cut, kept = noise.cut(random.Random(seed), (text, spans))
        assert ("Ann" in cut) == bool(kept) == ("Lee" in cut)


def test_the_command_writes_one_document_a_line(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    main(["--lang", "en", "--count", "7", "--seed", "2", "--split", "eval", "--out", str(out)])
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert len(rows) == 7
    assert set(rows[0]) == {"id", "lang", "text", "spans", "kind"}


def test_three_hundred_documents_take_seconds_at_most() -> None:
    from time import process_time

    list(generate("en", 20, 1, "train"))
    start = process_time()
    list(generate("en", 300, 1, "train"))
    assert process_time() - start < 10
