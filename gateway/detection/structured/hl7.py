"""HL7 v2 by segment and field, with the separators of the message itself (HL7 2.5.1, chapter 2).

A field is what `hl7_fields.py` says; every other is scanned. A segment of a person whose separators
are not the message's is read with its own, and where it has none that can be told, all of it goes:
a PID that cannot be read is still a PID.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from gateway.detection.structured import columns
from gateway.detection.structured.hl7_fields import DATA_TYPES, FIELDS, NAMES, Type
from gateway.detection.structured.values import Value
from gateway.domain import entities
from gateway.domain.entities import EntityType, entity_type
from gateway.domain.places import Layer, Place, Writing

_STANDARD: Final = "|^~\\&"
_HEADS: Final = frozenset({"MSH", "FHS", "BHS"})
_LINE: Final = re.compile(r"[^\r\n\x0b\x1c]+")
_SEGMENT: Final = re.compile(r"[A-Z][A-Z0-9]{2}(?=[^A-Za-z0-9\s]|\Z)")
BEGINS: Final = re.compile(
    rf"(?:\A|(?<=[\r\n\x0b\x1c]))(?:{'|'.join(sorted(NAMES))}|Z[A-Z0-9]{{2}})[^A-Za-z0-9\s]"
)
"""Where a message may begin."""
_MARKS: Final = frozenset("|^~\\&#$%*!;:/@+=?'\"`<>-_,.§¦°\x1d\x1e\x1f\t")
_DIGITS: Final = re.compile(r"[0-9]{4,14}(?:\.[0-9]{1,4})?(?:[+-][0-9]{4})?\Z")
_CODE: Final = re.compile(r"[A-Za-z0-9*+/.:_&-]{0,20}\Z")


@dataclass(frozen=True, slots=True)
class Custom:
    """What a hospital says of its own fields: `{"ZPI-3": PERSON}`; and of Z-segments as a whole."""

    fields: Mapping[tuple[str, int], EntityType] = field(default_factory=dict)
    remove_z: bool = False
    """Whether every field of a Z-segment that is not named goes, not only what is found in it."""

    @classmethod
    def named(cls, fields: Mapping[str, str], *, remove_z: bool) -> Custom:
        """Return it from fields as they are written, `{"ZPI-3": "PERSON"}`."""
        parts = {name.partition("-")[::2]: entity_type(kind) for name, kind in fields.items()}
        return cls({(name, int(number)): kind for (name, number), kind in parts.items()}, remove_z)


STANDARD: Final = Custom()


def message(text: str, start: int, custom: Custom = STANDARD) -> tuple[list[Value], int]:
    """Return the values of the segments from `start` on, and where the first other line begins."""
    marks = _STANDARD
    values: list[Value] = []
    end = start
    for line in _LINE.finditer(text, start):
        segment = _SEGMENT.match(line[0])
        if segment is None:
            break
        name = segment[0]
        if name in _HEADS and len(line[0]) >= 8:  # noqa: PLR2004 - the name, five marks, a field
            marks = _marks(line[0]) or marks
        if name not in NAMES and name[0] != "Z" and line[0][3:4] != marks[0]:
            break
        values += _segment(text, line.start(), line.end(), name, marks, custom)
        end = line.end()
    return values, end


def _marks(head: str) -> str | None:
    """Return the separators that a header declares, if they are five different marks."""
    declared = head[3] + head[4:8]
    if declared[4] == declared[0]:
        # Before version 2.? a message may have four, and a later one a truncation mark as well.
        declared = declared[:4] + "&"
    return declared if len(set(declared)) == 5 and set(declared) <= _MARKS else None  # noqa: PLR2004


def _segment(  # noqa: PLR0913, PLR0917 - a place in a text and what is known of it
    text: str, start: int, end: int, name: str, marks: str, custom: Custom
) -> Iterator[Value]:
    own = marks
    if text[start + 3 : start + 4] != marks[0]:
        # The message says one separator and the segment uses another.
        guessed = _guess(text[start + 3 : end])
        if guessed is None:
            yield _all(start + 3, end, marks)
            return
        own = guessed
    numbers = enumerate(_parts(text, start + 4, end, own[0]), 2 if name in _HEADS else 1)
    fields = list(numbers)
    if name in _HEADS:
        fields = fields[1:]  # The separators themselves.
    data_type = _of_observation(name, fields, text)
    for number, (begin, stop) in fields:
        if begin == stop:
            continue
        said = custom.fields.get((name, number))
        kind = FIELDS.get(name, {}).get(number)
        if said is not None:
            kind = Type(None, said)
        elif name == "OBX" and number == 5:  # noqa: PLR2004 - OBX-5, the value
            kind = data_type
        elif kind is None and name[0] == "Z" and custom.remove_z:
            kind = Type(None, entities.OTHER_ID)
        yield from _field(text, begin, stop, kind, own)


def _guess(rest: str) -> str | None:
    """Return the separators that a segment seems to use, from its first character."""
    if not rest or rest[0] not in _MARKS or rest.count(rest[0]) < 2:  # noqa: PLR2004
        return None
    others = [mark for mark in "^~\\&" if mark != rest[0]]
    if len(others) < len("^~\\&"):
        others.append("\x1d")
    return rest[0] + "".join(others)


def _all(start: int, end: int, marks: str) -> Value:
    place = (Layer(Writing.HL7, marks),)
    return Value(start, end, place, entities.OTHER_ID, "structured.hl7", whole=True)


def _of_observation(name: str, fields: list[tuple[int, tuple[int, int]]], text: str) -> Type | None:
    if name != "OBX":
        return None
    for number, (start, end) in fields:
        if number == 2:  # noqa: PLR2004 - OBX-2, the type of the value
            return DATA_TYPES.get(text[start:end])
    return None


def _parts(text: str, start: int, end: int, mark: str) -> Iterator[tuple[int, int]]:
    while True:
        found = text.find(mark, start, end)
        if found < 0:
            yield start, end
            return
        yield start, found
        start = found + 1


def _field(text: str, start: int, end: int, kind: Type | None, marks: str) -> Iterator[Value]:
    """Yield the values of one field: its repetitions, components and subcomponents."""
    place: Place = (Layer(Writing.HL7, marks),)
    for first, last in _parts(text, start, end, marks[2]):
        components = list(_parts(text, first, last, marks[1]))
        code = _code(text, components, kind)
        for index, (begin, stop) in enumerate(components, 1):
            entity = None if kind is None else kind.of(index, code)
            if kind is not None and kind.exempt(index) and _CODE.match(text[begin:stop]):
                continue
            subparts = (
                [(begin, stop)]
                if entity == entities.OTHER_ID
                else _parts(text, begin, stop, marks[4])
            )
            for left, right in subparts:
                if left < right:
                    file = kind is not None and kind.file == index
                    yield _value(text, left, right, entity, place, file=file)


def _code(text: str, components: list[tuple[int, int]], kind: Type | None) -> str:
    """Return the type code of an identifier (CX-5) or the use of a contact (XTN-3)."""
    if kind is None or kind.code is None or len(components) < kind.code:
        return ""
    start, end = components[kind.code - 1]
    return text[start:end]


def _value(  # noqa: PLR0913, PLR0917 - a place in a text and what is known of it
    text: str, start: int, end: int, entity: EntityType | None, place: Place, *, file: bool
) -> Value:
    value = text[start:end]
    if file:
        layers = (*place, Layer(Writing.BASE64))
        return Value(start, end, layers, entities.OTHER_ID, "structured.hl7", whole=True, file=True)
    if entity in {entities.DATE_TIME, entities.DATE_OF_BIRTH} and _DIGITS.match(value):
        layers = (*place, Layer(Writing.COMPACT))
        return Value(start, end, layers, entity, "structured.hl7", whole=True)
    if entity is not None and columns.says_nothing(value):
        entity = None
    if entity == entities.AGE:
        entity = columns.of_age(value)
    return Value(start, end, place, entity, "structured.hl7")
