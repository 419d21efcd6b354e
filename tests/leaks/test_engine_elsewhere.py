"""A canary on its way to an engine in another process, which does not keep it to itself."""

from __future__ import annotations

import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import msgspec
import pytest

from engine.errors import EngineFailed
from engine.server import application
from gateway import logs
from gateway.domain.entities import PERSON
from gateway.endpoints import RemoteModel
from gateway.ledger.ledger import Place, SqliteLedger
from tests.fakes.asgi import Caller
from tests.fakes.detector import FakeDetector
from tests.fakes.engine import MODEL
from tests.fakes.exchange import World, read, submission
from tests.fakes.served import asking, served
from tests.fakes.upstream import FakeUpstream
from tests.leaks.test_canary import CANARY, contents, crash_report, everywhere

QUOTED = msgspec.json.encode({"error": {"message": CANARY, "code": CANARY, "param": CANARY}})
CALL = {"index": 0, "id": CANARY, "function": {"name": CANARY, "arguments": f'{{"a": "{CANARY}"}}'}}
KNOWN = {MODEL.name: RemoteModel(context_length=8192)}


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({}, None),
        ({"raw_at": {1: f"{CANARY}\r\n\r\n".encode()}}, None),
        ({"status": 400, "answer": QUOTED}, "invalid_messages"),
        ({"status": 500, "answer": QUOTED}, "engine_failed"),
        ({"status": 503, "answer": QUOTED}, "overloaded"),
        ({"raw_at": {1: b"data: " + QUOTED + b"\n\n"}}, "engine_failed"),
        ({"raw_at": {1: f"data: {CANARY}\n\n".encode()}}, "engine_failed"),
        ({"raw_at": {1: b'data: {"error": "\xff' + CANARY.encode() + b'"}\n\n'}}, "engine_failed"),
        ({"reason": CANARY}, "engine_failed"),
        ({"drop_at": 2}, "engine_failed"),
        ({"hang_at": 2}, "engine_timeout"),
        ({"calls": (CALL,), "reason": "tool_calls"}, None),
        ({"calls": (CALL,), "drop_at": 4}, "engine_failed"),
    ],
    ids=lambda each: "-".join(map(str, each)) if isinstance(each, dict) else str(each),
)
async def test_a_canary_is_in_nothing_that_stays_whatever_the_engine_does(
    fault: dict[str, Any],
    code: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    logs.configure(style="json", level="debug")
    fake = FakeUpstream(model=MODEL.name, **fault)
    world = World(detector=FakeDetector(script={CANARY: PERSON}))
    place = Place(tmp_path / "log", tmp_path / "keys", "node")
    async with AsyncExitStack() as stack:
        world.ledger = stack.enter_context(  # type: ignore[assignment]
            SqliteLedger.open_for_serving(place, now_ms=lambda: 0)
        )
        url = await stack.enter_async_context(served(fake))
        patience = 0.3 if "hang_at" in fault else 20
        engine = await stack.enter_async_context(asking(url, models=KNOWN, token_timeout=patience))
        world.engine = engine  # type: ignore[assignment]
        pipeline = world.pipeline()
        channel = pipeline.start(submission(everywhere()))
        reply = await read(channel)
        await pipeline.drain(1)
        shown = repr((engine, vars(engine), channel, pipeline, reply.error))
    assert (reply.error and reply.error.code) == code
    if reply.error is not None:
        assert CANARY not in "".join(crash_report(reply.error)) + reply.error.message
    assert CANARY not in shown
    assert fake.asked
    assert CANARY not in fake.everything
    assert not any(CANARY.encode() in data for data in contents(tmp_path))
    output = capfd.readouterr()
    assert CANARY not in output.out + output.err


class _Faulty:
    """A generator whose failures quote what they were given."""

    model = None

    def prepare_chat(self, messages: Any, options: Any) -> Any:
        raise ValueError(f"{messages[0].content} {options.stop}")

    def prepare_text(self, text: str, options: Any) -> Any:
        raise EngineFailed from ValueError(text)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": CANARY}]}),
        ("/v1/completions", {"prompt": CANARY}),
        ("/tokenize", {"prompt": CANARY}),
        ("/v1/completions", {"prompt": CANARY, CANARY: 1}),
        ("/v1/completions", {"prompt": CANARY, "temperature": CANARY}),
    ],
)
async def test_the_engines_server_repeats_nothing_to_anybody(
    path: str, body: dict[str, Any], capfd: pytest.CaptureFixture[str]
) -> None:
    logs.configure(style="json", level="debug")
    app = application({"m": _Faulty()}, on_error=logs.unexpected)  # type: ignore[dict-item]
    data = msgspec.json.encode({"model": "m", "stop": [CANARY], **body})
    if path == "/tokenize":
        data = msgspec.json.encode({"model": "m", **body})
    reply = await Caller(app, "POST", path, data).run()
    assert reply.status >= 400
    assert CANARY.encode() not in reply.data
    output = capfd.readouterr()
    assert CANARY not in output.out + output.err
