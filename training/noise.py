"""What happens to text on its way: case, OCR, dictation, broken lines, cuts; offsets stay right.

Every change is a list of edits, each of which replaces some characters by some others, so that one
function moves the spans for all of them.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from training.documents import Span

Labelled = tuple[str, tuple[Span, ...]]
Change = Callable[[random.Random, Labelled], Labelled]


class Edit(NamedTuple):
    """Replace the characters from `start` to `end` by `text`."""

    start: int
    end: int
    text: str


def edited(labelled: Labelled, edits: Iterable[Edit]) -> Labelled:
    """Return the text after `edits`, which are in order and do not overlap, and the moved spans.

    A span keeps what an edit puts inside it, and loses itself if nothing of it stays.
    """
    text, spans = labelled
    out: list[str] = []
    where: list[int] = []  # The new offset of each old character.
    length = last = 0
    for start, end, new in edits:
        kept = text[last:start]
        out += (kept, new)
        where.extend(range(length, length + len(kept)))
        length += len(kept)
        where.extend(length + min(i, len(new)) for i in range(end - start))
        length += len(new)
        last = end
    out.append(text[last:])
    where.extend(range(length, length + len(text) - last + 1))
    return _trimmed("".join(out), [Span(where[s.start], where[s.end], s.label) for s in spans])


def _trimmed(text: str, spans: Sequence[Span]) -> Labelled:
    """Return spans without spaces at their ends, and without those that became empty."""
    found: list[Span] = []
    for span in spans:
        part = text[span.start : span.end]
        start = span.start + len(part) - len(part.lstrip())
        end = span.start + len(part.rstrip())
        if start < end:
            found.append(Span(start, end, span.label))
    return text, tuple(found)


def _each(labelled: Labelled, change: Callable[[str], str]) -> Labelled:
    """Return the text changed character by character; some letters grow, like ß to SS."""
    text, _ = labelled
    return edited(
        labelled,
        [Edit(i, i + 1, new) for i, char in enumerate(text) if (new := change(char)) != char],
    )


def lower(_: random.Random, labelled: Labelled) -> Labelled:
    """All in small letters."""
    return _each(labelled, str.lower)


def upper(_: random.Random, labelled: Labelled) -> Labelled:
    """ALL IN CAPITALS."""
    return _each(labelled, str.upper)


_WORD_START: Final = re.compile(r"(?<![\w'’])[^\W\d_]")


def title(_: random.Random, labelled: Labelled) -> Labelled:
    """Each Word With A Capital."""
    text, _spans = labelled
    starts = {match.start() for match in _WORD_START.finditer(text)}
    return edited(
        labelled,
        [Edit(i, i + 1, text[i].upper()) for i in sorted(starts) if text[i].upper() != text[i]],
    )


def upper_line(rng: random.Random, labelled: Labelled) -> Labelled:
    """One line or two in capitals, as in a banner."""
    text, _ = labelled
    lines = [match.span() for match in re.finditer(r"[^\n]+", text)]
    if not lines:
        return labelled
    chosen = set(rng.sample(range(len(lines)), k=min(len(lines), rng.randint(1, 2))))
    edits = [Edit(a, b, text[a:b].upper()) for i, (a, b) in enumerate(lines) if i in chosen]
    return edited(labelled, _by_character(text, edits))


def _by_character(text: str, edits: Iterable[Edit]) -> Iterable[Edit]:
    for edit in edits:
        for i in range(edit.start, edit.end):
            if text[i].upper() != text[i]:
                yield Edit(i, i + 1, text[i].upper())


_CONFUSED: Final = {
    "0": "O", "O": "0", "o": "0", "1": "l", "l": "1", "I": "l", "i": "l", "5": "S", "S": "5",
    "8": "B", "B": "8", "e": "c", "c": "e", "h": "b", "a": "o", "Z": "2", "2": "Z", "g": "q",
    "6": "G", "G": "6", "u": "v", "v": "u", "n": "ri", "m": "rn", "D": "O", "t": "f", ".": ",",
    ",": ".", ":": ";", "-": "~", "/": "1", "é": "e", "ü": "u",
}  # fmt: skip


def ocr(rng: random.Random, labelled: Labelled) -> Labelled:
    """O for 0, l for 1, lost spaces, broken lines, specks: a scanned page."""
    text, _ = labelled
    rate = rng.choice((0.004, 0.01, 0.02, 0.035))
    edits: list[Edit] = []
    for i, char in enumerate(text):
        if rng.random() >= rate:
            continue
        if char == " ":
            edits.append(Edit(i, i + 1, rng.choice(("", "", "  ", "\n", " . "))))
        elif char in _CONFUSED:
            edits.append(Edit(i, i + 1, _CONFUSED[char]))
        elif char.isalnum() and rng.random() < 0.3:
            edits.append(Edit(i, i + 1, rng.choice(("", char + char, f"{char} "))))
    return edited(labelled, edits)


def typos(rng: random.Random, labelled: Labelled) -> Labelled:
    """Letters dropped, doubled or swapped, as hurried fingers do."""
    text, _ = labelled
    edits: list[Edit] = []
    i = 0
    while i < len(text) - 1:
        if text[i].isalpha() and text[i + 1].isalpha() and rng.random() < 0.006:
            pair = text[i : i + 2]
            edits.append(Edit(i, i + 2, rng.choice((pair[0], pair[::-1], pair[0] + pair, pair[1]))))
            i += 2
        i += 1
    return edited(labelled, edits)


def wrapped(rng: random.Random, labelled: Labelled) -> Labelled:
    """Lines broken at a column, wherever that falls."""
    text, _ = labelled
    width = rng.randint(40, 100)
    edits: list[Edit] = []
    column = 0
    last_space = -1
    for i, char in enumerate(text):
        column += 1
        if char == "\n":
            column, last_space = 0, -1
        elif char == " ":
            last_space = i
        if column > width and last_space >= 0:
            edits.append(Edit(last_space, last_space + 1, "\n"))
            column, last_space = i - last_space, -1
    return edited(labelled, edits)


def spaced(rng: random.Random, labelled: Labelled) -> Labelled:
    """Spaces doubled, tabs, carriage returns, no-break spaces, blank lines lost."""
    text, _ = labelled
    how = rng.randrange(5)
    edits: list[Edit] = []
    for match in re.finditer(r"\n+| ", text):
        new = match.group()
        if how == 0 and new != " ":
            new = new.replace("\n", "\r\n")
        elif how == 1 and new == " " and rng.random() < 0.1:
            new = rng.choice(("  ", "   ", "\t"))
        elif how == 2 and len(new) > 1:
            new = "\n"
        elif how == 3 and new == " " and rng.random() < 0.1:
            new = "\u00a0"
        elif how == 4 and new == "\n":
            new = "\n\n"
        if new != match.group():
            edits.append(Edit(*match.span(), new))
    return edited(labelled, edits)


def one_line(_: random.Random, labelled: Labelled) -> Labelled:
    """Everything on one line, as a form field or a log keeps it."""
    text, _spans = labelled
    return edited(labelled, [Edit(*match.span(), " ") for match in re.finditer(r"\s*\n\s*", text)])


_QUOTES: Final = {"'": "’", "-": "–", '"': "”"}


def typographic(rng: random.Random, labelled: Labelled) -> Labelled:
    """Quotes and dashes as a word processor sets them."""
    marks = "'" if rng.random() < 0.5 else "'\""
    if rng.random() < 0.2:
        marks += "-"
    return _each(labelled, lambda char: _QUOTES[char] if char in marks else char)


_LEAST_CUT: Final = 40


def cut(rng: random.Random, labelled: Labelled) -> Labelled:
    """Only a stretch of the text, cut between words; what the cut goes through is left out."""
    text, spans = labelled
    if len(text) < 2 * _LEAST_CUT:
        return labelled
    start = rng.choice((0, rng.randint(0, len(text) // 2)))
    end = rng.choice((len(text), rng.randint(start + _LEAST_CUT, len(text))))
    for span in spans:  # An identifier is whole or it is not there.
        if span.start < start < span.end:
            start = span.start
        if span.start < end < span.end:
            end = span.end
    while 0 < start < len(text) and text[start].isalnum() and text[start - 1].isalnum():
        start -= 1
    while end < len(text) and text[end].isalnum() and text[end - 1].isalnum():
        end += 1
    kept = [
        Span(s.start - start, s.end - start, s.label)
        for s in spans
        if start <= s.start and s.end <= end
    ]
    return _trimmed(text[start:end], kept)


def joined(parts: Sequence[Labelled], between: str) -> Labelled:
    """Several texts one after another."""
    text = ""
    spans: list[Span] = []
    for number, (part, found) in enumerate(parts):
        if number:
            text += between
        spans += [Span(s.start + len(text), s.end + len(text), s.label) for s in found]
        text += part
    return text, tuple(spans)


def _before_stops(labelled: Labelled) -> Labelled:
    """Return spans without a last stop, which is spoken, and is then no part of a name."""
    text, spans = labelled
    ends = [s.end - (text[s.end - 1] in ".,:;?。，") for s in spans]
    return text, tuple(
        Span(s.start, max(s.start + 1, end), s.label) for s, end in zip(spans, ends, strict=True)
    )


_SPOKEN: Final = {
    ".": " period", ",": " comma", ":": " colon", ";": " semicolon", "?": " question mark",
    "(": "open parenthesis ", ")": " close parenthesis",
}  # fmt: skip
_LINES: Final = (" new paragraph ", " next line ")
# What is said for marks and for line ends in other languages; marks that stand here are enough.
_SPOKEN_IN: Final[Mapping[str, tuple[Mapping[str, str], Sequence[str]]]] = {
    "en": (_SPOKEN, _LINES),
    "de": (
        {
            ".": " punkt", ",": " komma", ":": " doppelpunkt", ";": " semikolon", "?": " fragezeichen",
            "(": "klammer auf ", ")": " klammer zu",
        },
        (" absatz ", " neue zeile ", " neuer absatz "),
    ),
    "fr": (
        {
            ".": " point", ",": " virgule", ":": " deux points", ";": " point virgule",
            "?": " point d'interrogation", "(": "ouvrez la parenthèse ", ")": " fermez la parenthèse",
        },
        (" à la ligne ", " nouveau paragraphe "),
    ),
    "es": (
        {
            ".": " punto", ",": " coma", ":": " dos puntos", ";": " punto y coma",
            "?": " signo de interrogación", "(": "abrir paréntesis ", ")": " cerrar paréntesis",
        },
        (" punto y aparte ", " nueva línea "),
    ),
    "zh": (
        {
            "。": "句号", "，": "逗号", "：": "冒号", "；": "分号", "？": "问号", "（": "左括号", "）": "右括号",
            ".": "点", ",": "逗号", ":": "冒号", ";": "分号", "?": "问号", "(": "左括号", ")": "右括号",
        },
        ("换行", "另起一段"),
    ),
}  # fmt: skip
_STOP: Final = re.compile(r"[.,:;?](?=\s|$)|[()（）。，：；？]|\n+")


def dictated(rng: random.Random, labelled: Labelled, lang: str = "en") -> Labelled:
    """No capitals, and punctuation spoken or left out, as a speech recogniser writes it."""
    marks, lines = _SPOKEN_IN[lang]
    text, _ = lower(rng, labelled)
    small = lower(rng, labelled)
    spoken = rng.random() < 0.5
    edits: list[Edit] = []
    for match in _STOP.finditer(text):
        mark = match.group()
        if mark[0] == "\n":
            new = rng.choice(lines) if spoken and rng.random() < 0.6 else " "
        else:
            new = marks.get(mark, "") if spoken and rng.random() < 0.9 else ""
        edits.append(Edit(*match.span(), new))
    return edited(_before_stops(small), edits)
