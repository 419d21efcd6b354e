"""A text as the recognizers read it, structured payloads value by value, and the way back.

Prose is a view of itself. A payload becomes lines of its values, without the escapes, tags and
separators between them, so that recognizers read what a person would. Rule: a finding in what is
read is a finding of the characters of the values that it touches, and of nothing between them, so
what is redacted parses as before.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from gateway.detection.structured import columns, hl7, regions
from gateway.detection.structured.source import Source
from gateway.detection.structured.values import Value
from gateway.detection.view import View, view_of
from gateway.domain.entities import OTHER_ID
from gateway.domain.findings import Finding, Findings, in_order
from gateway.domain.places import Place, decode_base64

_LABEL: Final = 48
_FILE: Final = "structured.file"
_SOUGHT: Final = ("propagated.", "dictionary.")
"""What is known from elsewhere, and is found in the name of a field, too."""


@dataclass(slots=True, repr=False)
class _File:
    """An attachment: found in, it is one finding, with those inside it."""

    start: int
    end: int
    place: Place
    holder: _File | None
    found: set[Finding] = field(default_factory=set)

    def finding(self) -> Finding:
        """Return what was found in it, as one finding of the whole."""
        within = tuple(sorted(self.found))
        return Finding(self.start, self.end, OTHER_ID, 1.0, _FILE, self.place, within)


@dataclass(frozen=True, slots=True, repr=False)
class _Leaf:
    """One value in what is read: `begin` to `end` there, `start` to `stop` in the text it is of."""

    begin: int
    end: int
    start: int
    stop: int
    place: Place
    whole: bool
    name: bool
    holder: _File | None


@dataclass(frozen=True, slots=True, repr=False)
class Reading:
    """`text` is read; `findings` leads back. `seeds` are what the places of values say, in `text`.

    Without leaves it is a view of prose, or of a payload that holds nothing but codes.
    """

    text: str
    view: View
    leaves: tuple[_Leaf, ...] = ()
    seeds: tuple[Finding, ...] = ()

    def __repr__(self) -> str:
        return f"<Reading {len(self.text)} characters>"

    def findings(self, found: Iterable[Finding]) -> Findings:
        """Return `found`, which is of what is read, as findings of the text."""
        if not self.leaves:
            return tuple(
                sorted({own for each in found if (own := self._plain(each))}, key=in_order)
            )
        result: set[Finding] = set()
        files: dict[int, _File] = {}
        begins = [leaf.begin for leaf in self.leaves]
        for each in found:
            index = max(0, bisect_right(begins, each.start) - 1)
            while index < len(self.leaves) and self.leaves[index].begin < each.end:
                leaf = self.leaves[index]
                index += 1
                own = self._cut(leaf, each)
                if own is None:
                    continue
                if leaf.holder is None:
                    result.add(own)
                    continue
                leaf.holder.found.add(own)
                holder: _File | None = leaf.holder
                while holder is not None:
                    files[id(holder)] = holder
                    holder = holder.holder
        # Files in files first: those that hold others come earlier in what is read.
        for file in sorted(files.values(), key=_depth, reverse=True):
            (result if file.holder is None else file.holder.found).add(file.finding())
            file.found = set()
        return tuple(sorted(result, key=in_order))

    def _plain(self, finding: Finding) -> Finding | None:
        start, end = self.view.original(finding.start, finding.end)
        if start == end:
            return None  # It is of what was written between values, which no text holds.
        return finding.at(start, end)

    def _is_sought(self, leaf: _Leaf, finding: Finding) -> bool:
        """Say whether the name of a field holds what is known; a name with a meaning keeps it."""
        name = self.text[leaf.begin : leaf.end]
        known = finding.recognizer.startswith(_SOUGHT)
        return known and columns.strong(name) is None and columns.weak(name) is None

    def _cut(self, leaf: _Leaf, finding: Finding) -> Finding | None:
        """Return the part of a finding that is of one value; None if nothing of it is."""
        begin, end = max(leaf.begin, finding.start), min(leaf.end, finding.end)
        if begin >= end or (leaf.name and not self._is_sought(leaf, finding)):
            return None
        shown = self.text[begin:end]
        if not any(map(str.isalnum, shown)):
            return None
        # The blank before a name that continues one in the value before belongs to no name.
        begin += len(shown) - len(shown.lstrip())
        end -= len(shown) - len(shown.rstrip())
        start, stop = self.view.original(begin, end)
        if leaf.whole:
            start, stop = leaf.start, leaf.stop
        while stop <= start and end < leaf.end:
            # One escape may show several characters: all of it is meant.
            end += 1
            stop = self.view.original(begin, end)[1]
        if end == leaf.end:
            stop = leaf.stop
        return Finding(start, stop, finding.entity, finding.score, finding.recognizer, leaf.place)


def _depth(file: _File) -> int:
    depth = 0
    holder = file.holder
    while holder is not None:
        depth += 1
        holder = holder.holder
    return depth


def reading_of(text: str, custom: hl7.Custom = hl7.STANDARD) -> Reading:
    """Return how `text` is read. Linear in its length."""
    if not regions.structured(text):
        view = view_of(text)
        return Reading(view.text, view)
    parts = list(regions.values(text, custom))
    if parts == [(0, len(text))]:
        view = view_of(text)
        return Reading(view.text, view)
    writer = _Writer(custom)
    writer.payload(Source(text), (), None, parts, 0)
    return writer.reading()


class _Writer:
    """Writes what is read, piece by piece."""

    def __init__(self, custom: hl7.Custom) -> None:
        self._custom = custom
        self._pieces: list[str] = []
        self._starts = array("q")
        self._leaves: list[_Leaf] = []
        self._seeds: list[Finding] = []
        self._last = 0

    def reading(self) -> Reading:
        """Return all that was written."""
        text = "".join(self._pieces)
        self._starts.append(self._starts[-1] if self._starts else 0)
        return Reading(text, View(text, self._starts), tuple(self._leaves), tuple(self._seeds))

    def payload(
        self,
        source: Source,
        place: Place,
        holder: _File | None,
        parts: Iterable[Value | tuple[int, int]],
        depth: int,
    ) -> None:
        """Write the prose and the values that `source` holds."""
        for part in parts:
            if isinstance(part, Value):
                self._value(source, place, holder, part, depth)
            else:
                self._leaf(source.cut(*part), place, holder)
                self._between("\n")

    def _value(
        self, source: Source, place: Place, holder: _File | None, value: Value, depth: int
    ) -> None:
        own = (*place, *value.place)
        inner = source.opened(value.start, value.end, value.place)
        if value.label:
            self._between(f"{value.label[:_LABEL]}: ")
        if value.file:
            self._file(inner, own, holder, value, depth)
        elif not self._nested(inner, own, holder, value, depth):
            self._leaf(inner, own, holder, value)
        self._between(value.after)

    def _nested(
        self, inner: Source, place: Place, holder: _File | None, value: Value, depth: int
    ) -> bool:
        """Write a string that holds a payload itself, and say whether it does."""
        if value.entity is not None or value.whole or value.name or depth >= regions.DEEPEST:
            return False
        if not regions.structured(inner.text):
            return False
        parts = list(regions.values(inner.text, self._custom))
        if parts == [(0, len(inner.text))]:
            return False
        self.payload(inner, place, holder, parts, depth + 1)
        return True

    def _file(
        self, inner: Source, place: Place, holder: _File | None, value: Value, depth: int
    ) -> None:
        """Write what an attachment says.

        One that is no text, lies too deep, or has no place is found whole.
        """
        if depth >= regions.DEEPEST:
            value = replace(value, entity=value.entity or OTHER_ID)
        opened = value.place and depth < regions.DEEPEST
        decoded = decode_base64(inner.text) if opened else None
        if decoded is None:
            self._leaf(inner, place, holder, value, shown="file")
            return
        file = _File(inner.at(0), inner.at(len(inner.text)), place, holder)
        parts: list[Value | tuple[int, int]] = [(0, len(decoded))]
        if regions.structured(decoded):
            parts = list(regions.values(decoded, self._custom))
        self.payload(Source(decoded), (), file, parts, depth + 1)

    def _leaf(
        self,
        source: Source,
        place: Place,
        holder: _File | None,
        value: Value | None = None,
        shown: str | None = None,
    ) -> None:
        if not source.text:
            return
        begin = len(self._starts)
        first, last = source.at(0), source.at(len(source.text))
        if shown is not None:
            self._pieces.append(shown)
            self._starts.extend([first] * len(shown))
        else:
            self._shown(source)
        end = len(self._starts)
        if begin == end:
            return
        whole, name = (False, False) if value is None else (value.whole, value.name)
        self._leaves.append(_Leaf(begin, end, first, last, place, whole, name, holder))
        self._last = last
        if value is not None and value.entity is not None:
            self._seeds.append(Finding(begin, end, value.entity, 1.0, value.recognizer))

    def _shown(self, source: Source) -> None:
        view = view_of(source.text)
        self._pieces.append(view.text)
        if view.starts is None:
            count = len(view.text)
            if source.starts is None:
                self._starts.extend(range(source.base, source.base + count))
            else:
                self._starts.extend(source.starts[:count])
        else:
            self._starts.extend(source.at(index) for index in view.starts[: len(view.text)])

    def _between(self, text: str) -> None:
        """Write what is not in the text; it belongs to the end of what was written before."""
        self._pieces.append(text)
        self._starts.extend([self._last] * len(text))
