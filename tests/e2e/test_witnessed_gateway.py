"""The whole gateway and a witness on loopback: an operator's day with them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from gateway.domain.errors import Code
from tests.e2e.process import Gateway, Key, chat, wait_for
from tests.fakes.witnesses import WitnessProcess


@dataclass
class Site:
    gateway: Gateway
    witness: WitnessProcess
    key: Key

    @property
    def log(self) -> Path:
        return self.gateway.data / "ledger" / "e2e"

    def ask(self) -> httpx.Response:
        with self.gateway.client(self.key) as client:
            return client.post("/v1/chat/completions", json=chat("Hello"))

    def ready(self) -> httpx.Response:
        with self.gateway.client(None) as client:
            return client.get("/health/ready")

    def let_in(self) -> None:
        shutil.copy(self.log / "ledger.vkey", self.witness.home / "logs" / "e2e.vkey")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    root = tmp_path_factory.mktemp("witnessed")
    witness = WitnessProcess(root / "witness", "witness.example/w", post_quantum=True).start()
    gateway = Gateway(
        root / "data",
        '[ledger]\nsecond_signature = "ml-dsa-44"\n'
        "[witness]\ninterval = 0.2\nwarn_age = 1\nstop_age = 2\n[[witness.peers]]\n"
        f'name = "pharmacy"\nurl = "{witness.url}"\nvkey = "{witness.vkey.encode()}"\n',
    )
    try:
        gateway.start()
        yield Site(gateway, witness, gateway.create_key("ward", "clinician"))
    finally:
        if gateway.started:
            gateway.stop()
        witness.kill()


def test_nothing_is_served_that_nobody_watches_and_it_goes_on_by_itself(site: Site) -> None:
    # The witness does not know this log yet.
    refused = site.ask()
    assert refused.status_code == 503
    assert refused.json()["error"]["code"] == Code.AUDIT_UNWITNESSED
    assert refused.headers["retry-after"] == "5"
    [record] = site.gateway.records(refused.headers["x-request-id"])
    assert (record["kind"], record["code"]) == ("refusal", Code.AUDIT_UNWITNESSED)
    assert site.ready().status_code == 503
    assert site.ready().json()["checks"]["witnesses"] is False
    # Its administrator lets the log in.
    site.let_in()
    wait_for(lambda: site.ask().status_code == 200, "it goes on by itself")
    assert site.ready().json()["checks"]["witnesses"] is True
    assert 0 <= site.ready().json()["witnessed_seconds_ago"] < 10
    # The witness is gone for too long, and comes back.
    site.witness.kill()
    wait_for(lambda: site.ask().status_code == 503, "new work stops")
    site.witness.start()
    wait_for(lambda: site.ask().status_code == 200, "it goes on again")
    acts = [each["act"] for each in site.gateway.records() if each["kind"] == "admin"]
    assert "witnesses_silent" in acts
    wait_for(
        lambda: any(each.get("act") == "witnesses_back" for each in site.gateway.records()),
        "that it went on is on record",
    )


def test_a_directory_that_was_put_back_whole_is_found_before_it_serves(
    site: Site, tmp_path: Path
) -> None:
    site.let_in()
    wait_for(lambda: site.ask().status_code == 200, "all is well")
    gateway, witness = site.gateway, site.witness
    ran = gateway.cli("audit", "verify", "--witness", witness.home / "witness.vkey", "--json")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    report = json.loads(ran.stdout)
    assert report["witnesses"] == ["witness.example/w"]
    assert report["second_signature"] is True
    backup = shutil.copytree(site.log, tmp_path / "backup")
    assert site.ask().status_code == 200
    size = len(gateway.records())

    def seen() -> int:
        shown = gateway.command("witness", "show", witness.home, "--json")
        return int(json.loads(shown.stdout)["logs"][0]["size"])

    wait_for(lambda: seen() >= size, "the witness has seen what came after the backup")
    gateway.stop()
    shutil.rmtree(site.log)
    shutil.copytree(backup, site.log)
    gateway.start()
    assert site.ask().status_code == 503
    wait_for(lambda: "witness_refutes_log" in gateway.said(), "the alarm")
    assert site.ask().status_code == 503
    examined = gateway.cli("doctor")
    assert examined.returncode == 1
    assert "another history" in examined.stdout
