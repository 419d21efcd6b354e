"""What would become of kept texts under two releases: counts of types, and nothing of a text.

Both profiles treat the same findings of the same texts with the same keys, which are nobody's:
where what comes of it differs, the profiles differ. Detection is that of today, once for both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from gateway.domain.entities import EntityType
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.exchange import Conversation, Message, Role
from gateway.domain.findings import Finding, Findings
from gateway.domain.policy import Operator, Profile
from gateway.domain.redaction import Secrets, merge, redact
from gateway.domain.text import RawText, RedactedText
from gateway.encryption import KEY_SIZE, Encryption
from gateway.lists import shipped_stock
from gateway.policy.simulation.replay import Past, Treatment
from gateway.policy.simulation.tallies import Table

_NOBODY: Final = "simulation"


class Unopened(StrEnum):
    """Why the texts of an exchange were not looked at."""

    NEVER_KEPT = "never kept"
    ONE_DENIES = "denied by one of the releases"
    """Or nobody knows who asked: there are no two profiles to compare."""
    CALLERS_OWN = "treated as its caller said"
    """Analysis, and what a client replaces or restores itself: no profile says how."""
    ABOUT_NOBODY = "about nobody that is known"
    """No patient was found in it, or whom it is about was erased: no grant can be for it."""
    NO_GRANT = "without a grant"
    WITHOUT_ORIGINAL = "kept as the engine had it alone"
    """`keep: redacted`: what was received is not there to be looked at again."""
    SHREDDED = "shredded"
    DAMAGED = "damaged"
    UNREAD = "not read by detection"
    TOO_MANY = "more than one run opens"


@dataclass(frozen=True, slots=True)
class Change:
    """A type of which detection finds another number today than the record says."""

    entity: EntityType
    more: bool


@dataclass(frozen=True, slots=True)
class Refusal:
    """A release, and what it says to the texts: `treated`, or the code of a refusal."""

    profile_before: str
    before: str
    profile_after: str
    after: str


@dataclass(slots=True)
class TextFindings:
    """What a rereading found. Every table is bounded."""

    opened: int = 0
    same: int = 0
    """Of these, the ones that would come out the same, with as many findings as there were."""
    differ: Table[tuple[str, str]] = field(default_factory=Table)
    """Texts that an engine would read otherwise, by both profiles."""
    refused: Table[Refusal] = field(default_factory=Table)
    """Exchanges that one of them would refuse for what is in the texts, and the other would not."""
    types: Table[Change] = field(default_factory=Table)
    operators: Table[Treatment] = field(default_factory=Table)
    unopened: Table[Unopened] = field(default_factory=Table)

    @property
    def untreated(self) -> Iterator[tuple[Treatment, int]]:
        """Yield what would reach a model as it stands, and how many findings of it."""
        for each, tally in self.operators:
            if each.after.operator is Operator.KEEP:
                yield each, tally.findings


@dataclass(frozen=True, slots=True)
class _Treated:
    texts: tuple[RedactedText, ...] | None
    code: Code | None
    counts: Mapping[str, int]


class Rereading:
    """Feed it exchanges with their texts; then look at `found`."""

    def __init__(self, year: int) -> None:
        """Begin; `year` is this one."""
        key = bytes(KEY_SIZE)
        # Keys that everybody knows: nothing that is made with them leaves this object, and with the
        # same keys the same log gives the same report.
        self._secrets = Secrets(key, key, Encryption([key]), shipped_stock(), year)
        self.found = TextFindings()

    def leave(self, past: Past, why: Unopened) -> None:
        """Count an exchange whose texts were not looked at."""
        self.found.unopened[why].add(past.index)

    def compare(self, past: Past, texts: Sequence[RawText], seen: Sequence[Findings]) -> None:
        """Count what both releases make of `texts`, in which detection has `seen` this today.

        Raises `ValueError` unless both releases have a profile for it.
        """
        if past.before is None or past.after is None:
            raise ValueError("there are no two profiles to compare")
        before = self._treated(texts, seen, past.before)
        after = self._treated(texts, seen, past.after)
        found, index = self.found, past.index
        found.opened += 1
        unlike = self._types(index, past.findings, before.counts)
        for entity, count in before.counts.items():
            rules = past.before.rule(EntityType(entity)), past.after.rule(EntityType(entity))
            if rules[0] != rules[1]:
                row = Treatment(EntityType(entity), *rules, past.before.name, past.after.name)
                found.operators[row].add(index, findings=count)
        if before.code is not after.code:
            told = Refusal(past.before.name, _said(before), past.after.name, _said(after))
            found.refused[told].add(index)
        elif before.texts != after.texts:
            found.differ[past.before.name, past.after.name].add(index)
        elif not unlike:
            found.same += 1

    def _types(self, index: int, then: Mapping[str, int], now: Mapping[str, int]) -> bool:
        unlike = False
        for entity in sorted(then.keys() | now.keys()):
            if change := now.get(entity, 0) - then.get(entity, 0):
                row = Change(EntityType(entity), more=change > 0)
                self.found.types[row].add(index, findings=abs(change))
                unlike = True
        return unlike

    def _treated(
        self, texts: Sequence[RawText], seen: Sequence[Findings], profile: Profile
    ) -> _Treated:
        counts: Counter[str] = Counter(
            each.entity for findings in seen for each in _leaves(findings, profile)
        )
        if sum(map(len, texts)) > profile.limits.max_input_characters:
            return _Treated(None, Code.LIMIT_EXCEEDED, counts)
        # Who said which text is not kept. It is the same for both, and they are told apart by it
        # in one thing alone: a stand-in that an earlier reply repeats is treated again.
        conversation = Conversation((Message(Role.USER, tuple(texts)),))
        try:
            done = redact(conversation, seen, profile, self._secrets, _NOBODY)
        except ExchangeError as error:
            return _Treated(None, error.code, counts)
        return _Treated(tuple(done.conversation.texts()), None, done.counts)


def _leaves(findings: Findings, profile: Profile) -> Iterator[Finding]:
    """Yield what redaction counts: findings that hold others are these others."""
    for each in merge(findings, profile):
        if each.within:
            yield from _leaves(each.within, profile)
        else:
            yield each


def _said(treated: _Treated) -> str:
    return "treated" if treated.code is None else str(treated.code)
