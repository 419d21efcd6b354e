"""Tools and forms of a reply, to engines elsewhere and back: over sockets, to a fake server."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing
from typing import Any

import msgspec
import pytest

from gateway.domain.errors import Code, ExchangeError
from gateway.domain.exchange import (
    Ask,
    Conversation,
    End,
    FinishReason,
    Message,
    Options,
    Role,
)
from gateway.domain.text import RedactedText
from gateway.domain.tools import Choice, Form, Tool, ToolCall, Tools
from gateway.generation.answers import Chunk
from gateway.generation.remote import RemoteEngine
from tests.fakes.upstream import FakeUpstream
from tests.unit.generation.test_remote import (
    CANARY,
    MODEL,
    RECEIPT,
    TERMS,
    asking,
    failed,
    redacted,
    run,
    served,
)

SCHEMA = {"type": "object", "properties": {"who": {"type": "string"}}}
USER = Message(Role.USER, (redacted("a"),))


@pytest.fixture
async def one() -> AsyncIterator[tuple[FakeUpstream, RemoteEngine]]:
    fake = FakeUpstream()
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(served(fake))
        yield fake, await stack.enter_async_context(asking(url))


def with_tools(**more: Any) -> Ask[RedactedText]:
    schema = redacted(json.dumps(SCHEMA))
    tool = Tool(redacted("find"), redacted("Find."), schema, strict=True)
    tools = Tools((tool,), **{"choice": Choice.AUTO, "parallel": False, **more})
    return Ask(MODEL, Conversation((USER,), tools=tools), Options())


async def test_tools_are_sent_and_their_calls_put_together(
    one: tuple[FakeUpstream, RemoteEngine],
) -> None:
    fake, engine = one
    fake.pieces, fake.reason = (), "tool_calls"
    fake.calls = (
        {"index": 1, "id": "b", "type": "function", "function": {"name": "find", "arguments": ""}},
        {"index": 0, "id": "a", "type": "function", "function": {"name": "fi", "arguments": '{"w'}},
        {"index": 0, "function": {"name": "nd", "arguments": 'ho": 1}'}},
        {"index": 1, "function": {"arguments": "{}"}},
    )
    text, end = await run(engine, with_tools())
    assert (text, end.reason) == ("", FinishReason.STOP)
    assert end.calls == (ToolCall("", "find", '{"who": 1}'), ToolCall("", "find", "{}"))
    assert "who" not in repr(end)
    body = fake.asked[0].body
    [tool] = body["tools"]
    function = {"name": "find", "description": "Find.", "parameters": SCHEMA, "strict": True}
    assert tool == {"type": "function", "function": function}
    assert (body["tool_choice"], body["parallel_tool_calls"]) == ("auto", False)
    assert "response_format" not in body


async def test_the_one_tool_that_has_to_be_called_is_named(
    one: tuple[FakeUpstream, RemoteEngine],
) -> None:
    fake, engine = one
    await run(engine, with_tools(choice=None, parallel=None, chosen=redacted("find")))
    body = fake.asked[0].body
    assert body["tool_choice"] == {"type": "function", "function": {"name": "find"}}
    assert "parallel_tool_calls" not in body


async def test_a_name_that_no_engine_takes_is_written_with_other_letters_and_comes_back(
    one: tuple[FakeUpstream, RemoteEngine],
) -> None:
    fake, engine = one
    name = redacted("ask_[PERSON_412]")
    call = ToolCall(redacted("c"), name, redacted("{}"))
    turns = (
        USER,
        Message(Role.ASSISTANT, (), tool_calls=(call,)),
        Message(Role.TOOL, (redacted("x"),), tool_call_id=redacted("c")),
    )
    conversation = Conversation(turns, tools=Tools((Tool(name),), chosen=name))
    fake.reason = "tool_calls"
    fake.calls = ({"function": {"name": "ask__PERSON_412_", "arguments": "{}"}},)
    _, end = await run(engine, Ask(MODEL, conversation, Options()))
    assert [each.name for each in end.calls] == ["ask_[PERSON_412]"]
    body = fake.asked[0].body
    assert body["tools"] == [{"type": "function", "function": {"name": "ask__PERSON_412_"}}]
    assert body["tool_choice"]["function"] == {"name": "ask__PERSON_412_"}
    assert body["messages"][1]["tool_calls"][0]["function"]["name"] == "ask__PERSON_412_"


@pytest.mark.parametrize("other", ["find [NAME]", "find_[NAME]"])
async def test_two_tools_that_are_one_for_an_engine_are_refused_before_it_sees_them(
    one: tuple[FakeUpstream, RemoteEngine], other: str
) -> None:
    fake, engine = one
    offered = (Tool(redacted("find_[NAME]")), Tool(redacted(other)))
    ask = Ask(MODEL, Conversation((USER,), tools=Tools(offered)), Options())
    with pytest.raises(ExchangeError) as caught:
        await run(engine, ask)
    assert (caught.value.code, caught.value.param) == (Code.INVALID_REQUEST, "tools")
    assert not fake.asked


@pytest.mark.parametrize("named", [False, True])
async def test_a_form_of_the_reply_is_sent(
    one: tuple[FakeUpstream, RemoteEngine], *, named: bool
) -> None:
    fake, engine = one
    schema = redacted(json.dumps(SCHEMA))
    form = Form(redacted("answer"), None, schema, strict=True) if named else Form()
    await run(engine, Ask(MODEL, Conversation((USER,), form=form), Options()))
    asked = {"name": "answer", "schema": SCHEMA, "strict": True}
    assert fake.asked[0].body["response_format"] == (
        {"type": "json_schema", "json_schema": asked} if named else {"type": "json_object"}
    )


async def test_of_a_reply_that_is_cut_short_no_call_is_whole(
    one: tuple[FakeUpstream, RemoteEngine],
) -> None:
    fake, engine = one
    fake.reason = "length"
    fake.calls = ({"index": 0, "function": {"name": "find", "arguments": '{"w'}},)
    _, end = await run(engine, with_tools())
    assert (end.reason, end.calls) == (FinishReason.LENGTH, ())


async def test_calls_count_against_the_length_that_policy_lets_through(
    one: tuple[FakeUpstream, RemoteEngine],
) -> None:
    fake, engine = one
    fake.pieces, fake.usage, fake.reason = (), "none", "tool_calls"
    fake.calls = ({"index": 0, "function": {"name": "", "arguments": "x"}},) * 500
    prompt = engine.prepare(engine.models()[0], with_tools(), 100, TERMS)
    async with aclosing(engine.generate(prompt, RECEIPT)) as events:
        [end] = [event async for event in events]
    assert isinstance(end, End)
    assert (end.reason, end.calls) == (FinishReason.LENGTH, ())
    assert end.usage.completion_tokens <= 102


@pytest.mark.parametrize("part", [{"index": 128}, {"index": -1}, {"index": "0"}])
async def test_a_call_that_makes_no_sense_is_a_failure(
    one: tuple[FakeUpstream, RemoteEngine], part: dict[str, Any]
) -> None:
    fake, engine = one
    fake.calls = (part,)
    assert (await failed(engine, with_tools())).code is Code.ENGINE_FAILED


async def test_calls_of_tools_that_nobody_offered_are_a_failure(
    one: tuple[FakeUpstream, RemoteEngine],
) -> None:
    fake, engine = one
    fake.calls = ({"index": 0, "function": {"name": "find", "arguments": "{}"}},)
    assert (await failed(engine)).code is Code.ENGINE_FAILED
    form = Ask(MODEL, Conversation((USER,), form=Form()), Options())
    assert (await failed(engine, form)).code is Code.ENGINE_FAILED


async def test_a_schema_that_redaction_broke_is_never_sent(
    one: tuple[FakeUpstream, RemoteEngine],
) -> None:
    fake, engine = one
    tools = Tools((Tool(redacted("find"), None, redacted("{")),))
    ask = Ask(MODEL, Conversation((USER,), tools=tools), Options())
    with pytest.raises(ExchangeError) as caught:
        engine.prepare(engine.models()[0], ask, 100, TERMS)
    assert caught.value.code is Code.DETECTION_FAILED
    assert not fake.asked


async def test_an_engine_that_knows_no_tools_is_no_fault_of_the_messages(
    one: tuple[FakeUpstream, RemoteEngine],
) -> None:
    fake, engine = one
    fake.status = 400
    fake.answer = b'{"error":{"message":"","type":"","param":null,"code":"unknown_field"}}'
    error = await failed(engine, with_tools())
    assert (error.code, error.param) == (Code.UNSUPPORTED_PARAMETER, "tools")


async def test_a_prompt_is_counted_with_its_tools(one: tuple[FakeUpstream, RemoteEngine]) -> None:
    fake, engine = one
    await run(engine, with_tools(), 8190)
    question, _ = fake.asked
    assert question.path == "/tokenize"
    assert [tool["function"]["name"] for tool in question.body["tools"]] == ["find"]


async def test_a_call_that_takes_longer_than_a_first_token_may_comes_whole() -> None:
    fake = FakeUpstream()
    part = {"index": 0, "function": {"arguments": " "}}
    fake.pieces, fake.reason, fake.delay = (), "tool_calls", 0.15
    fake.calls = ({"index": 0, "function": {"name": "find", "arguments": "{}"}}, *(part,) * 12)
    async with (
        served(fake) as url,
        asking(url, first_token_timeout=1.5, token_timeout=5.0) as engine,
    ):
        _, end = await run(engine, with_tools())
    assert end.calls == (ToolCall("", "find", "{}" + " " * 12),)


def test_no_part_of_an_event_shows_itself_when_it_is_printed() -> None:
    event = msgspec.convert(
        {
            "choices": [
                {
                    "text": CANARY,
                    "delta": {
                        "content": CANARY,
                        "tool_calls": [{"function": {"name": CANARY, "arguments": CANARY}}],
                    },
                }
            ]
        },
        Chunk,
    )
    [choice] = event.choices
    [call] = event.calls
    for part in (event, choice, choice.delta, call, call.function):
        assert CANARY not in repr(part)
