"""Somebody else's OpenAI-compatible server, which records what it gets and fails as it is told."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import msgspec

Message = dict[str, Any]


@dataclass
class Asked:
    """One request: what came, and what became of its sender."""

    path: str
    headers: dict[str, str]
    body: Any
    left: bool = False
    """Whether the sender went away before the reply had ended."""


@dataclass
class FakeUpstream:
    """Says `pieces`, a token each. Set the attributes before or between requests."""

    pieces: tuple[str, ...] = ("Hello", ", ", "world", ".")
    model: str = "smollm2-135m-instruct"
    digest: str | None = None
    usage: str = "continuous"
    """`continuous`, `last` or `none`: how it counts tokens; `zero` always says that none came."""
    prompt_tokens: int = 11
    delay: float = 0.0
    reason: str = "stop"
    calls: tuple[Message, ...] = ()
    """What it adds to calls of tools after the pieces, an event each."""
    comments: bool = False
    """Whether it keeps the connection alive with comments, as some do while they wait."""
    counts: bool = True
    counted: tuple[int, bytes] | None = None
    """What it answers instead where it is asked to count: a status and a body."""
    listed: bytes | None = None
    """What it lists instead of its models."""
    # Faults.
    status: int = 200
    answer: bytes = b"{}"
    """What it answers with another status than 200."""
    hang_at: int | None = None
    """Wait for ever instead of piece number so much; 0 is before the head."""
    drop_at: int | None = None
    """Break the connection instead of piece number so much; 0 is after the head."""
    end_at: int | None = None
    """End the stream without a reason or a [DONE] instead of piece number so much."""
    raw_at: dict[int, bytes] = field(default_factory=dict)
    """Bytes to send before piece number so much."""
    sick: bool = False
    """Whether it does not list its models."""
    # What happened.
    asked: list[Asked] = field(default_factory=list)
    looks: int = 0

    @property
    def everything(self) -> str:
        """All that it ever got, as one text."""
        return repr([(each.path, each.headers, each.body) for each in self.asked])

    async def __call__(self, scope: Message, receive: Any, send: Any) -> None:
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        if scope["path"] == "/v1/models":
            self.looks += 1
            models = [{"id": self.model, "object": "model", "digest": self.digest}]
            listed = self.listed or msgspec.json.encode({"data": models})
            await _whole(send, 500 if self.sick else 200, listed)
            return
        asked = Asked(scope["path"], headers, msgspec.json.decode(body))
        self.asked.append(asked)
        if scope["path"] == "/tokenize":
            if self.counted is not None:
                await _whole(send, *self.counted)
                return
            count = {"count": self.prompt_tokens, "max_model_len": 8192, "tokens": []}
            await _whole(
                send, 200 if self.counts else 404, msgspec.json.encode(count if self.counts else {})
            )
            return
        if self.status != 200:
            await _whole(send, self.status, self.answer)
            return
        replying = asyncio.create_task(self._reply(asked, send))
        leaving = asyncio.create_task(_left(receive))
        await asyncio.wait({replying, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not replying.done():
            asked.left = True
            replying.cancel()
            await asyncio.gather(replying, return_exceptions=True)
            return
        leaving.cancel()
        await replying

    async def _reply(self, asked: Asked, send: Any) -> None:
        chat = asked.path == "/v1/chat/completions"
        if self.hang_at == 0:
            await asyncio.Event().wait()
        head = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        if self.comments:
            await _some(send, b": waiting\n\n")
        if chat:
            await self._event(send, {"delta": {"role": "assistant", "content": ""}}, 0)
        for index, piece in enumerate(self.pieces):
            await self._meet(index)
            if index in self.raw_at:
                await _some(send, self.raw_at[index])
            if index == self.end_at:
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                return
            await asyncio.sleep(self.delay)
            await self._event(
                send, {"delta": {"content": piece}} if chat else {"text": piece}, index + 1
            )
        for part in self.calls:
            await asyncio.sleep(self.delay)
            await self._event(send, {"delta": {"tool_calls": [part]}}, len(self.pieces) + 1)
        await self._meet(len(self.pieces))
        last = {"delta": {}} if chat else {"text": ""}
        await self._event(send, {**last, "finish_reason": self.reason}, len(self.pieces))
        if self.usage == "last":
            await _some(send, _line({"choices": [], "usage": self._counts(len(self.pieces))}))
        await _some(send, b"data: [DONE]\n\n")
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _event(self, send: Any, choice: Message, count: int) -> None:
        event: Message = {
            "id": "x",
            "object": "chat.completion.chunk",
            "system_fingerprint": "somebody else's",
            "choices": [{"index": 0, "finish_reason": None, **choice}],
        }
        if self.usage in {"continuous", "zero"}:
            event["usage"] = self._counts(0 if self.usage == "zero" else count)
        await _some(send, _line(event))

    def _counts(self, completion: int) -> Message:
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": completion,
            "total_tokens": self.prompt_tokens + completion,
            "prompt_tokens_details": None,
        }

    async def _meet(self, index: int) -> None:
        if index == self.hang_at:
            await asyncio.Event().wait()
        if index == self.drop_at:
            raise ConnectionAbortedError


def _line(event: Message) -> bytes:
    return b"data: " + msgspec.json.encode(event) + b"\n\n"


async def _some(send: Any, data: bytes) -> None:
    await send({"type": "http.response.body", "body": data, "more_body": True})


async def _whole(send: Any, status: int, body: bytes) -> None:
    head = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def _left(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
