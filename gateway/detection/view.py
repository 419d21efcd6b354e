"""A text as the recognizers read it: one kind of digits, spaces, dashes and quotes, nothing hidden.

Full-width digits, zero-width characters, combining marks, no-break spaces, escapes (`escapes.py`),
tags within words, look-alike letters of another script, emoji between letters, letters spaced out
and words parted at a line's end would let an identifier pass a pattern that means it.
Rule: every offset of a view leads back to the characters of the original, and those that the view
left out belong to the character before them.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gateway.detection.escapes import ESCAPE, SIGN, shown
from gateway.detection.lookalikes import LOOKALIKES, latin

_PLAIN: Final = re.compile(r"[\t\n\r -~]*\Z")
_BROKEN: Final = ("-\n", "-\r", "- \n", "=\n", "=\r", "\\\n", "\\\r", "\\-", "**", "~~")
_EMOJI: Final = "[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\ufffd]"
"""With what stands for half of one."""
_PICTURE: Final = re.compile(_EMOJI)
_LETTER: Final = "[A-Za-z\u00c0-\u024f\u0370-\u052f\u1e00-\u1fff]"
_TAG: Final = (
    r"(?:</?(?:b|i|u|em|strong|span|font|mark|small|big|s|tt|wbr|bdi|bdo|ins|del|code)"
    r"(?:[ ][^<>\n]{0,120})?/?>|<!--[^<>]{0,80}-->)"
)
_LEFT_OUT: Final = re.compile(
    # Emoji inside a word, a number or an address.
    rf"(?<={_LETTER}){_EMOJI}{{1,8}}(?=[.@-]?{_LETTER})|(?<=[0-9]){_EMOJI}{{1,8}}(?=[0-9])"
    rf"|(?<={_LETTER}[.@-]){_EMOJI}{{1,8}}(?={_LETTER})"
    # A word that goes on in the next line, which may be quoted in a mail.
    rf"|(?<={_LETTER})-[ \t]{{0,4}}\r?\n(?:[ \t]{{0,8}}|>[> ]{{0,8}})(?=[a-z\u00df-\u00ff])"
    # The soft line break of quoted-printable, and that of a program's source.
    r"|(?<=\w)[=\\]\r?\n(?=\w)"
    # Where LaTeX may part a word.
    rf"|(?<={_LETTER})\\-(?={_LETTER})"
    # Emphasis that begins or ends in the middle of a word.
    r"|(?<=[^\W_])(?:[*]{2,3}|~~)(?=[^\W_])"
    # Letters of one word in different types; a capital behind a tag begins another.
    rf"|(?<=[^\W\d_]){_TAG}{{1,4}}(?=[.@-]?[a-z\u00df-\u00ff])"
    rf"|(?<=[0-9]){_TAG}{{1,4}}(?=[.@-]?[0-9])"
)
_SPACED: Final = re.compile(
    rf"(?<![A-Za-z0-9_'\u00c0-\u024f\u0370-\u052f])"
    rf"(?:{_LETTER}(?P<gap>[ .\-_*/]))(?:{_LETTER}(?P=gap)){{2,60}}{_LETTER}(?![\w'])"
)
_TAGGED: Final = re.compile(_TAG)
_MIXED: Final = re.compile(rf"{_LETTER}{{2,64}}")
_SHOWN: Final = {
    "Cc": "",
    "Mn": "",
    "Me": "",
    "Cf": "",
    "Cs": "\ufffd",  # A lone surrogate is not UTF-8, and a tokenizer would refuse the whole text.
    "Zs": " ",
    "Zl": "\n",
    "Zp": "\n",
    "Pd": "-",
}
_READ_AS: Final = (
    # HL7 v2 frames its messages in control characters; others have no business in a text.
    dict.fromkeys("\x0b\x0c\x1c\x1d\x1e\x1f\x85", "\n")
    # Hangul's fillers and Braille without a dot are letters and signs that show nothing.
    | dict.fromkeys("\u115f\u1160\u2800\u3164\uffa0", " ")
    | dict.fromkeys("\u2018\u2019\u201b\u02bc\u00b4\u2032\uff07", "'")
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
    return _unbroken(_unescaped(text))


def _unescaped(text: str) -> View:
    """Return the view of `text` character by character, escapes read as what they show."""
    # Only at their signs: to look for all escapes at every character takes as long as all the rest.
    escaped = any(ESCAPE.match(text, sign.start()) for sign in SIGN.finditer(text))
    if not escaped and _PLAIN.match(text):
        return View(text)
    table = {ord(char): _plain(char) for char in set(text)}
    if "" not in table.values() and not escaped:
        return View(text.translate(table))
    return _mapped(text, table)


def _unbroken(view: View) -> View:
    """Return `view` with look-alikes read as the letters they pass for, and words in one piece."""
    text = view.text
    if not text.isascii() and not LOOKALIKES.isdisjoint(text):
        text = _MIXED.sub(lambda word: latin(word[0]), text)
    gaps = list(_gaps(text))
    if not gaps:
        return view if text is view.text else View(text, view.starts)
    kept: list[str] = []
    starts = array("q")
    done = 0
    for start, end in (*gaps, (len(text), len(text))):
        kept.append(text[done:start])
        starts.extend(range(done, start) if view.starts is None else view.starts[done:start])
        done = end
    starts.append(len(text) if view.starts is None else view.starts[len(text)])
    return View("".join(kept), starts)


def _gaps(text: str) -> Iterator[tuple[int, int]]:
    """Yield in order what stands between letters of one word and is no part of it."""
    broken = any(each in text for each in _BROKEN) or ("<" in text and _TAGGED.search(text))
    if broken or (not text.isascii() and _PICTURE.search(text)):
        found = [match.span() for match in _LEFT_OUT.finditer(text)]
    else:
        found = []
    for match in _SPACED.finditer(text):
        # Every second character: a letter, its gap, a letter.
        found += [(at, at + 1) for at in range(match.start() + 1, match.end(), 2)]
    done = 0
    for start, end in sorted(found):
        if start >= done:
            yield start, end
            done = end


def _plain(char: str) -> str:
    """Return what stands for `char`: one character, or none where it is not to be seen."""
    if " " <= char <= "~" or char in "\t\n\r":
        return char
    if char in _READ_AS:
        return _READ_AS[char]
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

    hidden = "".join(chr(code) for code, shown in table.items() if not shown)
    visible = re.compile(f"[^{re.escape(hidden)}]+" if hidden else r"(?s:.)+")

    def keep(piece: str, start: int) -> None:
        for run in visible.finditer(piece):
            pieces.append(run[0].translate(table))
            starts.extend(range(start + run.start(), start + run.end()))

    for escape in ESCAPE.finditer(text):
        read = shown(escape)
        if read is None:
            continue
        keep(text[done : escape.start()], done)
        done = escape.end()
        for char, start in read:
            plain = _plain(char)
            if plain:
                pieces.append(plain)
                starts.append(escape.start() + start)
    keep(text[done:], done)
    starts.append(len(text))
    return View("".join(pieces), starts)
