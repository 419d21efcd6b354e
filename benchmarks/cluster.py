"""What a second Ray replica brings, and what Ray's routing costs: JSON lines.

Run: python -m benchmarks.cluster [--rounds 3] [--streams 64] [--repeat 3] [--tokens 96]

Two Ray nodes on this host, as deploy/ray/ has them: token, TLS, proxies that speak HTTPS. Each
replica keeps to one core. `ray_2_over_1` compares tokens per second of two replicas and of one
under the same load, which is enough for two; `routing_adds_ms` compares the same request to one
replica through a proxy and to `intramural engine serve` on one core, both over TLS, by turns.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import ssl
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from tests.e2e.nodes import HEAD, NODE, Cluster, Node, free_port
from tests.e2e.process import MODEL, MODELS, chat, wait_for

_TICK = os.sysconf("SC_CLK_TCK")


@dataclass
class Target:
    """Where requests go."""

    url: str
    key: str
    trust: ssl.SSLContext

    @contextmanager
    def session(self) -> Iterator[aiohttp.ClientSession]:
        """Connections of a gateway."""
        yield aiohttp.ClientSession(
            self.url,
            headers={"authorization": f"Bearer {self.key}"},
            connector=aiohttp.TCPConnector(ssl=self.trust, limit=0),
        )


@dataclass(frozen=True)
class Load:
    """Callers at once, requests of each, and tokens of a reply."""

    streams: int
    repeat: int
    tokens: int


def emit(key: str, value: float | None, **more: object) -> None:
    print(json.dumps({"benchmark": "cluster", "key": key, "value": value, **more}), flush=True)


def request(number: int, tokens: int, *, stream: bool) -> dict[str, object]:
    text = f"Write a long and detailed text, number {number:03}, about the heart and its valves."
    return chat(text, max_tokens=tokens, stream=stream)


async def whole(session: aiohttp.ClientSession, body: dict[str, object]) -> int:
    """Return how many tokens the reply has."""
    async with session.post("/v1/chat/completions", json=body) as answer:
        assert answer.status == 200, await answer.text()
        return int((await answer.json())["usage"]["completion_tokens"])


async def streamed(session: aiohttp.ClientSession, body: dict[str, object]) -> tuple[int, float]:
    """Return how many pieces came, and seconds to the first."""
    begun = time.perf_counter()
    first, pieces = 0.0, 0
    async with session.post("/v1/chat/completions", json=body) as answer:
        assert answer.status == 200, await answer.text()
        async for line in answer.content:
            if line.startswith(b"data: {"):
                first = first or time.perf_counter() - begun
                pieces += 1
    return pieces, first


async def throughput(target: Target, load: Load, *, stream: bool) -> float:
    """Tokens per second of `load.streams` callers, each of whom asks again as soon as it can."""
    numbers = iter(range(load.streams * load.repeat))
    tokens = 0

    async def caller(session: aiohttp.ClientSession) -> None:
        nonlocal tokens
        for number in numbers:
            body = request(number, load.tokens, stream=stream)
            made = (await streamed(session, body))[0] if stream else await whole(session, body)
            # After the wait: others add to it meanwhile.
            tokens += made

    with target.session() as session:
        async with session:
            begun = time.perf_counter()
            await asyncio.gather(*(caller(session) for _ in range(load.streams)))
            return tokens / (time.perf_counter() - begun)


async def bare(session: aiohttp.ClientSession) -> None:
    """Ask what no model is needed for."""
    async with session.get("/v1/models") as answer:
        assert answer.status == 200
        await answer.read()


async def latencies(targets: dict[str, Target], count: int) -> dict[str, dict[str, list[float]]]:
    """Milliseconds of one request at a time: without a model, one token whole, a first piece."""
    found: dict[str, dict[str, list[float]]] = {
        name: {"bare": [], "whole": [], "first": []} for name in targets
    }
    with ExitStack() as stack:
        sessions = {name: stack.enter_context(each.session()) for name, each in targets.items()}
        for number in range(count + 5):
            for name in sorted(targets, reverse=bool(number % 2)):
                begun = time.perf_counter()
                await bare(sessions[name])
                without = time.perf_counter() - begun
                begun = time.perf_counter()
                await whole(sessions[name], request(number, 1, stream=False))
                taken = time.perf_counter() - begun
                _, first = await streamed(sessions[name], request(number, 2, stream=True))
                if number >= 5:
                    found[name]["bare"].append(without * 1000)
                    found[name]["whole"].append(taken * 1000)
                    found[name]["first"].append(first * 1000)
        for session in sessions.values():
            await session.close()
    return found


@contextmanager
def direct(cluster: Cluster) -> Iterator[Target]:
    """`intramural engine serve` on one core: the same application under uvicorn."""
    port = free_port()
    data = cluster.directory / "direct"
    data.mkdir()
    (data / "intramural.toml").write_text(f'models = "{MODELS}"\n')
    core = min(os.sched_getaffinity(0))
    node = cluster.pki / HEAD
    process = subprocess.Popen(
        [
            *("taskset", "-c", str(core), sys.executable, "-c"),
            "from gateway.cli import main; main()",
            *("--data", data, "engine", "serve", "--host", "127.0.0.1", "--port", str(port)),
            *("--key-file", cluster.pki / "engine.key", "--model", MODEL),
            *("--tls-certificate", node / "node.crt", "--tls-key", node / "node.key"),
        ],
        env=cluster.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    target = Target(f"https://127.0.0.1:{port}", cluster.key, cluster.trust())
    try:

        async def answers() -> bool:
            with target.session() as session:
                async with session:
                    try:
                        async with session.get("/v1/models") as answer:
                            return answer.status == 200
                    except aiohttp.ClientConnectionError:
                        return False

        wait_for(lambda: asyncio.run(answers()), "the engine serves", 180)
        yield target
    finally:
        process.terminate()
        process.wait(30)


def scale(cluster: Cluster, replicas: int) -> None:
    """Deploy with exactly so many replicas, and wait until that is so."""
    config = cluster.config()
    bounds = config["applications"][0]["deployments"][0]["autoscaling_config"]
    bounds |= {"min_replicas": replicas, "max_replicas": replicas}
    cluster.apply(config)

    def settled() -> bool:
        running = [pid for node in cluster.nodes.values() for pid in node.pids("ray::ServeReplica")]
        return len(running) == replicas

    wait_for(settled, f"{replicas} replicas", 120)
    ran = cluster.command("engine", "cluster", "status", "--wait", "60")
    assert ran.returncode == 0, ran.stdout + ran.stderr


def processor(node: Node, title: str) -> float:
    """Seconds of the processor that processes of this title have used."""
    ticks = 0
    for pid in node.pids(title):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / _TICK


def memory(pids: list[int]) -> float:
    """MB that these processes take, what they share counted once (PSS)."""
    total = 0
    for pid in pids:
        try:
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
        except FileNotFoundError:
            continue
    return round(total / 1024, 1)


def spread(values: list[float]) -> list[float]:
    return [round(min(values), 1), round(max(values), 1)]


def measure(cluster: Cluster, arguments: argparse.Namespace) -> None:
    target = Target(cluster.url(HEAD), cluster.key, cluster.trust())
    load = Load(arguments.streams, arguments.repeat, arguments.tokens)
    rates: dict[tuple[int, bool], list[float]] = {}
    costs: dict[str, list[float]] = {"proxy": [], "replica": []}
    for turn in range(arguments.rounds):
        for replicas in (1, 2) if turn % 2 == 0 else (2, 1):
            scale(cluster, replicas)
            asyncio.run(throughput(target, Load(8, 1, 8), stream=False))
            for stream in (False, True):
                begun = [
                    sum(processor(node, title) for node in cluster.nodes.values())
                    for title in ("ray::ProxyActor", "ray::ServeReplica")
                ]
                clock = time.perf_counter()
                rate = asyncio.run(throughput(target, load, stream=stream))
                tokens = rate * (time.perf_counter() - clock)
                rates.setdefault((replicas, stream), []).append(rate)
                if stream and replicas == 1:
                    for title, before in zip(("proxy", "replica"), begun, strict=True):
                        name = "ray::ProxyActor" if title == "proxy" else "ray::ServeReplica"
                        now = sum(processor(node, name) for node in cluster.nodes.values())
                        costs[title].append((now - before) / tokens * 1e6)
    for stream in (False, True):
        one, two = rates[1, stream], rates[2, stream]
        emit(
            "ray_2_over_1_streamed" if stream else "ray_2_over_1",
            round(statistics.median(two) / statistics.median(one), 3),
            one_tokens_per_second=round(statistics.median(one), 1),
            two_tokens_per_second=round(statistics.median(two), 1),
            spread_one=spread(one),
            spread_two=spread(two),
            streams=load.streams,
            requests=load.streams * load.repeat,
            tokens=load.tokens,
            cores=len(os.sched_getaffinity(0)),
        )
    emit(
        "proxy_processor_us_per_token",
        round(statistics.median(costs["proxy"])),
        replica_processor_us_per_token=round(statistics.median(costs["replica"])),
    )
    scale(cluster, 1)
    with direct(cluster) as alone:
        found = asyncio.run(latencies({"direct": alone, "ray": target}, arguments.requests))
    for kind, key in (
        ("whole", "routing_adds_ms"),
        ("first", "routing_adds_ms_to_first_piece"),
        ("bare", "routing_adds_ms_without_a_model"),
    ):
        medians = {name: statistics.median(values[kind]) for name, values in found.items()}
        emit(
            key,
            round(medians["ray"] - medians["direct"], 2),
            direct_ms=round(medians["direct"], 2),
            ray_ms=round(medians["ray"], 2),
            ray_p95_ms=round(statistics.quantiles(found["ray"][kind], n=20)[18], 2),
            requests=arguments.requests,
        )
    head, node = cluster.nodes[HEAD], cluster.nodes[NODE]
    replicas = [pid for each in (head, node) for pid in each.pids("ray::ServeReplica")]
    emit("replica_mb", memory(replicas))
    for name, each in (("head_mb", head), ("node_mb", node)):
        emit(name, memory([pid for pid in each.pids() if pid not in replicas]), parts=parts(each))


def parts(node: Node) -> dict[str, Any]:
    """MB by the process that takes them."""
    found: dict[str, float] = {}
    for pid in node.pids():
        command = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
        name = next(
            (
                word
                for word in (
                    *("gcs_server", "DashboardAgent", "RuntimeEnvAgent", "ServeReplica"),
                    *("ServeController", "ProxyActor", "client.server", "monitor.py"),
                    *("dashboard.py", "raylet/raylet", "ray start"),
                )
                if word in command.replace("\0", " ")
            ),
            "other",
        )
        found[name] = round(found.get(name, 0) + memory([pid]), 1)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--streams", type=int, default=64)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--tokens", type=int, default=96)
    parser.add_argument("--requests", type=int, default=200)
    arguments = parser.parse_args()
    cluster = Cluster.make()
    try:
        cluster.start(HEAD)
        cluster.start(NODE)
        measure(cluster, arguments)
    finally:
        cluster.close()


if __name__ == "__main__":
    main()
