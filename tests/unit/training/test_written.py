"""Documents that were written one by one are labelled where their marks say."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from training.examples import example
from training.labels import kind
from training.surrogates import swapped
from training.written import FOLDER, MARKS, document, read

FILES = sorted(FOLDER.glob("*/*/*.txt"))


def test_a_mark_becomes_a_span_and_leaves_the_text() -> None:
    made = document("en-1", "en", "Spoke w/ [[P:Dunne]] [[D:3/4]], rm 4.")
    assert made.text == "Spoke w/ Dunne 3/4, rm 4."
    assert [(made.text[each.start : each.end], each.label) for each in made.spans] == [
        ("Dunne", "PERSON"),
        ("3/4", "DATE_TIME"),
    ]


@pytest.mark.parametrize(
    "text", ["[[Q:Dunne]]", "[[P:Dunne", "[[P: Dunne]]", "P:Dunne]]", "[[P:]]"]
)
def test_a_mark_that_is_none_is_said_and_not_left_in_the_text(text: str) -> None:
    with pytest.raises(ValueError, match="en-1"):
        document("en-1", "en", text)


def test_every_letter_of_a_mark_is_of_a_kind() -> None:
    assert {kind(label) for label in MARKS.values()}


def test_each_language_has_documents_with_and_without_anybody() -> None:
    assert {path.parent.parent.name for path in FILES} == {"de", "en", "es", "fr", "zh"}
    for lang in ("de", "en", "es", "fr", "zh"):
        made = [each for path in FILES if path.parent.parent.name == lang for each in read(path)]
        assert any(each.spans for each in made)
        assert any(not each.spans for each in made)


@pytest.mark.parametrize("path", FILES, ids=lambda path: "-".join(path.parts[-3:]))
def test_every_document_of_a_file_is_read_and_none_twice(path: Path) -> None:
    made = list(read(path))
    assert len({each.id for each in made}) == len(made) == path.read_text().count("\n=== ")


def test_a_chinese_name_is_swapped_for_one_of_as_many_characters() -> None:
    made = document("zh-1", "zh", "家属[[P:老耿]]、[[P:鄂兰英]]、[[P:建新]]签字")
    other = swapped(example(json.loads(made.as_json())), random.Random(3))  # noqa: S311 - no secret
    names = [other.text[each.start : each.end] for each in other.spans]
    assert [len(each) for each in names] == [2, 3, 2]
    assert names[0].startswith("老")
    assert names[1] != "鄂兰英"
