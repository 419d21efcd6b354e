"""A real gateway under releases: three people change the policy while it serves."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.e2e.process import Gateway, Key, chat, wait_for

ROLES = {"ada": "policy_author", "grace": "approver", "linus": "operator"}
FORBID = '\n@id("ward-closed") forbid (principal, action, resource);\n'


class People:
    """Who has which key, as files."""

    def __init__(self, gateway: Gateway, folder: Path) -> None:
        self._gateway = gateway
        self._folder = folder
        for name, role in ROLES.items():
            self._write(name, gateway.create_key(name, role).secret)
        for name in ("ada", "grace"):
            public = self.do("signers", "new", folder / f"{name}.pem", "--no-passphrase").strip()
            self.do(
                "signers", "add", "--person", name, "--role", ROLES[name], "--key", public,
                by="linus",
            )  # fmt: skip

    def _write(self, name: str, secret: str) -> None:
        path = self._folder / f"{name}.key"
        path.touch(0o600)
        path.write_text(secret)

    def do(self, *words: str | Path, by: str | None = None) -> str:
        name = ("--as", self._folder / f"{by}.key") if by is not None else ()
        ran = self._gateway.command("policy", *words, *name)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def approved(self, directory: Path, note: str) -> str:
        number = self.do("draft", directory, "--note", note, by="ada").split()[1]
        self.do("submit", number, "--sign-with", self._folder / "ada.pem", by="ada")
        self.do("approve", number, "--sign-with", self._folder / "grace.pem", by="grace")
        return number


def status(gateway: Gateway, key: Key) -> int:
    with gateway.client(key) as client:
        return client.post("/v1/chat/completions", json=chat("Hello", max_tokens=1)).status_code


@pytest.mark.timeout(240)
def test_three_people_change_the_policy_of_a_gateway_that_serves(tmp_path: Path) -> None:
    gateway = Gateway(tmp_path / "data")
    gateway.start()
    clinician = gateway.create_key("ward", "clinician")
    people = People(gateway, tmp_path)
    policies = gateway.data / "policies"
    first = people.approved(policies, "what was in the directory")
    people.do("activate", first, by="linus")
    gateway.stop()
    settings = gateway.data / "intramural.toml"
    settings.write_text(settings.read_text() + '[policy]\nmode = "releases"\n')
    gateway.start()
    try:
        assert status(gateway, clinician) == 200
        # What somebody edits in the directory changes nothing any more.
        access = policies / "access.cedar"
        access.write_text(access.read_text() + FORBID)
        for vectors in (policies / "vectors").iterdir():
            vectors.unlink()
        (policies / "vectors" / "closed.yaml").write_text(
            "vectors:\n  - name: nobody\n    purpose: TREAT\n    action: chat\n    model: any\n"
            "    expect: {deny: [ward-closed]}\n"
        )
        assert status(gateway, clinician) == 200
        second = people.approved(policies, "the ward is closed")
        assert status(gateway, clinician) == 200
        people.do("activate", second, by="linus")
        started = time.monotonic()
        wait_for(lambda: status(gateway, clinician) == 403, "the new release decides")
        assert time.monotonic() - started < 10
        people.do("rollback", by="linus")
        wait_for(lambda: status(gateway, clinician) == 200, "the old release decides again")
        with gateway.client(None) as client:
            assert client.get("/health/ready").json()["warnings"] == []
        doctor = gateway.cli("doctor", "--json").stdout.splitlines()
        policy = next(each for each in map(json.loads, doctor) if each["check"] == "policy")
        assert policy["verdict"] == "ok"
        assert "signed by two" in policy["found"]
    finally:
        gateway.stop()
    acts = [record["act"] for record in gateway.records() if record["kind"] == "admin"]
    assert acts.count("policy_activated") == 3
    assert acts.count("policy_loaded") == 2
    assert "policy_rolling_back" in acts
