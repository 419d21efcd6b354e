"""`intramural keys` on the command line."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import Result
from typer.testing import CliRunner

from gateway.cli.keys import app
from gateway.domain.errors import LedgerUnavailable
from gateway.domain.exchange import Credentials
from gateway.domain.records import AdminAct
from gateway.identity.authenticator import ApiKeyAuthenticator
from gateway.identity.keyring import open_keyring
from gateway.policy.shipped import install_default
from gateway.settings import Settings, load
from tests.fakes.identity import StoppedClock

CREATE = ("create", "--name", "ward 5", "--role", "clinician", "--expires", "90d", "--network")


@dataclass
class Desk:
    settings: Settings
    acts: list[tuple[AdminAct, str]] = field(default_factory=list)
    ledger_down: bool = False

    def record_admin(self, settings: Settings, act: AdminAct, target: str, *, by: str) -> None:
        assert settings is self.settings
        assert by.startswith("os:")
        if self.ledger_down:
            raise LedgerUnavailable
        self.acts.append((act, target))

    def run(self, *arguments: str) -> Result:
        runner = CliRunner(env={"COLUMNS": "200", "TERM": "dumb"})
        return runner.invoke(app, arguments, obj=self.settings)

    def rows(self) -> list[dict[str, object]]:
        rows = json.loads(self.run("list", "--json").stdout)
        assert isinstance(rows, list)
        return rows


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    desk = Desk(load(tmp_path))
    recorder = ModuleType("gateway.cli.recorder")
    recorder.record_admin = desk.record_admin  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "gateway.cli.recorder", recorder)
    install_default(desk.settings.policies)
    return desk


def test_a_new_key_is_printed_once_and_works(desk: Desk) -> None:
    result = desk.run(*CREATE, "10.0.0.0/8")
    assert result.exit_code == 0
    key = result.stdout.strip()
    keyring = open_keyring(desk.settings.state, desk.settings.keys)
    caller = ApiKeyAuthenticator(keyring, StoppedClock(now=0)).authenticate(
        Credentials(f"Bearer {key}", "10.0.0.1")
    )
    assert (caller.name, caller.roles) == ("ward 5", {"clinician"})
    assert desk.acts == [(AdminAct.KEY_CREATED, caller.id)]
    later = desk.run("list").stdout + desk.run("list", "--json").stdout + result.stderr
    assert key.split("_", 2)[2][:43] not in later


def test_a_new_key_can_be_read_by_a_program(desk: Desk) -> None:
    said = json.loads(desk.run(*CREATE, "any", "--purpose", "TREAT", "--json").stdout)
    assert said["key"].startswith(f"imk_{said['id']}_")
    (row,) = desk.rows()
    assert (row["id"], row["purpose"], row["networks"]) == (said["id"], "TREAT", ["any"])
    assert (row["state"], row["expires"]) == ("active", said["expires"])


@pytest.mark.parametrize("left_out", ["--name", "--role", "--network", "--expires"])
def test_nothing_that_widens_access_has_a_default(desk: Desk, left_out: str) -> None:
    arguments = [*CREATE, "any"]
    at = arguments.index(left_out)
    del arguments[at : at + 2]
    result = desk.run(*arguments)
    assert result.exit_code == 2
    assert left_out in result.stderr
    assert desk.acts == desk.rows() == []


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--name", "wärd", "a name is"),
        ("--role", "Chief", "a role is"),
        ("--network", "10.0.0.1/8", "write 10.0.0.0/8"),
        ("--network", "0.0.0.0/0", "spelled `any`"),
        ("--expires", "400d", "366 days at most"),
        ("--purpose", "TREET", "--purpose"),
    ],
)
def test_a_grant_that_makes_no_sense_makes_no_key(
    desk: Desk, option: str, value: str, words: str
) -> None:
    arguments = [*CREATE, "192.0.2.0/24"]
    if option in {"--name", "--expires"}:
        arguments[arguments.index(option) + 1] = value
    else:
        arguments += [option, value]
    result = desk.run(*arguments)
    assert result.exit_code == 2
    assert words in result.stderr
    assert desk.acts == desk.rows() == []


def test_a_role_that_no_rule_mentions_is_a_warning(desk: Desk) -> None:
    result = desk.run(*CREATE, "any", "--role", "clinican")
    assert result.exit_code == 0
    assert "mentions the role `clinican`" in result.stderr
    assert "mentions the role `clinician`" not in result.stderr
    assert result.stdout.count("\n") == 1


def test_a_revoked_key_stays_in_the_list(desk: Desk) -> None:
    key_id = json.loads(desk.run(*CREATE, "any", "--json").stdout)["id"]
    assert desk.run("revoke", key_id).exit_code == 0
    (row,) = desk.rows()
    assert row["state"] == "revoked"
    assert row["revoked"]
    assert desk.acts[-1] == (AdminAct.KEY_REVOKED, f"key:{key_id}")
    again = desk.run("revoke", f"key:{key_id}")
    assert again.exit_code == 1
    assert "revoked before" in again.stderr
    assert len(desk.acts) == 2


def test_a_program_reads_truth_and_nothing_and_a_person_reads_words(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = json.loads(desk.run(*CREATE, "any", "--json").stdout)["id"]
    new = json.loads(desk.run(*CREATE, "any", "--expires", "3d", "--json").stdout)["id"]
    monkeypatch.setattr("gateway.cli.keys._last_use", lambda _: {f"key:{new}": 1_780_000_000_000})
    told = {row["id"]: (row["used"], row["expires_soon"]) for row in desk.rows()}
    assert told == {old: (None, False), new: ("2026-05-28T20:26Z", True)}
    table = desk.run("list").stdout
    assert [line.split()[-1] for line in table.splitlines() if line.startswith((old, new))] == [
        "never",
        "2026-05-28T20:26Z",
    ]


def test_an_id_that_nobody_has_is_an_error(desk: Desk) -> None:
    result = desk.run("revoke", "nothing")
    assert result.exit_code == 1
    assert "keys list" in result.stderr


def test_without_a_ledger_nothing_is_done_and_nothing_printed(desk: Desk) -> None:
    key_id = json.loads(desk.run(*CREATE, "any", "--json").stdout)["id"]
    desk.ledger_down = True
    for arguments in ((*CREATE, "any"), ("revoke", key_id)):
        result = desk.run(*arguments)
        assert result.exit_code == 1
        assert result.stdout == ""
        assert "ledger" in result.stderr
    (row,) = desk.rows()
    assert (row["id"], row["state"]) == (key_id, "active")


def test_a_damaged_database_is_an_error_and_not_a_traceback(desk: Desk) -> None:
    desk.settings.state.mkdir()
    (desk.settings.state / "state.db").write_bytes(b"garbage" * 1000)
    result = desk.run("list")
    assert result.exit_code == 1
    assert "state.db" in result.stderr
