"""Mixed load: the scheduler against the best offline run and against arrival order, on one model.

Run: python -m benchmarks.mixed [--jobs 96] [--rate 6] [--seed 1]

Jobs have prompts of 20 to 700 tokens, replies of 8 to 128, and Poisson arrivals. *scheduled* is
`engine.Generator` as it serves. *offline* knows all jobs before: sorted by length, in batches of 8,
16 and 32, of which the best counts; it waits for no arrival. *arrival order* is what a queue
without thought does: a free replica takes up to 32 jobs as they came. All three run the same jobs
to the same lengths, one after the other, on weights of their own: some eleven minutes on two cores.
Prints one line of JSON, and on standard error how far it is.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import queue
import random
import statistics
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ctranslate2

from engine import Finished, GenerateOptions, Generator, ModelStore, PreparedPrompt, Text
from engine.network import Step

MODELS = Path(__file__).resolve().parents[1] / ".local" / "models"
MODEL = "smollm2-135m-instruct"
WORDS = (
    *("patient", "ward", "note", "blood", "heart", "lung", "fever", "cough", "dose", "nurse"),
    *("doctor", "acute", "chronic", "pain", "chest", "left", "right", "normal", "raised", "stable"),
)


@dataclass(frozen=True)
class Arrival:
    """A job and when it comes, in seconds from the start."""

    at: float
    prompt: PreparedPrompt


def arrivals(generator: Generator, count: int, rate: float, seed: int) -> list[Arrival]:
    """Draw jobs; the same for the same seed."""
    draw = random.Random(seed)  # noqa: S311 - a workload
    at, jobs = 0.0, []
    for _ in range(count):
        at += draw.expovariate(rate)
        words = " ".join(draw.choices(WORDS, k=draw.randint(18, 690)))
        options = GenerateOptions(max_tokens=draw.randint(8, 128), temperature=0)
        jobs.append(Arrival(at, generator.prepare_text(words, options)))
    return jobs


async def scheduled(generator: Generator, jobs: Sequence[Arrival]) -> tuple[float, list[float]]:
    """Return tokens/s from the first arrival to the last token, and times to the first token."""
    waits: list[float] = []

    async def one(job: Arrival, start: float) -> int:
        await asyncio.sleep(max(0.0, start + job.at - time.perf_counter()))
        begun, first, tokens = time.perf_counter(), None, 0
        async for event in generator.generate(job.prompt):
            if isinstance(event, Text) and first is None:
                first = time.perf_counter() - begun
            if isinstance(event, Finished):
                tokens = event.completion_tokens
        waits.append(first if first is not None else time.perf_counter() - begun)
        return tokens

    start = time.perf_counter()
    tokens = sum(await asyncio.gather(*(one(job, start) for job in jobs)))
    return tokens / (time.perf_counter() - start - jobs[0].at), waits


class Raw:
    """CTranslate2 alone, on weights of its own; rows end at their own lengths."""

    def __init__(self, generator: Generator) -> None:
        self.replicas = generator.replicas
        self._ends = list(generator.model.manifest.end_tokens)
        self._model = ctranslate2.Generator(
            str(generator.model.path), inter_threads=self.replicas, intra_threads=1
        )

    def batch(self, prompts: Sequence[PreparedPrompt]) -> int:
        """Run one batch and return its tokens."""
        counts = [0] * len(prompts)

        def on_step(step: Step) -> bool:
            if step.token_id not in self._ends:
                counts[step.batch_id] += 1
            return counts[step.batch_id] >= prompts[step.batch_id].max_tokens

        self._model.generate_batch(
            [prompt.strings for prompt in prompts],
            max_length=max(prompt.max_tokens for prompt in prompts),
            end_token=self._ends,
            include_prompt_in_result=False,
            sampling_topk=1,
            beam_size=1,
            callback=on_step,
        )
        return sum(counts)

    def offline(self, jobs: Sequence[Arrival], size: int) -> float:
        """Return tokens/s of batches of `size`, longest first, no job waited for."""
        ordered = sorted((job.prompt for job in jobs), key=lambda prompt: -prompt.tokens)
        work: queue.SimpleQueue[list[PreparedPrompt]] = queue.SimpleQueue()
        for start in range(0, len(ordered), size):
            work.put(ordered[start : start + size])
        totals: list[int] = []

        def serve() -> None:
            while True:
                try:
                    totals.append(self.batch(work.get_nowait()))
                except queue.Empty:
                    return

        begun = time.perf_counter()
        _together(serve, self.replicas)
        return sum(totals) / (time.perf_counter() - begun)

    def in_arrival_order(self, jobs: Sequence[Arrival]) -> float:
        """Return tokens/s where a free replica takes up to 32 of what waits, as it came."""
        start = time.perf_counter()
        lock, totals, taken = threading.Lock(), [], [0]

        def serve() -> None:
            while True:
                with lock:
                    first = taken[0]
                    if first == len(jobs):
                        return
                    now = time.perf_counter() - start
                    come = [job for job in jobs[first : first + 32] if job.at <= now]
                    taken[0] += len(come)
                if come:
                    totals.append(self.batch([job.prompt for job in come]))
                else:
                    time.sleep(0.001)

        _together(serve, self.replicas)
        return sum(totals) / (time.perf_counter() - start - jobs[0].at)


def _together(work: Callable[[], None], count: int) -> None:
    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def measure(jobs: int = 96, rate: float = 6.0, seed: int = 1) -> dict[str, Any]:
    """Run all three and return their ratios."""
    generator = Generator(ModelStore(MODELS).open(MODEL), queue=jobs)
    try:
        load = arrivals(generator, jobs, rate, seed)
        ours, waits = asyncio.run(scheduled(generator, load))
        _tell("scheduled", ours)
        raw = Raw(generator)
        raw.batch([load[0].prompt])
        best = 0.0
        for size in (8, 16, 32):
            sorted_rate = raw.offline(load, size)
            best = max(best, sorted_rate)
            _tell(f"offline, batches of {size}", sorted_rate)
        plain = raw.in_arrival_order(load)
        _tell("arrival order", plain)
    finally:
        generator.close()
    return {
        "benchmark": "mixed",
        "jobs": jobs,
        "rate_per_s": rate,
        "tokens_per_s": {
            "scheduled": round(ours, 1),
            "offline_sorted": round(best, 1),
            "arrival_order": round(plain, 1),
        },
        "first_token_s": {
            "p50": round(statistics.median(waits), 2),
            "p95": round(sorted(waits)[int(0.95 * len(waits))], 2),
        },
        "mixed_over_offline_sorted": round(ours / best, 3),
        "mixed_over_arrival_order": round(ours / plain, 3),
    }


def _tell(way: str, tokens_per_s: float) -> None:
    sys.stderr.write(f"{way}: {tokens_per_s:.1f} tokens/s\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=96)
    parser.add_argument("--rate", type=float, default=6.0)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    print(json.dumps(measure(arguments.jobs, arguments.rate, arguments.seed)))


if __name__ == "__main__":
    main()
