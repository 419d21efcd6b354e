"""One request and its reply over ASGI: the body bounded, and an end wherever somebody wants it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any, Final

from engine.refusals import Refusal
from engine.replies import event

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_JSON: Final = b"application/json"
_STREAM: Final = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


class Exchange:
    """One request and its reply: what ASGI gives, bounded, and how to end it early."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("an ASGI application runs in a task")
        self.task = task
        self.path: str = scope["path"]
        self.method: str = scope["method"]
        self.stopped = False
        self.why: Refusal | None = None
        """What is said to a caller whose reply is cut; one that went away is told nothing."""
        self._headers: Sequence[tuple[bytes, bytes]] = scope["headers"]
        self._receive = receive
        self._send = send
        self._begun = False

    def stop(self, why: Refusal | None) -> None:
        """End the reply where it is."""
        if not self.stopped:
            self.stopped = True
            self.why = why
            self.task.cancel()

    def header(self, name: bytes) -> bytes:
        """Return the header `name` (lower case), empty if it is absent."""
        return next((value for key, value in self._headers if key == name), b"")

    async def body(self, limit: int, seconds: float) -> bytes:
        """Return the whole body, or raise a `Refusal`."""
        announced = self.header(b"content-length")
        if announced.isdigit() and int(announced[:16]) > limit:
            raise _too_large(limit)
        chunks: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(seconds):
                while True:
                    message = await self._receive()
                    if message["type"] == "http.disconnect":
                        raise Refusal(499, "client_disconnected", "The client went away.")
                    chunk: bytes = message.get("body", b"")
                    size += len(chunk)
                    if size > limit:
                        raise _too_large(limit)
                    chunks.append(chunk)
                    if not message.get("more_body", False):
                        return b"".join(chunks)
        except TimeoutError:
            raise Refusal(408, "request_timeout", "The body did not arrive in time.") from None

    async def watch(self) -> None:
        """Stop the reply when its reader goes away. Runs beside it, after the body."""
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.stop(None)

    async def begin(self) -> None:
        """Send the head of a stream."""
        self._begun = True
        await self._send({"type": "http.response.start", "status": 200, "headers": _STREAM})

    async def send_some(self, data: bytes) -> None:
        """Send a part of a stream."""
        await self._send({"type": "http.response.body", "body": data, "more_body": True})

    async def send_last(self, data: bytes) -> None:
        """Send the end of a stream."""
        await self._send({"type": "http.response.body", "body": data, "more_body": False})

    async def reply(
        self, body: bytes, status: int = 200, headers: Sequence[tuple[bytes, bytes]] = ()
    ) -> None:
        """Send a whole reply."""
        self._begun = True
        length = str(len(body)).encode("ascii")
        head = [(b"content-type", _JSON), (b"content-length", length), *headers]
        await self._send({"type": "http.response.start", "status": status, "headers": head})
        await self.send_last(body)

    async def refuse(self, refusal: Refusal) -> None:
        """Say why there is no reply, or, in a stream that has begun, no more of it."""
        if self._begun:
            await self.send_last(event(refusal.body()))
        else:
            await self.reply(refusal.body(), refusal.status, refusal.headers())


async def lifespan(receive: Receive, send: Send) -> None:
    """Take part in the server's start and stop, for which there is nothing to do."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


def _too_large(limit: int) -> Refusal:
    return Refusal(413, "body_too_large", f"The body is larger than {limit} bytes.")
