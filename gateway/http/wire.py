"""OpenAI's request and reply bodies, as far as they are honoured here.

A field that is not listed is an unknown field, and an error (invariant 5). A field that is listed
but cannot be honoured takes only the value that asks for nothing (`parse.py`). Of the strings here,
`messages`, `prompt`, `stop` and `input` travel and are scanned; `model` is compared with our own
names; `user`, `safety_identifier` and `prompt_cache_key` are checked for their type and go nowhere.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from gateway.http.strict import Concealed, Strict
from gateway.http.tool_wire import (
    CalledTool,
    CalledToolPart,
    JsonSchema,
    ToolChoice,
    WireChoice,
    WireTool,
)

Unit = Annotated[float, msgspec.Meta(gt=0, le=1)]
Temperature = Annotated[float, msgspec.Meta(ge=0, le=2)]
Tokens = Annotated[int, msgspec.Meta(ge=1, le=2**31)]
_Seed = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
Opaque = Annotated[str, msgspec.Meta(max_length=512)]
ModelName = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]


class TextPart(Strict, frozen=True, kw_only=True, tag_field="type", tag="text"):
    """A part of a message. Other kinds of parts (images, audio, files) are not taken."""

    text: str


class Function(Strict, frozen=True, kw_only=True):
    """A function that an assistant called, with its arguments as JSON text."""

    name: str
    arguments: str


class WireToolCall(Strict, frozen=True, kw_only=True):
    """One tool call of an assistant's earlier turn."""

    id: str
    type: Literal["function"] = "function"
    function: Function


class ChatMessage(Strict, frozen=True, kw_only=True):
    """One turn of the history."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[TextPart] | None = None
    name: str | None = None
    refusal: str | None = None
    tool_calls: list[WireToolCall] | None = None
    tool_call_id: str | None = None
    annotations: list[Any] | None = None
    audio: Any = None
    function_call: Any = None
    """These three, empty, are in what OpenAI's client makes of a reply, which comes back here."""
    provider_specific_fields: dict[str, Any] | None = None
    """This one in what LiteLLM makes of it."""


class StreamOptions(Strict, frozen=True, kw_only=True):
    """What a stream carries besides text."""

    include_usage: bool = False
    include_obfuscation: bool = False


class ResponseFormat(Strict, frozen=True, kw_only=True):
    """Plain text, any JSON, or JSON as a schema says."""

    type: str
    json_schema: JsonSchema | None = None


class _Common(Strict, frozen=True, kw_only=True):
    model: ModelName
    temperature: Temperature | None = None
    top_p: Unit | None = None
    n: int | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    stop: str | list[str] | None = None
    seed: _Seed | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    logit_bias: dict[str, float] | None = None
    user: Opaque | None = None


class ChatRequest(_Common, frozen=True, kw_only=True):
    """The body of `POST /v1/chat/completions`."""

    messages: list[ChatMessage]
    max_tokens: Tokens | None = None
    max_completion_tokens: Tokens | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    response_format: ResponseFormat | None = None
    tools: list[WireTool] | None = None
    tool_choice: ToolChoice | WireChoice | None = None
    parallel_tool_calls: bool | None = None
    functions: list[Any] | None = None
    function_call: Any = None
    modalities: list[str] | None = None
    metadata: dict[str, str] | None = None
    store: bool | None = None
    service_tier: str | None = None
    reasoning_effort: str | None = None
    verbosity: str | None = None
    safety_identifier: Opaque | None = None
    prompt_cache_key: Opaque | None = None


class CompletionRequest(_Common, frozen=True, kw_only=True):
    """The body of `POST /v1/completions`: one prompt, as text. Tokens are refused."""

    prompt: str | list[str | int | list[int]]
    max_tokens: Tokens | None = None
    suffix: str | None = None
    echo: bool | None = None
    best_of: int | None = None
    logprobs: int | None = None


class EmbeddingRequest(Strict, frozen=True, kw_only=True):
    """The body of `POST /v1/embeddings`. Numbers in `input` are tokens, which are refused."""

    model: ModelName
    input: str | list[str | int | list[int]]
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: int | None = None
    user: Opaque | None = None


class WireUsage(Concealed, frozen=True):
    """Tokens of the redacted prompt and of the reply, as the engine counted them."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class ReplyMessage(Concealed, frozen=True):
    """The assistant's turn."""

    content: str | None
    role: Literal["assistant"] = "assistant"
    refusal: None = None
    tool_calls: list[CalledTool] | UnsetType = UNSET


class ChatChoice(Concealed, frozen=True):
    """The one choice of a chat completion."""

    message: ReplyMessage
    finish_reason: str
    index: int = 0
    logprobs: None = None


class ChatCompletion(Concealed, frozen=True, kw_only=True):
    """The reply to a chat request that does not stream."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: list[ChatChoice]
    usage: WireUsage


class ChunkDelta(Concealed, frozen=True, omit_defaults=True):
    """What a chunk adds."""

    role: str | None = None
    content: str | None = None
    tool_calls: list[CalledToolPart] | None = None


class ChunkChoice(Concealed, frozen=True):
    """The one choice of a chunk."""

    delta: ChunkDelta
    finish_reason: str | None = None
    index: int = 0
    logprobs: None = None


class ChatChunk(Concealed, frozen=True, kw_only=True):
    """One event of a chat stream."""

    id: str
    object: Literal["chat.completion.chunk"] = "chat.completion.chunk"
    created: int
    model: str
    choices: list[ChunkChoice]
    usage: WireUsage | None = None


class TextChoice(Concealed, frozen=True):
    """The one choice of a text completion, whole or in part."""

    text: str
    finish_reason: str | None = None
    index: int = 0
    logprobs: None = None


class TextCompletion(Concealed, frozen=True, kw_only=True):
    """The reply to a completion request, and one event of its stream."""

    id: str
    object: Literal["text_completion"] = "text_completion"
    created: int
    model: str
    choices: list[TextChoice]
    usage: WireUsage | None = None


class Embedding(Concealed, frozen=True, kw_only=True):
    """The vector of one text: numbers, or little-endian float32 in base64."""

    object: Literal["embedding"] = "embedding"
    index: int
    embedding: list[float] | str


class EmbeddingUsage(Concealed, frozen=True):
    """Tokens of the redacted texts, as the engine counted them."""

    prompt_tokens: int
    total_tokens: int


class EmbeddingList(Concealed, frozen=True, kw_only=True):
    """The reply to `POST /v1/embeddings`."""

    object: Literal["list"] = "list"
    data: list[Embedding]
    model: str
    usage: EmbeddingUsage


class WireModel(Concealed, frozen=True, kw_only=True):
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


class ModelList(Concealed, frozen=True, kw_only=True):
    """The reply to `GET /v1/models`."""

    object: Literal["list"] = "list"
    data: list[WireModel]
