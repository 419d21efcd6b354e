"""CSV, TSV and Markdown tables by column: a heading that says what it is types all of its cells.

A table is a line of short headings, at least one of which is known, and lines of as many cells
below it. Quotes are read as RFC 4180 has them. Linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from gateway.detection.structured import columns
from gateway.detection.structured.values import Value
from gateway.domain import entities
from gateway.domain.entities import EntityType
from gateway.domain.places import Layer, Writing

_DELIMITERS: Final = "\t;|,"
_LONGEST: Final = 60
"""Characters of a heading: longer ones are prose."""
_MOST: Final = 400
"""Columns."""
_RULE: Final = re.compile(r"[\s|:+-]*\Z")
_WORDS: Final = 6
"""Words of a heading."""
_NUMBER: Final = re.compile(r"[0-9](?:[ ./-]?[0-9]){4}")
"""What no heading holds: the line is of a form, and the number is a value."""
Cell = tuple[int, int, bool]
"""Start and end, without its quotes and the blanks around it, and whether it has quotes."""


def heads(text: str, start: int, end: int) -> str | None:
    """Return the delimiter if the line from `start` to `end` may be the heading of a table."""
    line = text[start:end]
    for delimiter in _DELIMITERS:
        if delimiter not in line:
            continue
        names = [each.strip().strip('"') for each in line.strip().strip("|").split(delimiter)]
        if not 2 <= len(names) <= _MOST or any(len(name) > _LONGEST for name in names):  # noqa: PLR2004 - one column is a list
            continue
        if any(len(name.split()) > _WORDS or _NUMBER.search(name) for name in names):
            continue
        known = sum(columns.strong(name) is not None for name in names)
        others = sum(columns.weak(name) is not None or columns.usual(name) for name in names)
        if known >= 1 and known + others >= (2 if delimiter == "," else 1):
            return delimiter
    return None


def table(text: str, start: int, delimiter: str) -> tuple[list[Value], int]:
    """Return the cells of the table whose heading begins at `start`, and where it ends.

    No values, if what follows is no row.
    """
    heading, position = row(text, start, delimiter)
    names = [text[begin:end] for begin, end, _ in heading]
    types = _types(names)
    # A heading that nobody knows may be a value, where the line is of a form: it is scanned.
    values: list[Value] = [
        replace(_cell(each, delimiter, None, "", name=_is_known(name)), after="; ")
        for each, name in zip(heading, names, strict=True)
    ]
    rows = 0
    end = position
    while position < len(text):
        cells, after = row(text, position, delimiter)
        if not _is_row(cells, len(names)):
            break
        position = end = after
        if _RULE.match(text[cells[0][0] : cells[-1][1]]) and delimiter == "|":
            continue
        rows += 1
        for index, cell in enumerate(cells):
            begin, stop, _ = cell
            if begin == stop:
                continue
            entity = types[index] if index < len(types) else None
            value = text[begin:stop]
            if entity is not None and (
                not columns.fits(entity, value) or _counts(names[index], value, rows)
            ):
                entity = None
            if entity == entities.AGE:
                entity = columns.of_age(value)
            label = names[index] if index < len(names) and entity is None else ""
            values.append(_cell(cell, delimiter, entity, label, name=False))
    return (values, end) if rows else ([], start)


def _is_row(cells: list[Cell], count: int) -> bool:
    if not cells or not any(begin < end for begin, end, _ in cells):
        return False
    # A cell that was left out, or one too many, does not make it prose.
    return len(cells) > 1 and abs(len(cells) - count) <= max(1, count // 4)


def _counts(name: str, value: str, rows: int) -> bool:
    """Say whether a number only counts rows: "Nr", and "3" in the third of them."""
    return columns.weak(name) == entities.OTHER_ID and value.strip(".)").lstrip("0") == str(rows)


def _is_known(name: str) -> bool:
    return columns.strong(name) is not None or columns.weak(name) is not None


def _types(names: list[str]) -> list[EntityType | None]:
    company = columns.in_company(names)
    return [columns.strong(name) or (columns.weak(name) if company else None) for name in names]


def _cell(
    cell: Cell, delimiter: str, entity: EntityType | None, label: str, *, name: bool
) -> Value:
    start, end, quoted = cell
    layer = Layer(Writing.QUOTED) if quoted else Layer(Writing.CELL, delimiter)
    recognizer = "" if entity is None else "structured.table"
    return Value(start, end, (layer,), entity, recognizer, label=label, name=name)


def row(text: str, start: int, delimiter: str) -> tuple[list[Cell], int]:
    """Return the cells of the row that begins at `start`, and where the next row begins."""
    cells: list[Cell] = []
    position = start
    piped = delimiter == "|" and _skip(text, start) < len(text) and text[_skip(text, start)] == "|"
    if piped:
        position = _skip(text, start) + 1
    while len(cells) <= _MOST:
        cell, position = _next(text, position, delimiter)
        cells.append(cell)
        if position >= len(text) or text[position] != delimiter:
            break
        position += 1
    if piped and len(cells) > 1 and cells[-1][0] == cells[-1][1]:
        cells.pop()
    line = text.find("\n", position)
    return cells, len(text) if line < 0 else line + 1


def _skip(text: str, position: int) -> int:
    while position < len(text) and text[position] in " \ufeff":
        position += 1
    return position


_BLANKS: Final = re.compile(r"[ \ufeff]*+")
_QUOTED: Final = re.compile(r'"([^"]*+(?:""[^"]*+)*+)"[ ]{0,9}(?=[\t;|,\r\n]|\Z)')


def _next(text: str, position: int, delimiter: str) -> tuple[Cell, int]:
    found = _BLANKS.match(text, position)
    begin = found.end() if found else position
    if text[begin : begin + 1] == '"':
        quoted = _QUOTED.match(text, begin)
        if quoted is not None:
            return (*quoted.span(1), True), quoted.end()
    end = begin
    ends = _ENDS[delimiter].search(text, begin)
    end = len(text) if ends is None else ends.start()
    stop = end
    while stop > begin and text[stop - 1] in " \t\r":
        stop -= 1
    return (begin, stop, False), end


_ENDS: Final = {each: re.compile(rf"[{re.escape(each)}\r\n]") for each in _DELIMITERS}


def lines(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each line of `text`."""
    start = 0
    while start < len(text):
        stop = text.find("\n", start)
        stop = len(text) if stop < 0 else stop
        yield start, stop
        start = stop + 1
