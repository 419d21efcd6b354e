"""What an engine in another process costs: milliseconds over the engine in this one, in one run.

Prints JSON. `intramural engine serve` runs on a Unix socket and on loopback TCP, and both are asked
through the port as the gateway asks them (`prepare`, `generate`), in turns with the engine in this
process, so that drift of the machine hits all alike. Replies of one token show the round trip,
replies of 64 what each token costs; 16 at once, what many streams share. Quote the medians of the
differences. It runs for about a minute and ends by itself.
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
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, aclosing
from pathlib import Path
from typing import Any, Final

from engine import DEFAULT_NAME, ModelStore
from gateway.domain.exchange import Ask, Conversation, End, Message, Options, Role
from gateway.domain.ports import Engine, Receipt
from gateway.domain.text import _MAKER, RedactedText
from gateway.endpoints import OpenAIEngines, RemoteModel
from gateway.generation.local import LocalEngine
from gateway.generation.remote import RemoteEngine
from gateway.settings import EngineSettings

ROOT: Final = Path(__file__).resolve().parents[1]
MODELS: Final = ROOT / ".local" / "models"
RECEIPT: Final = Receipt("0190b2c4-0000-7000-8000-000000000000", 0, b"\0" * 32)
QUESTION: Final = "Explain in plain words what a blood pressure of 120/80 means for a patient."


def main() -> None:
    """Measure, and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=4, help="rounds of 16 at once")
    arguments = parser.parse_args()
    print(json.dumps(asyncio.run(measured(arguments.requests, arguments.rounds)), indent=1))


async def measured(requests: int, rounds: int) -> dict[str, Any]:
    """Return all figures."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="intramural-bench-")))
        ways: dict[str, Engine] = {
            "unix": await stack.enter_async_context(elsewhere(folder / "unix", "--socket")),
            "tcp": await stack.enter_async_context(elsewhere(folder / "tcp", "--host")),
        }
        local = LocalEngine.load(ModelStore(MODELS), EngineSettings(models=(DEFAULT_NAME,)))
        stack.callback(local.close)
        ways = {"local": local, **ways}
        return {
            "cores": os.cpu_count(),
            "model": DEFAULT_NAME,
            "one_token": summary(await one_by_one(ways, 1, requests)),
            "sixty_four_tokens": summary(await one_by_one(ways, 64, max(1, requests // 4))),
            "sixteen_at_once": summary(await at_once(ways, 16, 32, rounds)),
        }


@contextlib.contextmanager
def process(folder: Path, how: str) -> Iterator[str]:
    """Run the engine in a process of its own, and yield its URL."""
    folder.mkdir(mode=0o700)
    (folder / "intramural.toml").write_text(f'models = "{MODELS}"\n[log]\nlevel = "error"\n')
    where = [str(folder / "e.sock")] if how == "--socket" else ["127.0.0.1", "--port", "0"]
    intramural = str(Path(sys.executable).parent / "intramural")
    command = [intramural, "--data", str(folder), "engine", "serve", how, *where]
    started = subprocess.Popen(
        [*command, "--model", DEFAULT_NAME], stdout=subprocess.PIPE, text=True
    )
    try:
        assert started.stdout is not None
        yield started.stdout.readline().partition("serves on ")[2].partition(";")[0]
    finally:
        started.terminate()
        started.wait(60)


@contextlib.asynccontextmanager
async def elsewhere(folder: Path, how: str) -> AsyncIterator[RemoteEngine]:
    """Yield what asks an engine in another process."""
    with process(folder, how) as url:
        settings = OpenAIEngines(
            endpoints=(url,), models={DEFAULT_NAME: RemoteModel(context_length=8192)}
        )
        engine = RemoteEngine.open(settings, folder)
        async with engine.serving():
            yield engine


async def reply(engine: Engine, tokens: int) -> int:
    """Return how many tokens a reply had."""
    message = Message(Role.USER, (RedactedText(QUESTION, _MAKER),))
    ask = Ask(DEFAULT_NAME, Conversation((message,)), Options(tokens, temperature=0))
    prompt = await asyncio.to_thread(engine.prepare, engine.models()[0], ask, tokens)
    async with aclosing(engine.generate(prompt, RECEIPT)) as events:
        async for event in events:
            if isinstance(event, End):
                return event.usage.completion_tokens
    raise AssertionError("no end")


async def one_by_one(ways: dict[str, Engine], tokens: int, requests: int) -> dict[str, list[float]]:
    """Return milliseconds of replies, each way in turn, after one that does not count."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(requests + 1):
        for name, engine in ways.items():
            begun = time.perf_counter()
            await reply(engine, tokens)
            if turn:
                taken[name].append(1000 * (time.perf_counter() - begun))
    return taken


async def at_once(
    ways: dict[str, Engine], count: int, tokens: int, rounds: int
) -> dict[str, list[float]]:
    """Return milliseconds of `count` replies at once."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(rounds + 1):
        for name, engine in ways.items():
            begun = time.perf_counter()
            await asyncio.gather(*(reply(engine, tokens) for _ in range(count)))
            if turn:
                taken[name].append(1000 * (time.perf_counter() - begun))
    return taken


def summary(taken: dict[str, list[float]]) -> dict[str, Any]:
    """Return the spread of each way, and the median of what the others took over the local one."""
    figures: dict[str, Any] = {"unit": "ms"}
    for name, times in taken.items():
        figures[name] = {
            "min": round(min(times), 2),
            "p50": round(statistics.median(times), 2),
            "max": round(max(times), 2),
        }
        if name != "local":
            over = [one - two for one, two in zip(times, taken["local"], strict=True)]
            figures[f"{name}_over_local_p50"] = round(statistics.median(over), 2)
    return figures


if __name__ == "__main__":
    main()
