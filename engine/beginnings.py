"""Which shared beginnings of prompts (system prompts) stay in the model's memory. Pure.

CTranslate2 keeps the state of a beginning for as long as the model is loaded and has no way to
forget one. So what is kept is bounded from the start, and only what came again is kept. It keeps
them by their tokens alone, so here it is seen to that no caller notices what another has asked.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final

from engine.job import Beginning

_REMEMBERED: Final = 1024
"""Beginnings whose uses are counted; past that counting starts anew."""
_USES: Final = 2
"""Batches with a beginning after which it is kept."""


class Beginnings:
    """A budget of `tokens` for all that is kept."""

    def __init__(self, tokens: int) -> None:
        self._left = tokens
        self._kept: set[Hashable] = set()
        self._stored: set[bytes] = set()
        self._uses: dict[Hashable, int] = {}

    def __contains__(self, name: Hashable) -> bool:
        """Whether the state of this caller's beginning is kept."""
        return name in self._kept

    def use(self, beginning: Beginning, tokens: int) -> bool:
        """Count a batch that begins like this; return whether its state is to be kept, or is."""
        name = beginning.name
        if name in self._kept:
            return True
        if len(self._uses) >= _REMEMBERED:
            self._uses.clear()
        self._uses[name] = self._uses.get(name, 0) + 1
        if self._uses[name] < _USES:
            return False
        if beginning.content in self._stored:
            # Another caller's is there. This one's first is computed all the same: it takes as
            # long as if nobody had ever asked it before.
            self._kept.add(name)
            return False
        if tokens > self._left:
            return False
        self._left -= tokens
        self._stored.add(beginning.content)
        self._kept.add(name)
        return True
