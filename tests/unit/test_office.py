"""The one door to the administrator's and the auditor's work."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.clock import SystemClock
from gateway.domain.duties import Duty, roles_for
from gateway.domain.errors import AuthenticationError, Code, ExchangeError, LedgerUnavailable
from gateway.domain.exchange import Assurance, Caller, Credentials
from gateway.domain.records import Admin, AdminAct
from gateway.domain.scope import Scope
from gateway.office import Office
from tests.fakes.ledger import MemoryLedger


class Known:
    """Believes one caller."""

    def __init__(self, *roles: str) -> None:
        self.caller = Caller(
            "key-77aa01bb", "desk", frozenset(roles), frozenset(), "desk", Assurance.API_KEY
        )

    def authenticate(self, credentials: Credentials) -> Caller:
        if credentials.authorization is None:
            raise AuthenticationError(Code.MISSING_CREDENTIALS, "Send a key.")
        return self.caller


GOOD = Credentials("Bearer x", "127.0.0.1")


async def test_who_carries_the_duty_is_let_in() -> None:
    ledger = MemoryLedger()
    caller = await Office(Known("auditor"), ledger, SystemClock()).admit(GOOD, Duty.READ_AUDIT)
    assert caller.id == "key-77aa01bb"
    assert ledger.records == []


@pytest.mark.parametrize("roles", [(), ("operator",), ("auditor", "operator")])
async def test_who_does_not_is_refused_and_recorded(roles: tuple[str, ...]) -> None:
    ledger = MemoryLedger()
    with pytest.raises(ExchangeError) as refused:
        await Office(Known(*roles), ledger, SystemClock()).admit(GOOD, Duty.READ_AUDIT)
    assert refused.value.code is Code.DUTY_REFUSED
    assert "auditor" in refused.value.message
    (record,) = ledger.records
    assert isinstance(record, Admin)
    assert (record.act, record.target) == (AdminAct.DUTY_REFUSED, "read_audit")


async def test_who_lacks_every_duty_is_told_each_role_that_would_do() -> None:
    office = Office(Known("operator"), MemoryLedger(), SystemClock())
    with pytest.raises(ExchangeError) as refused:
        await office.admit(GOOD, Duty.ASK_GRANT, Duty.APPROVE_GRANT)
    told = refused.value.message
    assert {*roles_for(Duty.ASK_GRANT), *roles_for(Duty.APPROVE_GRANT)} <= set(
        told.removesuffix(".").split()
    )


async def test_nobody_known_is_nobody_recorded() -> None:
    ledger = MemoryLedger()
    with pytest.raises(AuthenticationError):
        await Office(Known(), ledger, SystemClock()).admit(
            Credentials(None, "127.0.0.1"), Duty.READ_AUDIT
        )
    assert ledger.records == []


@pytest.mark.parametrize(
    "code", [Code.REVOKED_CREDENTIALS, Code.EXPIRED_CREDENTIALS, Code.NETWORK_NOT_ALLOWED]
)
async def test_whose_key_works_no_more_is_recorded_before_they_are_told(code: Code) -> None:
    class Former(Known):
        def authenticate(self, credentials: Credentials) -> Caller:
            raise AuthenticationError(
                code, "Not any more.", caller=super().authenticate(credentials)
            )

    ledger = MemoryLedger()
    office = Office(Former("auditor"), ledger, SystemClock())
    with pytest.raises(AuthenticationError):
        await office.admit(GOOD, Duty.READ_AUDIT)
    (record,) = ledger.records
    assert isinstance(record, Admin)
    assert (record.actor, record.act) == ("key-77aa01bb", AdminAct.DUTY_REFUSED)
    assert record.target == f"read_audit {code}"
    ledger.fail_next = 1
    with pytest.raises(LedgerUnavailable):
        await office.admit(GOOD, Duty.READ_AUDIT)


@pytest.mark.parametrize(
    ("action", "duty", "may"),
    [
        ("chat", Duty.READ_AUDIT, False),
        ("chat", Duty.REIDENTIFY, False),
        ("reidentify", Duty.READ_AUDIT, False),
        ("reidentify", Duty.REIDENTIFY, True),
        ("reidentify", Duty.ASK_GRANT, True),
    ],
)
async def test_a_key_that_is_for_some_actions_alone_carries_no_other_duty(
    action: str, duty: Duty, *, may: bool
) -> None:
    known, ledger = Known("auditor"), MemoryLedger()
    known.caller = replace(known.caller, scope=Scope(actions=frozenset({action})))
    office = Office(known, ledger, SystemClock())
    if may:
        assert await office.admit(GOOD, duty) == known.caller
        return
    with pytest.raises(ExchangeError) as refused:
        await office.admit(GOOD, duty)
    assert refused.value.code is Code.SCOPE_EXCEEDED
    (record,) = ledger.records
    assert isinstance(record, Admin)
    assert record.target == f"{duty} scope_exceeded"


async def test_without_a_ledger_nobody_is_told_why() -> None:
    ledger = MemoryLedger()
    ledger.fail_next = 1
    with pytest.raises(LedgerUnavailable):
        await Office(Known(), ledger, SystemClock()).admit(GOOD, Duty.READ_AUDIT)
