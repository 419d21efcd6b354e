"""What an operator asks of a Ray cluster: what runs where, and that a node leave in good order.

Ray's own commands for it talk to its dashboard, which is off here.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Final

import msgspec
import ray
from ray import serve

RUNNING: Final = "RUNNING"
_POLL: Final = 0.5


class NoCluster(RuntimeError):  # noqa: N818 - reads as a state, as those of `errors.py`
    """There is no cluster at this address, or it does not let us in."""


class NoNode(RuntimeError):  # noqa: N818 - as above
    """The cluster has no such node, or does not let it go."""


class Deployment(msgspec.Struct, frozen=True):
    """One deployment of one application."""

    application: str
    name: str
    status: str
    """Ray's word: HEALTHY, UPDATING, UPSCALING, DOWNSCALING, UNHEALTHY, DEPLOY_FAILED …"""
    replicas: dict[str, int]
    """How many there are in each state."""
    message: str


class Status(msgspec.Struct, frozen=True):
    """What runs in a cluster."""

    nodes: dict[str, str]
    """A node's address, and how its proxy is: HEALTHY, UNHEALTHY, DRAINING, or `none`."""
    applications: dict[str, str]
    deployments: tuple[Deployment, ...]

    @property
    def serves(self) -> bool:
        """Whether every application runs, and there is one."""
        return bool(self.applications) and set(self.applications.values()) == {RUNNING}


def status(address: str) -> Status:
    """Return what runs in the cluster whose head is at `address`. Raises `NoCluster`."""
    with _connected(address):
        found = serve.status()
        proxies = {name: _word(each) for name, each in found.proxies.items()}
        nodes = {
            node["NodeManagerAddress"]: proxies.get(node["NodeID"], "none")
            for node in ray.nodes()
            if node["Alive"]
        }
        return Status(
            nodes=nodes,
            applications={name: _word(each.status) for name, each in found.applications.items()},
            deployments=tuple(
                Deployment(
                    application=application,
                    name=name,
                    status=_word(each.status),
                    replicas={_word(state): count for state, count in each.replica_states.items()},
                    message=each.message,
                )
                for application, overview in found.applications.items()
                for name, each in overview.deployments.items()
            ),
        )


def drain(address: str, node: str, seconds: int) -> bool:
    """Let the node at the IP address `node` leave; return whether it has left within `seconds`.

    Its proxy answers 503 on its health check from now on, its replica finishes what it has while
    another is started elsewhere if there is room, and then its Ray ends. Raises `NoNode`.
    """
    with _connected(address):
        identity = _alive(node)
        if identity is None:
            raise NoNode(f"no node of the cluster has the address {node}")
        # Ray has no other public way to say this.
        ran = subprocess.run(  # noqa: S603 - our own arguments
            [
                *(sys.executable, "-m", "ray.scripts.scripts", "drain-node"),
                *("--address", address, "--node-id", identity),
                *("--reason", "DRAIN_NODE_REASON_PREEMPTION"),
                *("--reason-message", "an operator stops it"),
                *("--deadline-remaining-seconds", str(seconds)),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        if ran.returncode:
            raise NoNode(f"the cluster does not let {node} go: it is its head, or busy starting")
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if _alive(node) is None:
                return True
            time.sleep(_POLL)
        return False


def _alive(address: str) -> str | None:
    """Return Ray's name for the living node at this address."""
    for node in ray.nodes():
        if node["Alive"] and node["NodeManagerAddress"] == address:
            return str(node["NodeID"])
    return None


def _word(state: object) -> str:
    """Ray gives some states as members of an enumeration and some as words."""
    return str(state.value if isinstance(state, Enum) else state)


@contextmanager
def _connected(address: str) -> Iterator[None]:
    try:
        ray.init(address, namespace="serve", log_to_driver=False, logging_level="ERROR")
    except (ConnectionError, RuntimeError) as error:
        raise NoCluster(
            f"no Ray cluster answers at {address}: is ray.env in this command's environment?"
        ) from error
    try:
        yield
    finally:
        ray.shutdown()
