"""The vectors of `tests/vectors/recognizers/`, each against the whole detector."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.detection.detector import PresidioDetector
from gateway.domain.entities import KNOWN, EntityType
from gateway.domain.text import RawText
from gateway.weights import open_detector

VECTORS = Path(__file__).parents[2] / "vectors" / "recognizers"


def _vectors() -> Iterator[object]:
    for path in sorted(VECTORS.glob("*.jsonl")):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            vector = json.loads(line)
            yield pytest.param(
                EntityType(path.stem.upper()),
                vector["text"],
                vector["find"],
                vector.get("by") == "rules",
                id=f"{path.stem}-{number}",
            )


@pytest.fixture(scope="module")
def detector() -> Iterator[PresidioDetector]:
    detector = open_detector(2025)
    yield detector
    detector.close()


@pytest.mark.parametrize(("entity", "text", "find", "rules"), list(_vectors()))
async def test_a_vector_is_found_whole_and_a_hard_negative_is_not(
    detector: PresidioDetector,
    entity: EntityType,
    text: str,
    find: list[str],
    rules: bool,  # noqa: FBT001 - a field of the vectors
) -> None:
    # A year alone may stay (164.514(b)(2)(i)(C)), and no rule finds it; the tagger does where its
    # sentence is about a patient, and annotators do, too.
    (findings,) = (
        [detector._rules.analyze(text)] if rules else await detector.detect([RawText(text)])
    )
    spans = [(each.start, each.end) for each in findings if each.entity == entity]
    if not find:
        assert not spans, [text[start:end] for start, end in spans]
    for value in find:
        start = text.index(value)
        end = start + len(value)
        assert any(s <= start and end <= e for s, e in spans), findings


def test_every_known_entity_type_has_vectors() -> None:
    assert {path.stem.upper() for path in VECTORS.glob("*.jsonl")} == KNOWN
