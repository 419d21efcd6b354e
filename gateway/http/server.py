"""The socket: uvicorn with uvloop and httptools, and limits on what comes before a request."""

from __future__ import annotations

import asyncio
import math
import resource
import socket
import sys
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, Final, cast

import msgspec
import uvicorn
from litestar import Litestar
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from gateway.domain.errors import Code, ExchangeError
from gateway.http.errors import openai_body
from gateway.http.head import AnsweringHead
from gateway.settings import Server as ServerSettings

KEEP_ALIVE: Final = 15
"""Seconds that an idle connection is kept for the next request."""
PIPELINED: Final = 64
"""Requests of one connection that may wait for the reply to the one before them."""


def _closing(status: str, error: ExchangeError) -> bytes:
    body = msgspec.json.encode(openai_body(error))
    head = (
        f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
    )
    return head.encode("ascii") + body


def _is_unix(transport: asyncio.BaseTransport) -> bool:
    found = transport.get_extra_info("socket")
    return found is not None and found.family == socket.AF_UNIX


def most_connections() -> int:
    """Return how many connections leave this process the files that its work takes.

    Whoever opens connections without end would otherwise keep it from opening its own: the tiles
    of the log, what was kept, an engine elsewhere.
    """
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if files == resource.RLIM_INFINITY else files - files // 4


class LimitedProtocol(HttpToolsProtocol):
    """uvicorn's protocol with limits on header bytes, and on the time that a client may take.

    uvicorn has none for httptools: without them a client can make the gateway buffer without end,
    or hold connections open by sending a header a minute, or by not reading its reply.
    """

    limit: ClassVar[int]
    """Bytes of request line and headers."""
    patience: ClassVar[float]
    """Seconds until the headers are whole."""
    stall: ClassVar[float]
    """Seconds that the client may leave a full reply buffer unread."""
    most: ClassVar[int]
    """Connections at one time, of all clients together."""
    _size = 0
    _unparsed = 0
    _deadline: asyncio.TimerHandle | None = None
    _stalled: asyncio.TimerHandle | None = None
    _leftover: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast("asyncio.Transport", transport))
        self._running: deque[RequestResponseCycle] = deque()
        # Of a peer that reset its connection before it was accepted nobody knows an address, and
        # its request may have arrived all the same: it must not pass for one of the Unix socket.
        strange = self.client is None and not _is_unix(transport)
        if strange or len(self.connections) > self.most:
            self.transport.abort()
            return
        self._await_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        self._stop_stalling()
        self._stop_leftover()
        # uvicorn tells the newest request alone, and an older one may still be running before it.
        for cycle in self._unfinished():
            cycle.disconnected = True
            cycle.message_event.set()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        # A close would wait for what is unread: the connection would outlive its exchange.
        self._stalled = self.loop.call_later(self.stall, self.transport.abort)

    def resume_writing(self) -> None:
        self._stop_stalling()
        super().resume_writing()

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        self._unparsed += len(data)
        super().data_received(data)
        # The parser hands a header, or a trailer, over only when it is whole: an endless one is
        # counted here, and so is what it skips.
        if self._unparsed > self.limit:
            self._refuse()
        # With the first of these bytes uvicorn's timer of idle connections has ended. Where they
        # begin no request (the rest of a body that nobody reads, an empty line) none would follow.
        if self._deadline is None and self._leftover is None and not self._unfinished():
            self._leftover = self.loop.call_later(self.patience, self.timeout_keep_alive_handler)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._stop_leftover()
        self._size = 0
        if self._deadline is None:
            self._await_headers()

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        self._unparsed = 0
        self._count(len(name) + len(value) + len(": \r\n"))

    def on_body(self, body: bytes) -> None:
        self._unparsed = 0
        super().on_body(body)

    def on_headers_complete(self) -> None:
        self._stop_waiting()
        self._unparsed = 0
        if self.transport.is_closing():
            return
        if len(self._unfinished()) > PIPELINED:
            # Each holds some kilobytes, and thousands of them come in one packet of a few.
            self.transport.close()
            return
        super().on_headers_complete()
        self._running.append(self.cycle)

    def send_400_response(self, msg: str) -> None:
        del msg
        self._close(
            "400 Bad Request",
            ExchangeError(Code.INVALID_REQUEST, "This is not HTTP/1.1 that can be understood."),
        )

    def _await_headers(self) -> None:
        self._unparsed = 0
        self._deadline = self.loop.call_later(self.patience, self._too_slow)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _stop_stalling(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _stop_leftover(self) -> None:
        if self._leftover is not None:
            self._leftover.cancel()
            self._leftover = None

    def _unfinished(self) -> Sequence[RequestResponseCycle]:
        """Return the requests without a whole reply, which end in the order in which they came."""
        while self._running and self._running[0].response_complete:
            self._running.popleft()
        return self._running

    def _count(self, size: int) -> None:
        self._size += size
        if self._size > self.limit:
            self._refuse()

    def _refuse(self) -> None:
        self._close(
            "431 Request Header Fields Too Large",
            ExchangeError(
                Code.HEADERS_TOO_LARGE, f"The headers are larger than {self.limit} bytes."
            ),
        )

    def _too_slow(self) -> None:
        self._deadline = None
        self._close(
            "408 Request Timeout",
            ExchangeError(
                Code.REQUEST_TIMEOUT,
                f"The headers did not arrive within {self.patience:g} seconds.",
            ),
        )

    def _close(self, status: str, error: ExchangeError) -> None:
        if self.transport.is_closing():
            return
        # Inside the reply to an earlier request, these bytes would read as a part of it.
        if not self._unfinished():
            self.transport.write(_closing(status, error))
        self.transport.close()


class DrainingServer(uvicorn.Server):
    """uvicorn's server, which lets exchanges end in order, and then its caller's `finally` run.

    uvicorn waits for connections before it tells the application to stop, so a long stream would
    be cut without a word; and it ends the process by the signal that it caught, so nothing after it
    would be closed.
    """

    def __init__(self, config: uvicorn.Config, drain: Callable[[], Awaitable[None]]) -> None:
        super().__init__(config)
        self._drain = drain

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening, let what runs come to its end or be told to, then stop."""
        draining = asyncio.ensure_future(self._drain())
        await super().shutdown(sockets)
        await draining

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Turn signals into an orderly stop, and into nothing else."""
        with super().capture_signals():
            yield
            self._captured_signals.clear()


def build(app: Litestar, settings: ServerSettings) -> uvicorn.Server:
    """Return the gateway's server, not yet listening."""

    async def drain() -> None:
        await app.state["backend"].pipeline.drain(settings.shutdown_grace)

    config = configured(cast("Any", app), settings, host=settings.host, port=settings.port)
    return DrainingServer(config, drain)


def configured(app: Any, settings: ServerSettings, **more: Any) -> uvicorn.Config:  # noqa: ANN401 - uvicorn's own
    """Return how an ASGI application is served here; `more` goes to uvicorn as it is."""
    limits = {
        "limit": settings.header_limit,
        "patience": settings.header_timeout,
        "stall": settings.stall_timeout,
        "most": most_connections(),
    }
    return uvicorn.Config(
        AnsweringHead(app),
        loop="uvloop",
        http=type("Protocol", (LimitedProtocol,), limits),
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=True,
        proxy_headers=False,  # Only the socket says where a request comes from.
        timeout_keep_alive=KEEP_ALIVE,
        # Past the grace in which exchanges end, and the one in which they are told to.
        timeout_graceful_shutdown=math.ceil(2 * settings.shutdown_grace) + 1,
        backlog=1024,
        **more,
    )
