"""What each role can do is asked for, combination by combination, and nothing is inferred."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from gateway.cli.policy import app
from gateway.domain.exchange import Action, Purpose
from gateway.policy.explain import Question, explain
from gateway.policy.powers import (
    ANY_MODEL,
    Kind,
    Powers,
    Who,
    changes,
    models,
    powers,
    rows,
    subjects,
)
from gateway.policy.release import ACCESS, Release, build
from gateway.policy.shipped import install_default
from gateway.settings import load

Files = dict[str, bytes]
TREATMENT = "profiles/treatment.yaml"


def enumerated(release: Release) -> Powers:
    return powers(release, subjects((release,)), models((release,)))


def edited(files: Files, old: str, new: str) -> Release:
    assert old.encode() in files[ACCESS]
    kept = {name: data for name, data in files.items() if not name.startswith("vectors/")}
    return build({**kept, ACCESS: files[ACCESS].replace(old.encode(), new.encode(), 1)})


def test_every_combination_is_answered_as_explain_answers_it(files: Files) -> None:
    release = build(files)
    found = enumerated(release)
    roles = (*release.policies.roles, None)
    for role, action, purpose in itertools.product(roles, Action, Purpose):
        asked = Question(frozenset({role} if role else ()), purpose, action, "detection")
        who = Who(Kind.ROLE, role) if role else Who(Kind.NOBODY)
        profile = explain(release, asked).profile
        assert found.get((who, "detection", action, purpose)) == (profile and profile.name)


def test_rows_say_the_same_in_fewer_words(files: Files) -> None:
    found = enumerated(build(files))
    told = rows(found)
    again = {
        (row.who, model, action, purpose): row.outcome
        for row in told
        for model, action, purpose in itertools.product(row.models, row.actions, row.purposes)
    }
    assert again == found
    assert len(told) < 10 < len(found)


def test_a_model_that_no_rule_names_is_asked_about_too(files: Files) -> None:
    release = build(files)
    assert models((release,), ("small",)) == ("detection", "small", ANY_MODEL)


def test_changes_are_gained_lost_or_another_profile(files: Files) -> None:
    before = build(files)
    assert changes(before, before).none
    found = changes(before, edited(files, 'Role::"researcher"', 'Role::"scientist"'))
    assert {place[0].name for place in found.gained} == {"scientist"}
    assert {place[0].name for place in found.lost} == {"researcher"}
    assert not found.other_profile
    found = changes(before, edited(files, '@profile("treatment")', '@profile("research")'))
    assert set(found.other_profile.values()) == {"treatment → research"}
    assert not found.gained
    assert not found.lost


def test_a_profile_that_treats_otherwise_is_a_change_of_everybody_under_it(files: Files) -> None:
    after = {**files, TREATMENT: files[TREATMENT].replace(b"PERSON: pseudonym", b"PERSON: keep")}
    found = changes(build(files), build(after))
    assert found.treatments == ("treatment: PERSON pseudonym → keep",)
    assert not found.none


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("keep: all", "treatment: keep nothing → all"),
        (
            "reidentify: {allowed: true, second_person: true, minutes: 60}",
            "treatment: reidentify.allowed false → true",
        ),
    ],
)
def test_that_texts_would_be_kept_or_pseudonyms_resolved_is_a_change(
    files: Files, written: str, told: str
) -> None:
    after = {**files, TREATMENT: files[TREATMENT] + written.encode() + b"\n"}
    found = changes(build(files), build(after))
    assert found.treatments == (told,)
    assert not found.none


def run(folder: Path, *arguments: str | Path) -> Result:
    settings = load(folder)
    install_default(settings.policies)
    runner = CliRunner(env={"COLUMNS": "200", "TERM": "dumb"})
    return runner.invoke(app, [str(each) for each in arguments], obj=settings)


def test_check_shows_what_each_role_can_do_and_what_that_changes(tmp_path: Path) -> None:
    said = run(tmp_path, "check")
    assert said.exit_code == 0
    assert "What each role can do" in said.stdout
    assert "clinician" in said.stdout
    candidate = tmp_path / "candidate"
    install_default(candidate)
    assert run(tmp_path, "check", candidate, "--exit-code").exit_code == 0
    path = candidate / TREATMENT
    path.write_text(path.read_text().replace("EMAIL_ADDRESS: pseudonym", "EMAIL_ADDRESS: replace"))
    said = run(tmp_path, "check", candidate, "--exit-code")
    assert said.exit_code == 3
    assert "~ treatment: EMAIL_ADDRESS pseudonym → replace" in said.stdout
    told = json.loads(run(tmp_path, "check", candidate, "--json").stdout)
    assert told["changes"]["treatments"] == ["treatment: EMAIL_ADDRESS pseudonym → replace"]
    assert {"clinician", "coder"} <= {row["who"] for row in told["powers"]}


def test_diff_shows_effects_first_and_then_lines(tmp_path: Path) -> None:
    candidate = tmp_path / "candidate"
    install_default(candidate)
    access = candidate / ACCESS
    access.write_text(access.read_text().replace('Purpose::"HRESCH", ', "", 1))
    said = run(tmp_path, "diff", candidate)
    assert said.exit_code == 0
    assert said.stdout.startswith("- researcher:")
    assert 'when { context.purpose in [Purpose::"CLINTRCH"] };' in said.stdout
    assert "nobody gains or loses" in run(tmp_path, "diff").stdout
    assert run(tmp_path, "diff", "--release", "7").exit_code == 1
