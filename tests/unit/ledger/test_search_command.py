"""`intramural audit search`, `review`, `alerts` and `index`, as an auditor types them."""

from __future__ import annotations

import csv
import io
import json
import time
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from gateway.cli.audit import app
from gateway.domain.records import Access, Admin, Record, Review
from gateway.domain.subjects import Subjects, named, patient
from gateway.identity.keyring import open_keyring
from gateway.identity.keys import Grant
from gateway.identity.networks import parse_networks
from gateway.installation import place_of, subject_key, vault_of
from gateway.ledger import SqliteLedger, read_ledger
from gateway.ledger.sealing import keystore
from gateway.settings import Settings, load
from tests.fakes.ledger import admin, alert, intent, outcome, refusal
from tests.fakes.logs import append_all, some_records

NUMBER = "MRN 48-21 0377"
NAME = "Margaret Thornton"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "intramural.toml").write_text('node = "ward-1"\n', encoding="utf-8")
    settings = load(tmp_path)
    append_all(
        place_of(settings),
        [
            admin("a0"),
            intent("x1", time=2000),
            outcome("x1", time=3000),
            refusal("r1", time=4000),
            intent("x2", time=5000),
            alert("l1", record=3),
        ],
    )
    key = subject_key(settings.keys)
    vault_of(settings)
    vault = keystore.connect(settings.state / keystore.DATABASE)
    whom = Subjects((patient(key, "mrn48210377"),), (named(key, "Thornton, Margaret"),))
    with vault:
        keystore.index(vault, keystore.numbered(vault, "x1"), whom)
        keystore.index(vault, keystore.numbered(vault, "x2"), Subjects(whom.patients))
    vault.close()
    return settings


def key_file(settings: Settings, role: str) -> Path:
    keyring = open_keyring(settings.state, settings.keys)
    now = int(time.time() * 1000)
    grant = Grant(
        name=role,
        roles=frozenset({role}),
        groups=frozenset(),
        networks=parse_networks(["127.0.0.0/8"]),
        purpose=None,
        expires=now + 10**7,
    )
    token = keyring.create(grant, now, lambda _act, _target: None)
    keyring.store.close()
    path = settings.data / f"{role}.key"
    path.touch(mode=0o600)
    path.write_text(token.reveal())
    return path


@pytest.fixture
def auditor(settings: Settings) -> tuple[str, str]:
    return ("--as", str(key_file(settings, "auditor")))


def run(settings: Settings, *arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(app, arguments, obj=settings, input=stdin)


def found(result: Result) -> list[int]:
    assert result.exit_code == 0, result.output
    return [json.loads(line)["index"] for line in result.stdout.splitlines()]


def records(settings: Settings) -> list[Record]:
    with read_ledger(settings.ledger) as reader:
        return [reader.at(index).record for index in range(reader.checkpoint.size)]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("words", "indices"),
    [
        ([], [5, 4, 3, 2, 1, 0]),
        (["--limit", "2"], [5, 4]),
        (["--limit", "0", "kind=refusal"], [3]),
        (["actor=key-4f2a91c0", "kind=outcome", "kind=intent"], [4, 2, 1]),
        (["review=open"], [5]),
        (["since=1970-01-01T00:00:04", "until=1970-01-01T00:00:05"], [3]),
    ],
)
def test_search_finds_the_newest_first_and_is_recorded(
    settings: Settings, words: list[str], indices: list[int]
) -> None:
    assert found(run(settings, "search", "--json", *words)) == indices
    last = records(settings)[-1]
    assert isinstance(last, Access)
    assert (last.access, last.target, last.client) == ("search", "", "command-line")


def test_search_prints_a_table_for_people(settings: Settings) -> None:
    rows = run(settings, "search", "kind=intent").stdout.splitlines()
    assert rows[0].split()[:3] == ["INDEX", "TIME", "KIND"]
    assert [row.split()[0] for row in rows[1:]] == ["4", "1"]
    assert run(settings, "search", "actor=nobody").stdout == "no records\n"


def test_csv_has_a_row_for_each_record_and_no_formula(settings: Settings) -> None:
    with SqliteLedger.open_for_recording(place_of(settings)) as ledger:
        odd = admin("a1")
        ledger.append_blocking(
            Admin(odd.exchange, odd.time, '=HYPERLINK("x")', odd.act, odd.target)
        )
    result = run(settings, "search", "--csv")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [row["index"] for row in rows] == ["6", "5", "4", "3", "2", "1", "0"]
    assert rows[0]["actor"] == '\'=HYPERLINK("x")'
    assert (rows[1]["record"], rows[1]["review"]) == ("3", "open")
    assert (rows[2]["what"], rows[2]["purpose"]) == ("chat", "TREAT")
    assert rows[2]["findings"] == "DATE_OF_BIRTH:1 PERSON:2"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["kind"], "word 1: write field=value"),
        (["kind=intent", "actro=x"], "word 2: there is no such field; did you mean actor?"),
        (["purpose=treat"], "word 1: purpose: not one that there is"),
        (["--json", "--csv"], "not both"),
        (["--patient", "--name"], "one of both"),
        (["--patient", "--dir", "/nowhere"], "a copy of a log does not say"),
    ],
)
def test_a_question_that_makes_no_sense_is_explained(
    settings: Settings, arguments: list[str], says: str
) -> None:
    result = run(settings, "search", *arguments)
    assert result.exit_code == 2
    assert says in result.output
    assert len(records(settings)) == 6


def test_a_word_that_makes_no_sense_is_not_repeated(settings: Settings) -> None:
    result = run(settings, "search", NAME)
    assert result.exit_code == 2
    assert "Thornton" not in result.output


def test_a_name_of_one_word_is_no_question_that_nothing_answers(
    settings: Settings, auditor: tuple[str, str]
) -> None:
    result = run(settings, "search", "--name", *auditor, stdin=f"{NAME.rsplit(maxsplit=1)[-1]}\n")
    assert result.exit_code == 2
    assert "give the whole name" in result.stderr
    assert NAME.rsplit(maxsplit=1)[-1] not in result.output


def test_a_patient_is_read_from_standard_input_in_a_person_s_name(
    settings: Settings, auditor: tuple[str, str]
) -> None:
    by_number = run(settings, "search", "--patient", "--json", *auditor, stdin=f"{NUMBER}\n")
    assert found(by_number) == [4, 2, 1]
    by_name = run(settings, "search", "--name", "--json", *auditor, stdin=f"{NAME}\n")
    assert found(by_name) == [2, 1]
    both = run(
        settings, "search", "--patient", "kind=outcome", "--json", *auditor, stdin=f"{NUMBER}\n"
    )
    assert found(both) == [2]
    looks = [record for record in records(settings) if isinstance(record, Access)]
    assert [look.target for look in looks] == ["patient"] * 3
    assert all(look.actor.startswith("key:") for look in looks)
    for path in settings.data.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert b"Thornton" not in content
            assert b"48210377" not in content


@pytest.mark.parametrize("stdin", ["", "\n", "x" * 200 + "\n"])
def test_nobody_is_not_asked_for(settings: Settings, auditor: tuple[str, str], stdin: str) -> None:
    result = run(settings, "search", "--patient", *auditor, stdin=stdin)
    assert result.exit_code == 2
    assert "1 to 128 characters" in result.output


def test_a_patient_is_not_searched_without_a_person_or_by_an_operator(settings: Settings) -> None:
    assert run(settings, "search", "--patient", stdin=f"{NUMBER}\n").exit_code == 1
    operator = ("--as", str(key_file(settings, "operator")))
    result = run(settings, "search", "--patient", *operator, stdin=f"{NUMBER}\n")
    assert result.exit_code == 1
    assert "auditor" in result.output
    last = records(settings)[-1]
    assert isinstance(last, Admin)
    assert (last.act, last.target) == ("duty_refused", "search_patient")


def test_a_review_is_said_shown_and_listed(settings: Settings, auditor: tuple[str, str]) -> None:
    assert found(run(settings, "alerts", "--open", "--json")) == [5]
    said = run(
        settings,
        *("review", "5", "--state", "explained", "--comment", "-", *auditor),
        stdin="A night on call.\nAsked the ward.\n",
    )
    assert said.exit_code == 0, said.output
    assert "record 5 is explained" in said.stdout
    assert isinstance(records(settings)[-1], Review)
    history = run(settings, "review", "5", *auditor)
    assert "explained" in history.stdout
    assert "    Asked the ward." in history.stdout
    assert found(run(settings, "alerts", "--open", "--json")) == []
    assert found(run(settings, "alerts", "--json")) == [5]
    assert "no records" in run(settings, "alerts", "--open").stdout
    assert run(settings, "review", "4", *auditor).stdout == "nobody said anything about it\n"


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["5", "--comment", "Margaret"], 2, "standard input"),
        (["5", "--state", "explained"], 1, "Say in a comment why"),
        (["5", "--state", "open"], 1, "open already"),
        (["99", "--state", "open"], 1, "no such record"),
        (["99"], 1, "no such record"),
        (["5", "--state", "closed"], 2, "closed"),
    ],
)
def test_a_review_that_makes_no_sense_is_refused(
    settings: Settings, auditor: tuple[str, str], arguments: list[str], status: int, says: str
) -> None:
    result = run(settings, "review", *arguments, *auditor)
    assert result.exit_code == status
    assert says in result.output
    assert not [record for record in records(settings) if isinstance(record, Review)]


def test_a_review_needs_an_auditor(settings: Settings) -> None:
    operator = ("--as", str(key_file(settings, "operator")))
    assert run(settings, "review", "5", "--state", "open", *operator).exit_code == 1
    assert run(settings, "review", "5").exit_code == 1


def test_the_index_is_shown_made_checked_and_mended(settings: Settings) -> None:
    append_all(place_of(settings), some_records(4, 2100))
    assert "0 of 2,106 records" in run(settings, "index").stdout
    assert run(settings, "index", "--rebuild").stdout.startswith("2,048 of 2,106")
    assert "says what the log says" in run(settings, "index", "--check").stdout
    import apsw

    with apsw.Connection(str(settings.state / "search.db")) as db:
        db.execute("DELETE FROM posting WHERE term = 1")
    broken = run(settings, "index", "--check", "--json")
    assert broken.exit_code == 1
    assert json.loads(broken.stdout)["differs"] == 0
    assert run(settings, "index", "--rebuild").exit_code == 0
    assert run(settings, "index", "--check").exit_code == 0
    assert run(settings, "index", "--check", "--rebuild").exit_code == 2


def test_without_a_log_each_command_says_so(tmp_path: Path) -> None:
    settings = load(tmp_path)
    for command in ("search", "alerts", "index"):
        result = run(settings, command)
        assert result.exit_code == 1
        assert "there is no log in" in result.output
        assert not settings.ledger.exists()
