"""A labelled document, and the draft that it is written in.

Offsets count characters of the text (code points), and a span holds the identifier alone: never its
label, a title or a degree.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

from gateway.domain import entities

LABELS: Final[frozenset[str]] = frozenset(entities.KNOWN)


class Piece(NamedTuple):
    """Text with what it is: an entity type, or None for words that identify nobody."""

    text: str
    label: str | None = None


Pieces = tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """One identifier in a text: characters `start` to `end`, without `end`."""

    start: int
    end: int
    label: str


@dataclass(frozen=True, slots=True)
class Document:
    """A text with every identifier that it holds, in order and without overlap."""

    id: str
    lang: str
    text: str
    spans: tuple[Span, ...]
    kind: str

    def as_json(self) -> str:
        """Return the document as one line of JSON, without the line's end."""
        return json.dumps(
            {
                "id": self.id,
                "lang": self.lang,
                "text": self.text,
                "spans": [
                    {"start": span.start, "end": span.end, "label": span.label}
                    for span in self.spans
                ],
                "kind": self.kind,
            },
            ensure_ascii=False,
        )


class Draft:
    """Pieces written one after another; it keeps the offsets."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._spans: list[Span] = []
        self._length = 0

    def write(self, pieces: Iterable[Piece]) -> None:
        """Append pieces; a label goes to the text between its outer spaces."""
        for text, label in pieces:
            if label is not None and text.strip():
                start = self._length + len(text) - len(text.lstrip())
                end = self._length + len(text.rstrip())
                self._spans.append(Span(start, end, label))
            self._texts.append(text)
            self._length += len(text)

    @property
    def text(self) -> str:
        """What has been written so far."""
        return "".join(self._texts)

    @property
    def spans(self) -> tuple[Span, ...]:
        """The labelled parts of `text`."""
        return tuple(self._spans)
