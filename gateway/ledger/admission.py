"""Which records an exchange may still get: one refusal, or one intent and then one outcome.

Asked inside the write transaction, of the database and of what this group has admitted so far.
"""

from __future__ import annotations

import apsw

from gateway.domain.records import (
    Access,
    Admin,
    Alert,
    Difference,
    Intent,
    Outcome,
    Record,
    RecordOrderError,
    Refusal,
    Review,
)
from gateway.ledger import store
from gateway.ledger.store import Batch, Facts, Subject


class Admission:
    """Collects the rows of one transaction in `batch`."""

    __slots__ = ("_db", "_opened", "_settled", "batch")

    def __init__(self, db: apsw.Connection) -> None:
        self._db = db
        self._opened: dict[str, Subject] = {}
        self._settled: set[str] = set()
        self.batch = Batch([], [], [], [])

    def admit(self, record: Record, leaf: bytes, index: int) -> None:
        """Add `record` as number `index`; `RecordOrderError` if its exchange may not have it."""
        exchange = record.exchange
        match record:
            case Intent():
                self._check_new(exchange)
                subject = Subject(
                    record.actor, record.action.value, record.purpose.value, record.model
                )
                facts = Facts(index, "intent", exchange, record.time, subject, None)
                self._opened[exchange] = subject
                self.batch.opened.append((exchange, index))
            case Refusal():
                self._check_new(exchange)
                purpose = None if record.purpose is None else record.purpose.value
                subject = Subject(record.actor, record.action.value, purpose, record.model)
                facts = Facts(index, "refusal", exchange, record.time, subject, record.code.value)
                self._settled.add(exchange)
            case Outcome():
                subject = self._intent_of(exchange)
                code = None if record.code is None else record.code.value
                facts = Facts(index, "outcome", exchange, record.time, subject, code)
                self._settled.add(exchange)
                self.batch.closed.append((exchange,))
            case Admin():
                subject = Subject(record.actor, record.act.value, None, None)
                facts = Facts(index, "admin", exchange, record.time, subject, None)
            case Access():
                purpose = None if record.purpose is None else record.purpose.value
                code = None if record.code is None else record.code.value
                subject = Subject(record.actor, record.access.value, purpose, None)
                facts = Facts(index, "access", exchange, record.time, subject, code)
            case Review():
                state = "comment" if record.state is None else record.state.value
                subject = Subject(record.actor, state, None, None)
                facts = Facts(index, "review", exchange, record.time, subject, None)
            case Alert():
                subject = Subject(record.actor, record.rule, None, None)
                facts = Facts(index, "alert", exchange, record.time, subject, None)
            case Difference():
                code = None if record.code is None else record.code.value
                subject = Subject(None, None, None, None)
                facts = Facts(index, "difference", exchange, record.time, subject, code)
        self.batch.leaves.append((index, leaf))
        self.batch.facts.append(facts)

    def _check_new(self, exchange: str) -> None:
        if (
            exchange in self._opened
            or exchange in self._settled
            or store.is_known(self._db, exchange)
        ):
            raise RecordOrderError("an intent or a refusal is the first record of its exchange")

    def _intent_of(self, exchange: str) -> Subject:
        subject = self._opened.get(exchange) or store.intent_of(self._db, exchange)
        if subject is None or exchange in self._settled:
            raise RecordOrderError("an outcome settles an open intent, and settles it once")
        return subject
