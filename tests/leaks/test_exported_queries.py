"""`entity.query`: the redacted request, where somebody said so, and never a word of the raw one."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from fhir.resources.R4B.auditevent import AuditEvent as Judge
from typer.testing import CliRunner

from gateway.cli import audit, audit_payload
from gateway.domain.records import Access, AccessAct, Kind
from gateway.feeds import Export, FhirFeed
from gateway.identity.keyring import open_keyring
from gateway.identity.keys import Grant
from gateway.identity.networks import parse_networks
from gateway.installation import feeds_of
from gateway.ledger import Query, read_ledger
from gateway.ledger.exports.balp import problems
from gateway.ledger.exports.feeding import open_feeds
from tests.fakes.repository import FakeRepository, serving
from tests.fakes.vault import FakeGrants
from tests.fakes.vaults import Node, about, fill

NUMBER = "48210377"
RAW = (b"plain canary", b"Thornton")
"""Of what `fakes.vaults` keeps: a request as it was received, and who a stand-in is."""


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path / "data")


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


def run(node: Node, *words: str, stdin: str = f"{NUMBER}\n") -> Result:
    runner = CliRunner(env={"COLUMNS": "200", "TERM": "dumb"})
    return runner.invoke(audit.app, words, obj=node.settings(), input=stdin)


def told(events: list[dict[str, Any]]) -> list[bytes]:
    """Return the queries, after everything that could hold a text was looked through."""
    found = []
    for event in events:
        assert problems(event) == ()
        Judge.model_validate(event)
        assert not holds(event), "a raw text is in an event"
        found += [base64.b64decode(e["query"]) for e in event["entity"] if "query" in e]
    return found


def holds(value: object) -> bool:
    """Say whether a raw text is anywhere in a value, encoded or not."""
    match value:
        case dict():
            return any(holds(each) for each in (*value.keys(), *value.values()))
        case list():
            return any(holds(each) for each in value)
        case str():
            plain = value.encode()
            try:
                decoded = base64.b64decode(value, validate=True)
            except ValueError:
                decoded = b""
            return any(raw in text for raw in RAW for text in (plain, decoded))
        case _:
            return False


def test_the_look_finds_what_it_looks_for() -> None:
    assert holds({"a": [base64.b64encode(b"a plain canary").decode()]})
    assert holds({"a Thornton": 1})
    assert not holds({"a": ["redacted canary-0"]})


def feed(node: Node, *, on: bool) -> list[dict[str, Any]]:
    with serving(FakeRepository()) as repository:
        url = f"http://127.0.0.1:{repository.port}/fhir"
        site = feeds_of(node.settings())
        feeds = open_feeds(Export(fhir=FhirFeed(url=url, redacted_queries=on)), site)
        (only,) = feeds._feeds
        while only.step() == 0.0:
            pass
    return repository.events


def test_a_feed_tells_no_query_unless_the_settings_say_so(node: Node) -> None:
    fill(node, [about(NUMBER)])
    assert FhirFeed(url="http://127.0.0.1:9/").redacted_queries is False
    assert told(feed(node, on=False)) == []


def test_a_feed_that_may_tells_the_redacted_request_and_nothing_else(node: Node) -> None:
    names = fill(node, [about(NUMBER), about("99120455")])
    order = node.shredder().of_record("order-1", names[1])
    node.record(order.record("key:x", 1))
    node.shredder().carry_out(order)
    events = feed(node, on=True)
    assert len(events) == 3
    assert told(events) == [b"redacted canary-0"]


def test_an_auditor_with_a_grant_exports_the_redacted_requests_of_one_patient(
    node: Node, as_: Callable[[str], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    (name, _) = fill(node, [about(NUMBER), about("99120455")])
    monkeypatch.setattr(audit_payload, "_grants", lambda _context, _ledger: FakeGrants())
    who = as_("auditor")
    done = run(node, "export", "--format", "fhir", "--patient", "--queries", *who)
    assert done.exit_code == 0, done.output
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert told(events) == [b"redacted canary-0"]
    with read_ledger(node.place.directory) as reader:
        looks = [logged.record for logged in reader.search(Query(kind=Kind.ACCESS))]
    assert [
        (each.access, each.target, each.grant) for each in looks if isinstance(each, Access)
    ] == [
        (AccessAct.EXPORT, "fhir:patient:queries", None),
        (AccessAct.READ_PAYLOAD, name, "grant-1"),
    ]
    plain = run(node, "export", "--format", "fhir", "--patient", *who)
    assert told([json.loads(line) for line in plain.stdout.splitlines()]) == []


def test_a_key_and_a_patients_number_come_over_standard_input_one_after_the_other(
    node: Node, as_: Callable[[str], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(node, [about(NUMBER)])
    monkeypatch.setattr(audit_payload, "_grants", lambda _context, _ledger: FakeGrants())
    said = f"{Path(as_('auditor')[1]).read_text()}\n{NUMBER}\n"
    words = ("export", "--format", "fhir", "--patient", "--queries", "--as", "-")
    done = run(node, *words, stdin=said)
    assert done.exit_code == 0, done.output
    assert told([json.loads(line) for line in done.stdout.splitlines()]) == [b"redacted canary-0"]


def test_without_a_grant_no_line_is_exported(
    node: Node, as_: Callable[[str], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(node, [about(NUMBER)])
    monkeypatch.setattr(audit_payload, "_grants", lambda _context, _ledger: FakeGrants(None))
    done = run(node, "export", "--format", "fhir", "--patient", "--queries", *as_("auditor"))
    assert done.exit_code == 1
    assert done.stdout == ""


@pytest.mark.parametrize(
    "words", [("--format", "csv", "--patient"), ("--format", "fhir"), ("--format", "ndjson")]
)
def test_queries_are_of_one_patient_and_in_a_form_that_has_them(
    node: Node, as_: Callable[[str], list[str]], words: tuple[str, ...]
) -> None:
    fill(node, [about(NUMBER)])
    done = run(node, "export", *words, "--queries", *as_("auditor"))
    assert done.exit_code == 2
    assert "name the patient and one of the two" in done.stderr
