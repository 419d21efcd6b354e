"""`intramural model` on its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from engine import InstalledModel, Phase, quality
from gateway.cli.model import app as model_app
from gateway.policy.shipped import install_default
from gateway.settings import Settings, load
from tests.unit.engine.bert import TinyBert
from tests.unit.engine.test_timeline import bars
from tests.unit.engine.test_trace import problems
from tests.unit.engine.tiny import Tiny

DATA = Path(__file__).parents[3] / ".local"
runner = CliRunner()
pytestmark = pytest.mark.usefixtures("short_texts")


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
    heading, row, about, quality_line = invoke(tmp_path, "list")[1].splitlines()
    assert heading.split() == ["model", "task", "size", "context", "digest"]
    assert row.split()[:2] == ["tiny-chat", "generate"]
    assert about == "tiny-chat: llama, int8; licence unknown; file:Tiny-Chat.Q8_0.gguf"
    assert quality_line.startswith("  int8: ")
    assert len(row) < 80
    digest = json.loads(invoke(tmp_path, "list", "--json")[1])[0]["digest"]
    assert row.split()[-1] == digest[:12]
    assert invoke(tmp_path, "verify")[1].startswith("tiny-chat: ")
    assert invoke(tmp_path, "remove", "tiny-chat")[:2] == (0, "tiny-chat removed\n")
    assert "model add FILE.gguf" in invoke(tmp_path, "list")[1]


def test_what_int8_costs_is_said_wherever_a_model_is(tmp_path: Path, gguf: Path) -> None:
    for command in (("add", str(gguf)), ("list",), ("verify",)):
        assert "% of float32's size" in invoke(tmp_path, *command)[1]
    listed = json.loads(invoke(tmp_path, "list", "--json")[1])[0]
    verified = json.loads(invoke(tmp_path, "verify", "--json")[1])[0]["manifest"]
    assert listed["quality"] == verified["quality"]
    assert listed["quality"]["agreement"] > 0.8


def test_a_model_that_int8_makes_much_worse_needs_a_flag(
    tmp_path: Path, gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quality, "MAX_PERPLEXITY_RATIO", 0.5)
    code, _, error = invoke(tmp_path, "add", str(gguf))
    assert (code, "--unsafe-quality" in error) == (1, True)
    assert invoke(tmp_path, "add", str(gguf), "--unsafe-quality")[0] == 0


def test_a_model_of_an_earlier_version_works_and_the_way_to_a_new_one_is_said(
    tmp_path: Path, gguf: Path
) -> None:
    invoke(tmp_path, "add", str(gguf))
    path = tmp_path / "models" / "tiny-chat" / "manifest.json"
    manifest = json.loads(path.read_text())
    del manifest["importer"], manifest["quality"]
    path.write_text(json.dumps(manifest | {"format": 1}))
    for command in ("list", "verify"):
        code, out, error = invoke(tmp_path, command)
        assert (code, "never measured" in out) == (0, True)
        assert "intramural model update tiny-chat" in error
    assert invoke(tmp_path, "update", "tiny-chat")[0] == 1
    assert "SOURCE" in invoke(tmp_path, "update", "tiny-chat")[2]
    assert invoke(tmp_path, "update", "tiny-chat", str(gguf))[0] == 0
    assert invoke(tmp_path, "list")[2] == ""


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


def test_the_default_embedder_that_is_there_takes_one_line() -> None:
    code, out, _ = invoke(DATA, "add", "--embedder")
    assert code == 0
    assert "all-minilm-l6-v2 is there and verified" in out


@pytest.mark.parametrize(
    "arguments",
    [
        ("add",),
        ("add", "x.gguf", "--default"),
        ("add", "--default", "--name", "x"),
        ("add", "--default", "--embedder"),
    ],
)
def test_add_takes_a_source_or_the_default(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    code, _, error = invoke(tmp_path, *arguments)
    assert code == 2
    assert "give a SOURCE (with --transcriber if it is a Whisper model), or one of" in error


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("add", "nowhere.gguf"), "there is no file"),
        (("add", "wheel:x"), "exact version"),
        (("verify", "nobody"), "model list"),
        (("remove", "nobody"), "model list"),
        (("bench", "nobody"), "model list"),
    ],
)
def test_a_mistake_is_one_line_and_status_1(
    tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    code, _, error = invoke(tmp_path, *arguments)
    assert code == 1
    assert words in error
    assert "Traceback" not in error


def test_verify_shows_people_how_far_it_is_and_keeps_its_answer_apart(
    tmp_path: Path, gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoke(tmp_path, "add", str(gguf))
    code, out, error = invoke(tmp_path, "verify")
    assert (code, out.count("\n"), error) == (0, 1, "")
    monkeypatch.setenv("FORCE_COLOR", "1")  # A terminal, as rich sees it.
    code, out, error = invoke(tmp_path, "verify")
    assert (code, out.count("\n")) == (0, 1)
    assert "Verifying tiny-chat" in error


NAMED = '[engine]\nmodels = ["tiny-chat", "other"]\n'


@pytest.mark.parametrize(
    ("file", "text", "reason"),
    [
        ("intramural.toml", NAMED, "engine.models"),
        ("intramural.toml", '[engine]\npinned = ["tiny-chat"]\n', "engine.pinned"),
        ("intramural.toml", '[embeddings]\nmodel = "tiny-chat"\n', "embeddings.model"),
        ("intramural.toml", '[transcription]\nmodel = "tiny-chat"\n', "transcription.model"),
        ("policies/models.yaml", "aliases:\n  clinical: tiny-chat\n", "the alias `clinical`"),
    ],
)
def test_a_model_that_the_gateway_is_meant_to_serve_is_removed_only_by_force(
    tmp_path: Path, gguf: Path, file: str, text: str, reason: str
) -> None:
    install_default(tmp_path / "policies")
    invoke(tmp_path, "add", str(gguf))
    (tmp_path / file).write_text(text)
    code, _, error = invoke(tmp_path, "remove", "tiny-chat")
    assert code == 1
    assert reason in error
    assert "--force" in error
    assert (tmp_path / "models" / "tiny-chat").is_dir()
    assert invoke(tmp_path, "remove", "tiny-chat", "--force")[0] == 0
    assert not (tmp_path / "models" / "tiny-chat").exists()


def test_a_bench_measures_prompts_replies_and_memory(tmp_path: Path, gguf: Path) -> None:
    invoke(tmp_path, "add", str(gguf))
    code, out, error = invoke(tmp_path, "bench", "tiny-chat", "--json")
    assert code == 0, error
    speed = json.loads(out)
    assert speed["model"] == "tiny-chat"
    assert speed["prefill"] > 0
    assert list(speed["decode"]) == ["1", "8", "32"]
    assert all(rate > 0 for rate in speed["decode"].values())
    assert speed["peak_bytes"] >= speed["load_bytes"] >= 0
    code, out, error = invoke(tmp_path, "bench", "tiny-chat")
    assert code == 0, error
    assert "32 replies at once" in out


def test_a_bench_measures_nothing_that_is_not_what_was_imported(tmp_path: Path, gguf: Path) -> None:
    invoke(tmp_path, "add", str(gguf))
    (tmp_path / "models" / "tiny-chat" / "config.json").write_text("{}")
    code, out, error = invoke(tmp_path, "bench", "tiny-chat")
    assert (code, out) == (1, "")
    assert "config.json has changed" in error


def test_a_changed_model_fails_its_verification(tmp_path: Path, gguf: Path) -> None:
    invoke(tmp_path, "add", str(gguf))
    (tmp_path / "models" / "tiny-chat" / "config.json").write_text("{}")
    code, _, error = invoke(tmp_path, "verify")
    assert code == 1
    assert "config.json has changed" in error


def test_a_transcriber_is_added_by_a_flag_alone_or_from_a_directory(
    model: InstalledModel, tmp_path: Path
) -> None:
    code, out, _ = invoke(model.path.parent.parent, "add", "--transcriber")
    assert (code, out.split(" is there and verified")[0]) == (0, "whisper-base")
    code, _, error = invoke(tmp_path, "add", str(tmp_path), "--transcriber")
    assert code == 1
    assert "model.bin" in error


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


@pytest.mark.parametrize("command", ["profile", "bench"])
def test_a_model_that_does_not_generate_has_neither_profile_nor_bench(
    tmp_path: Path, command: str
) -> None:
    assert invoke(tmp_path, "add", str(TinyBert().write(tmp_path / "tiny")))[0] == 0
    code, _, error = invoke(tmp_path, command, "tiny")
    assert code == 1
    assert "is made to embed, not to generate" in error


def test_a_model_that_does_not_generate_was_checked_at_its_import(tmp_path: Path) -> None:
    assert invoke(tmp_path, "add", str(TinyBert().write(tmp_path / "tiny")))[0] == 0
    for command in ("list", "verify"):
        assert "checked at import (cosine 0.9" in invoke(tmp_path, command)[1]


def test_the_help_begins_with_what_is_done_first() -> None:
    commands = list(typer.main.get_command(model_app).commands)  # type: ignore[attr-defined]
    assert commands == ["add", "update", "list", "verify", "remove", "bench", "profile"]
