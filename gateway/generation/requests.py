"""What is sent to engines elsewhere: OpenAI's bodies out of a redacted ask.

Text is revealed here and nowhere else on this side, and only redacted text has the method for it.
"""

from __future__ import annotations

from typing import assert_never

from engine import wire
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.exchange import Ask, Conversation, Message
from gateway.domain.text import RedactedText


def request_of(name: str, ask: Ask[RedactedText]) -> wire.ChatRequest | wire.TextRequest:
    """Return what asks for a reply, streaming; how long it may be comes later."""
    options = ask.options
    stop = [text.for_engine() for text in ask.conversation.stop] or None
    streaming = wire.StreamOptions(include_usage=True, continuous_usage_stats=True)
    # Spelt out even where it is the default: each server has others.
    if ask.chat:
        return wire.ChatRequest(
            model=name,
            messages=_messages(ask.conversation),
            temperature=options.temperature,
            top_p=options.top_p,
            seed=options.seed,
            stop=stop,
            stream=True,
            stream_options=streaming,
        )
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


def question_of(request: wire.ChatRequest | wire.TextRequest) -> wire.TokenizeRequest:
    """Return what asks how many tokens the prompt of `request` has."""
    match request:
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
                        name=call.name.for_engine(), arguments=call.arguments.for_engine()
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


def _joined(message: Message[RedactedText]) -> str:
    """Text parts of one message, a line each, as the engine in this process has them."""
    return "\n".join(part.for_engine() for part in message.content)
