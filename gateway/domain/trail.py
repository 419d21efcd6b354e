"""What is known of one exchange so far, and the records that it turns into.

An exchange can end at any step; whatever was known by then is in its refusal.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.domain.errors import Code, ExchangeError
from gateway.domain.exchange import (
    Action,
    CacheStatus,
    Caller,
    Counts,
    FinishReason,
    Model,
    Purpose,
)
from gateway.domain.policy import Deny, Permit, Profile
from gateway.domain.ports import Hold
from gateway.domain.records import Intent, Outcome, Refusal, Status
from gateway.domain.standing import standing_of


@dataclass(slots=True)
class Trail:
    """Filled in step by step; `None` is what is not known yet."""

    exchange: str
    action: Action
    caller: Caller | None = None
    purpose: Purpose | None = None
    model: Model | None = None
    decision: Permit | Deny | None = None
    profile: Profile | None = None
    hold: Hold | None = None
    sealed: str | None = None
    """SHA-256 of the sealed request, where the profile keeps it."""

    def refusal(self, time: int, code: Code) -> Refusal | None:
        """Return the record of a refusal, or `None` where no caller is known to record it under."""
        if self.caller is None:
            return None
        return Refusal(
            exchange=self.exchange,
            time=time,
            actor=self.caller.id,
            client=self.caller.client,
            action=self.action,
            code=code,
            purpose=self.purpose,
            model=None if self.model is None else self.model.name,
            profile=None if self.profile is None else self.profile.name,
            release=None if self.decision is None else self.decision.release,
            rules=() if self.decision is None else self.decision.rules,
            standing=standing_of(self.caller).digest,
            department=self.caller.department,
        )

    def intent(self, time: int, findings: Counts, prompt_tokens: int) -> Intent:
        """Return the record that has to be durable before the engine runs."""
        if not (self.caller and self.purpose and self.model and self.decision and self.profile):
            raise ValueError("an intent needs a caller, a purpose, a model, a permit and a profile")
        return Intent(
            exchange=self.exchange,
            time=time,
            actor=self.caller.id,
            client=self.caller.client,
            action=self.action,
            purpose=self.purpose,
            model=self.model.name,
            model_digest=self.model.digest,
            profile=self.profile.name,
            release=self.decision.release,
            rules=self.decision.rules,
            standing=standing_of(self.caller).digest,
            findings=findings,
            prompt_tokens=prompt_tokens,
            department=self.caller.department,
            patients=(self.hold and self.hold.patients) or None,
            reserved=(self.hold and self.hold.reserved) or None,
            sealed=self.sealed,
        )


@dataclass(slots=True)
class Progress:
    """How far generation came, also where it was cut short."""

    prompt_tokens: int
    completion_tokens: int = 0
    reason: FinishReason | None = None
    findings: Counts | None = None
    """What was found in a transcript: it is not known when the intent is written."""
    cache: CacheStatus | None = None
    audio_ms: int | None = None

    def outcome(
        self, trail: Trail, time: int, failure: ExchangeError | None, restored: int, invented: int
    ) -> Outcome:
        """Return the record that has to be durable before the reply ends."""
        return Outcome(
            exchange=trail.exchange,
            time=time,
            status=_status(failure),
            code=None if failure is None else failure.code,
            finish_reason=self.reason if failure is None else None,
            prompt_tokens=self.prompt_tokens,
            completion_tokens=self.completion_tokens,
            restored=restored,
            invented=invented,
            findings=self.findings,
            cache=self.cache,
            audio_ms=self.audio_ms,
        )


def _status(failure: ExchangeError | None) -> Status:
    if failure is None:
        return Status.COMPLETED
    if failure.code in {Code.CLIENT_DISCONNECTED, Code.SHUTTING_DOWN}:
        return Status.CANCELLED
    return Status.FAILED
