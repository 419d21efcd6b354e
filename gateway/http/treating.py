"""How a request is answered in which no engine takes part: read, treated, written, all at once."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from litestar import Request
from litestar.datastructures import Headers, State
from litestar.response.base import ASGIResponse

from gateway.domain.errors import Code, ExchangeError
from gateway.domain.exchange import Action, Caller, Credentials
from gateway.http.errors import PRESIDIO_PATHS, response
from gateway.http.notices import headers_of
from gateway.http.openai import Backend, credentials_of
from gateway.http.receive import Inbox, check_plain, stated
from gateway.http.reply import finished, watching
from gateway.pipeline import Submission
from gateway.treatment import Treated, Work

HttpRequest = Request[Any, Any, State]
Read = Callable[[bytes], Work]
"""Turns a body into the work that it asks for, or raises `ExchangeError`."""
Write = Callable[[Treated, str], tuple[bytes, str, dict[str, str]]]
"""Turns what came of it, and the id of the exchange, into body, media type and more headers."""


def key_of(request: HttpRequest) -> Credentials:
    """Return what the request presents: a Bearer key, `X-API-Key`, or a key as a password.

    Presidio's clients know no credentials, but most HTTP libraries send those of an address like
    `http://key:imk_…@gateway`, which arrive as Basic.
    """
    credentials = credentials_of(request)
    presented = credentials.authorization
    if presented is None and (key := stated(request.headers, "x-api-key")) is not None:
        presented = f"Bearer {key}"
    elif presented is not None and presented[:6].lower() == "basic ":
        presented = f"Bearer {_password(presented[6:])}"
    presidio = request.scope["path"] in PRESIDIO_PATHS
    return replace(credentials, authorization=presented, may_be_bare=presidio)


def _password(encoded: str) -> str:
    try:
        pair = base64.b64decode(encoded.strip(), validate=True).decode("latin-1")
    except (ValueError, binascii.Error):
        return ""
    return pair.partition(":")[2]


def media_type(headers: Headers, default: str = "application/json") -> str:
    """Return the media type of a body, in small letters, without its parameters."""
    return headers.get("content-type", default).partition(";")[0].strip().lower()


def json_only(headers: Headers) -> None:
    """Raise `ExchangeError` unless the body is JSON."""
    if media_type(headers) != "application/json":
        raise ExchangeError(Code.UNSUPPORTED_MEDIA_TYPE, "Send application/json.")


async def answer(  # noqa: PLR0913, PLR0917 - the parts of one route
    request: HttpRequest,
    backend: Backend,
    action: Action,
    check: Callable[[Headers], None],
    read: Read,
    write: Write,
) -> ASGIResponse:
    """Run one exchange without an engine, and return the reply to it."""
    inbox = Inbox(request.receive, limit=backend.body_limit, timeout=backend.body_timeout)

    async def receive(_: Caller) -> Work:
        check(request.headers)
        check_plain(request.headers)
        body = await inbox.body(request.headers.get("content-length"))
        # In a thread: a client's expressions take their time to compile, however short they are.
        return await asyncio.to_thread(read, body)

    channel = backend.pipeline.start(
        Submission(
            credentials=key_of(request),
            action=action,
            purpose=stated(request.headers, "x-purpose-of-use"),
            profile=stated(request.headers, "x-redaction-profile"),
            patient=stated(request.headers, "x-patient"),
            read=receive,
        )
    )
    try:
        async with watching(inbox, channel):
            done = await finished(channel.events())
    except ExchangeError as error:
        headers = headers_of(channel, backend.clock)
        return response(error, request.scope["path"], headers).to_asgi_response(None, request)
    if not isinstance(done.result, Treated):
        raise TypeError("an exchange without an engine ends with what came of its texts")
    body, media, more = write(done.result, channel.exchange)
    return ASGIResponse(
        body=body, media_type=media, headers=headers_of(channel, backend.clock) | more
    )
