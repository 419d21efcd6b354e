"""Lists of a hospital made into fingerprints: plain lines, CSV or TSV; all of a list or nothing.

A line that cannot be taken is named by its number alone: what it holds is never quoted.
"""

from __future__ import annotations

import csv
import io
from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from gateway.detection.dictionary_file import Filter, Fingerprints, Mark, joined
from gateway.detection.given_names import GIVEN_NAMES
from gateway.detection.ordinary import is_ordinary
from gateway.detection.phrases import MOST_WORDS, fingerprint, words_of
from gateway.domain.person_names import bare, is_given

_LONGEST: Final = 200
"""Characters of an entry."""
_LEAST_PART: Final = 4
"""Letters of a family name that stands for a member of staff by itself."""
_PEOPLE: Final = Mark.STAFF | Mark.PATIENT
_GIVEN: Final = frozenset(
    {"given", "first", "firstname", "given_name", "first_name", "vorname", "prenom", "nombre"}
)
_FAMILY: Final = frozenset(
    {
        "family",
        "last",
        "lastname",
        "surname",
        "family_name",
        "last_name",
        "nachname",
        "nom",
        "apellido",
        "apellidos",
    }
)
_WHOLE: Final = frozenset(
    {"name", "full_name", "fullname", "value", "entry", "ward", "street", "strasse", "rue", "calle"}
)
_EVERY: Final = 20_000
"""Lines between two reports of progress."""


class BadLine(Exception):  # noqa: N818 - reads as what it is
    """A line that is no entry. Says which line and why, never what is in it."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line} {reason}")
        self.line = line


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of a list."""

    content: Filter
    entries: int
    skipped: tuple[int, ...]
    """Numbers of the bad lines that were left out."""


def load(  # noqa: PLR0913 - a list, what it means, and how to take it
    content: Filter,
    key: bytes,
    raw: bytes,
    kind: Mark,
    *,
    skip_bad: bool,
    progress: Callable[[int], None] = lambda _: None,
) -> Loaded:
    """Return `content` with the entries of the list `raw` added.

    `progress` is told the number of lines done. Raises `BadLine`, and then nothing was changed.
    """
    phrases, marks, firsts = array("Q"), bytearray(), array("Q")
    entries = 0
    skipped: list[int] = []
    for number, entry in _entries(raw):
        try:
            for phrase, mark in _phrases(number, entry, kind):
                phrases.append(fingerprint(key, phrase))
                marks.append(mark)
                first, space, _ = phrase.partition(" ")
                if space:
                    firsts.append(fingerprint(key, first))
        except BadLine:
            if not skip_bad:
                raise
            skipped.append(number)
            continue
        entries += 1
        if number % _EVERY == 0:
            progress(number)
    grown = joined(
        content,
        _fingerprints(phrases),
        np.frombuffer(bytes(marks), np.uint8),
        np.unique(_fingerprints(firsts)),
    )
    return Loaded(grown, entries, tuple(skipped))


def fingerprints(key: bytes, raw: bytes, kind: Mark) -> Fingerprints:
    """Return those of all entries of a list, to remove them. Raises `BadLine`."""
    found = array("Q")
    for number, entry in _entries(raw):
        found.extend(fingerprint(key, phrase) for phrase, _ in _phrases(number, entry, kind))
    return _fingerprints(found)


def _fingerprints(values: array[int]) -> Fingerprints:
    return np.frombuffer(values.tobytes(), np.uint64)


def _entries(raw: bytes) -> Iterator[tuple[int, str | None]]:
    """Yield `(number, entry)` of each line that is not empty; `None` for one that is not UTF-8."""
    lines = raw.removeprefix(b"\xef\xbb\xbf").splitlines()
    columns = _columns(lines[0]) if lines else None
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith(b"#") or (number == 1 and columns is not None):
            continue
        try:
            text = line.decode()
        except UnicodeDecodeError:
            yield number, None
            continue
        yield number, text if columns is None else _cell(text, columns)


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where in a line of a table the parts of an entry are."""

    delimiter: str
    given: int | None
    family: int | None
    whole: int | None


def _columns(first: bytes) -> _Columns | None:
    """Return the columns that the first line names, or `None` if it names none."""
    text = first.decode(errors="replace")
    for delimiter in ("\t", ";", ","):
        names = [name.strip().strip('"').lower() for name in text.split(delimiter)]
        given = next((i for i, name in enumerate(names) if name in _GIVEN), None)
        family = next((i for i, name in enumerate(names) if name in _FAMILY), None)
        whole = next((i for i, name in enumerate(names) if name in _WHOLE), None)
        if family is not None or whole is not None:
            return _Columns(delimiter, given, family, whole)
    return None


def _cell(line: str, columns: _Columns) -> str | None:
    row = next(csv.reader(io.StringIO(line), delimiter=columns.delimiter), [])
    wanted = [columns.whole] if columns.family is None else [columns.family, columns.given]
    if any(place is not None and place >= len(row) for place in wanted):
        return None
    cells = [row[place].strip() for place in wanted if place is not None]
    return ", ".join(cell for cell in cells if cell)


def _phrases(number: int, entry: str | None, kind: Mark) -> Iterable[tuple[str, int]]:
    """Return the phrases of an entry, with the mark of each."""
    if entry is None:
        raise BadLine(number, "is not UTF-8, or has fewer columns than the first line names")
    if len(entry) > _LONGEST:
        raise BadLine(number, f"is longer than {_LONGEST} characters")
    if any(ord(char) < ord(" ") and char != "\t" for char in entry):
        raise BadLine(number, "holds control characters")
    if kind & _PEOPLE:
        start, end = bare(entry)
        entry = entry[start:end]
    words = [word.folded for word in words_of(entry)]
    if not words or sum(map(len, words)) < 2:  # noqa: PLR2004 - one letter is nobody's name
        raise BadLine(number, "holds no word")
    if len(words) > MOST_WORDS:
        raise BadLine(number, f"has more than {MOST_WORDS} words")
    if not kind & _PEOPLE:
        return [(" ".join(words), int(kind))]
    return _orders(entry, words, kind)


def _orders(entry: str, words: list[str], kind: Mark) -> Iterable[tuple[str, int]]:
    """Return a person's name in the orders in which it is written."""
    before, comma, behind = entry.partition(",")
    family = [word.folded for word in words_of(before)] if comma else words[-1:]
    given = [word.folded for word in words_of(behind)] if comma else words[:-1]
    derived = int(kind | Mark.DERIVED)
    phrases: dict[str, int] = {" ".join((*given, *family)): int(kind)}
    if given and family:
        for order in ((*family, *given), (given[0], *family), (*family, given[0])):
            phrases.setdefault(" ".join(order), derived)
        name = "".join(family)
        if (
            kind is Mark.STAFF
            and len(family) == 1
            and len(name) >= _LEAST_PART
            and not (is_ordinary(name) or is_given(name) or name in GIVEN_NAMES)
        ):
            phrases.setdefault(name, derived | int(Mark.PART))
    return phrases.items()
