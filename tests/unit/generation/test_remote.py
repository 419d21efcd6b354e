"""Engines elsewhere that answer, refuse, hang, break off and lie; over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway import app, logs
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.exchange import (
    Ask,
    Conversation,
    End,
    FinishReason,
    Message,
    Options,
    Piece,
    Role,
    Usage,
)
from gateway.domain.policy import Priority, Terms
from gateway.domain.ports import Receipt
from gateway.domain.records import Intent, Outcome
from gateway.domain.text import _MAKER, RedactedText
from gateway.domain.tools import ToolCall
from gateway.endpoints import RemoteModel
from gateway.generation.remote import RemoteEngine, RemoteEngineError
from gateway.settings import load
from tests.fakes.engine import MODEL as FAKE
from tests.fakes.exchange import World, read, submission
from tests.fakes.exchange import ask as ask_as_a_client
from tests.fakes.served import MODEL, asking, served
from tests.fakes.tls import certificate
from tests.fakes.upstream import FakeUpstream

RECEIPT = Receipt("0190b2c4-0000-7000-8000-000000000000", 0, b"\0" * 32)
TERMS = Terms("key:alice", "0" * 64, Priority.INTERACTIVE, None, cache=False)
CANARY = "Zyxwvut-Canary-4711"
NO_UTF8 = b'{"error": "\xff", "data": "\xff", "choices": [{"text": "\xff"}], "count": "\xff"}'
DEEP = b'{"error": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"


def redacted(text: str) -> RedactedText:
    return RedactedText(text, _MAKER)


def ask(
    text: str = "Say hello.", options: Options | None = None, *, chat: bool = True
) -> Ask[RedactedText]:
    conversation = Conversation((Message(Role.USER, (redacted(text),)),))
    return Ask(MODEL, conversation, options or Options(), chat)


async def run(
    engine: RemoteEngine,
    request: Ask[RedactedText] | None = None,
    max_tokens: int = 100,
    terms: Terms | None = None,
) -> tuple[str, End]:
    terms = terms or TERMS
    prompt = engine.prepare(engine.models()[0], request or ask(), max_tokens, terms)
    text = ""
    async with aclosing(engine.generate(prompt, RECEIPT)) as events:
        async for event in events:
            match event:
                case Piece():
                    text += event.text
                case End():
                    return text, event
    raise AssertionError("no end")


async def failed(engine: RemoteEngine, request: Ask[RedactedText] | None = None) -> ExchangeError:
    with pytest.raises(ExchangeError) as caught:
        await run(engine, request)
    assert CANARY not in f"{caught.value.message} {caught.value.param}"
    return caught.value


class Pair:
    """Two servers, and what serves them."""

    def __init__(self, stack: AsyncExitStack, tmp_path: Path) -> None:
        self.fakes = FakeUpstream(), FakeUpstream()
        self.urls: tuple[str, ...] = ()
        self._stack = stack
        self._path = tmp_path

    async def start(self) -> None:
        first = await self._stack.enter_async_context(served(self.fakes[0]))
        second = await self._stack.enter_async_context(
            served(self.fakes[1], self._path / "second.sock")
        )
        self.urls = (first, second)

    def asked(self) -> tuple[int, int]:
        return len(self.fakes[0].asked), len(self.fakes[1].asked)


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[Pair]:
    async with AsyncExitStack() as stack:
        both = Pair(stack, tmp_path)
        await both.start()
        yield both


async def one(pair: Pair, stack: AsyncExitStack, **more: Any) -> tuple[FakeUpstream, RemoteEngine]:
    return pair.fakes[0], await stack.enter_async_context(asking(pair.urls[0], **more))


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as opened:
        yield opened


@pytest.mark.parametrize("chat", [True, False], ids=["chat", "bare"])
@pytest.mark.parametrize("usage", ["continuous", "last", "none"])
async def test_a_reply_is_put_together_whatever_the_server_says_of_tokens(
    pair: Pair, stack: AsyncExitStack, *, chat: bool, usage: str
) -> None:
    fake, engine = await one(pair, stack)
    fake.usage, fake.comments = usage, True
    request = ask(chat=chat)
    text, end = await run(engine, request)
    assert text == "Hello, world."
    estimate = engine.prepare(engine.models()[0], request, 100, TERMS).tokens
    assert end == End(FinishReason.STOP, Usage(estimate if usage == "none" else 11, 4))


async def test_a_request_says_all_that_it_wants_and_nothing_more(
    pair: Pair, stack: AsyncExitStack
) -> None:
    fake, engine = await one(pair, stack)
    call = ToolCall(redacted("c1"), redacted("look"), redacted("{}"))
    conversation = Conversation(
        (
            Message(Role.SYSTEM, (redacted("s"),)),
            Message(Role.USER, (redacted("a"), redacted("b")), name=redacted("n")),
            Message(Role.ASSISTANT, (), tool_calls=(call,)),
            Message(Role.TOOL, (redacted("t"),), tool_call_id=redacted("c1")),
        ),
        (redacted("END"),),
    )
    await run(engine, Ask(MODEL, conversation, Options(7, 0.5, 0.9, 3)), 7)
    [asked] = fake.asked
    assert asked.body == {
        "model": MODEL,
        "messages": [
            {"role": "system", "content": "s"},
            {"role": "user", "content": "a\nb", "name": "n"},
            {
                "role": "assistant",
                "content": "",
                "tool_calls": [
                    {
                        "id": "c1",
                        "type": "function",
                        "function": {"name": "look", "arguments": "{}"},
                    }
                ],
            },
            {"role": "tool", "content": "t", "tool_call_id": "c1"},
        ],
        "max_tokens": 7,
        "temperature": 0.5,
        "top_p": 0.9,
        "seed": 3,
        "stop": ["END"],
        "stream": True,
        "stream_options": {"include_usage": True, "continuous_usage_stats": True},
    }
    assert "cookie" not in asked.headers
    assert "authorization" not in asked.headers


async def test_an_engine_sees_nothing_before_the_receipt(pair: Pair, stack: AsyncExitStack) -> None:
    fake, engine = await one(pair, stack)
    prompt = engine.prepare(engine.models()[0], ask(), 100, TERMS)
    events = engine.generate(prompt, None)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="receipt"):
        await anext(events)
    assert not fake.asked


async def test_a_caller_has_as_many_replies_in_the_making_as_policy_lets_it(
    pair: Pair, stack: AsyncExitStack
) -> None:
    fake, engine = await one(pair, stack)
    fake.hang_at = 1
    two = replace(TERMS, in_flight=2)
    busy = [asyncio.create_task(run(engine, terms=two)) for _ in range(2)]
    while len(fake.asked) < 2:  # noqa: ASYNC110 - the fake has no event for it
        await asyncio.sleep(0.01)
    fake.hang_at = None
    with pytest.raises(ExchangeError) as caught:
        await run(engine, terms=two)
    assert caught.value.code is Code.RATE_LIMITED
    assert (await run(engine, terms=replace(two, partition="key:bob")))[0] == "Hello, world."
    busy[0].cancel()
    await asyncio.gather(busy[0], return_exceptions=True)
    assert (await run(engine, terms=two))[0] == "Hello, world."
    busy[1].cancel()
    await asyncio.gather(busy[1], return_exceptions=True)
    assert not engine._in_flight, "something of a caller is kept"
    assert "alice" not in fake.everything


async def test_a_salt_stands_for_the_caller_and_does_not_name_it(
    pair: Pair, stack: AsyncExitStack
) -> None:
    fake, engine = await one(pair, stack, cache_salt=True)
    for partition in ("key:alice", "key:alice", "key:bob"):
        await run(engine, terms=replace(TERMS, partition=partition))
    first, second, other = (asked.body["cache_salt"] for asked in fake.asked)
    assert first == second != other
    assert "alice" not in fake.everything
    async with asking(pair.urls[0], cache_salt=True) as restarted:
        await run(restarted)
    assert fake.asked[-1].body["cache_salt"] != first


@pytest.mark.parametrize("knows", [True, False])
async def test_batch_work_says_so_to_engines_that_know_the_word(
    pair: Pair, stack: AsyncExitStack, *, knows: bool
) -> None:
    fake, engine = await one(pair, stack, priority=knows)
    await run(engine, terms=replace(TERMS, priority=Priority.BATCH))
    await run(engine)
    assert fake.asked[0].body.get("priority") == (1 if knows else None)
    assert "priority" not in fake.asked[1].body


async def test_another_name_there_is_the_name_that_is_sent(
    pair: Pair, stack: AsyncExitStack
) -> None:
    models = {"ours": RemoteModel(context_length=4096, name="theirs/8B")}
    pair.fakes[0].model = "theirs/8B"
    fake, engine = await one(pair, stack, models=models)
    assert [model.name for model in engine.models()] == ["ours"]
    await run(engine)
    assert fake.asked[0].body["model"] == "theirs/8B"


async def test_the_least_loaded_is_asked(pair: Pair) -> None:
    for fake in pair.fakes:
        fake.delay = 0.1
    async with asking(*pair.urls) as engine:
        await asyncio.gather(*(run(engine) for _ in range(10)))
        assert pair.asked() == (5, 5)
        # Whoever is busy is left alone, and not only passed over in turn.
        pair.fakes[0].delay, pair.fakes[1].delay = 30.0, 0.0
        busy = [asyncio.create_task(run(engine)) for _ in range(2)]
        while pair.asked() != (6, 6):  # noqa: ASYNC110 - the fakes have no event for it
            await asyncio.sleep(0.01)
        for _ in range(5):
            await run(engine)
        assert pair.asked() == (6, 11)
        for task in busy:
            task.cancel()
        await asyncio.gather(*busy, return_exceptions=True)


async def test_the_outcome_has_the_count_of_the_engine_and_the_intent_an_estimate(
    pair: Pair,
) -> None:
    known = {FAKE.name: RemoteModel(context_length=8192)}
    pair.fakes[0].model = FAKE.name
    world = World()
    async with asking(pair.urls[0], models=known) as engine:
        world.engine = engine  # type: ignore[assignment]
        channel = world.pipeline().start(submission(ask_as_a_client("Say hello.")))
        reply = await read(channel)
    assert reply.done is not None
    assert reply.done.usage == Usage(11, 4)
    intent, outcome = world.records(channel)
    assert isinstance(intent, Intent)
    assert isinstance(outcome, Outcome)
    assert intent.model_digest.startswith("remote:")
    assert intent.prompt_tokens > outcome.prompt_tokens == 11


async def test_a_connection_serves_one_request_after_the_other(
    pair: Pair, stack: AsyncExitStack
) -> None:
    _, engine = await one(pair, stack)
    opened: list[object] = []
    connector = engine._upstreams[0]._opened.connector
    assert connector is not None
    create = connector._create_connection

    async def counting(*arguments: Any) -> Any:
        opened.append(arguments)
        return await create(*arguments)

    connector._create_connection = counting  # type: ignore[method-assign]
    for _ in range(5):
        await run(engine)
    assert len(opened) <= 1


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 503},
        {"status": 429},
        {"status": 401},
        {"status": 404},
    ],
    ids=str,
)
async def test_while_no_reply_has_begun_another_engine_is_asked(
    pair: Pair, fault: dict[str, Any]
) -> None:
    for name, value in fault.items():
        setattr(pair.fakes[0], name, value)
    async with asking(*pair.urls, check_interval=60.0) as engine:
        for _ in range(4):
            assert (await run(engine))[0] == "Hello, world."
    assert len(pair.fakes[1].asked) == 4


class Rude:
    """Lists its models, and hangs up on every request."""

    def __init__(self) -> None:
        self.calls: list[bytes] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n")
        self.calls.append(head)
        if b"GET" in head:
            body = b'{"data": [{"id": "%s"}]}' % MODEL.encode()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        writer.close()

    @property
    def posts(self) -> int:
        return sum(b"POST" in call for call in self.calls)


async def test_a_request_over_which_connections_break_is_sent_to_one_other_engine_at_most(
    pair: Pair, tmp_path: Path
) -> None:
    rude = [Rude() for _ in range(4)]
    async with AsyncExitStack() as stack:
        urls = []
        for index, each in enumerate(rude):
            path = tmp_path / f"{index}.sock"
            await stack.enter_async_context(await asyncio.start_unix_server(each, path))
            urls.append(f"unix://{path}")
        engine = await stack.enter_async_context(asking(*urls, check_interval=60.0))
        assert (await failed(engine)).code is Code.ENGINE_FAILED
        assert sorted(each.posts for each in rude) == [0, 0, 2, 2]


async def test_an_engine_that_hangs_up_without_a_word_is_asked_once_more_and_then_another(
    pair: Pair, tmp_path: Path
) -> None:
    rude = Rude()
    path = tmp_path / "rude.sock"
    async with await asyncio.start_unix_server(rude, path):
        async with asking(f"unix://{path}", check_interval=60.0) as engine:
            assert engine.ready
            assert (await failed(engine)).code is Code.ENGINE_FAILED
            assert rude.posts == 2
            assert not engine.ready
        async with asking(f"unix://{path}", pair.urls[1], check_interval=60.0) as engine:
            for _ in range(3):
                assert (await run(engine))[0] == "Hello, world."


async def test_an_engine_that_is_not_there_is_left_out(pair: Pair, tmp_path: Path) -> None:
    nowhere = f"unix://{tmp_path}/nobody.sock"
    async with asking(nowhere, pair.urls[1]) as engine:
        assert engine.ready
        assert (await run(engine))[0] == "Hello, world."


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"drop_at": 0}, Code.ENGINE_FAILED),
        ({"end_at": 0}, Code.ENGINE_FAILED),
        ({"drop_at": 2}, Code.ENGINE_FAILED),
        ({"end_at": 2}, Code.ENGINE_FAILED),
        ({"hang_at": 2}, Code.ENGINE_TIMEOUT),
        ({"raw_at": {2: b"data: {\n\n"}}, Code.ENGINE_FAILED),
        ({"raw_at": {2: b'data: {"error": {"message": "' + CANARY.encode() + b'"}}\n\n'}},
         Code.ENGINE_FAILED),
        ({"raw_at": {2: b"data: " + b"x" * 2_000_000}}, Code.ENGINE_FAILED),
        ({"raw_at": {2: b'data: {"usage": {"prompt_tokens": -1}}\n\n'}}, Code.ENGINE_FAILED),
        ({"raw_at": {2: b'data: {"usage": {"completion_tokens": %d}}\n\n' % 2**53}},
         Code.ENGINE_FAILED),
        ({"raw_at": {2: b"data: " + NO_UTF8 + b"\n\n"}}, Code.ENGINE_FAILED),
        ({"raw_at": {2: b"data: " + DEEP + b"\n\n"}}, Code.ENGINE_FAILED),
    ],
    ids=[
        "drop at once", "end at once", "drop", "end", "hang", "garbage", "error", "flood",
        "negative", "huge", "no utf-8", "deep",
    ],
)  # fmt: skip
async def test_from_status_200_on_a_failure_is_a_failure(
    pair: Pair, fault: dict[str, Any], code: Code
) -> None:
    for fake in pair.fakes:
        for name, value in fault.items():
            setattr(fake, name, value)
    # Where nothing hangs, a busy machine has as long as it likes.
    patience = 0.2 if "hang_at" in fault else 20
    async with asking(*pair.urls, token_timeout=patience) as engine:
        error = await asyncio.wait_for(failed(engine), 30)
    assert error.code is code
    assert sum(pair.asked()) == 1


async def test_a_first_token_that_does_not_come_in_time_is_not_asked_for_elsewhere(
    pair: Pair,
) -> None:
    for fake in pair.fakes:
        fake.hang_at = 0
    async with asking(*pair.urls, first_token_timeout=0.2) as engine:
        error = await asyncio.wait_for(failed(engine), 5)
        assert error.code is Code.ENGINE_TIMEOUT
    assert sum(pair.asked()) == 1


async def test_the_whole_has_a_limit_of_time_too(pair: Pair, stack: AsyncExitStack) -> None:
    fake, engine = await one(pair, stack, total_timeout=0.5)
    fake.delay, fake.pieces = 0.1, ("a",) * 100
    error = await asyncio.wait_for(failed(engine), 5)
    assert error.code is Code.ENGINE_TIMEOUT
    assert engine.ready, "a long reply is no fault of the engine's"


@pytest.mark.parametrize("status", [500, 502, 301])
async def test_what_may_have_been_computed_is_not_computed_again(pair: Pair, status: int) -> None:
    for fake in pair.fakes:
        fake.status, fake.answer = status, CANARY.encode()
    async with asking(*pair.urls) as engine:
        assert (await failed(engine)).code is Code.ENGINE_FAILED
    assert sum(pair.asked()) == 1


@pytest.mark.parametrize(
    ("status", "answer", "code", "param"),
    [
        (400, {"error": {"code": "context_length_exceeded"}},
         "context_length_exceeded", "messages"),
        (400, {"error": {"code": 400, "type": "exceed_context_size_error", "message": CANARY}},
         "context_length_exceeded", "messages"),
        (400, {"error": {"message": "This model's maximum context length is 4096 tokens."}},
         "context_length_exceeded", "messages"),
        (400, {"error": {"code": "unsupported_parameter", "param": "seed"}},
         "unsupported_parameter", "seed"),
        (400, {"error": {"code": "unsupported_parameter", "param": CANARY}},
         "invalid_messages", "messages"),
        (422, {"error": {"message": CANARY}}, "invalid_messages", "messages"),
        (400, [CANARY], "invalid_messages", "messages"),
    ],
)  # fmt: skip
async def test_what_an_engine_does_not_take_is_told_in_our_words(
    pair: Pair, stack: AsyncExitStack, status: int, answer: object, code: str, param: str
) -> None:
    import msgspec

    fake, engine = await one(pair, stack)
    fake.status, fake.answer = status, msgspec.json.encode(answer)
    error = await failed(engine)
    assert (error.code, error.param) == (code, param)
    assert engine.ready


async def test_engines_that_are_all_busy_are_overloaded_and_stay_well(pair: Pair) -> None:
    for fake in pair.fakes:
        fake.status = 503
    async with asking(*pair.urls) as engine:
        assert (await failed(engine)).code is Code.OVERLOADED
        assert engine.ready
    assert pair.asked() == (1, 1)


async def test_an_engine_that_failed_is_asked_again_when_a_look_finds_it_well(
    pair: Pair, stack: AsyncExitStack, capfd: pytest.CaptureFixture[str]
) -> None:
    logs.configure(style="json", level="info")
    fake, engine = await one(pair, stack)
    fake.drop_at, fake.sick = 1, True
    assert (await failed(engine)).code is Code.ENGINE_FAILED
    assert not engine.ready
    error = await failed(engine)
    assert error.code is Code.ENGINE_UNAVAILABLE
    assert len(fake.asked) == 1, "it was asked although it was not well"
    fake.drop_at, fake.sick = None, False
    async with asyncio.timeout(5):
        while not engine.ready:  # noqa: ASYNC110 - the engine has no event for it
            await asyncio.sleep(0.02)
    assert (await run(engine))[0] == "Hello, world."
    said = capfd.readouterr().err
    assert said.count("engine_endpoint_failed") == 1
    assert said.count("engine_endpoint_well") == 1


async def test_a_reader_that_goes_away_is_seen_by_the_engine(
    pair: Pair, stack: AsyncExitStack
) -> None:
    fake, engine = await one(pair, stack)
    fake.hang_at = 2
    prompt = engine.prepare(engine.models()[0], ask(), 100, TERMS)
    async with aclosing(engine.generate(prompt, RECEIPT)) as events:
        assert await anext(events) == Piece("Hello", 1)
        assert engine._upstreams[0].load == 1
    assert engine._upstreams[0].load == 0
    async with asyncio.timeout(5):
        while not fake.asked[0].left:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.01)


async def test_the_limit_of_the_policy_holds_whatever_the_engine_does(
    pair: Pair, stack: AsyncExitStack
) -> None:
    fake, engine = await one(pair, stack)
    for usage in ("continuous", "none", "zero"):
        fake.usage, fake.pieces = usage, ("a",) * 500
        text, end = await run(engine, max_tokens=10)
        assert end.reason is FinishReason.LENGTH
        assert len(text) <= (12 if usage == "zero" else 11)
    fake.pieces = ("a" * 1500, "b" * 1500)
    text, end = await run(engine, max_tokens=10)
    assert end.reason is FinishReason.LENGTH
    assert text == "a" * 1500 + "b" * 1060


@pytest.mark.parametrize("reason", ["tool_calls", "abort", CANARY])
async def test_an_end_for_a_reason_of_its_own_is_a_failure(
    pair: Pair, stack: AsyncExitStack, reason: str
) -> None:
    fake, engine = await one(pair, stack)
    fake.reason = reason
    assert (await failed(engine)).code is Code.ENGINE_FAILED


async def test_tokens_are_asked_for_only_where_the_context_may_not_hold_them(
    pair: Pair, stack: AsyncExitStack
) -> None:
    fake, engine = await one(pair, stack)
    await run(engine, max_tokens=1000)
    assert [each.path for each in fake.asked] == ["/v1/chat/completions"]
    fake.asked.clear()
    fake.prompt_tokens = 8000
    await run(engine, ask("x " * 4000), max_tokens=1000)
    assert [each.path for each in fake.asked] == ["/tokenize", "/v1/chat/completions"]
    assert fake.asked[1].body["max_tokens"] == 192
    fake.asked.clear()
    fake.prompt_tokens = 8192
    error = await failed(engine, ask("x " * 8000))
    assert error.code is Code.CONTEXT_LENGTH_EXCEEDED
    assert [each.path for each in fake.asked] == ["/tokenize"]


async def test_a_server_that_cannot_count_is_not_asked_to_again(
    pair: Pair, stack: AsyncExitStack
) -> None:
    fake, engine = await one(pair, stack)
    fake.counts = False
    for _ in range(2):
        assert (await run(engine, ask("x " * 8000), max_tokens=8000))[0] == "Hello, world."
    paths = [each.path for each in fake.asked]
    assert paths == ["/tokenize", "/v1/chat/completions", "/v1/chat/completions"]
    assert fake.asked[1].body["max_tokens"] == 4096
    assert engine.ready


@pytest.mark.parametrize(
    ("status", "answer", "again"),
    [
        (400, b"{}", True),
        (422, b"{}", True),
        (404, b'{"error": {"code": "model_not_found"}}', True),
        (404, b'{"detail": "Not Found"}', False),
        (405, b"{}", False),
        (501, b"{}", False),
        (200, b'{"count": -1, "max_model_len": 1}', False),
        (200, NO_UTF8, False),
        (200, DEEP, False),
    ],
)
async def test_one_prompt_that_is_not_counted_does_not_end_counting_for_all(
    pair: Pair, stack: AsyncExitStack, status: int, answer: bytes, *, again: bool
) -> None:
    fake, engine = await one(pair, stack)
    fake.counted = status, answer
    for _ in range(2):
        assert (await run(engine, ask("x " * 8000), max_tokens=8000))[0] == "Hello, world."
    asked = [each.path for each in fake.asked]
    assert asked.count("/tokenize") == (2 if again else 1)


@pytest.mark.parametrize(
    "listed",
    [b'{"data": [{"id": "\xff"}]}', b'{"data": ' + DEEP + b"}", DEEP, b"{"],
    ids=["no utf-8", "deep in it", "deep", "cut"],
)
async def test_a_list_of_models_that_is_not_understood_is_looked_at_again(
    pair: Pair, stack: AsyncExitStack, listed: bytes
) -> None:
    pair.fakes[0].listed = listed
    fake, engine = await one(pair, stack)
    assert not engine.ready
    fake.listed = None
    async with asyncio.timeout(5):
        while not engine.ready:  # noqa: ASYNC110 - the engine has no event for it
            await asyncio.sleep(0.02)


async def test_an_endpoint_is_looked_at_again_whatever_a_look_comes_to(
    pair: Pair, stack: AsyncExitStack, capfd: pytest.CaptureFixture[str]
) -> None:
    logs.configure(style="json", level="info")
    _, engine = await one(pair, stack)
    upstream = engine._upstreams[0]
    look = upstream.look

    async def faulty(_: Any) -> str | None:
        upstream.look = look  # type: ignore[method-assign]
        raise ZeroDivisionError(CANARY)

    upstream.look = faulty  # type: ignore[method-assign]
    upstream.fail("disconnected")
    async with asyncio.timeout(5):
        while not engine.ready:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.02)
    said = capfd.readouterr().err
    assert "ZeroDivisionError" in said
    assert CANARY not in said


@pytest.mark.parametrize(
    "answer",
    [b'{"error": {"code": "\xff"}}', b'{"error": {"x": ' + DEEP + b"}}"],
    ids=["no utf-8", "deep"],
)
async def test_a_refusal_that_is_not_understood_is_a_refusal(
    pair: Pair, stack: AsyncExitStack, answer: bytes
) -> None:
    fake, engine = await one(pair, stack)
    fake.status, fake.answer = 500, answer
    assert (await failed(engine)).code is Code.ENGINE_FAILED


async def test_a_model_that_no_engine_can_load_is_said_to_be_unavailable(pair: Pair) -> None:
    pair.fakes[0].status = 503
    pair.fakes[0].answer = b'{"error": {"code": "model_unavailable"}}'
    async with asking(pair.urls[0]) as alone:
        assert (await failed(alone)).code is Code.MODEL_UNAVAILABLE
        assert alone.ready, "it may have other models"
    async with asking(*pair.urls) as engine:
        for _ in range(2):
            assert (await run(engine))[0] == "Hello, world."


@pytest.mark.parametrize(
    ("stated", "ready"), [("ab" * 32, True), ("cd" * 32, False), (None, False)]
)
async def test_a_pinned_model_has_to_be_the_one_that_the_engine_states(
    pair: Pair, stack: AsyncExitStack, stated: str | None, *, ready: bool
) -> None:
    pair.fakes[0].digest = stated
    pinned = {MODEL: RemoteModel(context_length=8192, digest="ab" * 32)}
    fake, engine = await one(pair, stack, models=pinned)
    assert engine.ready is ready
    assert engine.models()[0].digest == "remote:" + "ab" * 32
    if not ready:
        assert (await failed(engine)).code is Code.ENGINE_UNAVAILABLE
        assert not fake.asked


async def test_models_that_nobody_pinned_are_told_apart_in_records(pair: Pair) -> None:
    models = {
        "a": RemoteModel(context_length=64),
        "b": RemoteModel(context_length=64),
        "c": RemoteModel(context_length=64, name="a"),
    }
    async with asking(pair.urls[0], models=models) as engine:
        digests = [model.digest for model in engine.models()]
        assert len(set(digests)) == 3
        assert all(digest.startswith("remote:unpinned:") for digest in digests)
        assert not engine.ready, "it serves another model"


@pytest.mark.parametrize(
    ("name", "ready"), [("engine.hospital.example", True), ("other.hospital.example", False)]
)
async def test_a_name_is_never_looked_up_and_has_to_be_the_certificates(
    tmp_path: Path, name: str, *, ready: bool
) -> None:
    tls, authority = certificate(tmp_path, "engine.hospital.example")
    fake = FakeUpstream()
    async with served(fake, tls=tls) as url:
        named = url.replace("http://127.0.0.1", f"https://{name}")
        pinned = {"addresses": {name: "127.0.0.1"}, "ca_file": str(authority)}
        async with asking(named, **pinned) as engine:
            assert engine.ready is ready
            if ready:
                await run(engine)
                assert fake.asked[0].headers["host"].startswith(f"{name}:")
            else:
                assert (await failed(engine)).code is Code.ENGINE_UNAVAILABLE
                assert not fake.asked


async def test_a_file_that_holds_no_certificates_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("not a certificate")
    with pytest.raises(RemoteEngineError, match="ca_file"):
        async with asking("https://127.0.0.1:1", data=tmp_path, ca_file="ca.pem"):
            pass


@pytest.mark.parametrize(
    ("digest", "kept"), [('digest = "' + "ab" * 32 + '"', True), ("", False)], ids=["pinned", "not"]
)
def test_replies_of_a_model_that_could_change_unnoticed_are_not_kept(
    tmp_path: Path, digest: str, *, kept: bool
) -> None:
    (tmp_path / "intramural.toml").write_text(
        '[engine]\nkind = "openai"\n[engine.openai]\nendpoints = ["http://10.0.0.5:8000"]\n'
        f"[engine.openai.models.ward]\ncontext_length = 4096\n{digest}\n"
    )
    assert app._may_keep(load(tmp_path)) is kept


async def test_the_key_is_sent_and_shown_nowhere(
    pair: Pair, stack: AsyncExitStack, tmp_path: Path
) -> None:
    folder = tmp_path / "keys"
    folder.mkdir(mode=0o700)
    (folder / "engine.key").write_text(f"{CANARY}\n")
    (folder / "engine.key").chmod(0o600)
    fake, engine = await one(pair, stack, data=tmp_path, key_file="keys/engine.key")
    await run(engine)
    assert fake.asked[0].headers["authorization"] == f"Bearer {CANARY}"
    assert CANARY not in repr(vars(engine)) + repr(vars(engine._upstreams[0]))


async def test_nothing_that_was_said_shows_in_a_repr(pair: Pair, stack: AsyncExitStack) -> None:
    _, engine = await one(pair, stack)
    prompt = engine.prepare(engine.models()[0], ask(CANARY), 10, TERMS)
    assert CANARY not in f"{prompt!r} {prompt.request!r} {prompt.request.messages!r}"  # type: ignore[union-attr]
