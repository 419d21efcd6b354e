"""`intramural detect dictionary` on the command line: real files, a real ledger."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from gateway.cli.root import app
from gateway.detection.dictionary import KEY, NAME

STAFF = "Quandahl, Ilse\nNgozi Okonkwo\n"


class Desk:
    """An installation's command line."""

    def __init__(self, data: Path) -> None:
        self.data = data

    def run(self, *arguments: str, said: str | None = None) -> Result:
        return CliRunner().invoke(app, ["--data", str(self.data), "detect", *arguments], input=said)

    def dictionary(self, *arguments: str, said: str | None = None) -> Result:
        return self.run("dictionary", *arguments, said=said)

    def counts(self) -> dict[str, int]:
        counts = json.loads(self.dictionary("list", "--json").stdout)
        assert isinstance(counts, dict)
        return counts

    def records(self) -> list[tuple[str, str]]:
        done = CliRunner().invoke(app, ["--data", str(self.data), "audit", "list", "--json"])
        assert done.exit_code == 0, done.output
        return [
            (row["act"], row["target"])
            for row in map(json.loads, done.stdout.splitlines())
            if row.get("kind") == "admin"
        ]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "data")


def test_a_list_is_loaded_and_found(desk: Desk, tmp_path: Path) -> None:
    names = tmp_path / "staff.txt"
    names.write_text(STAFF)
    done = desk.dictionary("load", str(names), "--kind", "staff", "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["loaded"] == 2
    assert desk.counts() == {"staff": 2, "patient": 0, "ward": 0, "street": 0, "allow": 0}
    check = desk.dictionary("check", "--json", said="then Ilse Quandahl left")
    (found,) = map(json.loads, check.stdout.splitlines())
    assert (found["start"], found["end"], found["entity"]) == (5, 18, "PERSON")


def test_every_change_is_recorded_before_it_is_done(desk: Desk) -> None:
    assert desk.dictionary("load", "-", "--kind", "ward", said="Station 7B\n").exit_code == 0
    assert desk.dictionary("correct", "missed", "--kind", "staff", said="Ota Berg").exit_code == 0
    assert desk.dictionary("remove", "--kind", "ward", "--all").exit_code == 0
    assert desk.records() == [
        ("dictionary_loaded", "dictionary:ward"),
        ("dictionary_corrected", "dictionary:staff"),
        ("dictionary_removed", "dictionary:ward"),
    ]


def test_a_bad_line_changes_nothing_unless_it_is_skipped(desk: Desk) -> None:
    bad = "Ota Berg\n" + "a" * 300 + "\nIlse Quandahl\n"
    done = desk.dictionary("load", "-", "--kind", "staff", said=bad)
    assert done.exit_code == 1
    assert "line 2" in done.output
    assert "Berg" not in done.output
    assert not (desk.data / "dictionary" / NAME).exists()
    done = desk.dictionary("load", "-", "--kind", "staff", "--skip-bad", "--json", said=bad)
    assert json.loads(done.stdout)["skipped"] == [2]
    assert desk.counts()["staff"] == 2


def test_what_a_reviewer_calls_false_is_allowed(desk: Desk) -> None:
    done = desk.dictionary("correct", "false", said="Zelandahl Quandomir\n")
    assert done.exit_code == 0, done.output
    assert desk.counts()["allow"] == 1


def test_entries_of_a_list_can_be_removed(desk: Desk) -> None:
    desk.dictionary("load", "-", "--kind", "staff", said=STAFF)
    done = desk.dictionary("remove", "-", "--kind", "staff", "--json", said="Ngozi Okonkwo\n")
    assert json.loads(done.stdout)["removed"] == 1
    assert desk.counts()["staff"] == 1
    assert desk.dictionary("remove", "--kind", "staff").exit_code == 2


def test_a_changed_dictionary_stops_what_would_use_it(desk: Desk) -> None:
    desk.dictionary("load", "-", "--kind", "staff", said=STAFF)
    path = desk.data / "dictionary" / NAME
    raw = bytearray(path.read_bytes())
    raw[30] ^= 1
    path.write_bytes(raw)
    for arguments in (("dictionary", "list"), ("dictionary", "load", "-", "--kind", "staff"), ()):
        done = desk.run(*arguments, said="Ota Berg")
        assert done.exit_code == 1
        assert "cannot be used" in done.output


def test_no_value_is_in_any_file_log_or_message(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    outputs = [
        desk.dictionary("load", "-", "--kind", "patient", said="Zyxwvut Canaryson\n"),
        desk.dictionary("load", "-", "--kind", "patient", said="Zyxwvut Canaryson \x07 x\n"),
        desk.dictionary("list"),
        desk.dictionary("check", said="Zyxwvut Canaryson"),
        desk.dictionary("remove", "-", "--kind", "patient", said="Zyxwvut Canaryson"),
    ]
    said = caplog.text + "".join(done.output for done in outputs)
    kept = b"".join(path.read_bytes() for path in desk.data.rglob("*") if path.is_file())
    for word in ("yxwvut", "anaryson"):
        assert word not in said
        assert word.encode() not in kept.lower()


def test_the_file_and_its_key_are_readable_by_their_owner_alone(desk: Desk) -> None:
    desk.dictionary("load", "-", "--kind", "staff", said=STAFF)
    for path in (desk.data / "dictionary" / NAME, desk.data / "keys" / KEY):
        assert path.stat().st_mode & 0o777 == 0o600
