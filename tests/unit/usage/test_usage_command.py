"""`intramural usage` as people read it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.cli.root import app
from gateway.clock import SystemClock
from gateway.installation import place_of
from gateway.ledger.ledger import SqliteLedger
from gateway.settings import load
from tests.fakes.ledger import intent, outcome


def test_the_table_fits_eighty_columns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(tmp_path)
    now = SystemClock().now_ms()

    async def used(ledger: SqliteLedger) -> None:
        for number, department in enumerate(("cardiology-outpatients-north-wing", "icu")):
            name = f"e{number}"
            await ledger.append(replace(intent(name, time=now), department=department))
            done = replace(outcome(name, time=now), prompt_tokens=987_654_321)
            await ledger.append(done)

    with SqliteLedger.open_for_recording(place_of(settings)) as ledger:
        asyncio.run(used(ledger))
    monkeypatch.setenv("COLUMNS", "80")
    shown = CliRunner(env={"TERM": "dumb"}).invoke(app, ["--data", str(tmp_path), "usage"])
    assert shown.exit_code == 0, shown.output
    assert max(map(len, shown.stdout.splitlines())) <= 80
    for word in ("987654321", "completion", "icu", "total"):
        assert word in shown.stdout
