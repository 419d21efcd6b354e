"""`intramural policy simulate` and `necessary`, over a real ledger and over files."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from gateway.cli.policy import app
from gateway.domain.records import Access, AccessAct
from gateway.installation import place_of
from gateway.ledger.ledger import SqliteLedger
from gateway.ledger.query import Query, read_ledger
from gateway.policy.release import load, read
from gateway.policy.shipped import install_default
from gateway.policy.standings import DATABASE, Standings
from gateway.settings import Settings
from gateway.settings import load as load_settings
from tests.fakes.traffic import changed, standings, traffic

COUNT = 250


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation with some traffic in its ledger, and a candidate beside it."""
    root = tmp_path_factory.mktemp("traffic") / "data"
    settings = load_settings(root)
    install_default(settings.policies)
    with SqliteLedger.open_for_recording(place_of(settings)) as ledger:
        for record in traffic(load(settings.policies), 1, COUNT):
            ledger.append_blocking(record)
    table = Standings(settings.state / DATABASE)
    for each in standings().values():
        table.note(each)
    table.close()
    for name, data in changed(dict(read(settings.policies))).items():
        path = root / "candidate" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root


@pytest.fixture
def settings(installed: Path, tmp_path: Path) -> Settings:
    """A copy of it, of this test's own."""
    shutil.copytree(installed, tmp_path / "data")
    return load_settings(tmp_path / "data")


def run(settings: Settings, *arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "200", "TERM": "dumb"}).invoke(app, arguments, obj=settings)


def simulated(settings: Settings, *more: str) -> dict[str, object]:
    result = run(settings, "simulate", str(settings.data / "candidate"), "--json", *more)
    assert result.exit_code == 0, result.stderr
    found: dict[str, object] = json.loads(result.stdout)
    return found


def test_a_candidate_is_simulated_on_the_ledger(settings: Settings) -> None:
    found = simulated(settings)
    assert found["against"] == load(settings.policies).digest
    assert found["loses"]
    assert found["gains"]
    assert found["unknown"] == []
    assert found["otherwise"] == []


def test_who_looked_is_recorded_before_anything_is_read(settings: Settings) -> None:
    simulated(settings)
    run(settings, "necessary")
    with read_ledger(settings.ledger) as reader:
        looks = [each.record for each in reader.search(Query()) if isinstance(each.record, Access)]
    assert [(each.access, each.target) for each in looks] == [
        (AccessAct.REPORT, "simulation"),
        (AccessAct.REPORT, "necessary"),
    ]


def test_a_file_of_records_says_what_the_ledger_says(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "traffic.jsonl"
    with read_ledger(settings.ledger) as reader, file.open("w") as lines:
        for each in reader.walk():
            leaf = json.loads(each.leaf)
            lines.write(json.dumps({"index": each.index, **leaf}) + "\n")
    assert simulated(settings, "--traffic", str(file)) == simulated(settings) | {
        "records": simulated(settings, "--traffic", str(file))["records"]
    }


def test_a_line_that_is_no_record_is_told_with_its_number(
    settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "traffic.jsonl"
    file.write_text('\n{"index": 1, "secret-name": "Margaret Thornton"}\n')
    result = run(settings, "simulate", str(settings.data / "candidate"), "--traffic", str(file))
    assert result.exit_code == 1
    assert f"{file}:2: not a record" in result.stderr
    assert "Thornton" not in result.output


def test_a_span_of_time_is_all_that_is_read(settings: Settings) -> None:
    everything = simulated(settings)["decisions"]
    # The traffic begins on 2026-05-28 at 20:26:40 UTC, an exchange a second.
    some = simulated(settings, "--from", "2026-05-28T20:27:00", "--to", "2026-05-28T20:27:20")
    assert 0 < some["decisions"] < everything  # type: ignore[operator]
    assert simulated(settings, "--to", "2020-01-01")["decisions"] == 0
    assert run(settings, "simulate", str(settings.policies), "--from", "soon").exit_code == 2


def test_it_is_told_on_a_terminal_and_as_csv(settings: Settings) -> None:
    candidate = str(settings.data / "candidate")
    shown = run(settings, "simulate", candidate).stdout
    for words in ("Would lose access", "Would gain access", "Would be treated otherwise"):
        assert words in shown
    rows = list(csv.DictReader(io.StringIO(run(settings, "simulate", candidate, "--csv").stdout)))
    assert {row["section"] for row in rows} >= {"loses", "gains", "operators"}
    assert all(row["records"].isdecimal() for row in rows)


def test_a_release_that_does_not_load_is_told_with_file_and_line(settings: Settings) -> None:
    path = settings.data / "candidate" / "purposes.yaml"
    path.write_text("purposes: nothing\n")
    result = run(settings, "simulate", str(settings.data / "candidate"))
    assert result.exit_code == 1
    assert "purposes.yaml:1:" in result.stderr


def test_what_is_not_necessary_is_reported_in_every_form(
    settings: Settings, tmp_path: Path
) -> None:
    said = json.loads(run(settings, "necessary", "--json").stdout)
    assert said["lines"][0]["need"] == "not needed"
    rows = list(csv.DictReader(io.StringIO(run(settings, "necessary", "--csv").stdout)))
    assert len(rows) == len(said["lines"])
    assert "which does not need it; operator today:" in run(settings, "necessary").stdout
    page = tmp_path / "necessary.html"
    written = run(settings, "necessary", "--html", str(page))
    assert written.exit_code == 0
    assert f"Wrote {page}" in written.stderr
    assert "US_SSN" in page.read_text()
    assert "default-src 'none'" in page.read_text()


def test_a_page_is_written_over_another_only_by_who_says_so_and_is_told_before_it_is_made(
    settings: Settings, tmp_path: Path
) -> None:
    page = tmp_path / "necessary.html"
    page.write_text("somebody else's")
    looks = reports(settings)
    refused = run(settings, "necessary", "--html", str(page))
    assert refused.exit_code == 1
    assert "--force" in refused.stderr
    assert page.read_text() == "somebody else's"
    assert reports(settings) == looks
    assert run(settings, "necessary", "--html", str(page), "--force").exit_code == 0
    assert "US_SSN" in page.read_text()


def test_an_entity_type_is_whole_in_eighty_columns(settings: Settings) -> None:
    runner = CliRunner(env={"COLUMNS": "80", "TERM": "dumb"})
    candidate = str(settings.data / "candidate")
    result = runner.invoke(app, ["simulate", candidate], obj=settings)
    assert "Would be treated otherwise" in result.stdout
    told = json.loads(run(settings, "simulate", candidate, "--json").stdout)
    types = {row["entity"] for row in told["operators"]}
    assert max(map(len, types)) > 10
    assert types <= set(result.stdout.split())
    assert max(map(len, result.stdout.splitlines())) <= 80


def reports(settings: Settings) -> int:
    with read_ledger(settings.ledger) as reader:
        found = [logged.record for logged in reader.search(Query(limit=None))]
    return sum(isinstance(each, Access) for each in found)


def test_an_empty_installation_is_told_that_there_is_no_log(tmp_path: Path) -> None:
    settings = load_settings(tmp_path)
    install_default(settings.policies)
    result = run(settings, "necessary")
    assert result.exit_code == 1
    assert "there is no log" in result.stderr
