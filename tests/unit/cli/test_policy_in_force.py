"""Commands that go by the policy in force, where the directory is for drafts alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from gateway.cli import redact
from gateway.cli.policy import app
from gateway.domain.entities import PERSON
from gateway.domain.policy import Keep, Operator
from gateway.policy.releases.archive import pack
from gateway.policy.releases.version import Part
from gateway.policy.shipped import install_default
from gateway.settings import PolicySettings, Settings, load
from tests.fakes.releases import AUTHOR, FILES, OPERATOR, open_office

TREATMENT = "profiles/treatment.yaml"
EXPLAIN = ("--role", "clinician", "--purpose", "TREAT", "--action", "chat", "--model", "any")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A draft in the directory lets names through; the release in force keeps texts."""
    settings = replace(load(tmp_path), policy=PolicySettings(mode="releases"))
    office = open_office(tmp_path)
    kept = {**FILES, TREATMENT: FILES[TREATMENT] + b"keep: all\n"}
    number = office.desk.draft(AUTHOR, pack(kept), "a test").number
    ada = office.keys["Ada"].id
    office.desk.submit(AUTHOR, number, ada, office.sign(number, Part.AUTHOR, "Ada"))
    office.approve(number)
    office.desk.activate(OPERATOR, number)
    install_default(settings.policies)
    draft = settings.policies / TREATMENT
    draft.write_text(draft.read_text().replace("PERSON: pseudonym", "PERSON: keep"))
    return settings


@pytest.mark.parametrize("words", [("show",), ("explain", *EXPLAIN)])
def test_what_is_shown_without_a_directory_is_the_release_in_force(
    settings: Settings, words: tuple[str, ...]
) -> None:
    runner = CliRunner(env={"COLUMNS": "200", "TERM": "dumb"})
    said = runner.invoke(app, [*words, "--json"], obj=settings)
    assert said.exit_code == 0, said.output
    assert '"keep":"all"' in said.stdout.replace(" ", "")
    assert '"PERSON":"keep"' not in said.stdout.replace(" ", "")


def test_files_are_redacted_by_the_release_in_force_and_not_by_a_draft(settings: Settings) -> None:
    context = typer.Context(typer.main.get_command(app), obj=settings)
    profile, _ = redact._policy(context, "treatment")
    assert profile.keep is Keep.ALL
    assert profile.rule(PERSON).operator is Operator.PSEUDONYM
