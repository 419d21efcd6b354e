"""The text of XHTML, run by run: tags and the names of attributes are left out, and so left alone.

It is no parser: a comment, and whatever is no tag of XHTML, is text. Linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_TAG: Final = re.compile(r"</?(?P<name>[A-Za-z][A-Za-z0-9]{0,15})(?P<attributes>[^<>]*+)>|<!--|-->")
_ATTRIBUTE: Final = re.compile(
    r"(?P<name>[A-Za-z][\w:.-]{0,40})\s{0,9}=\s{0,9}\\?(?:\"(?P<double>[^\"<>\\]*+)|'(?P<single>[^'<>]*+))"
)
_INLINE: Final = frozenset(
    "a abbr b bdo big cite code em i mark q s small span strong sub sup tt u".split()
)
_TAGS: Final = _INLINE | frozenset(
    "address area article aside b blockquote body br caption col colgroup dd div dl dt footer h1 h2 "
    "h3 h4 h5 h6 head header hr html img li link main map meta nav ol p pre section style table "
    "tbody td tfoot th thead title tr ul var dfn kbd samp".split()
)
"""What XHTML has: another word in angle brackets is text."""
_PLAIN: Final = frozenset(
    "class style id xmlns lang dir colspan rowspan width height align valign border cellpadding "
    "cellspacing scope type rel headers span target".split()
)
"""Attributes that lay out, if their value looks like it."""
_LAYOUT: Final = re.compile(r"[\w\s:;.,%#/()-]{0,120}\Z")


def runs(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield `(start, end, what parts it from the next)` of each run of text, attributes included."""
    done = 0
    for tag in _TAG.finditer(text):
        name = (tag["name"] or "").lower()
        if name and name not in _TAGS:
            continue
        if tag.start() > done:
            yield done, tag.start(), "" if name in _INLINE else "\n"
        done = tag.end()
        if tag["attributes"]:
            for start, end in _attributes(tag["attributes"]):
                yield tag.start("attributes") + start, tag.start("attributes") + end, "\n"
    if done < len(text):
        yield done, len(text), "\n"


def _attributes(text: str) -> Iterator[tuple[int, int]]:
    """Yield what is to be read in the attributes of a tag: all but names and layout."""
    done = 0
    for found in _ATTRIBUTE.finditer(text):
        if any(map(str.isalnum, text[done : found.start()])):
            yield done, found.start()
        done = found.end()
        start, end = found.span("double" if found["double"] is not None else "single")
        plain = found["name"].lower() in _PLAIN and _LAYOUT.match(text[start:end])
        if start < end and not plain:
            yield start, end
    if any(map(str.isalnum, text[done:])):
        yield done, len(text)
