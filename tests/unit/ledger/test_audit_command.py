"""`intramural audit`, as an auditor types it."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import apsw
import pytest
from click.testing import Result
from typer.testing import CliRunner

from gateway.cli.audit import app
from gateway.domain.exchange import CacheStatus
from gateway.domain.records import Access, Kind
from gateway.ledger import Place, Query, SqliteLedger, read_ledger
from gateway.settings import Settings, load
from tests.fakes.ledger import admin, intent, outcome, refusal

DAY = 86_400_000
NOON = 1_780_056_000_000  # 2026-05-29 12:00 UTC


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "intramural.toml").write_text('node = "ward-1"\n', encoding="utf-8")
    settings = load(tmp_path)
    with SqliteLedger.open_for_recording(
        Place(settings.ledger, settings.keys, settings.node)
    ) as ledger:
        for record in (
            admin("a0", time=NOON - DAY),
            intent("x1", time=NOON),
            outcome("x1", time=NOON + 1000),
            refusal("r1", time=NOON + DAY),
            intent("x2", time=NOON + DAY + 1),
        ):
            ledger.append_blocking(record)
    return settings


def run(settings: Settings, *arguments: str) -> Result:
    return CliRunner().invoke(app, arguments, obj=settings)


def lines(result: Result) -> list[dict]:  # type: ignore[type-arg]
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_list_shows_a_line_for_each_record_the_newest_last(settings: Settings) -> None:
    result = run(settings, "list")
    assert result.exit_code == 0
    rows = result.stdout.splitlines()
    assert len(rows) == 6
    assert "2026-05-29 12:00:00" in rows[2]
    assert "treatment, 3 findings" in rows[2]
    assert "policy_denied" in rows[4]
    assert "x2" in rows[5]


def test_a_reply_out_of_the_cache_is_shown_as_one(settings: Settings) -> None:
    with SqliteLedger.open_for_recording(
        Place(settings.ledger, settings.keys, settings.node)
    ) as ledger:
        ledger.append_blocking(replace(outcome("x2", time=NOON + DAY + 2), cache=CacheStatus.HIT))
    assert "completed, cache hit" in run(settings, "list").stdout.splitlines()[-1]
    assert "cache hit" not in "".join(run(settings, "list", "--exchange", "x1").stdout)
    assert lines(run(settings, "list", "--json", "--exchange", "x2"))[-1]["cache"] == "hit"
    shown = [line.split() for line in run(settings, "show", "x2").stdout.splitlines()]
    assert ["cache", "hit"] in shown
    assert run(settings, "verify").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "indices"),
    [
        ([], [0, 1, 2, 3, 4]),
        (["--limit", "2"], [3, 4]),
        (["--limit", "0"], [0, 1, 2, 3, 4]),
        (["--actor", "key-4f2a91c0"], [1, 2, 4]),
        (["--kind", "intent"], [1, 4]),
        (["--code", "policy_denied"], [3]),
        (["--exchange", "x1"], [1, 2]),
        (["--purpose", "HRESCH"], [3]),
        (["--since", "2026-05-30"], [3, 4]),
        (["--since", "2026-05-29T12:00:01"], [2, 3, 4]),
        (["--until", "2026-05-29T14:00:00+02:00"], [0]),
        (["--since", "1h", "--until", "2099-01-01"], []),
    ],
    ids=str,
)
def test_list_filters(settings: Settings, arguments: list[str], indices: list[int]) -> None:
    found = lines(run(settings, "list", "--json", *arguments))
    assert [line["index"] for line in found] == indices


def test_a_record_in_json_is_its_leaf(settings: Settings) -> None:
    first = lines(run(settings, "list", "--json", "--limit", "0"))[1]
    assert first["kind"] == "intent"
    assert first["findings"] == {"DATE_OF_BIRTH": 1, "PERSON": 2}


def test_list_says_when_there_is_nothing(settings: Settings) -> None:
    assert run(settings, "list", "--actor", "nobody").stdout == "no records\n"


@pytest.mark.parametrize("argument", [["--since", "yesterday"], ["--kind", "x"], ["--limit", "-1"]])
def test_a_filter_that_makes_no_sense_is_explained(settings: Settings, argument: list[str]) -> None:
    assert run(settings, "list", *argument).exit_code == 2


def test_show_has_both_records_of_an_exchange_and_their_proofs(settings: Settings) -> None:
    result = run(settings, "show", "x1")
    assert result.exit_code == 0
    assert "intent, record 1" in result.stdout
    assert "outcome, record 2" in result.stdout
    assert "DATE_OF_BIRTH 1, PERSON 2" in result.stdout
    assert result.stdout.count("proved to be in the log of 6 records") == 2


def test_show_says_that_an_exchange_is_open(settings: Settings) -> None:
    assert "no outcome yet" in run(settings, "show", "4").stdout


def test_show_in_json_carries_the_proof(settings: Settings) -> None:
    (line,) = lines(run(settings, "show", "3", "--json"))
    assert line["exchange"] == "r1"
    assert line["proof"]["size"] == 6
    assert all(len(node) == 64 for node in line["proof"]["path"])


@pytest.mark.parametrize("what", ["nothing", "99", "9" * 40])
def test_show_of_what_is_not_there_fails(settings: Settings, what: str) -> None:
    result = run(settings, "show", what)
    assert result.exit_code == 1
    assert "no such record" in result.stderr


def test_verify_prints_what_held(settings: Settings) -> None:
    result = run(settings, "verify")
    assert result.exit_code == 0
    assert "The log of intramural/ward-1 is whole." in result.stdout
    (report,) = lines(run(settings, "verify", "--json"))
    assert report["verified"] is True
    found = {kind: count for kind, count in report["counts"].items() if count}
    assert found == {"intent": 2, "outcome": 1, "refusal": 1, "admin": 1}
    assert (report["size"], report["open"], report["lost"]) == (5, 1, 0)


def test_verify_says_the_same_with_any_number_of_jobs(settings: Settings) -> None:
    (alone,) = lines(run(settings, "verify", "--json", "--jobs", "1"))
    assert alone["verified"] is True
    assert lines(run(settings, "verify", "--json", "--jobs", "2")) == [alone]
    assert run(settings, "verify", "--jobs", "0").exit_code == 2


def test_verify_exits_1_and_names_the_first_thing_wrong(settings: Settings) -> None:
    db = apsw.Connection(str(settings.ledger / "ledger.db"))
    db.execute("DELETE FROM entries WHERE idx = 2")
    db.close()
    result = run(settings, "verify")
    assert result.exit_code == 1
    assert "record 2: it is missing" in result.stderr
    failed = run(settings, "verify", "--json")
    assert failed.exit_code == 1
    assert json.loads(failed.stdout) == {
        "verified": False,
        "error": "record 2: it is missing",
        "index": 2,
    }


def test_a_saved_checkpoint_finds_a_log_that_was_put_back(
    settings: Settings, tmp_path: Path
) -> None:
    old = tmp_path / "old"
    shutil.copytree(settings.ledger, old)
    with SqliteLedger.open_for_recording(
        Place(settings.ledger, settings.keys, settings.node)
    ) as ledger:
        ledger.append_blocking(outcome("x2"))
    saved = tmp_path / "saved"
    saved.write_text(run(settings, "checkpoint").stdout, encoding="utf-8")
    assert run(settings, "verify", "--from", str(saved)).exit_code == 0
    assert run(settings, "verify", "--dir", str(old)).exit_code == 0
    result = run(settings, "verify", "--dir", str(old), "--from", str(saved))
    assert result.exit_code == 1
    assert "removed from its end" in result.stderr


def test_verify_takes_a_key_from_elsewhere(settings: Settings, tmp_path: Path) -> None:
    vkey = tmp_path / "vkey"
    shutil.copy(settings.ledger / "ledger.vkey", vkey)
    assert run(settings, "verify", "--vkey", str(vkey)).exit_code == 0
    vkey.write_text("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\n")
    assert run(settings, "verify", "--vkey", str(vkey)).exit_code == 1


@pytest.mark.parametrize("command", [["list"], ["show", "1"], ["verify"], ["checkpoint"]])
def test_without_a_log_each_command_says_so(tmp_path: Path, command: list[str]) -> None:
    result = run(load(tmp_path), *command)
    assert result.exit_code == 1
    assert result.stderr.startswith("intramural: ")
    assert "Traceback" not in result.output


def test_list_follows_the_log_until_it_is_interrupted(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(settings.ledger, settings.keys, settings.node)
    naps = iter(["x3", "x4"])

    def nap(_: float) -> None:
        name = next(naps, None)
        if name is None:
            raise KeyboardInterrupt
        with SqliteLedger.open_for_recording(place) as ledger:
            ledger.append_blocking(intent(name))
            ledger.append_blocking(admin(name))

    monkeypatch.setattr("gateway.cli.audit.time.sleep", nap)
    result = run(settings, "list", "--follow", "--json", "--kind", "intent", "--limit", "1")
    assert result.exit_code == 130
    found = [json.loads(line)["exchange"] for line in result.stdout.splitlines()]
    assert found == ["x2", "x3", "x4"]


def looks(settings: Settings) -> list[Access]:
    with read_ledger(settings.ledger) as reader:
        found = [logged.record for logged in reader.search(Query(kind=Kind.ACCESS))]
    return [record for record in found if isinstance(record, Access)]


def test_who_reads_the_log_is_recorded_in_it(settings: Settings) -> None:
    for arguments in (["list"], ["list", "--json"], ["show", "x1"], ["show", "2"]):
        assert run(settings, *arguments).exit_code == 0
    assert run(settings, "show", "Margaret Thornton").exit_code == 1
    assert [look.target for look in looks(settings)] == ["", "", "x1", "2", ""]
    assert {look.actor.partition(":")[0] for look in looks(settings)} == {"os"}
    assert run(settings, "verify").exit_code == 0


def test_a_log_that_cannot_be_written_to_is_not_read(settings: Settings) -> None:
    (settings.keys / "ledger-ed25519.key").rename(settings.keys / "elsewhere.key")
    result = run(settings, "list")
    assert result.exit_code == 1
    assert "itself recorded" in result.output
    assert "treatment" not in result.output


def test_a_copy_is_read_without_a_record(settings: Settings, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(settings.ledger, copy)
    assert run(settings, "list", "--dir", str(copy)).exit_code == 0
    assert run(settings, "list", "--dir", str(settings.ledger)).exit_code == 0
    assert len(looks(settings)) == 1
