"""OpenAI's request and reply bodies, as far as they are honoured here.

A field that is not listed is an unknown field, and an error (invariant 5). A field that is listed
but cannot be honoured takes only the value that asks for nothing (`parse.py`). Of the strings here,
`messages`, `prompt`, `stop` and `input` travel and are scanned; `model` is compared with our own
names; `user`, `safety_identifier` and `prompt_cache_key` are checked for their type and go nowhere.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

_Unit = Annotated[float, msgspec.Meta(gt=0, le=1)]
_Temperature = Annotated[float, msgspec.Meta(ge=0, le=2)]
_Tokens = Annotated[int, msgspec.Meta(ge=1, le=2**31)]
_Seed = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
_Opaque = Annotated[str, msgspec.Meta(max_length=512)]
_ModelName = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]


class _Concealed(msgspec.Struct, frozen=True):
    """A body, coming or going: it may hold a note, so it does not show itself when printed."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class _Strict(_Concealed, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class TextPart(_Strict, frozen=True, kw_only=True, tag_field="type", tag="text"):
    """A part of a message. Other kinds of parts (images, audio, files) are not taken."""

    text: str


class Function(_Strict, frozen=True, kw_only=True):
    """A function that an assistant called, with its arguments as JSON text."""

    name: str
    arguments: str


class WireToolCall(_Strict, frozen=True, kw_only=True):
    """One tool call of an assistant's earlier turn."""

    id: str
    type: Literal["function"] = "function"
    function: Function


class ChatMessage(_Strict, frozen=True, kw_only=True):
    """One turn of the history."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[TextPart] | None = None
    name: str | None = None
    refusal: str | None = None
    tool_calls: list[WireToolCall] | None = None
    tool_call_id: str | None = None


class StreamOptions(_Strict, frozen=True, kw_only=True):
    """What a stream carries besides text."""

    include_usage: bool = False
    include_obfuscation: bool = False


class ResponseFormat(_Strict, frozen=True, kw_only=True):
    """Only plain text can be asked for."""

    type: str


class _Common(_Strict, frozen=True, kw_only=True):
    model: _ModelName
    temperature: _Temperature | None = None
    top_p: _Unit | None = None
    n: int | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    stop: str | list[str] | None = None
    seed: _Seed | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    logit_bias: dict[str, float] | None = None
    user: _Opaque | None = None


class ChatRequest(_Common, frozen=True, kw_only=True):
    """The body of `POST /v1/chat/completions`."""

    messages: list[ChatMessage]
    max_tokens: _Tokens | None = None
    max_completion_tokens: _Tokens | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    response_format: ResponseFormat | None = None
    tools: list[Any] | None = None
    tool_choice: Any = None
    parallel_tool_calls: bool | None = None
    functions: list[Any] | None = None
    function_call: Any = None
    modalities: list[str] | None = None
    metadata: dict[str, str] | None = None
    store: bool | None = None
    service_tier: str | None = None
    reasoning_effort: str | None = None
    verbosity: str | None = None
    safety_identifier: _Opaque | None = None
    prompt_cache_key: _Opaque | None = None


class CompletionRequest(_Common, frozen=True, kw_only=True):
    """The body of `POST /v1/completions`: one prompt, as text."""

    prompt: str | list[str]
    max_tokens: _Tokens | None = None
    suffix: str | None = None
    echo: bool | None = None
    best_of: int | None = None
    logprobs: int | None = None


class EmbeddingRequest(_Strict, frozen=True, kw_only=True):
    """The body of `POST /v1/embeddings`. Numbers in `input` are tokens, which are refused."""

    model: _ModelName
    input: str | list[str | int | list[int]]
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: int | None = None
    user: _Opaque | None = None


class WireUsage(_Concealed, frozen=True):
    """Tokens of the redacted prompt and of the reply, as the engine counted them."""

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
    usage: WireUsage


class ChunkDelta(_Concealed, frozen=True, omit_defaults=True):
    """What a chunk adds."""

    role: str | None = None
    content: str | None = None


class ChunkChoice(_Concealed, frozen=True):
    """The one choice of a chunk."""

    delta: ChunkDelta
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
    usage: WireUsage | None = None


class TextChoice(_Concealed, frozen=True):
    """The one choice of a text completion, whole or in part."""

    text: str
    finish_reason: str | None = None
    index: int = 0
    logprobs: None = None


class TextCompletion(_Concealed, frozen=True, kw_only=True):
    """The reply to a completion request, and one event of its stream."""

    id: str
    object: Literal["text_completion"] = "text_completion"
    created: int
    model: str
    choices: list[TextChoice]
    usage: WireUsage | None = None


class Embedding(_Concealed, frozen=True, kw_only=True):
    """The vector of one text: numbers, or little-endian float32 in base64."""

    object: Literal["embedding"] = "embedding"
    index: int
    embedding: list[float] | str


class EmbeddingUsage(_Concealed, frozen=True):
    """Tokens of the redacted texts, as the engine counted them."""

    prompt_tokens: int
    total_tokens: int


class EmbeddingList(_Concealed, frozen=True, kw_only=True):
    """The reply to `POST /v1/embeddings`."""

    object: Literal["list"] = "list"
    data: list[Embedding]
    model: str
    usage: EmbeddingUsage


class WireModel(_Concealed, frozen=True, kw_only=True):
    """One model that can be asked for."""

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str = "intramural"
    root: str
    """The model itself: another name than `id` where that is an alias."""
    context_length: int
    task: str
    """What it is for: `generate`, `embed` or `transcribe`."""


class ModelList(_Concealed, frozen=True, kw_only=True):
    """The reply to `GET /v1/models`."""

    object: Literal["list"] = "list"
    data: list[WireModel]
