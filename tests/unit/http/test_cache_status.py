"""A client is told, in the words of RFC 9211, that its reply was not made for it alone."""

from __future__ import annotations

import asyncio

import pytest

from tests.fakes.policy import profile
from tests.unit.http.conftest import Serving, World, chat, events, text_of


def keeping() -> World:
    world = World(caching=True)
    world.decider.profiles = {"treatment": profile(cache=True)}
    return world


@pytest.mark.parametrize("stream", [False, True])
async def test_a_hit_says_so_and_is_otherwise_the_same_reply(
    serving: Serving, *, stream: bool
) -> None:
    async with serving(keeping()) as world:
        first = await world.post(chat(temperature=0, stream=stream))
        second = await world.post(chat(temperature=0, stream=stream))
    assert "cache-status" not in first.headers
    assert second.headers["cache-status"] == "intramural; hit"
    assert second.headers["x-request-id"] != first.headers["x-request-id"]
    if stream:
        assert text_of(events(second.text)) == text_of(events(first.text))
    else:
        assert second.json()["choices"] == first.json()["choices"]
        assert second.json()["usage"] == first.json()["usage"]
    assert len(world.engine.seen) == 1
    assert world.kinds() == ["intent", "outcome"] * 2


async def test_a_stream_that_joins_another_says_so(serving: Serving) -> None:
    world = keeping()
    world.engine.delay = 0.05
    async with serving(world) as world:
        replies = await asyncio.gather(
            *(world.post(chat(temperature=0, stream=True)) for _ in range(3))
        )
    said = [reply.headers.get("cache-status", "made") for reply in replies]
    assert sorted(said) == ["intramural; fwd=miss; collapsed"] * 2 + ["made"]
    assert len(world.engine.seen) == 1


async def test_a_client_that_leaves_does_not_end_the_stream_of_another(serving: Serving) -> None:
    world = keeping()
    world.engine.delay = 0.05
    async with serving(world) as world:
        async with world.stream(chat(temperature=0, stream=True)) as leaving:
            text = leaving.aiter_text()
            await anext(text)
            staying = asyncio.create_task(world.post(chat(temperature=0, stream=True)))
            await world.until(lambda: world.kinds().count("intent") == 2)
            await asyncio.sleep(0.02)
        reply = await staying
        assert text_of(events(reply.text)) == "Hello, world."
        await world.until(lambda: world.kinds().count("outcome") == 2)
    assert len(world.engine.seen) == 1


async def test_without_leave_of_the_policy_every_reply_is_made(serving: Serving) -> None:
    world = World(caching=True)
    async with serving(world) as world:
        for _ in range(2):
            assert "cache-status" not in (await world.post(chat(temperature=0))).headers
    assert len(world.engine.seen) == 2
