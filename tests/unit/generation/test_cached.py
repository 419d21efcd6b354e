"""Equal requests at one time share one run, and nobody suffers for another's failure."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace

import pytest

from gateway.domain.errors import Code, ExchangeError
from gateway.domain.exchange import (
    Ask,
    CacheStatus,
    Conversation,
    End,
    Message,
    Options,
    Piece,
    Role,
)
from gateway.domain.policy import Priority, Terms
from gateway.domain.ports import Prompt, Receipt
from gateway.domain.text import _MAKER, RedactedText
from gateway.domain.tools import Form, Tools
from gateway.generation.cached import CachedEngine
from tests.fakes.engine import MODEL, FakeEngine, FakePrompt

TERMS = Terms("key:alice", "1" * 64, Priority.INTERACTIVE, None, cache=True)
HELLO = Ask(
    MODEL.name,
    Conversation((Message(Role.USER, (RedactedText("Hello", _MAKER),)),)),
    Options(temperature=0),
)
WORDS = ("Once ", "upon ", "a ", "time", ".")
TEXT = "".join(WORDS)


@dataclass
class Listener:
    """One exchange's side of the engine: what it got, and when it can stop."""

    engine: CachedEngine
    terms: Terms = TERMS
    ask: Ask[RedactedText] = HELLO
    number: int = 0
    events: list[Piece | End] = field(default_factory=list)

    async def listen(self) -> Listener:
        prompt = self.engine.prepare(MODEL, self.ask, 4096, self.terms)
        receipt = Receipt(f"0190b2c4-0000-7000-8000-{self.number:012x}", self.number, b"\0" * 32)
        async with aclosing(self.engine.generate(prompt, receipt)) as events:
            async for event in events:
                self.events.append(event)
        return self

    @property
    def text(self) -> str:
        return "".join(event.text for event in self.events if isinstance(event, Piece))

    @property
    def cache(self) -> CacheStatus | None:
        return self.events[-1].cache

    @property
    def whole(self) -> bool:
        return isinstance(self.events[-1], End)


def cached(inner: FakeEngine, ttl: float = 60) -> CachedEngine:
    return CachedEngine(inner, max_bytes=2**20, ttl=ttl)


async def begun(
    inner: FakeEngine, engine: CachedEngine, count: int, pieces: int = 1
) -> tuple[list[Listener], list[asyncio.Task[Listener]]]:
    """Begin listeners, the first of them first, and wait until all have heard something."""
    listeners = [Listener(engine, number=number) for number in range(count)]
    tasks = [asyncio.create_task(each.listen()) for each in listeners]
    async with asyncio.timeout(5):
        while not all(len(each.text) >= len("".join(WORDS[:pieces])) for each in listeners):  # noqa: ASYNC110
            await asyncio.sleep(0.001)
    assert len(inner.seen) == 1
    return listeners, tasks


async def settled(tasks: Sequence[asyncio.Task[Listener]]) -> list[Listener | BaseException]:
    async with asyncio.timeout(5):
        return await asyncio.gather(*tasks, return_exceptions=True)


async def test_ten_equal_requests_cost_one_run_and_all_stream_as_it_goes() -> None:
    inner = FakeEngine(pieces=WORDS, delay=0.01)
    listeners, tasks = await begun(inner, cached(inner), 10)
    assert not any(each.whole for each in listeners)
    await settled(tasks)
    assert len(inner.seen) == 1
    assert all(each.text == TEXT and each.whole for each in listeners)
    assert all(len(each.events) > 3 for each in listeners)
    assert [each.cache for each in listeners] == [None] + [CacheStatus.COLLAPSED] * 9
    assert len({(each.events[-1].reason, each.events[-1].usage) for each in listeners}) == 1  # type: ignore[union-attr]


async def test_who_comes_late_gets_what_was_said_before() -> None:
    inner = FakeEngine(pieces=WORDS, delay=0.01)
    engine = cached(inner)
    _, tasks = await begun(inner, engine, 1, pieces=3)
    late = Listener(engine, number=1)
    await late.listen()
    assert (late.text, late.cache) == (TEXT, CacheStatus.COLLAPSED)
    await settled(tasks)
    assert len(inner.seen) == 1


async def test_after_the_run_the_reply_is_kept() -> None:
    inner = FakeEngine(pieces=WORDS)
    engine = cached(inner)
    await Listener(engine).listen()
    hit = await Listener(engine, number=1).listen()
    assert (hit.text, hit.cache, hit.whole) == (TEXT, CacheStatus.HIT, True)
    assert len(inner.seen) == 1


@pytest.mark.parametrize("leaver", [0, 1])
async def test_who_leaves_takes_nothing_from_the_others(leaver: int) -> None:
    inner = FakeEngine(pieces=WORDS, delay=0.01)
    engine = cached(inner)
    listeners, tasks = await begun(inner, engine, 3)
    tasks[leaver].cancel()
    await settled(tasks)
    assert not listeners[leaver].whole
    for each in listeners:
        assert each is listeners[leaver] or (each.text == TEXT and each.whole)
    assert [run.finished for run in inner.seen] == [True]
    assert (await Listener(engine, number=9).listen()).cache is CacheStatus.HIT


async def test_when_nobody_listens_the_run_ends_at_once_and_nothing_is_kept() -> None:
    inner = FakeEngine(pieces=WORDS, hang_at=2)
    engine = cached(inner)
    _, tasks = await begun(inner, engine, 3)
    for task in tasks[:-1]:
        task.cancel()
    await settled(tasks[:-1])
    assert not inner.seen[0].closed
    tasks[-1].cancel()
    await settled(tasks)
    assert inner.seen[0].closed
    assert not engine._runs
    inner.hang_at = None
    again = await Listener(engine, number=9).listen()
    assert (again.text, again.cache, len(inner.seen)) == (TEXT, None, 2)


async def test_who_comes_while_a_run_is_being_stopped_begins_another() -> None:
    inner = FakeEngine(pieces=WORDS, hang_at=2)
    engine = cached(inner)
    _, tasks = await begun(inner, engine, 1)
    tasks[0].cancel()
    await asyncio.sleep(0)
    assert not inner.seen[0].closed
    inner.hang_at = None
    again = await Listener(engine, number=9).listen()
    await settled(tasks)
    assert (again.text, again.cache, len(inner.seen)) == (TEXT, None, 2)


@pytest.mark.parametrize("at", [0, 2, len(WORDS)])
@pytest.mark.parametrize(
    "failure", [ExchangeError(Code.ENGINE_FAILED, "It failed."), RuntimeError("unforeseen")]
)
async def test_a_run_that_fails_fails_for_who_began_it_and_another_leads(
    at: int, failure: Exception
) -> None:
    inner = FakeEngine(pieces=WORDS, delay=0.005, fail_at=at, fail_runs=1, failure=failure)
    engine = cached(inner)
    listeners = [Listener(engine, number=number) for number in range(4)]
    results = await settled([asyncio.create_task(each.listen()) for each in listeners])
    assert results[0] is failure
    assert all(each.text == TEXT and each.whole for each in listeners[1:])
    assert len(inner.seen) == 2
    assert [each.cache for each in listeners[1:]].count(None) == 1
    assert {run.receipt.index for run in inner.seen} != {0}


async def test_a_run_that_goes_on_failing_is_tried_once_for_each_and_never_kept() -> None:
    inner = FakeEngine(pieces=WORDS, delay=0.005, fail_at=2)
    engine = cached(inner)
    listeners = [Listener(engine, number=number) for number in range(4)]
    results = await settled([asyncio.create_task(each.listen()) for each in listeners])
    assert all(isinstance(each, ExchangeError) for each in results)
    assert len(inner.seen) == 4
    assert all(each.text == "".join(WORDS[:2]) for each in listeners)
    inner.fail_at = None
    assert (await Listener(engine, number=9).listen()).cache is None


class Fickle(FakeEngine):
    """Says something else in each run."""

    def _reply(self, prompt: FakePrompt) -> Sequence[str]:
        return WORDS if len(self.seen) == 1 else ("Once ", "there ", "was")


async def test_who_was_told_one_beginning_is_not_told_another_end() -> None:
    inner = Fickle(delay=0.005, fail_at=3, fail_runs=1)
    results = await settled([asyncio.create_task(Listener(cached(inner), number=0).listen())])
    assert isinstance(results[0], ExchangeError)
    inner = Fickle(delay=0.005, fail_at=3, fail_runs=1)
    engine = cached(inner)
    listeners = [Listener(engine, number=number) for number in range(2)]
    _, second = await settled([asyncio.create_task(each.listen()) for each in listeners])
    assert isinstance(second, ExchangeError)
    assert second.code is Code.ENGINE_FAILED
    assert TEXT.startswith(listeners[1].text)


async def test_an_engine_that_is_overloaded_is_so_for_each() -> None:
    engine = cached(FakeEngine(overloaded=True))
    results = await settled(
        [asyncio.create_task(Listener(engine, number=number).listen()) for number in range(3)]
    )
    assert [each.code for each in results if isinstance(each, ExchangeError)] == [
        Code.OVERLOADED
    ] * 3


class Mute(FakeEngine):
    """Ends without an `End`."""

    async def generate(self, prompt: Prompt, receipt: Receipt) -> AsyncGenerator[Piece | End, None]:
        async for event in super().generate(prompt, receipt):
            if isinstance(event, Piece):
                yield event


async def test_a_reply_without_an_end_is_not_whole_and_is_not_kept() -> None:
    inner = Mute(pieces=WORDS)
    engine = cached(inner)
    for number in range(2):
        listener = await Listener(engine, number=number).listen()
        assert (listener.text, listener.whole, listener.cache) == (TEXT, False, None)
    assert len(inner.seen) == 2


@pytest.mark.parametrize(
    ("terms", "ask"),
    [
        (replace(TERMS, cache=False), HELLO),
        (TERMS, replace(HELLO, options=Options(temperature=0.1))),
        (TERMS, replace(HELLO, options=Options())),
        (TERMS, replace(HELLO, conversation=replace(HELLO.conversation, form=Form()))),
        (TERMS, replace(HELLO, conversation=replace(HELLO.conversation, tools=Tools(())))),
    ],
    ids=["policy says no", "a little random", "the default", "a form", "tools"],
)
async def test_what_policy_or_chance_forbids_is_neither_shared_nor_kept(
    terms: Terms, ask: Ask[RedactedText]
) -> None:
    inner = FakeEngine(pieces=WORDS, delay=0.002)
    engine = cached(inner)
    together = [Listener(engine, terms, ask, number) for number in range(3)]
    await settled([asyncio.create_task(each.listen()) for each in together])
    await Listener(engine, terms, ask, 3).listen()
    assert len(inner.seen) == 4
    assert {each.cache for each in together} == {None}
    assert len(engine._replies) == 0


async def test_who_waits_does_not_wait_behind_the_same_question_asked_at_leisure() -> None:
    inner = FakeEngine(pieces=WORDS, hang_at=1)
    engine = cached(inner)
    leisurely = Listener(engine, replace(TERMS, priority=Priority.BATCH))
    task = asyncio.create_task(leisurely.listen())
    await inner.started.wait()
    inner.hang_at = None
    urgent = await Listener(engine, number=1).listen()
    assert (urgent.text, urgent.cache) == (TEXT, None)
    task.cancel()
    await settled([task])
    assert inner.seen[0].closed


async def test_in_a_quiet_night_nothing_is_kept_longer_than_it_may_be() -> None:
    inner = FakeEngine(pieces=WORDS)
    engine = cached(inner, ttl=1)
    await Listener(engine).listen()
    await asyncio.sleep(0.2)
    await Listener(engine, ask=replace(HELLO, chat=False), number=1).listen()
    assert len(engine._replies) == 2
    async with asyncio.timeout(5):
        while len(engine._replies):  # noqa: ASYNC110 - nobody asks for anything
            await asyncio.sleep(0.005)
    assert engine._sweep is None
    await Listener(engine, number=2).listen()
    assert engine._sweep is not None


async def test_a_closed_cache_has_forgotten() -> None:
    inner = FakeEngine(pieces=WORDS)
    engine = cached(inner)
    await Listener(engine).listen()
    engine.close()
    assert (await Listener(engine, number=1).listen()).cache is None


async def test_an_empty_reply_can_be_kept_too() -> None:
    engine = cached(FakeEngine(pieces=()))
    await Listener(engine).listen()
    hit = await Listener(engine, number=1).listen()
    assert (hit.text, hit.cache, len(hit.events)) == ("", CacheStatus.HIT, 1)


async def test_no_hit_without_a_receipt() -> None:
    engine = cached(FakeEngine(pieces=WORDS))
    await Listener(engine).listen()
    prompt = engine.prepare(MODEL, HELLO, 4096, TERMS)
    with pytest.raises(TypeError, match="receipt"):
        await anext(engine.generate(prompt, None))  # type: ignore[arg-type]
