"""The least that detection has to reach on notes that a hospital annotated itself.

The command line and the check of a policy release ask the same: `shortfalls`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Final

from gateway.evaluation.labels import Tier
from gateway.evaluation.scoring import Figures, Share


@dataclass(frozen=True, slots=True)
class Demands:
    """Shares are from 0 to 1. `None` demands nothing."""

    recall: float | None = None
    """Of direct identifiers."""
    phi_recall: float | None = None
    visible: float | None = None
    """At most this share of the characters of all PHI."""
    precision: float | None = None
    false_rate: float | None = None
    """At most so many false findings per 1,000 characters."""
    clean: float | None = None
    """Share of the documents with PHI that leak nothing."""

    def __post_init__(self) -> None:
        """Raise `ValueError`, with what to write instead."""
        for each in fields(self):
            value = getattr(self, each.name)
            most = 1000 if each.name == "false_rate" else 1
            if value is not None and not 0 <= value <= most:
                raise ValueError(f"{each.name} is from 0 to {most}")

    @property
    def none(self) -> bool:
        """Say whether nothing is demanded."""
        return all(getattr(self, each.name) is None for each in fields(self))


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A demand that is not met. `reached` is None where the notes hold nothing to measure it on."""

    what: str
    demanded: float
    reached: float | None

    def __str__(self) -> str:
        """Return it as a sentence for an administrator."""
        if self.reached is None:
            return f"{self.what}: nothing in the notes to measure it on, so it is not shown"
        return f"{self.what}: {self.reached:.4f}, and {self.demanded:g} is demanded"


_WORDS: Final = {
    "recall": "recall of direct identifiers",
    "phi_recall": "recall of all PHI",
    "precision": "precision",
    "clean": "documents without any leak",
    "visible": "characters of PHI left visible",
    "false_rate": "false findings per 1,000 characters",
}
_MOST: Final = frozenset({"visible", "false_rate"})
"""What is to stay below its bound; of the others, the bound is the least."""


def shortfalls(figures: Figures, demands: Demands) -> tuple[Shortfall, ...]:
    """Return which of `demands` the figures do not meet. What cannot be measured is not met."""
    return missed(reached(figures), demands)


def reached(figures: Figures) -> Mapping[str, float | None]:
    """Return what the figures say about each thing that can be demanded, by its name."""
    direct, phi = (figures.tiers.get(tier, Share()) for tier in (Tier.DIRECT, Tier.PHI))
    return {
        "recall": direct.recall,
        "phi_recall": phi.recall,
        "precision": figures.judged.precision,
        "clean": figures.clean_share(Tier.PHI),
        "visible": phi.visible,
        "false_rate": figures.false_rate,
    }


def missed(found: Mapping[str, float | None], demands: Demands) -> tuple[Shortfall, ...]:
    """Return which of `demands` is not met by what was `found`, as `reached` returns it."""

    def short() -> Iterator[Shortfall]:
        for name, words in _WORDS.items():
            bound, value = getattr(demands, name), found.get(name)
            if bound is None:
                continue
            if value is None or (value > bound if name in _MOST else value < bound):
                yield Shortfall(words, bound, value)

    return tuple(short())
