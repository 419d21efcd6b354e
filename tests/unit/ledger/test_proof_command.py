"""`intramural audit prove` and `check-proof`: one record, proved to whoever has only the key."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from gateway.cli.audit import app
from gateway.ledger import Place, SqliteLedger, VerificationError
from gateway.ledger.keys import SigningKey
from gateway.ledger.proofs import check_proof
from gateway.settings import Settings, load
from tests.fakes.ledger import admin, intent, outcome


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "intramural.toml").write_text('node = "ward-1"\n', encoding="utf-8")
    settings = load(tmp_path)
    place = Place(settings.ledger, settings.keys, settings.node)
    with SqliteLedger.open_for_serving(place, now_ms=lambda: 1) as ledger:
        for n in range(300):
            ledger.append_blocking(admin(f"a{n}"))
        ledger.append_blocking(intent("x1"))
        ledger.append_blocking(outcome("x1"))
    return settings


def run(settings: Settings, *arguments: str | Path, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(app, [str(each) for each in arguments], obj=settings, input=stdin)


def proved(settings: Settings, what: str, folder: Path) -> tuple[Path, Path, Path]:
    out, leaf = folder / "one.tlog-proof", folder / "one.json"
    result = run(settings, "prove", what, "--out", out, "--leaf", leaf)
    assert result.exit_code == 0, result.output
    return out, leaf, settings.ledger / "ledger.vkey"


@pytest.mark.parametrize("what", ["0", "255", "301", "a17"])
def test_a_record_is_proved_and_the_proof_is_checked_without_the_log(
    settings: Settings, tmp_path: Path, what: str
) -> None:
    out, leaf, vkey = proved(settings, what, tmp_path)
    lines = out.read_text().splitlines()
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    assert lines[1] == f"index {what.removeprefix('a')}"
    (settings.ledger / "ledger.db").unlink()
    result = run(settings, "check-proof", out, "--vkey", vkey, "--leaf", leaf)
    assert result.exit_code == 0, result.output
    assert "of the log of 303 records that intramural/ward-1 signed" in result.stdout
    result = run(
        settings,
        "check-proof",
        out,
        "--vkey",
        vkey,
        "--leaf",
        "-",
        "--json",
        stdin=leaf.read_bytes(),
    )
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["size"] == 303


def test_an_exchange_with_two_records_asks_which(settings: Settings, tmp_path: Path) -> None:
    result = run(settings, "prove", "x1", "--out", tmp_path / "p")
    assert result.exit_code == 2
    assert "has the records 300 and 301: name one of them" in result.stderr


def test_a_record_that_is_not_there_is_not_proved(settings: Settings, tmp_path: Path) -> None:
    assert run(settings, "prove", "9999", "--out", tmp_path / "p").exit_code == 1
    assert not (tmp_path / "p").exists()


def test_a_place_that_cannot_be_written_to_is_one_line(settings: Settings, tmp_path: Path) -> None:
    result = run(settings, "prove", "1", "--out", tmp_path / "no" / "p")
    assert result.exit_code == 1
    assert "cannot be written" in result.stderr


def test_any_changed_byte_of_a_proof_or_its_leaf_is_refused(
    settings: Settings, tmp_path: Path
) -> None:
    out, leaf, _ = proved(settings, "300", tmp_path)
    key = SqliteLedger.open_for_recording(Place(settings.ledger, settings.keys, settings.node))
    key.close()
    raw, content = out.read_bytes(), leaf.read_bytes()
    assert check_proof(raw, content, key.vkey).index == 300
    for at in range(len(raw)):
        changed = bytearray(raw)
        changed[at] ^= 1
        with pytest.raises(VerificationError):
            check_proof(bytes(changed), content, key.vkey)
    for at in range(len(content)):
        other = bytearray(content)
        other[at] ^= 1
        with pytest.raises(VerificationError):
            check_proof(raw, bytes(other), key.vkey)
    with pytest.raises(VerificationError, match="no signature by"):
        check_proof(raw, content, SigningKey("intramural/ward-1", bytes(32)).vkey)


def test_a_proof_of_another_record_is_refused_by_the_command(
    settings: Settings, tmp_path: Path
) -> None:
    out, _, vkey = proved(settings, "3", tmp_path)
    result = run(settings, "check-proof", out, "--vkey", vkey, "--leaf", "-", stdin=b"{}")
    assert result.exit_code == 1
    assert "leads to another root" in result.stderr
    result = run(settings, "check-proof", out, "--vkey", vkey, "--leaf", "-", "--json", stdin=b"{}")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["verified"] is False


def test_verify_compares_the_tiles_unless_told_not_to(settings: Settings) -> None:
    result = run(settings, "verify", "--json")
    assert json.loads(result.stdout)["tiles"] is True
    (settings.ledger / "tile/0/000").write_bytes(bytes(8191) + b"x")
    result = run(settings, "verify")
    assert result.exit_code == 1
    assert "tile/0/000 is not what the log says" in result.stderr
    result = run(settings, "verify", "--no-tiles", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["tiles"] is False
