import asyncio
from dataclasses import replace

from gateway.domain.errors import Code
from gateway.domain.policy import Limits, Priority, Terms
from gateway.domain.records import Intent, Outcome, Refusal
from tests.fakes.exchange import World, ask, read, submission
from tests.fakes.identity import caller
from tests.fakes.policy import profile


async def test_one_exchange_too_many_is_refused_before_its_body_is_read() -> None:
    world = World()
    world.engine.hang_at = 1
    pipeline = world.pipeline(max_exchanges=2)
    running = [pipeline.start(submission(ask("Hello"))) for _ in range(2)]
    while len(world.engine.seen) < len(running):  # noqa: ASYNC110 - the fake has one event for both
        await asyncio.sleep(0.001)
    unread = submission(RuntimeError("the body was read"))
    refused = pipeline.start(unread)
    reply = await read(refused)
    assert reply.error is not None
    assert reply.error.code is Code.OVERLOADED
    [record] = world.records(refused)
    assert isinstance(record, Refusal)
    await pipeline.drain(0.01)
    for channel in running:
        assert [type(each) for each in world.records(channel)] == [Intent, Outcome]


async def test_a_caller_without_end_leaves_places_to_others() -> None:
    world = World()
    world.authenticator.callers["other"] = caller("key:other")
    world.engine.hang_at = 1
    pipeline = world.pipeline(max_exchanges=8)
    running = [pipeline.start(submission(ask("Hello"))) for _ in range(6)]
    while len(world.engine.seen) < len(running):  # noqa: ASYNC110 - the fake has one event for all
        await asyncio.sleep(0.001)
    refused = pipeline.start(submission(RuntimeError("the body was read")))
    reply = await read(refused)
    assert reply.error is not None
    assert reply.error.code is Code.RATE_LIMITED
    [record] = world.records(refused)
    assert isinstance(record, Refusal)
    world.engine.hang_at = None
    other = await read(pipeline.start(submission(ask("Hello"), key="other")))
    assert other.done is not None
    await pipeline.drain(0.01)


async def test_detection_remembers_for_the_caller_who_was_authenticated() -> None:
    world = World()
    await read(world.pipeline().start(submission(ask("Hello"))))
    assert world.detector.callers == [world.authenticator.callers["good"].id]


async def test_an_engine_is_told_on_which_terms_it_works() -> None:
    world = World()
    granted = profile(cache=True, limits=Limits(1000, 10, max_in_flight=3))
    world.decider.profiles = {"treatment": granted}
    for may_wait in (False, True):
        request = replace(ask("Hello"), may_wait=may_wait)
        assert (await read(world.pipeline().start(submission(request)))).done is not None
    first, second = world.engine.terms
    caller = world.authenticator.callers["good"]
    assert first == Terms(caller.id, granted.digest, Priority.INTERACTIVE, 3, cache=True)
    assert second == replace(first, priority=Priority.BATCH)


async def test_a_place_that_is_free_again_is_given_away() -> None:
    world = World()
    pipeline = world.pipeline(max_exchanges=1)
    for _ in range(3):
        reply = await read(pipeline.start(submission(ask("Hello"))))
        assert reply.done is not None
