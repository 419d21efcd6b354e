"""Releases over HTTP: the same desk as on the command line, behind the same door."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from litestar import Litestar

from gateway.app import assemble
from gateway.domain.records import Admin, AdminAct
from gateway.policy.release import ACCESS
from gateway.policy.releases.archive import pack, unpack
from gateway.settings import load
from tests.fakes.exchange import NAME, World
from tests.fakes.identity import caller
from tests.fakes.releases import FILES, Office, open_office, policy

PEOPLE = {
    "ada": "policy_author",
    "grace": "approver",
    "linus": "operator",
    "audrey": "auditor",
    "ward": "service",
}
PATH = "/admin/policy/releases"


class Room:
    """The routes over a real register, and who knocks."""

    def __init__(
        self, app: Litestar, office: Office, client: httpx.AsyncClient, world: World
    ) -> None:
        self.app = app
        self.office = office
        self.http = client
        self.world = world

    async def get(self, by: str, path: str = "", **query: str) -> httpx.Response:
        headers = {"authorization": f"Bearer {by}"}
        return await self.http.get(PATH + path, headers=headers, params=query)

    async def post(self, by: str, path: str = "", body: object = None) -> httpx.Response:
        headers = {"authorization": f"Bearer {by}"}
        return await self.http.post(PATH + path, headers=headers, json=body or {})

    async def draft(self, number: int = 1) -> int:
        archive = base64.b64encode(pack(policy(number))).decode()
        reply = await self.post("ada", body={"archive": archive, "note": f"policy {number}"})
        assert reply.status_code == 201, reply.text
        return int(reply.json()["number"])

    async def signed(self, number: int, part: str, name: str, **more: str) -> dict[str, str]:
        key = self.office.keys[name]
        said = await self.get("ada", f"/{number}/statement", part=part, signer=key.id, **more)
        assert said.status_code == 200, said.text
        return {"signer": key.id, "signature": base64.b64encode(key.sign(said.content)).decode()}


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Room]:
    office = open_office(folder)
    world = World()
    world.authenticator.callers = {
        name: caller(f"key:{name}", roles=frozenset({role})) for name, role in PEOPLE.items()
    }
    for name, known in world.authenticator.callers.items():
        object.__setattr__(known, "name", name)
    app = assemble(world.parts(), load(folder), {}, extras={"releases": office.desk})
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        yield Room(app, office, client, world)


async def test_a_release_comes_into_force_over_http(tmp_path: Path) -> None:
    async with opened(tmp_path) as room:
        number = await room.draft()
        body = await room.signed(number, "author", "Ada")
        assert (await room.post("ada", f"/{number}/submit", body)).json()["state"] == "submitted"
        body = await room.signed(number, "approver", "Grace")
        assert (await room.post("grace", f"/{number}/approve", body)).json()["state"] == "approved"
        reply = await room.post("linus", f"/{number}/activate")
        assert reply.json()["state"] == "active"
        shown = (await room.get("audrey", f"/{number}")).json()
        assert (shown["author"], shown["approver"], shown["alone"]) == ("Ada", "Grace", False)
        assert [each["number"] for each in (await room.get("audrey")).json()] == [number]
        archive = (await room.get("audrey", f"/{number}/archive")).content
        assert dict(unpack(archive)) == policy(1)


async def test_each_route_is_for_those_who_carry_its_duty(tmp_path: Path) -> None:
    async with opened(tmp_path) as room:
        number = await room.draft()
        emergency = {"signer": "signer:0000000000000000", "signature": "AA==", "reason": "why"}
        may = {
            "": {"ada"},
            f"/{number}/submit": {"ada"},
            f"/{number}/withdraw": {"ada"},
            f"/{number}/approve": {"grace"},
            f"/{number}/reject": {"grace"},
            f"/{number}/schedule": {"linus"},
            f"/{number}/rollback": {"linus"},
            f"/{number}/activate": {"linus"},
        }
        for path, who in may.items():
            for name in PEOPLE.keys() - who:
                reply = await room.post(name, path)
                assert (reply.status_code, reply.json()["code"]) == (403, "duty_refused"), path
                assert reply.headers["content-type"] == "application/problem+json"
        for name in ("audrey", "ward"):
            reply = await room.post(name, f"/{number}/activate", emergency)
            assert reply.json()["code"] == "duty_refused"
        assert (await room.get("ward")).status_code == 403
        assert (await room.get("nobody")).status_code == 401
        assert (await room.get("audrey", f"/{number}")).json()["state"] == "draft"
        refused = [
            record
            for record in room.world.ledger.records
            if isinstance(record, Admin) and record.act is AdminAct.DUTY_REFUSED
        ]
        assert len(refused) > 20


async def _unread() -> AsyncIterator[bytes]:
    raise AssertionError("the body was read")
    yield b""


async def test_no_route_reads_a_body_before_it_knows_who_sends_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as room, room.app.lifespan():
        paths = [
            re.sub(r"\{[^}]*\}", "1", route.path.replace("{step:str}", "end"))
            for route in room.app.routes
            if "POST" in getattr(route, "methods", ())
            and route.path != "/v1/reidentify"  # Without grants it answers nobody.
        ]
        assert {f"{PATH}/1/activate", "/v1/chat/completions", "/audit/search"} <= set(paths)
        for path in paths:
            reply = await room.http.post(
                path, headers={"authorization": "Bearer nobody"}, content=_unread()
            )
            assert reply.status_code == 401, path
        served = {"authorization": "Bearer ward"}
        path = f"{PATH}/1/activate"
        assert (await room.http.post(path, headers=served, content=_unread())).status_code == 403


async def test_of_two_approvals_at_once_one_gets_a_conflict(tmp_path: Path) -> None:
    async with opened(tmp_path) as room:
        number = await room.draft()
        await room.post("ada", f"/{number}/submit", await room.signed(number, "author", "Ada"))
        body = await room.signed(number, "approver", "Grace")
        replies = await asyncio.gather(
            *(room.post("grace", f"/{number}/approve", body) for _ in range(2))
        )
        assert sorted(each.status_code for each in replies) == [200, 409]


async def test_an_emergency_over_http_is_the_same_emergency(tmp_path: Path) -> None:
    async with opened(tmp_path) as room:
        number = await room.draft()
        reason = {"reason": "the ward cannot work"}
        body = await room.signed(number, "alone", "Ada", **reason) | reason
        half = {name: value for name, value in body.items() if name != "signature"}
        assert (await room.post("ada", f"/{number}/activate", half)).status_code == 400
        reply = await room.post("ada", f"/{number}/activate", body)
        assert (reply.json()["state"], reply.json()["alone"]) == ("active", True)
        assert reply.json()["reason"] == "the ward cannot work"


async def test_words_that_name_somebody_are_no_note_and_no_reason(tmp_path: Path) -> None:
    async with opened(tmp_path) as room:
        number = await room.draft()
        acts = list(room.office.acts)
        archive = base64.b64encode(pack(policy(2))).decode()
        body = {"archive": archive, "note": f"{NAME} asked for it"}
        refused = [await room.post("ada", body=body)]
        reason = {"reason": f"{NAME} waits"}
        body = await room.signed(number, "alone", "Ada", **reason) | reason
        refused.append(await room.post("ada", f"/{number}/activate", body))
        for reply in refused:
            assert (reply.status_code, reply.json()["code"]) == (403, "entity_blocked")
            assert "Thornton" not in reply.text
        assert [each["state"] for each in (await room.get("audrey")).json()] == ["draft"]
        assert room.office.acts == acts


async def test_where_detection_fails_no_note_is_kept(tmp_path: Path) -> None:
    async with opened(tmp_path) as room:
        room.world.detector.break_down()
        archive = base64.b64encode(pack(policy(1))).decode()
        reply = await room.post("ada", body={"archive": archive, "note": "policy 1"})
        assert reply.json()["code"] == "detection_failed"
        assert (await room.get("audrey")).json() == []


@pytest.mark.parametrize(
    ("archive", "code"),
    [
        (b"not an archive", "release_invalid"),
        (pack({**FILES, ACCESS: b"permt"}), "release_invalid"),
        (None, "invalid_request"),
    ],
)
async def test_what_is_no_policy_is_no_draft(
    tmp_path: Path, archive: bytes | None, code: str
) -> None:
    async with opened(tmp_path) as room:
        sent = "%%%" if archive is None else base64.b64encode(archive).decode()
        reply = await room.post("ada", body={"archive": sent, "note": "a note"})
        assert (reply.status_code, reply.json()["code"]) == (400, code)


async def test_malformed_questions_get_a_plain_answer(tmp_path: Path) -> None:
    async with opened(tmp_path) as room:
        number = await room.draft()
        for path, body, status in (
            ("/99", None, 405),
            ("/99/submit", {"signer": "signer:0000000000000000", "signature": "AA=="}, 404),
            ("/99999999999999999999999/rollback", None, 404),
            (f"/{number}/submit", {"signer": "x", "signature": "AA=="}, 400),
            (f"/{number}/submit", {"signer": "signer:0000000000000000", "signature": "%"}, 400),
            (f"/{number}/submit", {"signer": "signer:0000000000000000", "extra": 1}, 400),
        ):
            by = "linus" if path.endswith("rollback") else "ada"
            assert (await room.post(by, path, body)).status_code == status, path
        late = {"begins": "2027-01-31T06:00:00"}
        assert (await room.post("linus", f"/{number}/schedule", late)).status_code == 400
        assert (await room.get("ada", f"/{number}/statement", part="author")).status_code == 400


async def test_signers_are_managed_by_operators(tmp_path: Path) -> None:
    async with opened(tmp_path) as room:
        headers = {"authorization": "Bearer linus"}
        listed = (await room.http.get("/admin/policy/signers", headers=headers)).json()
        assert {each["person"] for each in listed} == {"Ada", "Grace"}
        body = {"person": "Eve", "role": "auditor", "key": "AA=="}
        reply = await room.http.post("/admin/policy/signers", headers=headers, json=body)
        assert reply.status_code == 400
        grace = room.office.keys["Grace"].id
        path = f"/admin/policy/signers/{grace}/revoke"
        assert (await room.http.post(path, headers=headers, json={})).status_code == 200
        assert (
            await room.http.post(path, headers={"authorization": "Bearer grace"}, json={})
        ).status_code == 403
