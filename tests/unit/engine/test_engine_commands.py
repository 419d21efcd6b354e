"""`intramural engine devices` and `plan` on this machine and on others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from engine import DEFAULT_NAME, EMBEDDER_NAME
from gateway.cli.root import app
from tests.unit.engine.conftest import STORE


@pytest.fixture
def run(tmp_path: Path) -> Any:
    def run(*arguments: str, settings: str = "") -> Result:
        head = f'node = "test"\nmodels = "{STORE}"\n'
        (tmp_path / "intramural.toml").write_text(head + settings, encoding="utf-8")
        return CliRunner().invoke(app, ["--data", str(tmp_path), "engine", *arguments])

    return run


def test_devices_are_a_table_for_people_and_json_for_programs(run: Any) -> None:
    shown = run("devices").output
    for word in ("processor", "cores", "memory", "container", "CUDA"):
        assert word in shown
    assert "bandwidth" not in shown
    found = json.loads(run("devices", "--json", "--measure").output)
    assert found["devices"]["cores"] >= 1
    assert found["bandwidth"] > 1e8


def test_the_plan_of_this_machine_is_that_of_the_settings(run: Any) -> None:
    settings = (
        f'[engine]\nmodels = ["{DEFAULT_NAME}"]\nreplicas = 1\ncontext = 1024\nmemory = "2G"\n'
        'prefer = ["cpu"]\n'
    )
    made = json.loads(run("plan", "--json", settings=settings).output)
    assert made["memory"] <= made["budget"] <= 2 << 30
    [model] = made["models"]
    assert (model["replicas"], model["context"], model["device"]) == (1, 1024, "cpu")


def test_a_plan_for_another_box_needs_no_model_there(run: Any) -> None:
    result = run("plan", "--memory", "8G", "--cores", "4", "--parameters", "0.6B")
    assert result.exit_code == 0
    assert "qwen3-0.6b" in result.output
    assert "of 6.8 GiB that are there" in result.output


def test_what_could_run_on_a_box_is_answered_for_every_common_model(run: Any) -> None:
    result = run("plan", "--memory", "8G", "--cores", "4")
    lines = {line.split()[0]: line for line in result.output.splitlines() if line}
    assert "4 x 1" in lines[DEFAULT_NAME]
    assert "does not fit" in lines["llama-3.1-8b"]
    found = json.loads(run("plan", "--memory", "32G", "--cores", "8", "--json").output)
    fits = {each["model"]: each["plan"] is not None for each in found["candidates"]}
    assert fits["llama-3.1-8b"]
    assert DEFAULT_NAME in fits


def test_models_that_are_named_share_a_plan(run: Any) -> None:
    made = json.loads(
        run(
            "plan", "--memory", "16G", "--cores", "8", "--model", DEFAULT_NAME,
            "--model", "qwen3-0.6b", "--json",
        ).output
    )  # fmt: skip
    assert [each["model"] for each in made["models"]] == [DEFAULT_NAME, "qwen3-0.6b"]
    assert made["memory"] <= made["budget"]


def test_a_plan_of_a_model_that_does_not_generate_says_that_it_does_not(run: Any) -> None:
    result = run("plan", "--model", EMBEDDER_NAME)
    assert result.exit_code == 2
    assert f"there is no model {EMBEDDER_NAME} that generates in the store" in result.output
    settings = f'[engine]\nmodels = ["{EMBEDDER_NAME}"]\n'
    assert f"no model {EMBEDDER_NAME} that generates" in run("plan", settings=settings).output


def test_what_does_not_fit_is_refused_with_what_to_do(run: Any) -> None:
    result = run("plan", "--memory", "8G", "--cores", "4", "--model", "llama-3.1-8b")
    assert result.exit_code == 1
    assert "loading llama-3.1-8b takes 14.5 GiB" in result.output
    assert "engine.memory" in result.output


@pytest.mark.parametrize(
    "arguments",
    [
        ("--memory", "8X"),
        ("--memory", ""),
        ("--cores", "0"),
        ("--parameters", "many"),
        ("--parameters", "70B"),
        ("--model", "unheard-of"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(run: Any, arguments: tuple[str, str]) -> None:
    result = run("plan", *arguments)
    assert result.exit_code == 2
    assert "Traceback" not in result.output


def test_a_device_that_is_not_there_is_not_replaced_silently(run: Any) -> None:
    import engine

    if engine.detect_devices().cuda:
        pytest.skip("this machine has a CUDA device")
    result = run("plan", settings='[engine]\nprefer = ["cuda"]\n')
    assert result.exit_code == 1
    assert "engine.prefer names cuda" in result.output
