"""A detector and a scanner that find what they were told to find, and fail where a test says so.

Both pass `tests/contracts/test_detector.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gateway.domain.entities import EntityType
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.findings import Finding, Findings
from gateway.domain.text import RawText


def _seek(text: str, script: Mapping[str, EntityType]) -> Iterator[Finding]:
    for needle, entity in script.items():
        start = text.find(needle)
        while start >= 0:
            yield Finding(start, start + len(needle), entity, 1.0, "fake")
            start = text.find(needle, start + len(needle))


@dataclass
class FakeDetector:
    """`script` maps a substring to the type that it is, wherever it stands in any text."""

    script: Mapping[str, EntityType] = field(default_factory=dict)
    error: Exception | None = None
    """Raised instead of an answer."""
    delay: float = 0.0
    """Seconds before the answer."""
    missing: int = 0
    """How many texts get no answer: what no detector may do, for tests of those who rely on it."""
    calls: int = 0
    stopped: int = 0
    """How many of the calls nobody waited for to their end."""
    callers: list[str] = field(default_factory=list)
    """Whom it was asked to remember for."""

    def of(self, caller: str) -> FakeDetector:
        self.callers.append(caller)
        return self

    async def detect(self, texts: Sequence[RawText]) -> Sequence[Findings]:
        self.calls += 1
        try:
            await asyncio.sleep(self.delay)
        except asyncio.CancelledError:
            self.stopped += 1
            raise
        if self.error is not None:
            raise self.error
        found = [tuple(sorted(_seek(text.reveal(), self.script))) for text in texts]
        return found[: len(found) - self.missing]

    def break_down(self) -> None:
        """Let every later call fail as the real one does."""
        self.error = ExchangeError(Code.DETECTION_FAILED, "Detection failed: a test asked for it.")


@dataclass
class QuickDetector(FakeDetector):
    """For a command: there at once. That commands ask the real one, other tests show."""

    def close(self) -> None:
        """Hold nothing."""


@dataclass
class FakeScanner:
    """Finds the substrings of `script`."""

    script: Mapping[str, EntityType] = field(default_factory=dict)
    error: Exception | None = None

    def scan(self, text: str) -> Sequence[Finding]:
        if self.error is not None:
            raise self.error
        return tuple(sorted(_seek(text, self.script)))
