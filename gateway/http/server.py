"""The socket: uvicorn with uvloop and httptools, and limits on what comes before a request."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar, Final, cast

import msgspec
import uvicorn
from litestar import Litestar
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway.domain.errors import Code, ExchangeError
from gateway.http.errors import openai_body
from gateway.settings import Server as ServerSettings

KEEP_ALIVE: Final = 15
"""Seconds that an idle connection is kept for the next request."""


def _closing(status: str, error: ExchangeError) -> bytes:
    body = msgspec.json.encode(openai_body(error))
    head = (
        f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
    )
    return head.encode("ascii") + body


class LimitedProtocol(HttpToolsProtocol):
    """uvicorn's protocol with a limit on header bytes and on the time until they are whole.

    uvicorn has neither for httptools: without them a client can make the gateway buffer without
    end, or hold connections open by sending a header a minute.
    """

    limit: ClassVar[int]
    """Bytes of request line and headers."""
    patience: ClassVar[float]
    """Seconds until the headers are whole."""
    _size = 0
    _unparsed = 0
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast("asyncio.Transport", transport))
        self._await_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        self._unparsed += len(data)
        super().data_received(data)
        # The parser hands a header over only when it is whole: an endless one is counted here.
        if self._deadline is not None and self._unparsed > self.limit:
            self._refuse()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._size = 0
        if self._deadline is None:
            self._await_headers()

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        self._count(len(name) + len(value) + len(": \r\n"))

    def on_headers_complete(self) -> None:
        self._stop_waiting()
        if not self.transport.is_closing():
            super().on_headers_complete()

    def _await_headers(self) -> None:
        self._unparsed = 0
        self._deadline = self.loop.call_later(self.patience, self._too_slow)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

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
        if not self.transport.is_closing():
            self.transport.write(_closing(status, error))
            self.transport.close()


def build(app: Litestar, settings: ServerSettings) -> uvicorn.Server:
    """Return the server, not yet listening."""
    limits = {"limit": settings.header_limit, "patience": settings.header_timeout}
    config = uvicorn.Config(
        cast("Any", app),
        host=settings.host,
        port=settings.port,
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
        timeout_graceful_shutdown=int(2 * settings.shutdown_grace),
        backlog=1024,
    )
    return uvicorn.Server(config)
