"""The Responses API over real sockets, as OpenAI's own client reads it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.responses import EasyInputMessageParam

from gateway.domain.errors import Code, ExchangeError
from gateway.domain.records import Kind
from gateway.http.parse import decode
from gateway.http.responses_parse import responses
from gateway.http.responses_wire import Item, ResponsesRequest
from tests.unit.http.conftest import NAME, Serving, World

CANARY = "Quillfeather-99317"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.just(CANARY),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
ITEM = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["message", "function_call", "function_call_output", CANARY]),
        **{name: st.just(CANARY) | JSON for name in Item.__struct_fields__ if name != "type"},
    },
)
FIELDS = st.sampled_from([*ResponsesRequest.__struct_fields__, "messages", "inptu"])


@asynccontextmanager
async def client_of(world: World) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(
        base_url=f"http://127.0.0.1:{world.port}/v1",
        api_key="good",
        default_headers={"X-Purpose-Of-Use": "TREAT"},
        max_retries=0,
    ) as client:
        yield client


async def test_a_whole_reply_is_a_response_with_one_message(serving: Serving) -> None:
    async with serving() as world, client_of(world) as client:
        reply = await client.responses.create(
            model="fake-model", instructions="Be brief.", input=f"Is {NAME} in?"
        )
    assert reply.output_text == "Hello, world."
    assert (reply.status, reply.error, reply.incomplete_details) == ("completed", None, None)
    [message] = reply.output
    assert message.type == "message"
    assert (message.role, message.status) == ("assistant", "completed")
    intent, outcome = world.exchanges()
    assert reply.id == f"resp_{intent.exchange}"
    assert reply.usage is not None
    assert reply.usage.input_tokens == intent.prompt_tokens  # type: ignore[union-attr]
    assert reply.usage.output_tokens == outcome.completion_tokens  # type: ignore[union-attr]
    [seen] = world.engine.seen
    assert [message.role for message in seen.conversation.messages] == ["system", "user"]
    assert NAME not in seen.text


async def test_a_stream_is_numbered_events_that_come_to_the_whole_reply(serving: Serving) -> None:
    async with serving() as world, client_of(world) as client:
        whole = await client.responses.create(model="fake-model", input="Hello")
        stream = await client.responses.create(model="fake-model", input="Hello", stream=True)
        events = [event async for event in stream]
    kinds = [event.type for event in events]
    middle = kinds[4:-4]
    assert kinds[:4] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
    ]
    assert set(middle) == {"response.output_text.delta"}
    assert kinds[-4:] == [
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    assert [event.sequence_number for event in events] == list(range(len(events)))
    said = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    last = events[-1]
    assert last.type == "response.completed"
    assert said == last.response.output_text == whole.output_text
    assert last.response.usage == whole.usage
    ids = {event.item_id for event in events if event.type == "response.output_text.delta"}
    assert ids == {last.response.output[0].id}


async def test_the_client_gathers_a_stream_by_itself(serving: Serving) -> None:
    async with (
        serving() as world,
        client_of(world) as client,
        client.responses.stream(model="fake-model", input="Hello") as stream,
    ):
        final = await stream.get_final_response()
    assert final.output_text == "Hello, world."


async def test_a_stream_says_that_it_is_over_once_that_is_durable(serving: Serving) -> None:
    kinds: list[str] = []

    async def listen(client: openai.AsyncOpenAI) -> None:
        stream = await client.responses.create(model="fake-model", input="Hello", stream=True)
        async for event in stream:
            kinds.append(event.type)  # noqa: PERF401 - looked at while it grows

    async with serving() as world, client_of(world) as client:
        world.ledger.hold = Kind.OUTCOME
        listening = asyncio.create_task(listen(client))
        async with asyncio.timeout(5):
            await world.ledger.reached.wait()
        await world.until(lambda: "response.output_text.delta" in kinds)
        await asyncio.sleep(0.1)
        assert "response.output_text.done" not in kinds
        world.ledger.released.set()
        await listening
    assert kinds[-1] == "response.completed"


async def test_a_name_is_restored_in_a_stream_and_in_the_next_turn(serving: Serving) -> None:
    world = World()
    world.engine.echo = 3
    first: EasyInputMessageParam = {"role": "user", "content": f"{NAME} has a cough."}
    async with serving(world) as world, client_of(world) as client:
        reply = await client.responses.create(model="fake-model", input=[first], store=False)
        stream = await client.responses.create(
            model="fake-model",
            input=[
                first,
                *reply.output,  # type: ignore[list-item]  # as the client's own documents have it
                {"role": "user", "content": "Who?"},
            ],
            store=False,
            stream=True,
        )
        said = [event.delta async for event in stream if event.type == "response.output_text.delta"]
    assert NAME in reply.output_text
    assert len(world.engine.seen) == 2
    assert all(NAME not in seen.text for seen in world.engine.seen)
    assert said


async def test_a_reply_that_was_cut_short_is_incomplete(serving: Serving) -> None:
    async with serving() as world, client_of(world) as client:
        reply = await client.responses.create(
            model="fake-model", input="Hello", max_output_tokens=2
        )
        stream = await client.responses.create(
            model="fake-model", input="Hello", max_output_tokens=2, stream=True
        )
        events = [event async for event in stream]
    assert reply.status == "incomplete"
    assert reply.incomplete_details is not None
    assert reply.incomplete_details.reason == "max_output_tokens"
    assert reply.max_output_tokens == 2
    assert events[-1].type == "response.incomplete"


async def test_a_stream_that_breaks_off_raises_in_the_client(serving: Serving) -> None:
    world = World()
    world.engine.fail_at = 2
    async with serving(world) as world, client_of(world) as client:
        stream = await client.responses.create(model="fake-model", input="Hello", stream=True)
        with pytest.raises(openai.APIError) as caught:
            [event async for event in stream]
    assert caught.value.code == Code.ENGINE_FAILED
    assert world.kinds() == ["intent", "outcome"]


async def test_what_leans_on_a_kept_response_is_refused_and_says_what_to_send(
    serving: Serving,
) -> None:
    async with serving() as world, client_of(world) as client:
        for more in (
            {"store": True},
            {"previous_response_id": "resp_1"},
            {"input": [{"type": "item_reference", "id": "msg_1"}]},
        ):
            body = {"model": "fake-model", "input": "Hello", **more}
            with pytest.raises(openai.BadRequestError) as caught:
                await client.post("/responses", body=body, cast_to=object)
            assert "store: false" in caught.value.message
    assert world.kinds() == ["refusal"] * 3
    assert not world.engine.seen


def check(said: str) -> None:
    assert CANARY not in said


def read(**more: object) -> list[tuple[str, int, list[str]]]:
    """Return the turns of a request: who speaks, how many calls, and every text of it."""
    body = json.dumps({"model": "m", **more}).encode()
    conversation = responses(decode(body, ResponsesRequest)).conversation
    return [
        (
            message.role,
            len(message.tool_calls),
            [part.reveal() for part in message.content],
        )
        for message in conversation.messages
    ]


def test_items_become_the_turns_of_a_chat() -> None:
    history = [
        {"role": "developer", "content": "Be brief."},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Who?"}]},
        {
            "type": "message",
            "id": "msg_1",
            "status": "completed",
            "role": "assistant",
            "content": [
                {"type": "output_text", "text": "I look.", "annotations": [], "logprobs": []}
            ],
        },
        {"type": "function_call", "id": "fc_1", "call_id": "a", "name": "find", "arguments": "{}"},
        {"type": "function_call", "call_id": "b", "name": "find", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "a", "output": "Nobody."},
        {
            "type": "function_call_output",
            "call_id": "b",
            "output": [{"type": "input_text", "text": "Somebody."}],
        },
        {"role": "assistant", "content": "It is him."},
        {"role": "user", "content": "Sure?"},
    ]
    assert read(instructions="Hello.", input=history) == [
        ("system", 0, ["Hello."]),
        ("developer", 0, ["Be brief."]),
        ("user", 0, ["Who?"]),
        ("assistant", 2, ["I look."]),
        ("tool", 0, ["Nobody."]),
        ("tool", 0, ["Somebody."]),
        ("assistant", 0, ["It is him."]),
        ("user", 0, ["Sure?"]),
    ]


@pytest.mark.parametrize(
    ("item", "param"),
    [
        ({"content": "Hi"}, "input[0].role"),
        ({"role": "user"}, "input[0].content"),
        ({"role": "user", "content": "Hi", "call_id": "a"}, "input[0].call_id"),
        ({"role": "tool", "content": "Hi"}, "input[0].role"),
        ({"role": "user", "content": [{"type": "input_image"}]}, "input[0].content[0].type"),
        ({"type": "reasoning", "summary": []}, "input[0].type"),
        ({"type": "function_call", "call_id": "a", "name": "f"}, "input[0].arguments"),
        ({"type": "function_call_output", "call_id": "a"}, "input[0].output"),
        ({"type": "function_call_output", "call_id": "a", "output": "x"}, "input[0]"),
        ({"role": "assistant", "content": "Hi"}, "input[0]"),
    ],
)
def test_an_item_that_makes_no_sense_is_named_by_its_place(
    item: dict[str, object], param: str
) -> None:
    with pytest.raises(ExchangeError) as caught:
        read(input=[item])
    assert caught.value.param == param


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"tools": [{"type": "web_search"}]}, "tools[0].type"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"text": {"format": {"type": "json_object", "name": "a"}}}, "text.format"),
        ({"text": {"format": {"type": "json_schema", "name": "a"}}}, "text.format"),
        ({"text": {"format": {"type": "grammar"}}}, "text.format"),
        ({"text": {"verbosity": "high"}}, "text.verbosity"),
        ({"reasoning": {"effort": "high"}}, "reasoning.effort"),
        ({"include": ["message.output_text.logprobs"]}, "include"),
        ({"background": True}, "background"),
        ({"truncation": "auto"}, "truncation"),
        ({"metadata": {"ward": "7"}}, "metadata"),
    ],
)
def test_what_cannot_be_honoured_is_refused_by_name(more: dict[str, object], param: str) -> None:
    with pytest.raises(ExchangeError) as caught:
        read(input="Hi", **more)
    assert (caught.value.code, caught.value.param) == (Code.UNSUPPORTED_PARAMETER, param)


def test_fields_that_ask_for_nothing_are_taken() -> None:
    assert read(
        input="Hi", store=False, tools=[], tool_choice="auto", parallel_tool_calls=False,
        include=["reasoning.encrypted_content"], text={"format": {"type": "text"}},
        reasoning={"effort": None}, truncation="disabled", metadata={}, service_tier="auto",
        stream=True, stream_options={"include_obfuscation": False}, background=False,
        user="ward-7", safety_identifier="x", prompt_cache_key="y", top_logprobs=0,
    ) == [("user", 0, ["Hi"])]  # fmt: skip


@given(
    given=st.lists(ITEM, max_size=3) | JSON,
    more=st.dictionaries(FIELDS, st.just(CANARY) | JSON, max_size=3),
)
def test_any_fields_are_a_request_or_an_error_that_quotes_none_of_them(
    given: object, more: dict[str, object]
) -> None:
    body = json.dumps({"model": "m", "input": given, **more}).encode()
    try:
        ask = responses(decode(body, ResponsesRequest))
    except ExchangeError as error:
        check(f"{error.message} {error.param}")
    else:
        assert list(ask.conversation.texts())
