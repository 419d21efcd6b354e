"""A text that was written inside another, and where each of its characters came from."""

from __future__ import annotations

import html
import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gateway.domain.places import Layer, Place, Writing, hl7_escapes

_JSON_ESCAPE: Final = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.", re.DOTALL
)
_JSON_SHORT: Final = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_ENTITY: Final = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_DOUBLED: Final = re.compile(r'""')
_PAIR: Final = 12


@dataclass(frozen=True, slots=True)
class Source:
    """`text[i]` begins at `at(i)` of the text that a detector was given; `at(len(text))` ends it.

    `starts` is None where the two run side by side from `base` on.
    """

    text: str
    base: int = 0
    starts: array[int] | None = None

    def __repr__(self) -> str:
        return f"<Source {len(self.text)} characters>"

    def at(self, index: int) -> int:
        """Return where character `index` begins."""
        return self.base + index if self.starts is None else self.starts[index]

    def cut(self, start: int, end: int) -> Source:
        """Return a part of it."""
        if self.starts is None:
            return Source(self.text[start:end], self.base + start)
        return Source(self.text[start:end], 0, self.starts[start : end + 1])

    def opened(self, start: int, end: int, place: Place) -> Source:
        """Return what is written from `start` to `end`, without the escapes of `place`."""
        source = self.cut(start, end)
        for layer in place:
            source = source.without(layer)
        return source

    def without(self, layer: Layer) -> Source:
        """Return it without the escapes of one layer."""
        pieces = list(_pieces(self.text, layer))
        if not pieces:
            return self
        shown = []
        starts = array("q")
        done = 0
        for piece, start, end in pieces:
            shown.append(self.text[done:start])
            starts.extend(self.at(index) for index in range(done, start))
            shown.append(piece)
            starts.extend([self.at(start)] * len(piece))
            done = end
        shown.append(self.text[done:])
        starts.extend(self.at(index) for index in range(done, len(self.text) + 1))
        return Source("".join(shown), 0, starts)


def _pieces(text: str, layer: Layer) -> Iterator[tuple[str, int, int]]:
    """Yield what the escapes in `text` show, and where each stands."""
    match layer.writing:
        case Writing.JSON:
            if "\\" in text:
                for found in _JSON_ESCAPE.finditer(text):
                    yield _json(found[0]), found.start(), found.end()
        case Writing.XML:
            if "&" in text:
                for found in _ENTITY.finditer(text):
                    yield html.unescape(found[0]), found.start(), found.end()
        case Writing.QUOTED:
            for found in _DOUBLED.finditer(text):
                yield '"', found.start(), found.end()
        case Writing.HL7:
            yield from hl7_escapes(text, layer.marks)
        case _:
            return


def _json(escape: str) -> str:
    if len(escape) == _PAIR:
        high, low = int(escape[2:6], 16), int(escape[8:], 16)
        return chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
    if escape[1] == "u" and len(escape) > 2:  # noqa: PLR2004 - a backslash and one letter
        return chr(int(escape[2:], 16))
    return _JSON_SHORT.get(escape[1], escape[1])
