"""What a reply looks like on the wire, byte for byte."""

from __future__ import annotations

import json

from tests.fakes.identity import START
from tests.unit.http.conftest import NAME, Serving, World, chat, events, text_of

EXCHANGE = "01990000-0000-7000-8000-000000000002"
"""The second id of the fake clock: the first is that of the gateway's start."""


async def test_a_stream_is_server_sent_events_as_openai_writes_them(serving: Serving) -> None:
    async with serving() as world:
        reply = await world.post(
            chat("one two three", stream=True, stream_options={"include_usage": True})
        )
    assert reply.status_code == 200
    assert reply.headers["content-type"].startswith("text/event-stream")
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["x-request-id"] == EXCHANGE
    start = {
        "id": f"chatcmpl-{EXCHANGE}",
        "object": "chat.completion.chunk",
        "created": START // 1000,
        "model": "fake-model",
    }
    first, *deltas, closing, usage, done = events(reply.text)
    choice = {"index": 0, "logprobs": None, "finish_reason": None}
    opening = {"role": "assistant", "content": ""}
    assert first == start | {"choices": [choice | {"delta": opening}], "usage": None}
    assert all(delta["choices"][0].keys() == (choice | {"delta": 0}).keys() for delta in deltas)
    assert closing["choices"] == [choice | {"delta": {}, "finish_reason": "stop"}]
    assert usage["choices"] == []
    assert usage["usage"] == {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
    assert done == "[DONE]"
    assert text_of(events(reply.text)) == "Hello, world."


async def test_without_include_usage_a_stream_counts_nothing(serving: Serving) -> None:
    async with serving() as world:
        reply = await world.post(chat(stream=True))
    assert all(event == "[DONE]" or event["usage"] is None for event in events(reply.text))
    assert events(reply.text)[-2]["choices"][0]["finish_reason"] == "stop"


async def test_a_whole_reply_is_openais_chat_completion(serving: Serving) -> None:
    async with serving() as world:
        reply = await world.post(chat("one two three"))
    assert reply.headers["x-request-id"] == EXCHANGE
    assert reply.json() == {
        "id": f"chatcmpl-{EXCHANGE}",
        "object": "chat.completion",
        "created": START // 1000,
        "model": "fake-model",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hello, world.", "refusal": None},
                "finish_reason": "stop",
                "logprobs": None,
            }
        ],
        "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7},
    }


async def test_a_text_completion_is_whole_or_streams(serving: Serving) -> None:
    body = {"model": "fake-model", "prompt": "one two"}
    async with serving() as world:
        whole = (await world.post(body)).json()
        stream = events((await world.post(body | {"stream": True})).text)
    assert whole["object"] == "text_completion"
    assert whole["id"] == f"cmpl-{EXCHANGE}"
    assert whole["choices"] == [
        {"text": "Hello, world.", "index": 0, "finish_reason": "stop", "logprobs": None}
    ]
    assert stream[-1] == "[DONE]"
    assert "".join(event["choices"][0]["text"] for event in stream[:-1]) == "Hello, world."
    assert stream[-2]["choices"][0]["finish_reason"] == "stop"


async def test_a_reply_cut_at_max_tokens_says_so(serving: Serving) -> None:
    async with serving() as world:
        reply = (await world.post(chat(max_tokens=2))).json()
        newer = (await world.post(chat(max_completion_tokens=2))).json()
    for each in (reply, newer):
        assert each["choices"][0]["finish_reason"] == "length"
        assert each["choices"][0]["message"]["content"] == "Hello, "
        assert each["usage"]["completion_tokens"] == 2


async def test_a_stream_is_not_held_back_until_its_end(serving: Serving) -> None:
    world = World()
    world.engine.pieces = ("The first ", "words ", "come ", "never")
    world.engine.hang_at = 3
    async with (
        serving(world, shutdown_grace=0.1) as world,
        world.stream(chat(stream=True)) as reply,
    ):
        seen = ""
        async for line in reply.aiter_lines():
            if line:
                seen += json.loads(line.removeprefix("data: "))["choices"][0]["delta"].get(
                    "content", ""
                )
            if "come" in seen:
                break
        assert seen == "The first words come "


async def test_what_a_reply_repeats_is_restored_in_a_stream_and_in_a_whole_reply(
    serving: Serving,
) -> None:
    world = World()
    world.engine.echo = 2
    async with serving(world) as world:
        whole = (await world.post(chat(f"Is {NAME} well?"))).json()
        stream = await world.post(chat(f"Is {NAME} well?", stream=True))
    assert whole["choices"][0]["message"]["content"] == f"Is {NAME} well?"
    assert text_of(events(stream.text)) == f"Is {NAME} well?"
    assert NAME not in world.engine.seen[0].text
    assert [record.restored for record in world.exchanges()[1::2]] == [1, 1]  # type: ignore[union-attr]
