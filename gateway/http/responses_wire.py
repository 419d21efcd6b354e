"""OpenAI's Responses API, as far as it is honoured here: text in and text out, and nothing kept.

The rule of `wire.py` holds: a field that is not listed is an error, and one that is listed and
cannot be honoured takes only the value that asks for nothing (`responses_parse.py`). Of the strings
here `instructions` and those of `input` travel and are scanned.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from gateway.http.strict import Concealed, Strict
from gateway.http.tool_wire import ResponsesChoice, ResponsesTool, ToolChoice
from gateway.http.wire import (
    ModelName,
    Opaque,
    Temperature,
    Tokens,
    Unit,
)


class InputText(Strict, frozen=True, kw_only=True, tag_field="type", tag="input_text"):
    """A part of what somebody says to the model. Images, audio and files are not taken."""

    text: str


class OutputText(Strict, frozen=True, kw_only=True, tag_field="type", tag="output_text"):
    """A part of what a model said: in a history, and in the reply."""

    text: str
    annotations: list[Any] = msgspec.field(default_factory=list)
    logprobs: list[Any] | None = msgspec.field(default_factory=list)


class Item(Strict, frozen=True, kw_only=True):
    """One item of the history: a message, a model's call of a function, or what that gave.

    One struct for all, because a message needs no `type`; `responses_parse.py` says which fields
    belong to which.
    """

    type: Literal["message", "function_call", "function_call_output"] = "message"
    id: Opaque | None = None
    status: Literal["in_progress", "completed", "incomplete"] | None = None
    role: Literal["system", "developer", "user", "assistant"] | None = None
    phase: Literal["commentary", "final_answer"] | None = None
    content: str | list[InputText | OutputText] | None = None
    call_id: str | None = None
    name: str | None = None
    arguments: str | None = None
    output: str | list[InputText | OutputText] | None = None


class Reasoning(Strict, frozen=True, kw_only=True):
    """How a model thinks before it speaks: nothing of it can be asked for."""

    effort: str | None = None
    summary: str | None = None


class TextForm(Strict, frozen=True, kw_only=True):
    """The form of the reply: plain text, any JSON, or JSON as a schema says."""

    type: str = "text"
    name: str | None = None
    description: str | None = None
    schema: dict[str, Any] | None = None
    strict: bool | None = None


class TextConfig(Strict, frozen=True, kw_only=True):
    """How the reply is worded."""

    format: TextForm | None = None
    verbosity: str | None = None


class ResponseStreamOptions(Strict, frozen=True, kw_only=True):
    """What a stream carries besides its events."""

    include_obfuscation: bool = False


class ResponsesRequest(Strict, frozen=True, kw_only=True):
    """The body of `POST /v1/responses`."""

    model: ModelName
    input: str | list[Item]
    instructions: str | None = None
    max_output_tokens: Tokens | None = None
    temperature: Temperature | None = None
    top_p: Unit | None = None
    stream: bool | None = None
    stream_options: ResponseStreamOptions | None = None
    store: bool | None = None
    previous_response_id: Opaque | None = None
    conversation: Any = None
    prompt: Any = None
    background: bool | None = None
    include: list[str] | None = None
    text: TextConfig | None = None
    reasoning: Reasoning | None = None
    tools: list[ResponsesTool] | None = None
    tool_choice: ToolChoice | ResponsesChoice | None = None
    parallel_tool_calls: bool | None = None
    max_tool_calls: int | None = None
    truncation: str | None = None
    top_logprobs: int | None = None
    metadata: dict[str, str] | None = None
    service_tier: str | None = None
    user: Opaque | None = None
    safety_identifier: Opaque | None = None
    prompt_cache_key: Opaque | None = None
    prompt_cache_retention: Opaque | None = None


class OutputMessage(Concealed, frozen=True, kw_only=True, tag_field="type", tag="message"):
    """What a model says."""

    id: str
    status: Literal["in_progress", "completed", "incomplete"]
    role: Literal["assistant"] = "assistant"
    content: list[OutputText]


class CalledItem(Concealed, frozen=True, kw_only=True, tag_field="type", tag="function_call"):
    """A call of a tool."""

    id: str
    status: Literal["in_progress", "completed"]
    call_id: str
    name: str
    arguments: str


class InputDetails(Concealed, frozen=True):
    """Tokens of the prompt for which a provider would charge otherwise: none."""

    cached_tokens: int = 0
    cache_write_tokens: int = 0


class OutputDetails(Concealed, frozen=True):
    """Tokens of the reply that nobody sees: none."""

    reasoning_tokens: int = 0


class ResponseUsage(Concealed, frozen=True, kw_only=True):
    """Tokens of the redacted prompt and of the reply, as the engine counted them."""

    input_tokens: int
    input_tokens_details: InputDetails = InputDetails()
    output_tokens: int
    output_tokens_details: OutputDetails = OutputDetails()
    total_tokens: int


class Incomplete(Concealed, frozen=True):
    """Why a reply is not whole."""

    reason: Literal["max_output_tokens", "content_filter"]


class ResponseObject(Concealed, frozen=True, kw_only=True):
    """The reply, whole; and how it stands, in the events of a stream.

    Of what was asked, numbers are said back and texts are not.
    """

    id: str
    object: Literal["response"] = "response"
    created_at: int
    status: Literal["in_progress", "completed", "incomplete"]
    background: Literal[False] = False
    error: None = None
    incomplete_details: Incomplete | None = None
    instructions: None = None
    max_output_tokens: int | None
    metadata: dict[str, str] = msgspec.field(default_factory=dict)
    model: str
    output: list[OutputMessage | CalledItem]
    parallel_tool_calls: bool = True
    previous_response_id: None = None
    reasoning: Reasoning = Reasoning()
    store: Literal[False] = False
    temperature: float
    text: dict[str, dict[str, str]] = msgspec.field(
        default_factory=lambda: {"format": {"type": "text"}}
    )
    tool_choice: str = "auto"
    tools: list[Any] = msgspec.field(default_factory=list)
    top_p: float
    truncation: str = "disabled"
    usage: ResponseUsage | None = None


class ResponseEvent(Concealed, frozen=True, kw_only=True, omit_defaults=True):
    """One event of a stream. Which of the fields it has, its type says (`responses_reply.py`)."""

    type: str
    sequence_number: int
    response: ResponseObject | None = None
    item_id: str | None = None
    output_index: int | None = None
    content_index: int | None = None
    item: OutputMessage | CalledItem | None = None
    part: OutputText | None = None
    delta: str | None = None
    text: str | None = None
    name: str | None = None
    arguments: str | None = None
    logprobs: list[Any] | None = None
