"""A text while its numbers are looked at: where they are, and how far what was found reaches."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from gateway.detection import labels
from gateway.detection.units import Unit, rows, units
from gateway.domain.findings import Finding

MEASURE: Final = re.compile(
    r"[ ]?(?:%|°|mg|mcg|µg|ug|g\b|kg|ml|dl|l\b|cm|mm|mmhg|mmol|meq|iu\b|ui\b|ie\b|bpm|lpm|years?|yrs?"
    r"|y/?o\b|days?|weeks?|months?|hours?|hrs?|h\b|min\b|ans\b|anos\b|dias\b|meses\b|semanas\b|jours\b"
    r"|mois\b|jahre\b|tage\b|wochen\b|monate\b|times\b|veces\b|fois\b|x\b"
    r"|岁|天|个|次|毫|克|月|周)"
)
"""What follows a number that measures something."""
_PREFIX: Final = re.compile(r"(?<![0-9A-Za-z])[A-Za-z]{1,4}[ -]\Z")
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
        if label is None:
            prefix = self.prefix(unit)
            if prefix is not None:
                # "policy XEA 883": letters of the number say that a number comes.
                capital = self.text[prefix : unit.start].isupper()
                label = labels.before(self.folded, prefix, counted=capital)
        return label

    def prefix(self, unit: Unit) -> int | None:
        """Return where up to four letters begin that may belong to the number `unit`."""
        match = _PREFIX.search(self.text, max(self.done, unit.start - 6), unit.start)
        return match.start() if match else None

    def inside(self, unit: Unit) -> bool:
        """Say whether what stands right before `unit` makes it the rest of something else."""
        start = unit.start
        return start > 1 and self.text[start - 1] in ".,/-" and self.text[start - 2].isalnum()
