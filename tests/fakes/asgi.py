"""A client of an ASGI application that can go away wherever a test wants it to."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

Message = MutableMapping[str, Any]
App = Callable[..., Awaitable[None]]


@dataclass
class Caller:
    """One request. `leave` disconnects; `answered` is set with the first byte of the reply."""

    app: App
    method: str
    path: str
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    whole: bool = True
    """Whether the body ever ends."""
    status: int = 0
    parts: list[bytes] = field(default_factory=list)
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    reply_headers: dict[str, str] = field(default_factory=dict)
    complete: bool = False
    _sent: bool = False

    @property
    def data(self) -> bytes:
        return b"".join(self.parts)

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.data)

    @property
    def events(self) -> list[Any]:
        """The JSON of each event, and `None` for [DONE]."""
        lines = [part for part in self.data.split(b"\n\n") if part]
        return [
            None if line == b"data: [DONE]" else msgspec.json.decode(line.removeprefix(b"data: "))
            for line in lines
        ]

    def leave(self) -> None:
        self.gone.set()

    async def run(self) -> Caller:
        scope = {
            "type": "http",
            "method": self.method,
            "path": self.path,
            "headers": [
                (name.lower().encode(), value.encode()) for name, value in self.headers.items()
            ],
        }
        await self.app(scope, self._receive, self._send)
        return self

    async def _receive(self) -> Message:
        if not self._sent:
            self._sent = True
            return {"type": "http.request", "body": self.body, "more_body": not self.whole}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            assert not self.status, "a reply begins once"
            self.status = message["status"]
            self.reply_headers = {
                name.decode(): value.decode() for name, value in message["headers"]
            }
            return
        assert self.status
        assert not self.complete, "nothing comes after the end"
        self.parts.append(message["body"])
        self.complete = not message["more_body"]
        self.answered.set()
        await asyncio.sleep(0)
