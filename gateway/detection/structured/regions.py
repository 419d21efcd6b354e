"""Where a text holds structured payloads, whole, fenced or among prose; the rest of it is prose.

Plain prose pays a few searches for single characters, no more. What looks structured and is not is
prose, and is scanned as that: nothing is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.detection.structured import hl7, jsontext, payloads, records, tables
from gateway.detection.structured.values import Value
from gateway.domain.entities import OTHER_ID, PHOTO_ID, URL
from gateway.domain.places import Layer, Place, Writing, decode_base64

_OPENS: Final = re.compile(r'\{\s{0,200}+["}]|\[\s{0,200}+[\[{"]')
_WHOLE: Final = re.compile(r'\s{0,99}["\[]')
_PACKED: Final = re.compile(
    r"(?:data:(?P<media>[A-Za-z0-9/.+-]{0,80})(?:;[^;,\s\"]{1,60}){0,4};base64,)?"
    r"(?<![A-Za-z0-9+/_-])(?P<run>[A-Za-z0-9+/]{60,76}(?:\r?\n[A-Za-z0-9+/]{60,76})+"
    r"(?:\r?\n[A-Za-z0-9+/]{1,76})?={0,2}|[A-Za-z0-9+/_-]{16,}+={0,2}"
    r"|[A-Za-z0-9+/_-]{8,15}={1,2}(?![A-Za-z0-9=]))"
)
"""What may be base64, in one run or in lines (RFC 2045), perhaps of a data URL.

A run as short as a name is one where it is filled up with `=`."""
_LONG: Final = re.compile(r"[A-Za-z0-9+/_-]{16}|[A-Za-z0-9+/_-]{8}=")
_BASE64: Final = (Layer(Writing.BASE64),)
_LONGEST_HOST: Final = 256
_HOST: Final = re.compile(
    r"(?:https?:(?://[A-Za-z0-9.-]{1,240}[.:])?|(?<![A-Za-z0-9-])(?:[A-Za-z0-9-]{1,63}\.){1,8})\Z"
)
_PATH: Final = re.compile(r"[^\s<>\"'`\])}\u3000-\u303f\u4e00-\u9fff]{0,20000}")
"""What a run is a part of that goes on behind a host: an address of the web, to its end."""
_NO_WORD: Final = 1000
"""Characters of a run that nobody reads as words: a picture, a key, a file in hexadecimal.

It is found as a whole, and no recognizer reads it: they would take seconds to find nothing.
"""
_HEADING: Final = 2000
"""Characters of a line that may be the heading of a table."""
DEEPEST: Final = 4
"""Payloads within strings of payloads; below, a string is prose, and base64 goes as a whole."""


def structured(text: str) -> bool:
    """Say whether it is worth looking closer. Cheap, and true too often rather than too seldom."""
    if ("{" in text or "[" in text) and '"' in text and _OPENS.search(text):
        return True
    if _WHOLE.match(text) and text.rstrip()[-1] in '"]':
        return True
    if "|" in text or "\x0b" in text or "MSH" in text or "PID" in text:
        return True
    if "\n" in text and any(delimiter in text for delimiter in "\t;,"):
        return True
    return _LONG.search(text) is not None


def values(text: str, custom: hl7.Custom = hl7.STANDARD) -> Iterator[Value | tuple[int, int]]:
    """Yield what `text` holds in order: a value of a payload, or the span of prose between two."""
    done = 0
    for start, end, found in _regions(text, custom):
        yield from _prose(text, done, start)
        yield from found
        done = end
    yield from _prose(text, done, len(text))


def _prose(text: str, start: int, end: int) -> Iterator[Value | tuple[int, int]]:
    """Yield what is no payload, and what is packed in it: base64 of a text, or of a data URL."""
    done = start
    for found in _PACKED.finditer(text, start, end) if _LONG.search(text, start, end) else ():
        value = _packed(text, found, done, end)
        if value is None:
            continue
        if value.start > done:
            yield done, value.start
        yield value
        done = value.end
    if done < end:
        yield done, end


def _packed(text: str, found: re.Match[str], done: int, end: int) -> Value | None:
    """Return what a run is, if it is no word: a file that is opened, or something found whole."""
    first, last = found.span("run")
    media = found["media"]
    if first < done:
        return None
    place: Place = _BASE64
    entity = None
    if decode_base64(found["run"], unicode=True) is None:
        older = decode_base64(found["run"]) is not None
        if media is not None:
            entity = None if older else PHOTO_ID if media.startswith("image/") else OTHER_ID
        elif older:
            # A name that stands against such a run without a blank makes bytes of it that may be
            # Latin-1, and is read in no other way: so it goes whole where no field says what it is.
            place, entity = (), OTHER_ID
        elif last - first < _NO_WORD or not any(map(str.isalnum, found["run"])):
            return None
        else:
            place, entity = (), OTHER_ID
            host = _HOST.search(text, max(done, first - _LONGEST_HOST), first)
            if host is not None and (path := _PATH.match(text, last, end)):
                first, last, entity = host.start(), path.end(), URL
    return Value(first, last, place, entity, "structured.file", whole=True, file=True)


def _regions(text: str, custom: hl7.Custom) -> Iterator[tuple[int, int, list[Value]]]:
    """Yield start, end and values of each payload."""
    if (whole := _whole(text)) is not None:
        yield 0, len(text), whole
        return
    position = 0
    for start, end, found in _json(text):
        yield from _lined(text, position, start, custom)
        yield start, end, found
        position = end
    yield from _lined(text, position, len(text), custom)


def _whole(text: str) -> list[Value] | None:
    """Return the values of a text that is one JSON string or array, as a tool's answer may be."""
    found = _WHOLE.match(text)
    if found is None:
        return None
    node, end = jsontext.parse(text, found.end() - 1)
    if node is None or text[end:].strip() or not text[:end].endswith(('"', "]")):
        return None
    return list(payloads.values(node, text))


def _json(text: str) -> Iterator[tuple[int, int, list[Value]]]:
    position = 0
    while found := _OPENS.search(text, position):
        start = found.start()
        node, end = jsontext.parse(text, start)
        position = max(end, start + 1)
        if node is not None and (node.members or node.items):
            yield start, end, list(payloads.values(node, text))


def _lined(
    text: str, start: int, end: int, custom: hl7.Custom
) -> Iterator[tuple[int, int, list[Value]]]:
    """Yield what is made of lines: messages of HL7 v2 and tables."""
    part = text[start:end]
    position = done = 0
    for found in hl7.BEGINS.finditer(part) if _may_be_hl7(part) else ():
        if found.start() < position:
            continue
        values, stop = hl7.message(part, found.start(), custom)
        if stop > found.start():
            yield from _tables(part, done, found.start(), start)
            yield start + found.start(), start + stop, [_moved(each, start) for each in values]
            done = stop
        position = stop
    yield from _tables(part, done, len(part), start)


def _may_be_hl7(text: str) -> bool:
    return "|" in text or "MSH" in text or "PID" in text


def _tables(text: str, start: int, end: int, base: int) -> Iterator[tuple[int, int, list[Value]]]:
    if not any(text.find(delimiter, start, end) >= 0 for delimiter in "\t;,|"):
        return
    part = text[start:end]
    base += start
    done = 0
    for begin, stop in tables.lines(part):
        if begin < done or stop - begin > _HEADING:
            continue
        found, after = records.record(part, begin, stop)
        if not found:
            delimiter = tables.heads(part, begin, stop)
            if delimiter is None:
                continue
            found, after = tables.table(part, begin, delimiter)
        if found:
            yield base + begin, base + after, [_moved(each, base) for each in found]
            done = after


def _moved(value: Value, by: int) -> Value:
    if by == 0:
        return value
    return Value(
        value.start + by, value.end + by, value.place, value.entity, value.recognizer,
        value.whole, value.label, value.after, value.name, value.file,
    )  # fmt: skip
