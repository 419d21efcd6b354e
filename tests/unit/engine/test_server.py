"""The engine's own HTTP API: OpenAI's shapes over the real model, and faults over a fake one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest

from engine import (
    ChatMessage,
    EngineFailed,
    Finished,
    GenerateOptions,
    Generator,
    InstalledModel,
    ModelChanged,
    Overloaded,
    PreparedPrompt,
    Reason,
    Text,
    detect_devices,
    make_plan,
)
from engine.batching import Priority
from engine.job import Beginning, Sampling, Standing
from engine.plan import ModelPlan
from engine.server import Application, application
from tests.fakes.asgi import Caller

CANARY = "Zyxwvut-Canary-4711"
NAME = "smollm2-135m-instruct"


@dataclass
class Scripted:
    """Says "a", "b", …, a token each; waits or fails where a test wants it."""

    model: InstalledModel
    plan: ModelPlan
    pieces: int = 3
    fail_at: int | None = None
    failure: Exception = field(default_factory=EngineFailed)
    hang_at: int | None = None
    closed: int = 0
    asked: list[tuple[Sequence[ChatMessage] | str, GenerateOptions]] = field(default_factory=list)
    ran: list[PreparedPrompt] = field(default_factory=list)

    def prepare_chat(
        self, messages: Sequence[ChatMessage], options: GenerateOptions
    ) -> PreparedPrompt:
        self.asked.append((messages, options))
        beginning = Beginning("caller", b"digest", 2)
        return PreparedPrompt(["x"] * 7, 100, Sampling(0.0, 1.0), (), beginning=beginning)

    def prepare_text(self, text: str, options: GenerateOptions) -> PreparedPrompt:
        self.asked.append((text, options))
        return PreparedPrompt(["x"] * 7, 100, Sampling(0.0, 1.0), ())

    async def generate(self, prompt: PreparedPrompt) -> AsyncGenerator[Text | Finished, None]:
        self.ran.append(prompt)
        try:
            for index in range(self.pieces + 1):
                if index == self.fail_at:
                    raise self.failure
                if index == self.hang_at:
                    await asyncio.Event().wait()
                if index < self.pieces:
                    yield Text(chr(97 + index), 1)
            yield Finished(Reason.STOP, prompt.tokens, self.pieces)
        finally:
            self.closed += 1


@pytest.fixture
def plan(model: InstalledModel) -> ModelPlan:
    return make_plan(detect_devices(), [model.manifest]).models[0]


@pytest.fixture
def scripted(model: InstalledModel, plan: ModelPlan) -> Scripted:
    return Scripted(model, plan)


@pytest.fixture
def app(scripted: Scripted) -> Application:
    return application({NAME: scripted})


@pytest.fixture(scope="module")
def real(generator: Generator) -> Application:
    return application({NAME: generator})


def chat(text: str = "Say hello.", **more: object) -> dict[str, object]:
    return {"model": NAME, "messages": [{"role": "user", "content": text}], **more}


def post(app: Application, path: str, body: object, **headers: str) -> Caller:
    data = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return Caller(app, "POST", path, data, headers)


async def ask(app: Application, body: object, **headers: str) -> Caller:
    return await post(app, "/v1/chat/completions", body, **headers).run()


async def test_a_whole_reply_counts_its_tokens(real: Application) -> None:
    reply = await ask(real, chat("Count from 1 to 50.", max_tokens=8, temperature=0))
    assert reply.status == 200
    [choice] = reply.json["choices"]
    assert choice["message"]["role"] == "assistant"
    assert choice["message"]["content"]
    assert choice["finish_reason"] == "length"
    usage = reply.json["usage"]
    assert usage["completion_tokens"] == 8
    assert usage["total_tokens"] == usage["prompt_tokens"] + 8


async def test_a_stream_put_together_is_the_whole_reply(real: Application) -> None:
    body = chat("Count from 1 to 50.", max_tokens=12, temperature=0)
    whole = await ask(real, body)
    options = {"include_usage": True, "continuous_usage_stats": True}
    stream = await ask(real, {**body, "stream": True, "stream_options": options})
    *events, done = stream.events
    assert done is None
    text = "".join(
        choice["delta"].get("content", "") for each in events for choice in each["choices"]
    )
    assert text == whole.json["choices"][0]["message"]["content"]
    assert events[-1]["usage"] == whole.json["usage"]
    assert events[-2]["choices"][0]["finish_reason"] == "length"
    assert events[0]["usage"]["prompt_tokens"] == whole.json["usage"]["prompt_tokens"]


async def test_a_bare_prompt_is_continued_and_stops_where_it_is_told_to(real: Application) -> None:
    body = {"model": NAME, "prompt": "1, 2, 3, 4, 5,", "temperature": 0, "max_tokens": 30}
    free = await post(real, "/v1/completions", body).run()
    cut = await post(real, "/v1/completions", {**body, "stop": "8"}).run()
    [choice] = cut.json["choices"]
    assert choice["finish_reason"] == "stop"
    assert choice["text"] == free.json["choices"][0]["text"].partition("8")[0]
    streamed = await post(real, "/v1/completions", {**body, "stop": ["8"], "stream": True}).run()
    assert streamed.events[-1] is None
    assert "".join(each["choices"][0]["text"] for each in streamed.events[:-1]) == choice["text"]


async def test_tokens_are_counted_without_running_anything(real: Application) -> None:
    body = {"model": NAME, "messages": [{"role": "user", "content": "Say hello."}]}
    counted = await post(real, "/tokenize", body).run()
    ran = await ask(real, {**body, "max_tokens": 1})
    assert counted.json["count"] == ran.json["usage"]["prompt_tokens"]
    assert counted.json["max_model_len"] == 8192
    bare = await post(real, "/tokenize", {"model": NAME, "prompt": "Once upon a time"}).run()
    assert bare.json["count"] == 4


async def test_models_are_listed_with_the_digest_that_stands_for_their_bytes(
    app: Application, model: InstalledModel
) -> None:
    reply = await Caller(app, "GET", "/v1/models").run()
    [listed] = reply.json["data"]
    assert (listed["id"], listed["digest"]) == (NAME, model.digest)
    assert listed["context_length"] == model.manifest.context_length
    one = await Caller(app, "GET", f"/v1/models/{NAME}").run()
    assert one.json == listed


async def test_options_reach_the_engine_as_they_were_sent(
    app: Application, scripted: Scripted
) -> None:
    await ask(
        app,
        chat(
            max_completion_tokens=5,
            temperature=0.5,
            top_p=0.9,
            stop=["x", "y"],
            priority=1,
            cache_salt="s",
        ),
    )
    [(_, options)] = scripted.asked
    assert options == GenerateOptions(
        5, None, 0.5, 0.9, None, ("x", "y"), Standing("s", Priority.BATCH)
    )


async def test_without_a_salt_no_state_of_the_model_is_shared_among_requests(
    app: Application, scripted: Scripted
) -> None:
    await ask(app, chat())
    await ask(app, chat(cache_salt="ward"))
    assert [prompt.beginning is None for prompt in scripted.ran] == [True, False]
    assert [options.standing.caller for _, options in scripted.asked] == [None, "ward"]


@pytest.mark.parametrize(
    ("body", "status", "code", "param"),
    [
        (b"{", 400, "invalid_json", None),
        (b"\xff", 400, "invalid_json", None),
        (b"[" * 100_000, 400, "invalid_request", None),
        (chat(colour=CANARY), 400, "unknown_field", None),
        (chat(temperature=CANARY), 400, "invalid_request", "temperature"),
        (chat(temperature=3), 400, "invalid_request", "temperature"),
        (chat(n=2), 400, "invalid_request", "n"),
        (chat(max_tokens=0), 400, "invalid_request", "max_tokens"),
        (chat(max_tokens=1, max_completion_tokens=1), 400, "invalid_request", "max_tokens"),
        ({"model": NAME, "messages": []}, 400, "invalid_request", "messages"),
        ({**chat(), "model": CANARY}, 404, "model_not_found", "model"),
        (chat(seed=1), 400, "unsupported_parameter", "seed"),
        (chat(stop=["x"] * 17), 400, "unsupported_parameter", "stop"),
        (chat("zebra " * 9000), 400, "context_length_exceeded", None),
        (chat(max_tokens=9000), 400, "context_length_exceeded", None),
        (b'{"x": "' + b"a" * 2000 + b'"}', 413, "body_too_large", None),
    ],
)
async def test_what_cannot_be_honoured_is_refused_in_openais_shape(
    generator: Generator, body: object, status: int, code: str, param: str | None
) -> None:
    limit = 1000 if status == 413 else 1_000_000
    reply = await ask(application({NAME: generator}, body_limit=limit), body)
    error = reply.json["error"]
    assert (reply.status, error["code"], error["param"]) == (status, code, param)
    assert error["type"] == ("not_found_error" if status == 404 else "invalid_request_error")
    assert CANARY.encode() not in reply.data


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/nothing", 404),
        ("GET", "/v1/models/other", 404),
        ("GET", "/v1/chat/completions", 405),
        ("POST", "/v1/models", 405),
        ("POST", "/health", 405),
    ],
)
async def test_other_paths_and_methods_are_not_there(
    app: Application, method: str, path: str, status: int
) -> None:
    assert (await Caller(app, method, path).run()).status == status


async def test_a_full_queue_is_said_before_anything_else(
    app: Application, scripted: Scripted
) -> None:
    scripted.fail_at, scripted.failure = 0, Overloaded()
    for stream in (False, True):
        reply = await ask(app, chat(stream=stream))
        assert (reply.status, reply.json["error"]["code"]) == (503, "overloaded")
        assert reply.reply_headers["retry-after"] == "1"


async def test_a_model_that_cannot_be_loaded_is_said_without_the_operators_words(
    app: Application, scripted: Scripted
) -> None:
    scripted.fail_at, scripted.failure = 0, ModelChanged(CANARY)
    reply = await ask(app, chat(stream=True))
    assert (reply.status, reply.json["error"]["code"]) == (503, "model_unavailable")
    assert CANARY.encode() not in reply.data


async def test_a_failure_in_mid_stream_is_an_event_and_no_done_follows(
    app: Application, scripted: Scripted
) -> None:
    scripted.fail_at = 2
    reply = await ask(app, chat(stream=True))
    assert reply.status == 200
    assert reply.complete
    assert reply.events[-1]["error"]["code"] == "engine_failed"
    assert (await ask(app, chat())).json["error"]["code"] == "engine_failed"


async def test_a_fault_that_nobody_foresaw_is_told_without_its_words(
    model: InstalledModel, plan: ModelPlan
) -> None:
    told: list[BaseException] = []
    faulty = Scripted(model, plan, fail_at=1, failure=ValueError(CANARY))
    reply = await ask(application({NAME: faulty}, on_error=told.append), chat())
    assert (reply.status, reply.json["error"]["code"]) == (500, "internal_error")
    assert CANARY.encode() not in reply.data
    assert [type(error) for error in told] == [ValueError]


async def _begun(scripted: Scripted) -> None:
    async with asyncio.timeout(5):
        while not scripted.ran:  # noqa: ASYNC110 - a generator has no event for it
            await asyncio.sleep(0.001)
    await asyncio.sleep(0.05)


@pytest.mark.parametrize("more", [{}, {"stream": True}])
async def test_a_reader_that_goes_away_stops_the_computation(
    app: Application, scripted: Scripted, more: dict[str, bool]
) -> None:
    scripted.hang_at = 2
    caller = post(app, "/v1/chat/completions", chat(**more))
    running = asyncio.create_task(caller.run())
    await _begun(scripted)
    assert scripted.closed == 0
    caller.leave()
    await asyncio.wait_for(running, 5)
    assert scripted.closed == 1
    assert app.running == 0


async def test_a_real_generation_stops_when_its_reader_goes_away(generator: Generator) -> None:
    app = application({NAME: generator})
    body = {"model": NAME, "prompt": "The ward is quiet. " * 8, "max_tokens": 4000}
    caller = post(app, "/v1/completions", {**body, "temperature": 0, "stream": True})
    running = asyncio.create_task(caller.run())
    await asyncio.wait_for(caller.answered.wait(), 30)
    assert generator.running == 1
    caller.leave()
    await asyncio.wait_for(running, 5)
    async with asyncio.timeout(10):
        while generator.running:  # noqa: ASYNC110 - the engine has no event for it
            await asyncio.sleep(0.01)


async def test_a_drain_lets_a_reply_end_and_refuses_what_is_new(
    app: Application, scripted: Scripted
) -> None:
    scripted.hang_at = 1
    running = asyncio.create_task(ask(app, chat(stream=True)))
    await _begun(scripted)
    draining = asyncio.create_task(app.drain(0.2))
    await asyncio.sleep(0.05)
    assert (await Caller(app, "GET", "/health").run()).status == 503
    assert (await ask(app, chat())).json["error"]["code"] == "shutting_down"
    await asyncio.wait_for(draining, 5)
    reply = await running
    assert reply.events[-1]["error"]["code"] == "shutting_down"
    assert scripted.closed == 1


async def test_an_engine_that_stands_still_says_so_where_it_is_looked_at(
    scripted: Scripted,
) -> None:
    moves = False
    app = application({NAME: scripted}, ready=lambda: moves)
    for path in ("/health", "/v1/models"):
        reply = await Caller(app, "GET", path).run()
        assert (reply.status, reply.json["error"]["code"]) == (503, "not_ready")
    moves = True
    for path in ("/health", "/v1/models"):
        assert (await Caller(app, "GET", path).run()).status == 200


@pytest.mark.parametrize(
    "presented", ["", "Bearer", "Bearer wrong", "Basic right-key", "right-key", "Bearer right-ke"]
)
async def test_without_the_key_nothing_but_health_is_answered(
    scripted: Scripted, presented: str
) -> None:
    app = application({NAME: scripted}, key=b"right-key")
    for caller in (
        Caller(app, "GET", "/v1/models", headers={"authorization": presented}),
        post(app, "/v1/chat/completions", chat(), authorization=presented),
        post(app, "/tokenize", chat(), authorization=presented),
    ):
        reply = await caller.run()
        assert (reply.status, reply.json["error"]["code"]) == (401, "invalid_credentials")
    assert not scripted.asked
    assert (await Caller(app, "GET", "/health").run()).status == 200
    good = {"authorization": "Bearer right-key"}
    assert (await ask(app, chat(), **good)).status == 200


async def test_a_body_that_never_ends_is_given_up(scripted: Scripted) -> None:
    app = application({NAME: scripted}, body_timeout=0.05)
    caller = post(app, "/v1/chat/completions", b"{")
    caller.whole = False
    reply = await asyncio.wait_for(caller.run(), 5)
    assert reply.status == 408


async def test_the_lifespan_of_a_server_is_answered(app: Application) -> None:
    messages = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])
    sent: list[Any] = []

    async def receive() -> Any:
        return next(messages)

    async def send(message: Any) -> None:
        sent.append(message["type"])

    await app({"type": "lifespan"}, receive, send)
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
