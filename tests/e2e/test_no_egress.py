"""Nothing leaves: the gateway in a network namespace without any network, and the tripwire."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.engines import EngineProcess, gateway_over
from tests.e2e.process import MODEL, ROOT, Gateway, environment

_ASK = """
import json, sys, urllib.request
url, key, body = sys.argv[1:]
request = urllib.request.Request(url + "/v1/chat/completions", body.encode(), {
    "authorization": "Bearer " + key, "x-purpose-of-use": "TREAT",
    "content-type": "application/json"})
reply = urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60)
print(json.dumps({"id": reply.headers["x-request-id"], "body": json.load(reply)}))
"""
_TRY = """
import socket, sys
from gateway import egress, logs
logs.configure(style="json", level="info")
egress.install(egress.parse_peers(sys.argv[1:]))
{attempt}
"""


def test_without_any_network_the_gateway_works_as_with_one(fresh: Gateway) -> None:
    unshare = shutil.which("unshare")
    ip = shutil.which("ip")
    if unshare is None or ip is None:
        pytest.skip("unshare or ip is not installed: no network namespace was tried")
    isolated = [unshare, "--net", "--map-root-user", "--"]
    if subprocess.run([*isolated, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine does not permit network namespaces: none was tried")
    fresh.within(isolated, ["sh", "-c", f'{ip} link set lo up && exec "$@"', "sh"]).start()
    key = (fresh.data / "demo.key").read_text(encoding="utf-8").strip()
    body = {
        "model": MODEL,
        "messages": [{"role": "user", "content": "Repeat: Margaret Thornton is well."}],
        "max_tokens": 24,
        "temperature": 0,
    }
    inside = [
        "nsenter",
        "--target",
        str(fresh.process.pid),
        "--net",
        "--user",
        "--preserve-credentials",
    ]
    # Outside there is nothing at that address, and inside there is nowhere to go.
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", fresh.port), timeout=2).close()
    routes = subprocess.run(
        [*inside, ip, "route"], capture_output=True, text=True, check=True, timeout=20
    )
    assert routes.stdout == ""
    asked = subprocess.run(
        [*inside, sys.executable, "-c", _ASK, fresh.url, key, json.dumps(body)],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
        env=environment(),
    )
    assert asked.returncode == 0, asked.stderr + fresh.said()
    reply = json.loads(asked.stdout)
    assert "Margaret Thornton" in reply["body"]["choices"][0]["message"]["content"]
    assert [each["kind"] for each in fresh.records(reply["id"])] == ["intent", "outcome"]
    assert "egress_refused" not in fresh.said()
    assert fresh.stop() == 0


def test_an_engine_without_any_network_serves_a_gateway_that_has_one(tmp_path: Path) -> None:
    unshare = shutil.which("unshare")
    isolated = [str(unshare), "--net", "--map-root-user", "--"]
    if unshare is None or subprocess.run([*isolated, "true"], check=False).returncode != 0:
        pytest.skip("this machine does not permit network namespaces: none was tried")
    engine = EngineProcess(tmp_path / "e", "--socket", tmp_path / "e.sock").within(*isolated)
    gateway = gateway_over(tmp_path / "data", engine.start().url)
    try:
        key = gateway.start().create_key("ward", "clinician")
        # Not even loopback is up there.
        state = Path(f"/proc/{engine.process.pid}/net/dev").read_text(encoding="ascii")
        assert [line.split(":")[0].strip() for line in state.splitlines()[2:]] in ([], ["lo"])
        assert len(Path(f"/proc/{engine.process.pid}/net/route").read_text().splitlines()) <= 1
        with gateway.client(key) as client:
            body = {
                "model": MODEL,
                "messages": [{"role": "user", "content": "Repeat: Margaret Thornton is well."}],
                "max_tokens": 24,
                "temperature": 0,
            }
            reply = client.post("/v1/chat/completions", json=body)
        assert reply.status_code == 200, reply.text
        kinds = [each["kind"] for each in gateway.records(reply.headers["x-request-id"])]
        assert kinds == ["intent", "outcome"]
        assert "egress_refused" not in gateway.said() + engine.said()
        assert gateway.stop() == 0
    finally:
        engine.kill()
        if gateway.started and gateway.process.poll() is None:
            gateway.process.kill()
            gateway.process.wait(10)


def test_the_gateway_itself_never_met_the_tripwire(gateway: Gateway) -> None:
    assert "egress_refused" not in gateway.said()


@pytest.fixture
def listener() -> Iterator[tuple[socket.socket, int]]:
    """A peer on this machine that counts who connects."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        sock.settimeout(0.5)
        yield sock, sock.getsockname()[1]


def attempt(code: str, *peers: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", _TRY.format(attempt=code), *peers],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        cwd=ROOT,
        env=environment(),
    )


@pytest.mark.parametrize(
    "code",
    [
        "socket.create_connection(('127.0.0.1', {port}))",
        "socket.socket().connect_ex(('127.0.0.1', {port}))",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', {port}))",
        "import urllib.request; urllib.request.urlopen('http://127.0.0.1:{port}/')",
        "import asyncio; asyncio.run(asyncio.open_connection('127.0.0.1', {port}))",
        "import httpx; httpx.get('http://127.0.0.1:{port}/', trust_env=False)",
        "socket.getaddrinfo('canary-host.example', 443)",
        "socket.gethostbyname('canary-host.example')",
    ],
)
def test_a_connection_that_no_setting_names_is_refused_and_logged_without_its_address(
    listener: tuple[socket.socket, int], code: str
) -> None:
    sock, port = listener
    ran = attempt(code.format(port=port))
    assert ran.returncode != 0
    with pytest.raises(TimeoutError):
        sock.accept()
    logged = [json.loads(line) for line in ran.stderr.splitlines() if line.startswith("{")]
    assert logged[0]["event"] == "egress_refused"
    # A client may wrap what it met.
    assert logged[-1]["error"] in {"EgressRefused", "URLError", "ConnectError"}
    assert str(port) not in ran.stderr
    assert "canary-host" not in ran.stderr + ran.stdout


def test_a_peer_that_the_settings_name_is_let_through(listener: tuple[socket.socket, int]) -> None:
    sock, port = listener
    accepted = threading.Event()

    def accept() -> None:
        sock.settimeout(20)
        sock.accept()[0].close()
        accepted.set()

    thread = threading.Thread(target=accept)
    thread.start()
    ran = attempt(f"socket.create_connection(('127.0.0.1', {port})).close()", f"127.0.0.1:{port}")
    thread.join(20)
    assert ran.returncode == 0, ran.stderr
    assert accepted.is_set()
    assert "egress_refused" not in ran.stderr


def test_another_port_of_a_named_peer_is_not_named(listener: tuple[socket.socket, int]) -> None:
    _, port = listener
    ran = attempt(f"socket.create_connection(('127.0.0.1', {port}))", "127.0.0.1:1")
    assert ran.returncode != 0
    assert "egress_refused" in ran.stderr


def test_a_peer_is_named_by_address_and_never_by_name(fresh: Gateway) -> None:
    settings: Path = fresh.data / "intramural.toml"
    with settings.open("a", encoding="utf-8") as file:
        file.write('[egress]\npeers = ["models.example:443"]\n')
    ran = fresh.cli("serve")
    assert ran.returncode == 2
    assert "egress.peers" in ran.stderr
