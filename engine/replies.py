"""How a generation becomes OpenAI's reply: whole, or as server-sent events."""

from __future__ import annotations

from typing import Any, Final, Protocol

import msgspec

from engine import wire

_encode: Final = msgspec.json.Encoder().encode
DONE: Final = b"data: [DONE]\n\n"


def event(data: bytes) -> bytes:
    """Return `data`, one line of JSON, as a server-sent event."""
    return b"data: " + data + b"\n\n"


def usage(prompt: int, completion: int) -> wire.Usage:
    """Return the counts with their sum."""
    return wire.Usage(prompt, completion, prompt + completion)


class Form(Protocol):
    """How one kind of reply is written: chat or text. Each method returns JSON."""

    def opening(self, so_far: wire.Usage | None) -> bytes | None:
        """Return the event before the first text, if there is one."""
        ...

    def delta(self, text: str, so_far: wire.Usage | None) -> bytes:
        """Return the event that adds `text`."""
        ...

    def closing(self, reason: str, so_far: wire.Usage | None) -> bytes:
        """Return the event that says why the reply ended."""
        ...

    def counted(self, usage: wire.Usage) -> bytes:
        """Return the last event, which counts the tokens."""
        ...

    def whole(self, text: str, reason: str, usage: wire.Usage) -> bytes:
        """Return the reply in one piece."""
        ...


class ChatForm:
    """`chat.completion` and its chunks."""

    def __init__(self, identity: str, created: int, model: str) -> None:
        self._common: dict[str, Any] = {
            "id": f"chatcmpl-{identity}",
            "created": created,
            "model": model,
        }

    def _chunk(self, choices: list[wire.ChunkChoice], counts: wire.Usage | None) -> bytes:
        return _encode(wire.ChatChunk(choices=choices, usage=counts, **self._common))

    def opening(self, so_far: wire.Usage | None) -> bytes:
        """Return the chunk that names the role."""
        return self._chunk([wire.ChunkChoice(wire.Delta("assistant", ""))], so_far)

    def delta(self, text: str, so_far: wire.Usage | None) -> bytes:
        """Return a chunk with some text."""
        return self._chunk([wire.ChunkChoice(wire.Delta(content=text))], so_far)

    def closing(self, reason: str, so_far: wire.Usage | None) -> bytes:
        """Return the chunk with the finish reason."""
        return self._chunk([wire.ChunkChoice(wire.Delta(), reason)], so_far)

    def counted(self, usage: wire.Usage) -> bytes:
        """Return the chunk without choices that `include_usage` asks for."""
        return self._chunk([], usage)

    def whole(self, text: str, reason: str, usage: wire.Usage) -> bytes:
        """Return the chat completion."""
        choice = wire.ChatChoice(wire.ReplyMessage(text), reason)
        return _encode(wire.ChatCompletion(choices=[choice], usage=usage, **self._common))


class TextForm:
    """`text_completion`, whole or in events of the same type."""

    def __init__(self, identity: str, created: int, model: str) -> None:
        self._common: dict[str, Any] = {
            "id": f"cmpl-{identity}",
            "created": created,
            "model": model,
        }

    def _event(self, choices: list[wire.TextChoice], counts: wire.Usage | None) -> bytes:
        return _encode(wire.TextCompletion(choices=choices, usage=counts, **self._common))

    def opening(self, so_far: wire.Usage | None) -> None:
        """Return nothing: text needs no role."""

    def delta(self, text: str, so_far: wire.Usage | None) -> bytes:
        """Return an event with some text."""
        return self._event([wire.TextChoice(text)], so_far)

    def closing(self, reason: str, so_far: wire.Usage | None) -> bytes:
        """Return the event with the finish reason."""
        return self._event([wire.TextChoice("", reason)], so_far)

    def counted(self, usage: wire.Usage) -> bytes:
        """Return the event without choices that `include_usage` asks for."""
        return self._event([], usage)

    def whole(self, text: str, reason: str, usage: wire.Usage) -> bytes:
        """Return the completion."""
        return self._event([wire.TextChoice(text, reason)], usage)
