"""Step 2 of an exchange: Cedar says whether, and the strictest profile of its permits says how.

Then the forbids that speak of a profile are asked about that one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from gateway.domain.errors import Code
from gateway.domain.exchange import Action, Caller, Model, Purpose
from gateway.domain.policy import Deny, Permit, Profile, not_evaluated
from gateway.policy.cedar import EvaluationFailed, Statement
from gateway.policy.release import Release

MAX_RULES: Final = 12
"""How many rules a record names. With more, the last entry says how many were left out: a leaf has
2048 bytes, and a refusal to record would be a refusal to serve."""


class CedarDecider:
    """Implements `ports.Decider` on one release."""

    def __init__(self, release: Release) -> None:
        self._release = release
        self._aliases = MappingProxyType({each.name: each.model for each in release.aliases})

    @property
    def aliases(self) -> Mapping[str, str]:
        """Other names for models, and the model that each leads to."""
        return self._aliases

    @property
    def release(self) -> str:
        """SHA-256 of the release, in hexadecimal."""
        return self._release.digest

    def profile(self, name: str) -> Profile | None:
        """Return the profile of that name, if there is one."""
        return self._release.profile(name)

    def decide(
        self, caller: Caller, action: Action, model: Model, purpose: Purpose
    ) -> Permit | Deny:
        """Return the decision. Raises `ExchangeError(POLICY_UNAVAILABLE)` if Cedar gives none."""
        try:
            return self._decide(caller, action, model.name, purpose)
        except EvaluationFailed as failure:
            raise not_evaluated() from failure

    def _decide(
        self, caller: Caller, action: Action, model: str, purpose: Purpose
    ) -> Permit | Deny:
        policies = self._release.policies
        verdict = policies.ask(caller, action, model, purpose)
        if not verdict.allowed:
            return self._denied(verdict.because)
        strictest_first = sorted(
            verdict.because,
            key=lambda statement: (-self._release.profile_of(statement).strictness, statement.id),
        )
        profile = self._release.profile_of(strictest_first[0])
        if objecting := policies.objections(caller, action, model, purpose, profile.name):
            return self._denied(objecting)

        def against(other: str) -> tuple[str, ...] | None:
            # A forbid that speaks of a profile means it also where a client asks for that one.
            # An error is one for who asks for it, and for nobody else.
            try:
                found = policies.objections(caller, action, model, purpose, other)
            except EvaluationFailed:
                return None
            return self._denied(found).rules

        bounds = self._release.limits.bounds(caller)
        return Permit(profile, _named(strictest_first), self.release, bounds, against)

    def _denied(self, because: Sequence[Statement]) -> Deny:
        ids = sorted(because, key=lambda statement: statement.id)
        return Deny(Code.POLICY_DENIED, _named(ids), self.release)


def _named(statements: list[Statement]) -> tuple[str, ...]:
    ids = tuple(statement.id for statement in statements)
    if len(ids) <= MAX_RULES:
        return ids
    return (*ids[: MAX_RULES - 1], f"+{len(ids) - MAX_RULES + 1}")
