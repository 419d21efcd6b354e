"""How a value is written at its place in a text: what stands in for it is written there alike.

A name in a JSON string, in a field of HL7 v2 or in a narrative is escaped as the place asks, and a
date, an id or a number of a typed element has to stay one. A place is the layers that lie around
the value, the outermost first; plain prose has none. Rule: whatever stands in, the text around it
stays valid, and what the place cannot hold becomes its neutral value, never the value that was
found (docs/adr/0022).
"""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Writing(StrEnum):
    """What lies around a value, or what it has to stay."""

    JSON = "json"
    """Inside the quotes of a JSON string."""
    LITERAL = "literal"
    """A number in JSON: what stands in becomes a string, with its quotes."""
    NUMBER = "number"
    """A number that has to stay one."""
    XML = "xml"
    """Text or a quoted attribute of XML or HTML."""
    HL7 = "hl7"
    """HL7 v2; `marks` are the message's separators: field, component, repetition, escape, part."""
    CELL = "cell"
    """A cell of a table without quotes; `marks` is the delimiter."""
    QUOTED = "quoted"
    """A cell of a table in quotes."""
    BASE64 = "base64"
    DATE = "date"
    """FHIR's date and dateTime: a year, a month or a day, perhaps with a time."""
    INSTANT = "instant"
    """FHIR's instant: a day and a time, with its zone."""
    COMPACT = "compact"
    """A time stamp of HL7 v2, in digits."""
    ID = "id"
    """FHIR's id: letters, digits, hyphens and dots."""


@dataclass(frozen=True, slots=True, order=True)
class Layer:
    """One layer of a place."""

    writing: Writing
    marks: str = ""


Place = tuple[Layer, ...]
"""The layers around a value, the outermost first."""

NEUTRAL_DATE: Final = "0001-01-01"
"""What stands for a date that nothing of its shape stands for: no patient was born then."""
_MIDNIGHT: Final = "T00:00:00Z"
_DATE: Final = re.compile(r"[0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2})?)?\Z")
_TIMED: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?"
    r"(?:Z|[+-][0-9]{2}:[0-9]{2})\Z"
)
_COMPACT: Final = re.compile(r"(?:[0-9]{4}|[0-9]{6}|[0-9]{8}|[0-9]{10}|[0-9]{12}|[0-9]{14})"
                             r"(?:\.[0-9]{1,4})?(?:[+-][0-9]{4})?\Z")  # fmt: skip
_NUMBERED: Final = re.compile(
    r"\[?(?P<stem>[A-Z][A-Z0-9_]*)_(?P<number>[0-9]{3})(?P<more>[a-z]?)\]?\Z"
)
DATED: Final = re.compile(
    r"(?<![A-Za-z0-9-])(?P<year>0[0-9]{3}|1000)-?(?P<month>0[1-9]|1[0-2])-?(?P<day>0[2-9]|1[0-9]|2[0-8])"
    rf"(?:{_MIDNIGHT})?(?![A-Za-z0-9-])"
)
"""A pseudonym at a date's place."""
_DATED_STEMS: Final = ("DOB", "DATE", "AGE", "ID", "MRN", "PHOTO", "PERSON", "LOCATION")
_HYPHENED: Final = re.compile(
    r"(?<![A-Za-z0-9_.-])(?:[A-Z][A-Z0-9]{0,15}-){1,4}[0-9]{3}[a-z]?(?![A-Za-z0-9_-])"
)
"""A pseudonym at an id's place, where no underscore may be."""
_NO_ID: Final = re.compile(r"[^A-Za-z0-9.-]+")
_MOST_ID: Final = 64
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0e-\x1a\x7f]")
_HL7_ESCAPE: Final = (
    r"[FSRETHN]|\.(?:br|sp|in|ti|fi|nf|ce|sk)[+-]?[0-9]{0,3}|X(?:[0-9A-Fa-f]{2}){1,64}"
    r"|[CM][0-9A-Fa-f]{4,6}"
)
"""What stands between two escape characters; whatever else does is text."""
_LATIN: Final = 0.8
"""Share of ASCII in bytes that are no UTF-8 and yet are taken for text."""


def read(text: str, place: Place) -> str:
    """Return the value that is written as `text` at `place`. Never raises: text is text."""
    for layer in place:
        text = _read(text, layer)
    return text


def write(value: str, place: Place) -> str:
    """Return how `value`, which stands in for another, is written at `place`."""
    for layer in reversed(place):
        value = _write(value, layer)
    return value


def _read(text: str, layer: Layer) -> str:  # noqa: PLR0911 - one for each writing
    match layer.writing:
        case Writing.JSON:
            try:
                return str(json.loads(f'"{text}"', strict=False)) if "\\" in text else text
            except ValueError:
                return text
        case Writing.XML:
            return html.unescape(text)
        case Writing.HL7:
            return unescape_hl7(text, layer.marks)
        case Writing.QUOTED:
            return text.replace('""', '"')
        case Writing.BASE64:
            decoded = decode_base64(text)
            return text if decoded is None else decoded
        case (
            Writing.LITERAL
            | Writing.NUMBER
            | Writing.CELL
            | Writing.DATE
            | Writing.INSTANT
            | Writing.COMPACT
            | Writing.ID
        ):
            return text


def _write(value: str, layer: Layer) -> str:  # noqa: C901, PLR0911, PLR0912 - one for each writing
    match layer.writing:
        case Writing.JSON:
            return _json(value)[1:-1]
        case Writing.LITERAL:
            return _json(value)
        case Writing.NUMBER:
            # FHIR's positiveInt begins with 1.
            return value if re.fullmatch(r"[1-9][0-9]{0,8}", value) else "1"
        case Writing.XML:
            return html.escape(value)
        case Writing.HL7:
            return _escape_hl7(value, layer.marks)
        case Writing.CELL:
            return "".join(" " if each in f'{layer.marks}"\r\n' else each for each in value)
        case Writing.QUOTED:
            return value.replace('"', '""')
        case Writing.BASE64:
            return base64.b64encode(value.encode("utf-8", "replace")).decode()
        case Writing.DATE:
            return value if _DATE.match(value) or _TIMED.match(value) else dated(value)
        case Writing.INSTANT:
            if _TIMED.match(value):
                return value
            day = (value + NEUTRAL_DATE[len(value) :]) if _DATE.match(value) else dated(value)
            return day + _MIDNIGHT
        case Writing.COMPACT:
            if _COMPACT.match(value):
                return value
            return (value if _DATE.match(value) else dated(value)).replace("-", "")
        case Writing.ID:
            return (_NO_ID.sub("-", value).strip("-") or "ID")[:_MOST_ID]


def _json(value: str) -> str:
    # A lone surrogate is not UTF-8: it stays an escape.
    lone = any("\ud800" <= each <= "\udfff" for each in value)
    return json.dumps(value, ensure_ascii=lone)


def dated(name: str) -> str:
    """Return a pseudonym as a date, which `undated` reads; anything else as the neutral date.

    >>> dated("DOB_123")
    '0123-01-02'
    """
    found = _NUMBERED.match(name)
    if found is None or found["stem"] not in _DATED_STEMS:
        return NEUTRAL_DATE
    month = _DATED_STEMS.index(found["stem"]) + 1
    day = 2 + (ord(found["more"]) - ord("a") + 1 if found["more"] else 0)
    return f"{int(found['number']) or 1000:04d}-{month:02d}-{day:02d}"


def undated(match: re.Match[str]) -> str | None:
    """Return the pseudonym that a match of `DATED` stands for, or None if it is none."""
    month, day = int(match["month"]), int(match["day"])
    if month > len(_DATED_STEMS):
        return None
    more = "" if day == 2 else chr(ord("a") + day - 3)  # noqa: PLR2004 - the first day is without a letter
    return f"{_DATED_STEMS[month - 1]}_{int(match['year']) % 1000:03d}{more}"


def stand_ins(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield where `text` holds a pseudonym as the place of a date or an id has it, and its name."""
    for match in DATED.finditer(text):
        name = undated(match)
        if name is not None:
            yield match.start(), match.end(), name
    for match in _HYPHENED.finditer(text):
        yield match.start(), match.end(), match[0].replace("-", "_")


def decode_base64(text: str, *, unicode: bool = False) -> str | None:
    """Return the text that `text` encodes, or None where it encodes no text.

    With `unicode`, no text of an older encoding: nearly any bytes would be one.
    """
    packed = "".join(text.split()).replace("-", "+").replace("_", "/").rstrip("=")
    if not packed or len(packed) % 4 == 1:
        return None
    try:
        data = base64.b64decode(packed + "=" * (-len(packed) % 4), validate=True)
    except (ValueError, binascii.Error):
        return None
    encoding = "utf-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    try:
        decoded = data.decode(encoding)
    except UnicodeDecodeError:
        if unicode or sum(byte < 0x80 for byte in data) < _LATIN * len(data):  # noqa: PLR2004 - ASCII
            return None
        decoded = data.decode("latin-1")
    return None if _CONTROLS.search(decoded) else decoded


def unescape_hl7(text: str, marks: str) -> str:
    """Return `text` without HL7 v2's escapes (2.7): separators, line breaks and bytes."""
    done = 0
    pieces = []
    for shown, start, end in hl7_escapes(text, marks):
        pieces += [text[done:start], shown]
        done = end
    return "".join((*pieces, text[done:]))


def hl7_escapes(text: str, marks: str) -> Iterator[tuple[str, int, int]]:
    """Yield what each escape of HL7 v2 in `text` shows, and where it stands."""
    escape = marks[3:4]
    if not escape or escape not in text:
        return
    named = {"F": marks[0], "S": marks[1], "R": marks[2], "E": escape, "T": marks[4:5] or "&"}
    quoted = re.escape(escape)
    for found in re.finditer(f"{quoted}({_HL7_ESCAPE}){quoted}", text):
        name = found[1]
        if name in named:
            shown = named[name]
        elif name[0] == ".":
            shown = "\n"
        elif name[0] == "X":
            shown = bytes.fromhex(name[1:]).decode("utf-8", "replace")
        else:
            shown = ""
        yield shown, found.start(), found.end()


def _escape_hl7(value: str, marks: str) -> str:
    escape = marks[3:4]
    if not escape:
        return "".join(" " if each in f"{marks}\r\n" else each for each in value)
    table = {mark: f"{escape}{name}{escape}" for mark, name in zip(marks, "FSRET", strict=False)}
    table |= {"\r": " ", "\n": f"{escape}.br{escape}"}
    return "".join(table.get(each, each) for each in value)
