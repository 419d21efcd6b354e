"""Break-glass over HTTP: who is let in, what is shown and recorded, and what never is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar import Litestar

from gateway.app import assemble
from gateway.clock import SystemClock
from gateway.domain.canonical import encode
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.payloads import Part, Words
from gateway.domain.records import Access, AccessAct, Admin, Record
from gateway.domain.subjects import Subjects, patient
from gateway.domain.text import RawText
from gateway.http.grants import GrantRoom
from gateway.installation import place_of
from gateway.ledger import SqliteLedger, read_ledger
from gateway.ledger.query import Query
from gateway.reidentification import PER_MINUTE, Pace, Reidentification
from gateway.settings import Settings, load
from tests.fakes import exchange
from tests.fakes.grants import (
    APPROVER,
    COLLEAGUE,
    DOCTOR,
    KEY,
    MODEL,
    NUMBER,
    REASON,
    Office,
    person,
)
from tests.fakes.identity import FakeAuthenticator
from tests.fakes.vault import MemoryVault

NAME = "Margaret Thornton"
EXCHANGE = "0199f2c4-0000-7000-8000-000000000001"
ASKED = {"purpose": "BTG", "patient": NUMBER, "reason": REASON}
BTG = {"x-purpose-of-use": "BTG"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load(tmp_path)


@pytest.fixture
def app(settings: Settings) -> Iterator[Litestar]:
    with SqliteLedger.open_for_recording(place_of(settings)) as ledger:
        office = Office(settings.data)
        office.record = ledger.append_blocking  # type: ignore[method-assign, assignment]
        office.clock = SystemClock()  # type: ignore[assignment]
        vault = MemoryVault()
        vault.subjects[EXCHANGE] = Subjects(patients=(patient(KEY, NUMBER),))
        vault.kept[EXCHANGE, Part.REQUEST] = Words(pseudonyms={"PERSON_412": RawText(NAME)})
        desk = office.desk()
        callers = {
            "doctor": DOCTOR,
            "colleague": COLLEAGUE,
            "approver": APPROVER,
            "operator": person("operator", "operator"),
            "both": replace(DOCTOR, id="key:both", roles=frozenset({"auditor", "operator"})),
        }
        parts = replace(
            exchange.World().parts(),
            authenticator=FakeAuthenticator(callers=callers),
            ledger=ledger,
            clock=SystemClock(),
        )
        service = Reidentification(office.decider, MODEL, vault, desk)
        room = GrantRoom(desk, service, Pace(SystemClock()), lambda: None)
        yield assemble(parts, settings, {}, extras={"grants": room})


async def call(
    app: Litestar, method: str, path: str, key: str = "doctor", **more: Any
) -> httpx.Response:
    headers = {"authorization": f"Bearer {key}"} | more.pop("headers", {})
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        return await client.request(method, path, headers=headers, **more)


async def granted(app: Litestar) -> str:
    asked = await call(app, "POST", "/admin/grants", json=ASKED)
    assert asked.status_code == 201, asked.text
    grant = str(asked.json()["id"])
    approved = await call(app, "POST", f"/admin/grants/{grant}/approve", "approver")
    assert approved.json()["state"] == "active"
    return grant


async def reidentified(
    app: Litestar, grant: str, key: str = "doctor", **body: str
) -> httpx.Response:
    sent = {"exchange": EXCHANGE, "text": "PERSON_412 is awake."} | body
    return await call(
        app, "POST", "/v1/reidentify", key, json=sent, headers=BTG | {"x-grant": grant}
    )


def records(settings: Settings) -> list[Record]:
    with read_ledger(settings.ledger) as reader:
        return [each.record for each in reader.search(Query(limit=None))]


async def test_a_patient_is_named_again_under_a_grant_of_two_people(
    app: Litestar, settings: Settings
) -> None:
    reply = await reidentified(app, await granted(app))
    assert reply.json() == {"text": f"{NAME} is awake.", "restored": 1}
    (use,) = [each for each in records(settings) if isinstance(each, Access)]
    assert (use.access, use.target, use.actor) == (AccessAct.REIDENTIFY, EXCHANGE, DOCTOR.id)


async def test_one_and_the_same_refusal_meets_whoever_guesses(app: Litestar) -> None:
    grant = await granted(app)
    replies = [
        await reidentified(app, grant, "colleague"),
        await reidentified(app, grant, exchange="0199f2c4-0000-7000-8000-00000000ffff"),
        await reidentified(app, grant, exchange="../../etc/passwd"),
        await reidentified(app, "no grant"),
    ]
    assert {reply.status_code for reply in replies} == {403}
    assert len({reply.text for reply in replies}) == 1
    assert replies[0].json()["error"]["code"] == "grant_refused"


@pytest.mark.parametrize(
    ("key", "method", "path", "status"),
    [
        ("operator", "POST", "/admin/grants", 403),
        ("approver", "POST", "/admin/grants", 403),
        ("doctor", "GET", "/admin/grants", 403),
        ("both", "GET", "/admin/grants", 403),
        ("doctor", "POST", "/admin/grants/x/approve", 403),
        ("operator", "GET", "/admin/grants/x", 403),
        ("operator", "POST", "/v1/reidentify", 403),
        ("nobody", "POST", "/v1/reidentify", 401),
        ("doctor", "GET", "/admin/grants/x", 404),
        ("approver", "POST", "/admin/grants/x/approve", 404),
        ("approver", "POST", "/admin/grants/x/dance", 404),
        ("doctor", "DELETE", "/admin/grants/x", 405),
    ],
)
async def test_who_may_not_is_told_so(
    app: Litestar, key: str, method: str, path: str, status: int
) -> None:
    reply = await call(app, method, path, key, json=ASKED if method == "POST" else None)
    assert reply.status_code == status, reply.text


async def test_an_approver_sees_what_waits_and_why_and_never_about_whom(
    app: Litestar, settings: Settings
) -> None:
    await call(app, "POST", "/admin/grants", json=ASKED)
    reply = await call(app, "GET", "/admin/grants", "approver")
    (waiting,) = reply.json()["grants"]
    assert waiting["reason"] == REASON
    assert not {"patient", "exchange", "text"} & set(waiting)
    look = records(settings)[-1]
    assert isinstance(look, Access)
    assert (look.access, look.target) == (AccessAct.SEARCH, "grants")


async def test_nobody_approves_their_own(app: Litestar) -> None:
    asked = await call(app, "POST", "/admin/grants", json=ASKED)
    app.state["office"].authenticator.callers["doctor"] = replace(
        DOCTOR, roles=frozenset({"clinician", "approver"})
    )
    reply = await call(app, "POST", f"/admin/grants/{asked.json()['id']}/approve")
    assert (reply.status_code, reply.json()["code"]) == (403, "grant_own")


async def test_it_can_be_ended_and_then_nothing_comes_back(app: Litestar) -> None:
    grant = await granted(app)
    ended = await call(app, "POST", f"/admin/grants/{grant}/end")
    assert ended.json()["state"] == "ended"
    assert (await reidentified(app, grant)).status_code == 403
    shown = await call(app, "GET", f"/admin/grants/{grant}")
    assert shown.json()["state"] == "ended"


async def test_tries_are_counted_and_one_too_many_is_recorded(
    app: Litestar, settings: Settings
) -> None:
    for _ in range(PER_MINUTE):
        await reidentified(app, "x")
    reply = await reidentified(app, "x")
    assert (reply.status_code, reply.json()["error"]["code"]) == (429, "rate_limited")
    assert records(settings)[-1].code == "rate_limited"  # type: ignore[union-attr]


async def test_where_nobody_outside_vouches_for_the_log_nobody_is_reidentified_and_it_is_recorded(
    app: Litestar, settings: Settings
) -> None:
    grant = await granted(app)

    def gate() -> None:
        raise ExchangeError(Code.AUDIT_UNWITNESSED, "A witness has seen another history.")

    app.state["grants"] = replace(app.state["grants"], gate=gate)
    reply = await reidentified(app, grant)
    assert (reply.status_code, reply.json()["error"]["code"]) == (503, "audit_unwitnessed")
    assert NAME not in reply.text
    assert records(settings)[-1].code == "audit_unwitnessed"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("sent", "headers", "code"),
    [
        ({"exchange": EXCHANGE}, {}, "invalid_request"),
        ({"exchange": EXCHANGE, "text": "x", "map": True}, {}, "unknown_field"),
        ({"exchange": 5, "text": "x"}, {}, "invalid_request"),
        ({"exchange": EXCHANGE, "text": "x"}, {"x-purpose-of-use": "treat"}, "unknown_purpose"),
        ({"exchange": EXCHANGE, "text": "x"}, {"content-type": "text/plain"}, None),
    ],
)
async def test_what_is_not_a_request_is_refused_without_a_word_of_it(
    app: Litestar, sent: dict[str, Any], headers: dict[str, str], code: str | None
) -> None:
    reply = await call(
        app, "POST", "/v1/reidentify", json=sent, headers=BTG | {"x-grant": "g"} | headers
    )
    assert reply.status_code in {400, 415}, reply.text
    assert code is None or reply.json()["error"]["code"] == code


async def test_without_a_grant_one_is_asked_for(app: Litestar) -> None:
    reply = await call(
        app, "POST", "/v1/reidentify", json={"exchange": EXCHANGE, "text": "x"}, headers=BTG
    )
    assert reply.json()["error"]["code"] == "grant_required"


async def test_neither_map_patient_nor_reason_is_in_a_record_a_log_or_an_error(
    app: Litestar, settings: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    grant = await granted(app)
    await reidentified(app, grant)
    errors = [
        await reidentified(app, grant, exchange=NAME),
        await call(app, "POST", "/admin/grants", json=ASKED | {"patient": "77 " + NAME * 9}),
        await call(app, "POST", "/admin/grants", json=ASKED | {"reason": "short"}),
        await call(app, "POST", "/admin/grants", json=ASKED | {"minutes": 99999}),
        await call(app, "POST", "/admin/grants", json=ASKED | {"extra": NAME}),
    ]
    said = "".join(capfd.readouterr()) + "".join(reply.text for reply in errors)
    said += "".join(encode(each).decode() for each in records(settings))
    data = b"".join(path.read_bytes() for path in settings.data.rglob("*") if path.is_file())
    for secret in (NAME, NUMBER, "48210377", REASON, "PERSON_412"):
        assert secret not in said
        assert secret.encode() not in data
    acts = [each for each in records(settings) if isinstance(each, Admin)]
    assert all(each.target == grant for each in acts)
