"""`make eval`: where there is nothing to measure on it says so, and measures nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.evaluation import VARIABLE, PresidioDefault, sets
from gateway.domain.text import RawText


def test_absent_data_is_said_and_nothing_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "absent"))
    assert sets([]) == []
    assert "There is no annotated data" in capsys.readouterr().err


def test_a_directory_means_its_files_and_a_file_itself(tmp_path: Path) -> None:
    for name in ("b.jsonl", "a.jsonl", "README.md"):
        (tmp_path / name).touch()
    assert [path.name for path in sets([tmp_path])] == ["a.jsonl", "b.jsonl"]
    assert sets([tmp_path / "b.jsonl"]) == [tmp_path / "b.jsonl"]


async def test_presidios_default_is_presidios_with_its_mail_recognizer() -> None:
    presidio = PresidioDefault()
    text = RawText("Mail john@example.org to John Smith in London.")
    try:
        (found,) = await presidio.detect([text])
    finally:
        presidio.close()
    assert {"EMAIL_ADDRESS", "PERSON"} <= {each.entity for each in found}
