"""From a body of the Responses API to the domain's `Ask`: its items become a chat's messages.

Nothing is stored here, so whatever would lean on an earlier response is refused and not ignored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from gateway.domain.errors import Code, ExchangeError
from gateway.domain.exchange import Ask, Conversation, Options
from gateway.domain.text import RawText
from gateway.domain.tools import Form
from gateway.http.parse import refuse_unsupported, turns, unsupported
from gateway.http.responses_wire import (
    InputText,
    Item,
    OutputText,
    ResponsesRequest,
    TextConfig,
    TextForm,
)
from gateway.http.tool_wire import JsonSchema
from gateway.http.tools import form_of, tools_of
from gateway.http.wire import ChatMessage, Function, TextPart, WireToolCall

_UNSUPPORTED: Final[Mapping[str, tuple[object, ...]]] = {
    "conversation": (None,),
    "prompt": (None,),
    "background": (None, False),
    "max_tool_calls": (None,),
    "truncation": (None, "disabled"),
    "top_logprobs": (None, 0),
    "metadata": (None, {}),
    "service_tier": (None, "auto", "default", "flex"),
}
"""Fields that are understood but not honoured, and the values that ask for nothing."""
_NOTHING_TO_INCLUDE: Final = frozenset({"reasoning.encrypted_content"})
"""Asks for reasoning, of which there is none."""
_OF_A_KIND: Final[Mapping[str, frozenset[str]]] = {
    "message": frozenset({"role", "content"}),
    "function_call": frozenset({"call_id", "name", "arguments"}),
    "function_call_output": frozenset({"call_id", "output"}),
}
"""What each kind of item has, all of it, and the other kinds have not."""


def responses(request: ResponsesRequest) -> Ask[RawText]:
    """Return a request as the domain sees it, or raise `ExchangeError`."""
    if request.store or request.previous_response_id is not None:
        raise ExchangeError(
            Code.UNSUPPORTED_PARAMETER,
            "No response is kept here. Send the whole conversation each time, with store: false "
            "and without previous_response_id.",
            param="store" if request.store else "previous_response_id",
        )
    refuse_unsupported(request, _UNSUPPORTED)
    _refuse_forms(request)
    history, places = _history(request)
    return Ask(
        model=request.model,
        conversation=Conversation(
            turns(history, places, "input"),
            tools=tools_of(request.tools, request.tool_choice, request.parallel_tool_calls),
            form=_form(request.text),
        ),
        options=Options(
            max_tokens=request.max_output_tokens,
            temperature=1.0 if request.temperature is None else request.temperature,
            top_p=1.0 if request.top_p is None else request.top_p,
        ),
        may_wait=request.service_tier == "flex",
    )


def _refuse_forms(request: ResponsesRequest) -> None:
    """Raise for reasoning, and additions to a reply, that no engine here gives."""
    if not _NOTHING_TO_INCLUDE.issuperset(request.include or ()):
        raise unsupported("include")
    if request.text is not None and request.text.verbosity not in {None, "medium"}:
        raise unsupported("text.verbosity")
    if request.reasoning is not None:
        if request.reasoning.effort not in {None, "none"}:
            raise unsupported("reasoning.effort")
        if request.reasoning.summary not in {None, "auto"}:
            raise unsupported("reasoning.summary")


def _form(text: TextConfig | None) -> Form[RawText] | None:
    match None if text is None else text.format:
        case None | TextForm(type="text", name=None, description=None, schema=None, strict=None):
            return None
        case TextForm(type="json_object", name=None, description=None, schema=None, strict=None):
            return form_of(None)
        case TextForm(type="json_schema", name=str() as name, schema=dict() as schema) as form:
            described = form.description
            return form_of(
                JsonSchema(name=name, description=described, schema=schema, strict=form.strict)
            )
        case _:
            raise unsupported("text.format")


def _history(request: ResponsesRequest) -> tuple[list[ChatMessage], list[str]]:
    """Return the messages of a chat, and where in the body each of them stands."""
    history: list[ChatMessage] = []
    places: list[str] = []
    if request.instructions:
        history.append(ChatMessage(role="system", content=request.instructions))
        places.append("instructions")
    if isinstance(request.input, str):
        return [*history, ChatMessage(role="user", content=request.input)], [*places, "input"]
    for index, item in enumerate(request.input):
        at = f"input[{index}]"
        message = _message(item, at)
        if history and message.role == history[-1].role == "assistant":
            # What a model says and which functions it calls are items of one turn.
            history[-1] = _joined(history[-1], message)
        else:
            history.append(message)
            places.append(at)
    return history, places


def _message(item: Item, at: str) -> ChatMessage:
    for kind, fields in _OF_A_KIND.items():
        for name in sorted(fields):
            if kind == item.type and getattr(item, name) is None:
                raise _invalid(f"{at}.{name}", f"An item of type {kind} needs it.")
            if name not in _OF_A_KIND[item.type] and getattr(item, name) is not None:
                raise _invalid(f"{at}.{name}", f"An item of type {item.type} has no such field.")
    match item:
        case Item(
            type="function_call",
            call_id=str() as called,
            name=str() as name,
            arguments=str() as given,
        ):
            call = WireToolCall(id=called, function=Function(name=name, arguments=given))
            return ChatMessage(role="assistant", tool_calls=[call])
        case Item(type="function_call_output", call_id=str() as called):
            content = list(_parts(item.output, f"{at}.output"))
            return ChatMessage(role="tool", tool_call_id=called, content=content)
        case Item(role=role) if role is not None:
            content = list(_parts(item.content, f"{at}.content"))
            return ChatMessage(role=role, content=content)
        case _:
            raise AssertionError("an item has what its type needs")


def _parts(content: str | list[InputText | OutputText] | None, at: str) -> Iterator[TextPart]:
    if isinstance(content, str):
        yield TextPart(text=content)
        return
    for index, part in enumerate(content or ()):
        if isinstance(part, OutputText):
            for name in ("annotations", "logprobs"):
                if getattr(part, name):
                    raise unsupported(f"{at}[{index}].{name}")
        yield TextPart(text=part.text)


def _joined(turn: ChatMessage, more: ChatMessage) -> ChatMessage:
    """Return one turn of an assistant out of two items of it."""
    contents = [each for message in (turn, more) for each in message.content or ()]
    parts = [each for each in contents if isinstance(each, TextPart)]
    calls = [*(turn.tool_calls or ()), *(more.tool_calls or ())]
    return ChatMessage(role="assistant", content=parts, tool_calls=calls or None)


def _invalid(param: str, message: str) -> ExchangeError:
    return ExchangeError(Code.INVALID_REQUEST, message, param=param)
