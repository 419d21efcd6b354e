"""A decider in memory, with switches for what goes wrong.

Passes `tests/contracts/test_decider.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from gateway.domain.entities import KNOWN
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.exchange import Action, Caller, Model, Purpose
from gateway.domain.limits import NO_LIMITS, LimitTable
from gateway.domain.policy import (
    Deny,
    Invented,
    Keep,
    Limits,
    Operator,
    Permit,
    Priority,
    Profile,
    Reidentify,
    Rule,
)

LIMITS = Limits(max_input_characters=200_000, max_output_tokens=4096)


def profile(
    name: str = "treatment",
    strictness: int = 100,
    *,
    default: Operator = Operator.PSEUDONYM,
    restore: bool = True,
    invented: Invented = Invented.REPLACE,
    limits: Limits = LIMITS,
    priority: Priority = Priority.INTERACTIVE,
    cache: bool = False,
    keep: Keep = Keep.NOTHING,
    reidentify: Reidentify = Reidentify(),  # noqa: B008 - a value that never changes
    **rules: Rule,
) -> Profile:
    """Treats every known entity type by `default`, except those named, e.g. `AGE=Rule(KEEP)`."""
    entities = {entity: rules.get(entity, Rule(default)) for entity in KNOWN}
    return Profile(
        name,
        strictness,
        MappingProxyType(entities),
        restore,
        invented,
        limits,
        priority,
        cache,
        keep,
        reidentify,
    )


@dataclass(frozen=True)
class FakeRule:
    id: str
    role: str
    purposes: frozenset[Purpose]
    profile: str | None
    """`None` makes it a forbid."""


@dataclass
class FakeDecider:
    rules: Sequence[FakeRule] = (
        FakeRule("treatment", "clinician", frozenset({Purpose.TREAT}), "treatment"),
    )
    profiles: Mapping[str, Profile] = field(default_factory=lambda: {"treatment": profile()})
    release: str = "f" * 64
    fail: bool = False
    """Every decision raises POLICY_UNAVAILABLE, as when Cedar cannot evaluate a rule."""
    aliases: Mapping[str, str] = field(default_factory=dict)
    limits: LimitTable = NO_LIMITS
    against: Mapping[str, tuple[str, ...] | None] = field(default_factory=dict)
    """Profiles that a client may not ask for, each with the forbids that say so."""
    asked: list[tuple[Caller, Action, Model, Purpose]] = field(default_factory=list)

    def profile(self, name: str) -> Profile | None:
        return self.profiles.get(name)

    def _against(self, name: str) -> tuple[str, ...] | None:
        return self.against.get(name, ())

    def decide(
        self, caller: Caller, action: Action, model: Model, purpose: Purpose
    ) -> Permit | Deny:
        self.asked.append((caller, action, model, purpose))
        if self.fail:
            raise ExchangeError(Code.POLICY_UNAVAILABLE, "The policy could not be evaluated.")
        apply = [
            rule for rule in self.rules if rule.role in caller.roles and purpose in rule.purposes
        ]
        forbids = sorted(rule.id for rule in apply if rule.profile is None)
        permits = [(self.profiles[rule.profile], rule.id) for rule in apply if rule.profile]
        if forbids or not permits:
            return Deny(Code.POLICY_DENIED, tuple(forbids), self.release)
        permits.sort(key=lambda pair: (-pair[0].strictness, pair[1]))
        rules = tuple(rule for _, rule in permits)
        bounds = self.limits.bounds(caller)
        return Permit(permits[0][0], rules, self.release, bounds, self._against)
