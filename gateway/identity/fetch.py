"""Fetches one small document over HTTP, from a pinned address: bounded in bytes and in time.

No name is looked up, no redirect followed, no proxy used, nothing kept open. It blocks, so it is
called in a thread of its own.
"""

from __future__ import annotations

import asyncio
import http.client
import io
import socket
import ssl
from typing import Final, cast

from gateway.endpoints import Endpoint

MAX_BYTES: Final = 256 * 1024
"""Of head and body together; a set of keys has a few kilobytes."""
_OK: Final = 200


class FetchError(Exception):
    """The document could not be had; `reason` is a word of ours, fit for a log line."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def get(endpoint: Endpoint, tls: ssl.SSLContext | None, seconds: float) -> bytes:
    """Return the body of a 200 reply; anything else is a `FetchError`."""
    try:
        raw = asyncio.run(_exchange(endpoint, tls, seconds))
    except TimeoutError:
        raise FetchError("timeout") from None
    except ssl.SSLError:
        raise FetchError("tls") from None
    except OSError:
        raise FetchError("unreachable") from None
    try:
        reply = http.client.HTTPResponse(cast("socket.socket", _Received(raw)))
        reply.begin()
        body = reply.read()
    except (http.client.HTTPException, ValueError, OSError):  # One that was cut short, too.
        raise FetchError("not_http") from None
    if reply.status != _OK:
        raise FetchError("status")
    return body


async def _exchange(endpoint: Endpoint, tls: ssl.SSLContext | None, seconds: float) -> bytes:
    host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
    if endpoint.port != (443 if endpoint.tls else 80):
        host = f"{host}:{endpoint.port}"
    request = (
        f"GET {endpoint.target} HTTP/1.1\r\nHost: {host}\r\n"
        "Accept: application/json\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n"
    )
    async with asyncio.timeout(seconds):
        reader, writer = await asyncio.open_connection(
            endpoint.address,
            endpoint.port,
            ssl=tls,
            server_hostname=endpoint.host if tls else None,
        )
        try:
            writer.write(request.encode("ascii"))
            received = bytearray()
            while chunk := await reader.read(65536):
                received += chunk
                if len(received) > MAX_BYTES:
                    raise FetchError("too_large")
            return bytes(received)
        finally:
            writer.transport.abort()


class _Received:
    """What `http.client` reads a reply from: bytes that have arrived."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def makefile(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self._raw)
