"""What is sent to engines elsewhere: OpenAI's bodies out of a redacted ask.

Text is revealed here and nowhere else on this side, and only redacted text has the method for it.
"""

from __future__ import annotations

import re
from typing import Any, Final, assert_never

import msgspec

from engine import wire
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.exchange import Ask, Conversation, Message
from gateway.domain.text import RedactedText
from gateway.domain.tools import Form, Tools

_NO_LETTER: Final = re.compile(r"[^A-Za-z0-9_.-]")


class ToolRequest(wire.ChatRequest, frozen=True, kw_only=True):
    """A chat with tools, or for a reply in JSON. Our own engine knows neither, and says so."""

    tools: list[dict[str, Any]] | None = None
    tool_choice: Any = None
    parallel_tool_calls: bool | None = None
    response_format: dict[str, Any] | None = None


class ToolQuestion(wire.TokenizeRequest, frozen=True, kw_only=True):
    """How many tokens a chat with tools has."""

    tools: list[dict[str, Any]] | None = None


def request_of(name: str, ask: Ask[RedactedText]) -> wire.ChatRequest | wire.TextRequest:
    """Return what asks for a reply, streaming; how long it may be comes later."""
    options = ask.options
    stop = [text.for_engine() for text in ask.conversation.stop] or None
    streaming = wire.StreamOptions(include_usage=True, continuous_usage_stats=True)
    # Spelt out even where it is the default: each server has others.
    if ask.chat:
        chat = wire.ChatRequest(
            model=name,
            messages=_messages(ask.conversation),
            temperature=options.temperature,
            top_p=options.top_p,
            seed=options.seed,
            stop=stop,
            stream=True,
            stream_options=streaming,
        )
        return _with_tools(chat, ask.conversation)
    if len(ask.conversation.messages) != 1:
        raise ExchangeError(Code.INVALID_MESSAGES, "A completion takes one prompt.")
    return wire.TextRequest(
        model=name,
        prompt=_joined(ask.conversation.messages[0]),
        temperature=options.temperature,
        top_p=options.top_p,
        seed=options.seed,
        stop=stop,
        stream=True,
        stream_options=streaming,
    )


def named(name: str) -> str:
    """Return the name of a tool in the letters that engines take: a stand-in may have brackets."""
    return _NO_LETTER.sub("_", name)


def names_of(ask: Ask[RedactedText]) -> dict[str, str]:
    """Return what tools are called, by what the engine calls them.

    Raises `ExchangeError` where two have one name there: a call would be of either.
    """
    tools = ask.conversation.tools
    offered = () if tools is None else tools.offered
    names = [tool.name.for_engine() for tool in offered]
    known = {named(name): name for name in names}
    if len(known) < len(names):
        raise ExchangeError(
            Code.INVALID_REQUEST,
            "Two tools have the same name once it is redacted and written in the letters that "
            "engines take. Give them names that differ in more than what identifies somebody.",
            param="tools",
        )
    return known


def question_of(request: wire.ChatRequest | wire.TextRequest) -> wire.TokenizeRequest:
    """Return what asks how many tokens the prompt of `request` has."""
    match request:
        case ToolRequest():
            return ToolQuestion(model=request.model, messages=request.messages, tools=request.tools)
        case wire.ChatRequest():
            return wire.TokenizeRequest(model=request.model, messages=request.messages)
        case wire.TextRequest():
            return wire.TokenizeRequest(model=request.model, prompt=request.prompt)
        case _:
            assert_never(request)


def _messages(conversation: Conversation[RedactedText]) -> list[wire.Message]:
    return [
        wire.Message(
            role=message.role.value,
            content=_joined(message),
            name=None if message.name is None else message.name.for_engine(),
            tool_calls=[
                wire.ToolCall(
                    id=call.id.for_engine(),
                    function=wire.Function(
                        name=named(call.name.for_engine()), arguments=call.arguments.for_engine()
                    ),
                )
                for call in message.tool_calls
            ]
            or None,
            tool_call_id=None
            if message.tool_call_id is None
            else message.tool_call_id.for_engine(),
        )
        for message in conversation.messages
    ]


def _with_tools(
    chat: wire.ChatRequest, conversation: Conversation[RedactedText]
) -> wire.ChatRequest:
    tools, form = conversation.tools, conversation.form
    if tools is None and form is None:
        return chat
    fields = {name: getattr(chat, name) for name in chat.__struct_fields__}
    if tools is not None:
        fields |= _tools(tools)
    if form is not None:
        fields["response_format"] = _form(form)
    return ToolRequest(**fields)


def _tools(tools: Tools[RedactedText]) -> dict[str, Any]:
    choice: Any = None if tools.choice is None else tools.choice.value
    if tools.chosen is not None:
        choice = {"type": "function", "function": {"name": named(tools.chosen.for_engine())}}
    return {
        "tools": [
            {
                "type": "function",
                "function": _filled(
                    name=named(tool.name.for_engine()),
                    description=_text(tool.description),
                    parameters=_json(tool.parameters),
                    strict=tool.strict,
                ),
            }
            for tool in tools.offered
        ],
        "tool_choice": choice,
        "parallel_tool_calls": tools.parallel,
    }


def _form(form: Form[RedactedText]) -> dict[str, Any]:
    if form.schema is None:
        return {"type": "json_object"}
    schema = _filled(
        name=_text(form.name),
        description=_text(form.description),
        schema=_json(form.schema),
        strict=form.strict,
    )
    return {"type": "json_schema", "json_schema": schema}


def _filled(**fields: object) -> dict[str, object]:
    return {name: value for name, value in fields.items() if value is not None}


def _text(text: RedactedText | None) -> str | None:
    return None if text is None else text.for_engine()


def _json(text: RedactedText | None) -> Any:  # noqa: ANN401 - a JSON Schema
    """Return what was JSON before redaction, and has to be JSON after it."""
    if text is None:
        return None
    try:
        return msgspec.json.decode(text.for_engine())
    except (msgspec.DecodeError, RecursionError):
        raise ExchangeError(
            Code.DETECTION_FAILED,
            "A schema could not be redacted as JSON, so nothing was sent to a model. Leave out "
            "what identifies somebody there.",
            param="tools",
        ) from None


def _joined(message: Message[RedactedText]) -> str:
    """Text parts of one message, a line each, as the engine in this process has them."""
    return "\n".join(part.for_engine() for part in message.content)
