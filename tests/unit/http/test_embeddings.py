"""`/v1/embeddings` over fakes: what fails, and clients that leave."""

from __future__ import annotations

import base64
import threading
from typing import Any

import httpx
import pytest

from gateway.domain.errors import Code
from gateway.domain.records import Kind, Outcome, Status
from gateway.http import reply
from tests.unit.http.conftest import NAME, Serving, World, request

BODY = {"model": "fake-embedder", "input": ["one", NAME]}


async def post(world: World, body: Any) -> httpx.Response:
    async with world.client() as client:
        return await client.post("/v1/embeddings", json=body)


async def test_numbers_or_base64_as_asked_with_the_exchanges_id(serving: Serving) -> None:
    async with serving() as world:
        plain = await post(world, BODY)
        packed = await post(world, BODY | {"encoding_format": "base64"})
    assert plain.json() == {
        "object": "list",
        "data": [
            {"object": "embedding", "index": index, "embedding": [0.0, 0.0]} for index in range(2)
        ],
        "model": "fake-embedder",
        "usage": {"prompt_tokens": 2, "total_tokens": 2},
    }
    assert plain.headers["x-request-id"] == world.exchanges()[0].exchange
    assert packed.json()["data"][0]["embedding"] == base64.b64encode(bytes(8)).decode()
    assert NAME not in world.engine.seen[0].text
    assert world.kinds() == ["intent", "outcome"] * 2


@pytest.mark.parametrize("count", [1, 200])
async def test_many_vectors_are_written_beside_the_loop(
    serving: Serving, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    threads: list[bool] = []
    write = reply._vectors

    def noted(*arguments: Any, **more: Any) -> bytes:
        threads.append(threading.current_thread() is not threading.main_thread())
        return write(*arguments, **more)

    monkeypatch.setattr(reply, "_vectors", noted)
    async with serving() as world:
        answer = await post(world, BODY | {"input": ["one"] * count})
    assert len(answer.json()["data"]) == count
    assert threads == [count > 1]


async def test_a_client_that_leaves_while_its_texts_are_embedded_stops_it(
    serving: Serving,
) -> None:
    async with serving() as world:
        world.engine.hang_at = 0
        _, writer = await world.connect()
        writer.write(request(BODY, path="/v1/embeddings"))
        await world.until(lambda: world.engine.seen)
        writer.close()
        await world.until(lambda: world.kinds() == ["intent", "outcome"])
    assert world.engine.seen[0].closed
    outcome = world.exchanges()[-1]
    assert isinstance(outcome, Outcome)
    assert (outcome.status, outcome.code) == (Status.CANCELLED, Code.CLIENT_DISCONNECTED)


async def test_vectors_wait_for_their_outcome_and_are_not_sent_without_it(
    serving: Serving,
) -> None:
    async with serving() as world:
        world.ledger.fail_kinds = {Kind.OUTCOME}
        reply = await post(world, BODY)
        assert reply.status_code == 503
        assert reply.json()["error"]["code"] == Code.AUDIT_UNAVAILABLE
        world.ledger.fail_kinds = set()


async def test_an_engine_that_fails_is_a_502_and_on_record(serving: Serving) -> None:
    async with serving() as world:
        world.engine.fail_at = 0
        reply = await post(world, BODY)
    assert (reply.status_code, reply.json()["error"]["code"]) == (502, Code.ENGINE_FAILED)
    assert world.kinds() == ["intent", "outcome"]


async def test_a_full_queue_is_a_503_that_says_when_to_come_back(serving: Serving) -> None:
    async with serving() as world:
        world.engine.overloaded = True
        reply = await post(world, BODY)
    assert (reply.status_code, reply.headers["retry-after"]) == (503, "1")
    assert reply.json()["error"]["code"] == Code.OVERLOADED
