"""Probes, the model list, the OpenAPI document, and errors outside of an exchange."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from gateway.domain.errors import Code
from gateway.domain.records import Intent
from gateway.domain.scope import Scope
from gateway.http.errors import STATUS, status_of
from gateway.settings import Transcription
from tests.fakes.identity import caller
from tests.unit.http.conftest import Serving, World, chat


async def test_the_probes_answer_everyone_and_name_no_one(serving: Serving) -> None:
    async with serving() as world, world.client() as client:
        await world.post(chat())
        del client.headers["authorization"]
        live, ready = await client.get("/health/live"), await client.get("/health/ready")
    assert (live.status_code, ready.status_code) == (200, 200)
    assert live.json() == {"status": "live"}
    assert ready.json() == {"status": "ready", "checks": {"ledger": True}, "warnings": []}


async def test_without_a_ledger_the_gateway_is_live_but_not_ready(serving: Serving) -> None:
    async with serving() as world, world.client() as client:
        world.ledger.healthy = False
        live, ready = await client.get("/health/live"), await client.get("/health/ready")
    assert live.status_code == 200
    assert ready.status_code == 503
    assert ready.json() == {
        "status": "not ready",
        "checks": {"ledger": False},
        "warnings": [],
    }


async def test_a_check_that_raises_is_a_no(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World()

    def explode() -> bool:
        raise OSError("disk")

    monkeypatch.setattr(world.ledger, "ready", explode)
    async with serving(world) as world, world.client() as client:
        ready = await client.get("/health/ready")
    assert ready.status_code == 503
    assert "disk" not in ready.text


async def test_models_are_listed_for_callers_only(serving: Serving) -> None:
    async with serving() as world, world.client() as client:
        models = (await client.get("/v1/models")).json()
        model = (await client.get("/v1/models/fake-model")).json()
        unknown = await client.get("/v1/models/another")
        del client.headers["authorization"]
        nobody = await client.get("/v1/models")
    assert models["object"] == "list"
    assert models["data"][0] == model
    assert [each["task"] for each in models["data"]] == ["generate", "embed", "transcribe"]
    assert model == {
        "id": "fake-model",
        "object": "model",
        "created": 1_700_000_000,
        "owned_by": "intramural",
        "root": "fake-model",
        "context_length": 8192,
        "task": "generate",
    }
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, Code.MODEL_NOT_FOUND)
    assert (nobody.status_code, nobody.json()["error"]["code"]) == (401, Code.MISSING_CREDENTIALS)


async def test_aliases_are_listed_with_the_model_that_they_lead_to(serving: Serving) -> None:
    world = World()
    world.decider.aliases = {"default": "fake-model", "astray": "nowhere"}
    async with serving(world) as world, world.client() as client:
        models = (await client.get("/v1/models")).json()["data"]
        alias = (await client.get("/v1/models/default")).json()
        astray = await client.get("/v1/models/astray")
    names = [model["id"] for model in models]
    assert names == ["fake-model", "fake-embedder", "fake-transcriber", "default"]
    assert alias == models[0] | {"id": "default"}
    assert astray.status_code == 404


async def test_a_key_for_one_model_lists_that_model_and_its_aliases(serving: Serving) -> None:
    world = World()
    world.decider.aliases = {"default": "fake-model", "vectors": "fake-embedder"}
    only = replace(caller(), scope=Scope(models=frozenset({"fake-model"})))
    world.authenticator.callers["good"] = only
    async with serving(world) as world, world.client() as client:
        models = (await client.get("/v1/models")).json()["data"]
        other = await client.get("/v1/models/fake-embedder")
    assert [model["id"] for model in models] == ["fake-model", "default"]
    assert other.status_code == 404


async def test_an_alias_is_answered_under_the_name_that_was_asked_for(serving: Serving) -> None:
    world = World()
    world.decider.aliases = {"default": "fake-model"}
    body = {"model": "default", "messages": [{"role": "user", "content": "hello"}]}
    async with serving(world) as world, world.client() as client:
        whole = await client.post("/v1/chat/completions", json=body)
        stream = await client.post("/v1/chat/completions", json={**body, "stream": True})
    assert whole.json()["model"] == "default"
    assert '"model":"default"' in stream.text
    assert "fake-model" not in stream.text
    assert {each[2].name for each in world.decider.asked} == {"fake-model"}
    intents = [each for each in world.ledger.records if isinstance(each, Intent)]
    assert {(each.model, each.model_digest) for each in intents} == {("fake-model", "ab" * 32)}


async def test_errors_have_openais_shape_under_v1_and_rfc_9457s_elsewhere(serving: Serving) -> None:
    async with serving() as world, world.client() as client:
        openai = await client.get("/v1/nothing")
        problem = await client.get("/nothing")
        method = await client.get("/v1/chat/completions")
    assert openai.status_code == problem.status_code == 404
    assert openai.json()["error"]["code"] == problem.json()["code"] == Code.NOT_FOUND
    assert openai.json()["error"]["type"] == "not_found_error"
    assert "/openapi.json" in openai.json()["error"]["message"]
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.json().keys() == {"type", "title", "status", "detail", "code"}
    assert (method.status_code, method.json()["error"]["code"]) == (405, Code.METHOD_NOT_ALLOWED)
    assert set(method.headers["allow"].split(", ")) == {"POST", "OPTIONS"}


def test_each_code_has_a_status_that_says_whose_fault_it_is() -> None:
    assert set(STATUS) <= set(Code)
    mine = {code for code in Code if status_of(code) >= 500}
    assert mine == {
        Code.OVERLOADED,
        Code.SHUTTING_DOWN,
        Code.DETECTION_FAILED,
        Code.IDENTITY_UNAVAILABLE,
        Code.POLICY_UNAVAILABLE,
        Code.AUDIT_UNAVAILABLE,
        Code.AUDIT_UNWITNESSED,
        Code.PAYLOAD_DAMAGED,
        Code.MODEL_UNAVAILABLE,
        Code.ENGINE_FAILED,
        Code.ENGINE_TIMEOUT,
        Code.ENGINE_UNAVAILABLE,
        Code.INTERNAL_ERROR,
    }


async def test_the_openapi_document_is_whole(serving: Serving) -> None:
    async with serving() as world, world.client() as client:
        del client.headers["authorization"]
        reply = await client.get("/openapi.json")
    document = reply.json()
    assert document["openapi"].startswith("3.1")
    assert document["info"]["title"]
    assert document["info"]["version"]
    for path, item in document["paths"].items():
        assert path.startswith("/")
        for method, operation in item.items():
            assert method in {"get", "post"}
            assert operation["responses"], path
            for status, response in operation["responses"].items():
                assert 100 <= int(status) <= 599
                assert response["description"]
            named = {
                each["name"] for each in operation.get("parameters", ()) if each["in"] == "path"
            }
            assert named == {part[1:-1] for part in path.split("/") if part.startswith("{")}
    for reference in _references(document):
        place: Any = document
        for part in reference.removeprefix("#/").split("/"):
            place = place[part]
        assert place


async def test_the_openapi_document_lists_every_code_where_its_status_is(serving: Serving) -> None:
    async with serving() as world, world.client() as client:
        document = (await client.get("/openapi.json")).json()
    for path in ("/v1/chat/completions", "/v1/completions"):
        responses = document["paths"][path]["post"]["responses"]
        for code in Code:
            assert code in responses[str(status_of(code))]["description"].replace(",", "").split()


async def test_the_openapi_document_says_that_unknown_fields_are_refused(serving: Serving) -> None:
    async with serving() as world, world.client() as client:
        schemas = (await client.get("/openapi.json")).json()["components"]["schemas"]
    for name in ("ChatRequest", "CompletionRequest", "ChatMessage"):
        assert schemas[name]["additionalProperties"] is False


async def test_the_routes_and_the_openapi_document_agree(serving: Serving) -> None:
    on = Transcription(model="fake-transcriber")
    async with serving(None, on) as world, world.client() as client:
        document = (await client.get("/openapi.json")).json()
        for path, item in document["paths"].items():
            for method in item:
                known = re.sub("{.*?}", "1", path.replace("{name}", "fake-model"))
                reply = await client.request(method, known)
                assert reply.status_code not in {404, 405}, path


def _references(value: object) -> Iterator[str]:
    match value:
        case dict():
            for name, item in value.items():
                if name == "$ref":
                    yield item
                else:
                    yield from _references(item)
        case list():
            for item in value:
                yield from _references(item)


def test_the_helper_finds_references() -> None:
    assert list(_references(json.loads('{"a": [{"$ref": "#/b"}]}'))) == ["#/b"]
