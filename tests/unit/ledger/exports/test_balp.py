"""AuditEvents hold what they claim: BALP, FHIR R4, and the opinion of another library."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from fhir.resources.R4B.auditevent import AuditEvent as Judge

from gateway.domain.records import Access, AccessAct, Intent, Outcome, Record, Status
from gateway.ledger.exports.balp import problems
from gateway.ledger.exports.elements import Disclosed, Origin, instant
from gateway.ledger.exports.events import Event, events
from gateway.ledger.exports.fhir import audit_event
from gateway.ledger.query import LoggedRecord, Query, read_ledger
from tests.fakes.every_record import every_kind, random_records, write_log
from tests.fakes.ledger import access, intent, outcome

ORIGIN = Origin("ward-1")
MUTANTS = yaml.safe_load(
    (Path(__file__).parents[3] / "vectors" / "balp" / "mutants.yaml").read_text()
)
SLICES = {
    "client": {"110153", "110152"},
    "server": {"110153", "110152"},
    "user": {"AUT", "IRCP"},
    "data": {"2"},
    "patient": {"1"},
    "transaction": {"XrequestId"},
}


def as_json(event: object) -> dict[str, Any]:
    return json.loads(msgspec.json.encode(event))


def told(record: Record, before: Intent | None = None, **more: Any) -> dict[str, Any]:
    logged = None if before is None else LoggedRecord(6, b"", before)
    return as_json(audit_event(Event(7, record, logged), ORIGIN, Disclosed(**more)))


def good(which: str) -> dict[str, Any]:
    match which:
        case "create":
            return told(outcome("x"), intent("x"))
        case "patient":
            return told(outcome("x"), intent("x"), patient="48210377", query=b"Dear PERSON_1")
        case _:
            look = access("l")
            return told(
                Access("l", look.time, look.actor, look.client, AccessAct.READ_PAYLOAD, "x")
            )


def place(event: dict[str, Any], path: str) -> tuple[Any, Any]:
    """The container and the key that a path of the vectors leads to."""
    at: Any = event
    steps: list[Any] = []
    for word in path.split("."):
        name, _, chosen = word.rstrip("]").partition("[")
        steps.append(int(name) if name.isdecimal() else name)
        if chosen:
            steps.append({chosen})
    for number, step in enumerate(steps):
        key = _position(at, next(iter(step)), event) if isinstance(step, set) else step
        if number == len(steps) - 1:
            return at, key
        at = at[key]
    raise AssertionError(path)


def _position(members: list[Any], chosen: str, event: dict[str, Any]) -> int:
    ends = {"client": 0, "server": 1}  # As the program writes them.
    if chosen in ends:
        return ends[chosen]
    for number, member in enumerate(members):
        kind = member["type"]
        code = kind["coding"][0]["code"] if "coding" in kind else kind["code"]
        if code in SLICES[chosen]:
            return number
    raise AssertionError(chosen)


def change(event: dict[str, Any], mutant: dict[str, Any]) -> None:
    container, key = place(event, mutant["path"])
    if mutant.get("drop"):
        del container[key]
    elif mutant.get("twice"):
        container.insert(key, copy.deepcopy(container[key]))
    else:
        container[key] = mutant["set"]
    if "and" in mutant:
        change(event, mutant["and"])


@pytest.mark.parametrize("which", ["create", "patient", "read"])
def test_a_good_event_holds_the_profile_that_it_claims(which: str) -> None:
    event = good(which)
    assert problems(event) == ()
    claimed = {"create": "Create", "patient": "PatientCreate", "read": "Read"}[which]
    assert [each.rpartition(".")[2] for each in event["meta"]["profile"]] == [claimed]


@pytest.mark.parametrize(
    "mutant", MUTANTS, ids=lambda each: f"{each['of']}:{each['path']}:{each.get('set', '')!s:.20}"
)
def test_every_mutant_of_a_good_event_is_found(mutant: dict[str, Any]) -> None:
    event = good(mutant["of"])
    change(event, mutant)
    assert problems(event)


def test_there_are_mutants_enough_and_each_is_another() -> None:
    assert len(MUTANTS) >= 40
    assert len({json.dumps(each, sort_keys=True) for each in MUTANTS}) == len(MUTANTS)


@pytest.mark.parametrize(
    "junk", [None, [], "AuditEvent", {}, {"resourceType": "AuditEvent", "agent": 3}]
)
def test_what_is_no_event_is_no_crash(junk: object) -> None:
    assert problems(junk)


def test_every_kind_of_record_becomes_an_event_that_two_judges_accept(tmp_path: Path) -> None:
    log = write_log(tmp_path, every_kind())
    with read_ledger(log.directory) as reader:
        found = [
            as_json(audit_event(each, ORIGIN))
            for each in events(reader, reader.search(Query(limit=None)))
        ]
        intents = sum(isinstance(each.record, Intent) for each in reader.search(Query(limit=None)))
        records = reader.checkpoint.size
    assert len(found) == records - (intents - 1)
    for event in found:
        assert problems(event) == ()
        Judge.model_validate(event)
    assert len({event["id"] for event in found}) == len(found)


@pytest.mark.parametrize("seed", range(4))
def test_every_event_of_a_random_log_is_accepted(tmp_path: Path, seed: int) -> None:
    log = write_log(tmp_path, random_records(seed, 150))
    with read_ledger(log.directory) as reader:
        for each in events(reader, reader.search(Query(limit=None))):
            event = as_json(audit_event(each, ORIGIN))
            assert problems(event) == ()
            Judge.model_validate(event)


@pytest.mark.parametrize("status", [each for each in Status if each is not Status.COMPLETED])
def test_an_exchange_that_was_not_completed_claims_no_profile(status: Status) -> None:
    event = told(Outcome("x", 1, status), intent("x"))
    assert "profile" not in event["meta"]
    assert event["outcome"] != "0"


def test_no_patient_and_no_query_is_told_unless_the_export_may() -> None:
    text = json.dumps(told(outcome("x"), intent("x")))
    assert "Patient" not in text
    assert "query" not in text
    more = good("patient")
    assert more["entity"][2]["what"] == {"type": "Patient", "identifier": {"value": "48210377"}}
    assert more["entity"][3]["query"] == "RGVhciBQRVJTT05fMQ=="


def test_an_outcome_whose_intent_was_dropped_is_told_and_claims_nothing() -> None:
    event = told(outcome("x"))
    assert problems(event) == ()
    assert "profile" not in event["meta"]


def test_the_id_of_an_event_is_the_same_each_time_and_on_no_other_node() -> None:
    first, again = good("create"), good("create")
    other = as_json(audit_event(Event(7, outcome("x")), Origin("ward-2")))
    assert first["id"] == again["id"] != other["id"]
    assert first["meta"]["tag"][0] == {"system": "urn:intramural:record", "code": "ward-1.7"}


@pytest.mark.parametrize(
    ("milliseconds", "written"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_795_346_955_251, "2026-11-22T11:29:15.251Z"),
        (2**53 - 1, "9999-12-31T23:59:59.999Z"),
    ],
)
def test_a_time_is_written_to_the_millisecond(milliseconds: int, written: str) -> None:
    assert instant(milliseconds) == written
