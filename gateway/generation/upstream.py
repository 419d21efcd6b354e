"""One engine elsewhere: its connections, what it answers, and whether it is worth asking.

It is read within bounds of size and time; what its answers come to is in `answers.py`.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, Awaitable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from ssl import SSLContext
from typing import Final, TypeVar

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from engine import wire
from gateway import logs
from gateway.domain.errors import Code, ExchangeError
from gateway.endpoints import Endpoint, OpenAIEngines, RemoteModel, UnixEndpoint
from gateway.generation.answers import (
    FORBIDDEN,
    Chunk,
    Listed,
    NotUnderstood,
    Upset,
    decode,
    failed,
    refused,
    unavailable,
    verdict,
)
from gateway.generation.sse import EventParser

COUNT: Final = "/tokenize"
_T = TypeVar("_T")
_IDLE: Final = 10.0
"""Seconds that a connection is kept for the next request: less than our own engine does."""
_ENDING: Final = 0.1
"""Seconds that a reply may take to end after it has said so."""
_MAX_ANSWER: Final = 1024 * 1024
"""Bytes of an answer that is no stream: a list of models, a count, a refusal."""
_DONE: Final = b"[DONE]"
_NO_COUNT: Final = frozenset({400, 404, 422})
"""Where a count is refused for this prompt alone; the request itself learns why."""
_OK: Final = 200


@dataclass(frozen=True, slots=True)
class Access:
    """How engines are reached: the settings, and what their files hold."""

    settings: OpenAIEngines
    tls: SSLContext | None
    key: bytes | None

    def __repr__(self) -> str:
        return "<Access>"


class Upstream:
    """One endpoint. All but `__init__` runs in the event loop that `open` was called in."""

    def __init__(self, place: Endpoint | UnixEndpoint, access: Access) -> None:
        self.place = place
        self.load = 0
        """Requests that are being answered."""
        self.well = True
        """Whether it is worth asking; a look at it decides, and so does a request that failed."""
        self.ailing = asyncio.Event()
        """Set when a request failed: the next look need not wait."""
        self.counts = access.settings.count == "tokenize"
        """Whether it can count the tokens of a prompt, as far as is known."""
        self._access = access
        self._session: aiohttp.ClientSession | None = None

    def __repr__(self) -> str:
        return f"<Upstream {self.place.peer}>"

    async def open(self) -> None:
        """Make what keeps the connections; none is opened yet."""
        settings, place = self._access.settings, self.place
        connector: aiohttp.BaseConnector
        match place:
            case UnixEndpoint():
                base = "http://engine"
                connector = aiohttp.UnixConnector(
                    place.path, limit=settings.connections, keepalive_timeout=_IDLE
                )
            case Endpoint():
                host = f"[{place.host}]" if ":" in place.host else place.host
                base = f"{'https' if place.tls else 'http'}://{host}:{place.port}"
                connector = aiohttp.TCPConnector(
                    limit=settings.connections,
                    keepalive_timeout=_IDLE,
                    resolver=_Pinned(place),
                    use_dns_cache=False,
                    ssl=self._access.tls if place.tls and self._access.tls else True,
                )
        headers = {"Accept-Encoding": "identity", "User-Agent": "intramural"}
        if self._access.key is not None:
            headers["Authorization"] = f"Bearer {self._access.key.decode('ascii')}"
        self._session = aiohttp.ClientSession(
            base,
            connector=connector,
            headers=headers,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(
                total=None, sock_connect=settings.connect_timeout, sock_read=None
            ),
            trust_env=False,
            raise_for_status=False,
        )

    async def close(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()

    async def stream(self, path: str, body: bytes, *, until: float) -> AsyncGenerator[Chunk, None]:
        """Send a request and yield what streams back, as it comes, until the reply has ended.

        `until` is when the loop's clock ends the whole. Raises `Upset`, and from status 200 on one
        that nobody else is asked after: something may have been computed. Closing the generator
        closes the connection, by which the engine knows that nobody listens.
        """
        settings = self._access.settings
        loop = asyncio.get_running_loop()
        deadline = min(until, loop.time() + settings.first_token_timeout)
        self.load += 1
        reply: aiohttp.ClientResponse | None = None
        try:
            reply = await self._within(self._post(path, body), deadline, until)
            parser = EventParser()
            # Never a time limit around a `yield`: what the reader does is no delay of the engine's.
            while data := await self._within(reply.content.readany(), deadline, until, begun=True):
                for event in self._events(parser, data):
                    if event == _DONE:
                        await _finish(reply)
                        return
                    chunk = self._chunk(event)
                    if chunk.text or chunk.calls:
                        deadline = min(until, loop.time() + settings.token_timeout)
                    yield chunk
        finally:
            self.load -= 1
            if reply is not None:
                reply.close()  # It does nothing to a reply that was read to its end.

    async def _within(
        self, work: Awaitable[_T], deadline: float, until: float, *, begun: bool = False
    ) -> _T:
        """Return what `work` returns by `deadline`; else raise `Upset`."""
        try:
            async with asyncio.timeout_at(deadline):
                return await work
        except TimeoutError:
            raise self._late(until) from None
        except (aiohttp.ClientError, OSError):
            self.fail("disconnected")
            raise Upset(failed(), elsewhere=not begun) from None

    async def count(self, body: bytes, *, until: float) -> int | None:
        """Return how many tokens a prompt has, or `None` if this engine cannot say. Raises `Upset`.

        An engine that does not know the path, or answers something else, is not asked again. One
        that refuses a prompt is: one caller's request says nothing of the others'.
        """
        if not self.counts:
            return None
        try:
            reply = await self._within(self._post(COUNT, body), until, until)
            try:
                answer = await self._within(_bounded(reply), until, until)
            finally:
                reply.close()
            return decode(answer, wire.TokenizeReply).count
        except Upset as upset:
            too_long = upset.error.code is Code.CONTEXT_LENGTH_EXCEEDED
            if too_long or not (upset.absent or upset.status in _NO_COUNT):
                raise
            if upset.absent:
                self.counts = False
        except NotUnderstood:
            self.counts = False
        return None

    async def look(self, models: Mapping[str, RemoteModel]) -> str | None:
        """Return why this engine is not to be asked, in a word, or `None`: then it is."""
        try:
            async with asyncio.timeout(2 * self._access.settings.connect_timeout + 1):
                async with self._opened.get("/v1/models", allow_redirects=False) as reply:
                    if reply.status in FORBIDDEN:
                        return "key_refused"
                    if reply.status != _OK:
                        return "not_ready"
                    listed = decode(await _bounded(reply), Listed)
        except TimeoutError:
            return "timeout"
        except (aiohttp.ClientError, OSError):
            return "unreachable"
        except NotUnderstood:
            return "not_understood"
        return verdict({model.id: model for model in listed.data}, models)

    def fail(self, reason: str) -> None:
        """Note that a request failed: nobody is sent here until a look finds it well again."""
        self.judge(reason)
        self.ailing.set()

    def judge(self, reason: str | None) -> None:
        """Note what a look found, and say so in the log where it is news."""
        if self.well != (reason is None):
            self.well = reason is None
            if reason is None:
                logs.event("engine_endpoint_well", address=self.place.peer)
            else:
                logs.alarm("engine_endpoint_failed", address=self.place.peer, error=reason)

    async def _post(self, path: str, body: bytes) -> aiohttp.ClientResponse:
        """Return the reply of an engine that does what it is asked; else raise `Upset`."""
        try:
            reply = await self._opened.post(
                path,
                data=body,
                headers={"Content-Type": "application/json"},
                allow_redirects=False,
            )
        except (aiohttp.ClientConnectorError, aiohttp.ServerTimeoutError):
            self.fail("unreachable")
            raise Upset(unavailable(), elsewhere=True) from None
        except (aiohttp.ClientError, OSError):
            raise Upset(failed(), elsewhere=True, here=True) from None
        if reply.status == _OK:
            return reply
        try:
            answer = await _bounded(reply)
        except (aiohttp.ClientError, OSError):
            answer = b""
        finally:
            reply.close()
        raise self._refusal(path, reply.status, answer)

    def _refusal(self, path: str, status: int, answer: bytes) -> Upset:
        """Return what another status than 200 comes to, and note what it says of this engine."""
        upset, ailment = refused(status, answer)
        if ailment is not None and path != COUNT:
            self.fail(ailment)
        return upset

    def _events(self, parser: EventParser, data: bytes) -> list[bytes]:
        try:
            return parser.feed(data)
        except ValueError:
            raise Upset(failed(), elsewhere=False) from None

    def _chunk(self, event: bytes) -> Chunk:
        try:
            chunk = decode(event, Chunk)
        except NotUnderstood:
            raise Upset(failed(), elsewhere=False) from None
        if chunk.error is not None:
            raise Upset(failed(), elsewhere=False)
        return chunk

    def _late(self, until: float) -> Upset:
        """Return what too long a wait comes to. It may be computing still: nobody else is asked."""
        if asyncio.get_running_loop().time() < until:
            self.fail("timeout")
        return Upset(
            ExchangeError(
                Code.ENGINE_TIMEOUT, "The engine took too long. Try again, or ask for less."
            ),
            elsewhere=False,
        )

    @property
    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("an engine elsewhere is asked while `serving` runs")
        return self._session


class _Pinned(AbstractResolver):
    """Stands where names would be looked up, and knows one."""

    def __init__(self, place: Endpoint) -> None:
        self._place = place

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_INET,  # noqa: ARG002 - aiohttp's signature
    ) -> list[ResolveResult]:
        """Return the address that the settings give for the name."""
        address = self._place.address
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
        ]

    async def close(self) -> None:
        """Nothing is kept."""


async def _finish(reply: aiohttp.ClientResponse) -> None:
    """Read to the end what has said that it is at its end: then its connection serves again."""
    with suppress(TimeoutError, aiohttp.ClientError, OSError):
        async with asyncio.timeout(_ENDING):
            while await reply.content.readany():
                pass


async def _bounded(reply: aiohttp.ClientResponse) -> bytes:
    """Return the body, or its beginning: what is longer than it may be is not JSON any more."""
    body = b""
    while len(body) < _MAX_ANSWER and (data := await reply.content.readany()):
        body += data
    return body
