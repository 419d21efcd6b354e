"""What an operator meets: the invitation, a second gateway, slow clients, and the demo."""

from __future__ import annotations

import json
import re
import socket
import stat
import subprocess
import time
from pathlib import Path

import pytest

from gateway.domain.errors import Code
from tests.e2e.conftest import Keys
from tests.e2e.process import COMMAND, MODELS, Gateway, chat, environment, headers_of


def test_the_invitation_works_as_it_stands(gateway: Gateway) -> None:
    key = gateway.data / "demo.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    said = gateway.said()
    assert key.read_text().strip() not in said
    curl = re.search(r"^  curl .*?\n\n", said, re.DOTALL | re.MULTILINE)
    assert curl is not None, said
    ran = subprocess.run(
        ["bash", "-c", curl[0]], capture_output=True, text=True, timeout=60, check=True
    )
    assert json.loads(ran.stdout)["object"] == "chat.completion"


def test_the_invitations_python_snippet_works_as_it_stands(gateway: Gateway) -> None:
    said = gateway.said()
    snippet = re.search(
        r"^or with Python \((.*)\):\n\n(.*?print.*?)$", said, re.DOTALL | re.MULTILINE
    )
    assert snippet is not None, said
    program = "\n".join(line.removeprefix("  ") for line in snippet[2].splitlines())
    ran = subprocess.run(
        [snippet[1], "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=environment(),
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip()


def test_a_revoked_demo_key_does_not_come_back(fresh: Gateway) -> None:
    gateway = fresh.start()
    [demo] = json.loads(gateway.command("keys", "list", "--json").stdout)
    assert (demo["name"], demo["roles"], demo["purpose"]) == ("demo", ["clinician"], None)
    assert gateway.command("keys", "revoke", demo["id"]).returncode == 0
    assert gateway.stop() == 0
    gateway.start()
    [still] = json.loads(gateway.command("keys", "list", "--json").stdout)
    assert (still["id"], still["state"]) == (demo["id"], "revoked")
    assert gateway.stop() == 0


def test_a_second_gateway_on_the_same_data_is_refused_and_told_what_to_do(gateway: Gateway) -> None:
    before = len(gateway.records())
    second = gateway.cli("serve")
    assert second.returncode == 1
    assert "another gateway serves from" in second.stderr
    assert "--data" in second.stderr
    assert "Traceback" not in second.stderr
    assert len(gateway.records()) == before
    with gateway.client(None) as client:
        assert client.get("/health/live").status_code == 200


def test_a_port_in_use_is_said(gateway: Gateway, fresh: Gateway) -> None:
    settings = fresh.data / "intramural.toml"
    words = settings.read_text(encoding="utf-8").replace("port = 0", f"port = {gateway.port}")
    settings.write_text(words, encoding="utf-8")
    ran = fresh.cli("serve")
    assert ran.returncode == 1
    assert "server.port" in ran.stderr


@pytest.mark.parametrize(
    ("setting", "part"),
    [("colour = 1", "colour"), ("body_limit = 0", "body_limit"), ('port = "x"', "port")],
)
def test_settings_that_are_not_understood_are_named(
    fresh: Gateway, setting: str, part: str
) -> None:
    (fresh.data / "intramural.toml").write_text(f"[server]\n{setting}\n", encoding="utf-8")
    ran = fresh.cli("serve")
    assert ran.returncode == 2
    assert "intramural.toml" in ran.stderr
    assert part in ran.stderr
    assert "Traceback" not in ran.stderr


def test_no_core_of_it_is_dumped(gateway: Gateway) -> None:
    limits = Path(f"/proc/{gateway.process.pid}/limits").read_text(encoding="ascii")
    (cores,) = [line for line in limits.splitlines() if line.startswith("Max core file size")]
    # Soft and hard: nothing that runs in it can ask for one again.
    assert cores.split()[4:6] == ["0", "0"]


def test_slow_headers_are_408(gateway: Gateway) -> None:
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=20) as sock:
        sock.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: gateway\r\n")
        check_408(sock)


def test_a_slow_body_is_408_and_recorded(gateway: Gateway, keys: Keys) -> None:
    lines = [f"{name}: {value}" for name, value in headers_of(keys.bound).items()]
    top = "\r\n".join(
        ["POST /v1/chat/completions HTTP/1.1", "host: gateway", *lines, "content-length: 100"]
    )
    before = gateway.records(actor=keys.bound.actor)
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=20) as sock:
        sock.sendall(f"{top}\r\n\r\n".encode() + b'{"model":')
        check_408(sock)
    after = gateway.records(actor=keys.bound.actor)
    assert [record["code"] for record in after[len(before) :]] == [Code.REQUEST_TIMEOUT]


def check_408(sock: socket.socket) -> None:
    started = time.monotonic()
    received = b""
    while b"}}" not in received:
        data = sock.recv(2**16)
        assert data, received
        received += data
    assert 2 < time.monotonic() - started < 15
    assert received.startswith(b"HTTP/1.1 408 ")
    assert json.loads(received.partition(b"\r\n\r\n")[2])["error"]["code"] == Code.REQUEST_TIMEOUT


def test_no_secret_and_no_text_is_in_what_the_gateway_said(gateway: Gateway, keys: Keys) -> None:
    with gateway.client(keys.clinician) as client:
        client.post("/v1/chat/completions", json=chat("Hesperia Vandersteen-Okonkwo"))
    said = gateway.said()
    for key in (keys.clinician, keys.revoked, keys.expired, keys.bound):
        assert key.secret not in said
        assert key.secret.split("_", 2)[2] not in said
    assert "Vandersteen" not in said
    events = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert {event["event"] for event in events} >= {"gateway_built", "exchange_completed"}


def test_the_demo_shows_a_note_of_which_the_engine_saw_no_identifier(tmp_path: Path) -> None:
    (tmp_path / "intramural.toml").write_text(f'models = "{MODELS}"\n', encoding="utf-8")
    ran = subprocess.run(
        [COMMAND, "--data", tmp_path, "demo"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=environment() | {"COLUMNS": "120"},
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    sent, seen, back, records, verdict = re.split(r"─+ \d\. .*? ─+", ran.stdout)[1:]
    identifiers = (
        "Margaret", "Thornton", "48210377", "03/14/1952", "555-0142", "27 Maple Street", "Boston",
        "02118", "Okafor",
    )  # fmt: skip
    for identifier in identifiers:
        assert identifier in sent
        assert identifier not in seen
    for kept in ("metoprolol 25 mg", "Troponin was 0.02 ng/mL", "74-year-old"):
        assert kept in sent
        assert kept in seen
    # The model may shorten a name that it repeats; what it repeats has come back.
    assert "Thornton" in back
    assert not re.search(r"PERSON_[0-9]{3}", back)
    assert '"kind": "intent"' in records
    assert '"kind": "outcome"' in records
    assert "root and signature match the checkpoint" in verdict
