"""Searching the log, and proving what was found."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from gateway.domain.errors import Code
from gateway.domain.exchange import Purpose
from gateway.domain.merkle import check_inclusion
from gateway.domain.records import Kind
from gateway.ledger import (
    LedgerError,
    LedgerReader,
    Place,
    Query,
    SqliteLedger,
    VerificationError,
    read_ledger,
)
from tests.fakes.ledger import admin, intent, outcome, refusal


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[LedgerReader]:
    place = Place(tmp_path / "ledger", tmp_path / "keys", "ward-1")
    with SqliteLedger.open_for_recording(place) as ledger:
        for record in (
            admin("a0", time=1000),
            intent("x1", time=2000),
            refusal("r1", time=3000),
            intent("x2", time=9000),
            outcome("x1", time=4000),
            outcome("x2", time=5000),
        ):
            ledger.append_blocking(record)
    with read_ledger(place.directory) as opened:
        yield opened


@pytest.mark.parametrize(
    ("query", "indices"),
    [
        (Query(), [0, 1, 2, 3, 4, 5]),
        (Query(limit=None), [0, 1, 2, 3, 4, 5]),
        (Query(limit=2), [4, 5]),
        (Query(kind=Kind.INTENT), [1, 3]),
        (Query(kind=Kind.INTENT, limit=1), [3]),
        (Query(actor="key-4f2a91c0"), [1, 3, 4, 5]),
        (Query(actor="nobody"), []),
        (Query(actor="' OR 1 --"), []),
        (Query(code=Code.POLICY_DENIED), [2]),
        (Query(code=Code.OVERLOADED), []),
        (Query(exchange="x1"), [1, 4]),
        (Query(purpose=Purpose.TREAT), [1, 3, 4, 5]),
        (Query(purpose=Purpose.HRESCH), [2]),
        (Query(since=3000), [2, 3, 4, 5]),
        (Query(until=3000), [0, 1]),
        (Query(since=2000, until=5000, kind=Kind.OUTCOME), [4]),
        (Query(after=3), [4, 5]),
    ],
    ids=str,
)
def test_a_query_finds_what_it_says_in_the_order_of_the_log(
    reader: LedgerReader, query: Query, indices: list[int]
) -> None:
    assert [logged.index for logged in reader.search(query)] == indices


def test_an_exchange_is_its_intent_and_its_outcome(reader: LedgerReader) -> None:
    assert [logged.record for logged in reader.exchange("x1")] == [
        intent("x1", time=2000),
        outcome("x1", time=4000),
    ]
    assert reader.exchange("none") == ()
    assert reader.at(99) is None


def test_a_record_is_proved_to_be_in_the_signed_log(reader: LedgerReader) -> None:
    for logged in reader.search(Query()):
        proof = reader.prove(logged)
        check_inclusion(
            index=logged.index,
            size=proof.checkpoint.size,
            leaf=proof.leaf_hash,
            proof=proof.path,
            root=proof.checkpoint.root,
        )


def test_a_changed_record_is_not_proved(reader: LedgerReader, tmp_path: Path) -> None:
    db = apsw.Connection(str(tmp_path / "ledger" / "ledger.db"))
    db.execute("UPDATE entries SET leaf = CAST(replace(CAST(leaf AS TEXT), '213', '214') AS BLOB)")
    db.close()
    with read_ledger(tmp_path / "ledger") as changed:
        logged = changed.at(1)
        assert logged is not None
        with pytest.raises(VerificationError, match="record 1: the inclusion proof"):
            changed.prove(logged)


def test_a_record_that_only_the_index_has_is_an_error(tmp_path: Path, reader: LedgerReader) -> None:
    db = apsw.Connection(str(tmp_path / "ledger" / "ledger.db"))
    db.execute("DELETE FROM entries WHERE idx = 2")
    db.close()
    with (
        read_ledger(tmp_path / "ledger") as changed,
        pytest.raises(VerificationError, match="record 2: the search index names it"),
    ):
        list(changed.search(Query()))


def test_a_log_is_not_read_with_the_wrong_key(tmp_path: Path, reader: LedgerReader) -> None:
    (tmp_path / "ledger" / "ledger.vkey").write_text("PeterNeumann+c74f20a3+AAAA\n")
    with pytest.raises(LedgerError, match=r"ledger\.vkey"), read_ledger(tmp_path / "ledger"):
        pass
