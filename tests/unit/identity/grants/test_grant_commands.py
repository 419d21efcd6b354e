"""`intramural grants` on the command line, over a real installation."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from gateway.cli.grants import app
from gateway.domain.canonical import encode
from gateway.domain.records import Access, Admin, Record
from gateway.identity.keyring import open_keyring
from gateway.identity.keys import Grant
from gateway.identity.networks import parse_networks
from gateway.installation import place_of
from gateway.ledger import SqliteLedger, read_ledger
from gateway.ledger.query import Query
from gateway.policy.shipped import install_default
from gateway.settings import Settings, load
from tests.fakes.grants import NUMBER, REASON

RULE = """
@id("break-glass-by-clinicians")
@profile("break-glass")
permit (principal in Role::"clinician", action == Action::"reidentify", resource)
when { context.purpose == Purpose::"BTG" };
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = load(tmp_path)
    install_default(settings.policies)
    access = settings.policies / "access.cedar"
    access.write_text(access.read_text() + RULE)
    treatment = (settings.policies / "profiles" / "treatment.yaml").read_text()
    (settings.policies / "profiles" / "break-glass.yaml").write_text(
        treatment.replace("name: treatment", "name: break-glass").replace(
            "strictness: 100", "strictness: 110"
        )
        + "reidentify: {allowed: true, second_person: true, minutes: 30}\n"
    )
    with SqliteLedger.open_for_recording(place_of(settings)):
        pass
    return settings


@pytest.fixture
def keys(settings: Settings) -> dict[str, Path]:
    keyring = open_keyring(settings.state, settings.keys)
    now = time.time_ns() // 1_000_000
    files = {}
    for role in ("clinician", "approver", "operator"):
        grant = Grant(
            name=f"the {role}",
            roles=frozenset({role}),
            groups=frozenset(),
            networks=parse_networks(["127.0.0.0/8"]),
            purpose=None,
            expires=now + 600_000,
        )
        token = keyring.create(grant, now, lambda _act, _target: None)
        files[role] = settings.data / f"{role}.key"
        files[role].write_text(token.reveal())
        files[role].chmod(0o600)
    keyring.store.close()
    return files


def run(settings: Settings, *arguments: str | Path, said: str | None = None) -> Result:
    words = [str(each) for each in arguments]
    return CliRunner(env={"COLUMNS": "200", "TERM": "dumb"}).invoke(
        app, words, obj=settings, input=said
    )


def asked(settings: Settings, keys: dict[str, Path], *more: str) -> Result:
    return run(
        settings, "ask", "--purpose", "BTG", "--as", keys["clinician"], *more,
        said=f"{NUMBER}\n{REASON}\n",
    )  # fmt: skip


def records(settings: Settings) -> list[Record]:
    with read_ledger(settings.ledger) as reader:
        return [each.record for each in reader.search(Query(limit=None))]


def test_two_people_make_a_grant(settings: Settings, keys: dict[str, Path]) -> None:
    result = asked(settings, keys, "--json")
    assert result.exit_code == 0, result.stderr
    grant = json.loads(result.stdout)
    assert (grant["state"], grant["minutes"]) == ("asked", 30)
    listed = run(settings, "waiting", "--as", keys["approver"])
    assert grant["id"] in listed.stdout
    assert REASON in listed.stdout
    approved = run(settings, "approve", grant["id"], "--as", keys["approver"], "--json")
    assert json.loads(approved.stdout)["state"] == "active"
    shown = run(settings, "show", grant["id"], "--as", keys["clinician"])
    assert "active" in shown.stdout
    ended = run(settings, "end", grant["id"], "--as", keys["clinician"])
    assert "ended" in ended.stdout
    acts = [each.act.value for each in records(settings) if isinstance(each, Admin)]
    assert acts == ["grant_asked", "grant_approved", "grant_ended"]
    assert any(isinstance(each, Access) for each in records(settings))


def test_the_patient_is_nowhere_but_with_who_asked(
    settings: Settings, keys: dict[str, Path]
) -> None:
    result = asked(settings, keys)
    assert NUMBER not in result.output
    data = b"".join(path.read_bytes() for path in settings.data.rglob("*") if path.is_file())
    leaves = "".join(encode(each).decode() for each in records(settings))
    for secret in (NUMBER, "48210377", REASON):
        assert secret.encode() not in data
        assert secret not in leaves


@pytest.mark.parametrize("role", ["operator", "clinician"])
def test_who_does_not_approve_grants_approves_none(
    settings: Settings, keys: dict[str, Path], role: str
) -> None:
    grant = json.loads(asked(settings, keys, "--json").stdout)["id"]
    result = run(settings, "approve", grant, "--as", keys[role])
    assert result.exit_code == 1
    assert "role approver" in result.stderr


def test_what_goes_wrong_is_one_line(settings: Settings, keys: dict[str, Path]) -> None:
    result = run(settings, "approve", "nothing", "--as", keys["approver"])
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    result = asked(settings, keys, "--minutes", "31")
    assert "1 to 30 minutes" in result.stderr
    result = run(
        settings,
        "ask",
        "--purpose",
        "TREAT",
        "--as",
        keys["clinician"],
        said="12345678\nbecause!!\n",
    )
    assert "Policy lets nobody like you" in result.stderr


def test_the_help_of_a_purpose_is_one_word(settings: Settings) -> None:
    shown = CliRunner(env={"COLUMNS": "80"}).invoke(app, ["ask", "--help"], obj=settings).output
    assert " CODE " in shown
    assert "HPAYMT" not in shown


def test_a_request_can_be_refused_for_good(settings: Settings, keys: dict[str, Path]) -> None:
    grant = json.loads(asked(settings, keys, "--json").stdout)["id"]
    assert "refused" in run(settings, "refuse", grant, "--as", keys["approver"]).stdout
    assert run(settings, "approve", grant, "--as", keys["approver"]).exit_code == 1
    assert "Nothing waits" in run(settings, "waiting", "--as", keys["approver"]).stdout
