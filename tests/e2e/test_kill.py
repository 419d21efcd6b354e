"""kill -9 under load, again and again: nothing acknowledged is lost, nothing forwarded unrecorded.

The real gateway serves real HTTP clients, and asks an engine that keeps count of what it was sent.
"""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import httpx
import pytest
import uvicorn

from tests.e2e.engines import gateway_over
from tests.e2e.process import Gateway, Key, Record, chat, headers_of
from tests.fakes.upstream import FakeUpstream

CLIENTS = 8
EXCHANGED = {"intent", "outcome", "refusal"}


@dataclass
class Load:
    """Clients that ask as fast as they are answered, and what they were told."""

    url: str
    key: Key
    answered: list[str] = field(default_factory=list)
    """Exchanges whose replies ended well."""
    refused: list[str] = field(default_factory=list)
    """Exchanges that a status of 4xx or 5xx ended."""
    _over: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._threads = [threading.Thread(target=self._ask, args=[n]) for n in range(CLIENTS)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(30)
            assert not thread.is_alive()

    def _ask(self, number: int) -> None:
        body = chat("How is the patient?", stream=number % 2 == 0)
        headers = headers_of(self.key)
        with httpx.Client(base_url=self.url, headers=headers, timeout=20, trust_env=False) as http:
            while not self._over.is_set():
                try:
                    reply = http.post("/v1/chat/completions", json=body)
                except httpx.TransportError:
                    return  # It was killed.
                exchange = reply.headers["x-request-id"]
                whole = number % 2 or reply.text.endswith("data: [DONE]\n\n")
                if reply.status_code == 200 and whole and '"error"' not in reply.text:
                    self.answered.append(exchange)
                elif reply.status_code != 200:
                    self.refused.append(exchange)


@pytest.fixture(scope="module")
def upstream() -> Iterator[tuple[FakeUpstream, str]]:
    """An engine in a thread of its own, on a port that stays."""
    fake = FakeUpstream(delay=0.001)
    config = uvicorn.Config(fake, port=0, lifespan="off", log_config=None, access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    [sock] = server.servers[0].sockets
    yield fake, f"http://127.0.0.1:{sock.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


@pytest.mark.timeout(600)
def test_what_was_acknowledged_survives_kill_9_under_load(
    tmp_path: Path, upstream: tuple[FakeUpstream, str]
) -> None:
    killed_again_and_again(tmp_path, upstream, kills=4)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(2))
def test_what_was_acknowledged_survives_kill_9_under_load_two_hundred_times(
    tmp_path: Path, upstream: tuple[FakeUpstream, str], part: int
) -> None:
    killed_again_and_again(tmp_path, upstream, kills=100)


def killed_again_and_again(folder: Path, upstream: tuple[FakeUpstream, str], *, kills: int) -> None:
    """Print how long the starts took, too: `benchmarks/start.py` says where that goes."""
    fake, url = upstream
    fake.asked.clear()
    chance = random.Random()  # noqa: S311 - when to kill is no secret
    gateway = gateway_over(folder / "data", url)
    key, starts = None, []
    answered: list[str] = []
    refused: list[str] = []
    for _ in range(kills):
        began = time.monotonic()
        gateway.start()
        starts.append(time.monotonic() - began)
        key = key or gateway.create_key("ward", "clinician")
        with Load(gateway.url, key) as load:
            time.sleep(chance.uniform(0.05, 0.5))
            gateway.stop(signal.SIGKILL)
        answered += load.answered
        refused += load.refused
        check(gateway, fake, answered, refused)
    print(f"{len(answered)} answered, {len(fake.asked)} forwarded; starts took {summary(starts)}")  # noqa: T201
    assert len(answered) > kills
    gateway.start()
    assert gateway.stop() == 0
    assert gateway.verify()["open"] == 0


def check(gateway: Gateway, fake: FakeUpstream, answered: list[str], refused: list[str]) -> None:
    """Look at what the killed process left, before the next one touches it."""
    by_exchange: dict[str, list[Record]] = {}
    for record in gateway.records():
        by_exchange.setdefault(record["exchange"], []).append(record)
    intents = 0
    for records in by_exchange.values():
        # Starts are records of the gateway's own, and a caller who asks so often sets off an alert.
        kinds = [record["kind"] for record in records if record["kind"] in EXCHANGED]
        assert kinds in ([], ["intent"], ["intent", "outcome"], ["refusal"]), kinds
        intents += "intent" in kinds
    for exchange in answered:
        assert [record["kind"] for record in by_exchange[exchange]] == ["intent", "outcome"]
        assert by_exchange[exchange][1]["status"] == "completed"
    for exchange in refused:
        assert exchange in by_exchange
    # Each intent allows one request to the engine, which got no more than that.
    forwarded = [each for each in fake.asked if each.path == "/v1/chat/completions"]
    assert len(forwarded) <= intents


def summary(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    return f"{ordered[0]:.2f} to {ordered[-1]:.2f} s, median {ordered[len(ordered) // 2]:.2f} s"
