"""Clients that go away, read slowly or stall: the exchange settles, and nobody else waits."""

from __future__ import annotations

import asyncio

import pytest

from gateway.domain.errors import Code
from gateway.domain.exchange import FinishReason
from gateway.domain.records import Kind, Outcome, Refusal, Status
from tests.unit.http.conftest import Serving, World, chat, events, request

LONG = "x" * 65_535 + " "
"""With a thousand of these, a reply is larger than all buffers between the two sides."""


def cancelled(world: World) -> Outcome:
    """Return the outcome of the only exchange, which its client left."""
    assert world.kinds() == ["intent", "outcome"]
    outcome = world.exchanges()[-1]
    assert isinstance(outcome, Outcome)
    assert (outcome.status, outcome.code) == (Status.CANCELLED, Code.CLIENT_DISCONNECTED)
    assert outcome.finish_reason is None
    return outcome


@pytest.mark.parametrize("stream", [False, True])
async def test_a_client_that_goes_away_stops_the_engine_and_is_settled(
    serving: Serving, *, stream: bool
) -> None:
    world = World()
    world.engine.hang_at = 3
    async with serving(world) as world:
        reader, writer = await world.connect()
        writer.write(request(chat(stream=stream)))
        await world.engine.started.wait()
        if stream:
            await reader.readuntil(b"Hello")
        await world.until(lambda: world.engine.seen[0].pieces == 3)
        writer.transport.abort()
        await world.until(lambda: len(world.exchanges()) == 2)
        assert cancelled(world).completion_tokens == 3
        assert world.engine.seen[0].closed


async def test_a_client_that_leaves_while_the_intent_is_written_leaves_both_records(
    serving: Serving,
) -> None:
    world = World()
    world.ledger.hold = Kind.INTENT
    async with serving(world) as world:
        _, writer = await world.connect()
        writer.write(request(chat(stream=True)))
        await world.ledger.reached.wait()
        writer.transport.abort()
        await asyncio.sleep(0.1)
        world.ledger.released.set()
        await world.until(lambda: len(world.exchanges()) == 2)
        assert cancelled(world).completion_tokens == 0
        assert world.engine.seen == []
        # Nothing hangs afterwards: the flusher of a prototype did.
        assert (await world.post(chat())).status_code == 200


async def test_a_client_that_leaves_while_the_outcome_is_written_leaves_both_records(
    serving: Serving,
) -> None:
    world = World()
    world.ledger.hold = Kind.OUTCOME
    async with serving(world) as world:
        _, writer = await world.connect()
        writer.write(request(chat(stream=True)))
        await world.ledger.reached.wait()
        writer.transport.abort()
        await asyncio.sleep(0.1)
        world.ledger.released.set()
        await world.until(lambda: len(world.exchanges()) == 2)
        assert world.kinds() == ["intent", "outcome"]
        assert world.exchanges()[-1].status is Status.COMPLETED  # type: ignore[union-attr]
        assert (await world.post(chat())).status_code == 200


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/redact", "/analyze"])
async def test_a_client_that_leaves_during_detection_stops_it_and_leaves_a_refusal(
    serving: Serving, path: str
) -> None:
    world = World()
    world.detector.delay = 60
    body = {
        "/v1/chat/completions": chat(),
        "/v1/redact": {"text": "a"},
        "/analyze": {"text": "a", "language": "en"},
    }[path]
    async with serving(world) as world:
        _, writer = await world.connect()
        writer.write(request(body, path=path))
        await world.until(lambda: world.detector.calls == 1)
        writer.transport.abort()
        await world.until(world.exchanges)
        [refusal] = world.exchanges()
        assert isinstance(refusal, Refusal)
        assert refusal.code is Code.CLIENT_DISCONNECTED
        assert world.detector.stopped == 1
        assert world.engine.seen == []
        world.detector.delay = 0
        assert (await world.post(chat())).status_code == 200


async def test_a_client_that_leaves_in_mid_body_leaves_a_refusal(serving: Serving) -> None:
    async with serving() as world:
        _, writer = await world.connect()
        writer.write(request(chat())[:-4])
        await asyncio.sleep(0.1)
        writer.transport.abort()
        await world.until(world.exchanges)
        [refusal] = world.exchanges()
        assert isinstance(refusal, Refusal)
        assert refusal.code is Code.CLIENT_DISCONNECTED


async def test_the_older_of_two_pipelined_requests_notices_too_that_its_client_left(
    serving: Serving,
) -> None:
    world = World()
    world.engine.hang_at = 2
    async with serving(world) as world:
        _, writer = await world.connect()
        writer.write(request(chat(stream=True)) * 2)
        await world.engine.started.wait()
        writer.transport.abort()
        await world.until(lambda: len(world.exchanges()) == 2)
        cancelled(world)


async def test_a_slow_reader_holds_back_its_own_exchange_alone(serving: Serving) -> None:
    world = World()
    world.engine.pieces = (LONG,) * 1000
    async with serving(world, stall_timeout=20) as world:
        reader, writer = await world.connect(receive_buffer=4096)
        writer.write(request(chat(stream=True)))
        await reader.readuntil(b"data: ")
        writer.transport.pause_reading()
        await _stands_still(world)
        assert world.engine.seen[0].pieces < 1000
        world.engine.pieces = ("Quick", ".")
        async with asyncio.timeout(2):
            assert (await world.post(chat())).status_code == 200
        # What was held back comes when it is read.
        writer.transport.resume_reading()
        async with asyncio.timeout(10):
            while b"[DONE]" not in await reader.read(2**20):
                pass
        writer.close()
    assert world.engine.seen[0].finished
    assert [each.status for each in world.exchanges() if isinstance(each, Outcome)] == [
        Status.COMPLETED
    ] * 2


@pytest.mark.parametrize("stream", [False, True])
async def test_a_stalled_reader_is_dropped_and_settled(serving: Serving, *, stream: bool) -> None:
    world = World()
    world.engine.pieces = (LONG,) * 300 if not stream else (LONG,) * 1000
    async with serving(world, stall_timeout=0.5) as world:
        reader, writer = await world.connect(receive_buffer=4096)
        writer.write(request(chat(stream=stream)))
        if stream:
            await reader.readuntil(b"data: ")
        writer.transport.pause_reading()
        await world.until(lambda: len(world.exchanges()) == 2)
        if stream:
            assert cancelled(world).completion_tokens < 1000
            assert world.engine.seen[0].closed
        # The connection goes too, though its client never closes it.
        assert world.server is not None
        await world.until(lambda: world.server and not world.server.server_state.connections)
        writer.transport.abort()


async def test_when_the_gateway_stops_a_stream_may_end_by_itself(serving: Serving) -> None:
    world = World()
    world.engine.delay = 0.1
    async with serving(world, shutdown_grace=5) as world, world.stream(chat(stream=True)) as reply:
        assert world.server is not None
        world.server.should_exit = True
        body = "".join([each async for each in reply.aiter_text()])
    assert events(body)[-1] == "[DONE]"
    assert world.exchanges()[-1].finish_reason is FinishReason.STOP  # type: ignore[union-attr]


async def test_when_the_gateway_stops_a_stream_without_end_is_told_and_settled(
    serving: Serving,
) -> None:
    world = World()
    world.engine.hang_at = 3
    async with (
        serving(world, shutdown_grace=0.5) as world,
        world.stream(chat(stream=True)) as reply,
    ):
        assert world.server is not None
        world.server.should_exit = True
        body = "".join([each async for each in reply.aiter_text()])
    assert events(body)[-1]["error"]["code"] == Code.SHUTTING_DOWN
    outcome = world.exchanges()[-1]
    assert isinstance(outcome, Outcome)
    assert (outcome.status, outcome.code) == (Status.CANCELLED, Code.SHUTTING_DOWN)
    assert world.kinds() == ["intent", "outcome"]


async def _stands_still(world: World) -> None:
    """Wait until the engine's pieces no longer grow."""
    async with asyncio.timeout(10):
        before = -1
        while before != world.engine.seen[0].pieces:
            before = world.engine.seen[0].pieces
            await asyncio.sleep(0.4)
