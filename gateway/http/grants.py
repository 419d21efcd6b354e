"""Break-glass over HTTP: ask for a grant, decide on one, end one; and re-identify under one.

No route lists patients, sessions, maps or anybody's grants. What waits for an approval is shown to
approvers. A patient's number and a reason come in a body and are in no reply but the reason, to
those who decide.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final, TypedDict, TypeVar

import msgspec
from litestar import Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath

from gateway.domain.duties import Duty
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.exchange import Caller, Purpose
from gateway.domain.purpose import parse_purpose
from gateway.domain.records import Access, AccessAct
from gateway.domain.text import RawText
from gateway.http.openai import HttpRequest, credentials_of
from gateway.http.parse import decode
from gateway.http.receive import Inbox, check_plain, stated
from gateway.http.treating import json_only
from gateway.identity.grants.desk import GrantDesk
from gateway.identity.grants.grant import AccessGrant
from gateway.identity.grants.rules import Request as GrantRequest
from gateway.identity.grants.shown import ShownGrant, grant_as_json
from gateway.office import Office
from gateway.reidentification import Pace, Reidentification, Wanted

T = TypeVar("T")
_BODY_LIMIT: Final = 1024 * 1024
_BODY_SECONDS: Final = 30.0
_Word = Annotated[str, msgspec.Meta(max_length=128)]


@dataclass(frozen=True, slots=True, repr=False)
class GrantRoom:
    """What the routes work with; the composition root puts it into the application's state."""

    desk: GrantDesk
    service: Reidentification
    pace: Pace
    gate: Callable[[], None]
    """`pipeline.Parts.gate`: where nobody outside vouches for the log, nobody learns a name."""


class AskRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody asks for. It does not show itself when printed."""

    purpose: Purpose
    patient: _Word
    """The patient's number, as it stands in the texts."""
    reason: Annotated[str, msgspec.Meta(max_length=4000)]
    minutes: int | None = None
    """As long as the profile allows, if absent."""

    def __repr__(self) -> str:
        return "<AskRequest>"


class ReidentifyRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A text with stand-ins of one exchange."""

    exchange: _Word
    """Its `X-Request-Id`."""
    text: str

    def __repr__(self) -> str:
        return "<ReidentifyRequest>"


class Reidentified(msgspec.Struct, frozen=True, kw_only=True):
    """The same text, with what the stand-ins stand for. No map."""

    text: str
    restored: int
    """How many stand-ins there were."""

    def __repr__(self) -> str:
        return "<Reidentified>"


class WaitingGrants(TypedDict):
    """What others ask for."""

    grants: list[ShownGrant]


@post("/admin/grants", status_code=201)
async def ask_grant(request: HttpRequest, state: State) -> Response[bytes]:
    """Ask for a grant."""
    caller = await _admit(request, state, Duty.ASK_GRANT)
    body = decode(await _body(request), AskRequest)
    asked = GrantRequest(body.purpose, body.patient, body.reason, body.minutes)
    return _json(grant_as_json(await _blocking(_room(state).desk.ask, caller, asked)), 201)


@get("/admin/grants")
async def list_grants(request: HttpRequest, state: State) -> Response[bytes]:
    """Show an approver what others ask for, and why. Never about whom."""
    caller = await _admit(request, state, Duty.APPROVE_GRANT)
    await _look(state, caller, "grants")
    waiting = await _blocking(_room(state).desk.waiting, caller)
    shown: WaitingGrants = {"grants": [grant_as_json(grant, why) for grant, why in waiting]}
    return _json(shown)


@get("/admin/grants/{grant_id:str}")
async def show_grant(
    request: HttpRequest, state: State, grant_id: FromPath[str]
) -> Response[bytes]:
    """Show a grant to who asked for it, or to an approver."""
    caller = await _admit(request, state, Duty.ASK_GRANT, Duty.APPROVE_GRANT)
    grant, why = await _blocking(_room(state).desk.show, caller, grant_id)
    await _look(state, caller, grant.id)
    return _json(grant_as_json(grant, why))


@post("/admin/grants/{grant_id:str}/{step:str}", status_code=200)
async def decide_grant(
    request: HttpRequest, state: State, grant_id: FromPath[str], step: FromPath[str]
) -> Response[bytes]:
    """Approve, refuse or end a grant."""
    steps: dict[str, Callable[[GrantDesk, Caller, str], AccessGrant]] = {
        "approve": GrantDesk.approve,
        "refuse": GrantDesk.refuse,
        "end": GrantDesk.end,
    }
    if step not in steps:
        raise ExchangeError(Code.NOT_FOUND, "There is nothing at this path.")
    if step == "end":
        caller = await _admit(request, state, Duty.ASK_GRANT, Duty.APPROVE_GRANT)
    else:
        caller = await _admit(request, state, Duty.APPROVE_GRANT)
    decided = await _blocking(steps[step], _room(state).desk, caller, grant_id)
    return _json(grant_as_json(decided))


@post("/v1/reidentify", status_code=200)
async def reidentify(request: HttpRequest, state: State) -> Response[bytes]:
    """Restore the stand-ins of one exchange in a text, under the grant in `X-Grant`."""
    room = _room(state)
    caller = await _admit(request, state, Duty.REIDENTIFY)
    try:
        room.pace.take(caller.id)
        room.gate()
    except ExchangeError as error:
        await _look(state, caller, "", AccessAct.REIDENTIFY, error.code)
        raise
    purpose = parse_purpose(stated(request.headers, "x-purpose-of-use"), caller)
    grant = stated(request.headers, "x-grant")
    if grant is None:
        raise ExchangeError(
            Code.GRANT_REQUIRED,
            "Send the header X-Grant with the id of a grant: `intramural grants ask` asks for one.",
            param="X-Grant",
        )
    body = decode(await _body(request), ReidentifyRequest)
    wanted = Wanted(grant, purpose, body.exchange, RawText(body.text))
    text, count = await _blocking(room.service.restore, caller, wanted)
    return _json(msgspec.to_builtins(Reidentified(text=text.reveal(), restored=count)))


ROUTES = [ask_grant, list_grants, show_grant, decide_grant, reidentify]


def _room(state: State) -> GrantRoom:
    room = state.get("grants")
    if not isinstance(room, GrantRoom):
        raise ExchangeError(Code.IDENTITY_UNAVAILABLE, "This gateway keeps no grants.")
    return room


async def _admit(request: HttpRequest, state: State, duty: Duty, *others: Duty) -> Caller:
    office: Office = state["office"]
    return await office.admit(credentials_of(request), duty, *others)


async def _look(
    state: State,
    caller: Caller,
    target: str,
    access: AccessAct = AccessAct.SEARCH,
    code: Code | None = None,
) -> None:
    office: Office = state["office"]
    await office.ledger.append(
        Access(
            exchange=office.clock.new_id(),
            time=office.clock.now_ms(),
            actor=caller.id,
            client=caller.client,
            access=access,
            target=target,
            code=code,
        )
    )


async def _body(request: HttpRequest) -> bytes:
    json_only(request.headers)
    check_plain(request.headers)
    inbox = Inbox(request.receive, limit=_BODY_LIMIT, timeout=_BODY_SECONDS)
    return await inbox.body(request.headers.get("content-length"))


async def _blocking(work: Callable[..., T], *values: object) -> T:
    # Whoever goes away does not stop a step that has begun: its record may be durable already.
    return await asyncio.shield(asyncio.to_thread(work, *values))


def _json(value: Any, status: int = 200) -> Response[bytes]:  # noqa: ANN401 - for msgspec
    return Response(msgspec.json.encode(value), status_code=status, media_type="application/json")
