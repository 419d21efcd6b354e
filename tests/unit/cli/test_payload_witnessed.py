"""`intramural audit payload` asks the witnesses first, as the gateway does."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from gateway.cli import audit, audit_payload
from gateway.domain.errors import Code
from gateway.domain.records import Access, Admin, AdminAct, Kind, Record
from gateway.identity.keyring import open_keyring
from gateway.identity.keys import Grant
from gateway.identity.networks import parse_networks
from gateway.ledger import Query, read_ledger
from gateway.settings import Settings, load
from tests.fakes.cosigner import SIGNER, OnlyCosigns, serving
from tests.fakes.vault import FakeGrants
from tests.fakes.vaults import Node, about, fill


class House:
    """A node with a kept text, an auditor, and a witness that its settings name."""

    def __init__(self, root: Path) -> None:
        self.node = Node(root / "data")
        (self.name,) = fill(self.node, [about("48210377")])
        self.key = root / "auditor.key"
        settings = self.node.settings()
        keyring = open_keyring(settings.state, settings.keys)
        now = time.time_ns() // 1_000_000
        networks = parse_networks(["127.0.0.0/8"])
        grant = Grant("Ada", frozenset({"auditor"}), frozenset(), networks, None, now + 60_000)
        token = keyring.create(grant, now, lambda _act, _target: None)
        keyring.store.close()
        self.key.touch(0o600)
        self.key.write_text(token.reveal())

    def settings(self, port: int, stop_age: str) -> Settings:
        file = self.node.root / "intramural.toml"
        file.write_text(
            f'node = "ward-1"\n[witness]\n{stop_age}\ntimeout = 2.0\n[[witness.peers]]\n'
            f'name = "one"\nurl = "http://127.0.0.1:{port}"\nvkey = "{SIGNER.vkey.encode()}"\n'
        )
        return load(self.node.root)

    def payload(self, port: int, stop_age: str = "") -> Result:
        runner = CliRunner(env={"COLUMNS": "200", "TERM": "dumb"})
        words = ["payload", self.name, "--as", str(self.key)]
        return runner.invoke(audit.app, words, obj=self.settings(port, stop_age))

    def records(self, kind: Kind) -> list[Record]:
        with read_ledger(self.node.place.directory) as ledger:
            return [logged.record for logged in ledger.search(Query(kind=kind))]


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setattr(audit_payload, "_grants", lambda _context, _ledger: FakeGrants())
    return House(tmp_path)


def test_a_log_that_a_witness_refutes_shows_no_text(house: House) -> None:
    witness = OnlyCosigns(status=422)
    with serving(witness):
        refused = house.payload(witness.port)
    assert (refused.exit_code, witness.asked) == (1, 1)
    assert "another history" in refused.stderr
    assert "canary" not in refused.output
    (look,) = house.records(Kind.ACCESS)
    assert isinstance(look, Access)
    assert (look.code, look.target) == (Code.AUDIT_UNWITNESSED, house.name)
    acts = [each.act for each in house.records(Kind.ADMIN) if isinstance(each, Admin)]
    assert acts == [AdminAct.WITNESS_REFUTED]


def test_a_witness_that_cosigns_now_lets_it_be_shown(house: House) -> None:
    witness = OnlyCosigns()
    with serving(witness):
        shown = house.payload(witness.port, "stop_age = 60.0")
    assert (shown.exit_code, witness.asked) == (0, 1), shown.output
    assert "redacted canary-0" in shown.stdout


def test_a_witness_that_is_silent_stops_it_where_the_settings_say_so(house: House) -> None:
    refused = house.payload(9, "stop_age = 60.0")
    assert refused.exit_code == 1
    assert "not been witnessed for too long" in refused.stderr
    assert "canary" not in refused.output
    assert house.payload(9).exit_code == 0
