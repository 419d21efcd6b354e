"""Nobody holds two of the powers that have to be apart."""

from __future__ import annotations

from itertools import combinations

import pytest

from gateway.domain.duties import (
    APPROVER,
    AUDITOR,
    AUTHOR,
    DUTIES,
    OPERATOR,
    SERVICE,
    Duty,
    carries,
    conflicts,
    roles_for,
)


def test_every_duty_is_carried_by_a_role() -> None:
    assert set().union(*DUTIES.values()) == set(Duty)
    assert all(roles_for(duty) for duty in Duty)


@pytest.mark.parametrize(
    ("role", "never"),
    [
        (OPERATOR, {Duty.READ_PAYLOAD, Duty.SEARCH_PATIENT, Duty.REIDENTIFY, Duty.APPROVE_POLICY}),
        (AUDITOR, {Duty.WRITE_POLICY, Duty.APPROVE_POLICY, Duty.ACTIVATE_POLICY, Duty.SHRED}),
        (AUTHOR, {Duty.APPROVE_POLICY, Duty.ACTIVATE_POLICY, Duty.READ_AUDIT, Duty.READ_PAYLOAD}),
        (APPROVER, {Duty.WRITE_POLICY, Duty.ACTIVATE_POLICY, Duty.ASK_GRANT, Duty.REIDENTIFY}),
        (SERVICE, set(Duty)),
        ("a role of the policy", set(Duty)),
    ],
)
def test_a_role_does_not_carry_what_another_is_to_watch(role: str, never: set[Duty]) -> None:
    assert not any(carries({role}, duty) for duty in never)


@pytest.mark.parametrize(
    "pair", list(combinations((SERVICE, AUDITOR, AUTHOR, APPROVER, OPERATOR), 2)), ids="-".join
)
def test_roles_in_conflict_carry_nothing(pair: tuple[str, str]) -> None:
    roles = {*pair, "clinician"}
    assert conflicts(roles) == (tuple(sorted(pair)),)
    assert not any(carries(roles, duty) for duty in Duty)


def test_whoever_asks_for_a_grant_is_not_who_approves_it() -> None:
    both = {Duty.ASK_GRANT, Duty.APPROVE_GRANT}
    assert not any(both <= duties for duties in DUTIES.values())
