"""Documents as the network learns them: spans of the tagger's kinds, and what it must not judge.

A document is a line of JSON, `{"id", "lang", "text", "spans": [{"start", "end", "label"}]}` with
offsets in characters.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from training.labels import OUTSIDE, kind


@dataclass(frozen=True, slots=True)
class Span:
    """`text[start:end]` is of `kind`."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True, slots=True)
class Example:
    """One text. Spans are in order and disjoint; nothing is learnt from what `unjudged` covers."""

    text: str
    lang: str
    spans: tuple[Span, ...]
    unjudged: tuple[tuple[int, int], ...] = ()
    written: bool = field(default=True)
    """Whether people wrote it; else it was generated, and is varied enough."""


@dataclass(frozen=True, slots=True)
class Source:
    """A set of labelled texts: how often it is seen for once that generated texts are."""

    name: str
    weight: int
    ages: bool
    """Whether it labels ages; if not, they teach nothing."""


# Licences: ASQ-PHI and presidio-research MIT, MEDDOCAN CC BY 4.0, GraSCCo CC0 (its annotations
# CC BY 4.0), eds-pseudo's templates BSD-3-Clause. See the model card.
SOURCES: Final = (
    Source("asq_phi", weight=5, ages=False),
    Source("presidio_research", weight=5, ages=True),
    Source("meddocan", weight=1, ages=True),
    Source("grascco", weight=4, ages=True),
    Source("eds_fr", weight=8, ages=False),
)
_FACILITY: Final = re.compile(
    r"(?i)hospital|clinic|medical|health|cent(?:er|re)|johns hopkins|mayo|university|institut"
    r"|infirmary|kaiser|cedars|sinai|\bcare\b|practice"
)
_AGE: Final = re.compile(
    r"(?i)\b\d{1,3}[ -]?(?:years?|yrs?|months?|weeks?|days?|y)?[ -]?(?:old|o\b|/o)"
    r"|\b\d{1,3} ?(?:yo|y/o|M|F)\b|\b\d{1,3} ?(?:ans|mois)\b"
)


def read(path: Path, *, ages: bool = True) -> Iterator[Example]:
    """Yield the examples of a file of labelled documents."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                yield example(json.loads(line), ages=ages)


def example(document: dict[str, Any], *, ages: bool = True) -> Example:
    """Return a labelled document as the network learns it."""
    text = document["text"]
    found = sorted(
        (span["start"], span["end"], _kind(span["label"], text[span["start"] : span["end"]]))
        for span in document["spans"]
    )
    return Example(
        text,
        document.get("lang", "en"),
        tuple(_joined(text, found)),
        () if ages else tuple(match.span() for match in _AGE.finditer(text)),
        written=not document.get("kind"),
    )


def _kind(label: str, surface: str) -> str:
    if label == "GEOGRAPHIC_LOCATION" and _FACILITY.search(surface):
        return "ORGANIZATION"
    if label == "TERRITORIO" and surface.isdigit():
        return "STREET_ADDRESS"  # A postcode.
    return kind(label)


def _joined(text: str, found: list[tuple[int, int, str]]) -> Iterator[Span]:
    """Yield spans without white space at their ends; the parts of one name are one span."""
    last: Span | None = None
    for raw_start, raw_end, of in found:
        surface = text[raw_start:raw_end]
        start = raw_start + len(surface) - len(surface.lstrip())
        end = raw_end - len(surface) + len(surface.rstrip())
        if of == OUTSIDE or start >= end:
            continue
        if last is not None and start < last.end:
            continue  # Two labels for the same characters: the first holds.
        same = last is not None and last.kind == of and of in {"PERSON", "AGE"}
        if last is not None and same and not text[last.end : start].strip(" \t"):
            last = Span(last.start, end, of)
            continue
        if last is not None:
            yield last
        last = Span(start, end, of)
    if last is not None:
        yield last
