"""`intramural model` on its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from engine import InstalledModel, Phase
from gateway.cli.model import app as model_app
from gateway.settings import Settings, load
from tests.unit.engine.test_timeline import bars
from tests.unit.engine.test_trace import problems
from tests.unit.engine.tiny import Tiny

runner = CliRunner()


@pytest.fixture
def gguf(tmp_path: Path) -> Path:
    return Tiny("llama").write(tmp_path / "Tiny-Chat.Q8_0.gguf")


def invoke(data: Path, *arguments: str) -> tuple[int, str, str]:
    app = typer.Typer()
    app.add_typer(model_app, name="model")

    @app.callback()
    def root(context: typer.Context) -> None:
        settings: Settings = load(data)
        context.obj = settings

    result = runner.invoke(app, ["model", *arguments])
    return result.exit_code, result.stdout, result.stderr


def test_a_model_is_added_listed_verified_and_removed(tmp_path: Path, gguf: Path) -> None:
    code, out, _ = invoke(tmp_path, "add", str(gguf))
    assert (code, out.startswith("tiny-chat imported")) == (0, True)
    assert invoke(tmp_path, "list")[1].startswith("tiny-chat\tllama\tint8")
    assert invoke(tmp_path, "verify")[1].startswith("tiny-chat: ")
    assert invoke(tmp_path, "remove", "tiny-chat")[:2] == (0, "tiny-chat removed\n")
    assert "model add --default" in invoke(tmp_path, "list")[1]


def test_json_is_for_scripts(tmp_path: Path, gguf: Path) -> None:
    code, out, _ = invoke(tmp_path, "add", str(gguf), "--name", "mine", "--json")
    assert code == 0
    assert json.loads(out)["manifest"]["name"] == "mine"
    assert json.loads(invoke(tmp_path, "list", "--json")[1])[0]["name"] == "mine"
    assert json.loads(invoke(tmp_path, "verify", "mine", "--json")[1])[0]["digest"]


def test_the_default_model_that_is_there_takes_one_line(model: InstalledModel) -> None:
    code, out, _ = invoke(model.path.parent.parent, "add", "--default")
    assert code == 0
    assert out == f"{model.name} is there and verified, digest {model.digest}\n"


@pytest.mark.parametrize(
    "arguments",
    [("add",), ("add", "x.gguf", "--default"), ("add", "--default", "--name", "x")],
)
def test_add_takes_a_source_or_the_default(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    code, _, error = invoke(tmp_path, *arguments)
    assert code == 2
    assert "SOURCE or --default" in error


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("add", "nowhere.gguf"), "there is no file"),
        (("add", "wheel:x"), "exact version"),
        (("verify", "nobody"), "model list"),
        (("remove", "nobody"), "model list"),
    ],
)
def test_a_mistake_is_one_line_and_status_1(
    tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    code, _, error = invoke(tmp_path, *arguments)
    assert code == 1
    assert words in error
    assert "Traceback" not in error


def test_a_changed_model_fails_its_verification(tmp_path: Path, gguf: Path) -> None:
    invoke(tmp_path, "add", str(gguf))
    (tmp_path / "models" / "tiny-chat" / "config.json").write_text("{}")
    code, _, error = invoke(tmp_path, "verify")
    assert code == 1
    assert "config.json has changed" in error


def test_a_profile_is_a_table_a_picture_and_a_trace(model: InstalledModel, tmp_path: Path) -> None:
    svg, trace = tmp_path / "profile.svg", tmp_path / "profile.json"
    code, out, error = invoke(
        model.path.parent.parent,
        *("profile", model.name, "--concurrency", "3", "--jobs", "4"),
        *("--tokens", "5", "--prompt-tokens", "24", "--svg", str(svg), "--trace", str(trace)),
    )
    assert (code, error) == (0, "")
    lines = [line.split() for line in out.splitlines()]
    assert [line[0] for line in lines[1:9]] == [*map(str, Phase), "idle", "together"]
    assert ["BATCH", "REPLICA", "JOBS", "PROMPT", "TOKENS", "PREDICTED,", "MS"] in [
        line[:7] for line in lines
    ]
    assert "4 jobs, " in out
    assert "µs of Python a token" in out
    assert problems(json.loads(trace.read_bytes())) == []
    picture = svg.read_text()
    batches = json.loads(trace.read_bytes())["traceEvents"]
    assert len(bars(picture)) == 4 * 4 + 2 * sum(each.get("cat") == "batch" for each in batches)
    for shown in (out, picture, trace.read_text()):
        assert "nurse" not in shown, "a word of the prompts"


def test_a_profile_for_scripts_adds_up(model: InstalledModel) -> None:
    code, out, _ = invoke(
        model.path.parent.parent,
        *("profile", model.name, "--concurrency", "2", "--tokens", "4", "--prompt-tokens", "16"),
        "--json",
    )
    assert code == 0
    told = json.loads(out)
    assert len(told["jobs"]) == 2
    assert told["tokens"] == sum(each["tokens"] for each in told["batches"])
    for each in (*told["jobs"], *told["batches"]):
        assert sum(each["phases"].values()) == pytest.approx(each["took"], abs=0.01)
    whole = told["replicas"] * told["milliseconds"]
    assert sum(told["of_replicas"].values()) == pytest.approx(whole, abs=0.1)
    assert all(each["predicted"] > 0 for each in told["batches"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nobody",), "model list"),
        (("smollm2-135m-instruct", "--prompt-tokens", "100000"), "context holds"),
    ],
)
def test_a_profile_of_what_cannot_run_is_one_line(
    model: InstalledModel, arguments: tuple[str, ...], words: str
) -> None:
    code, out, error = invoke(model.path.parent.parent, "profile", *arguments)
    assert (code, out) == (1, "")
    assert words in error
    assert "Traceback" not in error
