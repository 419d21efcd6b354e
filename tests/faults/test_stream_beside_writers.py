"""Twenty services at work and an auditor who streams the whole log, all over HTTP, all at once."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx

from gateway.app import assemble
from gateway.clock import SystemClock
from gateway.domain.records import Kind, Status
from gateway.http.server import build
from gateway.installation import place_of
from gateway.ledger import SqliteLedger
from gateway.settings import load
from tests.fakes import exchange
from tests.fakes.engine import MODEL
from tests.fakes.identity import FakeAuthenticator, caller
from tests.fakes.logs import append_all, some_records

WRITERS = 20
EXCHANGES = 10
BEFORE = some_records(5, 6_500)
"""What the log holds already: several pages of an answer."""
CHAT = {"model": MODEL.name, "messages": [{"role": "user", "content": "Hello"}]}


@asynccontextmanager
async def serving(data: Path) -> AsyncIterator[str]:
    """Serve over a real log; everything else of an exchange is a fake."""
    (data / "intramural.toml").write_text('node = "ward-1"\n', encoding="utf-8")
    settings = load(data)
    await asyncio.to_thread(append_all, place_of(settings), BEFORE)
    keys = {"auditor": caller("key:auditor", roles=frozenset({"auditor"})), "ward": caller()}
    with SqliteLedger.open_for_serving(place_of(settings), now_ms=lambda: 1) as ledger:
        parts = replace(
            exchange.World().parts(),
            authenticator=FakeAuthenticator(callers=keys),
            ledger=ledger,
            clock=SystemClock(),
        )
        listener = socket.create_server(("127.0.0.1", 0))
        server = build(assemble(parts, settings, {}), settings.server)
        task = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task


async def test_twenty_services_and_an_auditors_whole_stream_do_not_disturb_each_other(
    tmp_path: Path,
) -> None:
    async with (
        serving(tmp_path) as address,
        httpx.AsyncClient(base_url=address, timeout=60, trust_env=False) as client,
    ):
        working = asyncio.Event()

        async def write() -> list[int]:
            headers = {"authorization": "Bearer ward", "x-purpose-of-use": "TREAT"}
            said = []
            for _ in range(EXCHANGES):
                reply = await client.post("/v1/chat/completions", json=CHAT, headers=headers)
                said.append(reply.status_code)
                working.set()
            return said

        async def stream() -> list[dict[str, Any]]:
            headers = {"authorization": "Bearer auditor", "accept": "application/x-ndjson"}
            await working.wait()
            async with client.stream("GET", "/audit/records", headers=headers) as reply:
                assert reply.status_code == 200
                return [json.loads(line) async for line in reply.aiter_lines()]

        auditors = [asyncio.create_task(stream()) for _ in range(2)]
        said = await asyncio.gather(*(write() for _ in range(WRITERS)))
        assert {status for each in said for status in each} == {200}
        for auditor in auditors:
            is_whole_and_ordered(await auditor)
        *lines, last = await stream()
    assert last == {"end": True, "records": len(lines)}
    said_of = [(line["kind"], line.get("status")) for line in lines[: -len(BEFORE)]]
    assert said_of.count((Kind.INTENT, None)) == WRITERS * EXCHANGES
    assert said_of.count((Kind.OUTCOME, Status.COMPLETED)) == WRITERS * EXCHANGES


def is_whole_and_ordered(lines: list[dict[str, Any]]) -> None:
    """Every record below the one of this look, the newest first, and a last line that says so."""
    *records, last = lines
    assert last == {"end": True, "records": len(records)}
    assert len(records) > len(BEFORE)
    assert [record["index"] for record in records] == list(range(len(records)))[::-1]
