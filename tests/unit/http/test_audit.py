"""The auditor's routes: what they answer, who may ask, and that each look is a record first."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import apsw
import httpx
import pytest
from litestar import Litestar

from gateway.app import assemble
from gateway.clock import SystemClock
from gateway.domain.errors import LedgerUnavailable
from gateway.domain.merkle import check_inclusion
from gateway.domain.records import Access, Admin, Record, Review, ReviewState
from gateway.domain.subjects import named, patient
from gateway.installation import place_of
from gateway.ledger import SqliteLedger, read_ledger
from gateway.settings import Settings, load
from tests.fakes import exchange
from tests.fakes.identity import FakeAuthenticator, caller
from tests.fakes.ledger import admin, alert, intent, outcome, refusal

NUMBER = "MRN 48-21 0377"
NAME = "Margaret Thornton"


class Whose:
    """`Subjects` of two exchanges."""

    def __init__(self, key: bytes) -> None:
        self.known = {
            patient(key, "mrn48210377"): ["x2", "x1"],
            named(key, "Thornton, Margaret"): ["x1"],
        }

    def find(self, fingerprint: bytes, before: str | None, limit: int) -> Sequence[str]:
        return [each for each in self.known.get(fingerprint, []) if not before or each < before]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "intramural.toml").write_text('node = "ward-1"\n', encoding="utf-8")
    settings = load(tmp_path)
    with SqliteLedger.open_for_recording(place_of(settings)) as ledger:
        for record in (
            admin("a0"),
            intent("x1", time=2000),
            outcome("x1", time=3000),
            refusal("r1", time=4000),
            intent("x2", time=5000),
            alert("l1", record=3),
        ):
            ledger.append_blocking(record)
    return settings


@pytest.fixture
def ledger(settings: Settings) -> Any:
    with SqliteLedger.open_for_recording(place_of(settings)) as ledger:
        yield ledger


def application(settings: Settings, ledger: object) -> Litestar:
    callers = {
        "auditor": caller("key:auditor", roles=frozenset({"auditor"})),
        "second": caller("key:second", roles=frozenset({"auditor"})),
        "involved": caller("key-4f2a91c0", roles=frozenset({"auditor"})),
        "operator": caller("key:operator", roles=frozenset({"operator"})),
        "both": caller("key:both", roles=frozenset({"auditor", "operator"})),
    }
    parts = replace(
        exchange.World().parts(),
        authenticator=FakeAuthenticator(callers=callers),
        ledger=ledger,
        clock=SystemClock(),
    )
    app = assemble(parts, settings, {})
    room = app.state["audit"]
    whose = Whose(room.subject_key)
    app.state["audit"] = replace(room, desk=replace(room.desk, subjects=whose))
    return app


def client(app: Litestar, key: str = "auditor") -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app),  # type: ignore[arg-type]
        base_url="http://gateway",
        headers={"authorization": f"Bearer {key}"},
    )


@pytest.fixture
async def auditor(settings: Settings, ledger: SqliteLedger) -> AsyncIterator[httpx.AsyncClient]:
    async with client(application(settings, ledger)) as opened:
        yield opened


def records(settings: Settings) -> list[Record]:
    with read_ledger(settings.ledger) as reader:
        return [reader.at(index).record for index in range(reader.checkpoint.size)]  # type: ignore[union-attr]


def indices(reply: httpx.Response) -> list[int]:
    assert reply.status_code == 200, reply.text
    return [record["index"] for record in reply.json()["records"]]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("", [5, 4, 3, 2, 1, 0]),
        ("?limit=2", [5, 4]),
        ("?limit=2&before=4", [3, 2]),
        ("?kind=refusal", [3]),
        ("?kind=refusal&kind=intent", [4, 3, 1]),
        ("?actor=key-4f2a91c0", [5, 4, 2, 1]),
        ("?entity=PERSON&since=1970-01-01T00:00:03", [4, 2]),
        ("?review=open", [5]),
        ("?alert=bulk-access", [5]),
        ("?exchange=x1", [2, 1]),
        ("?actor=nobody", []),
    ],
)
async def test_records_are_searched_by_their_fields(
    auditor: httpx.AsyncClient, asked: str, found: list[int]
) -> None:
    assert indices(await auditor.get(f"/audit/records{asked}")) == found


@pytest.mark.parametrize("index", ["600", str(2**53), str(2**63), "9" * 4000])
async def test_a_record_that_no_log_can_have_is_not_there(
    auditor: httpx.AsyncClient, index: str
) -> None:
    for path in (f"/audit/records/{index}", f"/audit/records/{index}/reviews"):
        assert (await auditor.get(path)).status_code == 404
    said = await auditor.post(f"/audit/records/{index}/reviews", json={"state": "explained"})
    assert (said.status_code, said.json()["code"]) == (404, "not_found")


async def test_a_page_says_how_to_go_on_and_how_much_there_is(auditor: httpx.AsyncClient) -> None:
    page = (await auditor.get("/audit/records?limit=4")).json()
    assert (page["next"], page["size"], page["indexed"]) == (2, 7, 0)
    assert page["records"][0]["review"] == "open"
    last = (await auditor.get(f"/audit/records?limit=4&before={page['next']}")).json()
    assert [record["index"] for record in last["records"]] == [1, 0]
    assert last["next"] is None


async def test_a_stream_has_every_record_and_says_that_it_is_whole(
    auditor: httpx.AsyncClient,
) -> None:
    reply = await auditor.get("/audit/records", headers={"accept": "application/x-ndjson"})
    assert reply.headers["content-type"] == "application/x-ndjson"
    *lines, last = [json.loads(line) for line in reply.text.splitlines()]
    assert [line["index"] for line in lines] == [5, 4, 3, 2, 1, 0]
    assert last == {"end": True, "records": 6}


async def test_a_patient_is_asked_for_in_a_body_and_leaves_no_trace(
    settings: Settings, auditor: httpx.AsyncClient
) -> None:
    assert indices(await auditor.post("/audit/search", json={"patient": NUMBER})) == [4, 2, 1]
    assert indices(await auditor.post("/audit/search", json={"name": NAME})) == [2, 1]
    both = {"patient": NUMBER, "where": ["kind=outcome"]}
    assert indices(await auditor.post("/audit/search", json=both)) == [2]
    looks = [record for record in records(settings) if isinstance(record, Access)]
    assert [look.target for look in looks] == ["patient"] * 3
    for path in settings.data.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert b"48210377" not in content
            assert b"Thornton" not in content


async def test_a_patient_in_an_address_is_refused(auditor: httpx.AsyncClient) -> None:
    reply = await auditor.get("/audit/records", params={"patient": NUMBER})
    assert reply.status_code == 400
    assert "POST /audit/search" in reply.json()["detail"]
    assert "48" not in reply.text


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"where": ["kind"]}, "word 1: write field=value"),
        (
            {"where": ["kind=intent", "actr=x"]},
            "word 2: there is no such field; did you mean actor?",
        ),
        ({"where": ["kind=intents"]}, "did you mean intent?"),
        ({"where": ["since=yesterday"]}, "word 1: since: not a time"),
        ({"where": ["since=1h", "since=2h"]}, "word 2: since a second time"),
        ({"where": ["entity=person"]}, "word 1: entity"),
        ({"where": ["about=-1"]}, "whole number"),
        ({"where": ["actor="]}, "1 to 128 printable"),
        ({"where": ["actor=Zo\u00eb"]}, "1 to 128 printable"),
        ({"where": ["kind=intent"] * 33}, "more than 32 words"),
        ({"patient": "1", "name": "A B"}, "one of both"),
        ({"name": "Thornton"}, "two words"),
        ({"limit": 0}, "limit"),
        ({"limit": 1001}, "limit"),
        ({"query": "x"}, "query"),
    ],
)
async def test_a_question_that_makes_no_sense_is_explained_and_recorded_by_nobody(
    settings: Settings, auditor: httpx.AsyncClient, body: dict[str, Any], says: str
) -> None:
    reply = await auditor.post("/audit/search", json=body)
    assert reply.status_code == 400
    assert says in reply.json()["detail"]
    assert not [record for record in records(settings) if isinstance(record, Access)]


@pytest.mark.parametrize(
    "address", ["?limit=0", "?limit=x", "?limit=1001", "?before=-1", "?before=99999999999999999"]
)
async def test_a_number_that_makes_no_sense_is_refused(
    auditor: httpx.AsyncClient, address: str
) -> None:
    assert (await auditor.get(f"/audit/records{address}")).status_code == 400


async def test_a_record_comes_with_the_proof_that_the_log_holds_it(
    settings: Settings, auditor: httpx.AsyncClient
) -> None:
    shown = (await auditor.get("/audit/records/2")).json()
    assert (shown["index"], shown["kind"], shown["exchange"]) == (2, "outcome", "x1")
    proof = shown["proof"]
    check_inclusion(
        index=2,
        size=proof["size"],
        leaf=bytes.fromhex(proof["leaf_hash"]),
        proof=tuple(bytes.fromhex(node) for node in proof["path"]),
        root=bytes.fromhex(proof["root"]),
    )
    assert (await auditor.get("/audit/records/99")).status_code == 404
    assert (await auditor.get("/audit/records/x")).status_code == 404
    assert [r.target for r in records(settings) if isinstance(r, Access)] == ["2", "99"]


async def test_each_look_is_durable_before_anything_is_shown(settings: Settings) -> None:
    class Full:
        async def append(self, record: Record) -> None:
            raise LedgerUnavailable

    async with client(application(settings, Full())) as asking:
        for method, path in (
            ("GET", "/audit/records"),
            ("GET", "/audit/records/1"),
            ("GET", "/audit/records/1/reviews"),
            ("POST", "/audit/search"),
        ):
            reply = await asking.request(method, path, json={} if method == "POST" else None)
            assert reply.status_code == 503
            assert reply.json()["code"] == "audit_unavailable"
            assert "records" not in reply.json()


@pytest.mark.parametrize("key", ["operator", "both"])
async def test_who_is_no_auditor_sees_nothing_and_is_recorded(
    settings: Settings, ledger: SqliteLedger, key: str
) -> None:
    async with client(application(settings, ledger), key) as asking:
        for method, path, body in (
            ("GET", "/audit/records", None),
            ("POST", "/audit/search", {"patient": NUMBER}),
            ("GET", "/audit/records/1", None),
            ("GET", "/audit/records/1/reviews", None),
            ("POST", "/audit/records/1/reviews", {"state": "open"}),
        ):
            reply = await asking.request(method, path, json=body)
            assert reply.status_code == 403
            assert reply.json()["code"] == "duty_refused"
    added = records(settings)[6:]
    assert len(added) == 5
    assert all(isinstance(record, Admin) and record.act == "duty_refused" for record in added)


async def test_nobody_without_a_key_gets_in(settings: Settings, ledger: SqliteLedger) -> None:
    async with client(application(settings, ledger), "") as asking:
        assert (await asking.get("/audit/records")).status_code == 401
        assert (await asking.post("/audit/records/1/reviews", json={})).status_code == 401


async def test_a_review_is_a_record_and_its_comment_is_sealed_apart(
    settings: Settings, auditor: httpx.AsyncClient
) -> None:
    said = "A night on call for the nightjar ward."
    reply = await auditor.post(
        "/audit/records/5/reviews", json={"state": "explained", "comment": said}
    )
    assert reply.status_code == 201
    record = records(settings)[reply.json()["index"]]
    assert isinstance(record, Review)
    assert (record.record, record.state, record.actor) == (5, ReviewState.EXPLAINED, "key:auditor")
    assert indices(await auditor.get("/audit/records?review=open")) == []
    assert indices(await auditor.get("/audit/records?review=explained")) == [5]
    (shown,) = (await auditor.get("/audit/records/5/reviews")).json()["reviews"]
    assert (shown["comment"], shown["state"]) == (said, "explained")
    for path in settings.data.rglob("*"):
        if path.is_file():
            assert b"nightjar" not in path.read_bytes()


async def test_a_comment_that_names_a_patient_is_refused_and_is_nowhere(
    settings: Settings, auditor: httpx.AsyncClient
) -> None:
    before = len(records(settings))
    reply = await auditor.post(
        "/audit/records/5/reviews", json={"comment": "It was about Margaret Thornton."}
    )
    assert (reply.status_code, reply.json()["code"]) == (403, "entity_blocked")
    assert "Thornton" not in reply.text
    assert len(records(settings)) == before
    for path in settings.data.rglob("*"):
        if path.is_file():
            assert b"Thornton" not in path.read_bytes()


async def test_a_comment_alone_leaves_the_state_as_it_is(auditor: httpx.AsyncClient) -> None:
    await auditor.post("/audit/records/5/reviews", json={"comment": "asked the ward"})
    await auditor.post("/audit/records/5/reviews", json={"state": "escalated", "comment": "no"})
    await auditor.post("/audit/records/5/reviews", json={"state": "open"})
    history = (await auditor.get("/audit/records/5/reviews")).json()["reviews"]
    assert [entry.get("state") for entry in history] == [None, "escalated", "open"]
    assert [entry.get("comment") for entry in history] == ["asked the ward", "no", None]


@pytest.mark.parametrize(
    ("index", "body", "status", "code"),
    [
        (5, {}, 400, "invalid_request"),
        (5, {"state": "closed"}, 400, "invalid_request"),
        (5, {"state": "explained"}, 400, "invalid_request"),
        (5, {"state": "escalated"}, 400, "invalid_request"),
        (5, {"state": "open"}, 409, "review_refused"),
        (5, {"comment": "x" * 4001}, 400, "limit_exceeded"),
        (5, {"state": "open", "note": "x"}, 400, "unknown_field"),
        (99, {"state": "open"}, 404, "not_found"),
    ],
)
async def test_a_review_that_makes_no_sense_is_refused_and_leaves_no_record(
    settings: Settings,
    auditor: httpx.AsyncClient,
    index: int,
    body: dict[str, Any],
    status: int,
    code: str,
) -> None:
    reply = await auditor.post(f"/audit/records/{index}/reviews", json=body)
    assert (reply.status_code, reply.json()["code"]) == (status, code)
    assert len(records(settings)) == 6


async def test_nobody_explains_what_is_about_them(settings: Settings, ledger: SqliteLedger) -> None:
    app = application(settings, ledger)
    why = {"state": "explained", "comment": "it was me"}
    async with client(app, "involved") as involved, client(app, "second") as second:
        for index in (1, 2, 5):
            reply = await involved.post(f"/audit/records/{index}/reviews", json=why)
            assert (reply.status_code, reply.json()["code"]) == (409, "review_refused")
        assert (await involved.post("/audit/records/3/reviews", json=why)).status_code == 201
        assert (await second.post("/audit/records/2/reviews", json=why)).status_code == 201


async def test_a_review_is_not_reviewed(auditor: httpx.AsyncClient) -> None:
    reply = await auditor.post("/audit/records/5/reviews", json={"comment": "first"})
    again = await auditor.post(
        f"/audit/records/{reply.json()['index']}/reviews", json={"comment": "second"}
    )
    assert again.json()["code"] == "review_refused"


async def test_a_comment_that_was_changed_is_not_shown(
    settings: Settings, auditor: httpx.AsyncClient
) -> None:
    await auditor.post("/audit/records/5/reviews", json={"comment": "first"})
    with apsw.Connection(str(settings.state / "notes.db")) as db:
        db.execute("UPDATE note SET sealed = CAST(sealed || x'00' AS BLOB)")
    reply = await auditor.get("/audit/records/5/reviews")
    assert reply.status_code == 503
    assert "first" not in reply.text


async def test_a_log_that_cannot_be_read_is_said_so(
    settings: Settings, auditor: httpx.AsyncClient
) -> None:
    (settings.ledger / "ledger.vkey").write_text("nonsense\n")
    reply = await auditor.get("/audit/records")
    assert (reply.status_code, reply.json()["code"]) == (503, "audit_unavailable")
