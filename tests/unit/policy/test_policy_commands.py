"""`intramural policy` on the command line."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from gateway.cli.policy import app
from gateway.domain.entities import KNOWN
from gateway.policy.release import load
from gateway.policy.shipped import install_default, shipped_policies
from gateway.settings import Settings
from gateway.settings import load as load_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = load_settings(tmp_path)
    install_default(settings.policies)
    return settings


def run(settings: Settings, *arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "200", "TERM": "dumb"}).invoke(app, arguments, obj=settings)


EXPLAIN = ("explain", "--purpose", "TREAT", "--action", "chat", "--model", "small", "--role")


def test_the_shipped_policy_passes_its_check(settings: Settings) -> None:
    result = run(settings, "check")
    assert result.exit_code == 0
    assert load(settings.policies).digest in result.stdout


def test_a_check_shows_what_each_operator_does_to_an_invented_value(settings: Settings) -> None:
    said = run(settings, "check").stdout
    assert "replace: US_SSN 078-05-1120 -> [SSN]" in said
    assert "generalise: AGE_OVER_89 92-year-old -> 90+-year-old" in said
    assert "generalise: POSTCODE 02138 -> 021" in said
    used = {
        str(profile.profile.rule(entity).operator)
        for profile in load(settings.policies).profiles.values()
        for entity in KNOWN
    }
    shown = json.loads(run(settings, "check", "--json").stdout)["examples"]
    operators = {
        each["operator"] if isinstance(each["operator"], str) else next(iter(each["operator"]))
        for each in shown
    }
    assert operators == used
    assert all(
        each["value"] != each["becomes"] for each in shown if each["operator"] == "surrogate"
    )


def test_a_check_can_be_read_by_a_program(settings: Settings) -> None:
    result = run(settings, "check", "--json")
    said = json.loads(result.stdout)
    assert said["ok"]
    assert said["release"] == load(settings.policies).digest
    assert said["problems"] == []
    assert [note["file"] for note in said["notes"]] == ["models.yaml"]  # The store is empty.


def test_where_the_models_are_known_an_alias_that_leads_nowhere_fails_the_check(
    settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "intramural.toml").write_text('[engine]\nmodels = ["llama"]\n')
    result = run(load_settings(tmp_path), "check")
    assert result.exit_code == 1
    assert "models.yaml:5: `default` leads to the model" in result.stderr
    assert "served: llama" in result.stderr


ELSEWHERE = """
[engine]
kind = "openai"
[engine.openai]
endpoints = ["http://127.0.0.1:9"]
[engine.openai.models.ward]
context_length = 4096
"""


@pytest.mark.parametrize("engines", [ELSEWHERE, '[engine]\nmodels = ["ward"]\n'])
def test_an_alias_may_lead_to_whatever_serve_would_serve(
    settings: Settings, tmp_path: Path, engines: str
) -> None:
    (tmp_path / "intramural.toml").write_text(
        f'{engines}[embeddings]\nmodel = "minilm"\n[transcription]\nmodel = "whisper"\n'
    )
    (settings.policies / "models.yaml").write_text(
        "aliases:\n  default: ward\n  vectors: minilm\n  dictation: whisper\n"
    )
    result = run(load_settings(tmp_path), "check")
    assert result.exit_code == 0, result.stderr


def test_a_vector_that_fails_fails_the_check(settings: Settings) -> None:
    path = settings.policies / "profiles" / "treatment.yaml"
    path.write_text(path.read_text().replace("PERSON: pseudonym", "PERSON: keep"))
    result = run(settings, "check")
    assert result.exit_code == 1
    assert "vectors/access.yaml:3:" in result.stderr
    assert "expected PERSON pseudonym, got keep" in result.stderr
    # What is wrong is the last thing that is said: examples would scroll it away.
    assert re.fullmatch(r"not ok: \d+ problems?", result.stderr.splitlines()[-1])
    assert result.stdout == ""
    assert json.loads(run(settings, "check", "--json").stdout)["problems"][0]["line"] == 3


@pytest.mark.parametrize("command", [("check",), ("show",), (*EXPLAIN, "clinician")])
def test_a_broken_policy_is_told_with_file_and_line(
    settings: Settings, command: tuple[str, ...]
) -> None:
    path = settings.policies / "profiles" / "treatment.yaml"
    path.write_text(path.read_text().replace("restore: true", "restore: yes"))
    line = path.read_text().splitlines().index("restore: yes") + 1
    result = run(settings, *command)
    assert result.exit_code == 1
    assert f"profiles/treatment.yaml:{line}: write `true` or `false`" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("command", ["check", "show"])
def test_a_directory_named_on_the_command_line_is_the_one_meant(
    tmp_path: Path, command: str
) -> None:
    nothing = load_settings(tmp_path)
    assert run(nothing, command).exit_code == 1
    assert run(nothing, command, str(shipped_policies())).exit_code == 0


def test_show_has_every_type_and_every_profile(settings: Settings) -> None:
    result = run(settings, "show")
    assert result.exit_code == 0
    for word in (*KNOWN, "treatment", "coding", "research", "never-for-marketing"):
        assert word in result.stdout


def test_show_can_be_read_by_a_program(settings: Settings) -> None:
    said = json.loads(run(settings, "show", "--json").stdout)
    assert [profile["name"] for profile in said["profiles"]] == [
        "treatment",
        "coding",
        "trial",
        "research",
    ]
    assert set(said["profiles"][0]["entities"]) == KNOWN
    assert said["rules"][0]["profile"] == "treatment"
    served = {each["name"]: (each["priority"], each["cache"]) for each in said["profiles"]}
    assert served["treatment"] == ("interactive", False)
    assert served["research"] == ("batch", True)
    assert [each["limits"]["max_in_flight"] for each in said["profiles"]] == [None, 16, 16, 16]


def test_show_says_how_each_profile_is_served(settings: Settings) -> None:
    lines = [line.split("│") for line in run(settings, "show").stdout.splitlines()]
    cells = {line[1].strip(): [each.strip() for each in line[2:-1]] for line in lines if line[1:]}
    assert cells["priority"] == ["interactive", "interactive", "batch", "batch"]
    assert cells["replies cached"] == ["no", "no", "no", "yes"]
    assert cells["texts kept"] == ["nothing"] * 4
    assert cells["re-identified"] == ["no"] * 4
    assert cells["input characters at most"] == ["200000"] * 4
    assert cells["output tokens at most"] == ["4096", "2048", "4096", "4096"]
    assert cells["in flight at most"] == ["", "16", "16", "16"]


def test_explain_names_the_rules_and_the_treatments(settings: Settings) -> None:
    result = run(settings, *EXPLAIN, "clinician")
    assert result.exit_code == 0
    assert "permitted under profile treatment" in result.stdout
    assert "treatment-by-clinicians" in result.stdout
    assert ["PERSON", "pseudonym"] in [line.split() for line in result.stdout.splitlines()]


@pytest.mark.parametrize(
    ("role", "purpose", "action", "answer"),
    [
        ("clinician", "TREAT", "embed", "treatment"),
        ("clinician", "TREAT", "transcribe", "treatment"),
        ("researcher", "HRESCH", "embed", "research"),
        ("coder", "HPAYMT", "transcribe", None),
    ],
)
def test_explain_knows_every_action(
    settings: Settings, role: str, purpose: str, action: str, answer: str | None
) -> None:
    result = run(
        settings, "explain", "--role", role, "--purpose", purpose, "--action", action,
        "--model", "small", "--json",
    )  # fmt: skip
    said = json.loads(result.stdout)
    assert (said["profile"] and said["profile"]["name"]) == answer


def test_explain_says_why_not(settings: Settings) -> None:
    result = run(settings, *EXPLAIN, "reseacher")
    assert result.exit_code == 0
    assert result.stdout == "denied: no rule permits it\n"
    assert "no rule mentions the role `reseacher`" in result.stderr


def test_explain_can_be_read_by_a_program(settings: Settings) -> None:
    said = json.loads(run(settings, *EXPLAIN, "clinician", "--json").stdout)
    assert said["decision"] == "permit"
    assert said["profile"]["entities"]["AGE"] == "keep"
    denied = json.loads(run(settings, *EXPLAIN, "nobody", "--json").stdout)
    assert (denied["decision"], denied["profile"]) == ("deny", None)


def test_a_purpose_that_is_no_code_is_a_usage_error(settings: Settings) -> None:
    arguments = [word if word != "TREAT" else "TREET" for word in EXPLAIN]
    assert run(settings, *arguments, "clinician").exit_code == 2
