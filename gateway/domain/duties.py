"""Who may do what to the gateway itself: duties, and the roles that carry them.

Policy (Cedar) says who may use a model. This table is not policy, because whoever writes policy
would then write their own power: it is code, and a change to it is a release of the program.
Separation of duties is in its rows: nobody who runs the machine reads a text, nobody who audits
changes a rule, nobody approves what they wrote.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from enum import StrEnum
from itertools import combinations
from typing import Final


class Duty(StrEnum):
    """One thing that can be done to the gateway, or looked at in it."""

    READ_AUDIT = "read_audit"
    """Search records, and see them."""
    SEARCH_PATIENT = "search_patient"
    """Ask which records are about a patient."""
    REVIEW = "review"
    """Say what a record is: open, explained, escalated; comment it."""
    EXPORT = "export"
    HOLD = "hold"
    """Keep records from being dropped when their time is over."""
    READ_PAYLOAD = "read_payload"
    """See a kept text, under a grant."""
    SHRED = "shred"
    """Make kept texts unreadable for ever."""
    READ_POLICY = "read_policy"
    """See releases, who signed them, and what they say."""
    WRITE_POLICY = "write_policy"
    """Draft, submit and simulate releases."""
    APPROVE_POLICY = "approve_policy"
    ACTIVATE_POLICY = "activate_policy"
    """Put an approved release in force, or an earlier one again."""
    EMERGENCY_POLICY = "emergency_policy"
    """Put a release in force on one's own word: break-glass."""
    ASK_GRANT = "ask_grant"
    APPROVE_GRANT = "approve_grant"
    REIDENTIFY = "reidentify"
    """Learn who a pseudonym is, under a grant."""
    MANAGE_KEYS = "manage_keys"
    READ_USAGE = "read_usage"


SERVICE: Final = "service"
AUDITOR: Final = "auditor"
AUTHOR: Final = "policy_author"
APPROVER: Final = "approver"
OPERATOR: Final = "operator"

DUTIES: Final[Mapping[str, frozenset[Duty]]] = {
    SERVICE: frozenset(),
    AUDITOR: frozenset(
        {
            Duty.READ_AUDIT,
            Duty.SEARCH_PATIENT,
            Duty.REVIEW,
            Duty.EXPORT,
            Duty.HOLD,
            Duty.READ_PAYLOAD,
            Duty.ASK_GRANT,
            Duty.REIDENTIFY,
            Duty.READ_POLICY,
            Duty.READ_USAGE,
        }
    ),
    AUTHOR: frozenset(
        {Duty.READ_POLICY, Duty.WRITE_POLICY, Duty.EMERGENCY_POLICY, Duty.READ_USAGE}
    ),
    APPROVER: frozenset(
        {
            Duty.READ_POLICY,
            Duty.APPROVE_POLICY,
            Duty.EMERGENCY_POLICY,
            Duty.APPROVE_GRANT,
            Duty.SHRED,
        }
    ),
    OPERATOR: frozenset(
        {Duty.READ_POLICY, Duty.ACTIVATE_POLICY, Duty.MANAGE_KEYS, Duty.READ_USAGE}
    ),
    "clinician": frozenset({Duty.ASK_GRANT, Duty.REIDENTIFY}),
}
"""A role that is not here carries no duty; it may still use a model, if policy lets it."""

CONFLICTS: Final[frozenset[frozenset[str]]] = frozenset(
    frozenset(pair) for pair in combinations((SERVICE, AUDITOR, AUTHOR, APPROVER, OPERATOR), 2)
)
"""Pairs of roles that no one caller may hold at once: then neither gives any duty."""


def bare(name: str) -> str:
    """Return what tells one person's name from another's: letters and digits, without case."""
    return "".join(character for character in name.casefold() if character.isalnum())


def same_person(one: str, other: str) -> bool:
    """Say whether two names are one person's, however they are written."""
    return bare(one) == bare(other)


def conflicts(roles: AbstractSet[str]) -> tuple[tuple[str, str], ...]:
    """Return the pairs of `roles` that one caller may not hold together, sorted."""
    return tuple(
        (first, second)
        for first, second in combinations(sorted(roles), 2)
        if frozenset((first, second)) in CONFLICTS
    )


def carries(roles: AbstractSet[str], duty: Duty) -> bool:
    """Say whether a caller with `roles` may do `duty`. Roles in conflict carry nothing."""
    if conflicts(roles):
        return False
    return any(duty in DUTIES.get(role, frozenset()) for role in roles)


def roles_for(duty: Duty) -> tuple[str, ...]:
    """Return the roles that carry `duty`, sorted: what to ask an administrator for."""
    return tuple(sorted(role for role, duties in DUTIES.items() if duty in duties))
