"""Longer papers keep what is labelled in them."""

from __future__ import annotations

import json
import random
from typing import Any

from training.documents import Document
from training.generate import generate
from training.longer import joined, one


def as_data(document: Document) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(document.as_json())
    return made


def test_what_was_labelled_is_labelled_where_it_stands_now() -> None:
    documents = [as_data(each) for each in generate("en", 60, 3, "train")]
    for start in range(0, 60, 3):
        group = documents[start : start + 3]
        whole = one(group, "\n\n")
        text = str(whole["text"])
        said = [text[span["start"] : span["end"]] for span in whole["spans"]]
        expected = [
            each["text"][span["start"] : span["end"]] for each in group for span in each["spans"]
        ]
        assert said == expected


def test_most_of_what_is_joined_names_nobody() -> None:
    documents = map(as_data, generate("de", 400, 3, "train"))
    made = list(joined(documents, random.Random(1)))  # noqa: S311 - no secret
    named = [each for each in made if each["spans"]]
    assert 0 < len(named) < len(made) / 2
    assert {each["kind"] for each in made} == {"long"}
