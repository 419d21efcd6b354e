"""Detection at work on annotated notes, one after the other, as one caller would send them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gateway.domain.ports import Detector
from gateway.domain.text import RawText
from gateway.evaluation.notes import Note
from gateway.evaluation.scoring import Figures, score

Progress = Callable[[int], None]
"""Told how many notes are done."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One system on one set of notes."""

    system: str
    set: str
    notes: Sequence[Note]
    figures: Figures


async def evaluate(
    detector: Detector,
    notes: Sequence[Note],
    *,
    name: str,
    system: str = "Intramural",
    say: Progress = lambda _: None,
) -> Evaluation:
    """Return what `detector` makes of `notes`. A failure of detection propagates.

    The first note is read twice, so that no start-up is in the times.
    """
    await detector.detect([RawText(notes[0].text)])
    found, times = [], []
    for count, note in enumerate(notes, 1):
        begun = time.perf_counter()
        (findings,) = await detector.detect([RawText(note.text)])
        times.append((time.perf_counter() - begun) * 1000)
        found.append(findings)
        say(count)
    return Evaluation(system, name, notes, score(notes, found, times))
