"""The contract of `ports.Engine` for models that transcribe: the fake's and a real model's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import replace
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
    Recording,
    Role,
    Task,
    Transcript,
)
from gateway.domain.ports import Engine, Receipt
from gateway.domain.text import _MAKER, RedactedText
from gateway.generation.transcription import LocalTranscriber
from tests.contracts.test_engine import TERMS
from tests.fakes.engine import TRANSCRIBER, FakeEngine
from tests.unit.engine.recordings import VECTORS, tone, wav

STORE = Path(__file__).parents[2] / ".local" / "models"
RECEIPT = Receipt("0190b2c4-0000-7000-8000-000000000000", 0, b"\0" * 32)
GREETING = (VECTORS / "greeting.flac").read_bytes()


@pytest.fixture(scope="module")
def local() -> Iterator[LocalTranscriber]:
    try:
        model = engine_package.ModelStore(STORE).open(
            engine_package.DEFAULT_TRANSCRIBER, "transcribe"
        )
    except engine_package.ModelNotFound:
        pytest.fail("the default transcriber is not in .local/models: `make test` sets it up")
    transcriber = LocalTranscriber(engine_package.Transcriber(model, queue=1, max_seconds=30))
    yield transcriber
    transcriber.close()


@pytest.fixture(params=["fake", "local"])
async def engine(request: pytest.FixtureRequest) -> AsyncIterator[Engine]:
    if request.param == "fake":
        yield FakeEngine(served=(TRANSCRIBER,))
    else:
        yield request.getfixturevalue("local")


def model_of(engine: Engine) -> Model:
    [model] = engine.models()
    assert model.task is Task.TRANSCRIBE
    return model


def ask(sound: bytes = GREETING, prompt: str = "", *, words: bool = False) -> Ask[RedactedText]:
    content = (RedactedText(prompt, _MAKER),) if prompt else ()
    return Ask(
        "model",
        Conversation((Message(Role.USER, content),)),
        Options(temperature=0),
        chat=False,
        recording=Recording(sound, "en", words),
    )


async def collect(engine: Engine, request: Ask[RedactedText]) -> list[Event]:
    prompt = engine.prepare(model_of(engine), request, 1, TERMS)
    async with aclosing(engine.generate(prompt, RECEIPT)) as events:
        return [event async for event in events]


async def test_there_is_one_transcript_and_then_one_end(engine: Engine) -> None:
    transcript, end = await collect(engine, ask())
    assert isinstance(transcript, Transcript)
    assert isinstance(end, End)
    assert transcript.segments
    assert transcript.language == "en"
    assert all(each.start <= each.end for each in transcript.segments)


async def test_the_tokens_of_the_end_are_those_of_the_prompt(engine: Engine) -> None:
    prompt = engine.prepare(model_of(engine), ask(prompt="A greeting."), 1, TERMS)
    async with aclosing(engine.generate(prompt, RECEIPT)) as events:
        ends = [event async for event in events if isinstance(event, End)]
    assert [end.usage.prompt_tokens for end in ends] == [prompt.tokens]


async def test_nothing_runs_without_a_receipt(engine: Engine) -> None:
    prompt = engine.prepare(model_of(engine), ask(), 1, TERMS)
    with pytest.raises(TypeError, match="receipt"):
        await anext(engine.generate(prompt, None))  # type: ignore[arg-type]


async def test_only_what_the_engine_prepared_is_run(engine: Engine) -> None:
    class Forged:
        tokens = 1

    with pytest.raises(TypeError, match="prepared"):
        await anext(engine.generate(Forged(), RECEIPT))


async def test_no_text_shows_in_the_repr_of_a_prompt_or_a_transcript(engine: Engine) -> None:
    prompt = engine.prepare(model_of(engine), ask(prompt="Quetzalcoatl"), 1, TERMS)
    assert "Quetzalcoatl" not in repr(prompt)
    [transcript, _] = await collect(engine, ask())
    assert "morning" not in repr(transcript)


async def test_only_its_own_model_is_prepared(local: LocalTranscriber) -> None:
    with pytest.raises(ValueError, match="own models"):
        local.prepare(Model("other", "", 1, 1, Task.TRANSCRIBE), ask(), 1, TERMS)


async def test_words_are_the_text_of_their_segment(local: LocalTranscriber) -> None:
    [transcript, _] = await collect(local, ask(words=True))
    assert isinstance(transcript, Transcript)
    for segment in transcript.segments:
        assert "".join(word.text.reveal() for word in segment.words) == segment.text.reveal()


@pytest.mark.parametrize(
    ("request_", "code", "param"),
    [
        (ask(b"Quetzalcoatl"), Code.UNREADABLE_AUDIO, "file"),
        (ask(wav([0] * 16_000 * 31)), Code.AUDIO_TOO_LONG, "file"),
        (ask(prompt="word " * 500), Code.UNSUPPORTED_PARAMETER, "prompt"),
        (
            replace(ask(), recording=Recording(GREETING, "xx")),
            Code.UNSUPPORTED_PARAMETER,
            "language",
        ),
        (replace(ask(), options=Options(temperature=2)), Code.UNSUPPORTED_PARAMETER, "temperature"),
        (replace(ask(), recording=None), Code.INVALID_REQUEST, "file"),
    ],
)
def test_what_cannot_be_heard_is_refused_by_a_code(
    local: LocalTranscriber, request_: Ask[RedactedText], code: Code, param: str
) -> None:
    with pytest.raises(ExchangeError) as caught:
        local.prepare(model_of(local), request_, 1, TERMS)
    assert (caught.value.code, caught.value.param) == (code, param)
    assert "Quetzalcoatl" not in caught.value.message


async def test_a_full_queue_is_answered_at_once(local: LocalTranscriber) -> None:
    request = ask(wav(tone(20)))
    tasks = [asyncio.create_task(collect(local, request)) for _ in range(4)]
    results = await asyncio.gather(*tasks, return_exceptions=True)
    refused = [result for result in results if isinstance(result, ExchangeError)]
    assert {error.code for error in refused} == {Code.OVERLOADED}
    assert 1 <= len(refused) <= 2


async def test_a_cancelled_reader_leaves_the_engine_usable(local: LocalTranscriber) -> None:
    reader = asyncio.create_task(collect(local, ask()))
    await asyncio.sleep(0.4)
    reader.cancel()
    await asyncio.gather(reader, return_exceptions=True)
    assert len(await asyncio.wait_for(collect(local, ask()), 60)) == 2
