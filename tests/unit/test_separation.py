"""Powers that have to be apart are apart, and where a person got hold of two, doctor finds them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.cli.root import app
from gateway.doctor import Diagnosis, Verdict, examine
from gateway.domain.duties import AUDITOR, AUTHOR, CONFLICTS, OPERATOR, SERVICE
from gateway.identity.keyring import ConflictingRoles, open_keyring
from gateway.identity.keys import Grant
from gateway.identity.networks import parse_networks
from gateway.installation import prepare
from gateway.policy.releases.signing import PersonalKey
from gateway.policy.releases.store import DATABASE, PolicyStore
from gateway.policy.releases.version import Part, Signer
from gateway.settings import Settings, SettingsError, load


def now() -> int:
    return time.time_ns() // 1_000_000


def nothing(*_: object) -> None: ...


def grant(name: str, *roles: str, lasts: int = 600_000) -> Grant:
    networks = parse_networks(["any"])
    return Grant(name, frozenset(roles), frozenset(), networks, None, now() + lasts)


def give(settings: Settings, name: str, *roles: str, lasts: int = 600_000) -> None:
    keyring = open_keyring(settings.state, settings.keys)
    keyring.create(grant(name, *roles, lasts=lasts), now(), nothing)
    keyring.store.close()


def roles(settings: Settings) -> Diagnosis:
    return next(each for each in examine(settings) if each.check == "roles")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = load(tmp_path)
    prepare(settings)
    return settings


@pytest.mark.parametrize("pair", sorted(map(sorted, CONFLICTS)), ids="-".join)
def test_no_key_is_made_for_two_roles_that_have_to_be_apart(
    settings: Settings, pair: list[str]
) -> None:
    keyring = open_keyring(settings.state, settings.keys)
    with pytest.raises(ConflictingRoles):
        keyring.create(grant("Ada", *pair, "clinician"), now(), nothing)
    assert keyring.store.all_keys() == ()


def test_the_command_says_so_too(settings: Settings) -> None:
    words = ["--data", str(settings.data), "keys", "create", "--name", "Ada", "--network", "any"]
    words += ["--expires", "1h", "--role", AUDITOR, "--role", OPERATOR]
    result = CliRunner(env={"COLUMNS": "200"}).invoke(app, words)
    assert result.exit_code == 2
    assert "nobody is auditor and operator at once" in result.stderr


def test_two_people_with_a_role_each_are_no_conflict(settings: Settings) -> None:
    give(settings, "Ada", AUTHOR)
    give(settings, "Grace", AUDITOR, "clinician")
    give(settings, "ward 5", SERVICE)
    assert roles(settings).verdict is Verdict.OK


def test_one_person_with_two_keys_is_found(settings: Settings) -> None:
    give(settings, "Ada Byron", AUTHOR)
    give(settings, "ada.byron", OPERATOR)
    found = roles(settings)
    assert found.verdict is Verdict.FAILED
    assert "Ada Byron is operator (key:" in found.found
    assert "policy_author (key:" in found.found


def test_a_key_that_works_no_more_is_no_power(settings: Settings) -> None:
    give(settings, "Ada", AUTHOR)
    give(settings, "Ada", OPERATOR, lasts=-1)
    assert roles(settings).verdict is Verdict.OK


def test_a_signing_key_is_a_power_too(settings: Settings) -> None:
    give(settings, "ada", OPERATOR)
    key = PersonalKey.generate()
    store = PolicyStore(settings.state / DATABASE)
    store.add_signer(Signer(key.id, "Ada", Part.APPROVER, key.public, now()))
    assert roles(settings).verdict is Verdict.FAILED
    store.revoke_signer(key.id, now())
    assert roles(settings).verdict is Verdict.OK
    store.close()


def certified(folder: Path, *roles: str) -> Settings:
    words = ", ".join(f'"{role}"' for role in roles)
    (folder / "intramural.toml").write_text(
        '[identity.certificates]\nproxies = ["unix"]\nca_file = "ca.pem"\n'
        f'[[identity.certificates.callers]]\nid = "ada.l"\nroles = [{words}]\nsubject = "CN=ada"\n'
    )
    return load(folder)


def test_a_certificate_is_a_power_too(tmp_path: Path) -> None:
    settings = certified(tmp_path, "auditor")
    prepare(settings)
    assert roles(settings).verdict is Verdict.OK
    give(settings, "Ada L", "operator")
    found = roles(settings)
    assert found.verdict is Verdict.FAILED
    assert "auditor (cert:ada.l)" in found.found


def test_no_certificate_stands_for_two_roles_that_have_to_be_apart(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="nobody is auditor and operator at once"):
        certified(tmp_path, "auditor", "operator")


def test_claims_that_lead_to_both_are_told(tmp_path: Path) -> None:
    (tmp_path / "intramural.toml").write_text(
        '[identity.oidc]\nissuer = "i"\naudience = ["a"]\njwks_url = "http://127.0.0.1:9/"\n'
        'timeout = 0.2\nrole_claims = ["groups"]\n'
        '[identity.oidc.roles]\nlog-readers = "auditor"\nmachine-room = "operator"\n'
    )
    settings = load(tmp_path)
    prepare(settings)
    found = roles(settings)
    assert found.verdict is Verdict.WARNING
    assert "`log-readers` leads to auditor and `machine-room` to operator" in found.found
