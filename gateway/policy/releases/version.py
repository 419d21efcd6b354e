"""A release on its way: its states, which step leads from where to where, and who has signed.

Pure: no clock and no disk. The rule of two persons is here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class State(StrEnum):
    """Where a release stands."""

    DRAFT = "draft"
    """It was handed in, and can be read and simulated."""
    SUBMITTED = "submitted"
    """Its author signed it and asks for approval."""
    APPROVED = "approved"
    """Another person signed it: it may be put in force."""
    SCHEDULED = "scheduled"
    """It will be put in force at a time that somebody set."""
    ACTIVE = "active"
    """It is in force. Exactly one is."""
    RETIRED = "retired"
    """It was in force; it can be again."""
    REJECTED = "rejected"
    """It never will be."""


class Step(StrEnum):
    """What can be done to a release."""

    SUBMIT = "submit"
    APPROVE = "approve"
    REJECT = "reject"
    SCHEDULE = "schedule"
    UNSCHEDULE = "unschedule"
    ACTIVATE = "activate"
    ROLL_BACK = "roll_back"
    EMERGENCY = "emergency"
    """Put in force by one person alone: break-glass."""
    RETIRE = "retire"
    """Another one came into force."""


STEPS: Final[Mapping[Step, tuple[frozenset[State], State]]] = {
    Step.SUBMIT: (frozenset({State.DRAFT}), State.SUBMITTED),
    Step.APPROVE: (frozenset({State.SUBMITTED}), State.APPROVED),
    Step.REJECT: (
        frozenset({State.DRAFT, State.SUBMITTED, State.APPROVED, State.SCHEDULED}),
        State.REJECTED,
    ),
    Step.SCHEDULE: (frozenset({State.APPROVED}), State.SCHEDULED),
    Step.UNSCHEDULE: (frozenset({State.SCHEDULED}), State.APPROVED),
    Step.ACTIVATE: (frozenset({State.APPROVED, State.SCHEDULED}), State.ACTIVE),
    Step.ROLL_BACK: (frozenset({State.RETIRED}), State.ACTIVE),
    Step.EMERGENCY: (
        frozenset({State.DRAFT, State.SUBMITTED, State.APPROVED, State.SCHEDULED, State.RETIRED}),
        State.ACTIVE,
    ),
    Step.RETIRE: (frozenset({State.ACTIVE}), State.RETIRED),
}
"""From where each step leads, and to where. What is not here cannot be done."""


class Part(StrEnum):
    """What a person signs a release as."""

    AUTHOR = "author"
    APPROVER = "approver"
    ALONE = "alone"
    """In an emergency, instead of both."""


@dataclass(frozen=True, slots=True)
class Signer:
    """A person's public key, and what it may sign. Times in milliseconds since the Unix epoch."""

    id: str
    """`signer:` and 16 hexadecimal digits of the key's SHA-256."""
    person: str
    """Whose key it is: one person is written in one way, whatever keys they hold."""
    part: Part
    """AUTHOR or APPROVER; either may act alone in an emergency."""
    public: bytes
    added: int
    revoked: int | None = None
    """Since when its signatures do not count: it may lie before the day on which that was said."""

    def good(self, received: int) -> bool:
        """Say whether a signature that came at `received` counts."""
        return self.revoked is None or received < self.revoked


@dataclass(frozen=True, slots=True)
class Signature:
    """That a person put their name to a release, and through whose credential it came."""

    number: int
    part: Part
    signer: str
    caller: str
    """Id of the API key or subject that handed it in."""
    name: str
    """What that credential is called."""
    received: int
    statement: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Version:
    """A release, as the installation's register has it. `archive` is not part of this."""

    number: int
    """Counts from 1 in an installation, and is never used twice."""
    digest: str
    """SHA-256 of the policy, as records name it."""
    state: State
    note: str
    """What it is for, in its author's words."""
    drafted: int
    drafted_by: str
    """Id of the caller."""
    begins: int | None = None
    """Of a scheduled one: when."""
    activated: int | None = None
    """When it last came into force."""
    alone: bool = False
    """Whether it came into force on one person's word, and nobody has approved it since."""
