"""Limits where exchanges meet them: exact at any concurrency, recorded, and given back."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from gateway.domain.errors import Code
from gateway.domain.exchange import Action, Options
from gateway.domain.limits import RATES, LimitTable
from gateway.domain.records import Intent, Outcome, Refusal
from gateway.domain.scope import Scope
from gateway.limiter import Limiter
from gateway.pipeline import Pipeline
from tests.fakes.exchange import Reply, World, ask, ask_for, read, submission, submitted_for
from tests.fakes.identity import caller

WORDS = "Hello there"
TOKENS = 2 + 4
"""What one exchange of the fakes takes: two words and four pieces."""


def limited(**numbers: int) -> World:
    world = World()
    everyone = {RATES[name]: most for name, most in numbers.items()}
    world.decider.limits = LimitTable(everyone=everyone)
    return world


def hello(max_tokens: int = 4) -> object:
    return replace(ask(WORDS), options=Options(max_tokens=max_tokens))


async def many(world: World, count: int, max_tokens: int = 4) -> list[Reply]:
    pipeline = world.pipeline()
    channels = [
        pipeline.start(submission(hello(max_tokens)))  # type: ignore[arg-type]
        for _ in range(count)
    ]
    return await asyncio.gather(*(read(channel) for channel in channels))


async def test_of_64_requests_at_once_exactly_the_limit_passes_and_each_other_is_recorded() -> None:
    world = limited(requests_per_minute=20)
    replies = await many(world, 64)
    assert sum(reply.done is not None for reply in replies) == len(world.engine.seen) == 20
    errors = [reply.error for reply in replies if reply.error is not None]
    assert {error.code for error in errors} == {Code.RATE_LIMITED}
    assert all(error.retry_after for error in errors)
    refusals = [each for each in world.ledger.records if isinstance(each, Refusal)]
    assert [each.code for each in refusals] == [Code.RATE_LIMITED] * 44
    assert {each.profile for each in refusals} == {"treatment"}


async def test_of_64_requests_at_once_no_token_too_many_is_set_aside() -> None:
    world = limited(tokens_per_hour=10 * TOKENS + 3)
    world.engine.hang_at = 1
    pipeline = world.pipeline()
    channels = [pipeline.start(submission(hello())) for _ in range(64)]  # type: ignore[arg-type]
    refused = asyncio.gather(*(read(channel) for channel in channels))
    while len([each for each in world.ledger.records if isinstance(each, Refusal)]) < 54:  # noqa: ASYNC110
        await asyncio.sleep(0.001)
    intents = [each for each in world.ledger.records if isinstance(each, Intent)]
    assert [each.reserved for each in intents] == [TOKENS] * 10
    await pipeline.drain(0.01)
    await refused


async def test_what_a_reply_did_not_take_is_given_back() -> None:
    world = limited(tokens_per_day=3 * TOKENS + 40)
    for _ in range(3):
        (reply,) = await many(world, 1, max_tokens=40)
        assert reply.done is not None
    pipeline = world.pipeline()
    assert isinstance((await read(pipeline.start(submission(hello())))).done, object)  # type: ignore[arg-type]


@pytest.mark.parametrize("seconds", [0.0, 0.002])
async def test_whoever_leaves_however_often_keeps_nothing_set_aside(seconds: float) -> None:
    world = limited(tokens_per_day=500 * TOKENS + 40)
    world.engine.hang_at = 1
    limiter = Limiter()
    parts = replace(world.parts(), limiter=limiter)
    pipeline = Pipeline(parts, stall_timeout=5, max_exchanges=256)
    for _ in range(25):
        channels = [pipeline.start(submission(hello(40))) for _ in range(20)]  # type: ignore[arg-type]
        reading = [asyncio.ensure_future(read(channel)) for channel in channels]
        await asyncio.sleep(seconds)
        for channel in channels:
            channel.cancel(Code.CLIENT_DISCONNECTED)
        await asyncio.gather(*reading)
    await pipeline.drain(5)
    intents = [each for each in world.ledger.records if isinstance(each, Intent)]
    outcomes = [each for each in world.ledger.records if isinstance(each, Outcome)]
    assert len(intents) == len(outcomes)
    # What did begin took its prompt at most and a piece each; all that was set aside is back.
    used = sum(each.prompt_tokens + each.completion_tokens for each in outcomes)
    # Whoever left before his text was read used nothing, and nothing is counted for him.
    assert sum(tally.used for tally in limiter._tallies.values()) == used < 500 * TOKENS


@pytest.mark.parametrize("fault", ["detector", "engine", "ledger"])
async def test_a_failure_gives_back_what_was_set_aside(fault: str) -> None:
    world = limited(tokens_per_day=100 * TOKENS)
    pipeline = world.pipeline()
    match fault:
        case "detector":
            world.detector.error = RuntimeError()
        case "engine":
            world.engine.fail_at = 0
        case _:
            world.ledger.fail_kinds = {"intent"}  # type: ignore[arg-type]
    for _ in range(25):
        reply = await read(pipeline.start(submission(hello(80))))  # type: ignore[arg-type]
        assert reply.error is not None
        assert reply.error.code not in {Code.RATE_LIMITED, Code.QUOTA_EXCEEDED}


async def test_a_quota_that_is_used_up_says_until_when() -> None:
    world = limited(tokens_per_month=TOKENS)
    pipeline = world.pipeline()
    assert (await read(pipeline.start(submission(hello())))).done is not None  # type: ignore[arg-type]
    reply = await read(pipeline.start(submission(hello())))  # type: ignore[arg-type]
    assert reply.error is not None
    assert reply.error.code is Code.QUOTA_EXCEEDED
    assert 0 < (reply.error.retry_after or 0) <= 31 * 86_400


async def test_vectors_set_aside_no_reply() -> None:
    world = limited(tokens_per_day=2)
    channel = world.pipeline().start(submission(ask_for(Action.EMBED, WORDS), action=Action.EMBED))
    assert (await read(channel)).done is not None


async def test_texts_that_are_only_treated_count_as_requests() -> None:
    world = limited(requests_per_minute=1)
    pipeline = world.pipeline()
    asked = submitted_for(Action.REDACT, WORDS)
    codes = []
    for _ in range(2):
        reply = await read(pipeline.start(submission(asked, action=Action.REDACT)))
        codes.append(reply.error and reply.error.code)
    assert codes == [None, Code.RATE_LIMITED]


async def test_without_limits_a_record_says_nothing_of_them() -> None:
    world = World()
    channel = world.pipeline().start(submission(ask(WORDS)))
    await read(channel)
    intent, outcome = world.records(channel)
    assert isinstance(intent, Intent)
    assert isinstance(outcome, Outcome)
    assert (intent.reserved, intent.patients, intent.department) == (None, None, None)


async def test_a_record_names_the_department() -> None:
    world = World()
    who = replace(caller(), groups=frozenset({"icu", "pilot"}))
    world.authenticator.callers["good"] = who
    for asked in (ask(WORDS), ask("x" * 300_000)):
        channel = world.pipeline().start(submission(asked))
        await read(channel)
        record = world.records(channel)[0]
        assert isinstance(record, Intent | Refusal)
        assert record.department == "icu"


@pytest.mark.parametrize(
    ("scope", "outside"),
    [
        (Scope(actions=frozenset({"embed"})), "action"),
        (Scope(models=frozenset({"another"})), "model"),
        (Scope(purposes=frozenset({"HRESCH"})), "purpose"),
        (Scope(frozenset({"chat"}), frozenset({"fake-model"}), frozenset({"TREAT"})), None),
    ],
)
async def test_a_scope_tightens_whatever_policy_permits(scope: Scope, outside: str | None) -> None:
    world = World()
    world.authenticator.callers["good"] = replace(caller(), scope=scope)
    channel = world.pipeline().start(submission(ask(WORDS)))
    reply = await read(channel)
    if outside is None:
        assert reply.done is not None
        return
    assert reply.error is not None
    assert reply.error.code is Code.SCOPE_EXCEEDED
    assert f"not for this {outside}" in reply.error.message
    assert [type(each) for each in world.records(channel)] == [Refusal]
    assert world.engine.seen == []


async def test_a_scope_opens_nothing_that_policy_denies() -> None:
    world = World()
    who = replace(caller(roles=frozenset({"cook"})), scope=Scope(actions=frozenset({"chat"})))
    world.authenticator.callers["good"] = who
    reply = await read(world.pipeline().start(submission(ask(WORDS))))
    assert reply.error is not None
    assert reply.error.code is Code.POLICY_DENIED
