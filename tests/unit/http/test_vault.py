"""`POST /audit/shred` and `GET /audit/payloads/{id}`: who may, what is recorded, what returns."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.app import assemble
from gateway.clock import SystemClock
from gateway.disclosure import Disclosure
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.ports import Grants, Receipt
from gateway.domain.records import Access, Admin, AdminAct, Record
from gateway.http.vault import Safe
from gateway.ledger import SqliteLedger, read_ledger
from gateway.ledger.sealing import SqliteVault
from tests.fakes import exchange
from tests.fakes.identity import FakeAuthenticator, caller
from tests.fakes.vault import FakeGrants, FakeHolds
from tests.fakes.vaults import SUBJECT_KEY, Node, about, fill

THORNTON = "48210377"


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path / "data")


@pytest.fixture
def names(node: Node) -> list[str]:
    return fill(node, [about(THORNTON), about("99120455")])


@pytest.fixture
def opened(node: Node, names: list[str]) -> Iterator[tuple[SqliteLedger, SqliteVault]]:
    with node.serving() as both:
        yield both


def client(
    node: Node,
    both: tuple[SqliteLedger, SqliteVault],
    role: str,
    grants: Grants | None = None,
    holds: FakeHolds | None = None,
) -> httpx.AsyncClient:
    ledger, vault = both
    parts = replace(
        exchange.World().parts(),
        authenticator=FakeAuthenticator({"good": caller("key:desk", roles=frozenset({role}))}),
        ledger=ledger,
        clock=SystemClock(),
    )
    safe = Safe(
        Disclosure(vault, grants or FakeGrants(grant=None), ledger, SystemClock(), lambda: None),
        node.shredder(holds),
        SUBJECT_KEY,
    )
    app = assemble(parts, node.settings(), {}, extras={"safe": safe})
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app),  # type: ignore[arg-type]
        base_url="http://gateway",
        headers={"authorization": "Bearer good"},
    )


@pytest.fixture
async def approver(
    node: Node, opened: tuple[SqliteLedger, SqliteVault]
) -> AsyncIterator[httpx.AsyncClient]:
    async with client(node, opened, "approver") as made:
        yield made


def last(node: Node) -> Record:
    with read_ledger(node.place.directory) as ledger:
        logged = ledger.at(ledger.checkpoint.size - 1)
        assert logged is not None
        return logged.record


async def test_a_patient_is_shredded_and_the_record_does_not_say_whose(
    node: Node, names: list[str], approver: httpx.AsyncClient
) -> None:
    reply = await approver.post("/audit/shred", json={"patient": "48-21 0377"})
    assert reply.status_code == 200, reply.text
    said = reply.json()
    assert {**said, "id": ""} == {
        "id": "",
        "shredded": "patient",
        "target": "patient",
        "exchanges": 1,
        "texts": 2,
    }
    record = last(node)
    assert isinstance(record, Admin)
    assert (record.actor, record.exchange) == ("key:desk", said["id"])
    assert (record.act, record.target) == (AdminAct.PATIENT_SHREDDED, "patient")
    again = await approver.post("/audit/shred", json={"patient": THORNTON})
    assert (again.status_code, again.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, Code.INVALID_REQUEST),
        ({"record": "x", "patient": "y"}, Code.INVALID_REQUEST),
        ({"epoch": "Q4"}, Code.INVALID_REQUEST),
        ({"record": ""}, Code.INVALID_REQUEST),
        ({"record": "48210377"}, Code.PAYLOAD_NOT_KEPT),
        ({"everything": True}, Code.UNKNOWN_FIELD),
        ([], Code.INVALID_REQUEST),
    ],
)
async def test_what_makes_no_sense_is_refused_and_quoted_nowhere(
    node: Node, approver: httpx.AsyncClient, body: Any, code: Code
) -> None:
    before = last(node)
    reply = await approver.post("/audit/shred", json=body)
    assert reply.json()["code"] == code
    assert THORNTON not in reply.text
    assert last(node) == before


async def test_what_is_held_is_not_shredded(
    node: Node, names: list[str], opened: tuple[SqliteLedger, SqliteVault]
) -> None:
    async with client(node, opened, "approver", holds=FakeHolds({names[0]})) as approver:
        reply = await approver.post("/audit/shred", json={"patient": THORNTON})
    assert (reply.status_code, reply.json()["code"]) == (409, "payload_held")


async def test_who_goes_away_while_it_is_recorded_does_not_leave_it_half_done(
    node: Node, names: list[str], opened: tuple[SqliteLedger, SqliteVault]
) -> None:
    ledger, vault = opened
    began, go_on = asyncio.Event(), asyncio.Event()

    class Slow:
        async def append(self, record: Record) -> Receipt:
            began.set()
            await go_on.wait()
            return await ledger.append(record)

    slow: Any = Slow()
    async with client(node, (slow, vault), "approver") as approver:
        asked = asyncio.create_task(approver.post("/audit/shred", json={"record": names[0]}))
        await began.wait()
        asked.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asked
        go_on.set()
        async with asyncio.timeout(10):
            while node.keys().execute("SELECT count(*) FROM shreddings").get:  # noqa: ASYNC110 - a thread ends it
                await asyncio.sleep(0.01)
    with pytest.raises(ExchangeError) as error:
        vault.open(names[0])
    assert error.value.code is Code.PAYLOAD_SHREDDED


@pytest.mark.parametrize("role", ["auditor", "operator", "service"])
async def test_only_who_carries_the_duty_shreds(
    node: Node, names: list[str], opened: tuple[SqliteLedger, SqliteVault], role: str
) -> None:
    async with client(node, opened, role) as other:
        reply = await other.post("/audit/shred", json={"record": names[0]})
    assert (reply.status_code, reply.json()["code"]) == (403, "duty_refused")
    assert opened[1].open(names[0]).request is not None


async def test_under_a_grant_a_text_is_shown_and_lies_in_no_cache(
    node: Node, names: list[str], opened: tuple[SqliteLedger, SqliteVault]
) -> None:
    async with client(node, opened, "auditor", FakeGrants()) as auditor:
        reply = await auditor.get(f"/audit/payloads/{names[0]}")
    assert reply.status_code == 200, reply.text
    assert reply.headers["cache-control"] == "no-store"
    assert reply.json()["request"]["plain"] == ["plain canary-0"]
    record = last(node)
    assert isinstance(record, Access)
    assert (record.grant, record.target, record.code) == ("grant-1", names[0], None)


async def test_without_a_grant_nothing_is(
    node: Node, names: list[str], opened: tuple[SqliteLedger, SqliteVault]
) -> None:
    async with client(node, opened, "auditor") as auditor:
        reply = await auditor.get(f"/audit/payloads/{names[0]}")
    assert (reply.status_code, reply.json()["code"]) == (403, "grant_required")
    assert "canary" not in reply.text
    record = last(node)
    assert isinstance(record, Access)
    assert record.code is Code.GRANT_REQUIRED


async def test_what_was_shredded_is_gone(
    node: Node, names: list[str], opened: tuple[SqliteLedger, SqliteVault]
) -> None:
    async with client(node, opened, "approver") as approver:
        await approver.post("/audit/shred", json={"epoch": "2026Q3"})
    async with client(node, opened, "auditor", FakeGrants()) as auditor:
        reply = await auditor.get(f"/audit/payloads/{names[1]}")
    assert (reply.status_code, reply.json()["code"]) == (410, "payload_shredded")
