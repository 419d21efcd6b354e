"""What comes of one reply of an engine elsewhere, and how much of it there may be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.domain.exchange import End, FinishReason, Piece, Usage
from gateway.domain.tools import ToolCall
from gateway.generation.answers import Chunk

CALLS: Final = "tool_calls"
"""Why a reply ends that calls tools."""
_MOST_CHARACTERS: Final = 256
"""Of one token: the longest in vocabularies are runs of 128 blanks."""


class Tally:
    """What has come of one reply: the end, and the counts, exact where the engine states them.

    What an engine states is believed for the record and not for the limit: that holds for the
    events with text and for characters too.
    """

    def __init__(self, prompt_tokens: int, length: int) -> None:
        self.reason: str | None = None
        self.completion = 0
        self._prompt = prompt_tokens
        self._length = length
        self._events = 0
        self._calls: dict[int, tuple[str, str]] = {}
        self._room = _MOST_CHARACTERS * length

    @property
    def full(self) -> bool:
        """Whether more has come than may be."""
        # One event more than tokens: what was held back for a stop string comes by itself.
        return self.completion > self._length or self._events > self._length + 1 or self._room < 0

    def take(self, chunk: Chunk) -> Piece | None:
        """Note what `chunk` says, and return its text, as far as there is room for it."""
        text, before = chunk.text[: max(0, self._room)], self.completion
        self._room -= len(chunk.text) + self._called(chunk)
        self._events += bool(chunk.text or any(part.function.arguments for part in chunk.calls))
        if chunk.usage is not None:
            self._prompt = chunk.usage.prompt_tokens
            self.completion = max(before, chunk.usage.completion_tokens)
        elif text or chunk.calls:
            self.completion += 1
        self.reason = chunk.finish_reason or self.reason
        return Piece(text, self.completion - before) if text else None

    @property
    def calls(self) -> bool:
        """Whether the reply calls tools, or says that it does."""
        return bool(self._calls) or self.reason == CALLS

    def end(self, reason: FinishReason, names: Mapping[str, str] | None = None) -> End:
        """Return the end of the reply. Of one that was cut short, no call is whole.

        `names` says what the tools are called that the engine has other names for.
        """
        usage = Usage(self._prompt, self.completion)
        if reason is not FinishReason.STOP:
            return End(reason, usage)
        # The engine's ids go no further: whoever writes the reply makes others.
        called = (self._calls[index] for index in sorted(self._calls))
        known = names or {}
        calls = (ToolCall("", known.get(name, name), said) for name, said in called)
        return End(reason, usage, calls=tuple(calls))

    def _called(self, chunk: Chunk) -> int:
        """Note what `chunk` adds to calls of tools, and return how many characters that are."""
        size = 0
        for part in chunk.calls:
            more = part.function.name or "", part.function.arguments or ""
            name, arguments = self._calls.get(part.index, ("", ""))
            self._calls[part.index] = name + more[0], arguments + more[1]
            size += sum(map(len, more))
        return size
