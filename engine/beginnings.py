"""Which shared beginnings of prompts (system prompts) stay in the model's memory. Pure.

CTranslate2 keeps the state of a beginning for as long as the model is loaded and has no way to
forget one. So what is kept is bounded from the start, and only what came again is kept.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final

_REMEMBERED: Final = 1024
"""Beginnings whose uses are counted; past that counting starts anew."""
_USES: Final = 2
"""Batches with a beginning after which it is kept."""


class Beginnings:
    """A budget of `tokens` for all that is kept."""

    def __init__(self, tokens: int) -> None:
        self._left = tokens
        self._kept: set[Hashable] = set()
        self._uses: dict[Hashable, int] = {}

    def __contains__(self, name: Hashable) -> bool:
        """Whether the state of this beginning is kept."""
        return name in self._kept

    def use(self, name: Hashable, tokens: int) -> bool:
        """Count a batch that begins like this; return whether its state is kept from now on."""
        if name in self._kept:
            return True
        if len(self._uses) >= _REMEMBERED:
            self._uses.clear()
        self._uses[name] = self._uses.get(name, 0) + 1
        if self._uses[name] < _USES or tokens > self._left:
            return False
        self._left -= tokens
        self._kept.add(name)
        return True
