"""What the gateway costs: latency and tokens/s of the whole, beside the bare engine, in one run.

Prints one line of JSON. Latency: one note of about 1,500 characters, one token of reply, through
HTTP with everything on, against `engine.Generator` on the same redacted words. Throughput: a short
prompt and 64 tokens each, at 1, 8 and 32 at once, through HTTP (streaming), through
`engine.Generator`, and as one raw `generate_batch`. The three take turns, so drift of the machine
hits all alike; quote the ratios and medians. It runs for about two minutes and ends by itself.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import ctranslate2

from engine import ChatMessage, Finished, GenerateOptions, Generator, ModelStore

ROOT = Path(__file__).resolve().parents[1]
MODELS = ROOT / ".local" / "models"
MODEL = "smollm2-135m-instruct"
TOKENS = 64
SENTENCES = (
    "Patient: Margaret Thornton, MRN 48210377, DOB 03/14/1952, phone (617) 555-0142.\n"
    "Mrs. Thornton was admitted on 11/02/2026 with chest pain and shortness of breath. "
    "Troponin was 0.02 ng/mL and the ECG showed sinus rhythm at 78/min. "
    "She was treated with aspirin 81 mg and metoprolol 25 mg twice a day. "
    "Dr. Samuel Okafor will see her in two weeks at Boston General Hospital. "
)
NOTE = (SENTENCES * 4)[:1500]
SHORT = "Explain in plain words what a blood pressure of 120/80 means for a patient."


def main() -> None:
    """Measure, and print one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="rounds of throughput")
    parser.add_argument("--requests", type=int, default=30, help="requests of the latency part")
    arguments = parser.parse_args()
    with gateway() as (port, key):
        generator = Generator(ModelStore(MODELS).open(MODEL))
        try:
            client = Client(port, key)
            result: dict[str, Any] = {
                "benchmark": "gateway",
                "cores": os.cpu_count(),
                "model": MODEL,
                "latency": asyncio.run(latency(client, generator, arguments.requests)),
                "throughput": throughput(client, generator, arguments.rounds),
            }
        finally:
            generator.close()
    result["gateway_over_raw_at_32"] = result["throughput"][-1]["gateway_of_raw"]
    sys.stdout.write(json.dumps(result) + "\n")


async def latency(client: Client, generator: Generator, requests: int) -> dict[str, Any]:
    """Return milliseconds from request to the end of a reply of one token."""

    async def whole() -> None:
        await client.chat(NOTE, 1)

    async def bare() -> None:
        options = GenerateOptions(max_tokens=1, temperature=0)
        prompt = generator.prepare_chat([ChatMessage("user", NOTE)], options)
        async for _ in generator.generate(prompt):
            pass

    taken = await alternating({"gateway": whole, "engine": bare}, requests)
    summary = {name: spread([1000 * each for each in times]) for name, times in taken.items()}
    added = statistics.median(
        1000 * (one - two) for one, two in zip(taken["gateway"], taken["engine"], strict=True)
    )
    return {"unit": "ms", "note_characters": len(NOTE), **summary, "added_p50": round(added, 2)}


async def alternating(
    ways: dict[str, Callable[[], Awaitable[None]]], rounds: int
) -> dict[str, list[float]]:
    """Return the seconds that each way took, in turns, after one turn that does not count."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(rounds + 1):
        for name, way in ways.items():
            begun = time.perf_counter()
            await way()
            if turn:
                taken[name].append(time.perf_counter() - begun)
    return taken


def throughput(client: Client, generator: Generator, rounds: int) -> list[dict[str, Any]]:
    """Return tokens/s at 1, 8 and 32 at once, three ways."""
    raw = Raw(generator)
    results = []
    for count in (1, 8, 32):
        ways = {
            "gateway": partial(run, through, client, count),
            "engine": partial(run, direct, generator, count),
            "raw": partial(raw.batch, count),
        }
        rates: dict[str, list[float]] = {name: [] for name in ways}
        for turn in range(rounds + 1):
            for name, way in ways.items():
                begun = time.perf_counter()
                tokens = way()
                if turn:
                    rates[name].append(tokens / (time.perf_counter() - begun))
        medians = {name: statistics.median(each) for name, each in rates.items()}
        results.append(
            {
                "concurrent": count,
                "unit": "tokens/s",
                **{name: spread(each) for name, each in rates.items()},
                "gateway_of_raw": round(medians["gateway"] / medians["raw"], 3),
                "engine_of_raw": round(medians["engine"] / medians["raw"], 3),
            }
        )
    return results


def run(way: Callable[..., Coroutine[Any, Any, int]], *arguments: object) -> int:
    """Return the tokens of one turn in an event loop of its own."""
    return asyncio.run(way(*arguments))


async def through(client: Client, count: int) -> int:
    """Return the tokens of `count` streams through the gateway."""
    return sum(await asyncio.gather(*(client.chat(SHORT, TOKENS) for _ in range(count))))


async def direct(generator: Generator, count: int) -> int:
    """Return the tokens of `count` jobs in the engine."""

    async def one() -> int:
        options = GenerateOptions(max_tokens=TOKENS, temperature=0)
        prompt = generator.prepare_chat([ChatMessage("user", SHORT)], options)
        async for event in generator.generate(prompt):
            if isinstance(event, Finished):
                return event.completion_tokens
        return 0

    return sum(await asyncio.gather(*(one() for _ in range(count))))


class Raw:
    """CTranslate2 alone, on the same prompts and as many replicas."""

    def __init__(self, generator: Generator) -> None:
        options = GenerateOptions(max_tokens=TOKENS, temperature=0)
        self._prompt = generator.prepare_chat([ChatMessage("user", SHORT)], options).strings
        self._replicas = generator.replicas
        self._model = ctranslate2.Generator(
            str(generator.model.path), inter_threads=self._replicas, intra_threads=1
        )

    def batch(self, count: int) -> int:
        """Return the tokens of `count` prompts, shared out over the replicas."""
        size = max(1, -(-count // self._replicas))
        results = self._model.generate_batch(
            [self._prompt] * count,
            max_batch_size=size,
            max_length=TOKENS,
            include_prompt_in_result=False,
            sampling_topk=1,
        )
        return sum(len(result.sequences_ids[0]) for result in results)


class Client:
    """One streaming request a connection, with as little Python as possible around it."""

    def __init__(self, port: int, key: str) -> None:
        self._port = port
        self._key = key

    async def chat(self, text: str, tokens: int) -> int:
        """Send `text` and return the completion tokens that the gateway counted."""
        reader, writer = await self._send(text, tokens)
        answer = await reader.read()
        writer.close()
        if b"data: [DONE]" not in answer:
            raise RuntimeError(f"the gateway answered {answer[:200]!r}")
        usage = answer.rpartition(b'"completion_tokens":')[2]
        return int(usage.partition(b",")[0])

    async def timed(self, text: str, tokens: int) -> tuple[float, float]:
        """Send `text` and return the seconds to the first words of the reply and to its end."""
        begun = time.perf_counter()
        reader, writer = await self._send(text, tokens)
        first, line = 0.0, b""
        while line != b"data: [DONE]\n":
            line = await reader.readline()
            if not line:
                raise RuntimeError("the gateway broke off")
            if not first and b'"content":"' in line and b'"content":""' not in line:
                first = time.perf_counter() - begun
        last = time.perf_counter() - begun
        writer.close()
        return first, last

    async def _send(
        self, text: str, tokens: int
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        body = json.dumps(
            {
                "model": MODEL,
                "messages": [{"role": "user", "content": text}],
                "max_tokens": tokens,
                "temperature": 0,
                "stream": True,
                "stream_options": {"include_usage": True},
            }
        ).encode()
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(
            b"POST /v1/chat/completions HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n"
            b"Content-Type: application/json\r\nX-Purpose-Of-Use: TREAT\r\n"
            + f"Authorization: Bearer {self._key}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        return reader, writer


@dataclass(frozen=True)
class Serving:
    """A gateway in a process of its own."""

    port: int
    key: str
    pid: int


@contextlib.contextmanager
def gateway() -> Iterator[tuple[int, str]]:
    """Run the gateway as `serving` does, and tell its port and a key."""
    with serving() as process:
        yield process.port, process.key


@contextlib.contextmanager
def serving(settings: str = "") -> Iterator[Serving]:
    """Run the gateway as its users do: a process of its own, a fresh data directory."""
    intramural = str(Path(sys.executable).parent / "intramural")
    with tempfile.TemporaryDirectory(prefix="intramural-bench-") as folder:
        data = Path(folder)
        (data / "intramural.toml").write_text(
            f'models = "{MODELS}"\n[server]\nport = 0\n[log]\nlevel = "error"\n{settings}'
        )
        process = subprocess.Popen(
            [intramural, "--data", folder, "serve", "--demo-key"], stdout=subprocess.PIPE, text=True
        )
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            port = int(line.split("http://")[1].split()[0].rpartition(":")[2])
            yield Serving(port, (data / "demo.key").read_text().strip(), process.pid)
        finally:
            process.terminate()
            process.wait(60)


def spread(values: list[float]) -> dict[str, float]:
    """Return minimum, median and maximum."""
    return {
        "min": round(min(values), 2),
        "p50": round(statistics.median(values), 2),
        "max": round(max(values), 2),
    }


if __name__ == "__main__":
    main()
