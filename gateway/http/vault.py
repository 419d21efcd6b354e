"""What was kept of an exchange: `GET /audit/payloads/{id}` shows it, `POST /audit/shred` ends it.

A patient is named in a body, never in an address: addresses end up in logs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Final, TypedDict

import msgspec
from litestar import Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath

from gateway.disclosure import Disclosure
from gateway.domain.duties import Duty
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.payloads import Payload, Words
from gateway.domain.subjects import patient
from gateway.http.openai import HttpRequest, credentials_of
from gateway.http.parse import decode
from gateway.http.receive import Inbox, check_plain
from gateway.ledger.sealing import Order, Shredder
from gateway.office import Office

_BODY_LIMIT: Final = 4 * 1024
_BODY_SECONDS: Final = 30.0
_Word = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]


@dataclass(frozen=True, slots=True, repr=False)
class Safe:
    """What the routes work with; the composition root puts it into the application's state."""

    disclosure: Disclosure
    shredder: Shredder
    subject_key: bytes


class ShredRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to shred: one of the three. It does not show itself when printed."""

    record: _Word | None = None
    """The id of an exchange."""
    patient: _Word | None = None
    """A patient's number, however it is spaced."""
    epoch: _Word | None = None
    """A quarter: 2026Q4."""

    def __repr__(self) -> str:
        return "<ShredRequest>"


class KeptWords(TypedDict):
    """One side of an exchange: as the engine had it; and, where all was kept, in clear."""

    redacted: list[str]
    plain: list[str]
    pseudonyms: dict[str, str]


class KeptPayload(TypedDict):
    """What was kept of an exchange."""

    exchange: str
    request: KeptWords | None
    reply: KeptWords | None


class Shredded(TypedDict):
    """What was shredded. `id` names the record that says so."""

    id: str
    shredded: str
    target: str
    exchanges: int
    texts: int


@get("/audit/payloads/{exchange:str}")
async def show_payload(
    request: HttpRequest, state: State, exchange: FromPath[str]
) -> Response[bytes]:
    """Show the texts of an exchange, under a grant."""
    office: Office = state["office"]
    caller = await office.admit(credentials_of(request), Duty.READ_PAYLOAD)
    safe: Safe = state["safe"]
    return _json(payload_as_json(await safe.disclosure.show(caller, exchange)))


@post("/audit/shred", status_code=200)
async def shred(request: HttpRequest, state: State) -> Response[bytes]:
    """Make the texts of an exchange, of a patient or of an epoch unreadable for ever."""
    office: Office = state["office"]
    caller = await office.admit(credentials_of(request), Duty.SHRED)
    safe: Safe = state["safe"]
    check_plain(request.headers)
    inbox = Inbox(request.receive, limit=_BODY_LIMIT, timeout=_BODY_SECONDS)
    body = decode(await inbox.body(request.headers.get("content-length")), ShredRequest)
    order = await asyncio.to_thread(_ordering(safe, body, office.clock.new_id()))
    # Once it is on record it is carried out, whoever still listens.
    await asyncio.shield(_carried_out(office, safe, order, caller.id))
    return _json(order_as_json(order))


ROUTES = [show_payload, shred]


def payload_as_json(payload: Payload) -> KeptPayload:
    """Return a payload for the eyes of who may see it."""
    return {
        "exchange": payload.exchange,
        "request": _words(payload.request),
        "reply": _words(payload.reply),
    }


def order_as_json(order: Order) -> Shredded:
    """Return what was shredded."""
    return {
        "id": order.id,
        "shredded": order.kind.value,
        "target": order.target,
        "exchanges": order.exchanges,
        "texts": order.texts,
    }


async def _carried_out(office: Office, safe: Safe, order: Order, actor: str) -> None:
    await office.ledger.append(order.record(actor, office.clock.now_ms()))
    await asyncio.to_thread(safe.shredder.carry_out, order)


def _ordering(safe: Safe, body: ShredRequest, name: str) -> Callable[[], Order]:
    if sum(each is not None for each in (body.record, body.patient, body.epoch)) != 1:
        raise ExchangeError(
            Code.INVALID_REQUEST, "Name record, patient or epoch: one of the three.", param="record"
        )
    if body.record is not None:
        record = body.record
        return lambda: safe.shredder.of_record(name, record)
    if body.epoch is not None:
        epoch = body.epoch
        return lambda: safe.shredder.of_epoch(name, epoch)
    fingerprint = patient(safe.subject_key, body.patient or "")
    return lambda: safe.shredder.of_patient(name, fingerprint)


def _words(words: Words | None) -> KeptWords | None:
    if words is None:
        return None
    return {
        "redacted": [text.reveal() for text in words.redacted],
        "plain": [text.reveal() for text in words.plain],
        "pseudonyms": {name: text.reveal() for name, text in words.pseudonyms.items()},
    }


def _json(value: KeptPayload | Shredded) -> Response[bytes]:
    return Response(
        msgspec.json.encode(value),
        media_type="application/json",
        # What is shown once is not to lie in anybody's cache.
        headers={"Cache-Control": "no-store"},
    )
