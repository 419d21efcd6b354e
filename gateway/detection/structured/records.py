"""Tables that are one person's form: in each line the name of a field, and its value beside it.

"Geburtsdatum;19.05.1966", "| Surname | Achebe |", two or three such pairs in a line. Read by
column such a line would be a heading, and the value in it the name of a column. Rule: two lines
that follow each other begin with a known field and a value; what has no known field beside it is
scanned.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.detection.structured import columns, tables
from gateway.detection.structured.tables import Cell
from gateway.detection.structured.values import Value
from gateway.domain import entities
from gateway.domain.places import Layer, Writing

_DELIMITERS: Final = "\t;|,"
_LONGEST: Final = 60
"""Characters of a field's name: what is longer is prose."""
_RULE: Final = re.compile(r"[\s|:+-]*\Z")
_PAIR: Final = 2
"""Cells of a line that commas part: prose has commas, too."""


def record(text: str, start: int, end: int) -> tuple[list[Value], int]:
    """Return the cells of the form whose first line is `start` to `end`, and where it ends.

    No values, if no form begins there.
    """
    line = text[start:end]
    for delimiter in _DELIMITERS:
        if delimiter in line:
            found, after = _record(text, start, delimiter)
            if found:
                return found, after
    return [], start


def _record(text: str, start: int, delimiter: str) -> tuple[list[Value], int]:
    values: list[Value] = []
    rows = 0
    telling = False
    position = after = start
    while position < len(text):
        cells, following = tables.row(text, position, delimiter)
        if rows == 1 and position == after and _is_rule(text, cells, delimiter):
            position = following
            continue
        pair = _is_pair(text, cells, delimiter)
        if not (pair if rows < _PAIR else _goes_on(text, cells, delimiter)):
            break
        telling = telling or columns.strong(_name(text, cells[0])) is not None
        values += _cells(text, cells, delimiter)
        rows += 1
        position = after = following
    return (values, after) if rows >= _PAIR and telling else ([], start)


def _is_rule(text: str, cells: list[Cell], delimiter: str) -> bool:
    """Say whether a line is the one below the heading of a table in Markdown."""
    return delimiter == "|" and _RULE.match(text[cells[0][0] : cells[-1][1]]) is not None


def _is_pair(text: str, cells: list[Cell], delimiter: str) -> bool:
    """Say whether a line begins with a known field, and what stands beside it is its value."""
    return (
        _goes_on(text, cells, delimiter)
        and _is_field(text, cells[0])
        and cells[1][0] < cells[1][1]
        and not _is_field(text, cells[1])
    )


def _goes_on(text: str, cells: list[Cell], delimiter: str) -> bool:
    """Say whether a line may belong to a form: it has a field, and is no heading of a table."""
    if len(cells) < _PAIR or (delimiter == "," and len(cells) > _PAIR):
        return False
    begin, stop, _ = cells[0]
    return 0 < stop - begin <= _LONGEST and not all(_is_field(text, each) for each in cells[:2])


def _name(text: str, cell: Cell) -> str:
    return text[cell[0] : cell[1]]


def _is_field(text: str, cell: Cell) -> bool:
    name = _name(text, cell)
    return columns.strong(name) is not None or columns.weak(name) is not None


def _cells(text: str, cells: list[Cell], delimiter: str) -> Iterator[Value]:
    field = ""
    for index, cell in enumerate(cells):
        begin, stop, quoted = cell
        if begin == stop:
            field = ""
            continue
        layer = Layer(Writing.QUOTED) if quoted else Layer(Writing.CELL, delimiter)
        value = text[begin:stop]
        if not field and _is_field(text, cell):
            field = value
            yield Value(begin, stop, (layer,), after=": ", name=True)
            continue
        entity = columns.strong(field) or columns.weak(field) if field else None
        if entity is not None and not columns.fits(entity, value):
            entity = None
        if entity == entities.AGE:
            entity = columns.of_age(value)
        recognizer = "" if entity is None else "structured.table"
        # A field that is not known says what stands beside it all the same.
        after = "\n\n" if field or index % _PAIR else ": "
        field = ""
        yield Value(begin, stop, (layer,), entity, recognizer, after=after)
