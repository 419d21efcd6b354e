"""A text while its numbers are looked at: where they are, and how far what was found reaches."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from gateway.detection import labels
from gateway.detection.label_words import GAPS, NUMBERS
from gateway.detection.units import Unit, rows, units
from gateway.domain.findings import Finding

MEASURE: Final = re.compile(
    r"[ ]?(?:%|°|mg|mcg|µg|ug|[np]g\b|g\b|kg|ml|dl|l\b|cm|mm|mmhg|mmol|meq|iu\b|ui\b|ie\b|bpm|lpm"
    r"|years?|yrs?|y/?o\b|days?|weeks?|months?|hours?|hrs?|h\b|min\b|ans\b|anos\b|dias\b|meses\b|semanas\b|jours\b"
    r"|mois\b|jahre\b|tage\b|wochen\b|monate\b|times\b|veces\b|fois\b|x\b"
    r"|岁|天|个|次|毫|克|月|周)"
)
"""What follows a number that measures something."""
_PREFIXES: Final = (
    re.compile(r"(?<![0-9A-Za-z])[A-ZÄÖÜ]{1,3}[ -][A-Z]{1,2}[ -]\Z"),
    re.compile(r"(?<![0-9A-Za-z])[A-Za-z]{1,4}[ -]\Z"),
)
_PADDED: Final = re.compile(r"0[0-9]{4,64}")
_LETTERED_GAPS: Final = frozenset(" -")
_DECIMAL: Final = re.compile(
    r"9{1,4}[.,]9{1,3}|9{1,3}(?:,9{3})+(?:[.]9{1,2})?|9{1,3}[.]9{3},9{1,2}"
)


@dataclass(slots=True)
class Reading:
    """One text's numbers, read from left to right."""

    text: str
    folded: str
    year: int
    """This year, for the guess at birth dates."""
    units: list[Unit] = field(init=False)
    rows: list[int] = field(init=False)
    """For each unit, how many stand side by side with it."""
    done: int = 0
    """Where the last finding ends."""
    last: Finding | None = None

    def __post_init__(self) -> None:
        self.units = list(units(self.text))
        self.rows = rows(self.units)

    def label(self, unit: Unit) -> labels.Label | None:
        """Return the label before `unit`, which may have letters of its own before its digits."""
        if _DECIMAL.fullmatch(unit.shape):
            return None
        label = labels.before(self.folded, unit.start)
        if label is not None and (label.end != unit.start - 1 or label.counted):
            return label
        # "policy XEA 883": letters of the number say that a number comes. They may be a label, too:
        # "NHC: CP 591751" is no postcode.
        own = self.lettered(unit)
        if own is not None and (label is None or own[1].of_a_number):
            return own[1]
        if label is None and _PADDED.fullmatch(unit.word):
            # A nought first, and no count has it: what follows "Group" is a number then.
            return labels.before(self.folded, unit.start, counted=True)
        return label

    def lettered(self, unit: Unit) -> tuple[int, labels.Label] | None:
        """Return where letters begin that belong to the number `unit`, and the label before them.

        One group of up to four letters, or two: "XEA 883", "B-AB 12".
        """
        # Before most numbers no letter and gap stand: that is told without a pattern.
        before = self.text[max(0, unit.start - 2) : unit.start]
        if before[1:] not in _LETTERED_GAPS or not before[0].isalpha():
            return None
        for pattern in _PREFIXES:
            match = pattern.search(self.text, max(self.done, unit.start - 8), unit.start)
            if match is None:
                continue
            capital = match[0].isupper()
            word = self.folded[match.start() : match.end() - 1]
            if word in NUMBERS or (word in GAPS and not capital):
                continue  # "ID 12", "ending in 12": said of the number, and none of its letters.
            label = labels.before(self.folded, match.start(), counted=capital)
            if label is not None:
                return match.start(), label
        return None

    def inside(self, unit: Unit) -> bool:
        """Say whether what stands right before `unit` makes it the rest of something else."""
        start = unit.start
        return start > 1 and self.text[start - 1] in ".,/-" and self.text[start - 2].isalnum()
