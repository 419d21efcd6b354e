"""A real Ray cluster of two nodes on this machine, as deploy/ray/ has it.

Environment, arguments of the units, certificates and Serve config are what is shipped; ports, paths
and bounds are this cluster's.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.e2e.process import MODEL, MODELS, ROOT, environment, wait_for

DEPLOY = ROOT / "deploy" / "ray"
HEAD, NODE = "127.0.0.2", "127.0.0.3"
"""Ray takes 127.0.0.1 for a mistake and uses the host's address instead."""
OBJECT_STORE = 80 * 1024 * 1024
ALLOWED_SECONDS = 90
_FIXED = ("--node-manager-port", "--object-manager-port", "--runtime-env-agent-port")
_FIXED += ("--dashboard-agent-grpc-port", "--metrics-export-port")
_FIXED += ("--min-worker-port", "--max-worker-port")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def arguments(unit: Path) -> list[str]:
    """What the unit gives to `ray`."""
    text = unit.read_text().replace("\\\n", " ")
    found = re.search(r"^ExecStart=\S+/ray (.+)$", text, re.MULTILINE)
    assert found
    return shlex.split(found[1])


@dataclass
class Node:
    """The processes of one node: a session of their own, which is killed as a whole."""

    process: subprocess.Popen[bytes]
    log: Path

    def pids(self, title: str = "") -> list[int]:
        """Return the processes whose command line begins with `title`."""
        return [
            pid
            for pid in (int(each.name) for each in Path("/proc").iterdir() if each.name.isdigit())
            if _session(pid) == self.process.pid and _command(pid).startswith(title)
        ]

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """What a power cut leaves of it: nothing, at once."""
        while pids := self.pids():
            for pid in pids:
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    continue
            if number is not signal.SIGKILL:
                return
            self.process.poll()
            time.sleep(0.02)

    def processor_seconds(self) -> float:
        """What its replicas have used of the processor."""
        ticks = 0
        for pid in self.pids("ray::ServeReplica"):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")


@dataclass
class Cluster:
    """Two nodes and what is deployed on them; `close` leaves nothing behind."""

    directory: Path
    port: int = field(default_factory=free_port)
    http: tuple[int, int] = field(default_factory=lambda: (free_port(), free_port()))
    """Ports of the head's proxy and of the other node's."""
    agents: tuple[int, int] = field(default_factory=lambda: (free_port(), free_port()))
    nodes: dict[str, Node] = field(default_factory=dict)

    @classmethod
    def make(cls) -> Cluster:
        """Make certificates and secrets with the script that is shipped. Nothing is started."""
        # Short, because Ray makes Unix sockets far below it and their names are bounded.
        cluster = cls(Path(tempfile.mkdtemp(prefix="imr-", dir="/tmp")))
        for words in (["cluster"], ["node", HEAD, NODE], ["secrets"]):
            subprocess.run(
                [DEPLOY / "make-certificates", cluster.directory / "pki", *words],
                check=True,
                capture_output=True,
            )
        return cluster

    @property
    def address(self) -> str:
        return f"{HEAD}:{self.port}"

    @property
    def pki(self) -> Path:
        return self.directory / "pki"

    @property
    def key(self) -> str:
        return (self.pki / "engine.key").read_text().strip()

    def environment(self, node: str = HEAD) -> dict[str, str]:
        """`ray.env`, its paths being those of this cluster."""
        text = (DEPLOY / "ray.env").read_text()
        shipped = dict(re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE))
        for name, value in shipped.items():
            if value == "/etc/intramural-ray/token":
                shipped[name] = str(self.pki / "token")
            elif value.startswith("/etc/intramural-ray/"):
                shipped[name] = str(self.pki / node / Path(value).name)
            elif value.startswith("/var/lib/intramural-ray/"):
                shipped[name] = str(self.directory / Path(value).name)
        inherited = {
            name: value for name, value in environment().items() if not name.startswith("RAY_")
        }
        # Proxies of two nodes on one host need two ports.
        ours = {"RAY_SERVE_WORKER_PROXY_HTTP_PORT": str(self.http[1]), "PYTHONPATH": str(ROOT)}
        return inherited | shipped | ours

    def start(self, node: str) -> Node:
        """Start a node, and wait until Ray says that it runs."""
        # Two nodes of one host: a head that is started again takes the other one for itself.
        (self.directory / "t" / "ray_current_cluster").unlink(missing_ok=True)
        log = self.directory / f"{node}.log"
        before = log.stat().st_size if log.exists() else 0
        with log.open("ab") as output:
            process = subprocess.Popen(
                [Path(sys.executable).with_name("ray"), *self._arguments(node)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self.directory,
                env=self.environment(node),
                start_new_session=True,
            )
        started = self.nodes[node] = Node(process, log)

        def runs() -> bool:
            said = log.read_bytes()[before:].decode()
            assert process.poll() is None, said[-2000:]
            return "Ray runtime started" in said

        wait_for(runs, f"node {node} starts", ALLOWED_SECONDS)
        return started

    def _arguments(self, node: str) -> list[str]:
        head = node == HEAD
        unit = DEPLOY / f"intramural-ray-{'head' if head else 'node'}.service"
        given = {
            "--node-ip-address": node,
            "--temp-dir": str(self.directory / "t"),
            "--port": str(self.port),
            "--address": self.address,
            "--dashboard-agent-listen-port": str(self.agents[0 if head else 1]),
            "--ray-client-server-port": str(free_port()),
            "--object-store-memory": str(OBJECT_STORE),
            **dict.fromkeys(_FIXED, "0"),
        }
        words = []
        for word in arguments(unit):
            name, equals, _ = word.partition("=")
            words.append(f"{name}={given[name]}" if equals and name in given else word)
        return [*words, "--num-cpus=1"]

    def config(self) -> dict[str, Any]:
        """`cluster.yaml`, its paths, ports and bounds being those of this cluster."""
        config: dict[str, Any] = yaml.safe_load((DEPLOY / "cluster.yaml").read_text())
        config["http_options"] |= {
            "port": self.http[0],
            "ssl_keyfile": str(self.pki / HEAD / "node.key"),
            "ssl_certfile": str(self.pki / HEAD / "node.crt"),
        }
        application = config["applications"][0]
        application["args"] |= {
            "store": str(MODELS),
            "models": [MODEL],
            "key_file": str(self.pki / "engine.key"),
            "cores": 1,
        }
        application["deployments"][0]["autoscaling_config"]["max_replicas"] = 2
        return config

    def deploy(self) -> None:
        """Deploy, and wait until both nodes answer."""
        self.apply(self.config())
        wait_for(self.serves, "both replicas start", ALLOWED_SECONDS)

    def apply(self, config: dict[str, Any]) -> None:
        """`serve run`, which does not wait for what it started."""
        file = self.directory / "cluster.yaml"
        file.write_text(yaml.safe_dump(config))
        ran = subprocess.run(
            [
                Path(sys.executable).with_name("serve"),
                *("run", "--non-blocking", "--address", self.address, file),
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=ALLOWED_SECONDS,
            cwd=self.directory,
            env=self.environment(),
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run `intramural` as an operator on the head would."""
        # Not the installed script: the checkout that is tested comes first on the path.
        return subprocess.run(
            [sys.executable, "-c", "from gateway.cli import main; main()", *words],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            cwd=self.directory,
            env=self.environment() | {"RAY_ADDRESS": self.address},
        )

    def serves(self, nodes: tuple[str, ...] = (HEAD, NODE)) -> bool:
        """Whether each of these nodes has a replica, and a proxy that reaches one."""
        for node in nodes:
            if not self.nodes[node].pids("ray::ServeReplica"):
                return False
            with self.client(node, timeout=5) as client:
                try:
                    if client.get("/v1/models").status_code != 200:
                        return False
                except httpx.TransportError:
                    return False
        return True

    def url(self, node: str) -> str:
        return f"https://127.0.0.1:{self.http[0 if node == HEAD else 1]}"

    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.pki / "cluster.crt")

    def client(self, node: str, timeout: float = 60, key: str | None = None) -> httpx.Client:
        """A gateway, as far as the proxy of `node` can tell."""
        return httpx.Client(
            base_url=self.url(node),
            headers={"authorization": f"Bearer {key or self.key}"},
            verify=self.trust(),
            timeout=timeout,
            trust_env=False,
        )

    def close(self) -> None:
        """Kill what is left and remove what was written."""
        for node in self.nodes.values():
            node.kill()
            node.process.wait(10)
        shutil.rmtree(self.directory, ignore_errors=True)


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return None


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""
