"""OpenAI's own client over real sockets: what it makes of a reply comes back with the next turn."""

from __future__ import annotations

import json
import re
from contextlib import AbstractAsyncContextManager
from typing import Any

import openai
import pydantic

from gateway.domain.entities import entity_type
from tests.unit.http.conftest import NAME, Serving, World


def client_of(world: World) -> AbstractAsyncContextManager[openai.AsyncOpenAI]:
    return openai.AsyncOpenAI(
        base_url=f"http://127.0.0.1:{world.port}/v1",
        api_key="good",
        default_headers={"X-Purpose-Of-Use": "TREAT"},
        max_retries=0,
    )


async def test_a_reply_comes_back_in_every_form_that_the_client_gives_it(serving: Serving) -> None:
    question: dict[str, Any] = {"role": "user", "content": f"Is {NAME} in?"}
    async with serving() as world, client_of(world) as client:
        create: Any = client.chat.completions.create
        said = (await create(model="fake-model", messages=[question])).choices[0].message
        litellms = {**said.to_dict(), "provider_specific_fields": {"refusal": None}}
        bare = said.model_dump(exclude_none=True)
        for turn in (said, said.model_dump(), said.to_dict(), bare, litellms):
            await create(model="fake-model", messages=[question, turn, question])
    assert len(world.engine.seen) == 6
    assert {len(seen.conversation.messages) for seen in world.engine.seen[1:]} == {3}


async def test_an_empty_reply_comes_back_too(serving: Serving) -> None:
    world = World()
    world.engine.pieces = ()
    question: dict[str, Any] = {"role": "user", "content": "Anything?"}
    async with serving(world) as world, client_of(world) as client:
        create: Any = client.chat.completions.create
        said = (await create(model="fake-model", messages=[question])).choices[0].message
        await create(model="fake-model", messages=[question, said, question])
        again = await client.responses.create(model="fake-model", input="Anything?")
        await client.responses.create(
            model="fake-model",
            input=[question, *again.output, question],  # type: ignore[list-item]
        )
    assert said.content == again.output_text == ""
    assert world.kinds() == ["intent", "outcome"] * 4


TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "find",
            "description": f"Find a patient such as {NAME}.",
            "parameters": {
                "type": "object",
                "properties": {"who": {"type": "string", "description": f"as in {NAME}"}},
            },
        },
    }
]


async def test_a_tool_is_called_with_the_callers_own_words(serving: Serving) -> None:
    world = World()
    world.engine.pieces, world.engine.calls = ("I look. ",), '{"who": "{}", "n": 3}'
    question: dict[str, Any] = {"role": "user", "content": NAME}
    async with serving(world) as world, client_of(world) as client:
        create: Any = client.chat.completions.create
        whole = (await create(model="fake-model", messages=[question], tools=TOOLS)).choices[0]
        streaming: Any = client.chat.completions.stream
        async with streaming(model="fake-model", messages=[question], tools=TOOLS) as stream:
            streamed = (await stream.get_final_completion()).choices[0]
        [call] = whole.message.tool_calls
        answer = {"role": "tool", "tool_call_id": call.id, "content": f"{NAME} is in."}
        world.engine.calls = None
        turns = [question, whole.message, answer]
        last = await create(model="fake-model", messages=turns, tools=TOOLS)
    for choice in (whole, streamed):
        assert (choice.finish_reason, choice.message.content) == ("tool_calls", "I look. ")
        [each] = choice.message.tool_calls
        assert each.function.name == "find"
        assert json.loads(each.function.arguments) == {"who": NAME, "n": 3}
        # What looks like a number might be somebody's: detection would take it out next time.
        assert each.id.removeprefix("call_").isalpha()
    assert last.choices[0].finish_reason == "stop"
    assert len(world.engine.seen) == 3
    assert all(NAME not in seen.text for seen in world.engine.seen)
    assert world.kinds() == ["intent", "outcome"] * 3


async def test_a_tool_is_called_in_the_responses_api_too(serving: Serving) -> None:
    world = World()
    world.engine.pieces, world.engine.calls = (), '{"who": "{}"}'
    tool: Any = {"type": "function", "strict": None, **TOOLS[0]["function"]}  # type: ignore[dict-item]
    async with serving(world) as world, client_of(world) as client:
        whole = await client.responses.create(model="fake-model", input=NAME, tools=[tool])
        async with client.responses.stream(
            model="fake-model", input=NAME, tools=[tool], tool_choice="required"
        ) as stream:
            kinds = [event.type async for event in stream]
            streamed = await stream.get_final_response()
        world.engine.calls = None
        [call] = whole.output
        assert call.type == "function_call"
        answer = {"type": "function_call_output", "call_id": call.call_id, "output": "In."}
        turns: Any = [{"role": "user", "content": NAME}, call, answer]
        await client.responses.create(model="fake-model", input=turns, tools=[tool])
    [again] = streamed.output
    assert again.type == "function_call"
    assert json.loads(call.arguments) == json.loads(again.arguments) == {"who": NAME}
    assert kinds == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "response.output_item.done",
        "response.completed",
    ]
    assert all(NAME not in seen.text for seen in world.engine.seen)
    assert len(world.engine.seen[2].conversation.messages) == 3


class Answer(pydantic.BaseModel):
    """What a client wants a reply to be."""

    who: str


async def test_a_reply_in_json_comes_back_as_the_clients_own_type(serving: Serving) -> None:
    world = World()
    world.engine.echo = 3
    question: Any = {"role": "user", "content": json.dumps({"who": NAME})}
    async with serving(world) as world, client_of(world) as client:
        chat = await client.chat.completions.parse(
            model="fake-model", messages=[question], response_format=Answer
        )
        response = await client.responses.parse(
            model="fake-model", input=question["content"], text_format=Answer
        )
    assert chat.choices[0].message.parsed == response.output_parsed == Answer(who=NAME)
    forms = [seen.conversation.form for seen in world.engine.seen]
    assert all(form is not None and form.schema is not None for form in forms)
    assert all(NAME not in seen.text for seen in world.engine.seen)


async def test_a_dialect_of_json_schema_is_no_address(serving: Serving) -> None:
    function: Any = TOOLS[0]["function"]
    dialects = {
        "http://json-schema.org/draft-07/schema#": False,
        "https://json-schema.org/draft/2020-12/schema": False,
        "https://somebody.example/schema": True,
    }
    async with serving() as world, client_of(world) as client:
        create: Any = client.chat.completions.create
        for dialect in dialects:
            schema = {"$schema": dialect, **function["parameters"]}
            tool = {"type": "function", "function": {**function, "parameters": schema}}
            question = {"role": "user", "content": "Hello"}
            await create(model="fake-model", messages=[question], tools=[tool])
    assert ["$schema" in seen.text for seen in world.engine.seen] == list(dialects.values())


async def test_what_is_restored_in_a_reply_in_json_is_escaped_there(serving: Serving) -> None:
    world = World()
    world.detector.script = {'Zeb "Z" Dee': entity_type("PERSON")}
    question: Any = {"role": "user", "content": 'Is Zeb "Z" Dee in?'}
    async with serving(world) as world, client_of(world) as client:
        create: Any = client.chat.completions.create
        await create(model="fake-model", messages=[question])
        [pseudonym] = re.findall(r"PERSON_[0-9]{3}", world.engine.seen[0].text)
        world.engine.pieces = ('{"who": "', pseudonym[:5], pseudonym[5:], '"}')
        form = {"type": "json_object"}
        reply = await create(model="fake-model", messages=[question], response_format=form)
    assert json.loads(reply.choices[0].message.content) == {"who": 'Zeb "Z" Dee'}
