"""What German papers have of their own: days of the week, short names of hospitals, cut names."""

# ruff: noqa: S311 - chance that repeats is the point

import random

from training.fillers.base import Cast
from training.generate import fillers


def test_a_day_of_the_week_is_a_date() -> None:
    german = fillers("de", "train")
    for seed in range(30):
        (piece,) = Cast(german, random.Random(seed)).fill("weekday")
        assert piece.label == "DATE_TIME"
        assert piece.text.endswith("tag") or piece.text in {
            "Mittwoch",
            "Mo.",
            "Di.",
            "Mi.",
            "Do.",
            "Fr.",
            "Sa.",
            "So.",
        }


def test_training_and_evaluation_share_no_short_name_of_a_hospital() -> None:
    seen = {
        split: {
            piece
            for seed in range(200)
            for piece in Cast(fillers("de", split), random.Random(seed)).fill("acronym")
        }
        for split in ("train", "eval")
    }
    assert {piece.label for pieces in seen.values() for piece in pieces} == {"ORGANIZATION"}
    assert not seen["train"] & seen["eval"]


def test_a_name_that_somebody_searches_for_is_cut_and_still_a_name() -> None:
    for seed in range(50):
        scene = Cast(fillers("de", "train"), random.Random(seed))
        (last,), (cut,) = scene.fill("patient.last"), scene.fill("patient.cut")
        assert cut.label == "PERSON"
        assert last.text.startswith(cut.text)
