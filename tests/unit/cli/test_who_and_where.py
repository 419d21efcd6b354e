"""What every command does alike before its own work: whose directory, which settings, Ctrl-C."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.cli import root
from gateway.cli.model_views import stages
from gateway.cli.root import app
from gateway.settings import SettingsError, load

ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives a file to another user")

_ASKED = """
import os, pathlib, sys
from gateway.cli.owner import advice_for
os.setuid(int(sys.argv[2]))
print(advice_for(pathlib.Path(sys.argv[1])))
"""
_INTERRUPTED = """
import builtins, gateway.cli
load = builtins.__import__
def interrupted(name, *more, **words):
    if name == "gateway.cli.root":
        raise KeyboardInterrupt
    return load(name, *more, **words)
builtins.__import__ = interrupted
gateway.cli.main()
"""


@ROOT_ONLY
def test_root_works_in_no_directory_of_another_user_and_is_told_how(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(0o700)
    os.chown(data, 4711, 4711)
    create = ["--name", "a", "--role", "clinician", "--network", "any", "--expires", "1d"]
    refused = CliRunner().invoke(app, ["--data", str(data), "keys", "create", *create])
    assert refused.exit_code == 2
    assert f"{data} belongs to 4711: run this as that user (`setpriv --reuid 4711" in refused.stderr
    assert not list(data.iterdir())


@ROOT_ONLY
def test_another_user_is_told_whose_a_closed_directory_is(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(0o700)
    os.chown(data, 4711, 4711)
    for closed in (data, data / "below"):
        assert _as_user(4712, tmp_path, closed) == "run this as"
    os.chown(data, 4712, 4712)
    assert _as_user(4712, tmp_path, data) == "None"


def test_a_witness_is_made_from_a_shell_that_stands_where_it_may_not_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(root, "advice_for", lambda data: f"{data} is closed")
    monkeypatch.delenv("INTRAMURAL_DATA", raising=False)
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(Path, "read_bytes", closed)
        elsewhere.setattr("gateway.settings.os.access", lambda *_: False)
        assert load().server.port == 8400
        with pytest.raises(SettingsError):
            load(tmp_path)
    words = ["witness", "init", str(tmp_path / "w"), "--name", "w.example/log"]
    assert CliRunner().invoke(app, words).exit_code == 0
    assert CliRunner().invoke(app, ["keys", "list"]).exit_code == 2


def _as_user(uid: int, folder: Path, data: Path) -> str:
    """Return how the advice goes on after its colon, given to a process of `uid`."""
    for each in (folder, *folder.parents):
        each.chmod(each.stat().st_mode | 0o011)
    said = subprocess.run(
        [sys.executable, "-c", _ASKED, str(data), str(uid)],
        capture_output=True,
        text=True,
        check=True,
    )
    return " ".join(said.stdout.partition(": ")[2].split()[:3]) or said.stdout.strip()


def test_the_help_of_a_command_is_there_beside_broken_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "intramural.toml").write_text("[server]\nprot = 1")
    words = ["--data", str(tmp_path), "keys", "create", "--help"]
    monkeypatch.setattr(sys, "argv", ["intramural", *words])
    assert CliRunner().invoke(app, words).exit_code == 0
    monkeypatch.setattr(sys, "argv", ["intramural", *words[:-2], "list"])
    assert CliRunner().invoke(app, [*words[:-2], "list"]).exit_code == 2


def test_who_interrupts_a_command_that_still_loads_gets_no_traceback() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", _INTERRUPTED],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (130, "")


def test_the_demo_says_what_it_lacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openai", None)  # As if it were not installed.
    told = CliRunner().invoke(app, ["--data", str(tmp_path), "demo"])
    assert told.exit_code == 1
    assert "requirements/demo.lock" in told.stderr


def test_bars_are_drawn_on_a_terminal_alone(capsys: pytest.CaptureFixture[str]) -> None:
    with stages() as progress:
        progress("verify model", 0.5)
        progress("verify model", 1.0)
    assert capsys.readouterr().err == ""


def test_memory_without_its_letter_is_asked_about() -> None:
    told = CliRunner().invoke(app, ["engine", "plan", "--memory", "8", "--cores", "4"])
    assert told.exit_code == 2
    assert "write 8G" in told.stderr
