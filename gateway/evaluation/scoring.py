"""Figures of one set of notes: what was found of what is annotated, and what was found beside it.

A redaction gateway is judged by what stays visible, so a finding counts whatever its type says:
- recall: annotations whose telling characters (`telling.py`) are all covered;
- visible: share of the telling characters of annotations that no finding covers;
- precision: findings of which at least half of the letters and digits are annotated; what touches
  only annotations that are no PHI, and plain ages below 90, count for neither side;
- F2: both in one, recall weighted four times as much.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from gateway.domain.findings import Finding, Findings
from gateway.evaluation.labels import Tier, class_found, meaning
from gateway.evaluation.notes import Note
from gateway.evaluation.telling import is_plain_age, letters, told


@dataclass(slots=True)
class Share:
    """How much of some annotations was found."""

    annotations: int = 0
    whole: int = 0
    """All of their telling characters are covered."""
    part: int = 0
    """At least one is."""
    characters: int = 0
    covered: int = 0

    def add(self, characters: int, covered: int) -> None:
        """Count one annotation."""
        self.annotations += 1
        self.whole += covered == characters
        self.part += covered > 0
        self.characters += characters
        self.covered += covered

    @property
    def recall(self) -> float | None:
        """Share of the annotations that nothing is visible of; None where there are none."""
        return self.whole / self.annotations if self.annotations else None

    @property
    def visible(self) -> float | None:
        """Share of their characters that stay visible."""
        return 1 - self.covered / self.characters if self.characters else None


@dataclass(slots=True)
class Judged:
    """How many findings were right, and how many were not."""

    true: int = 0
    false: int = 0

    @property
    def precision(self) -> float | None:
        """Share of the right ones; None where there are none of either."""
        total = self.true + self.false
        return self.true / total if total else None


@dataclass(slots=True)
class Recognized:
    """What one recognizer brings."""

    judged: Judged = field(default_factory=Judged)
    alone: int = 0
    """Annotations of which it alone covers something."""
    false_alone: int = 0
    """False findings that touch no other recognizer's: without it they would not be."""


@dataclass(frozen=True, slots=True)
class Miss:
    """An annotation of which `visible` characters are left."""

    note: str
    start: int
    end: int
    label: str
    visible: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class FalseFinding:
    """A finding that no annotation accounts for."""

    note: str
    start: int
    end: int
    entity: str
    recognizer: str
    score: float


@dataclass(slots=True)
class Figures:
    """The figures of one set. Times are milliseconds a document."""

    documents: int = 0
    characters: int = 0
    free_characters: int = 0
    """Of documents without any PHI."""
    free_false: int = 0
    tiers: dict[Tier, Share] = field(default_factory=lambda: defaultdict(Share))
    clean: dict[Tier, tuple[int, int]] = field(default_factory=dict)
    """Documents that leak nothing of a tier, and documents that hold something of it."""
    classes: dict[str, Share] = field(default_factory=lambda: defaultdict(Share))
    labels: dict[str, Share] = field(default_factory=lambda: defaultdict(Share))
    judged: Judged = field(default_factory=Judged)
    judged_classes: dict[str, Judged] = field(default_factory=lambda: defaultdict(Judged))
    recognizers: dict[str, Recognized] = field(default_factory=lambda: defaultdict(Recognized))
    misses: list[Miss] = field(default_factory=list)
    false: list[FalseFinding] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    @property
    def false_rate(self) -> float:
        """False findings per 1,000 characters."""
        return 1000 * self.judged.false / max(1, self.characters)

    @property
    def free_false_rate(self) -> float | None:
        """The same, in documents without any PHI; None where there are none."""
        return 1000 * self.free_false / self.free_characters if self.free_characters else None

    @property
    def rate(self) -> float | None:
        """Milliseconds per 1,000 characters over all documents."""
        return 1000 * sum(self.times) / max(1, self.characters) if self.times else None

    @property
    def median(self) -> float | None:
        """Milliseconds of the median document."""
        return statistics.median(self.times) if self.times else None

    def clean_share(self, tier: Tier) -> float | None:
        """Return the share of documents with something of `tier` that leak nothing of it."""
        clean, having = self.clean.get(tier, (0, 0))
        return clean / having if having else None


def f2(recall: float | None, precision: float | None) -> float | None:
    """Return F2 of both, or None where one is unknown."""
    if recall is None or precision is None:
        return None
    if recall + precision == 0:
        return 0.0
    return 5 * precision * recall / (4 * precision + recall)


def score(notes: Sequence[Note], found: Sequence[Findings], times: Sequence[float] = ()) -> Figures:
    """Return the figures of `found`, one tuple of findings for each of `notes`, in their order.

    `times` are milliseconds, one for each note, or none. Raises `ValueError` if they do not fit.
    """
    if len(notes) != len(found) or (times and len(times) != len(notes)):
        raise ValueError("there are not as many findings or times as notes")
    figures = Figures(times=list(times))
    for note, findings in zip(notes, found, strict=True):
        _Sheet(note, findings).enter(figures)
    figures.misses.sort(key=lambda miss: (-len(miss.visible), miss.note, miss.start))
    return figures


class _Sheet:
    """One note, with what covers each of its characters."""

    def __init__(self, note: Note, findings: Findings) -> None:
        self._note = note
        self._findings = findings
        self._covered = _places((each.start, each.end) for each in findings)
        marked: dict[bool, list[tuple[int, int]]] = {True: [], False: []}
        for span in note.spans:
            marked[meaning(span.label)[0] is Tier.IGNORED].append((span.start, span.end))
        self._phi, self._ignored = _places(marked[False]), _places(marked[True])

    def enter(self, figures: Figures) -> None:
        """Add this note to `figures`."""
        figures.documents += 1
        figures.characters += len(self._note.text)
        leaks = self._enter_annotations(figures)
        for tier, leaking in leaks.items():
            clean, having = figures.clean.get(tier, (0, 0))
            figures.clean[tier] = (clean + (not leaking), having + 1)
        before = figures.judged.false
        for finding in self._findings:
            self._enter_finding(finding, figures)
        if Tier.PHI not in leaks:
            figures.free_characters += len(self._note.text)
            figures.free_false += figures.judged.false - before

    def _enter_annotations(self, figures: Figures) -> dict[Tier, bool]:
        """Count the annotations; return of which tiers there are any, and whether one leaks."""
        leaks: dict[Tier, bool] = {}
        for span in self._note.spans:
            tier, kind = meaning(span.label)
            places = told(self._note.text, span.start, span.end, kind)
            if not places:
                continue
            seen = tuple(place for place in places if place not in self._covered)
            counts = (len(places), len(places) - len(seen))
            figures.labels[span.label].add(*counts)
            if tier is Tier.IGNORED:
                continue
            figures.classes[kind].add(*counts)
            for each in {tier, Tier.PHI}:  # Every direct identifier is PHI, too.
                figures.tiers[each].add(*counts)
                leaks[each] = leaks.get(each, False) or bool(seen)
            if seen:
                figures.misses.append(Miss(self._note.id, span.start, span.end, span.label, seen))
            sources = {each.recognizer for each in self._touching(places[0], places[-1] + 1)}
            if len(sources) == 1:
                figures.recognizers[sources.pop()].alone += 1
        return leaks

    def _enter_finding(self, finding: Finding, figures: Figures) -> None:
        text, start, end = self._note.text, finding.start, finding.end
        places = letters(text, start, end)
        if not places or is_plain_age(text[start:end], finding.entity):
            return
        phi = sum(place in self._phi for place in places)
        other = sum(place in self._ignored and place not in self._phi for place in places)
        right = 2 * (phi + other) >= len(places)
        if right and not phi:
            return
        recognized = figures.recognizers[finding.recognizer]
        kind = class_found(finding.entity)
        for judged in (figures.judged, figures.judged_classes[kind], recognized.judged):
            judged.true += right
            judged.false += not right
        if right:
            return
        touching = {each.recognizer for each in self._touching(start, end)}
        recognized.false_alone += len(touching) == 1
        figures.false.append(
            FalseFinding(
                self._note.id, start, end, finding.entity, finding.recognizer, finding.score
            )
        )

    def _touching(self, start: int, end: int) -> Iterator[Finding]:
        return (each for each in self._findings if each.start < end and start < each.end)


def _places(spans: Iterable[tuple[int, int]]) -> frozenset[int]:
    return frozenset(place for start, end in spans for place in range(start, end))


def by_recognizer(figures: Figures) -> list[tuple[str, Recognized]]:
    """Return the recognizers, those with the most false findings of their own first."""
    return sorted(
        figures.recognizers.items(),
        key=lambda item: (-item[1].false_alone, -item[1].alone, item[0]),
    )
