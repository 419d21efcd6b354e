"""The minimum necessary: what each service sent, for which purpose, and whether that needs it.

45 CFR 164.502(b), 164.514(d). It reads counts out of records, and no text.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from gateway.domain.entities import EntityType
from gateway.domain.exchange import Purpose
from gateway.domain.policy import Operator, Profile
from gateway.domain.records import Intent, Outcome, Record
from gateway.policy.explain import spoken
from gateway.policy.release import Release
from gateway.policy.simulation.tallies import Table

_WAITING: Final = 50_000
"""Exchanges whose outcome may still say what was heard."""
_GONE: Final = frozenset({Operator.HASH, Operator.REPLACE, Operator.MASK, Operator.BLOCK})
"""Operators after which a model reads nothing of the value, and nobody gets it back."""


class Need(StrEnum):
    """What the release says of a type and a purpose."""

    NEEDED = "needed"
    NOT_NEEDED = "not needed"
    UNSTATED = "unstated"
    """Nobody has said what the purpose needs."""


@dataclass(frozen=True, slots=True)
class Line:
    """One type that a service sent for a purpose."""

    client: str
    purpose: Purpose
    entity: EntityType
    exchanges: int
    """In which it was found at least once."""
    of: int
    """All of this service for this purpose."""
    findings: int
    need: Need
    profile: str
    """Under which most of them were treated."""
    operator: str
    """What that profile does with the type in the release that is asked."""
    suggestion: str
    examples: tuple[int, ...]
    """Indices in the log."""

    @property
    def share(self) -> float:
        """Return in what part of the exchanges the type was."""
        return self.exchanges / self.of

    def sentence(self) -> str:
        """Return the line as an administrator would say it."""
        needs = {
            Need.NEEDED: "which needs it",
            Need.NOT_NEEDED: "which does not need it",
            Need.UNSTATED: "and nobody has said whether that needs it",
        }[self.need]
        return (
            f"{self.client} sent {self.entity} in {100 * self.share:.0f} % of {self.of:,} "
            f"exchanges for {self.purpose}, {needs}; "
            f"operator today: {self.operator} ({self.profile})"
        )


@dataclass(frozen=True, slots=True)
class Unused:
    """A type that a purpose is said to need, and that nobody sent for it."""

    purpose: Purpose
    entity: EntityType
    of: int


@dataclass(slots=True)
class Sent:
    """Feed it the records of a log, in their order."""

    records: int = 0
    exchanges: Table[tuple[str, Purpose]] = field(default_factory=Table)
    types: Table[tuple[str, Purpose, EntityType]] = field(default_factory=Table)
    profiles: Table[tuple[str, Purpose, str]] = field(default_factory=Table)
    _waiting: OrderedDict[str, tuple[int, str, Purpose]] = field(default_factory=OrderedDict)

    def take(self, index: int, record: Record) -> None:
        """Count one record."""
        self.records += 1
        match record:
            case Intent():
                pair = (record.client, record.purpose)
                self.exchanges[pair].add(index)
                self.profiles[*pair, record.profile].add(index)
                self._count(index, *pair, record.findings)
                self._waiting[record.exchange] = (index, *pair)
                if len(self._waiting) > _WAITING:
                    self._waiting.popitem(last=False)
            case Outcome():
                asked = self._waiting.pop(record.exchange, None)
                if asked is not None and record.findings:
                    self._count(*asked, record.findings)
            case _:
                pass

    def _count(
        self, index: int, client: str, purpose: Purpose, findings: Mapping[str, int]
    ) -> None:
        for entity, count in findings.items():
            if count:
                self.types[client, purpose, EntityType(entity)].add(index, findings=count)


def lines(sent: Sent, release: Release) -> tuple[Line, ...]:
    """Return what was sent: what is not needed first, then by how many exchanges it was in."""
    totals = {pair: tally.records for pair, tally in sent.exchanges}
    treated: dict[tuple[str, Purpose], str] = {}
    for (client, purpose, under), _ in sent.profiles:
        treated.setdefault((client, purpose), under)
    found = []
    for (client, purpose, entity), tally in sent.types:
        pair = (client, purpose)
        if pair not in totals:
            continue  # Past the bound of the table: counted together, and said so.
        name = treated.get(pair, "")
        profile = release.profile(name)
        need = _need(release, purpose, entity)
        found.append(
            Line(
                client=client,
                purpose=purpose,
                entity=entity,
                exchanges=tally.records,
                of=totals[pair],
                findings=tally.findings,
                need=need,
                profile=name,
                operator="no such profile any more"
                if profile is None
                else spoken(profile.rule(entity)),
                suggestion=_suggestion(need, profile, purpose, entity),
                examples=tuple(tally.examples),
            )
        )
    order = {Need.NOT_NEEDED: 0, Need.UNSTATED: 1, Need.NEEDED: 2}
    found.sort(
        key=lambda line: (
            *(order[line.need], -line.exchanges, line.client, line.purpose, line.entity),
        )
    )
    return tuple(found)


def unused(sent: Sent, release: Release) -> Iterator[Unused]:
    """Yield the needs that nobody had, of purposes for which there was traffic."""
    traffic: dict[Purpose, int] = {}
    for (_, purpose), tally in sent.exchanges:
        traffic[purpose] = traffic.get(purpose, 0) + tally.records
    seen = {(purpose, entity) for (_, purpose, entity), _ in sent.types}
    for purpose in sorted(traffic):
        for entity in sorted(release.needs.get(purpose, ())):
            if (purpose, entity) not in seen:
                yield Unused(purpose, entity, traffic[purpose])


def _need(release: Release, purpose: Purpose, entity: EntityType) -> Need:
    needs = release.needs.get(purpose)
    if needs is None:
        return Need.UNSTATED
    return Need.NEEDED if entity in needs else Need.NOT_NEEDED


def _suggestion(need: Need, profile: Profile | None, purpose: Purpose, entity: EntityType) -> str:
    match need:
        case Need.NEEDED:
            return ""
        case Need.UNSTATED:
            return f"say in purposes.yaml what {purpose} needs"
        case Need.NOT_NEEDED if profile is None:
            return "ask the service not to send it"
        case Need.NOT_NEEDED:
            operator = profile.rule(entity).operator
            if operator in _GONE:
                return f"no model reads it ({operator}): ask the service not to send it"
            return (
                f"write `{entity}: replace` in a profile for {purpose} (today {profile.name}), and "
                "simulate that release; ask the service not to send it"
            )
