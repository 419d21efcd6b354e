"""An `Engine` that makes equal replies once: the domain's port around another one.

Only where policy allows it, for one caller alone, and only with temperature 0, where asking again
would give the same words. What is kept, sealed, is what the engine said about redacted text: each
exchange restores and guards it anew. Equal requests at one time share one run of the engine.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, aclosing
from dataclasses import dataclass, field, replace

from engine import SealedCache
from gateway.domain.exchange import (
    Ask,
    CacheStatus,
    End,
    FinishReason,
    Message,
    Model,
    Piece,
    Usage,
)
from gateway.domain.policy import Priority, Terms
from gateway.domain.ports import Prompt, Receipt, TextEngine
from gateway.domain.text import RedactedText
from gateway.generation.shared import Run, RunFailed, joined


@dataclass(frozen=True, slots=True)
class CachedPrompt:
    """What `CachedEngine.prepare` made: the inner engine's prompt, and what it is known by."""

    prompt: Prompt = field(repr=False)
    priority: Priority
    name: bytes | None = field(repr=False)
    """`None` if its reply may not be kept."""

    @property
    def tokens(self) -> int:
        """How many tokens the prompt has."""
        return self.prompt.tokens


class CachedEngine:
    """Keeps replies for at most `ttl` seconds, in at most `max_bytes`. One event loop uses it."""

    def __init__(
        self,
        engine: TextEngine,
        *,
        max_bytes: int,
        ttl: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._replies = SealedCache(max_bytes=max_bytes, ttl=ttl)
        self._clock = clock
        self._runs: dict[tuple[bytes, Priority], Run] = {}
        self._sweep: asyncio.TimerHandle | None = None

    def models(self) -> Sequence[Model]:
        """Return what the inner engine serves."""
        return self._engine.models()

    def expecting(self, model: Model) -> AbstractContextManager[None]:
        """Tell the inner engine."""
        return self._engine.expecting(model)

    def prepare(
        self, model: Model, ask: Ask[RedactedText], max_tokens: int, terms: Terms
    ) -> CachedPrompt:
        """Prepare as the inner engine does."""
        prompt = self._engine.prepare(model, ask, max_tokens, terms)
        # What calls tools is one turn of many, and no question that comes again.
        alone = ask.conversation.tools is None and ask.conversation.form is None
        may_keep = terms.cache and ask.options.temperature == 0 and alone
        question = _question(model, ask, max_tokens, terms) if may_keep else None
        return CachedPrompt(
            prompt, terms.priority, None if question is None else self._replies.name(question)
        )

    def generate(self, prompt: Prompt, receipt: Receipt) -> AsyncGenerator[Piece | End, None]:
        """Stream a reply that is kept, or is being made, or is made now."""
        if isinstance(prompt, CachedPrompt) and prompt.name is None:
            return self._engine.generate(prompt.prompt, receipt)
        return self._once(prompt, receipt)

    def close(self) -> None:
        """Forget every reply. The inner engine is closed by who made it."""
        self._replies.clear()

    async def _once(self, prompt: Prompt, receipt: Receipt) -> AsyncGenerator[Piece | End, None]:
        prompt, name = _checked(prompt, receipt)
        kept = self._replies.get(name, self._clock())
        if kept is not None:
            for event in _opened(kept):
                yield event
            return
        # What somebody waits for does not wait behind the same question asked at leisure.
        place = (name, prompt.priority)
        heard: list[Piece] = []
        while True:
            run = self._runs.get(place)
            began = run is None
            run = run or self._begin(place, prompt.prompt, receipt)
            try:
                async with aclosing(run.listen(heard)) as events:
                    async for event in events:
                        yield event if began else replace(event, cache=CacheStatus.COLLAPSED)
            except RunFailed as failed:
                # Who began a run that fails, fails with it. The others begin another, as they would
                # have done alone, and go on where they were.
                if began:
                    raise failed.error from None
            else:
                return

    def _begin(self, place: tuple[bytes, Priority], prompt: Prompt, receipt: Receipt) -> Run:
        def over() -> None:
            if self._runs.get(place) is run:
                del self._runs[place]
            if run.end is not None:
                self._keep(place[0], run.pieces, run.end)

        run = self._runs[place] = Run(over)
        run.start(self._engine.generate(prompt, receipt))
        return run

    def _keep(self, name: bytes, pieces: Sequence[Piece], end: End) -> None:
        self._replies.put(name, _closed(pieces, end), self._clock())
        if self._sweep is None:
            self._drop_old()

    def _drop_old(self) -> None:
        """Drop what is too old, and come back for the next: a quiet night keeps nothing longer."""
        now = self._clock()
        due = self._replies.expire(now)
        loop = asyncio.get_running_loop()
        self._sweep = None if due is None else loop.call_later(due - now, self._drop_old)


def _checked(prompt: Prompt, receipt: Receipt) -> tuple[CachedPrompt, bytes]:
    if not isinstance(receipt, Receipt):
        raise TypeError("an engine runs nothing without a receipt of the ledger")
    if not isinstance(prompt, CachedPrompt) or prompt.name is None:
        raise TypeError("this engine runs only what it has prepared")
    return prompt, prompt.name


def _closed(pieces: Sequence[Piece], end: End) -> bytes:
    usage = end.usage
    whole = [joined(pieces).text, end.reason, usage.prompt_tokens, usage.completion_tokens]
    return json.dumps(whole).encode()


def _opened(kept: bytes) -> Iterator[Piece | End]:
    text, reason, prompt_tokens, completion_tokens = json.loads(kept)
    if text:
        yield Piece(text, completion_tokens, CacheStatus.HIT)
    usage = Usage(prompt_tokens, completion_tokens)
    yield End(FinishReason(reason), usage, CacheStatus.HIT)


def _question(model: Model, ask: Ask[RedactedText], max_tokens: int, terms: Terms) -> bytes:
    """Return all that a reply depends on, and whose it is, so that no two have the same bytes."""
    options = ask.options
    return json.dumps(
        [
            terms.partition,
            terms.profile,
            [model.name, model.digest],
            [ask.chat, max_tokens, options.max_tokens, options.top_p, options.seed],
            [_spelt(message) for message in ask.conversation.messages],
            [stop.for_engine() for stop in ask.conversation.stop],
        ]
    ).encode()


def _spelt(message: Message[RedactedText]) -> list[object]:
    return [
        message.role,
        [part.for_engine() for part in message.content],
        None if message.name is None else message.name.for_engine(),
        [
            [call.id.for_engine(), call.name.for_engine(), call.arguments.for_engine()]
            for call in message.tool_calls
        ],
        None if message.tool_call_id is None else message.tool_call_id.for_engine(),
    ]
