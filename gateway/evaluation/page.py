"""The page of an evaluation: its figures, and each miss and false finding in its context."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from gateway import __version__
from gateway.evaluation.notes import Note
from gateway.evaluation.report import Report, ShareLine, report
from gateway.evaluation.run import Evaluation
from gateway.evaluation.scoring import FalseFinding, Miss
from gateway.pages.writing import page

MOST: Final = 200
"""Misses, and false findings, that are shown of one set."""
_AROUND: Final = 70
"""Characters of context to either side."""
_LONGEST: Final = 400
"""Characters of an annotation that are shown."""


@dataclass(frozen=True, slots=True)
class Case:
    """One miss or false finding; `pieces` are stretches that were found (`good`) or not (`bad`)."""

    note: str
    label: str
    place: str
    before: str
    pieces: tuple[tuple[str, str], ...]
    after: str

    def __repr__(self) -> str:
        return f"<Case {self.place}>"


@dataclass(frozen=True, slots=True)
class _Part:
    report: Report
    anchor: str
    shown: bool
    classes: tuple[tuple[str, ShareLine], ...]
    lists: tuple[tuple[str, tuple[Case, ...], int], ...]

    def __repr__(self) -> str:
        return f"<_Part {self.anchor}>"


def write(evaluations: Sequence[Evaluation], now: dt.datetime) -> str:
    """Return the page. Cases are shown of the first system; of others, the figures."""
    systems = list(dict.fromkeys(each.system for each in evaluations))
    return page(
        "evaluation.html",
        made=now.strftime("%Y-%m-%d %H:%M %Z"),
        version=__version__,
        systems=len(systems),
        parts=[
            _part(index, each, shown=each.system == systems[0])
            for index, each in enumerate(evaluations)
        ],
    )


def _part(index: int, evaluation: Evaluation, *, shown: bool) -> _Part:
    figures = evaluation.figures
    told = report(evaluation)
    notes = {note.id: note for note in evaluation.notes}
    misses = tuple(_miss(notes[each.note], each) for each in figures.misses[:MOST])
    false = sorted(figures.false, key=lambda each: (each.recognizer, each.note, each.start))
    wrong = tuple(_false(notes[each.note], each) for each in false[:MOST])
    return _Part(
        report=told,
        anchor=f"set-{index}",
        shown=shown,
        classes=(("Direct", told.direct), ("PHI", told.phi), *told.classes.items()),
        lists=(
            ("Left visible", misses, len(figures.misses)),
            ("Found, and none", wrong, len(false)),
        )
        if shown
        else (),
    )


def _miss(note: Note, miss: Miss) -> Case:
    visible = frozenset(miss.visible)
    end = min(miss.end, miss.start + _LONGEST)
    pieces = tuple(_stretches(note.text, miss.start, end, visible))
    return _case(note, miss.start, miss.end, miss.label, pieces)


def _false(note: Note, finding: FalseFinding) -> Case:
    end = min(finding.end, finding.start + _LONGEST)
    pieces = (("bad", note.text[finding.start : end]),)
    label = f"{finding.entity} {finding.score:.2f} by {finding.recognizer or '?'}"
    return _case(note, finding.start, finding.end, label, pieces)


def _case(
    note: Note, start: int, end: int, label: str, pieces: tuple[tuple[str, str], ...]
) -> Case:
    first, last = max(0, start - _AROUND), min(len(note.text), end + _AROUND)
    return Case(
        note=note.id,
        label=label,
        place=f"{start} to {end}",
        before=("…" if first else "") + _one_line(note.text[first:start]),
        pieces=pieces,
        after=_one_line(note.text[end:last]) + ("…" if last < len(note.text) else ""),
    )


def _stretches(
    text: str, start: int, end: int, visible: frozenset[int]
) -> Iterator[tuple[str, str]]:
    """Yield stretches of one kind; what tells nothing goes with the character before it."""
    kinds: list[str] = []
    for place in range(start, end):
        if place in visible:
            kinds.append("bad")
        elif text[place].isalnum() or not kinds:
            kinds.append("good")
        else:
            kinds.append(kinds[-1])
    for kind, run in groupby(range(start, end), key=lambda place: kinds[place - start]):
        yield kind, "".join(text[place] for place in run)


def _one_line(text: str) -> str:
    return text.replace("\r", "").replace("\n", " ⏎ ")
