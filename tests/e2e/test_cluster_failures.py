"""Two real Ray nodes under load, and one of them dies, hangs, or is asked to leave."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.e2e.nodes import HEAD, NODE, Cluster
from tests.e2e.process import MODEL, Gateway, chat, wait_for

pytest.importorskip("ray", reason="Ray is not installed: pip install '.[cluster]'")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(400),
    pytest.mark.xdist_group("cluster"),  # There is one of it.
]

PATIENCE = 90.0
"""Seconds after which a request counts as hanging."""
TOKENS = 96


@pytest.fixture(scope="module")
def running() -> Iterator[Cluster]:
    started = Cluster.make()
    try:
        started.start(HEAD)
        started.start(NODE)
        started.deploy()
        yield started
    finally:
        started.close()


@pytest.fixture
def cluster(running: Cluster) -> Cluster:
    """Two nodes that serve, whatever the test before this one did."""
    for node in (HEAD, NODE):
        if running.nodes[node].process.poll() is not None:
            running.start(node)
    wait_for(running.serves, "both nodes serve", 90)
    return running


@dataclass
class Told:
    """What became of one request."""

    begun: float
    status: int = 0
    """0: there was no reply."""
    pieces: int = 0
    done: bool = False
    ended: float = 0.0

    @property
    def broken(self) -> bool:
        """Whether it began to be answered, and then was not."""
        return self.pieces > 0 and not self.done


async def ask(client: httpx.AsyncClient, number: int, told: Told) -> None:
    request = chat(f"{number}. Describe the heart.", max_tokens=TOKENS, stream=True)
    try:
        async with client.stream("POST", "/v1/chat/completions", json=request) as answer:
            told.status = answer.status_code
            async for line in answer.aiter_lines():
                told.pieces += line.startswith("data: {")
                told.done |= line == "data: [DONE]"
            told.done &= told.status == 200
    except httpx.TransportError:
        told.done = False
    finally:
        told.ended = time.monotonic()


@dataclass
class Load:
    """Requests at a steady rate through one proxy."""

    cluster: Cluster
    node: str
    gap: float = 0.25

    async def run(self, count: int, happening: dict[int, object]) -> list[Told]:
        """Send `count` requests; before the n-th, call what `happening` has for it."""
        told: list[Told] = []
        tasks = []
        async with httpx.AsyncClient(
            base_url=self.cluster.url(self.node),
            headers={"authorization": f"Bearer {self.cluster.key}"},
            verify=self.cluster.trust(),
            timeout=PATIENCE,
            trust_env=False,
            limits=httpx.Limits(max_connections=None),
        ) as client:
            for number in range(count):
                if (event := happening.get(number)) is not None:
                    assert callable(event)
                    await asyncio.to_thread(event)
                told.append(Told(time.monotonic()))
                tasks.append(asyncio.create_task(ask(client, number, told[-1])))
                await asyncio.sleep(self.gap)
            await asyncio.wait(tasks, timeout=PATIENCE)
            assert all(task.done() for task in tasks), "a request hangs"
            await asyncio.gather(*tasks)
        return told


async def test_when_a_node_dies_what_had_begun_breaks_off_and_all_else_is_answered(
    cluster: Cluster,
) -> None:
    died: list[float] = []

    def kill() -> None:
        cluster.nodes[NODE].kill()
        died.append(time.monotonic())

    told = await Load(cluster, HEAD).run(60, {20: kill})
    broken = [each for each in told if each.broken]
    assert broken, "nothing ran on the node that died"
    for each in told:
        assert each.ended - each.begun < PATIENCE
        if each.done:
            continue
        # What did not get its reply was under way when the node died, and is told so: by a reply
        # that breaks off, or by a status.
        assert each.begun < died[0] + 1, "a later request failed"
        assert each.broken or each.status >= 500, each
    after = [each for each in told if each.begun > died[0]]
    assert len(after) == 40
    assert sum(each.done for each in after) >= 38
    assert all(each.ended < died[0] + 20 for each in broken), "a broken reply was kept waiting"


def test_a_gateway_answers_through_the_proxy_that_is_left_when_a_node_dies(
    cluster: Cluster, tmp_path: Path
) -> None:
    key = tmp_path / "engine.key"
    key.write_text(cluster.key)
    key.chmod(0o600)
    endpoints = json.dumps([cluster.url(HEAD), cluster.url(NODE)])
    settings = f"""
[engine]
kind = "openai"
[engine.openai]
endpoints = {endpoints}
key_file = "{key}"
ca_file = "{cluster.pki / "cluster.crt"}"
[engine.openai.models."{MODEL}"]
context_length = 8192
"""
    gateway = Gateway(tmp_path / "data", settings).start()
    try:
        caller = gateway.create_key("ward", "clinician")
        with gateway.client(caller) as client:
            for number in range(10):
                if number == 4:
                    cluster.nodes[NODE].kill()
                answer = client.post("/v1/chat/completions", json=chat(f"{number}. Hello."))
                assert answer.status_code == 200, answer.text
        outcomes = [each for each in gateway.records() if each["kind"] == "outcome"]
        assert [each["status"] for each in outcomes] == ["completed"] * 10
    finally:
        assert gateway.stop() == 0, gateway.said()[-2000:]


async def test_a_node_that_comes_back_takes_its_share_again(cluster: Cluster) -> None:
    cluster.nodes[NODE].kill()
    cluster.start(NODE)
    wait_for(cluster.serves, "it serves again", 90)
    before = cluster.nodes[NODE].processor_seconds()
    told = await Load(cluster, HEAD, gap=0.05).run(16, {})
    assert all(each.done for each in told)
    assert cluster.nodes[NODE].processor_seconds() - before > 0.3


async def test_when_the_head_dies_the_other_node_serves_on_and_the_head_finds_its_cluster_again(
    cluster: Cluster,
) -> None:
    replica = cluster.nodes[NODE].pids("ray::ServeReplica")

    def kill() -> None:
        cluster.nodes[HEAD].kill()

    def restart() -> None:
        cluster.start(HEAD)

    told = await Load(cluster, NODE, gap=0.5).run(60, {10: kill, 20: restart})
    for each in told[14:]:
        assert each.done, "it was sent when the head had been dead for a while"
    assert all(each.done or each.broken or each.status >= 500 for each in told)
    # Nobody deployed anything again, and the replica that served on is the same process.
    wait_for(cluster.serves, "the head has a replica and a proxy again", 90)
    assert cluster.nodes[NODE].pids("ray::ServeReplica") == replica


async def test_a_replica_that_hangs_is_replaced_and_nobody_waits_for_it_for_ever(
    cluster: Cluster,
) -> None:
    frozen = cluster.nodes[NODE].pids("ray::ServeReplica")

    def freeze() -> None:
        for pid in frozen:
            os.kill(pid, signal.SIGSTOP)

    told = await Load(cluster, HEAD).run(40, {10: freeze})
    assert all(each.done or each.broken or each.status >= 500 for each in told)
    wait_for(cluster.serves, "it was replaced", 90)
    assert cluster.nodes[NODE].pids("ray::ServeReplica") != frozen


async def test_a_node_that_is_drained_finishes_what_it_has_and_ends(cluster: Cluster) -> None:
    def drain() -> None:
        ran = cluster.command("engine", "cluster", "drain", "--node", NODE, "--seconds", "60")
        assert ran.returncode == 0, ran.stdout + ran.stderr

    told = await Load(cluster, HEAD).run(24, {12: drain})
    assert all(each.done for each in told), json.dumps([vars(each) for each in told])
    with cluster.client(HEAD) as client:
        assert client.get("/v1/models").status_code == 200
    wait_for(lambda: not cluster.nodes[NODE].pids("ray::"), "it ends by itself", 60)
