"""An authenticator in memory, and a clock that stands still.

Passes `tests/contracts/test_authenticator.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.domain.errors import AuthenticationError, Code
from gateway.domain.exchange import Assurance, Caller, Credentials, Purpose

START = 1_790_000_000_000
"""September 2026, in milliseconds."""
MESSAGE = "A fake says no: send another key."


def caller(
    identity: str = "key:fake",
    *,
    roles: frozenset[str] = frozenset({"clinician"}),
    purpose: Purpose | None = None,
) -> Caller:
    return Caller(identity, "ward", roles, frozenset(), "ward", Assurance.API_KEY, purpose)


@dataclass
class StoppedClock:
    """A clock that moves when a test moves it."""

    now: int = START
    ids: int = 0

    def now_ms(self) -> int:
        return self.now

    def new_id(self) -> str:
        self.ids += 1
        return f"01990000-0000-7000-8000-{self.ids:012x}"


@dataclass
class FakeAuthenticator:
    """`refusals` names keys that match, and are refused all the same."""

    callers: dict[str, Caller] = field(default_factory=lambda: {"good": caller()})
    refusals: dict[str, Code] = field(default_factory=dict)
    fail: bool = False
    """Nobody can be authenticated now, as when the database cannot be read."""

    def authenticate(self, credentials: Credentials) -> Caller:
        scheme, _, key = (credentials.authorization or "").partition(" ")
        if not key and scheme in {"", "Bearer"}:
            raise AuthenticationError(Code.MISSING_CREDENTIALS, MESSAGE)
        if self.fail:
            raise AuthenticationError(Code.IDENTITY_UNAVAILABLE, MESSAGE)
        known = self.callers.get(key) if scheme == "Bearer" else None
        if known is None:
            raise AuthenticationError(Code.INVALID_CREDENTIALS, MESSAGE)
        if key in self.refusals:
            raise AuthenticationError(self.refusals[key], MESSAGE, caller=known)
        return known
