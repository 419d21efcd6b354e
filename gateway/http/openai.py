"""The routes under `/v1`: an unmodified OpenAI client is all that a service needs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from litestar import Request, get, post
from litestar.datastructures import State
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from gateway.certificates import is_about_certificates
from gateway.channel import Channel, Delta, Done
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.exchange import Action, Ask, CacheStatus, Caller, Credentials
from gateway.domain.ports import Authenticator, Clock, Decider, Engine
from gateway.domain.text import RawText
from gateway.http import parse
from gateway.http.errors import response
from gateway.http.notices import headers_of
from gateway.http.receive import Inbox, check_plain, read_with, stated
from gateway.http.reply import (
    ChatFormat,
    EventStream,
    Format,
    TextFormat,
    finished,
    server_sent,
    vectors,
    watching,
    whole,
)
from gateway.http.wire import (
    ChatRequest,
    CompletionRequest,
    EmbeddingRequest,
    ModelList,
    WireModel,
)
from gateway.pipeline import Pipeline, Submission

HttpRequest = Request[Any, Any, State]
Events = AsyncIterator[Delta | Done]
_CACHE_STATUS: Final[Mapping[CacheStatus, str]] = {
    CacheStatus.HIT: "intramural; hit",
    CacheStatus.COLLAPSED: "intramural; fwd=miss; collapsed",
}
"""RFC 9211. A reply that the engine makes for its request has no such header."""


@dataclass(frozen=True, slots=True)
class Backend:
    """What the routes call; the composition root puts it into the application's state."""

    pipeline: Pipeline
    authenticator: Authenticator
    decider: Decider
    engine: Engine
    clock: Clock
    body_limit: int
    body_timeout: float
    recognizers: tuple[str, ...] = ()
    """Names of what detection is made of."""


@dataclass(frozen=True, slots=True)
class Written:
    """How the reply to one request is written: whole, or as server-sent events."""

    whole: Callable[[Events], Awaitable[bytes]]
    stream: Callable[[Events], AsyncIterator[bytes]]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a body comes to: the request, and how its reply is to be written."""

    ask: Ask[RawText]
    stream: bool = False
    written: Callable[[str, int], Written] | None = None
    """Takes the exchange's id and the Unix time of its reply."""
    base64: bool = False
    """Of vectors."""


class Reader:
    """Reads and parses one body, when the pipeline asks for it, and keeps how to reply."""

    def __init__(
        self, request: HttpRequest, inbox: Inbox, understand: Callable[[bytes], Asked]
    ) -> None:
        self._request = request
        self._inbox = inbox
        self._understand = understand
        self._asked: Asked | None = None

    @property
    def asked(self) -> Asked:
        """What was asked, of a request that was admitted."""
        if self._asked is None:
            raise AssertionError("a reply is written after its request was read")
        return self._asked

    async def read(self, _: Caller) -> Ask[RawText]:
        """Return what the body asks for, or raise `ExchangeError`."""
        headers = self._request.headers
        media = headers.get("content-type", "application/json").partition(";")[0].strip().lower()
        if media != "application/json":
            raise ExchangeError(Code.UNSUPPORTED_MEDIA_TYPE, "Send application/json.")
        check_plain(headers)
        body = await self._inbox.body(headers.get("content-length"))
        self._asked = await read_with(self._understand, body)
        return self._asked.ask


def _chat(body: bytes) -> Asked:
    chat = parse.decode(body, ChatRequest)
    usage = _counted(chat)
    return Asked(parse.chat(chat), bool(chat.stream), _written(ChatFormat, chat.model, usage))


def _completion(body: bytes) -> Asked:
    text = parse.decode(body, CompletionRequest)
    usage = _counted(text)
    return Asked(parse.completion(text), bool(text.stream), _written(TextFormat, text.model, usage))


def _embedding(body: bytes) -> Asked:
    embedding = parse.decode(body, EmbeddingRequest)
    return Asked(parse.embedding(embedding), base64=embedding.encoding_format == "base64")


def _counted(request: ChatRequest | CompletionRequest) -> bool:
    """Return whether a stream is to count its tokens, in one event more."""
    if request.stream_options is None:
        return False
    if not request.stream:
        raise ExchangeError(
            Code.INVALID_REQUEST,
            "stream_options belongs to a request with stream: true.",
            param="stream_options",
        )
    return request.stream_options.include_usage


def _written(
    kind: type[ChatFormat | TextFormat],
    model: str,
    include_usage: bool,  # noqa: FBT001
) -> Callable[[str, int], Written]:
    def written(exchange: str, created: int) -> Written:
        form: Format = kind(exchange, created, model)
        return Written(
            whole=lambda events: whole(events, form),
            stream=lambda events: server_sent(events, form, include_usage=include_usage),
        )

    return written


@post("/v1/chat/completions", status_code=200)
async def chat_completions(request: HttpRequest, state: State) -> ASGIResponse:
    """Answer a conversation, whole or streaming."""
    return await answer(request, state["backend"], Action.CHAT, _chat)


@post("/v1/completions", status_code=200)
async def completions(request: HttpRequest, state: State) -> ASGIResponse:
    """Continue a prompt, whole or streaming."""
    return await answer(request, state["backend"], Action.COMPLETE, _completion)


@post("/v1/embeddings", status_code=200)
async def embeddings(request: HttpRequest, state: State) -> ASGIResponse:
    """Turn texts into vectors."""
    backend: Backend = state["backend"]
    inbox, reader, channel = _begin(request, backend, Action.EMBED, _embedding)
    try:
        async with watching(inbox, channel):
            done = await finished(channel.events())
            asked = reader.asked
            body = await vectors(done, asked.ask.model, base64=asked.base64)
    except ExchangeError as error:
        headers = headers_of(channel, backend.clock)
        return response(error, request.scope["path"], headers).to_asgi_response(None, request)
    headers = headers_of(channel, backend.clock)
    return ASGIResponse(body=body, media_type="application/json", headers=headers)


@get("/v1/models", sync_to_thread=False)
def list_models(request: HttpRequest, state: State) -> ModelList:
    """List the models that can be asked for, of them those that the credential is for."""
    return ModelList(data=_models(request, state))


@get("/v1/models/{name:str}", sync_to_thread=False)
def show_model(request: HttpRequest, state: State, name: FromPath[str]) -> WireModel:
    """Describe one model."""
    for model in _models(request, state):
        if model.id == name:
            return model
    raise ExchangeError(Code.MODEL_NOT_FOUND, "There is no such model here.", param="model")


def _models(request: HttpRequest, state: State) -> list[WireModel]:
    backend: Backend = state["backend"]
    scope = backend.authenticator.authenticate(credentials_of(request)).scope
    models = {model.name: model for model in backend.engine.models()}
    names = {name: name for name in models} | dict(sorted(backend.decider.aliases.items()))
    return [
        WireModel(
            id=name,
            created=models[meant].created,
            context_length=models[meant].context_length,
            task=str(models[meant].task),
            root=meant,
        )
        for name, meant in names.items()
        if meant in models and (scope.models is None or meant in scope.models)
    ]


def credentials_of(request: HttpRequest) -> Credentials:
    """Return what the request presents; only the socket says where it comes from."""
    client = request.scope.get("client")
    presented = request.headers.getall("authorization", [])
    return Credentials(
        # Of two, one may be the client's and one the proxy's: together they are no credential.
        authorization=", ".join(presented) if presented else None,
        address=client[0] if client else "unix",
        forwarded=tuple(
            (name, value.decode("latin-1"))
            for raw, value in request.scope["headers"]
            if is_about_certificates(name := raw.decode("latin-1").lower())
        ),
    )


def _begin(
    request: HttpRequest, backend: Backend, action: Action, understand: Callable[[bytes], Asked]
) -> tuple[Inbox, Reader, Channel]:
    inbox = Inbox(request.receive, limit=backend.body_limit, timeout=backend.body_timeout)
    reader = Reader(request, inbox, understand)
    channel = backend.pipeline.start(
        Submission(
            credentials=credentials_of(request),
            action=action,
            purpose=stated(request.headers, "x-purpose-of-use"),
            profile=stated(request.headers, "x-redaction-profile"),
            patient=stated(request.headers, "x-patient"),
            read=reader.read,
        )
    )
    return inbox, reader, channel


async def answer(
    request: HttpRequest, backend: Backend, action: Action, understand: Callable[[bytes], Asked]
) -> ASGIResponse:
    """Run one exchange in which a model writes, and return the reply to it."""
    inbox, reader, channel = _begin(request, backend, action, understand)
    events = channel.events()
    try:
        async with watching(inbox, channel):
            # The first event decides the status: what fails before it fails as a whole reply.
            first = await anext(events)
            headers = headers_of(channel, backend.clock)
            if channel.cache is not None:
                headers["Cache-Status"] = _CACHE_STATUS[channel.cache]
            asked = reader.asked
            if asked.written is None:
                raise AssertionError("a model that writes has a way to be written down")
            written = asked.written(channel.exchange, backend.clock.now_ms() // 1000)
            if not asked.stream:
                body = await written.whole(_again(first, events))
                return ASGIResponse(body=body, media_type="application/json", headers=headers)
    except ExchangeError as error:
        headers = headers_of(channel, backend.clock)
        return response(error, request.scope["path"], headers).to_asgi_response(None, request)
    return EventStream(written.stream(_again(first, events)), channel, inbox, headers)


async def _again(first: Delta | Done, rest: Events) -> Events:
    yield first
    async for event in rest:
        yield event


ROUTES = [chat_completions, completions, embeddings, list_models, show_model]
