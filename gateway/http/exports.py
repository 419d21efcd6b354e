"""`POST /audit/exports`: records for others, as lines that are written while they are read.

The caller carries the duty to export, and the export is on record before its first line. What goes
wrong later ends the connection before the reply is whole.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Annotated, Final

import msgspec
from litestar import post
from litestar.datastructures import State
from litestar.response import Stream

from gateway.domain.duties import Duty
from gateway.domain.errors import Code, ExchangeError, LedgerUnavailable
from gateway.domain.exchange import Caller
from gateway.domain.payloads import Payload
from gateway.domain.records import Access, AccessAct
from gateway.http.openai import HttpRequest, credentials_of
from gateway.http.parse import decode
from gateway.http.receive import Inbox, check_plain
from gateway.http.vault import Safe
from gateway.ledger.errors import LedgerError
from gateway.ledger.exports.forms import MEDIA, Form
from gateway.ledger.exports.making import Index, Wanted, lines_of
from gateway.ledger.exports.queries import Queries, no_queries, redacted_queries
from gateway.ledger.pace import Pace
from gateway.office import Office

_BODY_LIMIT: Final = 64 * 1024
_BODY_SECONDS: Final = 30.0
_LINES: Final = 128
"""Lines that are made in one visit to a thread."""


@dataclass(frozen=True, slots=True, repr=False)
class ExportRoom:
    """What the route works with; the composition root puts it into the application's state."""

    office: Office
    log: Path
    node: str
    subjects: Index
    subject_key: bytes
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Whose lines with queries are made now. A thread that makes them waits for looks, which need
    threads too: were all of them such, none of them would ever end."""


class ExportRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is wanted. It may name a patient, and does not show itself when printed."""

    format: Form
    since: datetime | None = msgspec.field(default=None, name="from")
    until: datetime | None = msgspec.field(default=None, name="to")
    patient: Annotated[str, msgspec.Meta(min_length=1, max_length=128)] | None = None
    queries: bool = False
    """With the redacted requests of that patient, where they are kept: under a grant."""

    def __repr__(self) -> str:
        return "<ExportRequest>"


@post("/audit/exports", status_code=200)
async def export(request: HttpRequest, state: State) -> Stream:
    """Export records: all of a time, or those about one patient."""
    room: ExportRoom = state["exports"]
    caller = await room.office.admit(credentials_of(request), Duty.EXPORT)
    body = decode(await _body(request), ExportRequest)
    if body.patient is not None:
        caller = await room.office.admit(credentials_of(request), Duty.SEARCH_PATIENT)
    if body.queries:
        caller = await room.office.admit(credentials_of(request), Duty.READ_PAYLOAD)
    wanted = _wanted(body)
    clock = room.office.clock
    await room.office.ledger.append(
        Access(
            exchange=clock.new_id(),
            time=clock.now_ms(),
            actor=caller.id,
            client=caller.client,
            access=AccessAct.EXPORT,
            target=wanted.target,
        )
    )
    queries = _queries(state, caller) if wanted.queries else no_queries
    pace = Pace()
    lines = lines_of(
        *(room.log, room.node, wanted, room.subjects, room.subject_key, queries, pace.breathe)
    )
    make = partial(_joined, lines, pace)
    try:
        # Before the status is sent: a log that cannot be read is an error with a code.
        turn = room.turn if wanted.queries else None
        first = await _some(make, turn)
    except LedgerError:
        raise LedgerUnavailable from None
    return Stream(_all(first, make, turn), media_type=MEDIA[wanted.form])


ROUTES = [export]


def _wanted(body: ExportRequest) -> Wanted:
    since, until = _milliseconds(body.since), _milliseconds(body.until)
    try:
        return Wanted(body.format, since, until, body.patient, body.queries)
    except ValueError as error:
        words = str(error)
        raise ExchangeError(
            Code.INVALID_REQUEST, f"{words[0].upper()}{words[1:]}.", param="queries"
        ) from None


def _queries(state: State, caller: Caller) -> Queries:
    """Return what tells redacted requests, each shown to the caller as by `/audit/payloads`."""
    safe, loop = state.get("safe"), asyncio.get_running_loop()
    if not isinstance(safe, Safe):
        raise ExchangeError(Code.PAYLOAD_NOT_KEPT, "This gateway keeps no texts.")

    def opened(exchange: str) -> Payload:
        # Lines are made in a thread; the record that somebody reads is written in the loop.
        shown = asyncio.run_coroutine_threadsafe(safe.disclosure.show(caller, exchange), loop)
        return shown.result()

    return redacted_queries(opened)


async def _all(
    first: bytes, make: Callable[[], bytes], turn: asyncio.Lock | None
) -> AsyncIterator[bytes]:
    some = first
    while some:
        yield some
        some = await _some(make, turn)


async def _some(make: Callable[[], bytes], turn: asyncio.Lock | None) -> bytes:
    if turn is None:
        return await asyncio.to_thread(make)
    await turn.acquire()
    made = asyncio.ensure_future(asyncio.to_thread(make))
    # When the thread is done: a client that leaves does not end it.
    made.add_done_callback(lambda _: turn.release())
    return await asyncio.shield(made)


def _joined(lines: Iterator[bytes], pace: Pace) -> bytes:
    pace.begin()
    joined = b"".join(islice(lines, _LINES))
    pace.rest()
    return joined


async def _body(request: HttpRequest) -> bytes:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != (
        "application/json"
    ):
        raise ExchangeError(Code.UNSUPPORTED_MEDIA_TYPE, "Send application/json.")
    check_plain(request.headers)
    inbox = Inbox(request.receive, limit=_BODY_LIMIT, timeout=_BODY_SECONDS)
    return await inbox.body(request.headers.get("content-length"))


def _milliseconds(moment: datetime | None) -> int | None:
    if moment is None:
        return None
    given = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return max(0, int(given.timestamp() * 1000))
