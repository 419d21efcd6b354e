"""The contract of `ports.Engine` for models that embed, kept by the fake and by a real model."""

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
    Event,
    Message,
    Model,
    Options,
    Role,
    Task,
    Vectors,
)
from gateway.domain.ports import Engine, Receipt
from gateway.domain.text import _MAKER, RedactedText
from gateway.generation.embedding import LocalEmbedder
from tests.contracts.test_engine import TERMS
from tests.fakes.engine import EMBEDDER, FakeEngine

STORE = Path(__file__).parents[2] / ".local" / "models"
RECEIPT = Receipt("0190b2c4-0000-7000-8000-000000000000", 0, b"\0" * 32)


@pytest.fixture(scope="module")
def local() -> Iterator[LocalEmbedder]:
    try:
        model = engine_package.ModelStore(STORE).open(engine_package.EMBEDDER_NAME, "embed")
    except engine_package.ModelNotFound:
        pytest.fail("the default embedder is not in .local/models: `make test` sets it up")
    embedder = LocalEmbedder(engine_package.Embedder(model, replicas=1, queue=64))
    yield embedder
    embedder.close()


@pytest.fixture(params=["fake", "local"])
async def engine(request: pytest.FixtureRequest) -> AsyncIterator[Engine]:
    if request.param == "fake":
        yield FakeEngine(served=(EMBEDDER,))
    else:
        yield request.getfixturevalue("local")


def model_of(engine: Engine) -> Model:
    [model] = engine.models()
    assert model.task is Task.EMBED
    return model


def ask(*texts: str) -> Ask[RedactedText]:
    content = tuple(RedactedText(text, _MAKER) for text in texts)
    return Ask("model", Conversation((Message(Role.USER, content),)), Options(), chat=False)


async def collect(engine: Engine, request: Ask[RedactedText]) -> list[Event]:
    prompt = engine.prepare(model_of(engine), request, 1, TERMS)
    async with aclosing(engine.generate(prompt, RECEIPT)) as events:
        return [event async for event in events]


async def test_there_is_a_vector_for_each_text_and_then_one_end(engine: Engine) -> None:
    vectors, end = await collect(engine, ask("one", "two words", "three"))
    assert isinstance(vectors, Vectors)
    assert isinstance(end, End)
    assert len(vectors.rows) == 3
    assert len({len(row) for row in vectors.rows}) == 1
    assert len(vectors.rows[0]) % 4 == 0
    assert end.usage.completion_tokens == 0


async def test_the_tokens_of_the_end_are_those_of_the_prompt(engine: Engine) -> None:
    prompt = engine.prepare(model_of(engine), ask("one", "two words"), 1, TERMS)
    async with aclosing(engine.generate(prompt, RECEIPT)) as events:
        ends = [event async for event in events if isinstance(event, End)]
    assert [end.usage.prompt_tokens for end in ends] == [prompt.tokens]


async def test_nothing_runs_without_a_receipt(engine: Engine) -> None:
    prompt = engine.prepare(model_of(engine), ask("one"), 1, TERMS)
    with pytest.raises(TypeError, match="receipt"):
        await anext(engine.generate(prompt, None))  # type: ignore[arg-type]


async def test_only_what_the_engine_prepared_is_run(engine: Engine) -> None:
    class Forged:
        tokens = 1

    with pytest.raises(TypeError, match="prepared"):
        await anext(engine.generate(Forged(), RECEIPT))


async def test_only_its_own_model_is_prepared(engine: Engine) -> None:
    with pytest.raises(ValueError, match="own models"):
        engine.prepare(Model("other", "", 1, 1, Task.EMBED), ask("one"), 1, TERMS)


async def test_a_text_that_does_not_fit_the_context_is_refused(engine: Engine) -> None:
    with pytest.raises(ExchangeError) as caught:
        engine.prepare(model_of(engine), ask("short", "zebra " * 600), 1, TERMS)
    assert caught.value.code is Code.CONTEXT_LENGTH_EXCEEDED
    assert "zebra" not in str(caught.value)


async def test_no_text_shows_in_the_repr_of_a_prompt(engine: Engine) -> None:
    prompt = engine.prepare(model_of(engine), ask("Quetzalcoatl"), 1, TERMS)
    assert "Quetzalcoatl" not in repr(prompt)


async def test_a_cancelled_reader_leaves_the_engine_usable(engine: Engine) -> None:
    texts = ["the ward is quiet " * 100] * 60
    reader = asyncio.create_task(collect(engine, ask(*texts)))
    await asyncio.sleep(0.05)
    reader.cancel()
    await asyncio.gather(reader, return_exceptions=True)
    assert len(await asyncio.wait_for(collect(engine, ask("one")), 30)) == 2


async def test_a_full_queue_is_answered_at_once(local: LocalEmbedder) -> None:
    texts = ["the ward is quiet " * 100] * 40
    tasks = [asyncio.create_task(collect(local, ask(*texts))) for _ in range(4)]
    results = await asyncio.gather(*tasks, return_exceptions=True)
    refused = [result for result in results if isinstance(result, ExchangeError)]
    assert {error.code for error in refused} == {Code.OVERLOADED}
    assert len(refused) < len(tasks)


async def test_an_embedder_that_is_closed_says_that_it_shuts_down() -> None:
    model = engine_package.ModelStore(STORE).open(engine_package.EMBEDDER_NAME, "embed")
    closed = LocalEmbedder(engine_package.Embedder(model, replicas=1))
    prompt = closed.prepare(model_of(closed), ask("one"), 1, TERMS)
    assert closed.ready
    closed.close()
    assert not closed.ready
    with pytest.raises(ExchangeError) as caught:
        await anext(closed.generate(prompt, RECEIPT))
    assert caught.value.code is Code.SHUTTING_DOWN
