"""OpenAI's bodies as this engine speaks them, for its server and for whoever is its client.

Requests are strict: what the engine would not honour is an error and never silently dropped. The
gateway has wire types of its own (`gateway/http/wire.py`): there they are the boundary where each
string is scanned or exempt, a list that must not grow because an engine learns something new.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

_Unit = Annotated[float, msgspec.Meta(gt=0, le=1)]
_Temperature = Annotated[float, msgspec.Meta(ge=0, le=2)]
_Tokens = Annotated[int, msgspec.Meta(ge=1, le=2**31)]
_Seed = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]


class _Concealed(msgspec.Struct, frozen=True):
    """A body holds texts, so it does not show itself when it is printed."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class _Strict(
    _Concealed, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True
):
    """What a client sends. Defaults are not written: not every server knows every field."""


class TextPart(_Strict, frozen=True, kw_only=True, tag_field="type", tag="text"):
    """A part of a message; there are no others."""

    text: str


class Function(_Strict, frozen=True, kw_only=True):
    """A function that an assistant called, with its arguments as JSON text."""

    name: str
    arguments: str


class ToolCall(_Strict, frozen=True, kw_only=True, omit_defaults=False):
    """One tool call of an assistant's earlier turn."""

    id: str
    type: Literal["function"] = "function"
    function: Function


class Message(_Strict, frozen=True, kw_only=True):
    """One turn."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[TextPart] | None = None
    name: str | None = None
    tool_calls: list[ToolCall] | None = None
    tool_call_id: str | None = None


class StreamOptions(_Strict, frozen=True, kw_only=True):
    """What a stream carries besides text."""

    include_usage: bool = False
    """Whether it ends with an event that counts the tokens."""
    continuous_usage_stats: bool = False
    """vLLM's name for: every event counts the tokens so far."""


class _Request(_Strict, frozen=True, kw_only=True):
    model: _Name
    max_tokens: _Tokens | None = None
    temperature: _Temperature | None = None
    top_p: _Unit | None = None
    seed: _Seed | None = None
    stop: str | list[str] | None = None
    n: Literal[1] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    priority: Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31)] | None = None
    """vLLM's name for: the lower goes first."""
    cache_salt: Annotated[str, msgspec.Meta(min_length=1, max_length=256)] | None = None
    """vLLM's name for: state of the model is shared among requests with the same one alone."""
    user: str | None = None
    """Understood, and without effect."""


class ChatRequest(_Request, frozen=True, kw_only=True):
    """The body of `POST /v1/chat/completions`."""

    messages: Annotated[list[Message], msgspec.Meta(min_length=1)]
    max_completion_tokens: _Tokens | None = None
    """The newer name of `max_tokens`."""


class TextRequest(_Request, frozen=True, kw_only=True):
    """The body of `POST /v1/completions`."""

    prompt: str


class TokenizeRequest(_Strict, frozen=True, kw_only=True):
    """The body of `POST /tokenize`, as vLLM has it: a conversation, or a bare prompt."""

    model: _Name
    messages: list[Message] | None = None
    prompt: str | None = None


class TokenizeReply(msgspec.Struct, frozen=True):
    """How many tokens that is, and how many fit with the reply."""

    count: Annotated[int, msgspec.Meta(ge=0, le=2**31)]
    max_model_len: int


class Usage(msgspec.Struct, frozen=True):
    """Tokens, exactly as the engine counted them."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class ReplyMessage(_Concealed, frozen=True):
    """The assistant's turn."""

    content: str
    role: Literal["assistant"] = "assistant"
    refusal: None = None


class ChatChoice(_Concealed, frozen=True):
    """The one choice of a chat completion."""

    message: ReplyMessage
    finish_reason: str
    index: int = 0
    logprobs: None = None


class ChatCompletion(_Concealed, frozen=True, kw_only=True):
    """The reply to a chat request that does not stream."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: list[ChatChoice]
    usage: Usage


class Delta(_Concealed, frozen=True, omit_defaults=True):
    """What a chunk adds."""

    role: str | None = None
    content: str | None = None


class ChunkChoice(_Concealed, frozen=True):
    """The one choice of a chunk."""

    delta: Delta
    finish_reason: str | None = None
    index: int = 0
    logprobs: None = None


class ChatChunk(_Concealed, frozen=True, kw_only=True):
    """One event of a chat stream."""

    id: str
    object: Literal["chat.completion.chunk"] = "chat.completion.chunk"
    created: int
    model: str
    choices: list[ChunkChoice]
    usage: Usage | None = None


class TextChoice(_Concealed, frozen=True):
    """The one choice of a text completion, whole or in part."""

    text: str
    finish_reason: str | None = None
    index: int = 0
    logprobs: None = None


class TextCompletion(_Concealed, frozen=True, kw_only=True):
    """The reply to a text request, and one event of its stream."""

    id: str
    object: Literal["text_completion"] = "text_completion"
    created: int
    model: str
    choices: list[TextChoice]
    usage: Usage | None = None


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """One model that can be asked for."""

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str = "intramural"
    context_length: int
    digest: str
    """SHA-256 of its manifest: it stands for every byte of the model."""


class ModelList(msgspec.Struct, frozen=True, kw_only=True):
    """The reply to `GET /v1/models`."""

    object: Literal["list"] = "list"
    data: list[Model]


class Error(msgspec.Struct, frozen=True):
    """OpenAI's error object. Its message never quotes what was sent."""

    message: str
    type: str
    param: str | None
    code: str


class ErrorBody(msgspec.Struct, frozen=True):
    """OpenAI's error body; also an event of a stream that ends early."""

    error: Error
