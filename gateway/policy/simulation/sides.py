"""How one release decides one recorded question, as the pipeline would: steps 1 and 2 again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from gateway.allowance import tightened
from gateway.domain.entities import EntityType
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.exchange import Action, Caller, Model, Purpose
from gateway.domain.policy import Deny, Operator, Profile, Rule
from gateway.domain.standing import Standing
from gateway.policy.decider import CedarDecider
from gateway.policy.explain import treatments
from gateway.policy.release import Release

_LEADING_BACK: Final = frozenset(
    {Operator.PSEUDONYM, Operator.SURROGATE, Operator.DATE_SHIFT, Operator.ENCRYPT}
)
"""Operators whose stand-ins are restored in replies, where a profile restores."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a record says was asked, by whom. `profile` is the stricter one that a client named."""

    actor: str
    client: str
    standing: Standing
    action: Action
    purpose: Purpose
    model: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a release says: a profile, or the code of the refusal."""

    rules: tuple[str, ...]
    profile: Profile | None = None
    code: Code | None = None


class Side:
    """One release, asked about the past."""

    def __init__(self, release: Release) -> None:
        self.release = release
        self._decider = CedarDecider(release)

    @property
    def digest(self) -> str:
        """SHA-256 of the release, in hexadecimal."""
        return self.release.digest

    def profile(self, name: str | None) -> Profile | None:
        """Return the profile of that name, if there is one."""
        return None if name is None else self.release.profile(name)

    def answer(self, asked: Asked, named: str | None = None) -> Answer:
        """Return what this release says; `named` is the stricter profile that the client asked for.

        A question that cannot be decided is refused, as it would be in the gateway.
        """
        who, model = asked.standing, Model(asked.model, "", 0, 0)
        caller = Caller(
            asked.actor, asked.client, who.roles, who.groups, asked.client, who.assurance
        )
        try:
            decision = self._decider.decide(caller, asked.action, model, asked.purpose)
        except ExchangeError as error:
            return Answer((), code=error.code)
        try:
            answer = tightened(decision, named, self._decider)
        except ExchangeError as error:
            return Answer(decision.rules, code=error.code)
        if isinstance(answer, Deny):
            return Answer(answer.rules, code=answer.code)
        return Answer(answer.rules, answer.profile)


def comes_back(profile: Profile, entity: str) -> bool:
    """Say whether a caller gets a value of this type back where a reply holds its stand-in."""
    return profile.restore and profile.rule(EntityType(entity)).operator in _LEADING_BACK


def changes(before: Profile, after: Profile) -> Mapping[EntityType, tuple[Rule, Rule]]:
    """Return the types that the two treat differently, each with both rules.

    A type that neither names is not listed, because both block it.
    """
    types = {entity for each in (before, after) for entity, _ in treatments(each)}
    found = {entity: (before.rule(entity), after.rule(entity)) for entity in sorted(types)}
    return MappingProxyType({entity: two for entity, two in found.items() if two[0] != two[1]})
