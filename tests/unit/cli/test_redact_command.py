"""`intramural redact`: files and pipes, on this machine, by the policy that is here."""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gateway.cli.root import app
from gateway.pages.redacted import Shown, Stretch, write
from tests.fakes.policy import profile

NOTE = "Patient: Ilse Quandahl, MRN 4471902, <b>72 years old</b>\n"
LINES = (
    '{"section": "history", "text": "Seen by Dr. Helen Reyes."}\n'
    '{"section": "findings", "text": "No findings today."}\n'
)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture
def note(tmp_path: Path) -> Path:
    path = tmp_path / "note.txt"
    path.write_text(NOTE)
    return path


def run(data: Path, *words: str | Path, given: str = "") -> Result:
    return CliRunner().invoke(app, ["--data", str(data), "redact", *map(str, words)], input=given)


def test_a_pipe_is_redacted_by_the_strictest_profile(data: Path) -> None:
    done = run(data, given=NOTE)
    assert done.exit_code == 0, done.output
    assert done.stdout == "Patient: [PERSON], MRN [MRN], <b>72 years old</b>\n"


def test_another_profile_can_be_named(data: Path, note: Path) -> None:
    done = run(data, note, "--profile", "treatment")
    assert "Quandahl" not in done.stdout
    assert "PERSON_" in done.stdout
    absent = run(data, note, "--profile", "none")
    assert absent.exit_code == 2
    assert "treatment" in absent.output


def test_json_has_offsets_of_the_original_and_the_redacted_text(data: Path, note: Path) -> None:
    line = json.loads(run(data, note, "--format", "json").stdout)
    first = line["findings"][0]
    assert NOTE[first["start"] : first["end"]] == "Ilse Quandahl"
    assert line["counts"]["PERSON"] == 1
    assert "Quandahl" not in line["text"]


def test_each_line_of_jsonl_is_a_document_and_stays_json(data: Path) -> None:
    done = run(data, given=LINES)
    first, second = (json.loads(line) for line in done.stdout.splitlines())
    assert "Reyes" not in first["text"]
    assert second == {"section": "findings", "text": "No findings today."}
    assert len(run(data, "--format", "json", given=LINES).stdout.splitlines()) == 2


def test_a_line_of_jsonl_ends_at_a_line_feed_and_at_nothing_else(data: Path) -> None:
    given = '{"text": "Seen\u2028by \x85 Ilse Quandahl"}\r\n{"text": "Nobody came"}\n'
    done = run(data, "--format", "json", given=given)
    lines = [json.loads(line) for line in done.stdout.rstrip().split("\n")]
    assert [line["name"] for line in lines] == ["stdin, line 1", "stdin, line 2"]


def test_a_page_shows_what_stands_in_and_escapes_the_rest(data: Path, note: Path) -> None:
    page = run(data, note, "--format", "html").stdout
    assert '<mark class="of people">[PERSON]<span class="tag">PERSON</span></mark>' in page
    assert "Quandahl" not in page
    assert "&lt;b&gt;" in page
    assert not re.search(r"""(?:src|href)\s*=\s*["'](?!#)|<script|@import|url\(|https?:""", page)
    assert "&#34;" not in page.partition("</style>")[0]


def test_files_go_to_a_directory_and_nothing_is_overwritten(
    data: Path, note: Path, tmp_path: Path
) -> None:
    other = tmp_path / "notes.jsonl"
    other.write_text(LINES)
    out = tmp_path / "out"
    done = run(data, note, other, "--out", out, "--jobs", "2", "--summary")
    assert done.exit_code == 0, done.output
    assert stat.S_IMODE((out / "note.txt").stat().st_mode) == 0o600
    assert "Quandahl" not in (out / "note.txt").read_text()
    assert json.loads((out / "notes.jsonl").read_text().splitlines()[1])["section"] == "findings"
    assert "PERSON" in done.stderr
    assert "Quandahl" not in done.output
    again = run(data, note, other, "--out", out)
    assert again.exit_code == 1
    assert "--force" in again.output
    assert run(data, note, other, "--out", out, "--force").exit_code == 0


def test_a_file_is_not_replaced_by_its_own_redaction(
    data: Path, note: Path, tmp_path: Path
) -> None:
    done = run(data, note, "--out", tmp_path, "--force")
    assert done.exit_code == 2
    assert note.read_text() == NOTE


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["--out-of-range"], 2),
        (["--jobs", "0"], 2),
        (["absent.txt"], 1),
    ],
)
def test_what_cannot_be_done_has_a_status(data: Path, words: list[str], status: int) -> None:
    assert run(data, *words).exit_code == status


def test_several_files_without_a_directory_do_not_mix(data: Path, note: Path) -> None:
    done = run(data, note, note.with_name("other.txt"))
    assert done.exit_code == 2
    assert "--out" in done.output


def test_two_files_of_one_name_are_refused(data: Path, note: Path, tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    twin = tmp_path / "deep" / "note.txt"
    twin.write_text(NOTE)
    assert run(data, note, twin, "--out", tmp_path / "out").exit_code == 2


def test_one_bad_file_stops_no_other_and_nothing_of_it_is_written(
    data: Path, note: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.txt"
    bad.write_bytes(b"Quandahl \xff")
    out = tmp_path / "out"
    done = run(data, bad, note, "--out", out)
    assert done.exit_code == 1
    assert "bad.txt: is not UTF-8" in done.output
    assert [path.name for path in out.iterdir()] == ["note.txt"]


def test_a_type_that_the_profile_blocks_has_a_status_of_its_own(tmp_path: Path, note: Path) -> None:
    assert run(tmp_path / "data", given="").exit_code == 0
    research = tmp_path / "data" / "policies" / "profiles" / "research.yaml"
    research.write_text(re.sub(r"  PERSON: \w+\n", "  PERSON: block\n", research.read_text()))
    done = run(tmp_path / "data", note, "--out", tmp_path / "out")
    assert done.exit_code == 3
    assert "PERSON" in done.output
    assert not list((tmp_path / "out").iterdir())


def test_what_is_kept_and_what_is_gone_is_shown_too() -> None:
    shown = Shown("one", (Stretch("a"), Stretch("", None), Stretch("", "OTHER_ID")))  # type: ignore[arg-type]
    page = write("one", [shown], profile())
    assert '<mark class="of numbers">∅' in page
    assert "<Shown" not in page
