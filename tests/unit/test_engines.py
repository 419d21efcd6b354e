"""Several engines behind one port."""

from dataclasses import replace

import pytest

from gateway.cli.serve import explain
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.exchange import End, Model, Vectors
from gateway.domain.ports import Receipt
from gateway.generation.engines import Engines, SameName
from tests.contracts.test_engine import TERMS, ask
from tests.fakes.engine import EMBEDDER, MODEL, TRANSCRIBER, FakeEngine

RECEIPT = Receipt("0190b2c4-0000-7000-8000-000000000000", 0, b"\0" * 32)


async def test_a_prompt_is_run_by_the_engine_that_prepared_it() -> None:
    writer, embedder = FakeEngine(served=(MODEL,)), FakeEngine(served=(EMBEDDER,))
    engines = Engines(writer, embedder)
    assert engines.models() == (MODEL, EMBEDDER)
    prompt = engines.prepare(EMBEDDER, ask("Xochimilco"), 8, TERMS)
    assert "Xochimilco" not in repr(prompt)
    vectors, end = [event async for event in engines.generate(prompt, RECEIPT)]
    assert isinstance(vectors, Vectors)
    assert isinstance(end, End)
    assert end.usage.prompt_tokens == prompt.tokens
    assert (len(writer.seen), len(embedder.seen)) == (0, 1)


async def test_what_none_of_them_prepared_is_not_run() -> None:
    writer = FakeEngine(served=(MODEL,))
    stray = writer.prepare(MODEL, ask(), 8, TERMS)
    with pytest.raises(TypeError, match="prepared"):
        Engines(writer).generate(stray, RECEIPT)


@pytest.mark.parametrize("model", [EMBEDDER, TRANSCRIBER])
async def test_what_policy_bounds_of_a_caller_is_bounded_for_every_task(model: Model) -> None:
    engines = Engines(FakeEngine(served=(MODEL,)), FakeEngine(served=(model,)))
    bounded, another = replace(TERMS, in_flight=1), replace(TERMS, partition="key:bob")
    prompt = engines.prepare(model, ask("one"), 8, bounded)
    first = engines.generate(prompt, RECEIPT)
    await anext(first)
    with pytest.raises(ExchangeError) as caught:
        await anext(engines.generate(prompt, RECEIPT))
    assert caught.value.code is Code.RATE_LIMITED
    await anext(engines.generate(engines.prepare(model, ask("two"), 8, another), RECEIPT))
    await first.aclose()
    assert len([event async for event in engines.generate(prompt, RECEIPT)]) == 2


def test_two_models_of_one_name_are_an_error() -> None:
    with pytest.raises(SameName, match="same name, fake-embedder, fake-model") as caught:
        Engines(FakeEngine(), FakeEngine())
    assert explain(caught.value) == str(caught.value)
