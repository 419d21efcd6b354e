"""Annotated notes are read strictly; minimums are held; the page quotes and escapes."""

from __future__ import annotations

import datetime as dt
import json
import re
import stat
from importlib import resources
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from gateway.cli import text
from gateway.domain.entities import PERSON
from gateway.evaluation.demands import Demands, shortfalls
from gateway.evaluation.notes import Annotation, Note, NotesError, read
from gateway.evaluation.page import write
from gateway.evaluation.report import lines, recognizer_lines, report
from gateway.evaluation.run import evaluate
from gateway.evaluation.scoring import Figures
from tests.fakes.detector import FakeDetector

GOOD = '{"id": "n1", "text": "Ilse Vos came.", "spans": [{"start": 0, "end": 8, "label": "NAME"}]}'
NOTE = Note("n1", "Ilse Vos came <b>late</b>.", (Annotation(0, 8, "NAME"),))


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('{"id": "n1", "text": "Quandahl"}', "line 2: write"),
        (
            '{"id": "n1", "text": "Quandahl", "spans": [{"start": 0, "end": 99, "label": "A"}]}',
            "lies outside",
        ),
        (
            '{"id": "n1", "text": "Quandahl", "spans": [{"start": 3, "end": 3, "label": "A"}]}',
            "lies outside",
        ),
        (GOOD, "id of another line"),
        ("Quandahl", "line 2: write"),
    ],
)
def test_a_bad_line_is_named_and_not_quoted(tmp_path: Path, line: str, says: str) -> None:
    path = tmp_path / "notes.jsonl"
    path.write_text(f"{GOOD}\n{line}\n")
    with pytest.raises(NotesError, match=says) as caught:
        read(path)
    assert "Quandahl" not in str(caught.value)


def test_a_file_without_notes_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("\n")
    with pytest.raises(NotesError, match="no note"):
        read(tmp_path / "empty.jsonl")


async def _figures(**script: str) -> Figures:
    detector = FakeDetector(dict.fromkeys(script.values(), PERSON))
    return (await evaluate(detector, [NOTE], name="own")).figures


async def test_a_demand_that_is_met_is_not_spoken_of() -> None:
    figures = await _figures(name="Ilse Vos")
    demands = Demands(recall=1, phi_recall=1, visible=0, precision=1, false_rate=0, clean=1)
    assert shortfalls(figures, demands) == ()


async def test_every_demand_that_is_missed_is_named() -> None:
    figures = await _figures(wrong="late")
    demands = Demands(recall=0.9, phi_recall=0.9, visible=0.1, precision=0.5, false_rate=1, clean=1)
    assert len(shortfalls(figures, demands)) == 6


def test_what_cannot_be_measured_is_not_met() -> None:
    (short,) = shortfalls(Figures(documents=1), Demands(recall=0.5))
    assert "nothing in the notes" in str(short)


def test_a_demand_out_of_range_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="recall is from 0 to 1"):
        Demands(recall=99)


async def test_lines_and_reports_hold_no_text() -> None:
    told = report(await evaluate(FakeDetector({"late": PERSON}), [NOTE], name="own"))
    shown = "\n".join([*lines(told), *recognizer_lines(told), repr(told), repr(NOTE)])
    assert "Vos" not in shown
    assert "late" not in shown


async def test_the_page_shows_what_was_visible_and_escapes_the_notes() -> None:
    done = await evaluate(FakeDetector({"Ilse": PERSON, "late": PERSON}), [NOTE], name="own")
    page = write([done], dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    assert '<mark class="good">Ilse </mark><mark class="bad">Vos</mark>' in page
    assert '&lt;b&gt;<mark class="bad">late</mark>' in page
    assert "<b>late" not in page


async def test_the_page_needs_nothing_from_anywhere() -> None:
    done = await evaluate(FakeDetector(), [NOTE], name="own")
    page = write([done], dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    assert not re.search(r"""(?:src|href)\s*=\s*["'](?!#)|<script|@import|url\(|https?:""", page)


@pytest.fixture(scope="module")
def app() -> typer.Typer:
    app = typer.Typer()
    app.callback()(lambda: None)
    text.register(app)
    return app


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    path = tmp_path / "own.jsonl"
    body = "Patient: Ilse Quandahl, MRN 4471902"
    spans = [{"start": 9, "end": 22, "label": "NAME"}, {"start": 28, "end": 35, "label": "MRN"}]
    path.write_text(json.dumps({"id": "n1", "text": body, "spans": spans}) + "\n")
    return path


def test_notes_that_meet_the_demands_pass(app: typer.Typer, notes: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    done = CliRunner().invoke(
        app, ["detect", "eval", str(notes), "--min-recall", "0.99", "--html", str(page)]
    )
    assert done.exit_code == 0, done.output
    assert "DIRECT" in done.output
    assert "Quandahl" not in done.output
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    again = CliRunner().invoke(app, ["detect", "eval", str(notes), "--html", str(page)])
    assert again.exit_code == 1
    assert "--force" in again.output


def test_notes_that_do_not_meet_them_fail_with_a_status_of_their_own(
    app: typer.Typer, notes: Path
) -> None:
    more = json.loads(notes.read_text())
    more["spans"].append({"start": 0, "end": 7, "label": "WARD"})
    notes.write_text(json.dumps(more))
    done = CliRunner().invoke(
        app, ["detect", "eval", str(notes), "--min-phi-recall", "1", "--json"]
    )
    assert done.exit_code == 3
    assert json.loads(done.stdout.splitlines()[0])["phi"]["recall"] < 1


def test_a_file_that_is_not_annotated_is_no_measurement(app: typer.Typer, tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    path.write_text("Patient: Ilse Quandahl")
    done = CliRunner().invoke(app, ["detect", "eval", str(path)])
    assert done.exit_code == 2
    assert "Quandahl" not in done.output


def test_a_file_is_read_where_no_command_is_named(app: typer.Typer, notes: Path) -> None:
    assert "findings" in CliRunner().invoke(app, ["detect", str(notes)]).output
    assert "eval" in CliRunner().invoke(app, ["detect", "--help"]).output


@pytest.mark.parametrize("name", ["disclosures", "evaluation", "necessary", "redacted"])
def test_a_table_that_is_wider_than_the_page_is_scrolled_with_keys_and_has_a_name(
    name: str,
) -> None:
    template = resources.files("gateway.pages").joinpath(f"{name}.html").read_text()
    scrolled = re.findall(r'<div class="scroll"[^>]*>', template)
    assert scrolled
    for tag in scrolled:
        assert re.search(r'tabindex="0" role="region" aria-label="[^"]{10,}"', tag)
