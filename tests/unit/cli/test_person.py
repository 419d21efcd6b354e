"""Who stands behind a command: an API key, and the duties of its roles."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from gateway.cli.person import As, person
from gateway.domain.duties import Duty
from gateway.domain.records import Admin, AdminAct
from gateway.identity.keyring import open_keyring
from gateway.identity.keys import ApiKey, Grant
from gateway.identity.networks import parse_networks
from gateway.identity.tokens import new_token
from gateway.installation import place_of
from gateway.ledger.ledger import SqliteLedger
from gateway.ledger.publickeys import VKEY_FILE
from gateway.ledger.query import Query, read_ledger
from gateway.settings import Settings, load

app = typer.Typer()


@app.command()
def act(context: typer.Context, _as: As = None) -> None:
    typer.echo(f"done by {person(context, Duty.APPROVE_POLICY).name}")


@app.command()
def forgetful(context: typer.Context) -> None:
    person(context, Duty.APPROVE_POLICY)


Made = Callable[..., Path]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load(tmp_path / "data")


@pytest.fixture
def key_file(settings: Settings, tmp_path: Path) -> Made:
    def make(*roles: str, network: str = "127.0.0.0/8", revoked: bool = False) -> Path:
        keyring = open_keyring(settings.state, settings.keys)
        now = time.time_ns() // 1_000_000
        grant = Grant(
            name="Ada",
            roles=frozenset(roles),
            groups=frozenset(),
            networks=parse_networks([network]),
            purpose=None,
            expires=now + 60_000,
        )
        # Straight into the table: a key with roles in conflict could not be made otherwise.
        token = new_token()
        keyring.store.add(ApiKey(token.id, grant, now, None, token.digest(keyring.pepper)))
        if revoked:
            keyring.revoke(token.id, now, lambda _act, _target: None)
        keyring.store.close()
        path = tmp_path / "ada.key"
        path.touch(0o600)
        path.write_text(f"{token.reveal()}\n")
        return path

    return make


def run(settings: Settings, *arguments: str, **rest: str) -> Result:
    runner = CliRunner(env={"COLUMNS": "200", "TERM": "dumb"})
    return runner.invoke(app, arguments, obj=settings, **rest)  # type: ignore[arg-type]


def refusals(settings: Settings) -> list[tuple[str, str]]:
    if not (settings.ledger / VKEY_FILE).is_file():
        return []
    with read_ledger(settings.ledger) as reader:
        records = [logged.record for logged in reader.search(Query())]
    return [
        (record.actor, record.target)
        for record in records
        if isinstance(record, Admin) and record.act is AdminAct.DUTY_REFUSED
    ]


def test_whose_key_carries_the_duty_may(settings: Settings, key_file: Made) -> None:
    path = key_file("approver")
    assert run(settings, "act", "--as", str(path)).stdout == "done by Ada\n"
    assert run(settings, "act", "--as", "-", input=path.read_text()).stdout == "done by Ada\n"
    result = CliRunner(env={"INTRAMURAL_KEY_FILE": str(path)}).invoke(app, ["act"], obj=settings)
    assert result.stdout == "done by Ada\n"
    assert refusals(settings) == []


@pytest.mark.parametrize("roles", [("operator",), ("approver", "policy_author"), ("clinician",)])
def test_whose_key_does_not_is_told_what_is_missing_and_is_recorded(
    settings: Settings, key_file: Made, roles: tuple[str, ...]
) -> None:
    # A log has to be begun by a gateway, or by whoever records first.
    with SqliteLedger.open_for_recording(place_of(settings)):
        pass
    result = run(settings, "act", "--as", str(key_file(*roles)))
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "approver" in result.stderr
    ((actor, target),) = refusals(settings)
    assert actor.startswith("key:")
    assert target == "approve_policy"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"network": "10.0.0.0/8"}, "may not be used from this network"),
        ({"revoked": True}, "was revoked"),
    ],
)
def test_a_key_that_does_not_work_here_is_nobodys(
    settings: Settings, key_file: Made, wrong: dict[str, object], told: str
) -> None:
    result = run(settings, "act", "--as", str(key_file("approver", **wrong)))
    assert result.exit_code == 1
    assert told in result.stderr


def test_without_a_key_the_command_says_how_to_give_one(settings: Settings) -> None:
    result = run(settings, "act")
    assert result.exit_code == 1
    assert "INTRAMURAL_KEY_FILE" in result.stderr


def test_a_file_that_is_none_or_is_open_to_others_is_refused(
    settings: Settings, key_file: Made, tmp_path: Path
) -> None:
    path = key_file("approver")
    for file, told in (
        (tmp_path / "nowhere", "No such file"),
        (tmp_path, "cannot be read"),
        (path, "chmod 600"),
    ):
        path.chmod(0o640)
        result = run(settings, "act", "--as", str(file))
        assert result.exit_code == 1
        assert told in result.stderr
        assert path.read_text().strip() not in result.stderr
    binary = tmp_path / "binary"
    binary.touch(0o600)
    binary.write_bytes(b"\xff\xfe\x00")
    assert "Say who you are" in run(settings, "act", "--as", str(binary)).stderr


def test_a_command_that_forgot_the_option_is_a_programming_error(settings: Settings) -> None:
    assert isinstance(run(settings, "forgetful").exception, TypeError)
