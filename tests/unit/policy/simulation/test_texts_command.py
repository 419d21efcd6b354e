"""`intramural policy simulate --texts`, over a real log, vault and table of grants."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from gateway.cli import opening
from gateway.cli.policy import app
from gateway.domain import entities as e
from gateway.domain.errors import Code
from gateway.domain.exchange import Conversation, Message, Purpose, Role
from gateway.domain.payloads import Part, Words
from gateway.domain.records import Access, AccessAct, Kind
from gateway.domain.redaction import Secrets, redact
from gateway.domain.text import RawText
from gateway.evidence import WitnessPeer, WitnessSettings
from gateway.identity.grants.grant import AccessGrant, GrantState
from gateway.identity.grants.store import DATABASE as GRANTS
from gateway.identity.grants.store import GrantStore
from gateway.identity.keyring import open_keyring
from gateway.identity.keys import Grant
from gateway.identity.networks import parse_networks
from gateway.ledger import Query, SqliteLedger, read_ledger
from gateway.ledger.sealing import SqliteVault
from gateway.policy.release import load, read
from gateway.policy.shipped import install_default
from gateway.policy.standings import DATABASE, Standings
from gateway.weights import open_detector
from tests.fakes.cosigner import SIGNER, OnlyCosigns, serving
from tests.fakes.detector import FakeDetector
from tests.fakes.ledger import intent, outcome
from tests.fakes.traffic import callers, standings
from tests.fakes.vaults import Node, about, exchange_name, patient_of

ADA, BEN = "48 21-0377", "99120455"
SECRET = "Margaret Thornton"
TEXT = f"{SECRET} (MRN 48210377) coughs since 3 March 2021."


class Closing(FakeDetector):
    def close(self) -> None:
        """Hold nothing."""


@pytest.fixture
def node(tmp_path: Path) -> Node:
    """Three exchanges: of Ada, of Ben, and one of Ada that was not kept."""
    made = Node(tmp_path / "data")
    made.root.mkdir()
    settings = made.settings()
    install_default(settings.policies)
    table = Standings(settings.state / DATABASE)
    for each in standings().values():
        table.note(each)
    table.close()
    with made.serving() as (ledger, vault):
        asyncio.run(_exchanges(ledger, vault, load(settings.policies).digest))
    candidate = tmp_path / "candidate"
    for name, data in read(settings.policies).items():
        path = candidate / name
        path.parent.mkdir(parents=True, exist_ok=True)
        changed = data.replace(b"  PERSON: pseudonym", b"  PERSON: replace")
        path.write_bytes(changed if name.endswith("treatment.yaml") else data)
    return made


async def _exchanges(ledger: SqliteLedger, vault: SqliteVault, release: str) -> None:
    for number, (patient, kept) in enumerate(((ADA, True), (BEN, True), (ADA, False))):
        texts = (RawText(TEXT),) if kept else ()
        await _exchange(ledger, vault, release, number, patient, texts, {"PERSON": 1})


async def _exchange(
    ledger: SqliteLedger,
    vault: SqliteVault,
    release: str,
    number: int,
    patient: str,
    texts: tuple[RawText, ...],
    findings: Mapping[str, int],
) -> None:
    clinician, name = callers()[0], exchange_name(number)
    (standing,) = (key for key, each in standings().items() if each.roles == clinician.roles)
    words = Words(plain=texts) if texts else None
    sealed = await vault.keep(name, Part.REQUEST, about(patient), words)
    asked = replace(
        intent(name, findings=findings),
        actor=clinician.id,
        client=clinician.client,
        standing=standing,
        release=release,
        rules=("treatment-by-clinicians",),
        sealed=sealed,
    )
    await ledger.append(asked)
    await ledger.append(outcome(name))


@pytest.fixture
def auditor(node: Node, tmp_path: Path) -> tuple[str, list[str]]:
    """The id of an auditor, and the option that names their key."""
    return _person(node, tmp_path, "auditor")


def _person(node: Node, tmp_path: Path, role: str) -> tuple[str, list[str]]:
    settings = node.settings()
    keyring = open_keyring(settings.state, settings.keys)
    now = time.time_ns() // 1_000_000
    networks = parse_networks(["127.0.0.0/8"])
    grant = Grant("Ada", frozenset({role}), frozenset(), networks, None, now + 600_000)
    token = keyring.create(grant, now, lambda _act, _target: None)
    (key,) = keyring.store.all_keys()
    keyring.store.close()
    path = tmp_path / f"{role}.key"
    path.touch(0o600)
    path.write_text(token.reveal())
    return key.caller().id, ["--as", str(path)]


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> Closing:
    detector = Closing({SECRET: e.PERSON, "48210377": e.MEDICAL_RECORD_NUMBER})
    monkeypatch.setattr(opening, "open_local_detector", lambda _context: detector)
    return detector


def granted(node: Node, who: str, *numbers: str) -> None:
    store = GrantStore(node.settings().state / GRANTS)
    now = time.time_ns() // 1_000_000
    with store.change() as change:
        for number in numbers:
            change.add(
                AccessGrant(
                    *(f"grant-{number}", GrantState.ACTIVE, Purpose.BTG, who, "Ada", 30, now),
                    patient=patient_of(number),
                    reason=b"sealed",
                    decider="key:other",
                    until=now + 600_000,
                )
            )
    store.close()


def run(node: Node, *arguments: str) -> Result:
    runner = CliRunner(env={"COLUMNS": "200", "TERM": "dumb"})
    candidate = str(node.root.parent / "candidate")
    return runner.invoke(app, ["simulate", candidate, "--texts", *arguments], obj=node.settings())


def accesses(node: Node) -> Sequence[tuple[AccessAct, str, str | None, Code | None]]:
    with read_ledger(node.place.directory) as ledger:
        found = [logged.record for logged in ledger.search(Query(kind=Kind.ACCESS))]
    return [
        (each.access, each.target, each.grant, each.code)
        for each in found
        if isinstance(each, Access)
    ]


def test_texts_of_a_patient_of_a_grant_are_read_again_and_no_others(
    node: Node, auditor: tuple[str, list[str]], found: Closing
) -> None:
    granted(node, auditor[0], ADA)
    done = run(node, "--json", *auditor[1])
    assert done.exit_code == 0, done.output
    texts = json.loads(done.stdout)["texts"]
    assert (texts["opened"], texts["same"], found.calls) == (1, 0, 1)
    one = {"findings": 1, "records": 1, "examples": [0]}
    under = {"profile_before": "treatment", "profile_after": "treatment"}
    assert texts["operators"] == [
        {"entity": "PERSON", "before": "pseudonym", "after": "replace"} | under | one
    ]
    assert texts["types"] == [{"entity": "MEDICAL_RECORD_NUMBER", "today": "more"} | one]
    assert [row["examples"] for row in texts["differ"]] == [[0]]
    assert {row["why"]: row["examples"] for row in texts["unopened"]} == {
        "never kept": [4],
        "without a grant": [2],
    }
    assert accesses(node) == [
        (AccessAct.REPORT, "simulation", None, None),
        (AccessAct.READ_PAYLOAD, exchange_name(0), f"grant-{ADA}", None),
    ]


@pytest.mark.usefixtures("found")
def test_no_character_of_a_text_is_shown_in_any_form(
    node: Node, auditor: tuple[str, list[str]]
) -> None:
    granted(node, auditor[0], ADA, BEN)
    outputs = [run(node, *form, *auditor[1]) for form in (["--json"], ["--csv"], [])]
    for done in outputs:
        assert done.exit_code == 0, done.output
        for word in ("Margaret", "Thornton", "48210377", "coughs"):
            assert word not in done.output
    # Nor is one left behind in any file.
    assert [node.holding(word) for word in (b"Thornton", b"coughs")] == [[], []]
    rows = list(csv.DictReader(io.StringIO(outputs[1].stdout)))
    assert {"texts_operators", "texts_differ", "texts_types"} <= {row["section"] for row in rows}
    assert "2 exchanges of which the texts were read again" in outputs[2].stdout
    assert "Texts that an engine would read otherwise" in outputs[2].stdout


@pytest.mark.parametrize(
    ("kind", "why"), [("record", "shredded"), ("patient", "about nobody that is known")]
)
def test_what_was_shredded_is_counted_and_not_opened(
    node: Node, auditor: tuple[str, list[str]], found: Closing, kind: str, why: str
) -> None:
    granted(node, auditor[0], ADA)
    shredder = node.shredder()
    order = (
        shredder.of_record("order-1", exchange_name(0))
        if kind == "record"
        else shredder.of_patient("order-1", patient_of(ADA))
    )
    node.record(order.record("key:x", 1))
    shredder.carry_out(order)
    granted(node, auditor[0], BEN)
    done = run(node, "--json", *auditor[1])
    assert done.exit_code == 0, done.output
    texts = json.loads(done.stdout)["texts"]
    # Ben's is the one that is left to be opened.
    assert (texts["opened"], found.calls) == (1, 1)
    assert {row["why"]: row["examples"] for row in texts["unopened"]} == {
        "never kept": [4],
        why: [0],
    }


@pytest.mark.slow
def test_detection_of_an_untouched_installation_finds_what_its_records_say(
    node: Node, auditor: tuple[str, list[str]]
) -> None:
    texts = (
        "You write discharge letters for St. Mary's Hospital.",
        '{"resourceType": "Patient", "name": [{"family": "Thornton"}], "birthDate": "1948-03-15"}',
        "Mrs Thornton (MRN 48210377) phoned from (617) 496-3321 about 3 March 2021. She is 92.",
    )
    raw = tuple(map(RawText, texts))
    profile = load(node.settings().policies).profile("treatment")
    assert profile is not None
    detector = open_detector(2026)
    seen = asyncio.run(detector.detect(raw))
    detector.close()
    conversation = Conversation(
        (Message(Role.SYSTEM, raw[:1]), Message(Role.USER, raw[1:2]), Message(Role.USER, raw[2:]))
    )
    secrets = Secrets(b"k" * 32, b"k" * 32, year=2026)
    counts = redact(conversation, seen, profile, secrets, "key:a").counts
    assert sum(counts.values()) > 5
    with node.serving() as (ledger, vault):
        release = load(node.settings().policies).digest
        asyncio.run(_exchange(ledger, vault, release, 9, ADA, raw, counts))
    granted(node, auditor[0], ADA)
    done = run(node, "--json", *auditor[1])
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)["texts"]
    assert said["opened"] == 2
    # The invented counts of the first exchange are what differs, and not those of this one.
    assert all(6 not in row["examples"] for row in said["types"])
    assert [row["examples"] for row in said["differ"]] == [[0, 6]]


def test_without_a_grant_nothing_is_opened_and_that_is_recorded(
    node: Node, auditor: tuple[str, list[str]], found: Closing
) -> None:
    done = run(node, "--json", *auditor[1])
    assert done.exit_code == 1
    assert "intramural grants ask" in done.stderr
    assert found.calls == 0
    assert accesses(node) == [
        (AccessAct.READ_PAYLOAD, "simulation", None, Code.GRANT_REQUIRED),
    ]


@pytest.mark.parametrize("role", ["policy_author", "operator", "approver"])
def test_who_writes_policy_or_runs_the_machine_opens_no_text(
    node: Node, tmp_path: Path, found: Closing, role: str
) -> None:
    who, option = _person(node, tmp_path, role)
    granted(node, who, ADA)
    done = run(node, *option)
    assert done.exit_code == 1
    assert "auditor" in done.output
    assert found.calls == 0


def test_texts_are_of_this_nodes_own_log(
    node: Node, auditor: tuple[str, list[str]], tmp_path: Path, found: Closing
) -> None:
    file = tmp_path / "records.jsonl"
    file.write_text("")
    done = run(node, "--traffic", str(file), *auditor[1])
    assert done.exit_code == 1
    assert "leave out --traffic" in done.stderr
    assert found.calls == 0


@pytest.mark.parametrize(
    ("status", "stop_age", "opened"),
    [(200, 60.0, True), (422, None, False), (500, 60.0, False), (500, None, True)],
)
def test_where_nobody_vouches_for_the_log_nothing_is_opened(
    node: Node,
    auditor: tuple[str, list[str]],
    found: Closing,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    stop_age: float | None,
    opened: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    # As `audit payload`: a witness need not tell what it has seen, and refutes when it is asked.
    granted(node, auditor[0], ADA)
    witness = OnlyCosigns(status)
    with serving(witness):
        peer = WitnessPeer("one", f"http://127.0.0.1:{witness.port}", SIGNER.vkey.encode())
        asked = WitnessSettings(peers=(peer,), stop_age=stop_age)
        settings = replace(node.settings(), witness=asked)
        monkeypatch.setattr(Node, "settings", lambda _node: settings)
        done = run(node, *auditor[1])
    assert witness.asked == 1
    assert (done.exit_code, found.calls) == ((0, 1) if opened else (1, 0)), done.output
    if not opened:
        assert "`intramural doctor`" in done.stderr
        assert accesses(node)[-1][3] is Code.AUDIT_UNWITNESSED
