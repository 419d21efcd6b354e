"""A kept text is shown under a grant, after the record that says so."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway.disclosure import Disclosure
from gateway.domain.errors import Code, ExchangeError, LedgerUnavailable
from gateway.domain.payloads import Part, Words
from gateway.domain.ports import Grants
from gateway.domain.records import Access, AccessAct
from gateway.domain.subjects import Subjects
from gateway.domain.text import RawText
from tests.fakes.identity import StoppedClock, caller
from tests.fakes.ledger import MemoryLedger
from tests.fakes.vault import FakeGrants, MemoryVault

EXCHANGE = "019a0000-0000-7000-8000-000000000001"
AUDITOR = caller("key:auditor", roles=frozenset({"auditor"}))
WHOM = Subjects((b"p" * 32,))


@pytest.fixture
async def vault() -> MemoryVault:
    made = MemoryVault()
    await made.keep(EXCHANGE, Part.REQUEST, WHOM, Words((RawText("a cough"),)))
    return made


@pytest.fixture
def ledger() -> MemoryLedger:
    return MemoryLedger()


def disclosure(
    vault: MemoryVault,
    ledger: MemoryLedger,
    grants: Grants | None = None,
    gate: Callable[[], None] = lambda: None,
) -> Disclosure:
    return Disclosure(vault, grants or FakeGrants(), ledger, StoppedClock(), gate)


def accesses(ledger: MemoryLedger) -> list[tuple[str, str | None, Code | None]]:
    found = [each for each in ledger.records if isinstance(each, Access)]
    assert len(found) == len(ledger.records)
    assert {(each.access, each.actor) for each in found} == {
        (AccessAct.READ_PAYLOAD, "key:auditor")
    }
    return [(each.target, each.grant, each.code) for each in found]


async def test_who_has_a_grant_for_the_patient_sees_it_and_that_is_recorded(
    vault: MemoryVault, ledger: MemoryLedger
) -> None:
    grants = FakeGrants()
    shown = await disclosure(vault, ledger, grants).show(AUDITOR, EXCHANGE)
    assert shown.request is not None
    assert grants.asked == [("key:auditor", AccessAct.READ_PAYLOAD, WHOM.patients)]
    assert accesses(ledger) == [(EXCHANGE, "grant-1", None)]


async def test_who_has_none_is_refused_and_that_is_recorded(
    vault: MemoryVault, ledger: MemoryLedger
) -> None:
    grants = FakeGrants(grant=None)
    with pytest.raises(ExchangeError) as error:
        await disclosure(vault, ledger, grants).show(AUDITOR, EXCHANGE)
    assert error.value.code is Code.GRANT_REQUIRED
    assert accesses(ledger) == [(EXCHANGE, None, Code.GRANT_REQUIRED)]


async def test_where_nobody_outside_vouches_for_the_log_nothing_is_shown_and_that_is_recorded(
    vault: MemoryVault, ledger: MemoryLedger
) -> None:
    def gate() -> None:
        raise ExchangeError(Code.AUDIT_UNWITNESSED, "A witness has seen another history.")

    grants = FakeGrants()
    with pytest.raises(ExchangeError) as error:
        await disclosure(vault, ledger, grants, gate).show(AUDITOR, EXCHANGE)
    assert error.value.code is Code.AUDIT_UNWITNESSED
    assert grants.asked == []
    assert accesses(ledger) == [(EXCHANGE, None, Code.AUDIT_UNWITNESSED)]


async def test_without_a_durable_record_nothing_is_opened(
    vault: MemoryVault, ledger: MemoryLedger
) -> None:
    ledger.fail_next = 1
    vault.damaged.add(EXCHANGE)  # To open it would be another error.
    with pytest.raises(LedgerUnavailable):
        await disclosure(vault, ledger).show(AUDITOR, EXCHANGE)


async def test_what_does_not_open_is_recorded_as_not_shown(
    vault: MemoryVault, ledger: MemoryLedger
) -> None:
    vault.shred(EXCHANGE)
    with pytest.raises(ExchangeError):
        await disclosure(vault, ledger).show(AUDITOR, EXCHANGE)
    assert accesses(ledger) == [
        (EXCHANGE, "grant-1", None),
        (EXCHANGE, "grant-1", Code.PAYLOAD_SHREDDED),
    ]


@pytest.mark.parametrize("name", ["", "x1", "48210377", EXCHANGE.upper(), EXCHANGE + "\n"])
async def test_what_somebody_made_up_is_in_no_record(
    vault: MemoryVault, ledger: MemoryLedger, name: str
) -> None:
    with pytest.raises(ExchangeError) as error:
        await disclosure(vault, ledger).show(AUDITOR, name)
    assert error.value.code is Code.NOT_FOUND
    assert ledger.records == []
