"""A text as the pieces of a Unigram vocabulary see it, and where each of its characters was.

What `training/vocabulary.py` writes into `tokenizer.json` as the normalizer, step by step: NFKC; a
line break is a word of its own, and so is a tab; several blanks are one. Then a word begins with
`WORD`, the first one too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final
from unicodedata import combining, is_normalized, normalize

import numpy as np
import numpy.typing as npt

WORD: Final = "\u2581"
LINE: Final = "\u00b6"
CELL: Final = "|"
NORMALIZER: Final[dict[str, Any]] = {
    "type": "Sequence",
    "normalizers": [
        {"type": "NFKC"},
        {"type": "Replace", "pattern": {"Regex": "\r\n?|\n"}, "content": f" {LINE} "},
        {"type": "Replace", "pattern": {"String": "\t"}, "content": f" {CELL} "},
        {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "},
    ],
}
"""These steps, as `tokenizer.json` has them. One with any other steps is not for this module."""
_SPACES: Final = re.compile(r"[ \t\r\n](?:(?<=[\t\r\n])[ \t\r\n]*|[ \t\r\n]+)")
"""All white space but a single blank. A pattern that begins with one sign is sought much faster."""
_BREAK: Final = re.compile(r"(\r\n?|\n)|(\t)| +")
_LONGEST: Final = 64
"""Characters of white space whose replacement is remembered; longer ones are rare."""
_STRETCH: Final = re.compile(r"[\x00-\x7f]?[^\x00-\x7f]{1,256}")
"""Nothing in ASCII is composed with what is before it, so that stretches are normalised alone. They
are bounded because marks are put in order by a sort whose time grows with the square."""
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Normal:
    """A text as it is compared with pieces; every character knows the ones that it stands for."""

    text: str
    starts: Ints
    ends: Ints
    """`[characters]`, into the text as it was given."""

    def __repr__(self) -> str:
        return f"<Normal {len(self.starts)}>"


def normal(text: str) -> Normal:
    """Return the normal form of `text`, which has no half of a character. Linear in it."""
    starts: Ints
    ends: Ints
    if text.isascii() or is_normalized("NFKC", text):
        starts = np.arange(len(text), dtype=np.int64)
        ends = starts + 1
    else:
        text, starts, ends = _composed(text)
    return _worded(text, starts, ends)


def _composed(text: str) -> tuple[str, Ints, Ints]:
    cuts: list[int] = []
    made: list[str] = []
    done = 0
    for stretch in _STRETCH.finditer(text):
        start, end = stretch.span()
        cuts += range(done, start)
        made += text[done:start]
        for first, each in _clusters(stretch[0]):
            cuts.append(start + first)
            made.append(each)
        done = end
    cuts += range(done, len(text) + 1)
    made += text[done:]
    counts = np.fromiter(map(len, made), np.int64, len(made))
    bounds = np.array(cuts, np.int64)
    return "".join(made), np.repeat(bounds[:-1], counts), np.repeat(bounds[1:], counts)


def _clusters(stretch: str) -> Iterable[tuple[int, str]]:
    """Return where parts of `stretch` begin that are composed alone, and what becomes of them.

    They are single characters, or where some are composed each with its marks.
    """
    alone = list(map(_alone, stretch))
    if "".join(alone) == normalize("NFKC", stretch):
        return enumerate(alone)
    cuts = [place for place, char in enumerate(stretch) if place == 0 or not _joins(char)]
    return [
        (first, normalize("NFKC", stretch[first:last]))
        for first, last in pairwise([*cuts, len(stretch)])
    ]


@lru_cache(maxsize=4096)
def _alone(char: str) -> str:
    return normalize("NFKC", char)


@lru_cache(maxsize=4096)
def _joins(char: str) -> bool:
    """Say whether `char` may be composed with, or ordered among, what is before it."""
    first = normalize("NFKD", char)[0]
    return bool(combining(first)) or first in _SECOND


_SECOND: Final = frozenset(
    "\u09be\u09d7\u0b3e\u0b56\u0b57\u0bbe\u0bd7\u0cc2\u0cd5\u0cd6\u0d3e\u0d57\u0dcf\u0ddf\u102e\u1b35"
    "\U00011127\U0001133e\U00011357\U000114b0\U000114ba\U000114bd\U000115af\U00011930"
) | frozenset(map(chr, [*range(0x1161, 0x1176), *range(0x11A8, 0x11C3)]))
"""Letters that are no marks, and yet are composed with the one before them."""


def _worded(text: str, starts: Ints, ends: Ints) -> Normal:
    """Return it with words of their own for what ends a line and a cell, and marks for blanks."""
    parts = []
    order: list[Ints] = []
    done = 0
    for match in _SPACES.finditer(text):
        start, end = match.span()
        made, where = _spaced(match[0]) if end - start <= _LONGEST else _spacing(match[0])
        parts += [text[done:start], made]
        order += [np.arange(done, start), where + start]
        done = end
    if parts:
        parts.append(text[done:])
        order.append(np.arange(done, len(text)))
        text = "".join(parts)
        places = np.concatenate(order)
        starts, ends = starts[places], ends[places]
    text = text.replace(" ", WORD)
    if text and not text.startswith(WORD):
        # No character stands before the first word: its mark has none of the text.
        text = WORD + text
        starts, ends = np.concatenate([starts[:1], starts]), np.concatenate([ends[:1], ends])
    return Normal(text, starts, ends)


def _spacing(run: str) -> tuple[str, Ints]:
    """Return what becomes of a run of white space, and the place in it of each character."""
    made = []
    places = []
    for step in _BREAK.finditer(run):
        if step.lastindex is None:
            made.append(" ")
            places.append(step.end() - 1)
            continue
        sign = LINE if step.lastindex == 1 else CELL
        made += [" ", sign, " "]
        places += [step.end() - 1] * 3
    # Of several blanks the last.
    kept = [place for place, pair in enumerate(pairwise([*made, ""])) if pair != (" ", " ")]
    return "".join(made[place] for place in kept), np.array(
        [places[each] for each in kept], np.int64
    )


_spaced = lru_cache(maxsize=512)(_spacing)
