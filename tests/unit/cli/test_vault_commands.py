"""`intramural audit shred` and `audit payload`: by a person, recorded, and never by accident."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from gateway.cli import audit, audit_payload, audit_shred
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.exchange import Purpose
from gateway.domain.records import Access, Admin, AdminAct, Kind, Record
from gateway.identity.grants.grant import AccessGrant, GrantState
from gateway.identity.grants.store import DATABASE, GrantStore
from gateway.identity.keyring import open_keyring
from gateway.identity.keys import Grant
from gateway.identity.networks import parse_networks
from gateway.ledger import Query, read_ledger
from gateway.ledger.holds import LegalHolds, new_hold
from gateway.ledger.sealing import reading
from gateway.policy.shipped import install_default
from tests.fakes.vault import FakeGrants
from tests.fakes.vaults import Node, about, fill, patient_of

THORNTON = "48 21-0377"


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path / "data")


@pytest.fixture
def names(node: Node) -> list[str]:
    return fill(node, [about(THORNTON), about("99120455")])


@pytest.fixture
def as_(node: Node, tmp_path: Path) -> Callable[[str], list[str]]:
    def option(role: str) -> list[str]:
        settings = node.settings()
        keyring = open_keyring(settings.state, settings.keys)
        now = time.time_ns() // 1_000_000
        networks = parse_networks(["127.0.0.0/8"])
        grant = Grant("Ada", frozenset({role}), frozenset(), networks, None, now + 60_000)
        token = keyring.create(grant, now, lambda _act, _target: None)
        keyring.store.close()
        path = tmp_path / f"{role}.key"
        path.touch(0o600)
        path.write_text(token.reveal())
        return ["--as", str(path)]

    return option


def run(node: Node, *arguments: str, stdin: str = "") -> Result:
    runner = CliRunner(env={"COLUMNS": "200", "TERM": "dumb"})
    return runner.invoke(audit.app, arguments, obj=node.settings(), input=stdin)


def records(node: Node, kind: Kind) -> list[Record]:
    with read_ledger(node.place.directory) as ledger:
        return [logged.record for logged in ledger.search(Query(kind=kind))]


def is_open(node: Node, name: str) -> bool:
    try:
        reading.open_payload(node.vault_place, name)
    except ExchangeError as error:
        if error.code is Code.PAYLOAD_SHREDDED:
            return False
        raise
    return True


def test_a_patient_is_read_from_standard_input_however_it_is_written(
    node: Node, names: list[str], as_: Callable[[str], list[str]]
) -> None:
    done = run(node, "shred", "--patient", "--yes", "--json", *as_("approver"), stdin="48210377\n")
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert (said["shredded"], said["target"]) == ("patient", "patient")
    assert (said["exchanges"], said["texts"]) == (1, 2)
    assert [is_open(node, name) for name in names] == [False, True]
    (record,) = records(node, Kind.ADMIN)
    assert isinstance(record, Admin)
    assert (record.act, record.exchange) == (AdminAct.PATIENT_SHREDDED, said["id"])
    assert record.actor.startswith("key:")


@pytest.mark.parametrize("interrupted", [False, True])
def test_with_a_patient_it_is_forgotten_for_whom_grants_were_asked_and_why(
    node: Node, names: list[str], as_: Callable[[str], list[str]], *, interrupted: bool
) -> None:
    settings = node.settings()
    whose, reason = patient_of(THORNTON), b"sealed: seizure on ward 4, see her chart"
    asked = AccessGrant(
        *("g1", GrantState.ENDED, Purpose.BTG, "key:a", "Ada", 30, 1), patient=whose, reason=reason
    )
    store = GrantStore(settings.state / DATABASE)
    with store.change() as change:
        change.add(asked)
        change.put(replace(asked, uses=1))
        change.add(replace(asked, id="g2", patient=patient_of("99120455"), reason=b"another"))
    assert node.holding(reason)
    if interrupted:
        node.record(node.shredder().of_patient("order-1", whose).record("key:x", 1))
        done = run(node, "shred", "--complete")
    else:
        done = run(node, "shred", "--patient", "--yes", *as_("approver"), stdin=THORNTON)
    assert done.exit_code == 0, done.output
    assert not is_open(node, names[0])
    assert [node.holding(each) for each in (whose, reason)] == [[], []]
    with store.change() as change:
        erased, other = change.find("g1"), change.find("g2")
    store.close()
    assert erased is not None
    assert (erased.uses, any(erased.patient), any(erased.reason)) == (1, False, False)
    assert other is not None
    assert other.reason == b"another"


def test_a_record_and_then_its_epoch(
    node: Node, names: list[str], as_: Callable[[str], list[str]]
) -> None:
    who = as_("approver")
    assert run(node, "shred", "--record", names[1], "--yes", *who).exit_code == 0
    assert [is_open(node, name) for name in names] == [True, False]
    again = run(node, "shred", "--record", names[1], "--yes", *who)
    assert again.exit_code == 1
    assert "shredded" in again.output
    assert run(node, "shred", "--epoch", "2026Q3", "--yes", *who).exit_code == 0
    assert [is_open(node, name) for name in names] == [False, False]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "name one of"),
        (["--record", "x", "--patient"], "name one of"),
        (["--record", "x"], "--yes"),
        (["--epoch", "soon", "--yes"], "2026Q4"),
        (["--patient", "--yes"], "1 to 64"),
    ],
)
def test_what_makes_no_sense_shreds_nothing(
    node: Node,
    names: list[str],
    as_: Callable[[str], list[str]],
    arguments: list[str],
    said: str,
) -> None:
    done = run(node, "shred", *arguments, *as_("approver"))
    assert done.exit_code in {1, 2}
    assert said in done.output
    assert all(is_open(node, name) for name in names)


@pytest.mark.parametrize("role", ["auditor", "operator", "clinician"])
def test_only_who_carries_the_duty_shreds(
    node: Node, names: list[str], as_: Callable[[str], list[str]], role: str
) -> None:
    done = run(node, "shred", "--record", names[0], "--yes", *as_(role))
    assert done.exit_code == 1
    assert "approver" in done.output
    assert is_open(node, names[0])
    (record,) = records(node, Kind.ADMIN)
    assert isinstance(record, Admin)
    assert (record.act, record.target) == (AdminAct.DUTY_REFUSED, "shred")


@pytest.mark.usefixtures("names")
def test_the_number_is_no_argument_of_the_command(
    node: Node, as_: Callable[[str], list[str]]
) -> None:
    done = run(node, "shred", "--patient", "48210377", "--yes", *as_("approver"))
    assert done.exit_code == 2


def test_who_thinks_better_of_it_has_shredded_nothing(
    node: Node,
    names: list[str],
    as_: Callable[[str], list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(audit_shred, "_is_terminal", lambda: True)
    asked: list[str] = []

    def confirm(text: str, **_: object) -> bool:
        asked.append(text)
        return False

    monkeypatch.setattr(typer, "confirm", confirm)
    done = run(node, "shred", "--record", names[0], *as_("approver"))
    assert done.exit_code == 1
    assert "2 texts of 1 exchanges" in asked[0]
    assert is_open(node, names[0])
    assert records(node, Kind.ADMIN) == []
    assert run(node, "shred", "--complete", "--json").stdout == '{"completed":0}\n'


def test_what_is_held_stays(node: Node, names: list[str], as_: Callable[[str], list[str]]) -> None:
    holds = LegalHolds(node.settings().state)
    holds.place(new_hold("h1", names[0], "key:x", "case 4711", 1))
    done = run(node, "shred", "--patient", "--yes", *as_("approver"), stdin=THORNTON)
    assert done.exit_code == 1
    assert "legal hold" in done.output
    assert is_open(node, names[0])


def test_what_was_interrupted_is_completed(node: Node, names: list[str]) -> None:
    order = node.shredder().of_record("order-1", names[0])
    node.record(order.record("key:x", 1))
    done = run(node, "shred", "--complete")
    assert done.output == "completed: 1\n"
    assert not is_open(node, names[0])


def test_without_a_grant_no_text_is_shown(
    node: Node, names: list[str], as_: Callable[[str], list[str]]
) -> None:
    install_default(node.settings().policies)
    done = run(node, "payload", names[0], *as_("auditor"))
    assert done.exit_code == 1
    assert "intramural grants ask" in done.output
    assert "canary" not in done.output
    (record,) = records(node, Kind.ACCESS)
    assert isinstance(record, Access)
    assert (record.code, record.target) == (Code.GRANT_REQUIRED, names[0])


@pytest.mark.parametrize("role", ["operator", "approver"])
def test_who_runs_the_machine_or_approves_reads_no_text(
    node: Node, names: list[str], as_: Callable[[str], list[str]], role: str
) -> None:
    done = run(node, "payload", names[0], *as_(role))
    assert done.exit_code == 1
    assert "auditor" in done.output


def test_with_a_grant_it_is_shown_and_the_record_names_the_grant(
    node: Node,
    names: list[str],
    as_: Callable[[str], list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(audit_payload, "_grants", lambda _context, _ledger: FakeGrants())
    done = run(node, "payload", names[0], *as_("auditor"))
    assert done.exit_code == 0, done.output
    for text in ("redacted canary-0", "plain canary-0", "PERSON_042  Thornton canary-0"):
        assert text in done.stdout
    said = json.loads(run(node, "payload", names[0], "--json", *as_("auditor")).stdout)
    assert said["request"]["plain"] == ["plain canary-0"]
    assert [each.grant for each in records(node, Kind.ACCESS)] == ["grant-1"] * 2  # type: ignore[union-attr]
