"""An exchange whose reply was kept is an exchange like any other: recorded, guarded, restored."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from itertools import product

import pytest

from gateway import logs
from gateway.domain.entities import PERSON, PHONE_NUMBER
from gateway.domain.errors import Code
from gateway.domain.exchange import Ask, CacheStatus, FinishReason, Options
from gateway.domain.findings import Finding
from gateway.domain.policy import Invented, Operator
from gateway.domain.records import Intent, Kind, Outcome, Refusal, Status
from gateway.domain.redaction import redact
from gateway.domain.text import RawText
from tests.fakes.exchange import NAME, World, ask, read, submission
from tests.fakes.identity import caller
from tests.fakes.policy import profile


def world_that_keeps(**more: object) -> World:
    world = World(caching=True)
    world.decider.profiles = {"treatment": profile(cache=True, **more)}  # type: ignore[arg-type]
    world.engine.echo = 5
    return world


def question(text: str = f"How is {NAME}?") -> Ask[RawText]:
    return replace(ask(text), options=Options(temperature=0))


async def test_a_hit_is_recorded_as_a_hit_between_an_intent_and_an_outcome() -> None:
    world = world_that_keeps()
    pipeline = world.pipeline()
    first = pipeline.start(submission(question()))
    missed = await read(first)
    second = pipeline.start(submission(question()))
    hit = await read(second)
    assert len(world.engine.seen) == 1
    assert (first.cache, second.cache) == (None, CacheStatus.HIT)
    assert hit.text == missed.text == f"How is {NAME}?"
    assert hit.done is not None
    assert missed.done is not None
    assert (hit.done.reason, hit.done.usage) == (missed.done.reason, missed.done.usage)
    intent, outcome = world.records(second)
    assert isinstance(intent, Intent)
    assert isinstance(outcome, Outcome)
    before = world.records(first)[1]
    assert outcome == replace(before, exchange=second.exchange, cache=CacheStatus.HIT)  # type: ignore[type-var]
    assert outcome.restored == 1


def namesakes() -> tuple[str, str]:
    """Return two names that get the same pseudonym in a conversation that begins with Hello."""
    secrets = World().parts().secrets
    issued: dict[str, str] = {}
    for syllables in product(("ba", "ce", "di", "fo", "gu"), repeat=4):
        name = f"Anna {''.join(syllables).title()}"
        text = f"How is {name}?"
        asked = ask("Hello", text)
        findings = ((), (Finding(7, 7 + len(name), PERSON, 1.0, "test"),))
        redacted = redact(asked.conversation, findings, profile(), secrets, caller().id)
        stand_in = list(redacted.conversation.texts())[1].for_engine()
        if stand_in in issued:
            return issued[stand_in], name
        issued[stand_in] = name
    raise AssertionError


async def test_two_patients_with_one_redacted_text_get_their_own_names_back() -> None:
    world = world_that_keeps()
    one, other = namesakes()
    world.detector.script = {one: PERSON, other: PERSON}
    pipeline = world.pipeline()
    for name in (one, other):
        asked = replace(ask("Hello", f"How is {name}?"), options=Options(temperature=0))
        reply = await read(pipeline.start(submission(asked)))
        assert reply.text == f"How is {name}?"
    assert len(world.engine.seen) == 1


async def test_another_caller_never_gets_what_was_kept() -> None:
    world = world_that_keeps(default=Operator.KEEP)
    world.authenticator.callers["other"] = caller("key:other")
    pipeline = world.pipeline()
    for key in ("good", "other", "good", "other"):
        await read(pipeline.start(submission(question(), key=key)))
    assert len(world.engine.seen) == 2


async def test_no_hit_is_given_without_a_durable_intent() -> None:
    world = world_that_keeps()
    pipeline = world.pipeline()
    await read(pipeline.start(submission(question())))
    world.ledger.fail_kinds = {Kind.INTENT}
    reply = await read(pipeline.start(submission(question())))
    assert reply.text == ""
    assert reply.error is not None
    assert reply.error.code is Code.AUDIT_UNAVAILABLE


async def test_a_hit_does_not_end_before_its_outcome_is_durable() -> None:
    world = world_that_keeps()
    pipeline = world.pipeline()
    await read(pipeline.start(submission(question())))
    world.ledger.fail_kinds = {Kind.OUTCOME}
    reply = await read(pipeline.start(submission(question())))
    assert reply.done is None
    assert reply.error is not None
    assert reply.error.code is Code.AUDIT_UNAVAILABLE
    await pipeline.drain(0.01)


async def test_policy_is_asked_before_a_hit_is_given() -> None:
    world = world_that_keeps()
    pipeline = world.pipeline()
    await read(pipeline.start(submission(question())))
    channel = pipeline.start(submission(question(), purpose="HRESCH"))
    assert (await read(channel)).error is not None
    assert [type(each) for each in world.records(channel)] == [Refusal]


async def test_a_client_that_leaves_a_shared_run_is_settled_and_the_other_is_served() -> None:
    world = world_that_keeps()
    world.engine.delay = 0.05
    pipeline = world.pipeline()
    leader = pipeline.start(submission(question()))
    await world.engine.started.wait()
    follower = pipeline.start(submission(question()))
    await asyncio.sleep(0.05)
    leader.cancel(Code.CLIENT_DISCONNECTED)
    await read(leader)
    reply = await read(follower)
    assert reply.text == f"How is {NAME}?"
    assert reply.done is not None
    assert len(world.engine.seen) == 1
    outcomes = [world.records(channel)[-1] for channel in (leader, follower)]
    assert [each.status for each in outcomes] == [Status.CANCELLED, Status.COMPLETED]  # type: ignore[union-attr]
    assert [each.cache for each in outcomes] == [None, CacheStatus.COLLAPSED]  # type: ignore[union-attr]


async def test_a_reply_that_the_guard_cut_short_is_not_kept() -> None:
    world = world_that_keeps(invented=Invented.BLOCK)
    world.engine.echo = None
    world.engine.pieces = ("Call ", "617-555-0142", " now", ", or later.")
    world.scanner.script = {"617-555-0142": PHONE_NUMBER}
    pipeline = world.pipeline()
    for _ in range(2):
        reply = await read(pipeline.start(submission(question())))
        assert reply.done is not None
        assert reply.done.reason is FinishReason.CONTENT_FILTER
    assert len(world.engine.seen) == 2
    assert not any(run.finished for run in world.engine.seen)


async def test_the_log_line_of_a_hit_says_so(capfd: pytest.CaptureFixture[str]) -> None:
    logs.configure(style="json", level="info")
    world = world_that_keeps()
    pipeline = world.pipeline()
    for _ in range(2):
        await read(pipeline.start(submission(question())))
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    assert [line.get("cache") for line in lines] == [None, "hit"]
