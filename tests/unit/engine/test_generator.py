"""The generator on the real model: own answers, exact counts, cancellation, stops, overload."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from contextlib import aclosing
from pathlib import Path

import pytest

from engine import (
    DEFAULT_NAME,
    ChatMessage,
    Devices,
    EngineClosed,
    Finished,
    GenerateOptions,
    Generator,
    InstalledModel,
    NoDevice,
    Overloaded,
    PreparedPrompt,
    PromptTooLong,
    Reason,
    Text,
    UnsupportedInput,
    UnsupportedOption,
    Wish,
    detect_devices,
    make_plan,
)
from engine.devices import Cuda
from engine.prompts import Prompts
from engine.stream import TextStream

ROOT = Path(__file__).parents[3]
STORE = ROOT / ".local" / "models"
COUNT = "Count from 1 to 50, separated by commas."
CAPITAL = "What is the capital of France?"


def greedy(max_tokens: int | None = 24, stop: tuple[str, ...] = ()) -> GenerateOptions:
    return GenerateOptions(max_tokens=max_tokens, temperature=0, stop=stop)


def chat(generator: Generator, text: str, options: GenerateOptions) -> PreparedPrompt:
    return generator.prepare_chat([ChatMessage("user", text)], options)


async def run(generator: Generator, prompt: PreparedPrompt) -> tuple[str, Finished]:
    text, end = "", None
    async with aclosing(generator.generate(prompt)) as events:
        async for event in events:
            assert end is None
            if isinstance(event, Text):
                text += event.text
            else:
                end = event
    assert end is not None
    return text, end


async def idle(generator: Generator, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while generator.running or generator.waiting:
        assert time.monotonic() < deadline, "a job still occupies the engine"
        await asyncio.sleep(0.01)


async def test_the_model_answers(generator: Generator) -> None:
    text, end = await run(generator, chat(generator, CAPITAL, greedy()))
    assert "Paris" in text
    assert end.reason is Reason.STOP


async def test_greedy_replies_repeat(generator: Generator) -> None:
    prompt = chat(generator, COUNT, greedy())
    assert await run(generator, prompt) == await run(generator, prompt)


async def test_twenty_at_once_of_different_lengths_get_their_own_answers(
    generator: Generator,
) -> None:
    # Each counts from a number of its own; the model is sure of how that goes on.
    starts = [110 + 37 * index for index in range(20)]
    ends = [start + 5 + index for index, start in enumerate(starts)]
    prompts = [
        generator.prepare_text(
            ", ".join(str(number) for number in range(start, end)) + ",", greedy(8)
        )
        for start, end in zip(starts, ends, strict=True)
    ]
    assert len({prompt.tokens for prompt in prompts}) == 20
    replies = await asyncio.gather(*(run(generator, prompt) for prompt in prompts))
    for next_number, prompt, (text, end) in zip(ends, prompts, replies, strict=True):
        # A small model skips a number now and then; the rows are 38 apart.
        assert int(text.split(",")[0]) in range(next_number, next_number + 5)
        assert end == Finished(Reason.LENGTH, prompt.tokens, 8)


async def test_prompts_of_equal_length_get_exactly_the_answers_they_get_alone(
    generator: Generator,
) -> None:
    # Of unequal length they need not: a longer prompt's end goes through the network in other
    # portions, and int8 rounds otherwise where two tokens are nearly equally likely. In float32
    # they do (test_ctranslate2.py).
    prompts = [
        chat(generator, f"Write a poem about number {n}.", greedy(24)) for n in range(10, 22)
    ]
    assert len({prompt.tokens for prompt in prompts}) == 1
    together = await asyncio.gather(*(run(generator, prompt) for prompt in prompts))
    alone = [await run(generator, prompt) for prompt in prompts]
    assert list(together) == alone


async def test_counts_are_exact(generator: Generator, model: InstalledModel) -> None:
    prompts = Prompts.load(model.path)
    message = ChatMessage("user", CAPITAL)
    text, end = await run(generator, chat(generator, CAPITAL, greedy()))
    assert end.prompt_tokens == len(prompts.chat([message]))
    assert end.completion_tokens == len(prompts.text(text))


async def test_tokens_told_with_the_pieces_are_those_of_the_end(generator: Generator) -> None:
    told, end = 0, None
    async for event in generator.generate(chat(generator, COUNT, greedy(30))):
        if isinstance(event, Text):
            told += event.tokens
        else:
            end = event
    assert end == Finished(Reason.LENGTH, chat(generator, COUNT, greedy()).tokens, told) or end


async def test_a_reply_as_long_as_allowed_ends_for_its_length(generator: Generator) -> None:
    _, end = await run(generator, chat(generator, COUNT, greedy(5)))
    assert end.reason is Reason.LENGTH
    assert end.completion_tokens == 5


async def test_a_stop_string_over_several_tokens_ends_the_reply_before_it(
    generator: Generator,
) -> None:
    whole, _ = await run(generator, chat(generator, COUNT, greedy(40)))
    stop = whole[7:14]
    text, end = await run(generator, chat(generator, COUNT, greedy(40, (stop,))))
    assert text == whole[: whole.find(stop)]
    assert end.reason is Reason.STOP
    assert end.completion_tokens < 40


async def test_a_reader_that_stops_frees_its_row(generator: Generator) -> None:
    prompt = chat(generator, "Write a very long story about a forest.", greedy(2000))
    async with aclosing(generator.generate(prompt)) as events:
        assert isinstance(await anext(events), Text)
    await idle(generator)


async def test_a_cancelled_reader_frees_its_row_and_harms_no_other(generator: Generator) -> None:
    prompt = chat(generator, "Write a very long story about a forest.", greedy(2000))
    readers = [asyncio.create_task(run(generator, prompt)) for _ in range(3)]
    neighbour = asyncio.create_task(run(generator, chat(generator, CAPITAL, greedy())))
    await asyncio.sleep(0.3)
    for reader in readers:
        reader.cancel()
    text, _ = await neighbour
    assert "Paris" in text
    await asyncio.gather(*readers, return_exceptions=True)
    await idle(generator)


async def test_a_full_queue_is_refused_at_once(model: InstalledModel) -> None:
    generator = Generator(model, replicas=1, queue=2)
    try:
        prompt = chat(generator, "Write a very long story.", greedy(400))
        readers = [asyncio.create_task(run(generator, prompt)) for _ in range(20)]
        first, _ = await asyncio.wait(readers, return_when=asyncio.FIRST_COMPLETED)
        # Nobody has a story yet: whoever ends so early did not wait for his turn.
        assert all(isinstance(reader.exception(), Overloaded) for reader in first)
        assert generator.running or generator.waiting
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)
    finally:
        generator.close()


def test_a_load_that_finds_no_memory_says_what_to_do() -> None:
    program = (
        "import resource\n"
        "from pathlib import Path\n"
        "from engine import DoesNotFit, Generator, ModelStore\n"
        f"model = ModelStore(Path({str(STORE)!r})).open({DEFAULT_NAME!r})\n"
        # What libraries and their threads take differs from machine to machine.
        "status = Path('/proc/self/status').read_text()\n"
        "most = (int(status.split('VmData:')[1].split()[0]) << 10) + (100 << 20)\n"
        "resource.setrlimit(resource.RLIMIT_DATA, (most, most))\n"
        "try:\n"
        "    Generator(model, replicas=1)\n"
        "except DoesNotFit as error:\n"
        "    print(error)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert ran.returncode == 0, ran.stderr
    assert f"no memory left on cpu while {DEFAULT_NAME} was loaded" in ran.stdout
    assert "bound its cgroup instead" in ran.stdout


def test_a_device_that_does_not_work_is_said_and_not_replaced(model: InstalledModel) -> None:
    if detect_devices().cuda:
        pytest.skip("this machine has a CUDA device")
    kinds = frozenset({"int8_float16", "int8"})
    devices = Devices(cores=1, memory=4 << 30, cuda=(Cuda(0, kinds),))
    plan = make_plan(devices, [model.manifest]).models[0]
    with pytest.raises(NoDevice, match="CUDA device could not load smollm2"):
        Generator(model, plan=plan)


async def test_a_generator_follows_its_plan(model: InstalledModel) -> None:
    wish = Wish(replicas=1, context=300, max_batch=4)
    plan = make_plan(Devices(cores=1, memory=4 << 30), [model.manifest], wish).models[0]
    generator = Generator(model, plan=plan)
    try:
        assert (generator.replicas, generator.plan.limits.max_batch) == (1, 4)
        assert generator.prepare_text("Hello", greedy(None)).max_tokens == 300 - 1
        with pytest.raises(PromptTooLong) as caught:
            generator.prepare_text(" the" * 300, greedy(1))
        assert caught.value.limit == 300
        _, end = await run(generator, generator.prepare_text(" the" * 290, greedy(3)))
        assert end.prompt_tokens == 290
    finally:
        generator.close()


async def test_closing_ends_what_runs(model: InstalledModel) -> None:
    generator = Generator(model, replicas=1)
    reader = asyncio.create_task(
        run(generator, chat(generator, "Write a very long story.", greedy(2000)))
    )
    await asyncio.sleep(0.2)
    await asyncio.to_thread(generator.close)
    with pytest.raises(EngineClosed):
        await reader
    with pytest.raises(EngineClosed):
        await run(generator, chat(generator, "Hello", greedy(2)))


def test_replies_reach_several_event_loops_one_after_another(generator: Generator) -> None:
    prompt = chat(generator, CAPITAL, greedy())
    assert len({asyncio.run(run(generator, prompt)) for _ in range(3)}) == 1


async def test_half_a_character_never_shows(
    generator: Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    said, push = bytearray(), TextStream.push

    def noted(stream: TextStream, token: int) -> str:
        said.extend(stream._bytes_of[token])
        return push(stream, token)

    monkeypatch.setattr(TextStream, "push", noted)
    prompt = chat(generator, "Repeat exactly: 🚑 日本 é 🚑 日本", greedy(40))
    events = [event async for event in generator.generate(prompt)]
    text = "".join(event.text for event in events if isinstance(event, Text))
    assert len(text.encode()) > len(text), "the model did not write a character of several bytes"
    # A model may write what is no character; nothing else may come out as one.
    assert text == said.decode("utf-8", "replace")


async def test_temperature_draws_different_replies(generator: Generator) -> None:
    options = GenerateOptions(max_tokens=16, temperature=1.0, top_p=0.9)
    prompt = chat(generator, "Write a poem.", options)
    replies = await asyncio.gather(*(run(generator, prompt) for _ in range(6)))
    assert len({text for text, _ in replies}) > 1


async def test_a_temperature_near_0_is_greedy(generator: Generator) -> None:
    near = GenerateOptions(max_tokens=12, temperature=1e-9, top_p=0.5, seed=3)
    assert await run(generator, chat(generator, COUNT, near)) == await run(
        generator, chat(generator, COUNT, greedy(12))
    )


@pytest.mark.parametrize(
    ("options", "name"),
    [
        (GenerateOptions(seed=1), "seed"),
        (GenerateOptions(temperature=-1), "temperature"),
        (GenerateOptions(temperature=float("nan")), "temperature"),
        (GenerateOptions(temperature=2.1), "temperature"),
        (GenerateOptions(top_p=0), "top_p"),
        (GenerateOptions(top_p=1.5), "top_p"),
        (GenerateOptions(stop=("",)), "stop"),
        (GenerateOptions(stop=("x",) * 17), "stop"),
        (GenerateOptions(max_tokens=0), "max_tokens"),
    ],
)
def test_an_option_that_cannot_be_honoured_is_refused_by_name(
    generator: Generator, options: GenerateOptions, name: str
) -> None:
    with pytest.raises(UnsupportedOption) as caught:
        chat(generator, "Hello", options)
    assert caught.value.option == name


def test_a_prompt_longer_than_the_context_is_refused_with_both_numbers(
    generator: Generator,
) -> None:
    with pytest.raises(PromptTooLong) as caught:
        generator.prepare_text("zebra " * 9000, greedy(10))
    assert caught.value.limit == 8192
    assert caught.value.tokens > 8192
    assert "zebra" not in str(caught.value)


def test_a_prompt_that_fills_the_context_leaves_no_room_for_a_reply(generator: Generator) -> None:
    with pytest.raises(PromptTooLong):
        generator.prepare_text(" the" * 8192, greedy(None))
    assert generator.prepare_text(" the" * 8191, greedy(None)).max_tokens == 1


def test_a_bound_gives_way_to_the_context_and_a_length_does_not(generator: Generator) -> None:
    bounded = GenerateOptions(at_most=10_000, temperature=0)
    prompt = generator.prepare_text("Hello", bounded)
    assert prompt.max_tokens == 8192 - prompt.tokens
    with pytest.raises(PromptTooLong):
        generator.prepare_text("Hello", greedy(8192))


def test_an_empty_prompt_is_refused(generator: Generator) -> None:
    with pytest.raises(UnsupportedInput):
        generator.prepare_text("", greedy())


def test_nothing_of_a_prompt_shows_in_a_repr(generator: Generator) -> None:
    prompt = generator.prepare_text("canary", greedy(5, ("canary",)))
    assert "canary" not in repr(prompt) + repr(greedy(5, ("canary",)))
