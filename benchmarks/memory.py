"""Resident memory of the gateway with the default model, and whether it grows.

Run: python -m benchmarks.memory [--requests 10000]

Short requests of four tokens through HTTP, 32 at once, to a gateway in a process of its own. Memory
is read after the first tenth, when all that is allocated once has been, and at the end. Prints one
line of JSON; `rss_mb` is the end's.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from benchmarks.gateway import Client, serving

AT_ONCE = 32


def resident(pid: int) -> float:
    """Return megabytes."""
    for line in Path(f"/proc/{pid}/status").read_text("ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1000
    raise RuntimeError("the process has no memory of its own")


async def ask(client: Client, count: int) -> None:
    """Send `count` requests, `AT_ONCE` at a time; no two have the same words."""
    numbers = iter(range(count))

    async def one() -> None:
        for number in numbers:
            await client.chat(f"Count from {number} to {number + 3} in words.", 4)

    await asyncio.gather(*(one() for _ in range(AT_ONCE)))


def measure(requests: int = 10_000) -> dict[str, Any]:
    """Return megabytes before, after a tenth and at the end."""
    with serving() as gateway:
        client = Client(gateway.port, gateway.key)
        asyncio.run(ask(client, 1))
        seen = [resident(gateway.pid)]
        for part in (requests // 10, requests - requests // 10):
            asyncio.run(ask(client, part))
            seen.append(resident(gateway.pid))
            sys.stderr.write(f"{seen[-1]:.0f} MB after {part} more\n")
    return {
        "benchmark": "memory",
        "requests": requests,
        "rss_mb": round(seen[2], 1),
        "rss_mb_at_start": round(seen[0], 1),
        "rss_mb_after_a_tenth": round(seen[1], 1),
        "growth_kb_per_request": round(1000 * (seen[2] - seen[1]) / (0.9 * requests), 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=10_000)
    arguments = parser.parse_args()
    print(json.dumps(measure(arguments.requests)))


if __name__ == "__main__":
    main()
