"""OpenAI's API for the engine alone, as an ASGI application: no framework, no log, no network.

It knows nothing of callers, purposes or policy: whoever reaches it may ask it, so it belongs on a
Unix socket or behind a key (`intramural engine serve`). It keeps no text and writes none down.
"""

from __future__ import annotations

import asyncio
import hmac
import time
import uuid
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Protocol, TypeVar

import msgspec

from engine import refusals, wire
from engine.asgi import Exchange, Receive, Scope, Send, lifespan
from engine.batching import Priority
from engine.errors import EngineError
from engine.generator import GenerateOptions, PreparedPrompt
from engine.job import Finished, Standing, Text
from engine.plan import ModelPlan
from engine.prompts import ChatMessage, ChatToolCall
from engine.refusals import Refusal
from engine.replies import DONE, ChatForm, Form, TextForm, event, usage
from engine.store import InstalledModel

OnError = Callable[[BaseException], None]

_Body = TypeVar("_Body", wire.ChatRequest, wire.TextRequest, wire.TokenizeRequest)


class Generates(Protocol):
    """What the server asks of a model; `engine.Generator` is one."""

    @property
    def model(self) -> InstalledModel:
        """The model."""
        ...

    @property
    def plan(self) -> ModelPlan:
        """How it runs; its context is what prompt and reply have."""
        ...

    def prepare_chat(
        self, messages: Sequence[ChatMessage], options: GenerateOptions
    ) -> PreparedPrompt:
        """Encode a conversation, or raise an `EngineError`."""
        ...

    def prepare_text(self, text: str, options: GenerateOptions) -> PreparedPrompt:
        """Encode a bare prompt, or raise an `EngineError`."""
        ...

    def generate(self, prompt: PreparedPrompt) -> AsyncGenerator[Text | Finished, None]:
        """Stream text, then one `Finished`; closing it stops the computation."""
        ...


def application(  # noqa: PLR0913 - each says another thing of the same server
    generators: Mapping[str, Generates],
    *,
    key: bytes | None = None,
    body_limit: int = 8 * 1024 * 1024,
    body_timeout: float = 30.0,
    on_error: OnError = lambda _: None,
    ready: Callable[[], bool] = lambda: True,
) -> Application:
    """Return the application over `generators`, by the names under which they are asked for.

    `key` is what `Authorization: Bearer` has to carry, if anything. `on_error` is told of faults
    that nobody foresaw; their messages may hold a text. `ready` says whether the models are worth
    asking: while they are not, `/health` and the list of models, which is what a gateway looks at,
    are refused with 503.
    """
    return Application(
        generators,
        key=key,
        body_limit=body_limit,
        body_timeout=body_timeout,
        on_error=on_error,
        ready=ready,
    )


class Application:
    """The ASGI application. It closes no generator: who made them does."""

    def __init__(  # noqa: PLR0913 - as `application`
        self,
        generators: Mapping[str, Generates],
        *,
        key: bytes | None,
        body_limit: int,
        body_timeout: float,
        on_error: OnError,
        ready: Callable[[], bool],
    ) -> None:
        self._generators = dict(sorted(generators.items()))
        self._key = key
        self._body_limit = body_limit
        self._body_timeout = body_timeout
        self._on_error = on_error
        self._ready = ready
        self._running: set[Exchange] = set()
        self._draining = False

    @property
    def running(self) -> int:
        """How many requests are being answered."""
        return len(self._running)

    async def drain(self, grace: float) -> None:
        """Refuse what is new, let what runs finish for `grace` seconds, then tell it to end."""
        self._draining = True
        if tasks := [exchange.task for exchange in self._running]:
            await asyncio.wait(tasks, timeout=grace)
        for exchange in self._running:
            exchange.stop(refusals.shutting_down())
        if tasks := [exchange.task for exchange in self._running]:
            await asyncio.wait(tasks, timeout=grace)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or take part in the server's start and stop."""
        match scope["type"]:
            case "http":
                await self._answer(Exchange(scope, receive, send))
            case "lifespan":
                await lifespan(receive, send)
            case _:
                raise NotImplementedError("only HTTP is spoken here")

    async def _answer(self, exchange: Exchange) -> None:
        self._running.add(exchange)
        try:
            await self._route(exchange)
        except Refusal as refusal:
            await exchange.refuse(refusal)
        except EngineError as error:
            await exchange.refuse(refusals.of_engine(error))
        except asyncio.CancelledError:
            if not exchange.stopped:
                raise
            exchange.task.uncancel()
            if exchange.why is not None:
                await exchange.refuse(exchange.why)
        except Exception as error:  # noqa: BLE001 - told to whoever runs this, and to the caller
            self._on_error(error)
            await exchange.refuse(refusals.unforeseen())
        finally:
            self._running.discard(exchange)

    async def _route(self, exchange: Exchange) -> None:
        path, method = exchange.path, exchange.method
        if path == "/health":
            _only(method, "GET")
            self._refuse_draining()
            self._refuse_unready()
            await exchange.reply(b'{"status":"ok"}')
            return
        self._authenticate(exchange)
        self._refuse_draining()
        match path:
            case "/v1/chat/completions":
                _only(method, "POST")
                await self._chat(exchange)
            case "/v1/completions":
                _only(method, "POST")
                await self._text(exchange)
            case "/tokenize":
                _only(method, "POST")
                await self._tokenize(exchange)
            case "/v1/models":
                _only(method, "GET")
                self._refuse_unready()
                models = [self._described(name) for name in self._generators]
                await exchange.reply(msgspec.json.encode(wire.ModelList(data=models)))
            case _:
                name = path.removeprefix("/v1/models/")
                if name == path:
                    raise Refusal(404, "not_found", "There is nothing at this path.")
                _only(method, "GET")
                self._find(name)
                await exchange.reply(msgspec.json.encode(self._described(name)))

    def _refuse_draining(self) -> None:
        if self._draining:
            raise refusals.shutting_down()

    def _refuse_unready(self) -> None:
        if not self._ready():
            raise refusals.not_ready()

    def _authenticate(self, exchange: Exchange) -> None:
        if self._key is None:
            return
        scheme, _, presented = exchange.header(b"authorization").partition(b" ")
        if scheme.lower() != b"bearer" or not hmac.compare_digest(presented.strip(), self._key):
            raise Refusal(
                401, "invalid_credentials", "Send the engine's key as Authorization: Bearer."
            )

    async def _chat(self, exchange: Exchange) -> None:
        request = await self._read(exchange, wire.ChatRequest)
        if request.max_tokens is not None and request.max_completion_tokens is not None:
            raise Refusal(
                400,
                "invalid_request",
                "Give max_completion_tokens or max_tokens, not both.",
                param="max_tokens",
            )
        generator = self._find(request.model)
        options = _options(request, request.max_completion_tokens or request.max_tokens)
        messages = _messages(request.messages)
        prompt = await asyncio.to_thread(generator.prepare_chat, messages, options)
        await self._generate(exchange, request, generator, prompt, ChatForm)

    async def _text(self, exchange: Exchange) -> None:
        request = await self._read(exchange, wire.TextRequest)
        generator = self._find(request.model)
        options = _options(request, request.max_tokens)
        prompt = await asyncio.to_thread(generator.prepare_text, request.prompt, options)
        await self._generate(exchange, request, generator, prompt, TextForm)

    async def _tokenize(self, exchange: Exchange) -> None:
        request = await self._read(exchange, wire.TokenizeRequest)
        generator = self._find(request.model)
        options = GenerateOptions(max_tokens=1, temperature=0)
        if request.messages is not None and request.prompt is None:
            messages = _messages(request.messages)
            prompt = await asyncio.to_thread(generator.prepare_chat, messages, options)
        elif request.prompt is not None and request.messages is None:
            prompt = await asyncio.to_thread(generator.prepare_text, request.prompt, options)
        else:
            raise Refusal(400, "invalid_request", "Give messages or a prompt, one of them.")
        limit = generator.plan.context
        await exchange.reply(msgspec.json.encode(wire.TokenizeReply(prompt.tokens, limit)))

    async def _read(self, exchange: Exchange, kind: type[_Body]) -> _Body:
        body = await exchange.body(self._body_limit, self._body_timeout)
        try:
            return msgspec.json.decode(body, type=kind)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            if isinstance(error, msgspec.DecodeError):
                raise refusals.of_body(error) from None
            raise Refusal(400, "invalid_json", "The body is not JSON.") from None

    async def _generate(
        self,
        exchange: Exchange,
        request: wire.ChatRequest | wire.TextRequest,
        generator: Generates,
        prompt: PreparedPrompt,
        kind: type[ChatForm | TextForm],
    ) -> None:
        if request.cache_salt is None:
            # Whose it is, is not known: no state of the model is shared, which would show by its
            # speed what others have asked.
            prompt = replace(prompt, beginning=None)
        form = kind(uuid.uuid4().hex, int(time.time()), request.model)
        watching = asyncio.create_task(exchange.watch(), name="disconnect")
        try:
            async with aclosing(generator.generate(prompt)) as events:
                if request.stream:
                    last = await _stream(exchange, events, form, request.stream_options, prompt)
                else:
                    last = await _whole(events, form)
        finally:
            # Before the last byte: after it a server calls every connection disconnected.
            watching.cancel()
        if request.stream:
            await exchange.send_last(last)
        else:
            await exchange.reply(last)

    def _find(self, name: str) -> Generates:
        generator = self._generators.get(name)
        if generator is None:
            raise Refusal(404, "model_not_found", "There is no such model here.", param="model")
        return generator

    def _described(self, name: str) -> wire.Model:
        generator = self._generators[name]
        return wire.Model(
            id=name,
            created=generator.model.manifest.created,
            context_length=generator.plan.context,
            digest=generator.model.digest,
        )


async def _stream(
    exchange: Exchange,
    events: AsyncGenerator[Text | Finished, None],
    form: Form,
    options: wire.StreamOptions | None,
    prompt: PreparedPrompt,
) -> bytes:
    """Send the reply as it comes; return its last bytes, which end it."""
    options = options or wire.StreamOptions()
    counted = usage(prompt.tokens, 0) if options.continuous_usage_stats else None
    # What fails before the first token still gets a status of its own.
    item: Text | Finished | None = await anext(events)
    await exchange.begin()
    if (opening := form.opening(counted)) is not None:
        await exchange.send_some(event(opening))
    generated = 0
    while item is not None:
        match item:
            case Text():
                generated += item.tokens
                if options.continuous_usage_stats:
                    counted = usage(prompt.tokens, generated)
                await exchange.send_some(event(form.delta(item.text, counted)))
            case Finished():
                total = usage(item.prompt_tokens, item.completion_tokens)
                if options.continuous_usage_stats:
                    counted = total
                last = event(form.closing(item.reason.value, counted))
                if options.include_usage:
                    last += event(form.counted(total))
                return last + DONE
        item = await anext(events, None)
    raise AssertionError("a generation ends with Finished or with an error")


async def _whole(events: AsyncGenerator[Text | Finished, None], form: Form) -> bytes:
    """Return the JSON of the whole reply."""
    pieces: list[str] = []
    async for item in events:
        match item:
            case Text():
                pieces.append(item.text)
            case Finished():
                total = usage(item.prompt_tokens, item.completion_tokens)
                return form.whole("".join(pieces), item.reason.value, total)
    raise AssertionError("a generation ends with Finished or with an error")


def _only(method: str, allowed: str) -> None:
    if method != allowed:
        raise Refusal(405, "method_not_allowed", f"This path takes {allowed}.")


def _options(
    request: wire.ChatRequest | wire.TextRequest, max_tokens: int | None
) -> GenerateOptions:
    stop = (request.stop,) if isinstance(request.stop, str) else tuple(request.stop or ())
    return GenerateOptions(
        max_tokens=max_tokens,
        temperature=1.0 if request.temperature is None else request.temperature,
        top_p=1.0 if request.top_p is None else request.top_p,
        seed=request.seed,
        stop=stop,
        standing=Standing(request.cache_salt, _priority(request.priority)),
    )


def _priority(asked: int | None) -> Priority:
    """The lower goes first, and 0 is everybody's."""
    return Priority.BATCH if (asked or 0) > 0 else Priority.INTERACTIVE


def _messages(messages: Sequence[wire.Message]) -> list[ChatMessage]:
    return [
        ChatMessage(
            role=message.role,
            content=_joined(message.content),
            name=message.name,
            tool_calls=tuple(
                ChatToolCall(call.id, call.function.name, call.function.arguments)
                for call in message.tool_calls or ()
            ),
            tool_call_id=message.tool_call_id,
        )
        for message in messages
    ]


def _joined(content: str | list[wire.TextPart] | None) -> str:
    """Text parts of one message, a line each."""
    if content is None or isinstance(content, str):
        return content or ""
    return "\n".join(part.text for part in content)
