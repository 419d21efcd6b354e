"""Recorded decisions, made again under two releases: who would lose or gain, what would change.

The ledger is read once, in its order, and nothing of it is kept but counts and the indices of a few
examples; the same log and releases give the same report.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from gateway.domain.entities import EntityType
from gateway.domain.errors import Code
from gateway.domain.exchange import Action, Purpose, Task
from gateway.domain.policy import Keep, Operator, Profile, Rule
from gateway.domain.records import Intent, Outcome, Record, Refusal
from gateway.domain.standing import Standing
from gateway.policy.simulation.sides import Answer, Asked, Side, changes, comes_back
from gateway.policy.simulation.tallies import Table

Reconstruct = Callable[[str, str | None], Standing | None]
"""Says what an actor was (its id, and the digest in the record); `None` where nobody knows."""

_REMEMBERED: Final = 50_000
"""Questions that keep their answers, and exchanges whose outcome is waited for."""
_Key = tuple[str, str, str | None, Action, Purpose, str, str | None, str]


@dataclass(frozen=True, slots=True)
class Who:
    """Whose access changes, and for what."""

    actor: str
    client: str
    action: Action
    purpose: Purpose
    model: str
    before: str
    """A profile, or the code of the refusal; as `after`."""
    after: str


@dataclass(frozen=True, slots=True)
class Treatment:
    """What would happen otherwise to findings of one type."""

    entity: EntityType
    before: Rule
    after: Rule
    profile_before: str
    profile_after: str


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit of the candidate's that would have bitten where that of the other did not."""

    limit: str
    profile: str
    value: int


@dataclass(slots=True)
class Findings:
    """What a replay found. Every table is bounded."""

    records: int = 0
    """All that were read, of whatever kind."""
    decisions: int = 0
    """Those that policy had decided, and that were decided again."""
    same: int = 0
    """Of these, the ones about which the releases say the same."""
    loses: Table[Who] = field(default_factory=Table)
    gains: Table[Who] = field(default_factory=Table)
    profiles: Table[tuple[str, Purpose, str, str]] = field(default_factory=Table)
    """By client, purpose, and the names of both profiles."""
    operators: Table[Treatment] = field(default_factory=Table)
    limits: Table[Limit] = field(default_factory=Table)
    unrestored: Table[tuple[str, str]] = field(default_factory=Table)
    """Replies whose pseudonyms would stay, by both profiles."""
    restored: Table[tuple[str, str]] = field(default_factory=Table)
    """Exchanges with findings whose stand-ins would come back to the caller and did not before: a
    reply may have held any of them."""
    kept: Table[tuple[str, Keep, str, Keep]] = field(default_factory=Table)
    """Exchanges of which more or fewer texts would be kept, by both profiles."""
    unknown: Table[str] = field(default_factory=Table)
    """Records of callers whose roles nobody knows, by actor: they were not decided again."""
    otherwise: Table[str] = field(default_factory=Table)
    """Decided under the release compared with, and not as it decides now: roles were guessed wrong,
    or the record is not of this installation."""
    undecided: int = 0
    """Refusals that came before policy was asked."""


@dataclass(frozen=True, slots=True)
class _Both:
    before: Answer
    after: Answer
    as_recorded: bool
    changed: Mapping[EntityType, tuple[Rule, Rule]]


@dataclass(frozen=True, slots=True)
class Past:
    """An exchange that an engine saw, now that its outcome was read, and what both make of it."""

    index: int
    exchange: str
    action: Action
    findings: Mapping[str, int]
    """What was found then, by type."""
    sealed: bool
    """Whether its record says that its texts were kept, in whatever form."""
    before: Profile | None
    """`None` where that release denies it, or nobody knows who asked; as `after`."""
    after: Profile | None


@dataclass(frozen=True, slots=True)
class _Open:
    index: int
    record: Intent
    both: _Both | None


class Replay:
    """Feed it records in the order of the log; then look at `found`."""

    def __init__(self, candidate: Side, against: Side, reconstruct: Reconstruct) -> None:
        self._candidate = candidate
        self._against = against
        self._reconstruct = reconstruct
        self._answers: OrderedDict[_Key, _Both | None] = OrderedDict()
        self._open: OrderedDict[str, _Open] = OrderedDict()
        self._in_flight: dict[str, int] = {}
        self.found = Findings()

    def take(self, index: int, record: Record) -> Past | None:
        """Decide one record again; return the exchange that ended with it, if one did."""
        self.found.records += 1
        match record:
            case Intent():
                both = self._decided(index, record, record.model, record.purpose)
                self._begin(index, record, both)
                if both is not None:
                    self._treated(index, record, both)
            case Refusal():
                if record.release is None or record.model is None or record.purpose is None:
                    self.found.undecided += 1
                elif both := self._decided(index, record, record.model, record.purpose):
                    self._access(index, record, both)
            case Outcome():
                return self._settled(record)
            case _:
                pass
        return None

    def _decided(
        self, index: int, record: Intent | Refusal, model: str, purpose: Purpose
    ) -> _Both | None:
        standing = self._reconstruct(record.actor, record.standing)
        if standing is None:
            self.found.unknown[record.actor].add(index)
            return None
        key: _Key = (
            *(record.actor, record.client, standing.digest),
            *(record.action, purpose, model, record.profile, record.release or ""),
        )
        found = self._answers.get(key)
        if found is None:
            asked = Asked(record.actor, record.client, standing, record.action, purpose, model)
            found = self._answers[key] = self._ask(asked, record)
            if len(self._answers) > _REMEMBERED:
                self._answers.popitem(last=False)
        self.found.decisions += 1
        if not found.as_recorded:
            self.found.otherwise[record.actor].add(index)
        return found

    def _ask(self, asked: Asked, record: Intent | Refusal) -> _Both:
        granted = self._against.answer(asked)
        named = self._named(granted, record)
        before = self._against.answer(asked, named)
        after = self._candidate.answer(asked, named)
        changed: Mapping[EntityType, tuple[Rule, Rule]] = {}
        if before.profile is not None and after.profile is not None:
            changed = changes(before.profile, after.profile)
        return _Both(before, after, self._is_as_recorded(granted, record), changed)

    def _named(self, granted: Answer, record: Intent | Refusal) -> str | None:
        """Return the stricter profile that the client asked for, as far as a record shows it."""
        recorded = self._against.profile(record.profile)
        if granted.profile is None or recorded is None:
            return None
        if record.release == self._against.digest:
            return recorded.name if recorded.name != granted.profile.name else None
        return recorded.name if recorded.strictness > granted.profile.strictness else None

    def _is_as_recorded(self, granted: Answer, record: Intent | Refusal) -> bool:
        if record.release != self._against.digest:
            return True
        denied = isinstance(record, Refusal) and record.code is Code.POLICY_DENIED
        return denied == (granted.profile is None) and granted.rules == record.rules

    def _treated(self, index: int, record: Intent, both: _Both) -> None:
        """Count what would become of an exchange that an engine saw."""
        before, after = both.before.profile, both.after.profile
        if before is None or after is None:
            self._access(index, record, both)
            return
        if before.keep is not after.keep:
            self.found.kept[before.name, before.keep, after.name, after.keep].add(index)
        blocked = False
        for entity, count in record.findings.items():
            two = both.changed.get(EntityType(entity))
            if count == 0 or two is None:
                continue
            self.found.operators[Treatment(EntityType(entity), *two, before.name, after.name)].add(
                index, findings=count
            )
            blocked = blocked or two[1].operator is Operator.BLOCK
        if blocked:
            who = _who(record, before.name, Code.ENTITY_BLOCKED)
            self.found.loses[who].add(index)
        elif before.name != after.name:
            self.found.profiles[record.client, record.purpose, before.name, after.name].add(index)
        elif before.keep is after.keep and not any(
            both.changed.get(EntityType(entity)) for entity in record.findings
        ):
            self.found.same += 1

    def _access(self, index: int, record: Intent | Refusal, both: _Both) -> None:
        before, after = both.before, both.after
        if (before.profile is None) == (after.profile is None):
            if _spoken(before) == _spoken(after):
                self.found.same += 1
            elif before.profile is not None and after.profile is not None and record.purpose:
                key = (record.client, record.purpose, before.profile.name, after.profile.name)
                self.found.profiles[key].add(index)
            return
        table = self.found.loses if after.profile is None else self.found.gains
        table[_who(record, _spoken(before), _spoken(after))].add(index)

    def _begin(self, index: int, record: Intent, both: _Both | None) -> None:
        running = self._in_flight[record.actor] = self._in_flight.get(record.actor, 0) + 1
        self._open[record.exchange] = _Open(index, record, both)
        if len(self._open) > _REMEMBERED:
            _, lost = self._open.popitem(last=False)
            self._end(lost.record.actor)
        if both is None or both.before.profile is None or both.after.profile is None:
            return
        most, other = (
            each.limits.max_in_flight for each in (both.after.profile, both.before.profile)
        )
        if most is not None and running > most and (other is None or running <= other):
            self._bite(index, "max_in_flight", both.after.profile, most, running)

    def _settled(self, record: Outcome) -> Past | None:
        opened = self._open.pop(record.exchange, None)
        if opened is None:
            return None
        self._end(opened.record.actor)
        past = _past(opened, record)
        if past.before is not None and past.after is not None:
            self._replied(opened, record, past.before, past.after)
        return past

    def _replied(self, opened: _Open, record: Outcome, before: Profile, after: Profile) -> None:
        most, tokens = after.limits.max_output_tokens, record.completion_tokens
        if tokens > most and tokens <= before.limits.max_output_tokens:
            self._bite(opened.index, "max_output_tokens", after, most, tokens)
        if record.restored and before.restore and not after.restore:
            self.found.unrestored[before.name, after.name].add(
                opened.index, findings=record.restored
            )
        fresh = sum(
            count
            for entity, count in opened.record.findings.items()
            if comes_back(after, entity) and not comes_back(before, entity)
        )
        # Only what a model writes is restored; a transcript or a text that comes back is not.
        if fresh and opened.record.action.task is Task.GENERATE:
            self.found.restored[before.name, after.name].add(opened.index, findings=fresh)

    def _bite(self, index: int, name: str, profile: Profile, value: int, seen: int) -> None:
        self.found.limits[Limit(name, profile.name, value)].add(index, value=seen)

    def _end(self, actor: str) -> None:
        left = self._in_flight.get(actor, 1) - 1
        if left:
            self._in_flight[actor] = left
        else:
            self._in_flight.pop(actor, None)


def _past(opened: _Open, outcome: Outcome) -> Past:
    intent, both = opened.record, opened.both
    heard = outcome.findings is not None
    return Past(
        index=opened.index,
        exchange=intent.exchange,
        action=intent.action,
        findings=intent.findings if outcome.findings is None else outcome.findings,
        # What was dictated is kept with the reply.
        sealed=(outcome if heard else intent).sealed is not None,
        before=None if both is None else both.before.profile,
        after=None if both is None else both.after.profile,
    )


def _who(record: Intent | Refusal, before: str, after: str) -> Who:
    if record.purpose is None or record.model is None:
        raise ValueError("policy decides on a purpose and a model")
    return Who(
        *(record.actor, record.client, record.action, record.purpose, record.model, before, after)
    )


def _spoken(answer: Answer) -> str:
    return answer.profile.name if answer.profile is not None else str(answer.code)
