"""One question to one witness over HTTP: at a pinned address, bounded in bytes and in time.

No name is looked up, no redirect followed, no proxy used, and no word of the answer reaches a log.
"""

from __future__ import annotations

import asyncio
import http.client
import io
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from gateway.endpoints import Endpoint, UnixEndpoint
from gateway.evidence import WitnessPeer
from gateway.ledger.errors import LedgerError

_MAX_ANSWER: Final = 256 * 1024
_PATH: Final = "/add-checkpoint"


class Unreachable(Exception):  # noqa: N818 - reads as a state
    """There was no answer; `reason` is a word of ours, fit for a log line."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Answer:
    """What a witness said."""

    status: int
    media: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Line:
    """How one witness is reached."""

    place: Endpoint | UnixEndpoint
    tls: ssl.SSLContext | None

    async def add_checkpoint(self, body: bytes, seconds: float) -> Answer:
        """Send a checkpoint and return the answer; raises `Unreachable`."""
        return await self._ask("POST", _PATH, body, seconds)

    async def checkpoint(self, origin_hash: str, seconds: float) -> Answer:
        """Ask for the last checkpoint that it cosigned of a log; raises `Unreachable`."""
        return await self._ask("GET", f"/{origin_hash}/checkpoint", b"", seconds)

    async def _ask(self, method: str, path: str, body: bytes, seconds: float) -> Answer:
        try:
            async with asyncio.timeout(seconds):
                raw = await self._exchange(self._request(method, path, body))
        except TimeoutError:
            raise Unreachable("timeout") from None
        except ssl.SSLError:
            raise Unreachable("tls") from None
        except OSError:
            raise Unreachable("unreachable") from None
        try:
            reply = http.client.HTTPResponse(cast("socket.socket", _Received(raw)))
            reply.begin()
            answer = reply.read()
        except (http.client.HTTPException, ValueError, OSError):
            raise Unreachable("not_http") from None
        media = (reply.getheader("Content-Type") or "").partition(";")[0].strip().lower()
        return Answer(reply.status, media, answer)

    def _request(self, method: str, path: str, body: bytes) -> bytes:
        place = self.place
        host, prefix = "localhost", ""
        if isinstance(place, Endpoint):
            host = f"[{place.host}]" if ":" in place.host else place.host
            if place.port != (443 if place.tls else 80):
                host = f"{host}:{place.port}"
            prefix = place.target.rstrip("/")
        head = (
            f"{method} {prefix}{path} HTTP/1.1\r\nHost: {host}\r\n"
            f"Content-Type: text/plain\r\nContent-Length: {len(body)}\r\n"
            "Accept-Encoding: identity\r\nConnection: close\r\n\r\n"
        )
        return head.encode("ascii") + body

    async def _exchange(self, request: bytes) -> bytes:
        reader, writer = await self._connect()
        try:
            writer.write(request)
            received = bytearray()
            while chunk := await reader.read(65536):
                received += chunk
                if len(received) > _MAX_ANSWER:
                    raise Unreachable("too_large")
            return bytes(received)
        finally:
            writer.transport.abort()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        place = self.place
        if isinstance(place, UnixEndpoint):
            return await asyncio.open_unix_connection(place.path)
        name = place.host if place.tls else None
        return await asyncio.open_connection(
            place.address, place.port, ssl=self.tls, server_hostname=name
        )


class _Received:
    """What `http.client` reads a reply from: bytes that have arrived."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def makefile(self, *_: object, **__: object) -> io.BytesIO:
        return io.BytesIO(self._raw)


def open_line(peer: WitnessPeer, data: Path) -> Line:
    """Return how a witness is reached; raises `LedgerError` for a bad `ca_file`."""
    place = peer.place
    if isinstance(place, UnixEndpoint) or not place.tls:
        return Line(place, None)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    file = data / (peer.ca_file or "")
    try:
        context.load_verify_locations(cadata=file.read_text(encoding="ascii"))
    except (OSError, ValueError) as error:
        raise LedgerError(
            f"witness.peers, {peer.name}: {file} does not hold certificates in PEM "
            f"({type(error).__name__}): name a file that does"
        ) from None
    return Line(place, context)
