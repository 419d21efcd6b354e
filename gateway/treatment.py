"""What is done with texts where no engine takes part: they go back to their caller alone.

The pipeline authenticates, decides and records around it, as around every exchange; the work itself
reads the texts. A failure in it is a refusal, and nothing comes back.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.domain.entities import KNOWN, EntityType
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.exchange import Conversation, Counts, Message, Model, Role, Task
from gateway.domain.findings import Finding, Findings
from gateway.domain.policy import Profile
from gateway.domain.ports import Detector
from gateway.domain.redaction import Mark, Secrets, merge, redact
from gateway.domain.text import RawText, RedactedText

DETECTION: Final = Model("detection", "0" * 64, 0, 0, Task.TREAT)
"""What policy and records know as the model of such an exchange; a gateway sets its digest."""
CUSTOM: Final = EntityType("CUSTOM")
"""In records, every type that only the caller knows: a client's words are not recorded."""


@dataclass(frozen=True, slots=True)
class Treated:
    """What came of the texts. The kind of work says what it holds."""

    counts: Counts
    """Findings of each type, for the record: no type that a client made up."""


@dataclass(frozen=True, slots=True)
class Redacted(Treated):
    """Texts as the profile treats them, and where in the caller's own texts it found something."""

    profile: str
    texts: tuple[RedactedText, ...]
    findings: tuple[Findings, ...]
    """Of each text, disjoint, in the order of their offsets."""
    marks: tuple[tuple[Mark, ...], ...] = ()
    """Of each text as it is treated: where something stands in."""
    meanings: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What each stand-in stands for: for what is kept, and for no reply."""


class Work(ABC):
    """One piece of work on the texts of one caller."""

    @abstractmethod
    def texts(self) -> Iterable[RawText]:
        """Return the texts, for the limit of the profile."""

    @abstractmethod
    async def carry_out(
        self, detector: Detector, profile: Profile, secrets: Secrets, caller: str
    ) -> Treated:
        """Do it, under `profile`. Raises `ExchangeError`; a partial result is none."""


@dataclass(frozen=True, slots=True)
class Redacting(Work):
    """Texts to be redacted together: a person has one stand-in in all of them."""

    documents: tuple[RawText, ...] = field(repr=False)
    check: Callable[[Sequence[RedactedText]], None] = field(default=lambda _: None, repr=False)
    """Looks at what came of them; raises `ExchangeError` for what must not leave."""

    def texts(self) -> Iterable[RawText]:
        """Return the texts."""
        return self.documents

    async def carry_out(
        self, detector: Detector, profile: Profile, secrets: Secrets, caller: str
    ) -> Redacted:
        """Detect and redact, as for an engine."""
        found = await found_in(detector, self.documents)
        return await asyncio.to_thread(self._redact, found, profile, secrets, caller)

    def _redact(
        self, found: Sequence[Findings], profile: Profile, secrets: Secrets, caller: str
    ) -> Redacted:
        conversation = Conversation((Message(Role.USER, self.documents),))
        redaction = redact(conversation, found, profile, secrets, caller)
        texts = tuple(redaction.conversation.texts())
        self.check(texts)
        return Redacted(
            counts=redaction.counts,
            profile=profile.name,
            texts=texts,
            findings=tuple(tuple(merge(findings, profile)) for findings in found),
            marks=redaction.marks,
            meanings=redaction.stand_ins.meanings() | redaction.pseudonyms.meanings(),
        )


async def found_in(detector: Detector, texts: Sequence[RawText]) -> Sequence[Findings]:
    """Return the findings of each text. Raises `ExchangeError` unless each has its answer."""
    found = await detector.detect(texts)
    if len(found) != len(texts) or any(
        finding.end > len(text)
        for text, findings in zip(texts, found, strict=True)
        for finding in findings
    ):
        raise ExchangeError(
            Code.DETECTION_FAILED,
            "Detection did not answer for every text, so nothing came of it. Try again; the "
            "operator can run `intramural doctor`.",
        )
    return found


def counted(findings: Iterable[Finding]) -> Counts:
    """Return how many there are of each type, for a record."""
    kinds = Counter(each.entity if each.entity in KNOWN else CUSTOM for each in findings)
    return dict(sorted(kinds.items()))
