"""What the Python side costs for each token: from the engine's callback to the socket.

Run: python -m benchmarks.python [--rounds 2]

The whole gateway in a process of its own, its network replaced by one that replays tokens at the
pace of a loaded engine (two replicas of 16 rows, a step every 25 ms) and computes nothing; 32 real
clients stream. What is counted is the processor time of that process, less what it takes idle. The
same number of requests is run with short and with long replies: the slope is the cost of a token
(`python_us_per_token`), the rest that of a request (detection for the most part). Prints one line.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.gateway import MODEL, MODELS, SHORT, Client

CLIENTS = 32
STEP_SECONDS = 0.025
REPLY = (
    "The blood pressure is the force of the blood against the walls of the arteries. The first "
    "number is the pressure when the heart beats, the second when it rests between two beats. Both "
    "matter, and a doctor looks at them together with age, weight and what else is known. "
)


@dataclass(slots=True)
class Replayed:
    """A token that nobody computed."""

    batch_id: int
    token_id: int
    is_last: bool = False


def serve(folder: str) -> None:
    """Run `intramural serve` on a network that replays."""
    from engine import ModelStore, ct2
    from engine.prompts import Prompts
    from gateway.cli import main as intramural

    tokens = Prompts.load(ModelStore(MODELS).open(MODEL).path).text(REPLY)

    def generate(
        _: object,
        prompts: Sequence[Sequence[str]],
        *,
        max_length: int,
        on_step: Callable[[Replayed], bool],
        **__: object,
    ) -> None:
        live = list(range(len(prompts)))
        for step in range(max_length):
            time.sleep(STEP_SECONDS)
            live = [row for row in live if not on_step(Replayed(row, tokens[step % len(tokens)]))]
            if not live:
                return

    ct2.Replicas.generate = generate  # type: ignore[assignment]
    sys.argv = ["intramural", "--data", folder, "serve", "--demo-key"]
    intramural()


def processor_seconds(pid: int) -> float:
    """Return what a process has used, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def ask(client: Client, tokens: int, rounds: int) -> int:
    """Return the tokens of `rounds` replies to each client."""

    async def one() -> int:
        return sum([await client.chat(SHORT, tokens) for _ in range(rounds)])

    return sum(await asyncio.gather(*(one() for _ in range(CLIENTS))))


def used(pid: int, client: Client, tokens: int, rounds: int, idle: float) -> tuple[float, int]:
    """Return processor seconds and tokens of one load."""
    before, begun = processor_seconds(pid), time.perf_counter()
    count = asyncio.run(ask(client, tokens, rounds))
    seconds = processor_seconds(pid) - before - idle * (time.perf_counter() - begun)
    return seconds, count


def measure(rounds: int = 2) -> dict[str, Any]:
    """Return microseconds for a token and milliseconds for a request."""
    with tempfile.TemporaryDirectory(prefix="intramural-bench-") as folder:
        data = Path(folder)
        (data / "intramural.toml").write_text(
            f'models = "{MODELS}"\n[server]\nport = 0\n[log]\nlevel = "error"\n'
        )
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.python", "--serve", folder],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            port = int(line.split("http://")[1].split()[0].rpartition(":")[2])
            client = Client(port, (data / "demo.key").read_text().strip())
            asyncio.run(ask(client, 16, 1))
            before = processor_seconds(process.pid)
            time.sleep(2)
            idle = (processor_seconds(process.pid) - before) / 2
            short, few = used(process.pid, client, 32, rounds, idle)
            long, many = used(process.pid, client, 288, rounds, idle)
        finally:
            process.terminate()
            process.wait(60)
    token = (long - short) / (many - few)
    return {
        "benchmark": "python",
        "clients": CLIENTS,
        "python_us_per_token": round(1e6 * token, 1),
        "python_ms_per_request": round(1e3 * (short - token * few) / (CLIENTS * rounds), 2),
        "idle_share_of_a_core": round(idle, 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(arguments.serve)
    else:
        print(json.dumps(measure(arguments.rounds)))


if __name__ == "__main__":
    main()
