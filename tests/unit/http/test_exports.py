"""`POST /audit/exports`: who may, that it is on record first, and what comes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from gateway.app import assemble
from gateway.clock import SystemClock
from gateway.domain.errors import LedgerUnavailable
from gateway.domain.records import Access, AccessAct
from gateway.domain.subjects import patient
from gateway.installation import place_of
from gateway.ledger import SqliteLedger
from gateway.ledger.exports.proofs import verify_lines
from gateway.ledger.publickeys import read_vkey
from gateway.ledger.query import Query, read_ledger
from gateway.settings import Settings, load
from tests.fakes import exchange
from tests.fakes.every_record import every_kind, write_log
from tests.fakes.identity import FakeAuthenticator, caller

NUMBER = "48210377"


class Whose:
    def __init__(self, key: bytes) -> None:
        self.known = {patient(key, NUMBER): ["s0"]}

    def find(self, fingerprint: bytes, before: str | None, limit: int) -> Sequence[str]:
        return self.known.get(fingerprint, []) if before is None else []


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "intramural.toml").write_text('node = "ward-1"\n', encoding="utf-8")
    write_log(tmp_path, every_kind())
    return load(tmp_path)


@pytest.fixture
async def asked(settings: Settings) -> AsyncIterator[Callable[..., httpx.AsyncClient]]:
    """A client for a key. Its ledger is the real one, in use."""
    with SqliteLedger.open_for_recording(place_of(settings)) as ledger:
        parts = replace(
            exchange.World().parts(),
            authenticator=FakeAuthenticator(
                callers={
                    "auditor": caller("key:auditor", roles=frozenset({"auditor"})),
                    "operator": caller("key:operator", roles=frozenset({"operator"})),
                }
            ),
            ledger=ledger,
            clock=SystemClock(),
        )
        app = assemble(parts, settings, {})
        app.state["exports"] = replace(app.state["exports"], subjects=Whose(parts.subject_key))

        def client(key: str = "auditor") -> httpx.AsyncClient:
            return httpx.AsyncClient(
                transport=httpx.ASGITransport(app),  # type: ignore[arg-type]
                base_url="http://gateway",
                headers={"authorization": f"Bearer {key}"},
            )

        yield client


def last(settings: Settings) -> object:
    with read_ledger(settings.ledger) as reader:
        return next(iter(reader.search(Query(limit=1)))).record


async def test_an_export_is_on_record_before_it_is_made(
    settings: Settings, asked: Callable[..., httpx.AsyncClient]
) -> None:
    async with asked() as client:
        reply = await client.post("/audit/exports", json={"format": "ndjson"})
    assert reply.status_code == 200
    assert reply.headers["content-type"].startswith("application/x-ndjson")
    lines = reply.content.splitlines(keepends=True)
    verified = verify_lines(lines, read_vkey(settings.ledger / "ledger.vkey"))
    record = last(settings)
    assert isinstance(record, Access)
    assert (record.access, record.target, record.actor) == (
        AccessAct.EXPORT,
        "ndjson",
        "key:auditor",
    )
    assert verified.last == verified.checkpoint.size - 1
    assert record.exchange.encode() in lines[-2]


async def test_events_of_one_patient_are_of_that_patient_alone(
    settings: Settings, asked: Callable[..., httpx.AsyncClient]
) -> None:
    async with asked() as client:
        reply = await client.post(
            "/audit/exports", json={"format": "bundle", "patient": "48-21-0377"}
        )
    (entry,) = json.loads(reply.content)["entry"]
    assert entry["resource"]["meta"]["profile"][0].endswith("PatientCreate")
    record = last(settings)
    assert isinstance(record, Access)
    assert record.target == "bundle:patient"


async def test_an_export_of_a_time(asked: Callable[..., httpx.AsyncClient]) -> None:
    body = {"format": "fhir", "from": "2026-05-01T00:00:00Z", "to": "2026-06-01T00:00:00+02:00"}
    async with asked() as client:
        reply = await client.post("/audit/exports", json=body)
    found = {json.loads(line)["recorded"][:7] for line in reply.content.splitlines()}
    assert found == {"2026-05"}


@pytest.mark.parametrize(
    ("key", "body", "status", "code"),
    [
        ("operator", {"format": "csv"}, 403, "duty_refused"),
        ("nobody", {"format": "csv"}, 401, "invalid_credentials"),
        ("auditor", {"format": "pdf"}, 400, "invalid_request"),
        ("auditor", {}, 400, "invalid_request"),
        ("auditor", {"format": "csv", "from": "yesterday"}, 400, "invalid_request"),
        ("auditor", {"format": "csv", "patient": ""}, 400, "invalid_request"),
        ("auditor", {"format": "csv", "all": True}, 400, "unknown_field"),
    ],
)
async def test_what_is_not_allowed_or_not_understood_is_refused_with_a_code(
    settings: Settings,
    asked: Callable[..., httpx.AsyncClient],
    key: str,
    body: dict[str, object],
    status: int,
    code: str,
) -> None:
    async with asked(key) as client:
        reply = await client.post("/audit/exports", json=body)
    assert (reply.status_code, reply.json()["code"]) == (status, code)
    assert not isinstance(last(settings), Access)


async def test_without_a_record_nothing_is_exported(
    settings: Settings,
    asked: Callable[..., httpx.AsyncClient],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def refuse(*_: object) -> None:
        raise LedgerUnavailable

    monkeypatch.setattr(SqliteLedger, "append", refuse)
    async with asked() as client:
        reply = await client.post("/audit/exports", json={"format": "csv"})
    assert (reply.status_code, reply.json()["code"]) == (503, "audit_unavailable")
