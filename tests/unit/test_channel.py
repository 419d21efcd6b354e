import asyncio

import pytest

from gateway.channel import CAPACITY, Channel, Delta, Done
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.exchange import FinishReason, Usage

DONE = Done("end", FinishReason.STOP, Usage(1, 2))


async def collect(channel: Channel) -> list[Delta | Done]:
    return [event async for event in channel.events()]


async def test_what_was_sent_before_the_end_is_read_before_the_end() -> None:
    channel = Channel("x", stall_timeout=1)
    await channel.send("a")
    await channel.send("b")
    channel.end(DONE)
    assert await collect(channel) == [Delta("ab"), DONE]


async def test_text_that_waits_is_read_as_one_piece() -> None:
    channel = Channel("x", stall_timeout=1)
    for _ in range(CAPACITY):
        await channel.send("t")
    channel.end(DONE)
    assert (await collect(channel))[0] == Delta("t" * CAPACITY)


async def test_a_failure_is_raised_after_what_was_sent() -> None:
    channel = Channel("x", stall_timeout=1)
    await channel.send("a")
    channel.end(ExchangeError(Code.ENGINE_FAILED, "It failed."))
    events = channel.events()
    assert await anext(events) == Delta("a")
    with pytest.raises(ExchangeError):
        await anext(events)


async def test_a_full_channel_holds_its_writer_back_until_it_is_read() -> None:
    channel = Channel("x", stall_timeout=5)
    for _ in range(CAPACITY):
        await channel.send("t")
    writer = asyncio.create_task(channel.send("more"))
    await asyncio.sleep(0.01)
    assert not writer.done()
    await anext(channel.events())
    await asyncio.wait_for(writer, 1)


async def test_a_listener_that_stalls_for_too_long_has_gone_away() -> None:
    channel = Channel("x", stall_timeout=0.01)
    for _ in range(CAPACITY + 1):
        await channel.send("t")
    assert channel.cancelled is Code.CLIENT_DISCONNECTED


async def test_cancelling_calls_back_once_and_at_once_if_it_came_first() -> None:
    calls: list[str] = []
    channel = Channel("x", stall_timeout=1)
    channel.cancel(Code.CLIENT_DISCONNECTED)
    channel.cancel(Code.SHUTTING_DOWN)
    channel.on_cancel(lambda: calls.append("late"))
    assert calls == ["late"]
    assert channel.cancelled is Code.CLIENT_DISCONNECTED


async def test_after_the_end_nothing_can_be_cancelled_and_no_other_end_counts() -> None:
    channel = Channel("x", stall_timeout=1)
    channel.end(DONE)
    channel.end(ExchangeError(Code.INTERNAL_ERROR, "too late"))
    channel.cancel(Code.CLIENT_DISCONNECTED)
    assert channel.cancelled is None
    assert await collect(channel) == [DONE]


def test_the_repr_of_an_event_shows_no_text() -> None:
    assert "Margaret" not in repr((Delta("Margaret"), Done("Margaret", DONE.reason, DONE.usage)))
