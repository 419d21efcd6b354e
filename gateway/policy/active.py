"""The release in force, which may be exchanged for another one while exchanges run.

An exchange takes its decision, and with it its profile, in one step without an await, and every
exchange of releases happens in the same event loop: what began under a release ends under it.
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway.domain.errors import Code, ExchangeError
from gateway.domain.exchange import Action, Caller, Model, Purpose
from gateway.domain.policy import Deny, Permit, Profile
from gateway.policy.decider import CedarDecider
from gateway.policy.release import Release


class ActiveDecider:
    """Implements `ports.Decider`: always by one whole release, the one that was loaded last."""

    def __init__(self, release: Release) -> None:
        self._decider = CedarDecider(release)
        self._suspended = False

    def suspend(self, *, suspended: bool) -> None:
        """Decide nothing, because nobody knows what is in force; or decide again."""
        self._suspended = suspended

    @property
    def decides(self) -> bool:
        """Say whether it decides anything."""
        return not self._suspended

    def replace(self, release: Release) -> None:
        """Decide by `release` from now on. What was decided before keeps its profile and digest."""
        # Answers that Cedar gave are kept by the release itself, so they go with it; replies are
        # kept under the digest of their profile, and given again only after a decision to permit.
        self._decider = CedarDecider(release)

    @property
    def release(self) -> str:
        """SHA-256 of the release in force."""
        return self._decider.release

    @property
    def aliases(self) -> Mapping[str, str]:
        """Other names for models, in the release in force."""
        return self._decider.aliases

    def profile(self, name: str) -> Profile | None:
        """Return the profile of that name in the release in force."""
        return self._decider.profile(name)

    def decide(
        self, caller: Caller, action: Action, model: Model, purpose: Purpose
    ) -> Permit | Deny:
        """Return the decision of the release in force; raises `ExchangeError`."""
        if self._suspended:
            raise ExchangeError(
                Code.POLICY_UNAVAILABLE,
                "The register of releases was replaced while the gateway ran, so nobody knows what "
                "is in force, and nothing was sent to a model. The operator can run "
                "`intramural doctor`, and start the gateway again.",
            )
        return self._decider.decide(caller, action, model, purpose)
