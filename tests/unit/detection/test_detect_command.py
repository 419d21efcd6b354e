"""`intramural detect`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from gateway.cli import text

NOTE = "Patient: Ilse Quandahl, MRN 4471902\n"


@pytest.fixture(scope="module")
def app() -> typer.Typer:
    app = typer.Typer()
    app.callback()(lambda: None)
    text.register(app)
    return app


def test_the_table_does_not_show_the_text(app: typer.Typer) -> None:
    done = CliRunner().invoke(app, ["detect"], input=NOTE)
    assert done.exit_code == 0
    assert "MEDICAL_RECORD_NUMBER" in done.output
    assert "Quandahl" not in done.output


def test_the_text_is_shown_on_request(app: typer.Typer, tmp_path: Path) -> None:
    note = tmp_path / "note.txt"
    note.write_text(NOTE)
    done = CliRunner().invoke(app, ["detect", "--show-text", str(note)])
    assert "Ilse Quandahl" in done.output


def test_json_lines_have_offsets_and_no_text(app: typer.Typer) -> None:
    done = CliRunner().invoke(app, ["detect", "--json"], input=NOTE)
    first = json.loads(done.output.splitlines()[0])
    assert set(first) == {"start", "end", "entity", "score", "recognizer"}


def test_a_scorer_can_read_its_lines(app: typer.Typer) -> None:
    line = json.dumps({"id": "n1", "text": NOTE, "spans": []})
    done = CliRunner().invoke(app, ["detect", "--jsonl"], input=line + "\n")
    (out,) = [json.loads(each) for each in done.output.splitlines()]
    assert out["id"] == "n1"
    assert {"start", "end", "label"} == set(out["spans"][0])
    assert out["ms"] > 0


@pytest.mark.parametrize("bad", [b"{\n", b'{"id": 1}\n', b"\xff\xfe{\n"])
def test_a_bad_line_is_an_error_that_does_not_quote_it(app: typer.Typer, bad: bytes) -> None:
    done = CliRunner().invoke(app, ["detect", "--jsonl"], input=bad)
    assert done.exit_code == 1
    assert "intramural:" in done.output
