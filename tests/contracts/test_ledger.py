"""What every ledger does: the one on disk and the one in memory pass the same tests."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.domain.canonical import encode
from gateway.domain.merkle import leaf_hash
from gateway.domain.ports import Ledger
from gateway.domain.records import RecordOrderError
from gateway.ledger import Place, SqliteLedger
from tests.fakes.ledger import MemoryLedger, admin, difference, intent, outcome, refusal


@pytest.fixture(params=["memory", "sqlite"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    if request.param == "memory":
        yield MemoryLedger()
        return
    place = Place(tmp_path / "ledger", tmp_path / "keys", "ward-1")
    with SqliteLedger.open_for_serving(place, now_ms=lambda: 1) as opened:
        yield opened


async def test_a_receipt_names_the_exchange_the_index_and_the_leaf(ledger: Ledger) -> None:
    await ledger.append(admin("a"))
    record = intent("x1")
    receipt = await ledger.append(record)
    assert (receipt.exchange, receipt.index) == ("x1", 1)
    assert receipt.leaf_hash == leaf_hash(encode(record))


async def test_records_are_logged_in_the_order_of_the_calls(ledger: Ledger) -> None:
    receipts = await asyncio.gather(*(ledger.append(intent(f"x{n}")) for n in range(100)))
    assert [receipt.index for receipt in receipts] == list(range(100))


async def test_an_outcome_without_an_intent_is_an_error(ledger: Ledger) -> None:
    with pytest.raises(RecordOrderError):
        await ledger.append(outcome("x1"))


async def test_an_outcome_settles_its_intent_once(ledger: Ledger) -> None:
    await ledger.append(intent("x1"))
    await ledger.append(outcome("x1"))
    with pytest.raises(RecordOrderError):
        await ledger.append(outcome("x1"))


@pytest.mark.parametrize("first", [intent, refusal])
@pytest.mark.parametrize("second", [intent, refusal])
async def test_an_exchange_begins_once(first, second, ledger: Ledger) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    await ledger.append(first("x1"))
    with pytest.raises(RecordOrderError):
        await ledger.append(second("x1"))


async def test_a_settled_exchange_does_not_begin_again(ledger: Ledger) -> None:
    await ledger.append(intent("x1"))
    await ledger.append(outcome("x1"))
    with pytest.raises(RecordOrderError):
        await ledger.append(intent("x1"))


async def test_a_refused_exchange_has_no_outcome(ledger: Ledger) -> None:
    await ledger.append(refusal("x1"))
    with pytest.raises(RecordOrderError):
        await ledger.append(outcome("x1"))


async def test_a_misplaced_record_leaves_those_beside_it_alone(ledger: Ledger) -> None:
    results = await asyncio.gather(
        ledger.append(intent("x1")),
        ledger.append(outcome("nobody")),
        ledger.append(intent("x1")),
        ledger.append(intent("x2")),
        return_exceptions=True,
    )
    kinds = [type(result).__name__ for result in results]
    assert kinds == ["Receipt", "RecordOrderError", "RecordOrderError", "Receipt"]
    assert (await ledger.append(outcome("x2"))).index == 2


async def test_an_intent_and_its_outcome_may_wait_together(ledger: Ledger) -> None:
    first, second = await asyncio.gather(ledger.append(intent("x")), ledger.append(outcome("x")))
    assert (first.index, second.index) == (0, 1)


async def test_a_cancelled_append_is_written_and_disturbs_nobody(ledger: Ledger) -> None:
    calls = [asyncio.create_task(ledger.append(intent(f"x{n}"))) for n in range(20)]
    await asyncio.sleep(0)
    for call in calls[::2]:
        call.cancel()
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert all(not isinstance(result, Exception) for result in results[1::2])
    for n in range(20):
        await ledger.append(outcome(f"x{n}"))


async def test_a_record_that_no_leaf_holds_is_an_error_at_once(ledger: Ledger) -> None:
    with pytest.raises(ValueError, match="exchange"):
        await ledger.append(intent("naïve"))


async def test_time_may_jump_back(ledger: Ledger) -> None:
    await ledger.append(intent("x1", time=2_000_000_000_000))
    assert (await ledger.append(outcome("x1", time=5))).index == 1


async def test_what_a_candidate_would_have_said_may_be_written_before_the_exchange_is(
    ledger: Ledger,
) -> None:
    await ledger.append(difference("a"))
    await ledger.append(intent("a"))
    await ledger.append(difference("a"))
    await ledger.append(outcome("a"))
