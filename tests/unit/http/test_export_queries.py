"""`POST /audit/exports` with `queries`: redacted requests of one patient, each under a grant."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from gateway.app import assemble
from gateway.clock import SystemClock
from gateway.disclosure import Disclosure
from gateway.domain.records import Access, AccessAct, Kind
from gateway.http.vault import Safe
from gateway.installation import vault_of
from gateway.ledger import Query, SqliteLedger, read_ledger
from gateway.ledger.sealing import VaultReader
from tests.fakes import exchange
from tests.fakes.identity import FakeAuthenticator, caller
from tests.fakes.vault import FakeGrants
from tests.fakes.vaults import SUBJECT_KEY, Node, about, fill

NUMBER = "48210377"
ASKED = {"format": "fhir", "patient": NUMBER, "queries": True}


class House:
    def __init__(self, node: Node, names: list[str]) -> None:
        self.node = node
        self.names = names

    @asynccontextmanager
    async def asking(self, grants: FakeGrants) -> AsyncIterator[httpx.AsyncClient]:
        settings, clock = self.node.settings(), SystemClock()
        with SqliteLedger.open_for_recording(self.node.place) as ledger:
            vault = VaultReader(vault_of(settings))
            parts = replace(
                exchange.World().parts(),
                authenticator=FakeAuthenticator(
                    callers={"auditor": caller("key:auditor", roles=frozenset({"auditor"}))}
                ),
                ledger=ledger,
                clock=clock,
                subject_key=SUBJECT_KEY,
            )
            app = assemble(parts, settings, {})
            app.state["exports"] = replace(app.state["exports"], subjects=vault)
            app.state["safe"] = Safe(
                Disclosure(vault, grants, ledger, clock, lambda: None),
                self.node.shredder(),
                SUBJECT_KEY,
            )
            async with httpx.AsyncClient(
                transport=httpx.ASGITransport(app),  # type: ignore[arg-type]
                base_url="http://gateway",
                headers={"authorization": "Bearer auditor"},
            ) as client:
                yield client

    def looks(self) -> list[Access]:
        with read_ledger(self.node.place.directory) as reader:
            found = [logged.record for logged in reader.search(Query(kind=Kind.ACCESS))]
        return [each for each in found if isinstance(each, Access)]


@pytest.fixture
def house(tmp_path: Path) -> House:
    node = Node(tmp_path / "data")
    return House(node, fill(node, [about(NUMBER), about("99120455"), about(NUMBER)]))


async def test_each_request_that_goes_in_is_a_look_under_the_grant(house: House) -> None:
    async with house.asking(FakeGrants()) as client:
        reply = await client.post("/audit/exports", json=ASKED)
    assert reply.status_code == 200, reply.text
    events = [json.loads(line) for line in reply.text.splitlines()]
    queries = [
        base64.b64decode(entity["query"]) for event in events for entity in event["entity"]
        if "query" in entity
    ]  # fmt: skip
    assert queries == [b"redacted canary-0", b"redacted canary-2"]
    assert "Thornton" not in reply.text
    looks = [(each.access, each.target, each.grant) for each in house.looks()]
    assert looks == [
        (AccessAct.EXPORT, "fhir:patient:queries", None),
        (AccessAct.READ_PAYLOAD, house.names[0], "grant-1"),
        (AccessAct.READ_PAYLOAD, house.names[2], "grant-1"),
    ]


async def test_without_a_grant_the_answer_is_an_error_with_its_code(house: House) -> None:
    async with house.asking(FakeGrants(None)) as client:
        reply = await client.post("/audit/exports", json=ASKED)
    assert (reply.status_code, reply.json()["code"]) == (403, "grant_required")


@pytest.mark.parametrize("body", [{"format": "fhir", "queries": True}, ASKED | {"format": "csv"}])
async def test_queries_of_everybody_or_in_a_table_are_refused(
    house: House, body: dict[str, object]
) -> None:
    async with house.asking(FakeGrants()) as client:
        reply = await client.post("/audit/exports", json=body)
    assert (reply.status_code, reply.json()["code"]) == (400, "invalid_request")
    assert house.looks() == []


async def test_more_exports_than_there_are_threads_do_not_wait_for_each_other(house: House) -> None:
    # Each line of theirs is made in a thread, and waits for a look that needs one too.
    with ThreadPoolExecutor(2) as threads:
        asyncio.get_running_loop().set_default_executor(threads)
        async with house.asking(FakeGrants()) as client, asyncio.timeout(60):
            asked = [client.post("/audit/exports", json=ASKED) for _ in range(6)]
            replies = await asyncio.gather(*asked)
    assert [reply.status_code for reply in replies] == [200] * 6
    assert len({reply.content for reply in replies}) == 1
