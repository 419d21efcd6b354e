"""Records that wait together are judged as if they had come one after the other."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from gateway.domain.canonical import encode
from gateway.domain.records import Record, RecordOrderError
from gateway.ledger import store
from gateway.ledger.admission import Admission
from gateway.ledger.head import empty_head
from gateway.ledger.keys import SigningKey
from tests.fakes.ledger import admin, intent, outcome, refusal


@pytest.fixture
def db(tmp_path: Path) -> Iterator[apsw.Connection]:
    opened = store.connect(tmp_path / "ledger.db")
    store.create_schema(opened, empty_head(SigningKey("test", bytes(32))))
    yield opened
    opened.close()


def judge(db: apsw.Connection, group: list[Record], start: int = 0) -> tuple[list[bool], Admission]:
    admission, admitted = Admission(db), []
    for record in group:
        try:
            admission.admit(record, encode(record), start + len(admission.batch.leaves))
        except RecordOrderError:
            admitted.append(False)
        else:
            admitted.append(True)
    return admitted, admission


STEPS = [intent("x"), outcome("x"), refusal("x"), admin("x")]


@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_group_is_judged_like_its_records_one_by_one(db: apsw.Connection, length: int) -> None:
    for steps in itertools.product(STEPS, repeat=length):
        together, _ = judge(db, list(steps))
        db.execute("BEGIN IMMEDIATE")
        apart, size = [], 0
        for step in steps:
            admitted, admission = judge(db, [step], size)
            apart += admitted
            size += len(admission.batch.leaves)
            head = store.Head(size, b"", b"", b"")
            store.write_batch(db, admission.batch, head)
        db.execute("ROLLBACK")
        assert together == apart, steps


def test_an_outcome_is_indexed_under_its_intent(db: apsw.Connection) -> None:
    _, admission = judge(db, [intent("x"), outcome("x"), admin("a")])
    facts = admission.batch.facts
    assert facts[1].subject == facts[0].subject
    assert facts[0].subject.actor == "key-4f2a91c0"
    assert admission.batch.opened == [("x", 0)]
    assert admission.batch.closed == [("x",)]
