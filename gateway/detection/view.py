"""A text as the recognizers read it: one kind of digits, spaces, dashes and quotes, nothing hidden.

Full-width digits, zero-width characters, combining marks, no-break spaces and JSON escapes would
let an identifier pass a pattern that means it. Rule: every offset of a view leads back to the
characters of the original, and those that the view left out belong to the character before them.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from dataclasses import dataclass
from typing import Final

_PLAIN: Final = re.compile(r"[\t\n\r -\[\]-~]*\Z")
_ESCAPE: Final = re.compile(r'\\{1,4}(?:u([0-9a-fA-F]{4})|([nrtbf"/]))')
_BREAKS: Final = frozenset("nrbf")
_FRAMES: Final = frozenset("\x0b\x0c\x1c\x1d\x1e\x1f")
_SHOWN: Final = {
    "Mn": "",
    "Me": "",
    "Cf": "",
    "Cs": "\ufffd",  # A lone surrogate is not UTF-8, and spaCy would refuse the whole text.
    "Zs": " ",
    "Zl": "\n",
    "Zp": "\n",
    "Pd": "-",
}
_QUOTES: Final = (
    dict.fromkeys("\u2018\u2019\u201b\u02bc\u00b4\u2032\uff07", "'")
    | {"\u2212": "-"}
    | dict.fromkeys("\u201c\u201d\u201e\u00ab\u00bb\u2033", '"')
)


@dataclass(frozen=True, slots=True)
class View:
    """`text` is matched; `starts[i]` is where its character `i` begins in the original.

    `starts` has one more entry than `text`, the length of the original, and is None where the two
    are aligned.
    """

    text: str
    starts: array[int] | None = None

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Return the offsets in the original of `text[start:end]`."""
        if self.starts is None:
            return start, end
        return self.starts[start], self.starts[end]

    def __repr__(self) -> str:
        return f"<View {len(self.text)} characters>"


def view_of(text: str) -> View:
    """Return the view of `text`. Linear in its length."""
    if _PLAIN.match(text):
        return View(text)
    table = {ord(char): _plain(char) for char in set(text)}
    if "" not in table.values() and not _has_escapes(text):
        return View(text.translate(table))
    return _mapped(text, table)


def _has_escapes(text: str) -> bool:
    return _ESCAPE.search(text) is not None


def _plain(char: str) -> str:
    """Return what stands for `char`: one character, or none where it is not to be seen."""
    if " " <= char <= "~" or char in "\t\n\r":
        return char
    if char < " " or char == "\x7f":
        # HL7 v2 frames its messages in control characters; others have no business in a text.
        return "\n" if char in _FRAMES else ""
    if char in _QUOTES:
        return _QUOTES[char]
    category = unicodedata.category(char)
    if category == "Nd":
        return str(unicodedata.digit(char))
    if category in _SHOWN:
        return _SHOWN[category]
    compatible = unicodedata.normalize("NFKC", char)
    return compatible if len(compatible) == 1 else char


def _mapped(text: str, table: dict[int, str]) -> View:
    pieces: list[str] = []
    starts = array("q")
    done = 0

    def keep(piece: str, start: int) -> None:
        for offset, char in enumerate(piece, start):
            shown = table[ord(char)]
            if shown:
                pieces.append(shown)
                starts.append(offset)

    for escape in _ESCAPE.finditer(text):
        keep(text[done : escape.start()], done)
        done = escape.end()
        if escape[1] is not None:
            shown = _plain(chr(int(escape[1], 16)))
        elif escape[2] in _BREAKS:
            shown = "\n"
        else:
            shown = " " if escape[2] == "t" else escape[2]
        if shown:
            pieces.append(shown)
            starts.append(escape.start())
    keep(text[done:], done)
    starts.append(len(text))
    return View("".join(pieces), starts)
