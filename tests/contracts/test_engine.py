"""The contract of `ports.Engine`, kept by the fake, the engine on a real model, and both cached."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from pathlib import Path

import pytest

import engine as engine_package
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.exchange import (
    Ask,
    Conversation,
    End,
    FinishReason,
    Message,
    Model,
    Options,
    Piece,
    Role,
)
from gateway.domain.policy import Priority, Terms
from gateway.domain.ports import Engine, Receipt
from gateway.domain.text import _MAKER, RedactedText
from gateway.generation.cached import CachedEngine
from gateway.generation.local import LocalEngine
from gateway.settings import EngineSettings
from tests.fakes.engine import FakeEngine

STORE = Path(__file__).parents[2] / ".local" / "models"
TERMS = Terms("key:alice", "0" * 64, Priority.INTERACTIVE, None, cache=True)
RECEIPT = Receipt("0190b2c4-0000-7000-8000-000000000000", 0, b"\0" * 32)


def redacted(text: str) -> RedactedText:
    return RedactedText(text, _MAKER)


@pytest.fixture(scope="module")
def local() -> Iterator[LocalEngine]:
    settings = EngineSettings(models=(engine_package.DEFAULT_NAME,), queue=8)
    try:
        engine = LocalEngine.load(engine_package.ModelStore(STORE), settings)
    except engine_package.ModelNotFound:
        pytest.fail("the default model is not in .local/models: `make test` sets it up")
    yield engine
    engine.close()


@pytest.fixture(params=["fake", "local", "cached fake", "cached local"])
async def engine(request: pytest.FixtureRequest) -> AsyncIterator[Engine]:
    if request.param.endswith("fake"):
        plain: Engine = FakeEngine(pieces=tuple(f"word{index} " for index in range(200)))
    else:
        plain = request.getfixturevalue("local")
    if request.param.startswith("cached"):
        yield CachedEngine(plain, max_bytes=2**20, ttl=60)
    else:
        yield plain


def model_of(engine: Engine) -> Model:
    return engine.models()[0]


def ask(
    text: str = "Write a long story about a garden.",
    options: Options | None = None,
    *,
    chat: bool = True,
    stop: tuple[str, ...] = (),
) -> Ask[RedactedText]:
    return Ask(
        "model",
        Conversation(
            (Message(Role.USER, (redacted(text),)),), tuple(redacted(each) for each in stop)
        ),
        options or Options(temperature=0),
        chat,
    )


async def collect(engine: Engine, request: Ask[RedactedText], max_tokens: int) -> list[Piece | End]:
    prompt = engine.prepare(model_of(engine), request, max_tokens, TERMS)
    async with aclosing(engine.generate(prompt, RECEIPT)) as events:
        return [event async for event in events]


async def test_a_reply_is_pieces_and_then_exactly_one_end(engine: Engine) -> None:
    *pieces, end = await collect(engine, ask(), 12)
    assert pieces
    assert all(isinstance(piece, Piece) and piece.text for piece in pieces)
    assert isinstance(end, End)


async def test_a_reply_that_reaches_its_length_says_so_and_counts_it(engine: Engine) -> None:
    *pieces, end = await collect(engine, ask(options=Options(7, temperature=0)), 7)
    assert isinstance(end, End)
    assert end.reason is FinishReason.LENGTH
    assert end.usage.completion_tokens == 7
    assert sum(piece.tokens for piece in pieces if isinstance(piece, Piece)) <= 7


async def test_the_same_request_gets_the_same_reply_again(engine: Engine) -> None:
    (*first, one), (*second, two) = (
        await collect(engine, ask(), 12),
        await collect(engine, ask(), 12),
    )
    assert text_of(first) == text_of(second)
    assert isinstance(one, End)
    assert isinstance(two, End)
    assert (one.reason, one.usage) == (two.reason, two.usage)


async def test_the_prompt_tokens_of_the_end_are_those_of_the_prompt(engine: Engine) -> None:
    prompt = engine.prepare(model_of(engine), ask(), 3, TERMS)
    async with aclosing(engine.generate(prompt, RECEIPT)) as events:
        ends = [event async for event in events if isinstance(event, End)]
    assert [end.usage.prompt_tokens for end in ends] == [prompt.tokens]


async def test_nothing_runs_without_a_receipt(engine: Engine) -> None:
    prompt = engine.prepare(model_of(engine), ask(), 3, TERMS)
    with pytest.raises(TypeError, match="receipt"):
        await anext(engine.generate(prompt, None))  # type: ignore[arg-type]


async def test_only_what_the_engine_prepared_is_run(engine: Engine) -> None:
    class Forged:
        tokens = 1

    with pytest.raises(TypeError, match="prepared"):
        await anext(engine.generate(Forged(), RECEIPT))


async def test_a_prompt_that_does_not_fit_the_context_is_refused(engine: Engine) -> None:
    with pytest.raises(ExchangeError) as caught:
        engine.prepare(model_of(engine), ask("zebra " * 9000), 16, TERMS)
    assert caught.value.code is Code.CONTEXT_LENGTH_EXCEEDED
    assert "zebra" not in str(caught.value)


async def test_a_named_length_that_does_not_fit_is_refused(engine: Engine) -> None:
    length = model_of(engine).context_length
    with pytest.raises(ExchangeError) as caught:
        engine.prepare(model_of(engine), ask(options=Options(length, temperature=0)), length, TERMS)
    assert caught.value.code is Code.CONTEXT_LENGTH_EXCEEDED


async def test_a_bound_that_the_client_did_not_name_gives_way_to_the_context(
    engine: Engine,
) -> None:
    prompt = engine.prepare(model_of(engine), ask(), model_of(engine).context_length, TERMS)
    assert prompt.tokens > 0


async def test_a_seed_that_cannot_be_honoured_is_refused_by_name(engine: Engine) -> None:
    with pytest.raises(ExchangeError) as caught:
        engine.prepare(model_of(engine), ask(options=Options(temperature=0.7, seed=1)), 8, TERMS)
    assert (caught.value.code, caught.value.param) == (Code.UNSUPPORTED_PARAMETER, "seed")


async def test_a_seed_with_temperature_0_is_honoured_because_nothing_is_drawn(
    engine: Engine,
) -> None:
    first = await collect(engine, ask(options=Options(temperature=0, seed=1)), 8)
    second = await collect(engine, ask(options=Options(temperature=0, seed=2)), 8)
    assert text_of(first) == text_of(second)


async def test_a_reader_that_goes_away_leaves_the_engine_usable(engine: Engine) -> None:
    for _ in range(3):
        prompt = engine.prepare(model_of(engine), ask(), 150, TERMS)
        async with aclosing(engine.generate(prompt, RECEIPT)) as events:
            await anext(events)
    assert len(await collect(engine, ask(), 4)) >= 2


async def test_a_cancelled_reader_leaves_the_engine_usable(engine: Engine) -> None:
    readers = [asyncio.create_task(collect(engine, ask(), 150)) for _ in range(4)]
    await asyncio.sleep(0.2)
    for reader in readers:
        reader.cancel()
    await asyncio.gather(*readers, return_exceptions=True)
    assert len(await asyncio.wait_for(collect(engine, ask(), 4), 30)) >= 2


async def test_a_bare_prompt_runs(engine: Engine) -> None:
    *_, end = await collect(engine, ask("Once upon a time", chat=False), 5)
    assert isinstance(end, End)
    assert end.usage.prompt_tokens == 4


async def test_no_text_shows_in_the_repr_of_a_prompt(engine: Engine) -> None:
    prompt = engine.prepare(model_of(engine), ask("Quetzalcoatl", stop=("Xochimilco",)), 4, TERMS)
    assert "Quetzalcoatl" not in repr(prompt)
    assert "Xochimilco" not in repr(prompt)


def test_the_terms_reach_the_scheduler(local: LocalEngine) -> None:
    terms = Terms("key:bob", "0" * 64, Priority.BATCH, 3, cache=False)
    bobs = local.prepare(model_of(local), ask(), 4, terms).prepared
    assert (bobs.standing.caller, bobs.standing.max_in_flight) == ("key:bob", 3)
    others = local.prepare(model_of(local), ask(), 4, TERMS).prepared
    assert bobs.standing.priority > others.standing.priority


async def test_a_full_queue_is_answered_at_once_and_computes_nothing(local: LocalEngine) -> None:
    tasks = [asyncio.create_task(collect(local, ask(), 60)) for _ in range(40)]
    results = await asyncio.gather(*tasks, return_exceptions=True)
    refused = [result for result in results if isinstance(result, ExchangeError)]
    served = [result for result in results if isinstance(result, list)]
    assert {error.code for error in refused} == {Code.OVERLOADED}
    assert refused
    assert len({text_of(result) for result in served}) == 1


async def test_a_fake_that_is_told_to_fail_fails_where_it_was_told() -> None:
    engine = FakeEngine(fail_at=2)
    prompt = engine.prepare(model_of(engine), ask(), 10, TERMS)
    events = engine.generate(prompt, RECEIPT)
    assert [await anext(events), await anext(events)] == [Piece("Hello", 1), Piece(", ", 1)]
    with pytest.raises(ExchangeError):
        await anext(events)
    assert engine.seen[0].closed
    assert not engine.seen[0].finished


async def test_a_fake_that_echoes_replies_with_the_last_message() -> None:
    engine = FakeEngine(echo=3)
    assert text_of(await collect(engine, ask("abcdefgh"), 10)) == "abcdefgh"


def text_of(events: list[Piece | End]) -> str:
    return "".join(event.text for event in events if isinstance(event, Piece))
