"""The auditor's routes: search, a record with its proof, and its review.

Everyone comes through `Office`. That somebody looked is recorded, and durable, before anything is
shown. A patient is named in a body, never in an address: addresses end up in logs.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from typing import Annotated, Final, TypedDict, TypeVar

import msgspec
from litestar import Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath
from litestar.response import Stream

from gateway.domain.duties import Duty
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.exchange import Caller
from gateway.domain.questions import Question, QuestionError, ask
from gateway.domain.records import Review, ReviewState
from gateway.domain.reviewing import MAX_COMMENT
from gateway.domain.subjects import is_whole, named, patient
from gateway.freetext import NamesNobody
from gateway.http.openai import HttpRequest, credentials_of
from gateway.http.parse import decode
from gateway.http.receive import Inbox, check_plain
from gateway.ledger.desk import (
    DEFAULT_LIMIT,
    MAX_LIMIT,
    PATIENT,
    Desk,
    Who,
    as_lines,
    looked,
)
from gateway.ledger.errors import LedgerError
from gateway.office import Office

T = TypeVar("T")
NDJSON: Final = "application/x-ndjson"
_BODY_LIMIT: Final = 64 * 1024
_BODY_SECONDS: Final = 30.0
_SUBJECTS: Final = frozenset({"patient", "name"})
_NUMBERS: Final = frozenset({"limit", "before"})
_Limit = Annotated[int, msgspec.Meta(ge=1, le=MAX_LIMIT)]
_Before = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]


@dataclass(frozen=True, slots=True, repr=False)
class AuditRoom:
    """What the routes work with; the composition root puts it into the application's state."""

    office: Office
    desk: Desk
    subject_key: bytes
    names_nobody: NamesNobody
    """What comments are looked through with."""
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Whose long answer is read on now: several auditors together take no more than one does."""


class SearchRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A question that may name somebody. It does not show itself when printed."""

    where: Annotated[list[str], msgspec.Meta(max_length=64)] = []
    """Words, `field=value` each."""
    patient: Annotated[str, msgspec.Meta(min_length=1, max_length=128)] | None = None
    """A patient's number, however it is spaced."""
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=128)] | None = None
    """A person's name, in two words or more."""
    limit: _Limit = DEFAULT_LIMIT
    before: _Before | None = None

    def __repr__(self) -> str:
        return "<SearchRequest>"


class ReviewRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an auditor makes of a record."""

    state: ReviewState | None = None
    comment: str = ""

    def __repr__(self) -> str:
        return "<ReviewRequest>"


class RecordPage(msgspec.Struct, frozen=True, kw_only=True):
    """Some records, the newest first. Ask again with `before` = `next`, unless that is null."""

    records: list[msgspec.Raw]
    next: int | None
    size: int
    """Records in the log."""
    indexed: int
    """Records in the search index. The rest was read from the log: nothing is left out."""


class ReviewMade(TypedDict):
    """`index` is the record of the review, `record` the one that it is about."""

    index: int
    record: int
    state: ReviewState | None


@get("/audit/records")
async def list_records(request: HttpRequest, state: State) -> Response[bytes] | Stream:
    """Search by what stands in the address: one parameter a field, twice for either value."""
    room: AuditRoom = state["audit"]
    caller = await room.office.admit(credentials_of(request), Duty.READ_AUDIT)
    pairs = list(request.query_params.multi_items())
    if any(name in _SUBJECTS for name, _ in pairs):
        raise ExchangeError(
            Code.INVALID_REQUEST,
            "Never write a patient into an address, which ends up in logs. POST /audit/search "
            "takes patient and name in its body.",
        )
    numbers = {name: value for name, value in pairs if name in _NUMBERS}
    question = _question(room, [f"{name}={text}" for name, text in pairs if name not in _NUMBERS])
    limit = _number(numbers, "limit", 1, MAX_LIMIT)
    before = _number(numbers, "before", 0, 2**53)
    return await _answer(request, room, caller, question, limit or DEFAULT_LIMIT, before, "")


@post("/audit/search", status_code=200)
async def search(request: HttpRequest, state: State) -> Response[bytes] | Stream:
    """Search by what stands in the body, which may name a patient."""
    room: AuditRoom = state["audit"]
    caller = await room.office.admit(credentials_of(request), Duty.READ_AUDIT)
    body = decode(await _body(request), SearchRequest)
    question = _question(room, body.where)
    whom = _whom(room, body)
    if whom is not None:
        caller = await room.office.admit(credentials_of(request), Duty.SEARCH_PATIENT)
        question = replace(question, subject=whom)
    target = "" if whom is None else PATIENT
    return await _answer(request, room, caller, question, body.limit, body.before, target)


@get("/audit/records/{index:int}")
async def show_record(request: HttpRequest, state: State, index: FromPath[int]) -> Response[bytes]:
    """Show one record, with the proof that the log holds it."""
    room: AuditRoom = state["audit"]
    caller = await room.office.admit(credentials_of(request), Duty.READ_AUDIT)
    await _look(room, caller, _numbered(index))
    return _json(_there(await _blocking(room.desk.record, index)))


@get("/audit/records/{index:int}/reviews")
async def list_reviews(request: HttpRequest, state: State, index: FromPath[int]) -> Response[bytes]:
    """Show what was said about a record, comments included, the oldest first."""
    room: AuditRoom = state["audit"]
    caller = await room.office.admit(credentials_of(request), Duty.REVIEW)
    await _look(room, caller, _numbered(index))
    return _json({"reviews": _there(await _blocking(room.desk.history, index))})


@post("/audit/records/{index:int}/reviews", status_code=201)
async def review_record(
    request: HttpRequest, state: State, index: FromPath[int]
) -> Response[bytes]:
    """Say what a record is: open, explained or escalated; or comment it."""
    room: AuditRoom = state["audit"]
    caller = await room.office.admit(credentials_of(request), Duty.REVIEW)
    body = decode(await _body(request), ReviewRequest)
    who = Who(caller.id, caller.client)
    if 0 < len(body.comment) <= MAX_COMMENT:  # A longer one is refused below.
        await room.names_nobody(body.comment, "comment")

    def draft(index: int) -> Review:
        return room.desk.review(who, room.office.clock, index, body.state, body.comment)

    review = await _blocking(draft, index)
    receipt = await room.office.ledger.append(review)
    made: ReviewMade = {"index": receipt.index, "record": index, "state": review.state}
    return _json(made, 201)


ROUTES = [list_records, search, show_record, list_reviews, review_record]


def _question(room: AuditRoom, words: list[str]) -> Question:
    try:
        return ask(words, room.office.clock.now_ms())
    except QuestionError as error:
        raise ExchangeError(Code.INVALID_REQUEST, f"{error}.", param="where") from None


def _whom(room: AuditRoom, body: SearchRequest) -> bytes | None:
    if body.patient is not None and body.name is not None:
        raise ExchangeError(
            Code.INVALID_REQUEST, "Ask by patient or by name, one of both.", param="name"
        )
    if body.patient is not None:
        return patient(room.subject_key, body.patient)
    if body.name is None:
        return None
    if not is_whole(body.name):
        raise ExchangeError(
            Code.INVALID_REQUEST,
            "People are indexed under two words of their name or more: give the whole name.",
            param="name",
        )
    return named(room.subject_key, body.name)


async def _answer(  # noqa: PLR0913, PLR0917 - what was asked, and how it is to be answered
    request: HttpRequest,
    room: AuditRoom,
    caller: Caller,
    question: Question,
    limit: int,
    before: int | None,
    target: str,
) -> Response[bytes] | Stream:
    index = await _look(room, caller, target)
    before = index if before is None else min(before, index)
    if NDJSON in request.headers.get("accept", ""):
        return Stream(_lines(room, question, before), media_type=NDJSON)
    answer = await _blocking(room.desk.page, question, limit, before)
    page = RecordPage(
        records=[msgspec.Raw(record) for record in answer.records],
        next=answer.next,
        size=answer.size,
        indexed=answer.indexed,
    )
    return _json(page)


async def _lines(room: AuditRoom, question: Question, before: int) -> AsyncIterator[bytes]:
    """Yield every record that answers, and a last line: without it, the answer is not whole."""
    count = 0
    pages = room.desk.pages(question, before)
    while True:
        async with room.turn:
            answer = await _blocking(next, pages, None)
        if answer is None:
            break
        count += len(answer.records)
        yield as_lines(answer)
    yield msgspec.json.encode({"end": True, "records": count}) + b"\n"


async def _look(room: AuditRoom, caller: Caller, target: str) -> int:
    """Record that somebody looks, and return the index of that record."""
    access = looked(Who(caller.id, caller.client), room.office.clock, target)
    return (await room.office.ledger.append(access)).index


async def _blocking(work: Callable[..., T], *values: object) -> T:
    try:
        return await asyncio.to_thread(work, *values)
    except LedgerError:
        raise ExchangeError(
            Code.AUDIT_UNAVAILABLE,
            "The log, or what was written about it, cannot be read now. The operator has "
            "`intramural audit verify`.",
        ) from None


async def _body(request: HttpRequest) -> bytes:
    check_plain(request.headers)
    inbox = Inbox(request.receive, limit=_BODY_LIMIT, timeout=_BODY_SECONDS)
    return await inbox.body(request.headers.get("content-length"))


def _number(numbers: dict[str, str], name: str, low: int, high: int) -> int | None:
    text = numbers.get(name)
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 16 or not low <= int(text) <= high:  # noqa: PLR2004
        raise ExchangeError(
            Code.INVALID_REQUEST, f"{name} is a whole number from {low} to {high}.", param=name
        )
    return int(text)


def _there(found: T | None) -> T:
    if found is None:
        raise _none()
    return found


def _numbered(index: int) -> str:
    """Return an index as the record of a look names it; no log has one with more digits."""
    if not 0 <= index < 2**53:
        raise _none()
    return str(index)


def _none() -> ExchangeError:
    return ExchangeError(Code.NOT_FOUND, "There is no such record.")


def _json(value: object, status: int = 200) -> Response[bytes]:
    return Response(msgspec.json.encode(value), status_code=status, media_type="application/json")
