"""What the log says of batches, and when the models in this process are ready."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import engine
from gateway import logs
from gateway.generation.batches import logged
from gateway.generation.local import LocalEngine
from gateway.settings import EngineSettings

STORE = Path(__file__).parents[3] / ".local" / "models"
REPORT = engine.BatchReport(
    replica=1,
    rows=2,
    prompt_tokens=30,
    shared_tokens=0,
    tokens=12,
    predicted=0.5,
    waited=(0.001, 0.25),
    formed=10.0,
    first=10.2,
    ended=10.75,
    callback=0.001,
)


@pytest.fixture(autouse=True)
def _quiet_afterwards() -> Iterator[None]:
    yield
    logs.configure(style="json", level="info")


def lines(said: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in said.splitlines()]


def test_a_batch_is_logged_with_what_was_predicted_of_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure(style="json", level="debug")
    logged("tiny")(REPORT)
    [line] = lines(capsys.readouterr().err)
    del line["timestamp"]
    assert line == {
        "event": "batch_ran",
        "level": "debug",
        "model": "tiny",
        "replica": 2,
        "rows": 2,
        "prompt_tokens": 30,
        "completion_tokens": 12,
        "milliseconds": 750,
        "predicted_milliseconds": 500,
        "waited_milliseconds": 250,
    }


def test_who_does_not_look_closely_sees_no_batches(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(style="json", level="info")
    logged("tiny")(REPORT)
    assert not capsys.readouterr().err


def test_the_gateways_engine_logs_its_batches_and_is_ready_while_it_can_run_more(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure(style="json", level="debug")
    local = LocalEngine.load(
        engine.ModelStore(STORE), EngineSettings(models=(engine.DEFAULT_NAME,), replicas=1)
    )
    try:
        served = local.served[engine.DEFAULT_NAME]
        options = engine.GenerateOptions(max_tokens=3, temperature=0)
        prompt = served.prepare_text("Zyxwvut-Canary-4711", options)

        async def run() -> None:
            async for _ in served.generate(prompt):
                pass

        asyncio.run(run())
        assert local.ready
        generator = local._library._pool.peek(engine.DEFAULT_NAME)
        assert generator is not None
        generator.close()
        assert not local.ready
    finally:
        local.close()
    said = capsys.readouterr().err
    line = [each for each in lines(said) if each["event"] == "batch_ran"][-1]  # After the warm-up.
    assert (line["model"], line["rows"]) == (engine.DEFAULT_NAME, 1)
    assert (line["prompt_tokens"], line["completion_tokens"]) == (prompt.tokens, 3)
    assert "Canary" not in said
