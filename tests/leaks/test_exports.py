"""A patient's number, a reason and a token go through every export and stay where they belong."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.cli.audit import app
from gateway.domain.duties import AUDITOR
from gateway.domain.payloads import Part, Words
from gateway.domain.subjects import Subjects, patient
from gateway.domain.text import RawText
from gateway.installation import subject_key, vault_of
from gateway.ledger.exports.forms import Form
from gateway.ledger.sealing import SqliteVault
from gateway.settings import Settings, load
from tests.fakes.every_record import every_kind, write_log
from tests.fakes.people import key_file

NUMBER = "77310948"
CANARY = "Thornton-canary-5531"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "intramural.toml").write_text('node = "ward-1"\n', encoding="utf-8")
    write_log(folder, every_kind())
    settings = load(folder)
    vault = SqliteVault.open_for_serving(vault_of(settings), now_ms=lambda: 1_780_000_000_000)
    whom = Subjects((patient(subject_key(settings.keys), NUMBER),), ())
    words = Words(redacted=(RawText(f"Dear PERSON_1, {CANARY}"),))
    asyncio.run(vault.keep("s0", Part.REQUEST, whom, words))
    vault.close()
    return settings


def found(folder: Path, word: str) -> list[Path]:
    return [
        path for path in folder.rglob("*") if path.is_file() and word.encode() in path.read_bytes()
    ]


def test_neither_the_patient_nor_a_text_is_in_what_is_written(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    key = str(key_file(settings, tmp_path, AUDITOR))
    runner = CliRunner()
    said = ""
    for form in Form:
        out = tmp_path / "out" / form.value
        out.parent.mkdir(exist_ok=True)
        arguments = ["export", "--as", key, "--format", form.value, "--out", str(out), "--patient"]
        result = runner.invoke(app, arguments, obj=settings, input=f"{NUMBER}\n")
        assert result.exit_code == 0, result.output
        said += result.output
        # It is about somebody: the index was asked, and the exchange is there.
        assert b"s0" in out.read_bytes()
    reason = f"{CANARY} about {NUMBER}"
    arguments = ["hold", "--as", key, "--epoch", "2026Q2", "--reason", "-"]
    refused = runner.invoke(app, arguments, obj=settings, input=f"{reason}\n")
    # A reason stays for years, and no shredding finds it: it names nobody.
    assert refused.exit_code == 1
    said += refused.output
    assert runner.invoke(app, arguments, obj=settings, input="case 4 of 2026\n").exit_code == 0
    assert NUMBER not in said + caplog.text
    assert CANARY not in said + caplog.text
    # Only events may name the patient, who was named by the asker.
    assert {path.name for path in found(tmp_path, NUMBER)} == {"fhir", "bundle"}
    assert found(tmp_path, CANARY) == []
