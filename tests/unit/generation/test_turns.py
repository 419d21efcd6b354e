"""A caller's bound holds, nobody is forgotten, and another caller does not notice."""

from __future__ import annotations

import asyncio
import random

import pytest

from gateway.generation.turns import Turns


@pytest.mark.parametrize("seed", range(5))
async def test_a_bound_holds_and_everybody_gets_a_turn_whoever_goes_away(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - not for secrets
    turns = Turns()
    running = most = done = 0

    async def one(stay: float) -> None:
        nonlocal running, most, done
        async with turns.turn("ward", 3):
            running += 1
            most = max(most, running)
            try:
                await asyncio.sleep(stay)
            finally:
                running -= 1
        done += 1

    tasks = [asyncio.create_task(one(chance.random() / 100)) for _ in range(60)]
    left = chance.sample(tasks, 20)
    for task in left:
        await asyncio.sleep(chance.random() / 100)
        task.cancel()
    await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 10)
    assert most == 3
    assert done == sum(not task.cancelled() for task in tasks)
    assert turns._waiting == {}
    assert not turns._running, "something of a caller is kept"


async def test_turns_are_given_in_the_order_of_arrival_and_newcomers_do_not_push_in() -> None:
    turns = Turns()
    order: list[int] = []

    async def one(number: int) -> None:
        async with turns.turn("ward", 1):
            order.append(number)
            await asyncio.sleep(0)

    tasks = []
    for number in range(6):
        tasks.append(asyncio.create_task(one(number)))
        await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    assert order == sorted(order)


async def test_one_caller_does_not_wait_for_another_nor_for_a_bound_that_is_none() -> None:
    turns = Turns()
    async with (
        asyncio.timeout(1),
        turns.turn("a", 1),
        turns.turn("b", 1),
        turns.turn("a", None),
    ):
        pass


async def test_a_turn_that_is_given_to_who_goes_away_in_that_moment_goes_to_the_next() -> None:
    turns = Turns()
    entered: list[str] = []

    async def one(name: str) -> None:
        async with turns.turn("ward", 1):
            entered.append(name)

    async with turns.turn("ward", 1):
        tasks = [asyncio.create_task(one(name)) for name in "xy"]
        await asyncio.sleep(0)
    tasks[0].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert entered == ["y"]
