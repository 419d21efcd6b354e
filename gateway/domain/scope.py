"""What a credential may be used for, where that is less than what policy lets its caller do.

A scope only tightens: policy is asked all the same, and both have to say yes.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Scope:
    """`None` is no restriction; an empty set cannot be made, because it would allow nothing."""

    actions: frozenset[str] | None = None
    models: frozenset[str] | None = None
    purposes: frozenset[str] | None = None

    def __post_init__(self) -> None:
        """Raise `ValueError` for a set that is empty."""
        if any(names is not None and not names for names in self._sets()):
            raise ValueError("a scope names something, or is left out")

    def outside(self, action: str, model: str, purpose: str) -> str | None:
        """Return which of the three this scope does not hold, as a word, or `None`."""
        asked = {"action": action, "model": model, "purpose": purpose}
        for (name, value), allowed in zip(asked.items(), self._sets(), strict=True):
            if allowed is not None and value not in allowed:
                return name
        return None

    def _sets(self) -> tuple[AbstractSet[str] | None, ...]:
        return self.actions, self.models, self.purposes


ANYTHING: Final = Scope()
