"""How an exchange's channel becomes a reply: whole, or as server-sent events."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from struct import iter_unpack
from typing import Any, Final, Protocol

import msgspec
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Send

from gateway.channel import Channel, Delta, Done
from gateway.domain.calling import Calls
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.exchange import FinishReason, Usage, Vectors
from gateway.http.errors import openai_body
from gateway.http.receive import Inbox
from gateway.http.tool_wire import CalledFunction, CalledTool, CalledToolPart
from gateway.http.tools import call_id
from gateway.http.wire import (
    ChatChoice,
    ChatChunk,
    ChatCompletion,
    ChunkChoice,
    ChunkDelta,
    Embedding,
    EmbeddingList,
    EmbeddingUsage,
    ReplyMessage,
    TextChoice,
    TextCompletion,
    WireUsage,
)

_encode: Final = msgspec.json.Encoder().encode
_DONE: Final = b"data: [DONE]\n\n"
_MANY: Final = 16
"""Rows of vectors that are written at once: a millisecond or so."""


class Format(Protocol):
    """How one kind of reply is written: chat or text."""

    def opening(self) -> Any | None:  # noqa: ANN401 - any struct of `wire.py`
        """Return the event before the first text, if there is one."""
        ...

    def delta(self, text: str) -> Any:  # noqa: ANN401
        """Return the event that adds `text`."""
        ...

    def calls(self, calls: Calls) -> Any | None:  # noqa: ANN401
        """Return the event with the tools that are called, if this form has one."""
        ...

    def closing(self, reason: str) -> Any:  # noqa: ANN401
        """Return the event that says why the reply ended."""
        ...

    def usage(self, usage: WireUsage) -> Any:  # noqa: ANN401
        """Return the event that counts the tokens."""
        ...

    def whole(self, text: str, reason: str, usage: WireUsage, calls: Calls | None) -> Any:  # noqa: ANN401
        """Return the reply in one piece."""
        ...


class ChatFormat:
    """`chat.completion` and its chunks."""

    def __init__(self, exchange: str, created: int, model: str) -> None:
        self._exchange = exchange
        self._id = f"chatcmpl-{exchange}"
        self._created = created
        self._model = model

    def _chunk(self, choices: list[ChunkChoice], usage: WireUsage | None = None) -> ChatChunk:
        return ChatChunk(
            id=self._id, created=self._created, model=self._model, choices=choices, usage=usage
        )

    def opening(self) -> ChatChunk:
        """Return the chunk that names the role."""
        return self._chunk([ChunkChoice(ChunkDelta(role="assistant", content=""))])

    def delta(self, text: str) -> ChatChunk:
        """Return a chunk with some text."""
        return self._chunk([ChunkChoice(ChunkDelta(content=text))])

    def calls(self, calls: Calls) -> ChatChunk:
        """Return a chunk with the tools that are called, each of them whole."""
        parts = [
            CalledToolPart(
                index=index,
                id=call_id(self._exchange, index),
                function=CalledFunction(call.name, call.arguments),
            )
            for index, call in enumerate(calls.calls)
        ]
        return self._chunk([ChunkChoice(ChunkDelta(tool_calls=parts))])

    def closing(self, reason: str) -> ChatChunk:
        """Return the chunk with the finish reason."""
        return self._chunk([ChunkChoice(ChunkDelta(), finish_reason=reason)])

    def usage(self, usage: WireUsage) -> ChatChunk:
        """Return the chunk without choices that `include_usage` asks for."""
        return self._chunk([], usage)

    def whole(
        self, text: str, reason: str, usage: WireUsage, calls: Calls | None
    ) -> ChatCompletion:
        """Return the chat completion."""
        message = ReplyMessage(text)
        if calls is not None:
            called = [
                CalledTool(
                    id=call_id(self._exchange, index),
                    function=CalledFunction(call.name, call.arguments),
                )
                for index, call in enumerate(calls.calls)
            ]
            message = ReplyMessage(text or None, tool_calls=called)
        return ChatCompletion(
            id=self._id,
            created=self._created,
            model=self._model,
            choices=[ChatChoice(message, reason)],
            usage=usage,
        )


class TextFormat:
    """`text_completion`, whole or in events of the same type."""

    def __init__(self, exchange: str, created: int, model: str) -> None:
        self._id = f"cmpl-{exchange}"
        self._created = created
        self._model = model

    def _event(self, choices: list[TextChoice], usage: WireUsage | None = None) -> TextCompletion:
        return TextCompletion(
            id=self._id, created=self._created, model=self._model, choices=choices, usage=usage
        )

    def opening(self) -> None:
        """Return nothing: text needs no role."""

    def delta(self, text: str) -> TextCompletion:
        """Return an event with some text."""
        return self._event([TextChoice(text)])

    def calls(self, calls: Calls) -> None:
        """Return nothing: a bare prompt has no tools."""

    def closing(self, reason: str) -> TextCompletion:
        """Return the event with the finish reason."""
        return self._event([TextChoice("", reason)])

    def usage(self, usage: WireUsage) -> TextCompletion:
        """Return the event without choices that `include_usage` asks for."""
        return self._event([], usage)

    def whole(
        self,
        text: str,
        reason: str,
        usage: WireUsage,
        calls: Calls | None,  # noqa: ARG002 - as above
    ) -> TextCompletion:
        """Return the completion."""
        return self._event([TextChoice(text, reason)], usage)


async def whole(events: AsyncIterator[Delta | Done], form: Format) -> bytes:
    """Return the JSON of the whole reply, once its outcome is durable."""
    pieces = []
    async for event in events:
        pieces.append(event.text)
        if isinstance(event, Done):
            text, usage = "".join(pieces), _usage(event.usage)
            return _encode(form.whole(text, _reason(event), usage, called(event)))
    raise AssertionError("a channel ends with Done or with an error")


async def finished(events: AsyncIterator[Delta | Done]) -> Done:
    """Return how the exchange ended, once its outcome is durable: for replies that are no text."""
    async for event in events:
        if isinstance(event, Done):
            return event
    raise AssertionError("a channel ends with Done or with an error")


async def vectors(done: Done, model: str, *, base64: bool) -> bytes:
    """Return the JSON of an embedding; of many rows in a thread, as others wait meanwhile."""
    if not isinstance(done.result, Vectors):
        raise TypeError("an embedding ends with vectors")
    rows, tokens = done.result.rows, done.usage.prompt_tokens
    if len(rows) > _MANY:
        return await asyncio.to_thread(_vectors, rows, tokens, model, base64=base64)
    return _vectors(rows, tokens, model, base64=base64)


def _vectors(rows: Sequence[bytes], tokens: int, model: str, *, base64: bool) -> bytes:
    return _encode(
        EmbeddingList(
            data=[
                Embedding(
                    index=index,
                    embedding=b64encode(row).decode("ascii")
                    if base64
                    else [value for (value,) in iter_unpack("<f", row)],
                )
                for index, row in enumerate(rows)
            ],
            model=model,
            usage=EmbeddingUsage(tokens, tokens),
        )
    )


async def server_sent(
    events: AsyncIterator[Delta | Done], form: Format, *, include_usage: bool
) -> AsyncIterator[bytes]:
    """Yield the reply as server-sent events; an early end is an error object."""
    if (opening := form.opening()) is not None:
        yield _event(opening)
    try:
        async for event in events:
            if event.text:
                yield _event(form.delta(event.text))
            if isinstance(event, Done):
                calls = called(event)
                if calls is not None and (shown := form.calls(calls)) is not None:
                    yield _event(shown)
                yield _event(form.closing(_reason(event)))
                if include_usage:
                    yield _event(form.usage(_usage(event.usage)))
                yield _DONE
    except ExchangeError as error:
        yield _event(openai_body(error))


class EventStream(ASGIResponse):
    """A streaming reply that cancels its exchange when the client goes away."""

    _should_set_content_length = False

    def __init__(
        self,
        events: AsyncIterator[bytes],
        channel: Channel,
        inbox: Inbox,
        headers: dict[str, str],
    ) -> None:
        super().__init__(
            media_type="text/event-stream",
            headers={**headers, "Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )
        self._events = events
        self._channel = channel
        self._inbox = inbox

    async def send_body(self, send: Send, receive: Receive) -> None:  # noqa: ARG002 - ASGI's shape
        """Send each event as it comes."""
        async with watching(self._inbox, self._channel), aclosing(self._events) as events:  # type: ignore[type-var]
            async for event in events:
                await send({"type": "http.response.body", "body": event, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


class watching:  # noqa: N801 - reads as what it does: `async with watching(...)`
    """While inside, a client that goes away cancels the exchange; so does leaving early."""

    def __init__(self, inbox: Inbox, channel: Channel) -> None:
        self._inbox = inbox
        self._channel = channel
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> None:
        self._task = asyncio.create_task(self._watch(), name="disconnect")

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
        if kind is not None:
            self._channel.cancel(Code.CLIENT_DISCONNECTED)

    async def _watch(self) -> None:
        await self._inbox.disconnected()
        self._channel.cancel(Code.CLIENT_DISCONNECTED)


def called(done: Done) -> Calls | None:
    """Return the tools that a reply calls, if it calls any."""
    return done.result if isinstance(done.result, Calls) else None


def _reason(done: Done) -> str:
    """Return why a reply ended, in OpenAI's words: its records say that the model stopped."""
    if done.reason is FinishReason.STOP and called(done) is not None:
        return "tool_calls"
    return str(done.reason)


def _event(value: Any) -> bytes:  # noqa: ANN401
    return b"data: " + _encode(value) + b"\n\n"


def _usage(usage: Usage) -> WireUsage:
    return WireUsage(
        usage.prompt_tokens, usage.completion_tokens, usage.prompt_tokens + usage.completion_tokens
    )
