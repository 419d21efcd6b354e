"""Why policy answers as it does: the rules that decide, and what happens to each entity type.

The command line and the console both show this; it asks the same decider that serves requests.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.domain.entities import KNOWN, EntityType
from gateway.domain.exchange import Action, Assurance, Caller, Model, Purpose
from gateway.domain.policy import (
    DEFAULT_DAYS,
    Deny,
    Limits,
    Operator,
    Permit,
    Profile,
    Rule,
)
from gateway.policy.cedar import Statement
from gateway.policy.decider import CedarDecider
from gateway.policy.release import Release


@dataclass(frozen=True, slots=True)
class Question:
    """A request that nobody made: who would ask for what, and for which purpose."""

    roles: frozenset[str]
    purpose: Purpose
    action: Action
    model: str
    groups: frozenset[str] = frozenset()
    client: str = "explain"


@dataclass(frozen=True, slots=True)
class Explanation:
    """The decision, the statements behind it, and the treatment of every known entity type."""

    decision: Permit | Deny
    rules: tuple[Statement, ...]
    """Of a permit: the permits that apply, the strictest first. Of a denial: its forbids."""
    treatments: tuple[tuple[EntityType, Rule], ...]
    """In alphabetical order; empty where the request is denied."""
    unknown_roles: tuple[str, ...]
    """Roles of the question that no policy mentions: a typing error, or a rule that is missing."""

    @property
    def profile(self) -> Profile | None:
        """Return the profile that applies, unless the request is denied."""
        return self.decision.profile if isinstance(self.decision, Permit) else None

    @property
    def limits(self) -> Limits | None:
        """Return the limits that apply, unless the request is denied."""
        return self.profile.limits if self.profile else None


def explain(release: Release, question: Question) -> Explanation:
    """Return why `release` answers `question` as it does.

    Raises `ExchangeError(POLICY_UNAVAILABLE)` where it would fail to answer a request.
    """
    decision = CedarDecider(release).decide(
        _caller(question),
        question.action,
        _model(release.model(question.model)),
        question.purpose,
    )
    by_id = {statement.id: statement for statement in release.policies.statements}
    return Explanation(
        decision=decision,
        rules=tuple(by_id[rule] for rule in decision.rules if rule in by_id),
        treatments=treatments(decision.profile) if isinstance(decision, Permit) else (),
        unknown_roles=tuple(sorted(question.roles - release.policies.roles)),
    )


def treatments(profile: Profile) -> tuple[tuple[EntityType, Rule], ...]:
    """Return what becomes of every type that is known or named, in alphabetical order."""
    return tuple((entity, profile.rule(entity)) for entity in sorted(KNOWN | set(profile.entities)))


def spoken(rule: Rule) -> str:
    """Return `rule` as a profile's author would say it, e.g. `mask (last 4 kept)`."""
    if rule.keep_last:
        return f"{rule.operator} (last {rule.keep_last} kept)"
    if rule.operator is Operator.DATE_SHIFT and rule.days != DEFAULT_DAYS:
        return f"{rule.operator} (by {rule.days} days at most)"
    return str(rule.operator)


def _caller(question: Question) -> Caller:
    return Caller(
        id="key:explain",
        name="explain",
        roles=question.roles,
        groups=question.groups,
        client=question.client,
        assurance=Assurance.API_KEY,
    )


def _model(name: str) -> Model:
    # Policy sees a model's name and nothing else of it.
    return Model(name=name, digest="", context_length=0, created=0)
