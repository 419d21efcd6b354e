"""From the bytes of a body to the domain's `Ask`: everything that a client can get wrong.

Messages name the field and never quote its value (invariant 6).
"""

from __future__ import annotations

import json
import re
from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeVar

import msgspec

from gateway.domain.errors import Code, ExchangeError
from gateway.domain.exchange import Ask, Conversation, Message, Options, Role
from gateway.domain.text import RawText
from gateway.domain.tools import Form, ToolCall
from gateway.http.tool_wire import JsonSchema, WireChoice
from gateway.http.tools import form_of, tools_of
from gateway.http.wire import (
    ChatMessage,
    ChatRequest,
    CompletionRequest,
    EmbeddingRequest,
    ResponseFormat,
    WireToolCall,
)

_Body = TypeVar("_Body", bound=msgspec.Struct)

MAX_STOPS: Final = 4
MAX_INPUTS: Final = 2048
"""Texts to embed in one request, as OpenAI."""
MAX_FIELD_NAME: Final = 64
_UNKNOWN: Final = re.compile(
    r"Object contains unknown field `(?P<name>.*?)`(?: - at `(?P<at>[^`]*)`)?\Z", re.DOTALL
)
_PLACE: Final = re.compile(r" - at `(?P<at>[^`]*)`\Z")
_PART: Final = re.compile(r"(messages|input)\[(\d+|…)\]\.(content|output)\[(\d+|…)\]\.type\Z")
_TOOL: Final = re.compile(r"tools\[(\d+|…)\]\.type\Z")
_ITEM: Final = re.compile(r"input\[(\d+|…)\]\.type\Z")
_TOKENS: Final = "Send texts: what identifies a patient cannot be found in an array of tokens."
_QUOTED: Final = re.compile(r" '.*'", re.DOTALL)

_UNSUPPORTED_CHAT: Final[dict[str, tuple[object, ...]]] = {
    "n": (None, 1),
    "presence_penalty": (None, 0),
    "frequency_penalty": (None, 0),
    "logit_bias": (None, {}),
    "logprobs": (None, False),
    "top_logprobs": (None, 0),
    "functions": (None, []),
    "function_call": (None, "none", "auto"),
    "modalities": (None, ["text"]),
    "metadata": (None, {}),
    "store": (None, False),
    "service_tier": (None, "auto", "default", "flex"),
    "reasoning_effort": (None, "none"),
    "verbosity": (None, "medium"),
}
"""Fields that are understood but not honoured, and the values that ask for nothing."""
_UNSUPPORTED_COMPLETION: Final[dict[str, tuple[object, ...]]] = {
    "n": (None, 1),
    "presence_penalty": (None, 0),
    "frequency_penalty": (None, 0),
    "logit_bias": (None, {}),
    "logprobs": (None,),
    "suffix": (None, ""),
    "echo": (None, False),
    "best_of": (None, 1),
}


class _DuplicateKey(Exception):  # noqa: N818 - reads as a state
    """Of two fields of one name msgspec keeps the last: the other would be dropped silently."""


def _each_once(pairs: list[tuple[str, None]]) -> None:
    if len(dict(pairs)) != len(pairs):
        raise _DuplicateKey


def _no_value(_: str) -> None:
    """A number is of no interest where only the names of fields are looked at."""


_KEYS: Final = json.JSONDecoder(
    object_pairs_hook=_each_once, parse_int=_no_value, parse_float=_no_value
)
"""Reads names of fields alone, of what msgspec has already found to be JSON."""


def decode(body: bytes, kind: type[_Body]) -> _Body:
    """Return the body as `kind`.

    Raises `ExchangeError` with INVALID_ENCODING, INVALID_JSON, UNKNOWN_FIELD or INVALID_REQUEST.
    """
    body = body.removeprefix(BOM_UTF8)  # RFC 8259, 8.1: may be ignored; some editors write it.
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ExchangeError(
            Code.INVALID_ENCODING, f"The body is not UTF-8: byte {error.start} cannot be read."
        ) from None
    try:
        request = msgspec.json.decode(body, type=kind)
        _KEYS.decode(text)
    except _DuplicateKey:
        raise ExchangeError(
            Code.INVALID_JSON, "The body names a field twice in one object. Send each once."
        ) from None
    except msgspec.ValidationError as error:
        raise _invalid(str(error)) from None
    except msgspec.DecodeError as error:
        raise ExchangeError(
            Code.INVALID_JSON, f"The body is not JSON: {_harmless(str(error))}."
        ) from None
    except RecursionError:
        raise ExchangeError(Code.INVALID_JSON, "The body is nested too deeply.") from None
    return request


def chat(request: ChatRequest) -> Ask[RawText]:
    """Return a chat request as the domain sees it, or raise `ExchangeError`."""
    refuse_unsupported(request, _UNSUPPORTED_CHAT)
    if request.max_tokens is not None and request.max_completion_tokens is not None:
        raise ExchangeError(
            Code.INVALID_REQUEST,
            "Give max_completion_tokens or max_tokens, not both.",
            param="max_tokens",
        )
    places = [f"messages[{index}]" for index in range(len(request.messages))]
    messages = turns(request.messages, places, "messages")
    ask = _ask(request, messages, request.max_completion_tokens or request.max_tokens, chat=True)
    choice = request.tool_choice
    tools = tools_of(
        [tool.function for tool in request.tools or ()],
        choice.function if isinstance(choice, WireChoice) else choice,
        request.parallel_tool_calls,
    )
    conversation = replace(ask.conversation, tools=tools, form=_form(request.response_format))
    # OpenAI's word for "cheaper, later": a client may let others go first, and never push in.
    return replace(ask, conversation=conversation, may_wait=request.service_tier == "flex")


def _form(asked: ResponseFormat | None) -> Form[RawText] | None:
    match asked:
        case None | ResponseFormat(type="text", json_schema=None):
            return None
        case ResponseFormat(type="json_object", json_schema=None):
            return form_of(None)
        case ResponseFormat(type="json_schema", json_schema=JsonSchema() as schema):
            return form_of(schema)
        case _:
            raise unsupported("response_format")


def completion(request: CompletionRequest) -> Ask[RawText]:
    """Return a completion request as the domain sees it, or raise `ExchangeError`."""
    refuse_unsupported(request, _UNSUPPORTED_COMPLETION)
    given = [request.prompt] if isinstance(request.prompt, str) else request.prompt
    prompts = [prompt for prompt in given if isinstance(prompt, str)]
    if len(prompts) != len(given):
        raise ExchangeError(Code.INVALID_REQUEST, _TOKENS, param="prompt")
    if len(prompts) != 1:
        raise ExchangeError(
            Code.UNSUPPORTED_PARAMETER, "Give exactly one prompt a request.", param="prompt"
        )
    if not prompts[0]:
        raise ExchangeError(Code.INVALID_REQUEST, "The prompt is empty.", param="prompt")
    message = Message(role=Role.USER, content=(RawText(prompts[0]),))
    return _ask(request, (message,), request.max_tokens, chat=False)


def embedding(request: EmbeddingRequest) -> Ask[RawText]:
    """Return an embedding request as the domain sees it, or raise `ExchangeError`."""
    if request.dimensions is not None:
        raise unsupported("dimensions")
    inputs = [request.input] if isinstance(request.input, str) else request.input
    texts = [text for text in inputs if isinstance(text, str)]
    if len(texts) != len(inputs):
        raise ExchangeError(
            Code.UNSUPPORTED_PARAMETER,
            f"{_TOKENS} (LangChain: check_embedding_ctx_length=False.)",
            param="input",
        )
    if not texts or not all(texts) or len(texts) > MAX_INPUTS:
        raise ExchangeError(
            Code.INVALID_REQUEST, f"Give 1 to {MAX_INPUTS} texts, none empty.", param="input"
        )
    message = Message(role=Role.USER, content=tuple(RawText(text) for text in texts))
    return Ask(request.model, Conversation((message,)), Options(), chat=False)


def _ask(
    request: ChatRequest | CompletionRequest,
    messages: tuple[Message[RawText], ...],
    max_tokens: int | None,
    *,
    chat: bool,
) -> Ask[RawText]:
    stops = [request.stop] if isinstance(request.stop, str) else request.stop or []
    if len(stops) > MAX_STOPS or not all(stops):
        raise ExchangeError(
            Code.INVALID_REQUEST, f"Give at most {MAX_STOPS} stops, none empty.", param="stop"
        )
    return Ask(
        model=request.model,
        conversation=Conversation(messages, tuple(RawText(stop) for stop in stops)),
        options=Options(
            max_tokens=max_tokens,
            temperature=1.0 if request.temperature is None else request.temperature,
            top_p=1.0 if request.top_p is None else request.top_p,
            seed=request.seed,
        ),
        chat=chat,
    )


def turns(
    history: Sequence[ChatMessage], places: Sequence[str], whole: str
) -> tuple[Message[RawText], ...]:
    """Return a history as the domain sees it, or raise `ExchangeError`.

    `places` says where in the body each of its messages stands, and `whole` where all of them do.
    """
    messages = tuple(_message(at, message) for at, message in zip(places, history, strict=True))
    _check_order(messages, places, whole)
    return messages


def _message(at: str, message: ChatMessage) -> Message[RawText]:
    for name in ("refusal", "annotations", "audio", "function_call"):
        if getattr(message, name):
            raise unsupported(f"{at}.{name}")
    if any((message.provider_specific_fields or {}).values()):
        raise unsupported(f"{at}.provider_specific_fields")
    parts = message.content or []
    content = (
        (RawText(parts),) if isinstance(parts, str) else tuple(RawText(part.text) for part in parts)
    )
    # A model may have said nothing, and its turn comes back with the next question.
    if not any(map(len, content)) and message.role != "assistant":
        raise _bad_messages("is empty: every message needs a content", at)
    if message.tool_calls and message.role != "assistant":
        raise _bad_messages("has tool_calls, which only an assistant's message can have", at)
    if (message.tool_call_id is not None) != (message.role == "tool"):
        raise _bad_messages("needs a tool_call_id if its role is tool, and else none", at)
    return Message(
        role=Role(message.role),
        content=content,
        name=None if message.name is None else RawText(message.name),
        tool_calls=tuple(_tool_call(call) for call in message.tool_calls or ()),
        tool_call_id=None if message.tool_call_id is None else RawText(message.tool_call_id),
    )


def _tool_call(call: WireToolCall) -> ToolCall[RawText]:
    return ToolCall(
        id=RawText(call.id),
        name=RawText(call.function.name),
        arguments=RawText(call.function.arguments),
    )


def _check_order(messages: tuple[Message[RawText], ...], places: Sequence[str], whole: str) -> None:
    """System messages first, then user and assistant in turn as a chat template can express it."""
    if not messages:
        raise ExchangeError(
            Code.INVALID_MESSAGES, f"{whole} is empty: it needs a user's message.", param=whole
        )
    previous: Role | None = None
    open_calls: set[RawText] = set()
    for at, message in zip(places, messages, strict=True):
        for fault in _faults(message, previous, open_calls):
            raise _bad_messages(fault, at)
        if message.role is not Role.TOOL:
            open_calls = {call.id for call in message.tool_calls}
        previous = message.role
    if previous not in {Role.USER, Role.TOOL}:
        raise _bad_messages("is the last one: the last must be of role user or tool", places[-1])


def _faults(
    message: Message[RawText], previous: Role | None, open_calls: set[RawText]
) -> Iterator[str]:
    opening = {None, Role.SYSTEM, Role.DEVELOPER}
    match message.role:
        case Role.SYSTEM | Role.DEVELOPER:
            if previous not in opening:
                yield f"is of role {message.role}, which comes before all others"
        case Role.ASSISTANT:
            if previous in opening:
                yield "is of role assistant, and no user has spoken yet"
            elif previous is Role.ASSISTANT:
                yield "follows another message of role assistant"
        case Role.TOOL:
            if message.tool_call_id not in open_calls:
                yield "answers no tool call of the assistant's message before it"
        case Role.USER:
            if previous is Role.ASSISTANT and open_calls:
                yield "comes before the answers to the assistant's tool calls"


def refuse_unsupported(request: msgspec.Struct, neutral: Mapping[str, tuple[object, ...]]) -> None:
    """Raise UNSUPPORTED_PARAMETER for a field that asks for what is not honoured here."""
    for name, values in neutral.items():
        if getattr(request, name) not in values:
            raise unsupported(name)


def unsupported(name: str) -> ExchangeError:
    """Return what is said of a known field whose value cannot be honoured."""
    return ExchangeError(
        Code.UNSUPPORTED_PARAMETER,
        f"{name} cannot be honoured with this value here. Leave it out.",
        param=name,
    )


def _bad_messages(fault: str, at: str) -> ExchangeError:
    return ExchangeError(Code.INVALID_MESSAGES, f"{at} {fault}.", param=at)


def _invalid(words: str) -> ExchangeError:
    """Turn msgspec's sentence into ours: it names the place, and may quote what was there."""
    unknown = _UNKNOWN.match(words)
    if unknown is not None:
        path = (unknown["at"] or "$").removeprefix("$").removeprefix(".")
        name = _printable(f"{path}.{unknown['name']}" if path else unknown["name"])
        return ExchangeError(
            Code.UNKNOWN_FIELD,
            f"Unknown field {name}. Remove it: nothing is dropped silently.",
            param=name,
        )
    place = _PLACE.search(words)
    param = None if place is None else _printable(place["at"].removeprefix("$").removeprefix("."))
    if param is not None and _PART.match(param):
        return ExchangeError(
            Code.INVALID_REQUEST,
            "A message's content is a text, or parts of the type `text`: images, audio and files "
            "are not taken.",
            param=param,
        )
    if param is not None and _TOOL.match(param):
        return ExchangeError(
            Code.UNSUPPORTED_PARAMETER,
            "A tool is a function of yours: this side searches nothing and runs nothing.",
            param=param,
        )
    if param is not None and _ITEM.match(param):
        return ExchangeError(
            Code.INVALID_REQUEST,
            "An item of input is a message, a function_call or a function_call_output. Nothing is "
            "kept here that could be referred to: send the conversation itself, with store: false.",
            param=param,
        )
    return ExchangeError(Code.INVALID_REQUEST, f"{_harmless(words)}.", param=param or None)


def _harmless(words: str) -> str:
    return _printable(_QUOTED.sub("", words), 200)


def _printable(words: str, length: int = MAX_FIELD_NAME) -> str:
    shown = "".join(character if character.isprintable() else "?" for character in words)
    return shown if len(shown) <= length else shown[: length - 1] + "…"
