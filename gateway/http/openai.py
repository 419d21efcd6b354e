"""The routes under `/v1`: an unmodified OpenAI client is all that a service needs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
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
from gateway.http.receive import Inbox, check_plain
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


class _Reader:
    """Reads and parses one body, when the pipeline asks for it, and keeps how to reply."""

    def __init__(self, request: HttpRequest, inbox: Inbox, action: Action) -> None:
        self._request = request
        self._inbox = inbox
        self._action = action
        self.stream = False
        self.include_usage = False
        self.base64 = False
        self.model = ""

    async def read(self, _: Caller) -> Ask[RawText]:
        headers = self._request.headers
        media = headers.get("content-type", "application/json").partition(";")[0].strip().lower()
        if media != "application/json":
            raise ExchangeError(Code.UNSUPPORTED_MEDIA_TYPE, "Send application/json.")
        check_plain(headers)
        body = await self._inbox.body(headers.get("content-length"))
        match self._action:
            case Action.CHAT:
                chat = parse.decode(body, ChatRequest)
                self._note(chat)
                return parse.chat(chat)
            case Action.COMPLETE:
                completion = parse.decode(body, CompletionRequest)
                self._note(completion)
                return parse.completion(completion)
            case Action.EMBED:
                embedding = parse.decode(body, EmbeddingRequest)
                self.model = embedding.model
                self.base64 = embedding.encoding_format == "base64"
                return parse.embedding(embedding)
            case _:
                raise AssertionError("other actions have readers of their own")

    def _note(self, request: ChatRequest | CompletionRequest) -> None:
        self.stream = bool(request.stream)
        if request.stream_options is not None:
            if not self.stream:
                raise ExchangeError(
                    Code.INVALID_REQUEST,
                    "stream_options belongs to a request with stream: true.",
                    param="stream_options",
                )
            self.include_usage = request.stream_options.include_usage
        self.model = request.model


@post("/v1/chat/completions", status_code=200)
async def chat_completions(request: HttpRequest, state: State) -> ASGIResponse:
    """Answer a conversation, whole or streaming."""
    return await _answer(request, state["backend"], Action.CHAT, ChatFormat)


@post("/v1/completions", status_code=200)
async def completions(request: HttpRequest, state: State) -> ASGIResponse:
    """Continue a prompt, whole or streaming."""
    return await _answer(request, state["backend"], Action.COMPLETE, TextFormat)


@post("/v1/embeddings", status_code=200)
async def embeddings(request: HttpRequest, state: State) -> ASGIResponse:
    """Turn texts into vectors."""
    backend: Backend = state["backend"]
    inbox, reader, channel = _begin(request, backend, Action.EMBED)
    try:
        async with watching(inbox, channel):
            done = await finished(channel.events())
            body = await vectors(done, reader.model, base64=reader.base64)
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
    request: HttpRequest, backend: Backend, action: Action
) -> tuple[Inbox, _Reader, Channel]:
    inbox = Inbox(request.receive, limit=backend.body_limit, timeout=backend.body_timeout)
    reader = _Reader(request, inbox, action)
    channel = backend.pipeline.start(
        Submission(
            credentials=credentials_of(request),
            action=action,
            purpose=request.headers.get("x-purpose-of-use"),
            profile=request.headers.get("x-redaction-profile"),
            patient=request.headers.get("x-patient"),
            read=reader.read,
        )
    )
    return inbox, reader, channel


async def _answer(
    request: HttpRequest, backend: Backend, action: Action, kind: type[ChatFormat | TextFormat]
) -> ASGIResponse:
    inbox, reader, channel = _begin(request, backend, action)
    events = channel.events()
    try:
        async with watching(inbox, channel):
            # The first event decides the status: what fails before it fails as a whole reply.
            first = await anext(events)
            headers = headers_of(channel, backend.clock)
            if channel.cache is not None:
                headers["Cache-Status"] = _CACHE_STATUS[channel.cache]
            form: Format = kind(channel.exchange, backend.clock.now_ms() // 1000, reader.model)
            if not reader.stream:
                body = await whole(_again(first, events), form)
                return ASGIResponse(body=body, media_type="application/json", headers=headers)
    except ExchangeError as error:
        headers = headers_of(channel, backend.clock)
        return response(error, request.scope["path"], headers).to_asgi_response(None, request)
    stream = server_sent(_again(first, events), form, include_usage=reader.include_usage)
    return EventStream(stream, channel, inbox, headers)


async def _again(
    first: Delta | Done, rest: AsyncIterator[Delta | Done]
) -> AsyncIterator[Delta | Done]:
    yield first
    async for event in rest:
        yield event


ROUTES = [chat_completions, completions, embeddings, list_models, show_model]
