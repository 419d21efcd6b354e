"""Time to the first token under load, and what batching gains, in one run.

Run: python -m benchmarks.firsttoken [--clients 20] [--rounds 6]

Through the whole gateway, over HTTP: `clients` stream at once and ask again as soon as they are
answered, each the same short prompt with 64 tokens of reply. A request that comes while all
replicas are busy waits for a batch to end: so the time to the first token is held against three
times the unloaded one plus one running batch. `ttft_p95_over_unloaded_at_20` is (p95 - batch) /
unloaded: up to 3 is the goal. `batch_32_over_1` is tokens/s of 32 equal jobs over one, in
`engine.Generator`. Prints one line of JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import time
from typing import Any

from benchmarks.gateway import MODEL, MODELS, SHORT, TOKENS, Client, direct, gateway, run
from engine import Generator, ModelStore


async def unloaded(client: Client, rounds: int) -> float:
    """Return the median time to the first token where nobody else asks."""
    return statistics.median([(await client.timed(SHORT, TOKENS))[0] for _ in range(rounds)])


async def loaded(client: Client, clients: int, rounds: int) -> tuple[list[float], list[float]]:
    """Return the times to the first token and to the last of each request, the first left out."""

    async def one() -> list[tuple[float, float]]:
        return [await client.timed(SHORT, TOKENS) for _ in range(rounds + 1)]

    times = [
        pair for each in await asyncio.gather(*(one() for _ in range(clients))) for pair in each[1:]
    ]
    return [first for first, _ in times], [last - first for first, last in times]


def gain(rounds: int) -> float:
    """Return tokens/s of 32 jobs over tokens/s of one."""
    generator = Generator(ModelStore(MODELS).open(MODEL))
    rates: dict[int, list[float]] = {1: [], 32: []}
    try:
        for turn in range(rounds + 1):
            for count, values in rates.items():
                begun = time.perf_counter()
                tokens = run(direct, generator, count)
                if turn:
                    values.append(tokens / (time.perf_counter() - begun))
    finally:
        generator.close()
    return statistics.median(rates[32]) / statistics.median(rates[1])


def measure(clients: int = 20, rounds: int = 6) -> dict[str, Any]:
    """Run both parts."""
    with gateway() as (port, key):
        client = Client(port, key)
        asyncio.run(client.timed(SHORT, TOKENS))
        alone = asyncio.run(unloaded(client, 2 * rounds))
        firsts, rest = asyncio.run(loaded(client, clients, rounds))
    p95 = sorted(firsts)[int(0.95 * len(firsts))]
    batch = statistics.median(rest)
    return {
        "benchmark": "firsttoken",
        "clients": clients,
        "seconds": {
            "unloaded": round(alone, 4),
            "running_batch": round(batch, 4),
            "p50": round(statistics.median(firsts), 4),
            "p95": round(p95, 4),
            "allowed": round(3 * alone + batch, 4),
        },
        "ttft_p95_over_unloaded_at_20": round((p95 - batch) / alone, 3),
        "ttft_p95_over_allowed": round(p95 / (3 * alone + batch), 3),
        "batch_32_over_1": round(gain(3), 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=6)
    arguments = parser.parse_args()
    print(json.dumps(measure(arguments.clients, arguments.rounds)))


if __name__ == "__main__":
    main()
