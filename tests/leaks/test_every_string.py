"""Invariant 5: a canary in each string that a request can hold, through the real application.

What is scanned reaches the engine without it; what is exempt reaches nothing at all.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from gateway.detection.detector import PresidioDetector
from gateway.domain.canonical import encode
from gateway.http.strings import ENDPOINTS, Strings
from gateway.settings import Transcription
from tests.fakes.tagger import FakeTagger
from tests.unit.http.conftest import NAME, Serving, World, serving

__all__ = ["serving"]  # A fixture is found by its name.
CANARY = NAME
"""What the fake detector takes for a person's name."""
CHAT, COMPLETION, RESPONSES, EMBEDDING, DICTATION, REDACT, *_ = ENDPOINTS
ARGUMENTS = json.dumps({"who": CANARY, "note": f'a "{CANARY}"'})
SCHEMA = {
    "type": "object",
    "properties": {CANARY: {"type": "string", "description": f"as {CANARY}", "enum": [CANARY]}},
    "required": [CANARY],
}
"""A canary as a key, and in values."""
SCANNED: dict[str, list[dict[str, Any]]] = {
    CHAT.endpoint: [
        {
            "model": "fake-model",
            "messages": [
                {"role": "system", "content": CANARY, "name": CANARY},
                {"role": "user", "content": [{"type": "text", "text": CANARY}]},
                {
                    "role": "assistant",
                    "tool_calls": [
                        {"id": CANARY, "function": {"name": CANARY, "arguments": ARGUMENTS}}
                    ],
                },
                {"role": "tool", "tool_call_id": CANARY, "content": f'{{"x": "{CANARY}"}}'},
            ],
            "stop": CANARY,
        },
        {
            "model": "fake-model",
            "messages": [{"role": "user", "content": "x"}],
            "stop": [CANARY],
            "tools": [
                {
                    "type": "function",
                    "function": {"name": CANARY, "description": CANARY, "parameters": SCHEMA},
                }
            ],
            "tool_choice": {"type": "function", "function": {"name": CANARY}},
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": CANARY, "description": CANARY, "schema": SCHEMA},
            },
        },
    ],
    COMPLETION.endpoint: [
        {"model": "fake-model", "prompt": CANARY, "stop": CANARY},
        {"model": "fake-model", "prompt": [CANARY], "stop": ["x", CANARY]},
    ],
    RESPONSES.endpoint: [
        {"model": "fake-model", "instructions": CANARY, "input": CANARY},
        {
            "model": "fake-model",
            "input": [
                {"role": "user", "content": CANARY},
                {"role": "user", "content": [{"type": "input_text", "text": CANARY}]},
                {
                    "type": "function_call",
                    "call_id": CANARY,
                    "name": CANARY,
                    "arguments": ARGUMENTS,
                },
                {"type": "function_call_output", "call_id": CANARY, "output": CANARY},
                {"role": "assistant", "content": [{"type": "output_text", "text": CANARY}]},
                {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
                {
                    "type": "function_call_output",
                    "call_id": "c",
                    "output": [{"type": "output_text", "text": CANARY}],
                },
            ],
            "tools": [
                {
                    "type": "function",
                    "name": CANARY,
                    "description": CANARY,
                    "parameters": SCHEMA,
                }
            ],
            "tool_choice": {"type": "function", "name": CANARY},
            "text": {
                "format": {
                    "type": "json_schema",
                    "name": CANARY,
                    "description": CANARY,
                    "schema": SCHEMA,
                }
            },
        },
    ],
    EMBEDDING.endpoint: [
        {"model": "fake-embedder", "input": CANARY},
        {"model": "fake-embedder", "input": ["x", CANARY]},
    ],
    REDACT.endpoint: [{"text": CANARY}, {"documents": [{"text": CANARY}]}],
}
"""Requests that hold a canary in every scanned string, each time in an accepted one."""
BARE = {
    CHAT.endpoint: {"model": "fake-model", "messages": [{"role": "user", "content": "x"}]},
    COMPLETION.endpoint: {"model": "fake-model", "prompt": "x"},
    RESPONSES.endpoint: {
        "model": "fake-model",
        "input": [
            {
                "role": "user",
                "content": [{"type": "output_text", "text": "x"}],
                "output": [{"type": "output_text", "text": "x"}],
            }
        ],
    },
    EMBEDDING.endpoint: {"model": "fake-embedder", "input": "x"},
    REDACT.endpoint: {"text": "x"},
}


def paths(value: object, path: str = "") -> Iterator[str]:
    """Yield where in a body a canary stands, as the table has it."""
    if value is SCHEMA:
        yield f"{path}{{}}"
    elif isinstance(value, str) and CANARY in value:
        yield path
    elif isinstance(value, list):
        for each in value:
            yield from paths(each, f"{path}[]")
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from paths(each, f"{path}.{name}" if path else name)


def planted(body: dict[str, Any], path: str) -> dict[str, Any]:
    """Return `body` with a canary at `path`; a list or object on the way is made if need be."""
    body = json.loads(json.dumps(body))
    if isinstance(body.get("input"), list):
        body["input"] = [_item(body["input"][0], path)]
    place: Any = body
    *steps, last = path.split(".")
    for step in steps:
        name = step.removesuffix("[]")
        if name not in place:
            place[name] = [{"text": "x"}] if step.endswith("[]") else {}
            if path.startswith("documents"):
                body.pop("text", None)
        place = place[name][0] if step.endswith("[]") else place[name]
    value: Any = CANARY
    name = re.sub(r"[\[\]{}]", "", last)
    for mark in reversed(re.findall(r"\[\]|\{\}", last)):
        value = [value] if mark == "[]" else {CANARY: 1}
    place[name] = value
    return body


def _item(item: dict[str, Any], path: str) -> dict[str, Any]:
    """Return an item of the Responses API that may have a field at `path`: not all can."""
    if path.startswith("input[].output"):
        return {"type": "function_call_output", "call_id": "c", "output": item["output"]}
    return {name: each for name, each in item.items() if name != "output"}


def nothing_stays(world: World) -> None:
    assert not any(CANARY.encode() in encode(record) for record in world.ledger.records)
    for seen in world.engine.prepared:
        assert not any(CANARY in text.for_engine() for text in seen.texts())


@pytest.mark.parametrize(
    "endpoint", [CHAT, COMPLETION, RESPONSES, EMBEDDING, REDACT], ids=lambda each: each.endpoint
)
async def test_what_is_scanned_reaches_the_engine_without_the_canary(
    serving: Serving, endpoint: Strings
) -> None:
    bodies = SCANNED[endpoint.endpoint]
    # A field that somebody adds to the table has to be in a request here.
    assert {path for body in bodies for path in paths(body)} == endpoint.scanned
    async with serving() as world, world.client() as client:
        for body in bodies:
            reply = await client.post(endpoint.endpoint, json=body)
            assert reply.status_code == 200, reply.text
        nothing_stays(world)


CASES = [
    (each, path) for each in ENDPOINTS[:6] if each is not DICTATION for path in sorted(each.exempt)
]


@pytest.mark.parametrize(
    ("endpoint", "path"), CASES, ids=[f"{each.endpoint} {path}" for each, path in CASES]
)
async def test_what_is_exempt_reaches_nothing(
    serving: Serving, endpoint: Strings, path: str
) -> None:
    async with serving() as world, world.client() as client:
        reply = await client.post(endpoint.endpoint, json=planted(BARE[endpoint.endpoint], path))
        nothing_stays(world)
        for seen in world.engine.prepared:
            assert CANARY not in "".join(text.for_engine() for text in seen.texts())
        if reply.status_code != 200:
            assert CANARY not in reply.text
            assert "unknown_field" not in reply.text


@pytest.mark.parametrize("field", [*sorted(DICTATION.scanned | set(DICTATION.exempt)), "name"])
async def test_a_canary_in_any_field_of_a_dictation_reaches_nothing(
    serving: Serving, field: str
) -> None:
    form = {"model": "fake-transcriber"} | ({} if field in {"file", "name"} else {field: CANARY})
    name = f"{CANARY}.wav" if field == "name" else "a.wav"
    sound = CANARY.encode() if field == "file" else b"RIFF\0\0\0\0WAVE"
    async with (
        serving(None, Transcription(model="fake-transcriber", queue=1, body_limit=4096)) as world,
        world.client() as client,
    ):
        reply = await client.post(
            "/v1/audio/transcriptions", data=form, files={"file": (name, sound)}
        )
        nothing_stays(world)
    assert CANARY not in reply.text
    taken = field in {"prompt", "file", "name", "language"}
    assert (reply.status_code == 200) is taken, reply.text


@pytest.mark.parametrize(
    "arguments",
    [
        {"patient": "Zebedee", "mrn": 48210377, "note": 'called "Zebedee" at 410-555-0199'},
        {"list": ["Zebedee", {"dob": "1954-03-02"}], "ok": True, "n": None, "x": 1.5},
        [48210377, "Zebedee"],
        {"Zebedee": {"file": base64.b64encode(b"Zebedee lives in the old house.").decode()}},
        {"again": json.dumps({"who": "Zebedee", "phone": "410-555-0199"})},
    ],
    ids=str,
)
async def test_arguments_of_a_tool_stay_json(serving: Serving, arguments: object) -> None:
    world = World()
    detector = PresidioDetector(reference_year=2025, tagger=FakeTagger({"Zebedee": "PERSON"}))
    world.detector = detector  # type: ignore[assignment]  # the real one
    body = SCANNED[CHAT.endpoint][0] | {"stop": None}
    body = json.loads(json.dumps(body))
    body["messages"][2]["tool_calls"][0]["function"]["arguments"] = json.dumps(arguments)
    async with serving(world) as world, world.client() as client:
        reply: httpx.Response = await client.post(CHAT.endpoint, json=body)
        assert reply.status_code == 200, reply.text
    detector.close()
    [seen] = world.engine.prepared
    sent = seen.messages[2].tool_calls[0].arguments.for_engine()
    assert type(json.loads(sent)) is type(arguments)
    for value in ("Zebedee", "48210377", "410-555-0199", "1954-03-02"):
        assert value not in sent
