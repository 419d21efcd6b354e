"""A tagger that finds what it was told to find, and fails, hangs or falls short where a test says.

It stands for the engine's, whose results depend on weights; what a real one does with a text is
tested in `tests/unit/engine/test_tagger.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, order=True)
class FakeTag:
    start: int
    end: int
    label: str
    score: float = 0.9


@dataclass
class FakeTagger:
    """`script` maps a substring to its label, wherever it stands in any text."""

    script: Mapping[str, str] = field(default_factory=dict)
    error: Exception | None = None
    """Raised instead of an answer."""
    hangs: bool = False
    missing: int = 0
    """How many texts get no answer."""
    score: float = 0.9
    always: tuple[FakeTag, ...] = ()
    """What is found in every text, whether it is there or not."""
    closed: bool = False
    calls: list[int] = field(default_factory=list)
    """How many texts each call had."""

    async def tag_soon(self, texts: Sequence[str]) -> list[tuple[FakeTag, ...]]:
        self.calls.append(len(texts))
        await asyncio.sleep(3600 if self.hangs else 0)
        if self.error is not None:
            raise self.error
        if self.closed:
            raise RuntimeError("closed")
        found = [tuple(sorted(self._seek(text))) for text in texts]
        return found[: len(found) - self.missing]

    def _seek(self, text: str) -> list[FakeTag]:
        found = list(self.always)
        for needle, label in self.script.items():
            start = text.find(needle)
            while start >= 0:
                found.append(FakeTag(start, start + len(needle), label, self.score))
                start = text.find(needle, start + len(needle))
        return found

    @property
    def healthy(self) -> bool:
        return not self.closed and not self.hangs

    def close(self) -> None:
        self.closed = True
