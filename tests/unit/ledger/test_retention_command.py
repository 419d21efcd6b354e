"""Holds and quarters as their users run them; who may, and what is on record."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from gateway.cli import opening
from gateway.cli.audit import app
from gateway.domain.duties import APPROVER, AUDITOR
from gateway.domain.entities import PERSON
from gateway.domain.epochs import epoch_span
from gateway.domain.records import Access, AccessAct, Admin, AdminAct, Record
from gateway.ledger.query import Query, read_ledger
from gateway.settings import Settings, load
from tests.fakes.detector import QuickDetector
from tests.fakes.every_record import write_log
from tests.fakes.ledger import admin, intent, outcome
from tests.fakes.people import key_file

EXCHANGE = "016fa3c4-7bf3-7105-bfa9-51e21af9fa71"
REASON = "the district court asked, 4 C 17/26"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "intramural.toml").write_text('node = "ward-1"\n', encoding="utf-8")
    start = epoch_span("2019Q1")[0]
    records: list[Record] = [admin(f"a{n}", time=start) for n in range(600)]
    write_log(folder, iter([*records, intent(EXCHANGE), outcome(EXCHANGE)]))
    return load(folder)


@pytest.fixture
def run(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Result]:
    monkeypatch.setattr(
        opening, "open_local_detector", lambda _context: QuickDetector({"Thornton": PERSON})
    )
    keys = {role: key_file(settings, tmp_path, role) for role in (AUDITOR, APPROVER)}

    def run(role: str | None, *arguments: str, stdin: str | None = None) -> Result:
        as_whom = () if role is None else ("--as", str(keys[role]))
        return CliRunner().invoke(app, [*arguments, *as_whom], obj=settings, input=stdin)

    return run


def records(settings: Settings) -> list[Record]:
    with read_ledger(settings.ledger) as reader:
        return [each.record for each in reader.search(Query(limit=None))]


def test_a_reason_that_names_somebody_holds_nothing_and_is_nowhere(
    settings: Settings, run: Callable[..., Result]
) -> None:
    refused = run(AUDITOR, "hold", "--epoch", "2026Q4", "--reason", "Thornton v. hospital")
    assert refused.exit_code == 1
    assert "names nobody" in refused.stderr
    assert "Thornton" not in refused.output
    assert admins(settings) == []
    assert "nothing is held" in run(AUDITOR, "holds").stdout


def admins(settings: Settings) -> list[Admin]:
    found = records(settings)
    return [each for each in found if isinstance(each, Admin) and each.actor.startswith("key:")]


def test_a_hold_is_placed_listed_and_lifted_and_its_reason_is_in_no_record(
    settings: Settings, run: Callable[..., Result]
) -> None:
    placed = run(AUDITOR, "hold", "--record", "600", "--reason", "-", stdin=f"{REASON}\n")
    assert placed.exit_code == 0, placed.output
    identity = placed.stdout.split()[0]
    assert placed.stdout == f"{identity} holds {EXCHANGE}\n"
    listed = run(AUDITOR, "holds")
    assert REASON in listed.stdout
    assert "in force" in listed.stdout
    looked = records(settings)[-1]
    assert isinstance(looked, Access)
    assert (looked.access, looked.target) == (AccessAct.SEARCH, "holds")
    assert run(AUDITOR, "lift-hold", identity).exit_code == 0
    assert json.loads(run(AUDITOR, "holds", "--json").stdout)["lifted"]
    acts = admins(settings)
    assert [(each.act, each.target) for each in acts] == [
        (AdminAct.HOLD_PLACED, EXCHANGE),
        (AdminAct.HOLD_LIFTED, EXCHANGE),
    ]
    assert re.fullmatch(r"[0-9a-f]{64}", acts[0].sealed or "")
    for path in settings.ledger.rglob("*"):
        if path.is_file():
            assert b"Thornton" not in path.read_bytes(), path


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (("hold", "--reason", "x"), 2, "one of both"),
        (("hold", "--reason", "x", "--epoch", "2026"), 1, "a quarter such as 2026Q4"),
        (("hold", "--reason", " ", "--epoch", "2026Q4"), 1, "Say why"),
        (("hold", "--reason", "x", "--record", "9999"), 1, "no such record"),
        (("lift-hold", "nothing"), 1, "No hold of this id"),
    ],
)
def test_a_hold_on_nothing_is_refused_and_says_what_to_write(
    run: Callable[..., Result], arguments: tuple[str, ...], status: int, says: str
) -> None:
    result = run(AUDITOR, *arguments)
    assert result.exit_code == status
    assert says in result.stderr


def test_only_who_carries_the_duty_holds_and_drops(
    settings: Settings, run: Callable[..., Result]
) -> None:
    assert run(APPROVER, "hold", "--reason", "x", "--epoch", "2026Q4").exit_code == 1
    assert run(AUDITOR, "drop-quarters", "--yes").exit_code == 1
    assert run(None, "drop-quarters", "--yes").exit_code == 1
    assert {each.act for each in admins(settings)} == {AdminAct.DUTY_REFUSED}


def test_quarters_are_shown_and_dropped_only_when_somebody_means_it(
    settings: Settings, run: Callable[..., Result]
) -> None:
    shown = run(None, "retention")
    assert shown.exit_code == 0, shown.output
    assert "2019Q1  600 records from number 0 on  its time is over" in shown.stdout
    assert "would drop all before number 512" in shown.stdout
    assert json.loads(run(None, "retention", "--json").stdout)["boundary"] == 512
    asked = run(None, "drop-quarters")
    assert "512 records. `--yes` drops them" in asked.stdout
    with read_ledger(settings.ledger) as reader:
        assert reader.first == 0
    dropped = run(APPROVER, "drop-quarters", "--yes")
    assert dropped.exit_code == 0, dropped.output
    assert dropped.stdout == "512 records were dropped\n"
    with read_ledger(settings.ledger) as reader:
        assert reader.first == 512
    assert admins(settings)[-1].target == "2019Q1:512"
    verified = run(None, "verify")
    assert verified.exit_code == 0, verified.output
    assert "512" in verified.stdout
    assert run(None, "drop-quarters").stdout == "nothing may be dropped now\n"


def test_a_quarter_is_sealed_off_by_command(settings: Settings, run: Callable[..., Result]) -> None:
    sealed = run(None, "seal-quarter", "2019Q1")
    assert sealed.exit_code == 0, sealed.output
    path = settings.ledger / "shards" / "2019Q1.ndjson"
    verified = run(None, "verify-export", str(path))
    assert "600 records, number 0 to 599," in verified.stdout
    assert "sealed off" in run(None, "retention").stdout


def test_a_table_of_holds_that_was_lost_lets_nothing_go(
    settings: Settings, run: Callable[..., Result]
) -> None:
    assert run(AUDITOR, "hold", "--epoch", "2019Q1", "--reason", "case 1").exit_code == 0
    for path in settings.state.glob("holds.db*"):
        path.unlink()
    result = run(APPROVER, "drop-quarters", "--yes")
    assert result.exit_code == 1
    assert "restore that file from its backup" in result.stderr
    with read_ledger(settings.ledger) as reader:
        assert reader.first == 0
