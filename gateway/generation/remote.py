"""Engines elsewhere behind the domain's `Engine` port: any server that speaks OpenAI's API.

The least loaded of those that are well is asked. Another is asked instead only while no reply has
begun; from status 200 on a failure is a failure, because something may have been computed.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import (
    AbstractContextManager,
    AsyncExitStack,
    aclosing,
    asynccontextmanager,
    nullcontext,
)
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from engine import wire
from gateway import logs, secretfiles
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.exchange import (
    Ask,
    End,
    FinishReason,
    Model,
    Piece,
)
from gateway.domain.policy import Priority, Terms
from gateway.domain.ports import Prompt, Receipt
from gateway.domain.text import RedactedText
from gateway.endpoints import OpenAIEngines, RemoteModel
from gateway.generation.answers import Upset, unavailable
from gateway.generation.counting import InFlight
from gateway.generation.requests import ToolRequest, names_of, question_of, request_of
from gateway.generation.tally import CALLS, Tally
from gateway.generation.upstream import Access, Upstream
from gateway.pinned import NoAuthorities, trusting

_FIXED: Final = 64
_EACH: Final = 16
"""Tokens that a chat template is taken to add, once and for each message."""
_MOST_BROKEN: Final = 2
"""Engines that one request may be sent to where connections break over it: it may be the cause."""
_REASONS: Final = {each.value: each for each in FinishReason}
_encode: Final = msgspec.json.Encoder().encode


class RemoteEngineError(Exception):
    """Engines elsewhere cannot be used as the settings say; the message says what to do."""


@dataclass(frozen=True, slots=True)
class RemotePrompt:
    """What `RemoteEngine.prepare` made, and `RemoteEngine.generate` alone runs."""

    request: wire.ChatRequest | wire.TextRequest = field(repr=False)
    tokens: int
    """An estimate from above: no token is shorter than a byte. The engine alone counts exactly."""
    max_tokens: int
    named: bool
    """Whether the client named the length: then it has to fit, and else it gives way."""
    context_length: int
    partition: str = field(repr=False)
    in_flight: int | None
    names: Mapping[str, str] = field(repr=False)
    """What tools are called, by what the engine calls them."""


class RemoteEngine:
    """The port over one or several endpoints that serve the same models."""

    def __init__(self, access: Access) -> None:
        self._settings = access.settings
        self._upstreams = tuple(Upstream(place, access) for place in access.settings.places)
        self._models = tuple(
            _described(name, model) for name, model in sorted(access.settings.models.items())
        )
        self._turn = 0
        self._in_flight = InFlight()
        self._salt = secrets.token_bytes(32)

    @classmethod
    def open(cls, settings: OpenAIEngines, data: Path) -> RemoteEngine:
        """Read the key and the certificates; connect to nobody yet.

        Raises `SecretFileError` or `RemoteEngineError`.
        """
        key = None
        if settings.key_file is not None:
            key = secretfiles.read(data / settings.key_file).strip()
            if not key.isascii() or any(byte <= ord(" ") for byte in key):
                raise RemoteEngineError("engine.openai.key_file does not hold a key: one word")
        tls = None if settings.ca_file is None else _trusting(data / settings.ca_file)
        return cls(Access(settings, tls, key))

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Keep connections, and look at every endpoint from time to time, while inside."""
        async with AsyncExitStack() as opened:
            for upstream in self._upstreams:
                await upstream.open()
                opened.push_async_callback(upstream.close)
            # Once before anybody asks, so that readiness is known.
            await asyncio.gather(*(self._look(upstream) for upstream in self._upstreams))
            watching = [
                asyncio.create_task(self._watch(upstream), name="engine endpoint")
                for upstream in self._upstreams
            ]
            try:
                yield
            finally:
                for task in watching:
                    task.cancel()
                await asyncio.gather(*watching, return_exceptions=True)

    async def examine(self) -> Mapping[str, str | None]:
        """Return for each endpoint, by its peer, why it cannot be used, in a word, or `None`."""
        found: dict[str, str | None] = {}
        for upstream in self._upstreams:
            await upstream.open()
            try:
                found[upstream.place.peer] = await upstream.look(self._settings.models)
            finally:
                await upstream.close()
        return found

    def close(self) -> None:
        """Do nothing: connections end with `serving`."""

    @property
    def ready(self) -> bool:
        """Whether any endpoint is worth asking."""
        return any(upstream.well for upstream in self._upstreams)

    def models(self) -> Sequence[Model]:
        """Return what the settings name, by name."""
        return self._models

    def expecting(self, model: Model) -> AbstractContextManager[None]:  # noqa: ARG002 - the port's
        """Do nothing: who is coming changes nothing here."""
        return nullcontext()

    def prepare(
        self, model: Model, ask: Ask[RedactedText], max_tokens: int, terms: Terms
    ) -> RemotePrompt:
        """Write the request. Nothing is sent: an engine sees nothing before the receipt.

        So what only an engine can tell (that a prompt is too long, that an option is not
        honoured) is told by `generate`.
        """
        remote = self._settings.models[model.name]
        named = ask.options.max_tokens is not None
        if named and max_tokens >= model.context_length:
            raise ExchangeError(
                Code.CONTEXT_LENGTH_EXCEEDED,
                f"The model's context holds {model.context_length} tokens: lower max_tokens.",
                param="max_tokens",
            )
        behind = self._settings.priority and terms.priority is Priority.BATCH
        salt = self._salt_of(terms.partition) if self._settings.cache_salt else None
        request = msgspec.structs.replace(
            request_of(remote.name or model.name, ask),
            priority=1 if behind else None,
            cache_salt=salt,
        )
        size = sum(len(text.for_engine().encode()) for text in ask.conversation.texts())
        tokens = _FIXED + _EACH * len(ask.conversation.messages) + size
        return RemotePrompt(
            request,
            tokens,
            max_tokens,
            named,
            model.context_length,
            terms.partition,
            terms.in_flight,
            names_of(ask),
        )

    async def generate(self, prompt: Prompt, receipt: Receipt) -> AsyncGenerator[Piece | End, None]:
        """Stream pieces, then one `End`. No receipt, no run (invariant 2)."""
        if not isinstance(receipt, Receipt):
            raise TypeError("an engine runs nothing without a receipt of the ledger")
        if not isinstance(prompt, RemotePrompt):
            raise TypeError("this engine runs only what it has prepared")
        with self._in_flight.counted(prompt.partition, prompt.in_flight):
            async with aclosing(self._somewhere(prompt)) as events:
                async for event in events:
                    yield event

    async def _somewhere(self, prompt: RemotePrompt) -> AsyncGenerator[Piece | End, None]:
        """Run `prompt` on the least loaded engine, and on another while no reply has begun.

        Engines that cannot be reached, or are busy, are passed over, however many they are. After
        a connection that broke with the request in it, one other engine may have it: it may have
        been computed, and may be what broke the first.
        """
        until = asyncio.get_running_loop().time() + self._settings.total_timeout
        tried: list[Upstream] = []
        broken: set[Upstream] = set()
        again: Upstream | None = None
        error = unavailable()
        while (upstream := again or self._choose(tried)) is not None:
            tried.append(upstream)
            try:
                async with aclosing(self._run(upstream, prompt, until)) as events:
                    async for event in events:
                        yield event
            except Upset as upset:
                error = upset.error
                if not upset.elsewhere:
                    break
                # It may have closed an idle connection at this moment: that is no fault.
                again = upstream if upset.here and tried.count(upstream) == 1 else None
                if upset.here:
                    broken.add(upstream)
                    if again is None:
                        upstream.fail("disconnected")
                if again is None and len(broken) == _MOST_BROKEN:
                    break
            else:
                return
        raise error

    async def _run(
        self, upstream: Upstream, prompt: RemotePrompt, until: float
    ) -> AsyncGenerator[Piece | End, None]:
        """Run `prompt` on one engine. Raises `Upset`."""
        length = await self._length(upstream, prompt, until)
        request = msgspec.structs.replace(prompt.request, max_tokens=length)
        path = (
            "/v1/chat/completions" if isinstance(request, wire.ChatRequest) else "/v1/completions"
        )
        tally = Tally(prompt.tokens, length)
        async with aclosing(upstream.stream(path, _encode(request), until=until)) as chunks:
            async for chunk in chunks:
                if piece := tally.take(chunk):
                    yield piece
                if tally.full:
                    # Whatever an engine makes of `max_tokens`, policy's limit holds.
                    yield tally.end(FinishReason.LENGTH)
                    return
        if tally.reason is None:
            raise Upset(
                ExchangeError(Code.ENGINE_FAILED, "The engine stopped in mid-reply. Try again."),
                elsewhere=False,
            )
        reason = FinishReason.STOP if tally.reason == CALLS else _REASONS.get(tally.reason)
        offered = isinstance(request, ToolRequest) and request.tools is not None
        if reason is None or (tally.calls and not offered):
            raise Upset(
                ExchangeError(Code.ENGINE_FAILED, "The engine broke the reply off. Try again."),
                elsewhere=False,
            )
        yield tally.end(reason, prompt.names)

    async def _length(self, upstream: Upstream, prompt: RemotePrompt, until: float) -> int:
        """Return how long the reply may be: what was asked for, or what room the context has."""
        if prompt.named or prompt.tokens + prompt.max_tokens <= prompt.context_length:
            return prompt.max_tokens
        count = await upstream.count(_encode(question_of(prompt.request)), until=until)
        if count is None:
            # Unknown: servers that do not count cut a reply at the end of the context themselves.
            return min(prompt.max_tokens, max(1, prompt.context_length // 2))
        if count >= prompt.context_length:
            raise Upset(
                ExchangeError(
                    Code.CONTEXT_LENGTH_EXCEEDED,
                    f"The prompt has {count} tokens, and the model's context holds "
                    f"{prompt.context_length}: shorten the messages.",
                    param="messages",
                ),
                elsewhere=False,
            )
        return min(prompt.max_tokens, prompt.context_length - count)

    def _salt_of(self, partition: str) -> str:
        """Return what stands for a caller: nobody else can make it, and no restart repeats it."""
        return hmac.digest(self._salt, partition.encode(), "sha256").hex()[:32]

    def _choose(self, tried: Sequence[Upstream]) -> Upstream | None:
        """Return the least loaded endpoint that is well and untried; of equals, in turns."""
        count = len(self._upstreams)
        self._turn = (self._turn + 1) % count
        turned = (self._upstreams[(self._turn + index) % count] for index in range(count))
        open_ = [upstream for upstream in turned if upstream.well and upstream not in tried]
        return min(open_, key=lambda upstream: upstream.load, default=None)

    async def _look(self, upstream: Upstream) -> None:
        try:
            reason = await upstream.look(self._settings.models)
        except Exception as error:  # noqa: BLE001 - told to the operator; else nobody looks again
            logs.unexpected(error)
            reason = "not_understood"
        upstream.judge(reason)

    async def _watch(self, upstream: Upstream) -> None:
        interval = self._settings.check_interval
        while True:
            try:
                async with asyncio.timeout(interval):
                    await upstream.ailing.wait()
            except TimeoutError:
                pass
            else:
                # Soon, and not at once: whoever was cut off is about to say why.
                upstream.ailing.clear()
                await asyncio.sleep(min(1.0, interval))
            await self._look(upstream)


def _described(name: str, model: RemoteModel) -> Model:
    """Return the model for records: `remote:`, because this process did not see its bytes.

    A digest that the settings pin follows, which the engine has to state; else what stands for the
    settings' own words.
    """
    if model.digest is not None:
        digest = f"remote:{model.digest}"
    else:
        words = msgspec.json.encode([name, model.name or name, model.context_length])
        digest = f"remote:unpinned:{hashlib.sha256(words).hexdigest()[:32]}"
    return Model(name, digest, model.context_length, 0)


def _trusting(file: Path) -> ssl.SSLContext:
    """Return what checks an engine's certificate."""
    try:
        return trusting(file)
    except NoAuthorities as error:
        raise RemoteEngineError(f"engine.openai.ca_file: {error}") from None
