"""Reading a request's body, bounded in bytes and time, and noticing that its client went away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar, cast

from litestar.datastructures import Headers
from litestar.types import HTTPRequestEvent, Receive

from gateway.domain.errors import Code, ExchangeError

T = TypeVar("T")
LARGE: Final = 64 * 1024
"""Bytes of a body that is read beside the event loop: a megabyte of small messages takes 0.2 s."""
_CHARSETS: Final = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})


def check_plain(headers: Headers) -> None:
    """Raise `ExchangeError` for a body that is compressed, in another encoding than UTF-8, or lost.

    A body in ISO-2022-JP or HZ is valid UTF-8 too, in which no detector would read a name.
    """
    for parameter in headers.get("content-type", "").split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip(" \t\"'").lower() not in _CHARSETS:
            raise ExchangeError(
                Code.UNSUPPORTED_MEDIA_TYPE, "Send the body in UTF-8: no other charset is read."
            )
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise ExchangeError(Code.UNSUPPORTED_MEDIA_TYPE, "Send the body uncompressed.")
    if "upgrade" in headers:
        # The HTTP parser takes the body for the other protocol's, and it is lost.
        raise ExchangeError(
            Code.INVALID_REQUEST,
            "This is an HTTP/1.1 server: do not ask to upgrade the connection "
            "(Java: HttpClient.Version.HTTP_1_1).",
            param="Upgrade",
        )


def stated(headers: Headers, name: str) -> str | None:
    """Return what a header says. Two of one name say nothing that anybody takes.

    Which of them is the client's, and which is that of a proxy before us, nobody can tell; and one
    would be dropped silently. No header can hold a line end, so no value is taken for both.
    """
    values = headers.getall(name, [])
    return "\n".join(values) if values else None


async def read_with(read: Callable[[bytes], T], body: bytes) -> T:
    """Return what `read` makes of `body`; a large one keeps no other request waiting."""
    return await asyncio.to_thread(read, body) if len(body) > LARGE else read(body)


class Inbox:
    """The receiving side of one request: the body first, then nothing but a disconnect."""

    def __init__(self, receive: Receive, *, limit: int, timeout: float) -> None:
        self._receive = receive
        self._limit = limit
        self._timeout = timeout
        self._complete = asyncio.Event()

    async def body(self, announced: str | None) -> bytes:
        """Return the whole body. `announced` is the Content-Length header.

        Raises `ExchangeError` with BODY_TOO_LARGE (at once, if it was announced), REQUEST_TIMEOUT
        or CLIENT_DISCONNECTED.
        """
        if announced is not None and announced.isdecimal() and int(announced[:16]) > self._limit:
            raise self._too_large()
        chunks: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(self._timeout):
                while True:
                    message = await self._receive()
                    if message["type"] == "http.disconnect":
                        raise ExchangeError(Code.CLIENT_DISCONNECTED, "The client went away.")
                    chunk = cast("HTTPRequestEvent", message)["body"]
                    size += len(chunk)
                    if size > self._limit:
                        raise self._too_large()
                    chunks.append(chunk)
                    if not cast("HTTPRequestEvent", message)["more_body"]:
                        break
        except TimeoutError:
            raise ExchangeError(
                Code.REQUEST_TIMEOUT, f"The body did not arrive within {self._timeout:g} seconds."
            ) from None
        self._complete.set()
        return b"".join(chunks)

    async def disconnected(self) -> None:
        """Return when the client has gone away. Waits for the body to be read first."""
        await self._complete.wait()
        while (await self._receive())["type"] != "http.disconnect":
            pass

    def _too_large(self) -> ExchangeError:
        return ExchangeError(
            Code.BODY_TOO_LARGE, f"The body is larger than {self._limit} bytes. Send less."
        )
