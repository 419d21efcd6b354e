"""A ledger in memory, with hooks to make it fail. Passes `tests/contracts/test_ledger.py`."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping
from pathlib import Path

from gateway.domain.canonical import encode
from gateway.domain.errors import Code, LedgerUnavailable
from gateway.domain.exchange import Action, FinishReason, Purpose
from gateway.domain.merkle import leaf_hash
from gateway.domain.ports import Receipt
from gateway.domain.records import (
    Access,
    AccessAct,
    Admin,
    AdminAct,
    Alert,
    Difference,
    Intent,
    Kind,
    Outcome,
    Record,
    RecordOrderError,
    Refusal,
    Review,
    ReviewState,
    Status,
    kind_of,
)


class MemoryLedger:
    """`ports.Ledger`. `records` holds what is "durable", in the order of the log.

    Faults: `fail_next` appends raise `LedgerUnavailable`, as do all of a kind in `fail_kinds`;
    with `persist_failed` they are written all the same, as when an fsync's answer is lost.
    `delay` is in seconds; while `hang` is set, nothing is answered.
    """

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.fail_next = 0
        self.fail_kinds: set[Kind] = set()
        self.persist_failed = False
        self.delay = 0.0
        self.hang = False
        self.healthy = True
        self._open: set[str] = set()
        self._known: set[str] = set()
        self._turn = asyncio.Lock()

    async def append(self, record: Record) -> Receipt:
        encode(record)  # As the real one, refuse what no leaf can hold before anything else.
        return await asyncio.shield(asyncio.ensure_future(self._append(record)))

    def ready(self) -> bool:
        return self.healthy

    def of(self, kind: Kind) -> list[Record]:
        """Return the records of one kind."""
        return [record for record in self.records if kind_of(record) is kind]

    async def _append(self, record: Record) -> Receipt:
        async with self._turn:
            if self.hang:
                await asyncio.Event().wait()
            await asyncio.sleep(self.delay)
            self._admit(record)
            failing = self.fail_next > 0 or kind_of(record) in self.fail_kinds
            self.fail_next = max(0, self.fail_next - 1)
            if failing and not self.persist_failed:
                raise LedgerUnavailable
            self._write(record)
            if failing:
                raise LedgerUnavailable
            return Receipt(record.exchange, len(self.records) - 1, leaf_hash(encode(record)))

    def _admit(self, record: Record) -> None:
        match record:
            case Intent() | Refusal():
                if record.exchange in self._known:
                    raise RecordOrderError("an intent or a refusal is first in its exchange")
            case Outcome():
                if record.exchange not in self._open:
                    raise RecordOrderError("an outcome settles an open intent, once")
            case Admin() | Access() | Review() | Alert() | Difference():
                pass

    def _write(self, record: Record) -> None:
        match record:
            case Intent():
                self._known.add(record.exchange)
                self._open.add(record.exchange)
            case Refusal():
                self._known.add(record.exchange)
            case Outcome():
                self._open.remove(record.exchange)
            case Admin() | Access() | Review() | Alert() | Difference():
                pass
        self.records.append(record)


def intent(
    exchange: str, *, time: int = 1_780_000_000_000, findings: Mapping[str, int] | None = None
) -> Intent:
    """Return an intent like the gateway's."""
    return Intent(
        exchange=exchange,
        time=time,
        actor="key-4f2a91c0",
        client="discharge-letters",
        action=Action.CHAT,
        purpose=Purpose.TREAT,
        model="smollm2-135m-instruct",
        model_digest="d" * 64,
        profile="treatment",
        release="e" * 64,
        rules=("treatment-clinicians",),
        findings={"PERSON": 2, "DATE_OF_BIRTH": 1} if findings is None else findings,
        prompt_tokens=213,
    )


def outcome(exchange: str, *, time: int = 1_780_000_001_000) -> Outcome:
    """Return the outcome of an exchange that went well."""
    return Outcome(
        exchange=exchange,
        time=time,
        status=Status.COMPLETED,
        finish_reason=FinishReason.STOP,
        prompt_tokens=213,
        completion_tokens=64,
        restored=2,
    )


def refusal(exchange: str, *, time: int = 1_780_000_000_500) -> Refusal:
    """Return a refusal by policy."""
    return Refusal(
        exchange=exchange,
        time=time,
        actor="key-77aa01ff",
        client="cohort-finder",
        action=Action.CHAT,
        code=Code.POLICY_DENIED,
        purpose=Purpose.HRESCH,
        model="smollm2-135m-instruct",
        rules=("no-research-on-weekends",),
    )


def admin(exchange: str, *, time: int = 1_780_000_000_000) -> Admin:
    """Return an administrative act."""
    return Admin(
        exchange=exchange,
        time=time,
        actor="os:root",
        act=AdminAct.KEY_CREATED,
        target="key:4f2a91c0",
    )


def photograph(directory: Path, copy: Path) -> None:
    """Copy the directory of a log that is in use; what is being written aside is not there yet.

    Files are copied one after another: again, if a checkpoint was published meanwhile.
    """
    while True:
        before = _published(directory)
        shutil.copytree(directory, copy, ignore=shutil.ignore_patterns(".*"))
        if _published(directory) == before == _published(copy):
            return
        shutil.rmtree(copy)


def _published(directory: Path) -> bytes:
    path = directory / "checkpoint"
    return path.read_bytes() if path.exists() else b""


def access(exchange: str) -> Access:
    """Return a look at the audit."""
    return Access(
        exchange=exchange,
        time=1_780_000_000_000,
        actor="key-77aa01bb",
        client="audit-desk",
        access=AccessAct.SEARCH,
        target="patient",
        grant="0199f2c4-0000-7000-8000-000000000001",
        purpose=Purpose.HCOMPL,
    )


def review(exchange: str, record: int = 0) -> Review:
    """Return what an auditor says of a record."""
    return Review(
        exchange=exchange,
        time=1_780_000_000_000,
        actor="key-77aa01bb",
        record=record,
        state=ReviewState.EXPLAINED,
        sealed="ab" * 32,
    )


def alert(exchange: str, record: int = 0) -> Alert:
    """Return an alert about a record."""
    return Alert(
        exchange=exchange,
        time=1_780_000_000_000,
        rule="bulk-access",
        record=record,
        actor="key-4f2a91c0",
        count=120,
    )


def difference(exchange: str) -> Difference:
    """Return what a candidate release would have decided."""
    return Difference(
        exchange=exchange,
        time=1_780_000_000_000,
        release="cd" * 32,
        rules=("night-shift",),
        code=Code.POLICY_DENIED,
    )
