"""One question over HTTP to a pinned address: bounded in bytes and in time, and whom to believe.

No name is looked up, no redirect followed, no proxy used, nothing kept open; and no certificate is
believed but by the file that the settings name.
"""

from __future__ import annotations

import asyncio
import http.client
import io
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from gateway.endpoints import Endpoint, UnixEndpoint

MAX_BYTES: Final = 256 * 1024
"""Of an answer's head and body together; a set of keys, or a checkpoint, has a few kilobytes."""


class Unanswered(Exception):  # noqa: N818 - reads as a state
    """There was no answer; `reason` is a word of ours, fit for a log line."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NoAuthorities(ValueError):  # noqa: N818 - as above
    """A file vouches for nobody; the message names it, and what it is to hold."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked; `target` is path and query."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whatever its status."""

    status: int
    media: str
    body: bytes


def trusting(file: Path) -> ssl.SSLContext:
    """Return what checks a peer's certificate: nothing but `file` vouches for it.

    Raises `NoAuthorities`.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_verify_locations(cadata=file.read_text(encoding="ascii"))
    except (OSError, ValueError) as error:
        raise NoAuthorities(
            f"{file} does not hold certificates in PEM ({type(error).__name__}): name a file that "
            "does"
        ) from None
    return context


async def ask(
    place: Endpoint | UnixEndpoint,
    tls: ssl.SSLContext | None,
    question: Question,
    seconds: float,
) -> Answer:
    """Return the answer to a question. Raises `Unanswered`."""
    try:
        async with asyncio.timeout(seconds):
            raw = await _exchange(place, tls, _written(place, question))
    except TimeoutError:
        raise Unanswered("timeout") from None
    except ssl.SSLError:
        raise Unanswered("tls") from None
    except OSError:
        raise Unanswered("unreachable") from None
    try:
        reply = http.client.HTTPResponse(cast("socket.socket", _Received(raw)))
        reply.begin()
        body = reply.read()
    except (http.client.HTTPException, ValueError, OSError):  # One that was cut short, too.
        raise Unanswered("not_http") from None
    media = (reply.getheader("Content-Type") or "").partition(";")[0].strip().lower()
    return Answer(reply.status, media, body)


def _written(place: Endpoint | UnixEndpoint, question: Question) -> bytes:
    host = "localhost"
    if isinstance(place, Endpoint):
        host = f"[{place.host}]" if ":" in place.host else place.host
        if place.port != (443 if place.tls else 80):
            host = f"{host}:{place.port}"
    headers = {
        "Host": host,
        **question.headers,
        "Accept-Encoding": "identity",
        "Connection": "close",
    }
    if question.body:
        headers["Content-Length"] = str(len(question.body))
    lines = [f"{question.method} {question.target} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join((*lines, "", "")).encode("ascii") + question.body


async def _exchange(
    place: Endpoint | UnixEndpoint, tls: ssl.SSLContext | None, request: bytes
) -> bytes:
    reader, writer = await _connect(place, tls)
    try:
        writer.write(request)
        received = bytearray()
        while chunk := await reader.read(65536):
            received += chunk
            if len(received) > MAX_BYTES:
                raise Unanswered("too_large")
        return bytes(received)
    finally:
        writer.transport.abort()


async def _connect(
    place: Endpoint | UnixEndpoint, tls: ssl.SSLContext | None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if isinstance(place, UnixEndpoint):
        return await asyncio.open_unix_connection(place.path)
    name = place.host if place.tls else None
    return await asyncio.open_connection(place.address, place.port, ssl=tls, server_hostname=name)


class _Received:
    """What `http.client` reads a reply from: bytes that have arrived."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def makefile(self, *_: object, **__: object) -> io.BytesIO:
        return io.BytesIO(self._raw)
