"""`intramural policy draft`, `submit`, `approve`, … on the command line, each by its own person."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gateway.cli import opening
from gateway.cli.policy import app
from gateway.cli.releases import in_force
from gateway.cli.root import app as root
from gateway.domain.duties import APPROVER, AUDITOR, AUTHOR, OPERATOR, SERVICE
from gateway.domain.entities import PERSON
from gateway.domain.records import Admin, AdminAct
from gateway.identity.keyring import open_keyring
from gateway.identity.keys import Grant
from gateway.identity.networks import parse_networks
from gateway.ledger.query import Query, read_ledger
from gateway.policy.release import load as load_release
from gateway.policy.shipped import install_default
from gateway.settings import Settings, load
from tests.fakes.detector import QuickDetector

PEOPLE = {"ada": AUTHOR, "grace": APPROVER, "linus": OPERATOR, "audrey": AUDITOR, "ward": SERVICE}


@dataclass
class House:
    settings: Settings
    folder: Path

    def run(self, *arguments: str | Path, by: str | None = None, said: str | None = None) -> Result:
        words = [str(each) for each in arguments]
        if by is not None:
            words += ["--as", str(self.folder / f"{by}.key")]
        runner = CliRunner(env={"COLUMNS": "200", "TERM": "dumb"})
        return runner.invoke(app, words, obj=self.settings, input=said)

    def done(self, *arguments: str | Path, by: str | None = None) -> str:
        result = self.run(*arguments, by=by)
        assert result.exit_code == 0, result.stderr
        return result.stdout

    def refused(self, *arguments: str | Path, by: str | None = None) -> str:
        result = self.run(*arguments, by=by)
        assert result.exit_code == 1, result.stdout
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result.stderr

    def sign_with(self, name: str) -> tuple[str, Path]:
        return "--sign-with", self.folder / f"{name}.pem"

    def edit(self, words: str) -> None:
        path = self.settings.policies / "access.cedar"
        path.write_text(f"{path.read_text()}// {words}\n")

    def approved(self, words: str) -> str:
        self.edit(words)
        number = self.done("draft", "--note", words, by="ada").split()[1]
        self.done("submit", number, *self.sign_with("ada"), by="ada")
        self.done("approve", number, *self.sign_with("grace"), by="grace")
        return number

    def rows(self) -> list[dict[str, object]]:
        rows = json.loads(self.done("releases", "--json"))
        assert isinstance(rows, list)
        return rows

    def acts(self) -> list[AdminAct]:
        with read_ledger(self.settings.ledger) as reader:
            records = [each.record for each in reader.search(Query(limit=None))]
        return [each.act for each in records if isinstance(each, Admin)]


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setattr(
        opening, "open_local_detector", lambda _context: QuickDetector({"Thornton": PERSON})
    )
    settings = load(tmp_path / "data")
    install_default(settings.policies)
    keyring = open_keyring(settings.state, settings.keys)
    now = time.time_ns() // 1_000_000
    for name, role in PEOPLE.items():
        networks = parse_networks(["127.0.0.1/32"])
        grant = Grant(name, frozenset({role}), frozenset(), networks, None, now + 600_000)
        token = keyring.create(grant, now, lambda _act, _target: None)
        path = tmp_path / f"{name}.key"
        path.touch(0o600)
        path.write_text(token.reveal())
    keyring.store.close()
    house = House(settings, tmp_path)
    for name in ("ada", "grace"):
        public = house.done("signers", "new", tmp_path / f"{name}.pem", "--no-passphrase").strip()
        house.done(
            "signers", "add", "--person", name, "--role", PEOPLE[name], "--key", public, by="linus"
        )
    return house


def test_a_release_comes_into_force_by_three_people(house: House) -> None:
    number = house.approved("first")
    said = house.done("activate", number, by="linus")
    digest = load_release(house.settings.policies).digest
    assert said == f"Release 1 ({digest[:12]}…) is active.\n"
    (row,) = house.rows()
    assert (row["state"], row["author"], row["approver"]) == ("active", "ada", "grace")
    assert row["release"] == digest
    assert house.acts()[-5:] == [
        AdminAct.POLICY_DRAFTED,
        AdminAct.POLICY_SUBMITTED,
        AdminAct.POLICY_APPROVED,
        AdminAct.POLICY_ACTIVATING,
        AdminAct.POLICY_ACTIVATED,
    ]
    assert "active" in house.done("releases")


def test_the_table_of_releases_fits_eighty_columns(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.approved("what the ward asked for, in as many words as they needed to say it")
    monkeypatch.setenv("COLUMNS", "80")
    runner = CliRunner(env={"TERM": "dumb"})
    shown = runner.invoke(app, ["releases"], obj=house.settings).stdout
    assert max(map(len, shown.splitlines())) <= 80
    for word in ("approved", "ada", "grace", "(UTC)", "needed"):
        assert word in shown


def test_each_step_is_for_those_who_carry_its_duty(house: House) -> None:
    house.edit("x")
    number = house.done("draft", "--note", "a note", by="ada").split()[1]
    ada, grace = house.sign_with("ada"), house.sign_with("grace")
    steps: list[tuple[set[str], tuple[str | Path, ...]]] = [
        ({"ada"}, ("draft", "--note", "more")),
        ({"ada"}, ("submit", number, *ada)),
        ({"grace"}, ("approve", number, *grace)),
        ({"grace"}, ("reject", number)),
        ({"linus"}, ("schedule", number, "--at", "2099-01-01T00:00:00Z")),
        ({"linus"}, ("activate", number)),
        ({"linus"}, ("rollback", number)),
        ({"ada", "grace"}, ("activate", number, "--emergency", "--reason", "why", *ada)),
        ({"linus"}, ("signers", "revoke", "signer:0000000000000000")),
        ({"linus"}, ("signers", "add", "--person", "x", "--role", "approver", "--key", "AAAA")),
    ]
    for may, step in steps:
        for name in PEOPLE.keys() - may - ({"linus"} if "--emergency" in step else set()):
            told = house.refused(*step, by=name)
            assert "This needs the role" in told, (name, step)
        assert "INTRAMURAL_KEY_FILE" in house.refused(*step)
    assert [row["state"] for row in house.rows()] == ["draft"]


def test_each_step_says_what_comes_next_and_its_release_as_json(house: House) -> None:
    house.edit("a change")
    drafted = house.run("draft", "--note", "a change", by="ada")
    assert "`intramural policy submit 1 --sign-with FILE`" in drafted.stderr
    steps: tuple[tuple[str, str, tuple[str | Path, ...], str], ...] = (
        ("submit", "ada", house.sign_with("ada"), "submitted"),
        ("approve", "grace", house.sign_with("grace"), "approved"),
        ("schedule", "linus", ("--at", "2099-01-31T06:00:00Z"), "scheduled"),
        ("schedule", "linus", ("--cancel",), "approved"),
        ("activate", "linus", (), "active"),
    )
    for step, by, more, state in steps:
        told = house.run(step, "1", *more, "--json", by=by)
        said = json.loads(told.stdout)
        assert (said["number"], said["state"], told.stderr) == (1, state, "")
    assert house.rows()[0] == said


def test_back_to_the_release_before(house: House) -> None:
    one, two = house.approved("one"), house.approved("two")
    house.done("activate", one, by="linus")
    house.done("activate", two, by="linus")
    assert f"Release {one} " in house.done("rollback", by="linus")
    assert f"Release {two} " in house.done("rollback", by="linus")
    house.done("rollback", one, by="linus")
    assert {row["number"]: row["state"] for row in house.rows()} == {1: "active", 2: "retired"}


def test_with_nothing_before_there_is_nothing_to_go_back_to(house: House) -> None:
    house.done("activate", house.approved("one"), by="linus")
    assert "no earlier release" in house.refused("rollback", by="linus")


def test_an_emergency_takes_one_person_a_reason_and_a_signature(house: House) -> None:
    house.edit("hurry")
    number = house.done("draft", "--note", "hurry", by="ada").split()[1]
    flags = ("--emergency", "--reason", "the ward cannot work")
    assert "--sign-with" in house.refused("activate", number, *flags, by="ada")
    assert house.run("activate", number, "--emergency", by="ada").exit_code == 2
    said = house.done("activate", number, *flags, *house.sign_with("ada"), by="ada")
    assert "is active" in said
    assert house.rows()[0]["alone"] is True
    assert AdminAct.POLICY_EMERGENCY in house.acts()
    house.done("approve", number, *house.sign_with("grace"), by="grace")
    assert house.rows()[0]["alone"] is False


def test_words_that_name_somebody_are_no_note_and_no_reason(house: House) -> None:
    house.edit("hurry")
    said = house.refused("draft", "--note", "Thornton asked for it", by="ada")
    assert "names nobody" in said
    assert "Thornton" not in said
    assert house.rows() == []
    number = house.done("draft", "--note", "hurry", by="ada").split()[1]
    flags = ("--emergency", "--reason", "Thornton waits", *house.sign_with("ada"))
    assert "names nobody" in house.refused("activate", number, *flags, by="ada")
    assert [row["state"] for row in house.rows()] == ["draft"]
    for path in house.settings.data.rglob("*"):
        if path.is_file():
            assert b"Thornton" not in path.read_bytes()


def test_a_release_can_wait_for_its_time(house: House) -> None:
    number = house.approved("later")
    said = house.done("schedule", number, "--at", "2099-01-31T06:00:00+01:00", by="linus")
    assert "scheduled for 2099-01-31T05:00:00Z" in said
    zoneless = house.run("schedule", number, "--at", "2099-01-31", by="linus")
    assert zoneless.exit_code == 2
    assert "the zone" in zoneless.stderr
    assert "approved" in house.done("schedule", number, "--cancel", by="linus")
    assert house.run("schedule", number, by="linus").exit_code == 2


def test_a_private_key_may_have_a_passphrase(house: House, tmp_path: Path) -> None:
    file = tmp_path / "sealed.pem"
    made = house.run("signers", "new", file, said="open sesame\nopen sesame\n")
    assert made.exit_code == 0
    assert b"ENCRYPTED" in file.read_bytes()
    assert file.stat().st_mode & 0o777 == 0o600
    good = house.run("signers", "sign", file, said="open sesame\n")
    assert good.exit_code == 0
    bad = house.run("signers", "sign", file, said="open salami\n")
    assert bad.exit_code == 1
    assert "not the passphrase" in bad.stderr
    assert "sesame" not in good.stdout + good.stderr + bad.stderr + made.stdout + made.stderr


def test_a_private_key_that_others_may_read_signs_nothing(house: House) -> None:
    house.edit("x")
    number = house.done("draft", "--note", "a note", by="ada").split()[1]
    flag, file = house.sign_with("ada")
    file.chmod(0o644)
    assert "chmod 600" in house.refused("submit", number, flag, file, by="ada")
    file.chmod(0o600)
    file.write_text("no key")
    assert "holds no private key" in house.refused("submit", number, flag, file, by="ada")
    assert "No such file" in house.refused("submit", number, flag, file.with_name("n"), by="ada")


def test_a_revoked_key_is_told_where_it_hurts(house: House) -> None:
    house.done("activate", house.approved("one"), by="linus")
    signers = json.loads(house.done("signers", "list", "--json"))
    grace = next(each["id"] for each in signers if each["person"] == "grace")
    zoneless = house.run("signers", "revoke", grace, "--since", "2020-01-01T00:00", by="linus")
    assert zoneless.exit_code == 2  # Whose midnight decides which signatures still count.
    assert "revoked" not in house.done("signers", "list")
    result = house.run("signers", "revoke", grace, "--since", "2020-01-01T00:00:00Z", by="linus")
    assert result.exit_code == 0
    assert "release in force rests on it" in result.stderr
    assert "revoked 2020-01-01T00:00:00Z" in house.done("signers", "list")
    assert "revoked since it signed" in house.refused(
        "rollback", "1", by="linus"
    ) or "needs one that is retired" in house.refused("rollback", "1", by="linus")


@pytest.mark.parametrize(
    "break_it",
    [
        lambda folder: (folder / "access.cedar").write_text("permt;"),
        lambda folder: (folder / "profiles" / "link.yaml").symlink_to("/etc/hostname"),
        lambda folder: (folder / "notes.txt").write_text("what is this"),
    ],
    ids=["no policy", "a link", "a file that nothing reads"],
)
def test_a_directory_that_is_no_policy_makes_no_draft(
    house: House, break_it: Callable[[Path], object]
) -> None:
    break_it(house.settings.policies)
    house.refused("draft", "--note", "broken", by="ada")
    assert house.rows() == []


def test_there_is_one_archive_of_a_policy(house: House, tmp_path: Path) -> None:
    one, two = tmp_path / "one.tar", tmp_path / "two.tar"
    house.done("pack", "-o", one)
    house.done("pack", house.settings.policies, "-o", two)
    assert one.read_bytes() == two.read_bytes()


def test_where_releases_decide_no_command_goes_by_the_drafts_in_the_directory(house: House) -> None:
    house.done("activate", house.approved("one"), by="linus")
    (active,) = (row["release"] for row in house.rows() if row["state"] == "active")
    house.edit("two")
    assert in_force(house.settings).digest != active
    (house.settings.data / "intramural.toml").write_text('[policy]\nmode = "releases"\n')
    assert in_force(load(house.settings.data)).digest == active
    (house.settings.policies / "access.cedar").write_text("nonsense")

    def run(*words: str) -> Result:
        return CliRunner().invoke(root, ["--data", str(house.settings.data), *words], input="Hi.")

    grant = ("--name", "x", "--role", "drafted", "--network", "any", "--expires", "1d")
    made = run("keys", "create", *grant, "--as", str(house.folder / "linus.key"))
    assert made.exit_code == 0, made.stderr
    assert "no rule in force mentions the role `drafted`" in made.stderr
    told = run("redact", "--profile", "drafted")
    assert told.exit_code == 2
    assert "there is no profile of that name" in told.stderr
