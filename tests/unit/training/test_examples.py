"""Labelled documents become what the network learns from."""

from __future__ import annotations

import random

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from training.examples import Example, Span, example
from training.labels import INDEX, LABELS, TYPES, kind
from training.surrogates import swapped
from training.windows import LONGEST, UNJUDGED, batches, labelled, rows


def document(text: str, *found: tuple[str, str], lang: str = "en") -> dict[str, object]:
    spans = []
    for surface, label in found:
        start = text.index(surface)
        spans.append({"start": start, "end": start + len(surface), "label": label})
    return {"text": text, "lang": lang, "spans": spans}


def words() -> Tokenizer:
    made = Tokenizer(models.WordLevel({"x": 0}, unk_token="x"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    return made


def test_every_type_has_its_four_labels_and_none_is_twice() -> None:
    assert len(set(LABELS)) == 4 * len(TYPES) + 1


def test_the_parts_of_a_name_are_one_span_and_white_space_is_outside() -> None:
    made = example(document("Dr LAPON Max, Lille ", ("LAPON", "NOM"), ("Max", "PRENOM")))
    assert made.spans == (Span(3, 12, "PERSON"),)
    made = example({"text": " Lille ", "spans": [{"start": 0, "end": 7, "label": "VILLE"}]})
    assert made.spans == (Span(1, 6, "LOCATION"),)


def test_what_no_source_means_to_hide_is_outside() -> None:
    assert example(document("Dr. Osler", ("Dr.", "NAME_TITLE"))).spans == ()


def test_a_label_that_nobody_mapped_is_an_error() -> None:
    with pytest.raises(KeyError):
        kind("SHOE_SIZE")


def test_a_hospital_that_a_source_calls_a_place_is_an_organization() -> None:
    made = example(document("at Brooklyn Clinic", ("Brooklyn Clinic", "GEOGRAPHIC_LOCATION")))
    assert made.spans[0].kind == "ORGANIZATION"


def test_pieces_get_the_labels_of_the_span_that_they_touch() -> None:
    made = example(
        document("seen by Ann B Lee today in Bonn", ("Ann B Lee", "NAME"), ("Bonn", "GPE"))
    )
    labels = labelled(words().encode(made.text), made)
    expected = ["O", "O", "B-PERSON", "I-PERSON", "E-PERSON", "O", "O", "S-LOCATION"]
    assert [LABELS[label] for label in labels] == expected


def test_nothing_is_learnt_of_an_age_where_the_source_labels_none() -> None:
    made = example(document("a 75 yo man"), ages=False)
    labels = labelled(words().encode(made.text), made)
    assert labels == [INDEX["O"], UNJUDGED, UNJUDGED, INDEX["O"]]


def test_windows_leave_no_piece_out_and_batches_no_row() -> None:
    draw = random.Random(1)  # noqa: S311
    text = "x " * 1000
    found = list(rows(words(), [Example(text, "en", ())], draw))
    assert all(0 < len(row.pieces) <= LONGEST for row in found)
    shared = sum(len(row.pieces) for row in found) - 1000
    assert shared == 12 * (len(found) - 1)
    made = batches(list(found), 600, draw)
    assert sorted(map(id, found)) == sorted(id(row) for batch in made for row in batch)
    assert all(len(batch) * (max(len(r.pieces) for r in batch) + 2) <= 600 for batch in made)


@pytest.mark.parametrize("seed", range(8))
def test_other_names_stand_where_the_spans_say(seed: int) -> None:
    text = "Ann Lee (75 yo), MRN 123-45, born 03/14/1952. Ann Lee of Bonn; MRN 123-45."
    made = example(
        document(
            text, ("Ann Lee", "NAME"), ("123-45", "ID"), ("03/14/1952", "DATE"), ("Bonn", "GPE")
        ),
        ages=False,
    )
    again = text.index("Ann Lee", 5)
    spans = tuple(sorted((*made.spans, Span(again, again + 7, "PERSON")), key=lambda s: s.start))
    other = swapped(Example(text, "en", spans, made.unjudged), random.Random(seed))  # noqa: S311
    surfaces = [other.text[span.start : span.end] for span in other.spans]
    names = [s for s, span in zip(surfaces, other.spans, strict=True) if span.kind == "PERSON"]
    assert len(set(names)) == 1
    assert "Ann Lee" not in other.text
    assert [other.text[start:end] for start, end in other.unjudged] == ["75 yo"]
    assert other.text.startswith(f"{names[0]} (75 yo), MRN ")
