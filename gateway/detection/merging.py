"""Findings of several recognizers made one: disjoint, each of one type, no character left behind.

The rule, in this order (`docs/detection.md` says it to people):
1. Each finding grows to whole words, and loses titles, labels, degrees and punctuation (`spans`).
2. Words that an allow-list knows are dropped where nothing but the words speaks for them.
3. Overlapping findings of one type are one.
4. Of others, the strongest (`evidence.rank`) has its characters whole; of the weaker ones what lies
   outside stays, unless it is joined to the stronger without a space: then it goes with it.
5. Neighbours that are parts of one name or address are one.
Rule: the order of the input never matters, and merging twice changes nothing.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from operator import attrgetter
from typing import Final

from gateway.detection.evidence import TEXTUAL, is_structured, is_weak, rank, same_type
from gateway.detection.spans import grow, is_letter, tidy
from gateway.domain.entities import LOCATION, PERSON, STREET_ADDRESS, EntityType
from gateway.domain.findings import Finding, in_order
from gateway.domain.person_names import fold, is_given

Harmless = Callable[[str, int, int], bool]
"""Says whether the words `text[start:end]` are on an allow-list: a drug, the name of a disease."""
_JOINT: Final = re.compile(r"[-'_@/.:+#&\u2019]{1,3}\Z")
"""What joins two parts of a word, a number or an address of the net."""
_SPACE: Final = re.compile(r"\s")
_BETWEEN_NAMES: Final = re.compile(r"[ \t\u00a0]{1,2}\Z")
_PARTICLE: Final = re.compile(
    r"[ ](?:de(?:[ ](?:la|los|las))?|del|da|dos|do|di|van(?:[ ](?:der|den|de))?|von(?:[ ]der)?)"
    r"[ ]\Z"
)
"""What joins a given or an abbreviated name to the next: "Xabi Lz. de Uralde"."""
_COMMA: Final = re.compile(r",[ \t\u00a0]{0,2}\Z")
_BETWEEN_ADDRESSES: Final = re.compile(r"(?:,[ \t]{0,2}|[ \t]{1,2}|,?[ \t]{0,2}\r?\n[ \t]{0,4})\Z")
_MOST_WORDS: Final = 5
"""Words of a name that was found in parts."""
_STATE: Final = 3
_FARTHEST: Final = 8
_ROUNDS: Final = 3
_Span = tuple[int, int, EntityType, bool]
"""All of a finding that decides where it ends: whether a structured field names it, too."""
_Edge = tuple[int, int] | None
_start: Final = attrgetter("start")


def _nothing(_text: str, _start: int, _end: int) -> bool:
    return False


def merge(
    findings: Iterable[Finding], text: str, harmless: Harmless = _nothing
) -> tuple[Finding, ...]:
    """Return disjoint findings in their order that cover all of `findings` (see the rule above)."""
    edges = _Edges(text)
    tidied = [whole for each in findings if (whole := edges.whole(each)) is not None]
    weighed = without_harmless(tidied, text, harmless)
    # What was joined to a word may have brought its genitive.
    return tuple(
        edges.tidy(each) or each for each in _joined(_parted(_united(weighed), edges), text)
    )


class _Edges:
    """Where findings begin and end in a text. What several recognizers found is looked at once."""

    __slots__ = ("_tidy", "_whole", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._whole: dict[_Span, _Edge] = {}
        self._tidy: dict[_Span, _Edge] = {}

    def __repr__(self) -> str:
        return f"<_Edges {len(self._whole)} spans>"

    def whole(self, finding: Finding) -> Finding | None:
        """Return a finding grown and tidied, until neither changes it."""
        span = _span(finding)
        if span not in self._whole:
            self._whole[span] = self._grown(finding)
        edge = self._whole[span]
        return edge if edge is None else finding.at(*edge)

    def tidy(self, finding: Finding) -> Finding | None:
        """Do as `spans.tidy`."""
        span = _span(finding)
        if span not in self._tidy:
            tidied = tidy(finding, self.text)
            self._tidy[span] = edge = None if tidied is None else (tidied.start, tidied.end)
            if tidied is not None:
                # What is tidy stays as it is.
                self._tidy[_span(tidied)] = edge
        edge = self._tidy[span]
        return edge if edge is None else finding.at(*edge)

    def _grown(self, finding: Finding) -> _Edge:
        for _ in range(_ROUNDS):
            grown = self.tidy(grow(finding, self.text))
            if grown is None:
                return None
            if (grown.start, grown.end) == (finding.start, finding.end):
                break
            finding = grown
        return finding.start, finding.end


def _span(finding: Finding) -> _Span:
    return finding.start, finding.end, finding.entity, is_structured(finding)


def without_harmless(
    findings: Sequence[Finding], text: str, harmless: Harmless
) -> Sequence[Finding]:
    """Return `findings` without those that only harmless words speak for (rule 2)."""
    weak = [each for each in findings if is_weak(each)]
    allowed = _joined_spans(each for each in weak if harmless(text, each.start, each.end))
    if not allowed:
        return findings
    # A part of what is harmless ("Guillain") is no name either.
    doubtful = {each for each in weak if _is_inside(each, allowed)}
    # Where something else insists on the same characters, all of them stay together.
    others = _joined_spans(each for each in findings if each not in doubtful)
    return [each for each in findings if each not in doubtful or _meets(each, others)]


def _joined_spans(findings: Iterable[Finding]) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    for start, end in sorted((each.start, each.end) for each in findings):
        if spans and start < spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], end))
        else:
            spans.append((start, end))
    return spans


def _is_inside(finding: Finding, spans: Sequence[tuple[int, int]]) -> bool:
    index = bisect_left(spans, (finding.start + 1, 0)) - 1
    return index >= 0 and finding.end <= spans[index][1]


def _meets(finding: Finding, spans: Sequence[tuple[int, int]]) -> bool:
    index = bisect_left(spans, (finding.end, 0)) - 1
    return index >= 0 and spans[index][1] > finding.start


def _united(findings: Iterable[Finding]) -> list[Finding]:
    """Return `findings` with those of one type that overlap made one, which has the best score."""
    sorts: dict[EntityType, list[Finding]] = {}
    kinds: dict[EntityType, EntityType] = {}
    for each in findings:
        kind = kinds.get(each.entity)
        if kind is None:
            kind = next((k for k in sorts if same_type(k, each.entity)), each.entity)
            kinds[each.entity] = kind
        sorts.setdefault(kind, []).append(each)
    united: list[Finding] = []
    for alike in sorts.values():
        group: list[Finding] = []
        end = 0
        for each in sorted(alike, key=in_order):
            if group and each.start >= end:
                united.append(_union(group))
                group = []
            group.append(each)
            end = max(end, each.end)
        united.append(_union(group))
    return united


def _union(group: Sequence[Finding]) -> Finding:
    if len(group) == 1:
        return group[0]
    best = min(group, key=rank)
    entity = best.entity
    for each in group:
        entity = same_type(entity, each.entity) or entity
    start, end = min(each.start for each in group), max(each.end for each in group)
    return replace(best, start=start, end=end, entity=entity)


def _parted(findings: Iterable[Finding], edges: _Edges) -> list[Finding]:
    """Return disjoint findings: the strongest first, then what it left of the others."""
    taken: list[Finding] = []
    for finding in sorted(findings, key=rank):
        for start, end in _free(finding, taken):
            _take(finding.at(start, end), taken, edges)
    return taken


def _free(finding: Finding, taken: Sequence[Finding]) -> list[tuple[int, int]]:
    """Return the parts of `finding` that nothing has taken."""
    free: list[tuple[int, int]] = []
    position = finding.start
    index = max(0, bisect_left(taken, finding.start, key=_start) - 1)
    while index < len(taken) and taken[index].start < finding.end:
        each = taken[index]
        if each.start > position:
            free.append((position, each.start))
        position = max(position, each.end)
        index += 1
    if position < finding.end:
        free.append((position, finding.end))
    return free


def _take(rest: Finding, taken: list[Finding], edges: _Edges) -> None:
    """Add `rest`, or give it to the neighbour that it was cut from in mid-word."""
    text = edges.text
    tidied = edges.tidy(rest)
    if tidied is None:
        return
    index = bisect_left(taken, tidied.start, key=_start)
    left = taken[index - 1] if index else None
    right = taken[index] if index < len(taken) else None
    if left is not None and _is_joined(text, left.end, tidied.start):
        space = _SPACE.search(text, tidied.start, tidied.end)
        end = space.start() if space else tidied.end
        taken[index - 1] = left = left.at(left.start, end)
        if end < tidied.end:
            _take(tidied.at(end, tidied.end), taken, edges)
        elif right is not None and _is_joined(text, end, right.start):
            # It stood between two stronger ones, and joins them: one word has one stand-in.
            taken[index - 1 : index + 1] = [_union([left, right])]
    elif right is not None and _is_joined(text, tidied.end, right.start):
        start = _last_word(text, tidied.start, tidied.end)
        taken[index] = right.at(start, right.end)
        if start > tidied.start:
            _take(tidied.at(tidied.start, start), taken, edges)
    else:
        taken.insert(index, tidied)


def _last_word(text: str, start: int, end: int) -> int:
    while end > start and not text[end - 1].isspace():
        end -= 1
    return end


def _is_joined(text: str, end: int, start: int) -> bool:
    """Say whether what ends at `end` and what begins at `start` are parts of one word."""
    if end == start:
        return is_letter(text[end - 1]) and is_letter(text[start])
    between = text[end:start]
    return _JOINT.match(between) is not None and is_letter(text[end - 1]) and is_letter(text[start])


def _joined(findings: list[Finding], text: str) -> tuple[Finding, ...]:
    """Return `findings` with the parts of one name or address put together."""
    done: list[Finding] = []
    for finding in sorted(findings, key=in_order):
        while True:
            last = done[-1] if done else None
            if last is None or not _are_parts(last, finding, text):
                break
            done.pop()
            finding = _union([last, finding])  # noqa: PLW2901 - it grows to the left
        done.append(finding)
    return tuple(done)


def _are_parts(one: Finding, two: Finding, text: str) -> bool:
    if one.entity != two.entity or one.entity not in TEXTUAL:
        return False
    between = text[one.end : two.start]
    if len(between) > _FARTHEST:
        return False
    if one.entity == STREET_ADDRESS:
        return _BETWEEN_ADDRESSES.match(between) is not None
    return _are_parts_of_a_name(one, two, text, between)


def _are_parts_of_a_name(one: Finding, two: Finding, text: str, between: str) -> bool:
    first, second = text[one.start : one.end].split(), text[two.start : two.end].split()
    if len(first) + len(second) > _MOST_WORDS:
        return False
    if one.entity == PERSON and _COMMA.match(between):
        # "Thornton, Margaret" is one person; "Miller, Sato" and "Margaret Thornton, John" are two.
        given = [word for word in second if is_given(fold(word)) or len(word.rstrip(".")) == 1]
        return len(first) == 1 and not is_given(fold(first[0])) and second[0] in given
    if one.entity == LOCATION and _COMMA.match(between):
        # "Boston, MA" is one place, "Boston, Chicago" are two.
        return second[0].isupper() and len(second[0]) <= _STATE
    if one.entity == PERSON and _PARTICLE.match(between):
        own = first[-1].endswith(".") or is_given(fold(first[-1]))
        return own and not is_given(fold(second[0]))
    apart = one.entity != PERSON or min(len(first), len(second)) == 1
    return apart and _BETWEEN_NAMES.match(between) is not None
