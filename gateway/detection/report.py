"""Findings as lines for people, scripts and a scorer. The text is shown only where asked."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Annotated

import msgspec

from gateway.domain.findings import Finding
from gateway.domain.ports import Detector
from gateway.domain.text import RawText


class FindingLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """One finding, as a line of JSON. Offsets are of Python characters."""

    start: int
    end: int
    entity: str
    score: float
    recognizer: str
    text: str | None = None


class Document(msgspec.Struct, frozen=True):
    """A line of the scorer's input; its other fields (gold spans, language) are left unread."""

    id: str
    text: str


class Span(msgspec.Struct, frozen=True):
    """A finding in the scorer's words."""

    start: int
    end: int
    label: str


class Prediction(msgspec.Struct, frozen=True):
    """A line of the scorer's second file."""

    id: str
    spans: list[Span]
    ms: Annotated[float, msgspec.Meta(ge=0)]


def lines(text: str, findings: Iterable[Finding], *, show_text: bool) -> list[FindingLine]:
    """Return `findings` of `text` as lines, with the matched text where `show_text` is set."""
    return [
        FindingLine(
            start=each.start,
            end=each.end,
            entity=each.entity,
            score=round(each.score, 3),
            recognizer=each.recognizer,
            text=text[each.start : each.end] if show_text else None,
        )
        for each in findings
    ]


async def predict(detector: Detector, documents: Sequence[Document]) -> AsyncIterator[Prediction]:
    """Yield one prediction for each document, with the milliseconds that it took."""
    for document in documents:
        begun = time.perf_counter()
        (findings,) = await detector.detect([RawText(document.text)])
        yield Prediction(
            id=document.id,
            spans=[Span(each.start, each.end, each.entity) for each in findings],
            ms=(time.perf_counter() - begun) * 1000,
        )
