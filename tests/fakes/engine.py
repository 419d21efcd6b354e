"""An engine that does what a test tells it to, and remembers exactly what it saw.

It keeps the port's contract (tests/contracts/test_engine.py) unless a fault is switched on.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

from gateway.domain.errors import Code, ExchangeError
from gateway.domain.exchange import (
    Ask,
    Conversation,
    End,
    Event,
    FinishReason,
    Model,
    Piece,
    Segment,
    Task,
    Transcript,
    Usage,
    Vectors,
)
from gateway.domain.policy import Terms
from gateway.domain.ports import Prompt, Receipt
from gateway.domain.text import RawText, RedactedText
from gateway.domain.tools import ToolCall

MODEL = Model("fake-model", "ab" * 32, 8192, 1_700_000_000)
EMBEDDER = Model("fake-embedder", "cd" * 32, 512, 1_700_000_000, Task.EMBED)
TRANSCRIBER = Model("fake-transcriber", "ef" * 32, 448, 1_700_000_000, Task.TRANSCRIBE)


@dataclass(frozen=True)
class FakePrompt:
    """Counts words as tokens."""

    conversation: Conversation[RedactedText] = field(repr=False)
    max_tokens: int
    tokens: int
    task: Task = Task.GENERATE


@dataclass
class Seen:
    """One run: what the engine was given, and how the run ended."""

    conversation: Conversation[RedactedText]
    receipt: Receipt
    max_tokens: int = 0
    pieces: int = 0
    closed: bool = False
    """Whether the run is over, by itself or because its reader went away."""
    finished: bool = False
    """Whether the reader got the `End`."""

    @property
    def text(self) -> str:
        """Every text of the conversation, in order, a line each."""
        return "\n".join(text.for_engine() for text in self.conversation.texts())


@dataclass
class FakeEngine:
    """Set the attributes before or between requests. The faults are off at first."""

    pieces: Sequence[str] = ("Hello", ", ", "world", ".")
    """What it replies, a token each, up to the length asked for."""
    echo: int | None = None
    """If set, it replies with the last message's text instead, in chunks of so many characters."""
    said: Sequence[str] = ("Good morning.", "Please sit down.")
    """What it hears in every recording, a segment each."""
    delay: float = 0.0
    """Seconds before each piece."""
    calls: str | None = None
    """If set, a reply to the first of the tools that were offered: the arguments of its call, in
    which `{}` is the last message's text."""
    served: tuple[Model, ...] = (MODEL, EMBEDDER, TRANSCRIBER)
    # Faults.
    fail_prepare: Exception | None = None
    fail_at: int | None = None
    """Raise `failure` instead of piece number so much; 0 is before the first."""
    fail_runs: int | None = None
    """Only the first so many runs fail; `None` means every one."""
    failure: Exception = field(
        default_factory=lambda: ExchangeError(Code.ENGINE_FAILED, "The engine failed.")
    )
    overloaded: bool = False
    hang_at: int | None = None
    """Wait for ever instead of piece number so much, until the reader goes away."""
    # What happened.
    prepared: list[Conversation[RedactedText]] = field(default_factory=list)
    terms: list[Terms] = field(default_factory=list)
    """One for each of `prepared`."""
    seen: list[Seen] = field(default_factory=list)
    started: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a run reaches its first piece, or the place where it hangs."""

    def models(self) -> Sequence[Model]:
        return self.served

    def expecting(self, model: Model) -> AbstractContextManager[None]:
        """Do nothing: who is coming changes nothing here."""
        return nullcontext()

    def prepare(
        self, model: Model, ask: Ask[RedactedText], max_tokens: int, terms: Terms
    ) -> FakePrompt:
        if self.fail_prepare is not None:
            raise self.fail_prepare
        if model not in self.served:
            raise ValueError("prepare takes one of the engine's own models")
        self.prepared.append(ask.conversation)
        self.terms.append(terms)
        words = sum(
            len(part.for_engine().split())
            for message in ask.conversation.messages
            for part in message.content
        )
        tokens = max(1, words)
        named = ask.options.max_tokens is not None
        if tokens + (max_tokens if named else 1) > model.context_length:
            raise ExchangeError(
                Code.CONTEXT_LENGTH_EXCEEDED, "Shorten the messages.", param="messages"
            )
        if ask.options.seed is not None and ask.options.temperature > 0:
            raise ExchangeError(Code.UNSUPPORTED_PARAMETER, "No seed here.", param="seed")
        length = min(max_tokens, model.context_length - tokens)
        return FakePrompt(ask.conversation, length, tokens, model.task)

    async def generate(self, prompt: Prompt, receipt: Receipt) -> AsyncGenerator[Event, None]:
        if not isinstance(receipt, Receipt):
            raise TypeError("an engine runs nothing without a receipt of the ledger")
        if not isinstance(prompt, FakePrompt):
            raise TypeError("this engine runs only what it has prepared")
        if self.overloaded:
            raise ExchangeError(Code.OVERLOADED, "The engine's queue is full.")
        run = Seen(prompt.conversation, receipt, prompt.max_tokens)
        self.seen.append(run)
        reason = FinishReason.STOP
        try:
            if prompt.task is not Task.GENERATE:
                await self._meet(0)
                yield self._result(prompt)
                await self._meet(1)
                run.finished = True
                yield End(reason, Usage(prompt.tokens, 0))
                return
            pieces = self._reply(prompt)
            for index in range(len(pieces) + 1):
                await self._meet(index)
                if index == len(pieces):
                    break
                if index == prompt.max_tokens:
                    reason = FinishReason.LENGTH
                    break
                run.pieces += 1
                yield Piece(pieces[index], 1)
            run.finished = True
            yield End(reason, Usage(prompt.tokens, run.pieces), calls=self._called(prompt))
        finally:
            run.closed = True

    def _called(self, prompt: FakePrompt) -> tuple[ToolCall[str], ...]:
        tools = prompt.conversation.tools
        if tools is None or self.calls is None:
            return ()
        last = "\n".join(part.for_engine() for part in prompt.conversation.messages[-1].content)
        arguments = self.calls.replace("{}", last)
        return (ToolCall("1234567890", tools.offered[0].name.for_engine(), arguments),)

    async def _meet(self, index: int) -> None:
        """Wait, hang or raise, as the test wants it at this piece."""
        if self.fail_at == index and (self.fail_runs is None or len(self.seen) <= self.fail_runs):
            raise self.failure
        if self.hang_at == index:
            self.started.set()
            await asyncio.Event().wait()
        await asyncio.sleep(self.delay)
        self.started.set()

    def _result(self, prompt: FakePrompt) -> Event:
        if prompt.task is Task.EMBED:
            return Vectors(tuple(bytes(8) for _ in prompt.conversation.texts()))
        return Transcript(
            tuple(Segment(at, at + 1, RawText(text)) for at, text in enumerate(self.said)), "en", 9
        )

    def _reply(self, prompt: FakePrompt) -> Sequence[str]:
        if self.echo is None:
            return self.pieces
        last = prompt.conversation.messages[-1]
        text = "\n".join(part.for_engine() for part in last.content)
        return [text[at : at + self.echo] for at in range(0, len(text), self.echo)]
