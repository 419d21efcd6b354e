"""How fast one model is on this machine: a few seconds of work, measured from outside its queue.

Numbers for an operator who chooses a model or a machine. `benchmarks/` compares with peers.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Final

from engine.errors import EngineError
from engine.generator import GenerateOptions, Generator, PreparedPrompt
from engine.job import Event, Finished
from engine.prompts import Prompts
from engine.sources import Progress
from engine.store import InstalledModel
from engine.warmup import warm_up

STREAMS: Final = (1, 8, 32)
"""How many replies are generated at once, one figure each."""
_PROMPT_TOKENS: Final = 512
_REPLY_TOKENS: Final = 64
_TASK: Final = "Describe at length, part {}, how a doctor examines the heart and the lungs."
_FILL: Final = "The patient was admitted with chest pain and shortness of breath on exertion. "


@dataclass(frozen=True, slots=True)
class Speed:
    """What was measured; rates are tokens per second over all replicas."""

    model: str
    digest: str
    replicas: int
    prompt_tokens: int
    """Length of each prompt of the first figure: one prompt for each replica, at once."""
    prefill: float
    decode: dict[int, float]
    """By streams at once; the short prompts' own time is in it."""
    load_seconds: float
    """To load the verified files and to warm up."""
    load_bytes: int
    """Of memory, after the warm-up, over what the process had before."""
    peak_bytes: int
    """The same, at its highest."""


def measure_speed(
    model: InstalledModel,
    load: Callable[[InstalledModel, Prompts], Generator],
    progress: Progress = lambda _stage, _done: None,
) -> Speed:
    """Load `model`, measure it, and unload it; blocks. Raises what a failed generation raises."""
    before = _memory("VmRSS")
    progress("load", None)
    start = time.perf_counter()
    prompts = Prompts.load(model.path)
    prompts.end_tokens = ()  # Every reply is as long as it may be, whatever the model would say.
    generator = load(model, prompts)
    try:
        warm_up(generator)
        load_seconds = time.perf_counter() - start
        loaded = _memory("VmRSS")
        progress("load", 1.0)
        prompt_tokens, prefill = _prefill(generator, progress)
        decode = {streams: _decode(generator, streams, progress) for streams in STREAMS}
        return Speed(
            model=model.name,
            digest=model.digest,
            replicas=generator.replicas,
            prompt_tokens=prompt_tokens,
            prefill=round(prefill, 1),
            decode={streams: round(rate, 1) for streams, rate in decode.items()},
            load_seconds=round(load_seconds, 2),
            load_bytes=max(0, loaded - before),
            peak_bytes=max(0, _memory("VmHWM") - before),
        )
    finally:
        generator.close()


def _prefill(generator: Generator, progress: Progress) -> tuple[int, float]:
    options = GenerateOptions(max_tokens=1, temperature=0)
    context = generator.plan.context
    text = _FILL
    prompt = generator.prepare_text(text, options)
    while prompt.tokens < min(_PROMPT_TOKENS, context // 2):
        text += _FILL
        prompt = generator.prepare_text(text, options)
    seconds, _ = _run(generator, [prompt] * generator.replicas, "prefill", progress)
    return prompt.tokens, generator.replicas * prompt.tokens / seconds


def _decode(generator: Generator, streams: int, progress: Progress) -> float:
    # One length for all, so that they can run together; at once, and each a text of its own.
    options = GenerateOptions(at_most=_REPLY_TOKENS, temperature=0)
    prompts = [generator.prepare_text(_TASK.format(10 + n), options) for n in range(streams)]
    seconds, tokens = _run(generator, prompts, f"decode {streams}", progress)
    return tokens / seconds


def _run(
    generator: Generator, prompts: list[PreparedPrompt], stage: str, progress: Progress
) -> tuple[float, int]:
    """Return the seconds that `prompts` take together, and the tokens that they generate."""
    events: SimpleQueue[Event] = SimpleQueue()
    progress(stage, 0.0)
    start = time.perf_counter()
    for prompt in prompts:
        generator.submit(prompt, events.put)
    tokens, left, wanted = 0, len(prompts), sum(prompt.max_tokens for prompt in prompts)
    told = shown = 0
    while left:
        match events.get():
            case EngineError() as error:
                raise error
            case Finished() as end:
                tokens += end.completion_tokens
                left -= 1
            case text:
                told += text.tokens
                if 20 * told // wanted > shown:  # Drawing takes time from what is measured.
                    shown = 20 * told // wanted
                    progress(stage, min(1.0, told / wanted))
    seconds = time.perf_counter() - start
    progress(stage, 1.0)
    return seconds, tokens


def _memory(line: str) -> int:
    """Return bytes of this process's memory: `VmRSS` now, `VmHWM` at its highest."""
    for each in Path("/proc/self/status").read_text("ascii").splitlines():
        name, _, value = each.partition(":")
        if name == line:
            return int(value.split()[0]) * 1024
    return 0
