"""Who may manage keys on the command line: a login until there is an operator, then a person."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from gateway.alertrules import SHIPPED, read_rule
from gateway.cli.root import app
from gateway.domain.questions import terms_of
from gateway.domain.records import Admin, AdminAct, Kind
from gateway.identity.keyring import RECOVERED_MS, open_keyring
from gateway.ledger.query import Query, read_ledger
from gateway.policy.shipped import install_default
from gateway.settings import Settings, load


class House:
    """A data directory, and people with files."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.settings: Settings = load(root / "data")
        install_default(self.settings.policies)

    def run(self, *words: str | Path, by: str | None = None) -> Result:
        named = () if by is None else ("--as", str(self.root / f"{by}.key"))
        words = ("--data", str(self.settings.data), "keys", *map(str, words), *named)
        runner = CliRunner(env={"COLUMNS": "200", "TERM": "dumb"})
        return runner.invoke(app, [str(word) for word in words])

    def create(self, name: str, role: str, by: str | None = None, *more: str) -> Result:
        grant = ("--name", name, "--role", role, "--network", "127.0.0.0/8", "--expires", "90d")
        made = self.run("create", *grant, "--json", *more, by=by)
        if made.exit_code == 0:
            self.keep(name, made)
        return made

    def keep(self, name: str, made: Result) -> str:
        said = json.loads(made.stdout)
        file = self.root / f"{name}.key"
        file.unlink(missing_ok=True)
        file.touch(0o600)
        file.write_text(said["key"])
        return str(said["id"])

    def acts(self) -> list[Admin]:
        with read_ledger(self.settings.ledger) as reader:
            records = [logged.record for logged in reader.search(Query(limit=None))]
        return [each for each in records if isinstance(each, Admin)]

    def keys(self) -> int:
        keyring = open_keyring(self.settings.state, self.settings.keys)
        try:
            return len(keyring.store.all_keys())
        finally:
            keyring.store.close()


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_the_first_operator_needs_a_login_alone_and_from_then_on_it_takes_a_person(
    house: House,
) -> None:
    ward = house.create("ward", "clinician")
    assert (ward.exit_code, house.create("linus", "operator").exit_code) == (0, 0)
    key_id = json.loads(ward.stdout)["id"]
    for words in (("rotate", key_id, "--overlap", "none"), ("revoke", key_id)):
        refused = house.run(*words)
        assert refused.exit_code == 1
        assert "--as" in refused.stderr
    assert house.create("mallory", "approver").exit_code == 1
    assert house.keys() == 2
    assert {act.actor[:3] for act in house.acts()} == {"os:"}
    assert house.create("cohort", "researcher", "linus").exit_code == 0
    assert house.run("rotate", key_id, "--overlap", "none", by="linus").exit_code == 0
    assert house.run("revoke", key_id, by="linus").exit_code == 0
    done = [(act.act, act.actor[:4]) for act in house.acts()][2:]
    assert done == [
        (AdminAct.KEY_CREATED, "key:"),
        (AdminAct.KEY_ROTATED, "key:"),
        (AdminAct.KEY_REVOKED, "key:"),
    ]


def test_whoever_lacks_the_duty_makes_no_key_and_the_attempt_is_recorded(house: House) -> None:
    house.create("grace", "approver")
    house.create("linus", "operator")
    refused = house.create("mallory", "operator", "grace")
    assert refused.exit_code == 1
    assert "This needs the role operator" in refused.stderr
    assert house.keys() == 2
    assert house.acts()[-1].act is AdminAct.DUTY_REFUSED
    assert house.acts()[-1].target == "manage_keys"


def test_an_operators_key_that_does_only_some_actions_closes_nothing(house: House) -> None:
    house.create("letters", "operator", None, "--only-action", "chat")
    assert house.create("linus", "operator").exit_code == 0


def test_the_last_operator_who_left_does_not_leave_the_door_open(house: House) -> None:
    key_id = json.loads(house.create("linus", "operator").stdout)["id"]
    left = house.run("revoke", key_id, by="linus")
    assert left.exit_code == 0
    assert "keys recover" in left.stderr
    refused = house.create("mallory", "operator", "linus")
    assert refused.exit_code == 1
    assert "keys recover" in refused.stderr
    assert house.run("revoke", key_id).exit_code == 1
    assert house.keys() == 1


def test_the_way_back_in_is_short_recorded_and_raises_an_alert(house: House) -> None:
    house.create("linus", "operator")
    made = house.run("recover", "--name", "ada", "--network", "127.0.0.0/8", "--json")
    assert made.exit_code == 0, made.stderr
    key_id = house.keep("ada", made)
    act = house.acts()[-1]
    assert (act.act, act.target, act.actor[:3]) == (
        AdminAct.KEY_RECOVERED,
        f"key:{key_id}",
        "os:",
    )
    assert act.until is not None
    assert abs(act.until - act.time - RECOVERED_MS) < 60_000
    rule = read_rule("key-recovered", SHIPPED["key-recovered"].encode())
    assert rule.when.holds(frozenset(terms_of(Kind.ADMIN, act)), act.time)
    assert house.create("grace", "operator", "ada").exit_code == 0


def test_an_operators_key_that_does_not_work_on_this_host_is_said_to_close_the_door(
    house: House,
) -> None:
    far = ("--network", "10.20.0.0/16")
    grant = ("--name", "linus", "--role", "operator", *far, "--expires", "90d", "--json")
    made = house.run("create", *grant)
    assert made.exit_code == 0
    assert "keys recover" in made.stderr
    assert "opens nothing" not in made.stderr  # No rule of policy is about an operator.
    house.keep("linus", made)
    refused = house.create("ward", "clinician", "linus")
    assert refused.exit_code == 1
    assert "keys recover" in refused.stderr
    # Nor is an alert raised for a key that cannot make another.
    useless = house.run("recover", "--name", "ada", *far)
    assert useless.exit_code == 2
    assert "127.0.0.1/32" in useless.stderr
    assert house.keys() == 1
    back = house.run("recover", "--name", "ada", "--network", "127.0.0.1/32", "--json")
    house.keep("ada", back)
    assert house.create("ward", "clinician", "ada").exit_code == 0


def test_there_is_nothing_to_recover_where_no_operator_ever_was(house: House) -> None:
    house.create("ward", "clinician")
    made = house.run("recover", "--name", "ada", "--network", "127.0.0.0/8")
    assert made.exit_code == 2
    assert "keys create --role operator" in made.stderr
    assert house.keys() == 1


def test_without_a_durable_record_nothing_is_recovered(house: House) -> None:
    house.create("linus", "operator")
    (house.settings.ledger / "ledger.db").write_bytes(b"garbage" * 1000)
    made = house.run("recover", "--name", "ada", "--network", "127.0.0.0/8")
    assert made.exit_code == 1
    assert made.stdout == ""
    assert house.keys() == 1
