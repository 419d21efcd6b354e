"""How an exchange's channel becomes a reply of the Responses API: whole, or as its typed events."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import count
from typing import Any, Final, Literal

import msgspec

from gateway.channel import Delta, Done
from gateway.domain.calling import Calls
from gateway.domain.errors import ExchangeError
from gateway.domain.exchange import FinishReason
from gateway.http.errors import openai_body
from gateway.http.reply import called
from gateway.http.responses_wire import (
    CalledItem,
    Incomplete,
    OutputMessage,
    OutputText,
    ResponseEvent,
    ResponseObject,
    ResponsesRequest,
    ResponseUsage,
)
from gateway.http.tools import call_id

_encode: Final = msgspec.json.Encoder().encode
_Status = Literal["in_progress", "completed", "incomplete"]


class ResponsesFormat:
    """One `response` with one message in it."""

    def __init__(self, exchange: str, created: int, asked: ResponsesRequest) -> None:
        self._id = exchange
        self._created = created
        self._asked = asked

    async def whole(self, events: AsyncIterator[Delta | Done]) -> bytes:
        """Return the JSON of the whole reply, once its outcome is durable."""
        pieces = []
        async for event in events:
            pieces.append(event.text)
            if isinstance(event, Done):
                return _encode(self._ended(event, "".join(pieces)))
        raise AssertionError("a channel ends with Done or with an error")

    async def events(self, events: AsyncIterator[Delta | Done]) -> AsyncIterator[bytes]:
        """Yield the reply as server-sent events; the last says how it ended, after its outcome."""
        said = _Numbered()
        pieces: list[str] = []
        yield said("response.created", response=self._response("in_progress"))
        yield said("response.in_progress", response=self._response("in_progress"))
        try:
            async for event in events:
                if event.text:
                    if not pieces:
                        for opening in self._opening(said):
                            yield opening
                    pieces.append(event.text)
                    place = self._place() | {"content_index": 0}
                    delta = {"delta": event.text, "logprobs": []}
                    yield said("response.output_text.delta", **place, **delta)
                if isinstance(event, Done):
                    response = self._ended(event, "".join(pieces))
                    for ending in self._ending(said, response, opened=bool(pieces)):
                        yield ending
        except ExchangeError as error:
            yield _failure(error, said.next())

    def _opening(self, said: _Numbered) -> Iterator[bytes]:
        begun = self._message("in_progress")
        part = OutputText(text="")
        yield said("response.output_item.added", item=begun, output_index=0)
        yield said("response.content_part.added", part=part, content_index=0, **self._place())

    def _ending(
        self, said: _Numbered, response: ResponseObject, *, opened: bool
    ) -> Iterator[bytes]:
        for index, item in enumerate(response.output):
            match item:
                case OutputMessage():
                    yield from self._closing(said, item, opened=opened)
                case CalledItem():
                    yield from _called(said, item, index)
        yield said(f"response.{response.status}", response=response)

    def _closing(self, said: _Numbered, item: OutputMessage, *, opened: bool) -> Iterator[bytes]:
        if not opened:
            yield from self._opening(said)
        [part] = item.content
        place = self._place() | {"content_index": 0}
        yield said("response.output_text.done", text=part.text, logprobs=[], **place)
        yield said("response.content_part.done", part=part, **place)
        yield said("response.output_item.done", item=item, output_index=0)

    def _place(self) -> dict[str, Any]:
        return {"item_id": f"msg_{self._id}", "output_index": 0}

    def _ended(self, done: Done, text: str) -> ResponseObject:
        usage = ResponseUsage(
            input_tokens=done.usage.prompt_tokens,
            output_tokens=done.usage.completion_tokens,
            total_tokens=done.usage.prompt_tokens + done.usage.completion_tokens,
        )
        match done.reason:
            case FinishReason.STOP:
                output = self._output(text, called(done))
                return self._response("completed", output, usage)
            case FinishReason.LENGTH:
                why = Incomplete("max_output_tokens")
            case FinishReason.CONTENT_FILTER:
                why = Incomplete("content_filter")
        return self._response("incomplete", [self._message("incomplete", text)], usage, why)

    def _output(self, text: str, calls: Calls | None) -> Sequence[OutputMessage | CalledItem]:
        if calls is None:
            return [self._message("completed", text)]
        ids = (call_id(self._id, index) for index in range(len(calls.calls)))
        items = [
            CalledItem(
                id=f"fc_{one}",
                status="completed",
                call_id=one,
                name=call.name,
                arguments=call.arguments,
            )
            for one, call in zip(ids, calls.calls, strict=True)
        ]
        return [self._message("completed", text), *items] if text else items

    def _response(
        self,
        status: _Status,
        output: Sequence[OutputMessage | CalledItem] = (),
        usage: ResponseUsage | None = None,
        why: Incomplete | None = None,
    ) -> ResponseObject:
        asked = self._asked
        return ResponseObject(
            id=f"resp_{self._id}",
            created_at=self._created,
            status=status,
            incomplete_details=why,
            max_output_tokens=asked.max_output_tokens,
            model=asked.model,
            output=list(output),
            parallel_tool_calls=asked.parallel_tool_calls is not False,
            temperature=1.0 if asked.temperature is None else asked.temperature,
            top_p=1.0 if asked.top_p is None else asked.top_p,
            usage=usage,
        )

    def _message(self, status: _Status, text: str | None = None) -> OutputMessage:
        content = [] if text is None else [OutputText(text=text)]
        return OutputMessage(id=f"msg_{self._id}", status=status, content=content)


class _Numbered:
    """Writes events, each with the next number."""

    def __init__(self) -> None:
        self._numbers = count()

    def next(self) -> int:
        return next(self._numbers)

    def __call__(self, kind: str, **fields: Any) -> bytes:  # noqa: ANN401 - of `ResponseEvent`
        return _event(ResponseEvent(type=kind, sequence_number=self.next(), **fields))


def _called(said: _Numbered, item: CalledItem, index: int) -> Iterator[bytes]:
    """Yield the events of a call, whose arguments come at once: they were looked at whole."""
    place: dict[str, Any] = {"item_id": item.id, "output_index": index}
    begun = msgspec.structs.replace(item, status="in_progress", arguments="")
    yield said("response.output_item.added", item=begun, output_index=index)
    yield said("response.function_call_arguments.delta", delta=item.arguments, **place)
    yield said(
        "response.function_call_arguments.done", name=item.name, arguments=item.arguments, **place
    )
    yield said("response.output_item.done", item=item, output_index=index)


def _event(event: ResponseEvent) -> bytes:
    return b"event: " + event.type.encode("ascii") + b"\ndata: " + _encode(event) + b"\n\n"


def _failure(error: ExchangeError, number: int) -> bytes:
    """Return the last event of a stream that breaks off: clients look for `error` in it."""
    told = msgspec.to_builtins(openai_body(error))
    event = {"type": "error", "sequence_number": number, **told["error"], **told}
    return b"event: error\ndata: " + _encode(event | {"type": "error"}) + b"\n\n"
