"""`intramural audit export` and `verify-export`, as their users run them."""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from gateway.cli.audit import app
from gateway.domain.duties import AUDITOR, OPERATOR
from gateway.domain.records import Access, AccessAct, Admin, AdminAct
from gateway.domain.subjects import Subjects, patient
from gateway.ledger.errors import LedgerError, VerificationError
from gateway.ledger.exports.files import write_lines
from gateway.ledger.exports.forms import Form
from gateway.ledger.exports.making import Wanted, lines_of
from gateway.ledger.exports.proofs import verify_lines
from gateway.ledger.publickeys import read_vkey
from gateway.ledger.query import Query, read_ledger
from gateway.pages.cells import harmless
from gateway.settings import Settings, load
from tests.fakes.every_record import START, every_kind, write_log
from tests.fakes.ledger import intent, outcome
from tests.fakes.people import key_file
from tests.fakes.vault import MemoryVault

KEY = b"k" * 32
NUMBER = "48210377"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "intramural.toml").write_text('node = "ward-1"\n', encoding="utf-8")
    write_log(folder, every_kind())
    return load(folder)


def run(settings: Settings, *arguments: str | Path, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(app, [str(each) for each in arguments], obj=settings, input=stdin)


@pytest.fixture
def export(settings: Settings, tmp_path: Path) -> Callable[..., Result]:
    key = key_file(settings, tmp_path, AUDITOR)

    def export(form: str, *arguments: str | Path) -> Result:
        return run(settings, "export", "--as", key, "--format", form, *arguments)

    return export


def records(settings: Settings) -> list[object]:
    with read_ledger(settings.ledger) as reader:
        return [each.record for each in reader.search(Query(limit=None))]


@pytest.mark.parametrize("form", list(Form))
def test_every_form_is_written_whole_for_its_owner_alone_and_recorded_before(
    settings: Settings, export: Callable[..., Result], tmp_path: Path, form: Form
) -> None:
    out = tmp_path / "export"
    result = export(form.value, "--out", out)
    assert result.exit_code == 0, result.output
    assert out.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir() if "export" in each.name] == ["export"]
    last = records(settings)[-1]
    assert isinstance(last, Access)
    assert (last.access, last.target) == (AccessAct.EXPORT, form.value)
    # Its own record is in it: it was durable before anything was read.
    if form is not Form.HTML:
        assert last.exchange.encode() in out.read_bytes()


def test_who_may_not_export_gets_nothing_and_the_attempt_is_on_record(
    settings: Settings, tmp_path: Path
) -> None:
    key, out = key_file(settings, tmp_path, OPERATOR), tmp_path / "out"
    result = run(settings, "export", "--as", key, "--format", "csv", "--out", out)
    assert result.exit_code == 1
    assert "needs the role auditor" in result.stderr
    assert not out.exists()
    last = records(settings)[-1]
    assert isinstance(last, Admin)
    assert (last.act, last.target) == (AdminAct.DUTY_REFUSED, "export")


def test_a_file_that_cannot_be_written_leaves_nothing_and_says_what_to_do(
    export: Callable[..., Result], tmp_path: Path
) -> None:
    result = export("csv", "--out", tmp_path / "absent" / "out.csv")
    assert result.exit_code == 1
    assert "cannot be written" in result.stderr
    assert "name another file" in result.stderr


def test_a_file_is_the_old_one_when_an_export_breaks_off(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.write_bytes(b"old")

    def broken() -> object:
        yield b"new"
        raise LedgerError("record 7")

    with pytest.raises(LedgerError):
        write_lines(out, broken())  # type: ignore[arg-type]
    assert out.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [out]


def test_an_export_of_a_time_holds_that_time_alone(
    export: Callable[..., Result], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    # Of 2026-05-28, and not the export's own record, which is of today.
    assert export("fhir", "--from", "2026-05-01", "--to", "2026-06-01", "--out", out).exit_code == 0
    events = [json.loads(line) for line in out.read_bytes().splitlines()]
    assert events
    assert {event["recorded"][:7] for event in events} == {"2026-05"}


def test_a_bundle_is_one_json_document_of_the_same_events(
    export: Callable[..., Result], tmp_path: Path
) -> None:
    span = ("--to", "2026-06-01", "--out")
    assert export("fhir", *span, tmp_path / "a").exit_code == 0
    assert export("bundle", *span, tmp_path / "b").exit_code == 0
    bundle = json.loads((tmp_path / "b").read_bytes())
    events = [json.loads(line) for line in (tmp_path / "a").read_bytes().splitlines()]
    assert [entry["resource"] for entry in bundle["entry"]] == events
    assert {entry["fullUrl"] for entry in bundle["entry"]} == {
        f"urn:uuid:{event['id']}" for event in events
    }


def test_an_empty_bundle_is_still_a_document(export: Callable[..., Result], tmp_path: Path) -> None:
    assert export("bundle", "--to", "2001-01-01", "--out", tmp_path / "b").exit_code == 0
    assert json.loads((tmp_path / "b").read_bytes())["entry"] == []


def test_records_with_proofs_are_verified_without_the_log(
    settings: Settings, export: Callable[..., Result], tmp_path: Path
) -> None:
    out, vkey = tmp_path / "out", tmp_path / "vkey"
    assert export("ndjson", "--out", out).exit_code == 0
    vkey.write_bytes((settings.ledger / "ledger.vkey").read_bytes())
    (settings.ledger / "ledger.db").unlink()
    result = run(settings, "verify-export", out, "--vkey", vkey)
    assert result.exit_code == 0, result.output
    assert "that intramural/ward-1 signed" in result.stdout
    result = run(settings, "verify-export", out, "--vkey", vkey, "--json")
    assert json.loads(result.stdout)["verified"] is True


def test_every_change_to_an_export_with_proofs_is_found(settings: Settings) -> None:
    lines = list(lines_of(settings.ledger, "ward-1", Wanted(Form.NDJSON)))
    vkey = read_vkey(settings.ledger / "ledger.vkey")
    assert verify_lines(lines, vkey).records == len(lines) - 2

    def refused(changed: list[bytes]) -> None:
        with pytest.raises(VerificationError):
            verify_lines(changed, vkey)

    for at in range(len(lines)):
        refused(lines[:at] + lines[at + 1 :])  # Missing.
        refused([*lines[: at + 1], *lines[at:]])  # Twice.
        refused(lines[:at])  # Cut short.
    for at in range(len(lines) - 1):
        refused([*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]])  # Out of order.
    one = json.loads(lines[3])
    for change in (
        {"index": 7},
        {"leaf": one["leaf"].replace("key-", "kez-")},
        {"leaf": one["leaf"] + " "},
        {"proof": one["proof"][:-1]},
        {"proof": [*one["proof"][:-1], base64.b64encode(b"x" * 32).decode()]},
        {"proof": [*one["proof"][:-1], "!"]},
        {"more": 1},
    ):
        refused([*lines[:3], json.dumps(one | change).encode() + b"\n", *lines[4:]])
    refused([lines[0].replace(b"ward-1", b"ward-2"), *lines[1:]])
    refused([*lines, b"\n"])
    refused([b"x" * 100_000 + b"\n"])


def test_the_key_of_another_log_verifies_nothing(settings: Settings, tmp_path: Path) -> None:
    other = write_log(tmp_path / "other", every_kind())
    lines = lines_of(settings.ledger, "ward-1", Wanted(Form.NDJSON))
    with pytest.raises(VerificationError, match="line 1: there is no signature"):
        verify_lines(lines, read_vkey(other.directory / "ledger.vkey"))


def test_a_record_of_an_unknown_kind_stops_the_export_and_says_so(
    settings: Settings, export: Callable[..., Result], tmp_path: Path
) -> None:
    import apsw

    with apsw.Connection(str(settings.ledger / "ledger.db")) as db:
        db.execute(
            'UPDATE entries SET leaf = CAST(replace(CAST(leaf AS TEXT), \'"kind":"alert"\', '
            '\'"kind":"dream"\') AS BLOB)'
        )
    for form in ("fhir", "ndjson", "csv", "syslog"):
        out = tmp_path / form
        result = export(form, "--out", out)
        assert result.exit_code == 1
        assert "is of no kind that this release knows" in result.stderr
        assert not out.exists()


def test_an_act_that_was_refused_is_nowhere_told_as_one_that_was_done(
    export: Callable[..., Result],
) -> None:
    rows = list(csv.DictReader(io.StringIO(export("csv").stdout)))
    told = {
        row["description"].split()[0]: row["outcome"] for row in rows if row["event"] == "admin"
    }
    events = [json.loads(line) for line in export("fhir").stdout.splitlines()]
    coded = {
        code["code"]: event.get("outcome") for event in events for code in event.get("subtype", ())
    }
    for act in (AdminAct.DUTY_REFUSED, AdminAct.POLICY_REFUSED):
        assert (told[act], coded[act]) == ("refused", "4")
    assert (told[AdminAct.KEY_CREATED], coded[AdminAct.KEY_CREATED]) == ("completed", "0")


# -- of one patient


def vault_about(*exchanges: str) -> MemoryVault:
    vault = MemoryVault()
    for exchange in exchanges:
        vault.subjects[exchange] = Subjects((patient(KEY, NUMBER),), ())
    return vault


def of_patient(settings: Settings, form: Form, vault: MemoryVault) -> bytes:
    wanted = Wanted(form, number=NUMBER)
    return b"".join(lines_of(settings.ledger, "ward-1", wanted, vault, KEY))


def test_an_accounting_has_the_exchanges_of_the_patient_alone(settings: Settings) -> None:
    table = of_patient(settings, Form.CSV, vault_about("s0", "r")).decode()
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [row["exchange"] for row in rows] == ["s0", "r"]
    assert rows[0] == {
        "time": "2026-05-28T20:26:40.000Z",
        "event": "exchange",
        "recipient": "key-4f2a91c0",
        "client": "discharge-letters",
        "description": "chat with smollm2-135m-instruct under treatment; "
        "treated 1 DATE_OF_BIRTH, 2 PERSON",
        "purpose": "TREAT",
        "outcome": "completed",
        "exchange": "s0",
        "record": "1",
    }
    assert rows[1]["description"] == "chat: nothing was disclosed"
    assert NUMBER not in table


def test_the_page_says_the_same_fetches_nothing_and_prints(settings: Settings) -> None:
    page = of_patient(settings, Form.HTML, vault_about("s0")).decode()
    assert "treated 1 DATE_OF_BIRTH, 2 PERSON" in page
    assert "@media print" in page
    assert "default-src 'none'" in page
    for word in ("src=", "http://", "https://", "@import", "url(", NUMBER):
        assert word not in page


def test_a_bundle_of_one_patient_says_whom_and_claims_the_profile_for_it(
    settings: Settings,
) -> None:
    bundle = json.loads(of_patient(settings, Form.BUNDLE, vault_about("s0")))
    (entry,) = bundle["entry"]
    assert entry["resource"]["meta"]["profile"][0].endswith("IHE.BasicAudit.PatientCreate")
    assert NUMBER in json.dumps(entry)


def test_proofs_of_one_patients_records_name_no_patient(settings: Settings) -> None:
    lines = of_patient(settings, Form.NDJSON, vault_about("s0", "s2"))
    verified = verify_lines(
        lines.splitlines(keepends=True), read_vkey(settings.ledger / "ledger.vkey")
    )
    assert verified.records == 4
    assert NUMBER.encode() not in lines


def test_many_exchanges_of_one_patient_are_all_there_in_the_order_of_the_log(
    tmp_path: Path,
) -> None:
    names = [f"x{n:04}" for n in range(600)]
    pairs = (each for name in names for each in (intent(name), outcome(name)))
    place = write_log(tmp_path, pairs)
    vault = vault_about(*names[::2])
    wanted = Wanted(Form.CSV, number=NUMBER)
    table = b"".join(lines_of(place.directory, "ward-1", wanted, vault, KEY)).decode()
    assert [row["exchange"] for row in csv.DictReader(io.StringIO(table))] == names[::2]


def test_without_the_index_a_patient_cannot_be_asked_for(settings: Settings) -> None:
    with pytest.raises(LedgerError, match="the index is in the data directory"):
        list(lines_of(settings.ledger, "ward-1", Wanted(Form.CSV, number=NUMBER)))


def test_the_record_of_an_export_does_not_name_the_patient() -> None:
    wanted = Wanted(Form.CSV, number=NUMBER)
    assert wanted.target == "csv:patient"
    assert NUMBER not in repr(wanted)


# -- what a spreadsheet makes of it


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =cmd|' /C calc'!A0", "|x", "%x", "\n=1"],
)
def test_no_cell_is_a_formula(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "a=b", "2026-05-28", "key-4f", "'", "1,2"])
def test_other_cells_are_as_they_are(cell: str) -> None:
    assert harmless(cell) == cell


def test_a_client_that_is_called_like_a_formula_stays_a_name(tmp_path: Path) -> None:
    named = replace(intent("x"), client='=HYPERLINK("file:a","b")', actor="@x")
    place = write_log(tmp_path, iter([named, outcome("x", time=START)]))
    table = b"".join(lines_of(place.directory, "ward-1", Wanted(Form.CSV))).decode()
    (row,) = csv.DictReader(io.StringIO(table))
    assert row["client"] == '\'=HYPERLINK("file:a","b")'
    assert row["recipient"] == "'@x"
