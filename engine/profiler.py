"""Runs jobs through a generator of its own, the way the gateway does, and notes where time goes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import aclosing
from typing import Final

from engine.errors import PromptTooLong
from engine.generator import GenerateOptions, Generator, PreparedPrompt
from engine.job import Finished
from engine.plan import ModelPlan
from engine.profile import Asked, Profile, make_profile
from engine.report import BatchReport
from engine.store import InstalledModel
from engine.timing import Interval, Timing

_TEXT: Final = (
    "the night nurse reads the chart at eight and writes down what the doctor said about the pump "
    "in room four while the porter waits for a bed and the kitchen asks who may eat before the "
    "round begins again on the long corridor of the old house by the river"
)


def profile_model(  # noqa: PLR0913 - four numbers say what is run
    model: InstalledModel,
    plan: ModelPlan,
    *,
    jobs: int,
    concurrency: int,
    prompt_tokens: int,
    tokens: int,
) -> Profile:
    """Load `model` and return the profile of `jobs` greedy jobs, `concurrency` of them at a time.

    Each has a prompt of `prompt_tokens` and up to `tokens` new ones. Raises `PromptTooLong` before
    the model is loaded, and `EngineError`.
    """
    if prompt_tokens + tokens > plan.context:
        raise PromptTooLong(prompt_tokens, tokens, plan.context)
    reports: list[BatchReport] = []
    generator = Generator(model, plan=plan, queue=concurrency, observe=reports.append)
    try:
        prompts = [_prompt(generator, prompt_tokens, number) for number in range(jobs)]
        asked = asyncio.run(run(generator, prompts, tokens, concurrency))
    finally:
        generator.close()  # A batch is reported a moment after its last job ends, and before this.
    return make_profile(model.name, generator.replicas, asked, reports)


async def run(
    generator: Generator, prompts: Sequence[str], tokens: int, concurrency: int
) -> list[Asked]:
    """Send `prompts`, `concurrency` of them at a time, and return what was noted of each."""
    options = GenerateOptions(max_tokens=tokens, temperature=0)
    left = iter(prompts)

    async def client() -> list[Asked]:
        return [await _ask(generator, prompt, options) for prompt in left]

    clients = await asyncio.gather(*(client() for _ in range(concurrency)))
    return [each for asked in clients for each in asked]


async def _ask(generator: Generator, text: str, options: GenerateOptions) -> Asked:
    def prepare() -> tuple[PreparedPrompt, Interval]:
        start = time.perf_counter()
        prompt = generator.prepare_text(text, options)
        return prompt, (start, time.perf_counter())

    with generator.expecting():
        prompt, tokenise = await asyncio.to_thread(prepare)
    timing, tokens = Timing(), 0
    async with aclosing(generator.generate(prompt, timing)) as events:
        async for event in events:
            if isinstance(event, Finished):
                tokens = event.completion_tokens
    return Asked(tokenise, prompt.tokens, tokens, timing)


def _prompt(generator: Generator, tokens: int, number: int) -> str:
    """Return words that come to `tokens` tokens, of another order for each number.

    Equal lengths matter: one prompt that is shorter costs its whole batch a step for each token.
    """
    options = GenerateOptions(max_tokens=1, temperature=0)
    words = _TEXT.split()

    def text(count: int) -> str:
        return " ".join(words[(number + index) % len(words)] for index in range(count))

    def length(prompt: str) -> int:
        try:
            return generator.prepare_text(prompt, options).tokens
        except PromptTooLong:
            return tokens + 1

    least, most = 1, tokens  # A word is a token at least.
    while least < most:
        count = (least + most + 1) // 2
        least, most = (count, most) if length(text(count)) <= tokens else (least, count - 1)
    return text(least) + " a" * max(0, tokens - length(text(least)))
