"""What an engine in another process costs: milliseconds over the engine in this one, in one run.

Prints JSON. `intramural engine serve` runs on a Unix socket and on loopback TCP, and both are asked
through the port as the gateway asks them (`prepare`, `generate`), in turns with the engine in this
process, so that drift of the machine hits all alike. Replies of one token show the round trip,
replies of 64 what each token costs; 16 at once, what many streams share. Quote the medians of the
differences. `without_a_model` is the same round trip to a server whose generator computes nothing:
what HTTP, JSON and the socket cost by themselves, and the only figures that a busy machine leaves
legible. It runs for about a minute and ends by itself.
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
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import uvicorn

from engine import (
    DEFAULT_NAME,
    ChatMessage,
    Finished,
    GenerateOptions,
    InstalledModel,
    ModelStore,
    PreparedPrompt,
    Reason,
    Text,
    detect_devices,
    make_plan,
)
from engine.job import Sampling
from engine.plan import ModelPlan
from engine.server import application
from gateway.domain.exchange import Ask, Conversation, End, Message, Options, Role
from gateway.domain.policy import Priority, Terms
from gateway.domain.ports import Engine, Receipt
from gateway.domain.text import _MAKER, RedactedText
from gateway.endpoints import OpenAIEngines, RemoteModel
from gateway.generation.local import LocalEngine
from gateway.generation.remote import RemoteEngine
from gateway.http.server import configured
from gateway.listening import listen_unix
from gateway.settings import EngineSettings
from gateway.settings import Server as ServerSettings

ROOT: Final = Path(__file__).resolve().parents[1]
MODELS: Final = ROOT / ".local" / "models"
RECEIPT: Final = Receipt("0190b2c4-0000-7000-8000-000000000000", 0, b"\0" * 32)
TERMS: Final = Terms("bench", "0" * 64, Priority.INTERACTIVE, None, cache=False)
QUESTION: Final = "Explain in plain words what a blood pressure of 120/80 means for a patient."


def main() -> None:
    """Measure, and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=4, help="rounds of 16 at once")
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve_nothing(Path(arguments.serve))
        return
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
            "without_a_model": await without_a_model(folder),
            "sixteen_at_once": summary(await at_once(ways, 16, 32, rounds)),
        }


@dataclass
class Nothing:
    """A generator that has every token at once."""

    model: InstalledModel
    plan: ModelPlan

    def prepare_chat(self, _: Sequence[ChatMessage], options: GenerateOptions) -> PreparedPrompt:
        """Return thirty tokens, whatever was said."""
        return PreparedPrompt(["x"] * 30, options.max_tokens or 1, Sampling(0.0, 1.0), ())

    def prepare_text(self, text: str, options: GenerateOptions) -> PreparedPrompt:
        """Return the same."""
        return self.prepare_chat([ChatMessage("user", text)], options)

    async def generate(self, prompt: PreparedPrompt) -> AsyncGenerator[Text | Finished, None]:
        """Yield a token each time that the loop comes round."""
        for _ in range(prompt.max_tokens):
            await asyncio.sleep(0)
            yield Text(" token", 1)
        yield Finished(Reason.LENGTH, prompt.tokens, prompt.max_tokens)


def serve_nothing(path: Path) -> None:
    """Serve a generator that computes nothing, until the process is told to stop."""
    model = ModelStore(MODELS).open(DEFAULT_NAME)
    plan = make_plan(detect_devices(), [model.manifest]).models[0]
    app = application({DEFAULT_NAME: Nothing(model, plan)})
    server = uvicorn.Server(configured(app, ServerSettings()))
    listener = listen_unix(path, 0o600)
    print("ready", flush=True)
    server.run(sockets=[listener])


async def without_a_model(folder: Path) -> dict[str, Any]:
    """Return what a request and a token cost where nothing is computed."""
    command = [sys.executable, "-m", "benchmarks.remote", "--serve", str(folder / "n.sock")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as server:  # noqa: ASYNC220 - before anything is timed
        assert server.stdout is not None
        server.stdout.readline()
        settings = OpenAIEngines(
            endpoints=(f"unix://{folder}/n.sock",),
            models={DEFAULT_NAME: RemoteModel(context_length=8192)},
        )
        engine = RemoteEngine.open(settings, folder)
        taken: dict[int, list[float]] = {1: [], 257: []}
        async with engine.serving():
            for turn in range(220):
                for tokens, times in taken.items():
                    begun = time.perf_counter()
                    await reply(engine, tokens)
                    if turn >= 20:
                        times.append(1000 * (time.perf_counter() - begun))
        server.terminate()
    one, many = (statistics.median(times) for times in taken.values())
    return {
        "request_ms_p50": round(one, 3),
        "request_ms_min": round(min(taken[1]), 3),
        "token_us_p50": round(1000 * (many - one) / 256, 1),
        "token_us_min": round(1000 * (min(taken[257]) - min(taken[1])) / 256, 1),
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
    prompt = await asyncio.to_thread(engine.prepare, engine.models()[0], ask, tokens, TERMS)
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
