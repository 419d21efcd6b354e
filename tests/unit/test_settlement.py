"""An outcome that is not durable is offered again, whatever went wrong with it."""

from __future__ import annotations

import asyncio

import pytest

from gateway.domain.errors import Code, LedgerUnavailable
from gateway.domain.ports import Receipt
from gateway.domain.records import Outcome, Record, Status
from gateway.settlement import Settlement
from tests.fakes.ledger import MemoryLedger, intent, outcome


class Failing(MemoryLedger):
    """Fails at each attempt as it is told, and then works."""

    def __init__(self, *failures: Exception) -> None:
        super().__init__()
        self.failures = list(failures)

    async def append(self, record: Record) -> Receipt:
        if isinstance(record, Outcome) and self.failures:
            raise self.failures.pop(0)
        return await super().append(record)


async def test_what_nobody_foresaw_does_not_end_the_trying(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("gateway.settlement.FIRST_DELAY", 0.001)
    ledger = Failing(LedgerUnavailable(), ValueError("a text that must not be logged"))
    settlement = Settlement(ledger)
    await ledger.append(intent("x"))
    with pytest.raises(LedgerUnavailable):
        await settlement.settle(outcome("x"))
    async with asyncio.timeout(10):
        while len(ledger.records) < 2:  # noqa: ASYNC110 - the ledger has no event for it
            await asyncio.sleep(0.001)
    last = ledger.records[-1]
    assert isinstance(last, Outcome)
    assert (last.status, last.code) == (Status.FAILED, Code.AUDIT_UNAVAILABLE)
    said = "".join(capsys.readouterr())
    assert "unexpected_error" in said
    assert "must not be logged" not in said
    await settlement.drain(1)
