"""Two real Ray nodes, started and configured as deploy/ray/ says: what works if nothing breaks."""

from __future__ import annotations

import json
import os
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.e2e.nodes import HEAD, NODE, Cluster, Node
from tests.e2e.process import chat, wait_for

pytest.importorskip("ray", reason="Ray is not installed: pip install '.[cluster]'")

CANARY = "Zyxwvut-Canary-4711"
LONG = "Write a long and detailed text about the heart and how a doctor examines it."
MAGIC = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0"
"""How a client of gRPC begins."""
JOIN = """
import sys
from ray._raylet import GcsClient
print("in", GcsClient(address=sys.argv[1]).internal_kv_keys(b"", None, 5))
"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    started = Cluster.make()
    try:
        started.start(HEAD)
        started.start(NODE)
        started.deploy()
        yield started
    finally:
        started.close()


def reply(client: httpx.Client, text: str, **more: object) -> str:
    answer = client.post("/v1/chat/completions", json=chat(text, **more))
    assert answer.status_code == 200, answer.text
    return str(answer.json()["choices"][0]["message"]["content"])


@pytest.mark.parametrize("node", [HEAD, NODE])
def test_a_reply_streams_through_the_proxy_of_each_node_as_it_is_made(
    cluster: Cluster, node: str
) -> None:
    arrivals: list[float] = []
    text = ""
    with cluster.client(node) as client:
        whole = reply(client, LONG, max_tokens=48)  # What is slow the first time is over then.
        request = chat(LONG, max_tokens=48, stream=True)
        begun = time.monotonic()
        with client.stream("POST", "/v1/chat/completions", json=request) as answer:
            assert answer.status_code == 200
            for line in answer.iter_lines():
                if line.startswith("data: {"):
                    arrivals.append(time.monotonic())
                    text += json.loads(line[6:])["choices"][0]["delta"].get("content", "")
    assert text == whole
    # However slow the machine is: what is held back until the end takes no time of its own.
    assert arrivals[-1] - arrivals[0] > 0.2 * (arrivals[-1] - begun), "they came all at once"


def test_one_proxy_spreads_requests_over_the_replicas_of_both_nodes(cluster: Cluster) -> None:
    before = {name: node.processor_seconds() for name, node in cluster.nodes.items()}
    with cluster.client(HEAD) as client, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: reply(client, f"{number}: {LONG}"), range(16)))
    spent = {name: node.processor_seconds() - before[name] for name, node in cluster.nodes.items()}
    assert min(spent.values()) > 0.2 * max(spent.values()), spent


@pytest.mark.parametrize("node", [HEAD, NODE])
def test_the_generation_of_a_client_that_goes_away_stops(cluster: Cluster, node: str) -> None:
    idle = wait_for(lambda: _resting(cluster), "both replicas rest")
    assert idle
    with cluster.client(node) as client:
        request = chat(LONG, max_tokens=1500, stream=True)
        with client.stream("POST", "/v1/chat/completions", json=request) as answer:
            lines = answer.iter_lines()
            for _ in range(8):
                next(lines)
            assert not _resting(cluster), "it did not run at all"
    wait_for(lambda: _resting(cluster), "its replica rests again", 5)


def _resting(cluster: Cluster) -> bool:
    """Whether no replica computes: the polls of Ray take a hundredth of what a generation does."""
    before = sum(node.processor_seconds() for node in cluster.nodes.values())
    time.sleep(0.4)
    return sum(node.processor_seconds() for node in cluster.nodes.values()) - before < 0.12


def test_the_operator_sees_both_nodes_and_both_replicas(cluster: Cluster) -> None:
    ran = cluster.command("engine", "cluster", "status", "--json", "--wait", "30")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    told = json.loads(ran.stdout)
    assert told["nodes"] == {HEAD: "HEALTHY", NODE: "HEALTHY"}
    assert told["applications"] == {"engine": "RUNNING"}
    assert told["deployments"][0]["replicas"] == {"RUNNING": 2}


def test_a_proxy_answers_nobody_without_the_engines_key(cluster: Cluster) -> None:
    for key in ("x" * 64, (cluster.pki / "token").read_text().strip()):
        with cluster.client(HEAD, key=key) as client:
            answer = client.post("/v1/chat/completions", json=chat("Hello."))
            assert answer.status_code == 401
            assert client.get("/v1/models").status_code == 401


def _joins(cluster: Cluster, **changed: str) -> bool:
    """Whether Ray lets in a process with this environment."""
    ran = subprocess.run(
        [sys.executable, "-c", JOIN, cluster.address],
        env=cluster.environment() | changed,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return ran.returncode == 0 and ran.stdout.startswith("in [")


def test_ray_lets_in_whoever_has_its_token_and_nobody_else(cluster: Cluster) -> None:
    wrong = cluster.directory / "wrong"
    wrong.write_text("f" * 64)
    assert _joins(cluster)
    assert not _joins(cluster, RAY_AUTH_TOKEN_PATH=str(wrong))
    assert not _joins(cluster, RAY_AUTH_MODE="disabled")


def _greeted(address: tuple[str, int], context: ssl.SSLContext | None) -> bytes:
    """What is answered to the first bytes of gRPC."""
    try:
        with socket.create_connection(address, 5) as bare:
            bare.settimeout(5)
            stream = bare if context is None else context.wrap_socket(bare)
            stream.sendall(MAGIC)
            return stream.recv(64)
    except OSError:
        return b""


def test_ray_speaks_tls_alone_and_only_with_a_certificate_of_its_authority(
    cluster: Cluster,
) -> None:
    stranger = ssl.create_default_context(cafile=cluster.pki / "cluster.crt")
    stranger.check_hostname = False
    stranger.set_alpn_protocols(["h2"])
    member = ssl.create_default_context(cafile=cluster.pki / "cluster.crt")
    member.check_hostname = False
    member.set_alpn_protocols(["h2"])
    member.load_cert_chain(cluster.pki / NODE / "node.crt", cluster.pki / NODE / "node.key")
    address = (HEAD, cluster.port)
    assert _greeted(address, member) != b"", "the control"
    assert _greeted(address, stranger) == b""
    assert _greeted(address, None) == b""


def _ports(node: Node) -> set[int]:
    """Where the processes of a node listen, whatever the address."""
    listening = {}
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with open(table) as lines:  # noqa: PTH123 - not a file that a path is for
            for line in list(lines)[1:]:
                fields = line.split()
                if fields[3] == "0A":
                    listening[f"socket:[{fields[9]}]"] = int(fields[1].rpartition(":")[2], 16)
    found = set()
    for pid in node.pids():
        for descriptor in os.scandir(f"/proc/{pid}/fd"):
            try:
                target = str(Path(descriptor.path).readlink())
            except FileNotFoundError:
                continue
            if target in listening:
                found.add(listening[target])
    return found


def test_no_port_of_a_node_tells_a_stranger_more_than_numbers(cluster: Cluster) -> None:
    with cluster.client(HEAD) as client:
        reply(client, f"My name is {CANARY}.")
    silent = refusing = 0
    for name, node in cluster.nodes.items():
        ports = _ports(node)
        assert len(ports) > 5
        for port in ports:
            status, body = _asked(name, port)
            silent += status == 0
            refusing += status in {400, 401}
            assert CANARY.encode() not in body
            if status == 200:
                # The counters of Ray, which the firewall keeps to the nodes themselves.
                assert b"\n# TYPE " in body or body.startswith(b"# HELP"), (port, body[:200])
            else:
                assert status in {0, 400, 401, 404}, (port, status, body[:200])
    assert silent > 5
    assert refusing > 2


def _asked(host: str, port: int) -> tuple[int, bytes]:
    """The status and body of a plain GET; 0 if there is no reply in HTTP."""
    try:
        answer = httpx.get(f"http://{host}:{port}/metrics", timeout=5, trust_env=False)
    except httpx.HTTPError:
        return 0, b""
    return answer.status_code, answer.content


def test_no_text_reaches_a_file_of_ray(cluster: Cluster) -> None:
    with cluster.client(HEAD) as client:
        reply(client, f"My name is {CANARY}. {'Take it down. ' * 40}")
        broken = client.post("/v1/chat/completions", content=f'{{"model": "{CANARY}", "x": 1}}')
        assert broken.status_code == 400
    files = [path for path in cluster.directory.rglob("*") if path.is_file()]
    assert any(path.name.startswith("proxy_") for path in files), "its logs are among them"
    for path in files:
        assert CANARY.encode() not in path.read_bytes(), path.name
