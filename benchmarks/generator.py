"""Tokens per second of `engine.Generator` against raw `generate_batch`, on the same prompts.

Run: python -P benchmarks/generator.py [--data .local] [--rounds 5] [--tokens 128]

Both serve N prompts that arrive at once, on the same weights in memory (each has its own copy),
interleaved round by round. Raw gets what a script would write: one batch of N for one replica, and
N shared out among replicas, prompts of equal length. Prints one line of JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
import time
from pathlib import Path

import ctranslate2

from engine import ChatMessage, Finished, GenerateOptions, Generator, ModelStore, PreparedPrompt

_TOPICS = ("the heart", "the lungs", "the liver", "the skin", "the eyes", "the ears")


def prompts(generator: Generator, count: int, tokens: int) -> list[PreparedPrompt]:
    """Prompts of one length or nearly; greedy; the reply is as long as the model makes it."""
    options = GenerateOptions(max_tokens=tokens, temperature=0)
    return [
        generator.prepare_chat(
            [
                ChatMessage(
                    "user",
                    f"Write a long and detailed text, number {index}, about "
                    f"{_TOPICS[index % len(_TOPICS)]} and how a doctor examines it.",
                )
            ],
            options,
        )
        for index in range(count)
    ]


async def through_generator(generator: Generator, batch: list[PreparedPrompt]) -> tuple[int, float]:
    """Return tokens and seconds."""

    async def one(prompt: PreparedPrompt) -> int:
        tokens = 0
        async for event in generator.generate(prompt):
            if isinstance(event, Finished):
                tokens = event.completion_tokens
        return tokens

    start = time.perf_counter()
    tokens = sum(await asyncio.gather(*(one(prompt) for prompt in batch)))
    return tokens, time.perf_counter() - start


def raw(
    network: ctranslate2.Generator, batch: list[PreparedPrompt], ends: list[int], parts: int
) -> tuple[int, float]:
    """Return tokens and seconds of bare CTranslate2, the batch shared out among `parts`."""
    start = time.perf_counter()
    pending = []
    for part in range(parts):
        rows = [prompt.strings for prompt in batch[part::parts]]
        if rows:
            pending += network.generate_batch(
                rows,
                max_length=batch[0].max_tokens,
                end_token=ends,
                include_prompt_in_result=False,
                asynchronous=True,
            )
    tokens = sum(len(result.result().sequences_ids[0]) for result in pending)
    return tokens, time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(".local"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tokens", type=int, default=128)
    parser.add_argument("--concurrency", type=int, nargs="+", default=[1, 8, 32])
    arguments = parser.parse_args()
    store = ModelStore(arguments.data / "models")
    model = store.open(store.names()[0])
    generator = Generator(model)
    replicas = generator.replicas
    network = ctranslate2.Generator(
        str(model.path), compute_type="int8", inter_threads=replicas, intra_threads=1
    )
    ends = list(model.manifest.end_tokens)
    results = {}
    try:
        for concurrency in arguments.concurrency:
            batch = prompts(generator, concurrency, arguments.tokens)
            rates: dict[str, list[float]] = {"generator": [], "raw": []}
            asyncio.run(through_generator(generator, batch[:1]))
            for turn in range(arguments.rounds):
                order = ["generator", "raw"] if turn % 2 == 0 else ["raw", "generator"]
                for which in order:
                    if which == "generator":
                        tokens, seconds = asyncio.run(through_generator(generator, batch))
                    else:
                        tokens, seconds = raw(network, batch, ends, replicas)
                    rates[which].append(tokens / seconds)
            medians = {name: statistics.median(values) for name, values in rates.items()}
            results[str(concurrency)] = {
                "generator_tokens_per_second": round(medians["generator"], 1),
                "raw_tokens_per_second": round(medians["raw"], 1),
                "ratio": round(medians["generator"] / medians["raw"], 3),
                "spread": {
                    name: [round(min(values), 1), round(max(values), 1)]
                    for name, values in rates.items()
                },
            }
            sys.stderr.write(f"{concurrency} done\n")
    finally:
        generator.close()
    report = {
        "benchmark": "generator",
        "model": model.name,
        "digest": model.digest,
        "cores": len(os.sched_getaffinity(0)),
        "replicas": replicas,
        "rounds": arguments.rounds,
        "max_tokens": arguments.tokens,
        "ctranslate2": ctranslate2.__version__,
        "concurrent": results,
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
