"""The administrator's routes on releases of the policy: each step by whoever carries its duty.

Everyone comes through `Office`, and every step goes to the one desk that the command line uses.
Signatures are made where the private key is: `…/statement` says what to sign.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import datetime as dt
import re
from collections.abc import Callable
from typing import Annotated, Any, Final, TypeVar

import msgspec
from litestar import Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath

from gateway.domain.duties import APPROVER, AUTHOR, Duty
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.exchange import Caller
from gateway.freetext import NamesNobody
from gateway.http.openai import HttpRequest, credentials_of
from gateway.http.parse import decode
from gateway.http.receive import Inbox, check_plain
from gateway.office import Office
from gateway.policy.releases.archive import MAX_ARCHIVE, MEDIA_TYPE
from gateway.policy.releases.desk import Desk
from gateway.policy.releases.store import PolicyStoreError
from gateway.policy.releases.version import Part, Version
from gateway.policy.releases.view import version_view

T = TypeVar("T")
B = TypeVar("B", bound=msgspec.Struct)
_DRAFT_LIMIT: Final = MAX_ARCHIVE * 4 // 3 + 4096
_BODY_LIMIT: Final = 16 * 1024
_BODY_SECONDS: Final = 60.0
_PARTS: Final = {AUTHOR: Part.AUTHOR, APPROVER: Part.APPROVER}
_SIGNER: Final = re.compile(r"signer:[0-9a-f]{16}\Z")
_Base64 = Annotated[str, msgspec.Meta(min_length=1, max_length=_DRAFT_LIMIT)]
_Signer = Annotated[str, msgspec.Meta(pattern=r"^signer:[0-9a-f]{16}$")]
_Words = Annotated[str, msgspec.Meta(max_length=200)]


class _Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a step takes."""


class DraftRequest(_Body, frozen=True, kw_only=True):
    """An archive, as `intramural policy pack` writes it, and what it is for."""

    archive: _Base64
    note: _Words


class SignatureRequest(_Body, frozen=True, kw_only=True):
    """A person's signature of a release's statement."""

    signer: _Signer
    signature: _Base64


class ActivationRequest(_Body, frozen=True, kw_only=True):
    """Nothing, or all three: then it is an emergency, on one person's word."""

    signer: _Signer | None = None
    signature: _Base64 | None = None
    reason: _Words | None = None


class ScheduleRequest(_Body, frozen=True, kw_only=True):
    """When, with its zone; null takes the schedule back."""

    begins: dt.datetime | None


class SignerRequest(_Body, frozen=True, kw_only=True):
    """A person's public key."""

    person: _Words
    role: str
    key: _Base64


class RevocationRequest(_Body, frozen=True, kw_only=True):
    """Since when the key's signatures do not count: now, or a time in the past with its zone."""

    since: dt.datetime | None = None


@get("/admin/policy/releases")
async def list_releases(request: HttpRequest, state: State) -> Response[bytes]:
    """List the releases, the newest first."""
    desk, _ = await _admitted(request, state, Duty.READ_POLICY)
    return _json(
        await _blocking(lambda: [version_view(desk, each) for each in desk.store.versions()])
    )


@get("/admin/policy/releases/{number:int}")
async def show_release(
    request: HttpRequest, state: State, number: FromPath[int]
) -> Response[bytes]:
    """Show where a release stands, and who signed it."""
    desk, _ = await _admitted(request, state, Duty.READ_POLICY)
    return await _shown(desk, lambda: desk.version(_bounded(number)))


@get("/admin/policy/releases/{number:int}/archive")
async def release_archive(
    request: HttpRequest, state: State, number: FromPath[int]
) -> Response[bytes]:
    """Hand out a release as it was handed in."""
    desk, _ = await _admitted(request, state, Duty.READ_POLICY)

    def read() -> bytes:
        return desk.store.archive(desk.version(_bounded(number)).number)

    return Response(await _blocking(read), media_type=MEDIA_TYPE)


@get("/admin/policy/releases/{number:int}/statement")
async def release_statement(
    request: HttpRequest, state: State, number: FromPath[int]
) -> Response[bytes]:
    """Say what a signer signs: `?part=author|approver|alone&signer=ID`, alone with `&reason=`."""
    desk, _ = await _admitted(request, state, Duty.READ_POLICY)
    asked = request.query_params
    part, signer, reason = asked.get("part"), asked.get("signer", ""), asked.get("reason")
    if (
        part not in set(Part)
        or not _SIGNER.match(signer)
        or (part == Part.ALONE) is not bool(reason)
    ):
        raise ExchangeError(
            Code.INVALID_REQUEST,
            "Name part (author, approver, or alone with a reason) and signer (signer:…).",
            param="part",
        )

    def say() -> bytes:
        return desk.statement(_bounded(number), Part(part), signer, reason)

    return Response(await _blocking(say), media_type="application/octet-stream")


@post("/admin/policy/releases", status_code=201)
async def draft_release(request: HttpRequest, state: State) -> Response[bytes]:
    """Hand in a draft."""
    desk, caller = await _admitted(request, state, Duty.WRITE_POLICY)
    body = await _body(request, DraftRequest, _DRAFT_LIMIT)
    archive = _bytes(body.archive, "archive")
    await _names_nobody(state)(body.note, "note")
    return await _shown(desk, lambda: desk.draft(caller, archive, body.note), 201)


@post("/admin/policy/releases/{number:int}/submit", status_code=200)
async def submit_release(
    request: HttpRequest, state: State, number: FromPath[int]
) -> Response[bytes]:
    """Sign a draft as its author, and ask for approval."""
    desk, caller = await _admitted(request, state, Duty.WRITE_POLICY)
    body = await _body(request, SignatureRequest)
    signature = _bytes(body.signature, "signature")
    return await _shown(desk, lambda: desk.submit(caller, _bounded(number), body.signer, signature))


@post("/admin/policy/releases/{number:int}/approve", status_code=200)
async def approve_release(
    request: HttpRequest, state: State, number: FromPath[int]
) -> Response[bytes]:
    """Sign what another person wrote."""
    desk, caller = await _admitted(request, state, Duty.APPROVE_POLICY)
    body = await _body(request, SignatureRequest)
    signature = _bytes(body.signature, "signature")
    return await _shown(
        desk, lambda: desk.approve(caller, _bounded(number), body.signer, signature)
    )


@post("/admin/policy/releases/{number:int}/reject", status_code=200)
async def reject_release(
    request: HttpRequest, state: State, number: FromPath[int]
) -> Response[bytes]:
    """Put a release away for good."""
    desk, caller = await _admitted(request, state, Duty.APPROVE_POLICY)
    return await _shown(desk, lambda: desk.reject(caller, _bounded(number)))


@post("/admin/policy/releases/{number:int}/withdraw", status_code=200)
async def withdraw_release(
    request: HttpRequest, state: State, number: FromPath[int]
) -> Response[bytes]:
    """Put a release away for good, as its author."""
    desk, caller = await _admitted(request, state, Duty.WRITE_POLICY)
    return await _shown(desk, lambda: desk.reject(caller, _bounded(number)))


@post("/admin/policy/releases/{number:int}/schedule", status_code=200)
async def schedule_release(
    request: HttpRequest, state: State, number: FromPath[int]
) -> Response[bytes]:
    """Have an approved release put in force at a time."""
    desk, caller = await _admitted(request, state, Duty.ACTIVATE_POLICY)
    body = await _body(request, ScheduleRequest)
    if body.begins is None:
        return await _shown(desk, lambda: desk.unschedule(caller, _bounded(number)))
    begins = _moment(body.begins, "begins")
    return await _shown(desk, lambda: desk.schedule(caller, _bounded(number), begins))


@post("/admin/policy/releases/{number:int}/activate", status_code=200)
async def activate_release(
    request: HttpRequest, state: State, number: FromPath[int]
) -> Response[bytes]:
    """Put an approved release in force; or any that checks, in an emergency."""
    # Which of the two it is is in the body, which is read of who carries one of their duties.
    credentials, office = credentials_of(request), _office(state)
    await office.admit(credentials, Duty.ACTIVATE_POLICY, Duty.EMERGENCY_POLICY)
    body = await _body(request, ActivationRequest)
    emergency = body.reason is not None
    duty = Duty.EMERGENCY_POLICY if emergency else Duty.ACTIVATE_POLICY
    caller, desk = await office.admit(credentials, duty), _desk(state)
    if not emergency and body.signer is None and body.signature is None:
        return await _shown(desk, lambda: desk.activate(caller, _bounded(number)))
    signer, signature, reason = body.signer, body.signature, body.reason
    if signer is None or signature is None or reason is None:
        raise ExchangeError(
            Code.INVALID_REQUEST,
            "An emergency takes signer, signature and reason; an approved release none of them.",
            param="reason",
        )
    signed = _bytes(signature, "signature")
    await _names_nobody(state)(reason, "reason")
    return await _shown(
        desk, lambda: desk.emergency(caller, _bounded(number), signer, signed, reason)
    )


@post("/admin/policy/releases/{number:int}/rollback", status_code=200)
async def roll_back(request: HttpRequest, state: State, number: FromPath[int]) -> Response[bytes]:
    """Put an earlier release in force again."""
    desk, caller = await _admitted(request, state, Duty.ACTIVATE_POLICY)
    return await _shown(desk, lambda: desk.roll_back(caller, _bounded(number)))


@get("/admin/policy/signers")
async def list_signers(request: HttpRequest, state: State) -> Response[bytes]:
    """Show whose signatures count."""
    desk, _ = await _admitted(request, state, Duty.READ_POLICY)
    signers = await _blocking(desk.store.signers)
    return _json(list(signers.values()))


@post("/admin/policy/signers", status_code=201)
async def add_signer(request: HttpRequest, state: State) -> Response[bytes]:
    """Register a person's public key."""
    desk, caller = await _admitted(request, state, Duty.MANAGE_KEYS)
    body = await _body(request, SignerRequest)
    part = _PARTS.get(body.role)
    if part is None:
        raise ExchangeError(
            Code.INVALID_REQUEST, f"A role that signs is {' or '.join(_PARTS)}.", param="role"
        )
    public = _bytes(body.key, "key")
    return _json(await _blocking(lambda: desk.add_signer(caller, body.person, part, public)), 201)


@post("/admin/policy/signers/{signer:str}/revoke", status_code=200)
async def revoke_signer(
    request: HttpRequest, state: State, signer: FromPath[str]
) -> Response[bytes]:
    """Let a key's signatures count no more."""
    desk, caller = await _admitted(request, state, Duty.MANAGE_KEYS)
    body = await _body(request, RevocationRequest)
    since = None if body.since is None else _moment(body.since, "since")
    return _json(await _blocking(lambda: desk.revoke_signer(caller, signer, since)))


ROUTES = [
    list_releases,
    show_release,
    release_archive,
    release_statement,
    draft_release,
    submit_release,
    approve_release,
    reject_release,
    withdraw_release,
    schedule_release,
    activate_release,
    roll_back,
    list_signers,
    add_signer,
    revoke_signer,
]


async def _admitted(request: HttpRequest, state: State, duty: Duty) -> tuple[Desk, Caller]:
    caller = await _office(state).admit(credentials_of(request), duty)
    return _desk(state), caller


def _office(state: State) -> Office:
    office: Office = state["office"]
    return office


def _desk(state: State) -> Desk:
    desk: Desk = state["releases"]
    return desk


def _names_nobody(state: State) -> NamesNobody:
    look_through: NamesNobody = state["names_nobody"]
    return look_through


async def _shown(desk: Desk, step: Callable[[], Version], status: int = 200) -> Response[bytes]:
    return _json(await _blocking(lambda: version_view(desk, step())), status)


async def _blocking(work: Callable[[], T]) -> T:
    try:
        return await asyncio.to_thread(work)
    except PolicyStoreError:
        raise ExchangeError(
            Code.POLICY_UNAVAILABLE,
            "The register of releases cannot be read or written now. The operator has "
            "`intramural doctor`.",
        ) from None


async def _body(request: HttpRequest, kind: type[B], limit: int = _BODY_LIMIT) -> B:
    check_plain(request.headers)
    inbox = Inbox(request.receive, limit=limit, timeout=_BODY_SECONDS)
    return decode(await inbox.body(request.headers.get("content-length")), kind)


def _bytes(encoded: str, field: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except (ValueError, binascii.Error):
        raise ExchangeError(Code.INVALID_REQUEST, f"{field} is not base64.", param=field) from None


def _bounded(number: int) -> int:
    # SQLite counts to 2^63; what is larger names no release.
    return number if 0 < number < 2**53 else 0


def _moment(time: dt.datetime, field: str) -> int:
    if time.tzinfo is None:
        raise ExchangeError(
            Code.INVALID_REQUEST, f"{field} has no zone: 2027-01-31T06:00:00Z has.", param=field
        )
    return int(time.timestamp() * 1000)


def _json(value: Any, status: int = 200) -> Response[bytes]:  # noqa: ANN401 - what msgspec encodes
    return Response(msgspec.json.encode(value), status_code=status, media_type="application/json")
