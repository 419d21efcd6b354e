"""The firewall's rules, tried in two network namespaces that see nothing but each other."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

RULES = Path(__file__).parents[3] / "deploy" / "nftables" / "intramural.nft"
SERVICE, SOMEBODY = 10400, 10401
HERE, THERE = f"imh{os.getpid() % 100_000}", f"imt{os.getpid() % 100_000}"
GATEWAY, CLIENT = "10.255.255.1", "10.255.255.2"
CONNECT = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 2).close()"
LISTEN = """
import socket, sys
server = socket.create_server((sys.argv[1], int(sys.argv[2])))
print("listening", flush=True)
while True:
    peer, _ = server.accept()
    peer.sendall(b"reached")
    peer.close()
"""
READ = (
    "import socket, sys; s = socket.create_connection((sys.argv[1], int(sys.argv[2])), 2); "
    "sys.exit(s.recv(7) != b'reached')"
)


def run(*words: str, timeout: float = 20) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, capture_output=True, text=True, timeout=timeout, check=False)


def as_user(uid: int) -> list[str]:
    return ["setpriv", "--reuid", str(uid), "--regid", str(uid), "--clear-groups"]


@cache
def python() -> str | None:
    """A Python that other users may run: this one may lie in somebody's home directory."""
    for path in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        if Path(path).exists() and run(*as_user(SERVICE), path, "-I", "-c", "").returncode == 0:
            return path
    return None


def inside(namespace: str, uid: int, program: str, *arguments: object) -> list[str]:
    words = [*as_user(uid), str(python()), "-I", "-c", program, *map(str, arguments)]
    return ["ip", "netns", "exec", namespace, *words]


def succeeds(namespace: str, uid: int, program: str, *arguments: object) -> bool:
    return run(*inside(namespace, uid, program, *arguments)).returncode == 0


@pytest.fixture(scope="module")
def namespaces() -> Iterator[None]:
    """A host with a gateway (`HERE`), and beside it a client, which is also "the outside"."""
    if os.geteuid() != 0 or not all(map(shutil.which, ("ip", "nft", "setpriv"))):
        pytest.skip("needs root, iproute2, nftables and util-linux")
    if python() is None:
        pytest.skip("needs a Python that other users may run")
    if run("ip", "netns", "add", HERE).returncode != 0:
        pytest.skip("network namespaces cannot be made here")
    listeners = []
    try:
        for words in (
            f"netns add {THERE}",
            f"link add {HERE} netns {HERE} type veth peer name {THERE} netns {THERE}",
            f"-n {HERE} address add {GATEWAY}/24 dev {HERE}",
            f"-n {THERE} address add {CLIENT}/24 dev {THERE}",
            *(f"-n {name} link set {name} up" for name in (HERE, THERE)),
            *(f"-n {name} link set lo up" for name in (HERE, THERE)),
        ):
            done = run("ip", *words.split())
            assert done.returncode == 0, done.stderr
        for namespace, uid, address in (
            (HERE, SERVICE, GATEWAY),
            (HERE, SERVICE, "127.0.0.1"),
            (THERE, SOMEBODY, CLIENT),
        ):
            listener = subprocess.Popen(
                inside(namespace, uid, LISTEN, address, 8400), stdout=subprocess.PIPE
            )
            listeners.append(listener)
            assert listener.stdout is not None
            assert listener.stdout.readline() == b"listening\n"
        yield
    finally:
        for listener in listeners:
            listener.kill()
            listener.wait()
            if listener.stdout is not None:
                listener.stdout.close()
        for name in (HERE, THERE):
            run("ip", "netns", "delete", name)


@pytest.fixture
def rules(namespaces: None, tmp_path: Path) -> Iterator[None]:
    text = RULES.read_text().replace('define service = "intramural"', f"define service = {SERVICE}")
    assert f"define service = {SERVICE}" in text
    file = tmp_path / "rules.nft"
    file.write_text(text)
    done = run("ip", "netns", "exec", HERE, "nft", "-f", str(file))
    assert done.returncode == 0, done.stderr
    yield
    run("ip", "netns", "exec", HERE, "nft", "delete", "table", "inet", "intramural")


def test_without_the_rules_the_service_reaches_the_outside(namespaces: None) -> None:
    assert succeeds(HERE, SERVICE, CONNECT, CLIENT, 8400)


def test_with_the_rules_the_service_reaches_nobody_outside(rules: None) -> None:
    assert not succeeds(HERE, SERVICE, CONNECT, CLIENT, 8400)


def test_it_is_refused_at_once_and_not_left_waiting(rules: None) -> None:
    begun = time.monotonic()
    done = run(*inside(HERE, SERVICE, CONNECT, CLIENT, 8400))
    assert "TimeoutError" not in done.stderr
    assert time.monotonic() - begun < 10  # Two programs start in it.


def test_no_name_can_be_looked_up_and_no_datagram_leaves(rules: None) -> None:
    send = "import socket, sys; socket.socket(type=2).sendto(b'x', (sys.argv[1], int(sys.argv[2])))"
    assert not succeeds(HERE, SERVICE, send, CLIENT, 53)


def test_loopback_works(rules: None) -> None:
    assert succeeds(HERE, SERVICE, READ, "127.0.0.1", 8400)


def test_a_client_outside_is_answered(rules: None) -> None:
    assert succeeds(THERE, SOMEBODY, READ, GATEWAY, 8400)


def test_other_users_of_the_host_keep_their_ways(rules: None) -> None:
    assert succeeds(HERE, SOMEBODY, CONNECT, CLIENT, 8400)


def test_a_peer_that_is_named_can_be_reached_and_no_other_port_of_it(rules: None) -> None:
    element = f"{{ {CLIENT} . 8400 }}"
    added = run(
        *("ip", "netns", "exec", HERE, "nft", "add", "element", "inet", "intramural"),
        *("peers4", element),
    )
    assert added.returncode == 0, added.stderr
    assert succeeds(HERE, SERVICE, READ, CLIENT, 8400)
    other = run(*inside(HERE, SERVICE, CONNECT, CLIENT, 8401))
    assert "ConnectionRefusedError" not in other.stderr, "it came through and was refused there"
    assert other.returncode != 0


def test_loading_the_rules_again_replaces_them(rules: None, tmp_path: Path) -> None:
    again = run("ip", "netns", "exec", HERE, "nft", "-f", str(tmp_path / "rules.nft"))
    assert again.returncode == 0, again.stderr
    assert not succeeds(HERE, SERVICE, CONNECT, CLIENT, 8400)
