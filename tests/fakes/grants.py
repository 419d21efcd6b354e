"""A desk for grants over a real table, a policy and a ledger that a test can look into."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from gateway.domain.canonical import encode
from gateway.domain.errors import Code, LedgerUnavailable
from gateway.domain.exchange import Action, Assurance, Caller, Model, Purpose
from gateway.domain.policy import Deny, Permit, Reidentify
from gateway.domain.records import Record
from gateway.identity.grants.desk import GrantDesk, Means
from gateway.identity.grants.ratchet import Ratchet
from gateway.identity.grants.rules import Request
from gateway.identity.grants.store import DATABASE, GrantStore
from tests.fakes.identity import StoppedClock
from tests.fakes.policy import FakeDecider, profile

NUMBER = "MRN 48 21-03 77"
REASON = "Unconscious in the emergency room; the letter names an allergy."
MODEL = Model("detection", "ab" * 32, 0, 0)
KEY = b"s" * 32


def person(key: str, role: str, name: str | None = None) -> Caller:
    who = name or key
    return Caller(f"key:{key}", who, frozenset({role}), frozenset(), who, Assurance.API_KEY)


DOCTOR = person("doctor", "clinician")
COLLEAGUE = person("colleague", "clinician")
APPROVER = person("approver", "approver")
SECOND = person("second", "approver")


class Breaking(FakeDecider):
    """Lets clinicians re-identify for BTG, on the terms of `terms`."""

    terms = Reidentify(allowed=True, second_person=True, minutes=60)

    def decide(
        self, caller: Caller, action: Action, model: Model, purpose: Purpose
    ) -> Permit | Deny:
        if (action, purpose) != (Action.REIDENTIFY, Purpose.BTG) or "clinician" not in caller.roles:
            return Deny(Code.POLICY_DENIED, (), self.release)
        return Permit(profile(reidentify=self.terms), ("break-glass",), self.release)


@dataclass
class Office:
    """One desk. `records` is what is durable; `fail` refuses the next records."""

    path: Path
    clock: StoppedClock = field(default_factory=StoppedClock)
    decider: Breaking = field(default_factory=Breaking)
    records: list[Record] = field(default_factory=list)
    fail: bool = False
    passed: int = 0
    """Milliseconds by the clock that nobody can set."""

    def desk(self) -> GrantDesk:
        """Return a desk as a process would open it that starts now."""
        means = Means(
            store=GrantStore(self.path / DATABASE),
            decide=self.decider.decide,
            model=MODEL,
            clock=self.clock,
            key=b"k" * 32,
            subject_key=KEY,
            record=self.record,
        )
        return GrantDesk(means, Ratchet(self.clock.now_ms, lambda: self.passed))

    def record(self, record: Record) -> None:
        encode(record)
        if self.fail:
            raise LedgerUnavailable
        self.records.append(record)


def request(
    purpose: Purpose = Purpose.BTG,
    *,
    patient: str = NUMBER,
    reason: str = REASON,
    minutes: int | None = None,
) -> Request:
    return Request(purpose, patient, reason, minutes)
